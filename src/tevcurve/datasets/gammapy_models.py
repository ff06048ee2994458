"""Models of gammapy as ours; they are asked for their parts by name, so gammapy itself is not imported."""

import astropy.units as u

from tevcurve.errors import InputError
from tevcurve.models import (
    BackgroundModel,
    SkyDisk,
    SkyGaussian,
    SkyModel,
    SkyPointSource,
    SpectralModel,
)
from tevcurve.models.yaml_spectra import SHAPES as SPECTRA

SHAPES = {
    "PointSpatialModel": (SkyPointSource, ()),
    "GaussianSpatialModel": (SkyGaussian, ("sigma",)),
    "DiskSpatialModel": (SkyDisk, ("r_0",)),
}


def sky_model_of(model):
    """The `SkyModel` of a `SkyModel` of gammapy, with values, units and frozen parameters.

    A spectrum that is not among ours is taken as it is: its flux at the present parameters, times a free factor.
    Raises `InputError` for a spatial model that is not a point, a round Gaussian or a round disc, and for a temporal
    model.

    model: that of gammapy.
    """
    if getattr(model, "temporal_model", None) is not None:
        raise InputError(
            f"The model {model.name!r} of gammapy changes with time; a light curve wants one that does not."
        )
    spatial = None if model.spatial_model is None else _spatial(model)
    return SkyModel(spatial, _spectral(model.spectral_model), name=model.name)


def background_model_of(background, model):
    """The `BackgroundModel` of a background map and a `FoVBackgroundModel` of gammapy, or None: it is fixed then.

    Parameters
    ----------
    background : `WcsNDMap`, counts per cell
    model : that of gammapy, or None
    """
    if model is None:
        fixed = BackgroundModel(background)
        fixed.parameters["norm"].frozen = True
        return fixed
    spectrum = model.spectral_model
    kind = type(spectrum).__name__
    if kind != "PowerLawNormSpectralModel":
        raise InputError(
            f"The background model {model.name!r} of gammapy is a {kind}; wanted is a PowerLawNorm."
        )
    made = BackgroundModel(background, reference=_quantity(spectrum.reference), name=model.name)
    for name in ("norm", "tilt"):
        made.parameters[name].value = getattr(spectrum, name).value
        made.parameters[name].frozen = bool(getattr(spectrum, name).frozen)
    return made


def _spectral(spectrum):
    kind = type(spectrum).__name__
    if kind not in SPECTRA:
        return _any_spectrum(spectrum)
    _, ours = SPECTRA[kind]
    made = ours(**{parameter.name: _quantity(parameter) for parameter in spectrum.parameters})
    for parameter in spectrum.parameters:
        made.parameters[parameter.name].frozen = bool(parameter.frozen)
    return made


def _any_spectrum(spectrum):
    """A spectrum with the shape that theirs has now, and a free factor."""

    def flux(energy, amplitude):
        return amplitude * spectrum(energy * u.TeV).to_value("cm-2 s-1 TeV-1")

    return SpectralModel.from_function(flux, name=type(spectrum).__name__, amplitude=1.0)


def _spatial(model):
    spatial = model.spatial_model
    kind = type(spatial).__name__
    if kind not in SHAPES or getattr(getattr(spatial, "e", None), "value", 0) != 0:
        raise InputError(
            f"The spatial model of {model.name!r} of gammapy is a {kind}; wanted is a point, a round Gaussian or a "
            "round disc."
        )
    ours, sizes = SHAPES[kind]
    names = ("lon_0", "lat_0", *sizes)
    made = ours(**{name: _quantity(getattr(spatial, name)) for name in names}, frame=spatial.frame)
    for name in names:
        made.parameters[name].frozen = bool(getattr(spatial, name).frozen)
    return made


def _quantity(parameter):
    return u.Quantity(parameter.value, parameter.unit)
