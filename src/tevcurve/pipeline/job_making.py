"""What is asked of `tevcurve.light_curve` to a `Job`: what goes together is checked, and defaults are settled."""

from astropy.coordinates import SkyCoord

from tevcurve.asked_systematics import as_asked
from tevcurve.bins import by_run
from tevcurve.bins.text import as_binning
from tevcurve.errors import InputError
from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.fit.fit_options import FitOptions
from tevcurve.instruments import as_instruments, options_of_each
from tevcurve.lightcurve.fit_rows import check_options, limit_sigma, positive
from tevcurve.lightcurve.free_spectra import free_names
from tevcurve.lightcurve.reference_spectrum import check_others, reference_in_bins, remark_beyond
from tevcurve.models import SpectralModel
from tevcurve.models.field import check_free, field_of
from tevcurve.options import OPTIONS, check_choice, option_of, settled
from tevcurve.pipeline.given_data import sources_of
from tevcurve.pipeline.instruments import observations_of_each
from tevcurve.pipeline.job import Job
from tevcurve.pipeline.not_known import check_given, check_together, with_error_by_row, with_night
from tevcurve.pipeline.run_choices import RunChoices
from tevcurve.pipeline.run_settings import settings_of
from tevcurve.pipeline.targets import of_sources, spelled_target
from tevcurve.problems import remark
from tevcurve.reduction.energy_axes import energy_axes
from tevcurve.reduction.exclusion import as_exclusions

OF_ROWS = tuple(option.name for option in OPTIONS if option.of_rows)


def job_of(observations, target, name, asked, instruments=None, calibration=None, effects=None, choose=None):
    """(`Job`, its observations, list of `Problem` of those that are not chosen) of what is asked for.

    Parameters
    ----------
    observations, target, name : as in `tevcurve.light_curve`
    asked : dict of the options of `tevcurve.options` that make a job, as in `tevcurve.light_curve`
    instruments, calibration, effects : `instruments`, `cross_calibration` and `systematics`, as there
    choose : as there

    Raises `InputError` for what cannot be used or does not go together.
    """
    check_spectral_model(asked["spectrum"])
    time_bins = as_binning(by_run() if asked["time_bins"] is None else asked["time_bins"])
    check_given(observations, instruments, target)
    instruments = {} if instruments is None else as_instruments(instruments)
    systematics = as_asked(instruments, calibration, effects)
    each = settled_of_each(asked, instruments)
    asked = options_of_rows(each)
    as_exclusions(asked["exclusion"])
    choices = RunChoices.of(choose, instruments)
    observations, position, named = _found(observations, instruments, target)
    observations, not_chosen = choices.split(observations, position)
    if name is None:
        name = named or position.icrs.to_string("hmsdms", precision=1)
    field, source = _field(asked, str(name), position)
    if source != _lonlat(position):
        position = SkyCoord(*source, unit="rad")
    systematics, asked = with_error_by_row(systematics, asked)
    options = fit_options(field.spectrum, asked)
    check_free(field, options.free, options.interval)
    axes = energy_axes(asked["energy_edges"], asked["e_reco"], asked["e_true"])
    reference_in_bins(field.spectrum, axes.true, axes.bands)
    check_others(field, axes.true)
    for spectrum in (field.spectrum, *(model.spectral_model for model in field.others)):
        remark_beyond(spectrum, axes.true)
    settings = settings_of(each, position, axes)
    _check_background(options, field, settings)
    _check_one_method(options, settings)
    limit = asked["upper_limit"]
    job = Job(
        source=source,
        axes=axes,
        settings=settings,
        field=field,
        time_bins=time_bins,
        options=options,
        meta={"source": str(name)} | ({} if limit is None else {"upper_limit": limit}) | choices.said(),
        stacked=bool(asked["stacked"]),
        exclusion=asked["exclusion"],
        selected_by=named,
        instruments={key: one.target or named for key, one in instruments.items()},
        systematics=with_night(systematics, observations),
    )
    check_together(job)
    return job, observations, not_chosen


def settled_of_each(asked, instruments):
    """Dict of names to (options with their defaults in place of None, whether the radius of the ON region is given).

    Parameters
    ----------
    asked : dict of options, of all
    instruments : dict of `Instrument`; {} for one set of observations, which is called ""
    """
    check_choice("method", asked["method"])
    made = {}
    for name, own in (options_of_each(asked, instruments) if instruments else {"": asked}).items():
        try:
            made[name] = settled_options(own), own["on_radius"] is not None
        except InputError as error:
            raise InputError(f"Of the instrument {name!r}: {error}" if name else str(error)) from error
    return made


def options_of_rows(each):
    """The options that all instruments have in common: those of the first one in 1D, as 3D has no further ones.

    each: as `settled_of_each` gives it.
    """
    listed = [asked for asked, _ in each.values()]
    return next((asked for asked in listed if asked["method"] == "1d"), listed[0])


def _found(observations, instruments, target):
    """(list of observations, position of the target, its name as the index spells it or None)."""
    named = target if isinstance(target, str) else None
    if not instruments:
        sources = sources_of(observations)
        found, position = of_sources(sources, target)
        return found, position, None if named is None else spelled_target(sources, named)
    each, position = observations_of_each(instruments, target)
    return [one for own in each.values() for one in own], position, named


def _field(asked, name, position):
    """(`Field`, (lon, lat) of its source) of options."""
    models, neighbours = asked["models"], asked["neighbours"]
    field, source = field_of(models, name, _lonlat(position), asked["spectrum"], neighbours, asked["method"])
    if field.unseen:
        remark(
            f"Nothing is seen of {_listed(field.unseen)}, more than 10 deg from {name!r}; the light curve is "
            "as it would be without."
        )
    return field, source


def _check_one_method(options, settings):
    """Raises `InputError` for options that rows with runs in 3D and runs in 1D do not have, before runs are read."""
    if len(set(settings.in_regions.all)) == 1:
        return
    asked = f"free is {', '.join(options.free)}" if options.free else f"interval is {options.interval!r}"
    if options.free or options.interval != "likelihood":
        raise InputError(
            f"{asked}, and some instruments are in 3D and others in 1D; wanted is one method for all, or a light curve "
            "without it."
        )


def _check_background(options, field, settings):
    """Raises `InputError` for options that do not go with what is fitted of the background."""
    if settings.first_cube is not None:
        BackgroundRule.of(options).check_cubes(True)
    if field.others and any(settings.in_regions.all):
        BackgroundRule.of(options).check_beside(options.interval)


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
