"""What is asked of `tevcurve.light_curve` to a `Job`: what goes together is checked, and defaults are settled."""

import astropy.units as u
from astropy.coordinates import SkyCoord

from tevcurve.bins import by_run
from tevcurve.bins.text import as_binning
from tevcurve.errors import InputError
from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.lightcurve.fit_rows import check_options, limit_sigma, positive
from tevcurve.lightcurve.free_spectra import free_names
from tevcurve.lightcurve.reference_spectrum import check_others, reference_in_bins, remark_beyond
from tevcurve.maps import WcsGeom
from tevcurve.models import SpectralModel
from tevcurve.models.field import check_free, field_of
from tevcurve.options import OPTIONS, FitOptions, check_choice, option_of, settled
from tevcurve.pipeline.job import Job
from tevcurve.pipeline.targets import observations_of
from tevcurve.problems import remark
from tevcurve.reduction.cube_terms import CubeSetting
from tevcurve.reduction.energy_axes import energy_axes
from tevcurve.reduction.exclusion import allowed_pixels, as_exclusions
from tevcurve.reduction.off_places import check_n_off
from tevcurve.reduction.onoff_terms import OnOffSetting
from tevcurve.reduction.safe_energy import safe_energy_of
from tevcurve.reduction.settings import SettingRule

# Of a map in all its energies: some arrays of half a gigabyte each.
MAX_CELLS = 60_000_000
OF_ROWS = tuple(option.name for option in OPTIONS if option.of_rows)


def job_of(observations, target, name, asked):
    """(`Job`, `Observations`) of what is asked for.

    Parameters
    ----------
    observations, target, name : as in `tevcurve.light_curve`
    asked : dict of the options of `tevcurve.options` that make a job, as in `tevcurve.light_curve`

    Raises `InputError` for what cannot be used or does not go together.
    """
    check_choice("method", asked["method"])
    check_spectral_model(asked["spectrum"])
    time_bins = as_binning(by_run() if asked["time_bins"] is None else asked["time_bins"])
    radius_is_given = asked["on_radius"] is not None
    asked = settled_options(asked)
    as_exclusions(asked["exclusion"])
    observations, position = observations_of(observations, target)
    named = target if isinstance(target, str) else None
    if name is None:
        name = named or position.icrs.to_string("hmsdms", precision=1)
    models, neighbours = asked["models"], asked["neighbours"]
    field, source = field_of(
        models, str(name), _lonlat(position), asked["spectrum"], neighbours, asked["method"]
    )
    if field.unseen:
        remark(
            f"Nothing is seen of {_listed(field.unseen)}, more than 10 deg from {str(name)!r}; the light curve is "
            "as it would be without."
        )
    if source != _lonlat(position):
        position = SkyCoord(*source, unit="rad")
    options = fit_options(field.spectrum, asked)
    check_free(field, options.free, options.interval)
    axes = energy_axes(asked["energy_edges"], asked["e_reco"], asked["e_true"])
    reference_in_bins(field.spectrum, axes.true, axes.bands)
    check_others(field, axes.true)
    for spectrum in (field.spectrum, *(model.spectral_model for model in field.others)):
        remark_beyond(spectrum, axes.true)
    if asked["method"] == "3d":
        BackgroundRule.of(options).check_cubes(True)
        setting = cube_setting(position, axes, asked)
    else:
        if field.others:
            BackgroundRule.of(options).check_beside(options.interval)
        setting = on_off_setting(asked, radius_is_given)
    limit = asked["upper_limit"]
    job = Job(
        source=source,
        axes=axes,
        settings=SettingRule(setting),
        field=field,
        time_bins=time_bins,
        options=options,
        meta={"source": str(name)} | ({} if limit is None else {"upper_limit": limit}),
        stacked=bool(asked["stacked"]),
        exclusion=asked["exclusion"],
        selected_by=named,
    )
    return job, observations


def _listed(models):
    """Names of models for a sentence, three of them at most."""
    more = f" and {len(models) - 3} more" if len(models) > 3 else ""
    return ", ".join(repr(model.name) for model in models[:3]) + more


def settled_options(asked):
    """The options with their defaults in place of None; of two that say the limit, the one that is given.

    asked: dict of options.
    """
    values = settled(asked, asked["method"])
    if values["upper_limit"] is None and values["sigma_ul"] is None:
        values["upper_limit"] = option_of("upper_limit").default
    return values


def check_spectral_model(spectrum):
    """Raises `InputError` for what is no `SpectralModel`, nor None. spectrum: as in `tevcurve.light_curve`."""
    if not (spectrum is None or isinstance(spectrum, SpectralModel)):
        raise InputError(
            f"spectrum is a {type(spectrum).__name__}; wanted is a SpectralModel such as PowerLaw."
        )


def cube_setting(position, axes, asked):
    """The `CubeSetting` of options, a dict of `tevcurve.options`.

    Parameters
    ----------
    position : `SkyCoord` of the source
    axes : `reco` and `true`, edges of the bins of energy
    asked : dict of options
    """
    width, binsz = asked["width"], asked["binsz"]
    geom = WcsGeom.create(skydir=position.icrs, binsz=binsz, width=width, coordsys="CEL", proj="TAN")
    _check_cells(geom, axes, width, binsz)
    check_choice("responses", asked["responses"])
    return CubeSetting(
        geom=geom,
        offset_max=_radian(asked["offset_max"], "offset_max"),
        safe_energy=safe_energy_of(asked["safe_energy"]),
        unbinned=bool(asked["unbinned"]),
        allowed=allowed_pixels(asked["exclusion"], geom, _lonlat(position)),
        responses=asked["responses"],
    )


def _check_cells(geom, axes, width, binsz):
    """Raises `InputError` for a map that would take gigabytes, before any of it is made."""
    pixels = geom.npix[0] * geom.npix[1]
    n_energies = max(len(axes.reco), len(axes.true)) - 1
    if pixels * n_energies > MAX_CELLS:
        raise InputError(
            f"A map of the width {width} with pixels of {binsz} has {pixels:.3g} pixels, with {n_energies} energies "
            f"{pixels * n_energies:.3g} cells; wanted are at most {MAX_CELLS:.0e}, so take larger pixels or a "
            "smaller width."
        )


def on_off_setting(asked, radius_is_given=False):
    """The `OnOffSetting` of options, a dict of `tevcurve.options`.

    Parameters
    ----------
    asked : dict of options
    radius_is_given : whether the radius was asked for, or is a default that a run's own may take the place of
    """
    for name in ("responses", "angular_size"):
        check_choice(name, asked[name])
    if asked["off_regions"] is not None:
        check_choice("off_regions", asked["off_regions"])
    check_n_off(asked["n_off"])
    return OnOffSetting(
        radius=_radian(asked["on_radius"], "on_radius"),
        safe_energy=safe_energy_of(asked["safe_energy"]),
        containment_correction=True,
        responses=asked["responses"],
        radius_is_given=radius_is_given,
        off_regions=asked["off_regions"],
        n_off=asked["n_off"],
        angular_size=asked["angular_size"],
    )


def fit_options(spectrum, asked):
    """The `FitOptions` of options, a dict of `tevcurve.options`.

    Parameters
    ----------
    spectrum : `SpectralModel`
    asked : dict of options
    """
    values = {name: asked[name] for name in OF_ROWS} | {
        "sigma": positive(asked["sigma"], "sigma"),
        "sigma_ul": limit_sigma(asked["sigma_ul"], asked["upper_limit"]),
        "negative": bool(asked["negative"]),
        "free": free_names(asked["free"], spectrum),
        "free_ts": positive(asked["free_ts"], "free_ts"),
    }
    return check_options(FitOptions(**values))


def _lonlat(position):
    icrs = position.icrs
    return float(icrs.ra.rad), float(icrs.dec.rad)


def _radian(angle, name):
    try:
        value = u.Quantity(angle).to_value(u.rad)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is {angle!r}; wanted is an angle such as '2 deg'.") from error
    return positive(value, name)
