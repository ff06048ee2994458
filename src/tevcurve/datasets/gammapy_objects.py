"""gammapy's own datasets as ours. They are asked for their parts by name; gammapy is not imported."""

import astropy.units as u
import numpy as np

from tevcurve.data.gti import GTI
from tevcurve.datasets.gammapy_models import background_model_of, sky_model_of
from tevcurve.datasets.gammapy_parts import CubeParts, OnOffParts
from tevcurve.errors import InputError
from tevcurve.maps import MapAxis, WcsNDMap
from tevcurve.maps.fits_wcs import geometry_from_header

# Models of gammapy that describe the background, and those that describe a source.
BACKGROUND, SOURCE = "FoVBackgroundModel", "SkyModel"


def from_gammapy(dataset, source=""):
    """The `MapDataset` or `SpectrumDatasetOnOff` of a dataset of gammapy with its models, times and masks.

    Counts, exposure, background, masks and the energy dispersion of spectra are taken as they are. gammapy keeps PSF
    and energy dispersion of cubes on a coarse grid of the sky: here they are those at the position of the source, for
    all models of the dataset. Arrays are copies.

    Parameters
    ----------
    dataset : `gammapy.datasets.MapDataset` or `SpectrumDatasetOnOff`
    source : str, name of the model at whose position the responses are wanted; default: the first with a position

    Raises `InputError` for other kinds of datasets, and for models that are not among ours.
    """
    kind = type(dataset).__name__
    models = list(dataset.models or [])
    sources = [sky_model_of(model) for model in models if type(model).__name__ == SOURCE]
    other = [model for model in models if type(model).__name__ not in (SOURCE, BACKGROUND)]
    if other:
        raise InputError(
            f"The model {other[0].name!r} of gammapy is a {type(other[0]).__name__}; wanted are SkyModel and "
            "FoVBackgroundModel."
        )
    if kind == "SpectrumDatasetOnOff":
        return _onoff(dataset).dataset(sources)
    if kind != "MapDataset":
        raise InputError(
            f"The dataset of gammapy is a {kind}; wanted is a MapDataset or a SpectrumDatasetOnOff."
        )
    places = [m.position for m in sources if m.name == source and m.spatial_model is not None]
    background = [model for model in models if type(model).__name__ == BACKGROUND]
    parts = _cube(dataset, background[0] if background else None)
    return parts.dataset(sources, places[0] if places else None)


def _onoff(dataset):
    reco, true = dataset.counts.geom.axes["energy"], dataset.exposure.geom.axes["energy_true"]
    edisp = np.eye(true.nbin, reco.nbin)
    if dataset.edisp is not None:
        edisp = np.array(dataset.edisp.get_edisp_kernel(energy_axis=reco).pdf_matrix, dtype=float)
    return OnOffParts(
        *(_values(getattr(dataset, n)) for n in ("counts", "counts_off", "acceptance", "acceptance_off")),
        exposure=u.Quantity(_values(dataset.exposure), dataset.exposure.unit),
        edisp=edisp,
        reco_edges=reco.edges.to("TeV"),
        true_edges=true.edges.to("TeV"),
        mask_safe=_mask(dataset.mask_safe),
        mask_fit=_mask(dataset.mask_fit),
        gti=_gti(dataset.gti),
        livetime=dataset.exposure.meta.get("livetime"),
        name=dataset.name,
    )


def _values(region_map):
    return np.array(region_map.data, dtype=float).ravel()


def _mask(region_map):
    return None if region_map is None else np.array(region_map.data, dtype=bool).ravel()


def _cube(dataset, background_model):
    if dataset.exposure is None or dataset.counts is None:
        raise InputError(
            f"The dataset {dataset.name!r} of gammapy has no counts or no exposure; both are wanted."
        )
    counts = _map(dataset.counts)
    background = None
    if dataset.background is not None:
        background = background_model_of(_map(dataset.background), background_model)
    masks = [mask.data for mask in (dataset.mask_safe, dataset.mask_fit) if mask is not None]
    return CubeParts(
        counts,
        _map(dataset.exposure),
        background,
        psf=None if dataset.psf is None else _map(dataset.psf.psf_map),
        edisp=None if dataset.edisp is None else _map(dataset.edisp.edisp_map),
        mask=np.logical_and.reduce(masks) if masks else None,
        gti=_gti(dataset.gti),
        name=dataset.name,
    )


def _map(theirs):
    """Their map on our geometry, with an array of its own."""
    geom = theirs.geom
    if not hasattr(geom, "wcs") or getattr(geom, "is_region", False):
        raise InputError(
            f"A map of gammapy has a {type(geom).__name__}; wanted is one on a grid of sky pixels."
        )
    header = geom.wcs.to_header()
    header["NAXIS1"], header["NAXIS2"] = geom.data_shape[-1], geom.data_shape[-2]
    sky = geometry_from_header(header, "A map of gammapy")
    axes = [MapAxis(axis.edges, axis.name, "log" if axis.interp == "log" else "lin") for axis in geom.axes]
    return WcsNDMap(sky.to_cube(axes), np.array(theirs.data), theirs.unit)


def _gti(theirs):
    return None if theirs is None else GTI(theirs.time_start, theirs.time_stop)
