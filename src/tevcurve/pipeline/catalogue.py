"""The light curves of all sources of a catalogue from one reading of the runs."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve.bins import by_run
from tevcurve.bins.text import as_binning
from tevcurve.data.time_order import in_order_of_time
from tevcurve.errors import InputError
from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.lightcurve.reference_spectrum import reference_in_bins, remark_beyond
from tevcurve.models import PowerLaw, SpectralModel
from tevcurve.options import OPTIONS, RUNNING, option_of
from tevcurve.pipeline.catalogue_plan import CataloguePlan, CatalogueSource, RunGroup, run_groups
from tevcurve.pipeline.catalogue_rows import CatalogueRun, catalogue_run
from tevcurve.pipeline.given_data import sources_of
from tevcurve.pipeline.job_making import fit_options, settled_options
from tevcurve.pipeline.run_choice import offsets_deg
from tevcurve.pipeline.run_settings import cube_setting
from tevcurve.reduction.energy_axes import EnergyAxes, energy_axes
from tevcurve.reduction.safe_energy import COMMON

# What the light curve of one source takes, and what is another thing for many.
_DEFAULTS = {option.name: option.given_default for option in OPTIONS if option.section != RUNNING}
_OF_ONE = ("method", "unbinned", "stacked", "free", "free_ts", "interval", "models", "neighbours")
_OF_ONE += ("sigma_sensitivity",)


def catalogue_of(
    observations: Any,
    sources: Sequence[CatalogueSource],
    time_bins: Any = None,
    energy_edges: u.Quantity | None = None,
    offset: str | None = None,
    **options: Any,
) -> tuple[CataloguePlan, list[RunGroup]]:
    """(`CataloguePlan`, list of `RunGroup`) of what is asked for.

    Parameters
    ----------
    observations : as in `tevcurve.light_curve`
    sources : of the catalogue
    time_bins : as in `tevcurve.light_curve`; bins that look at events are refused, as each source would have others
    energy_edges : as in `tevcurve.light_curve`
    offset : condition on the angle between the pointing of a run and a source for which it counts, such as "<1.5 deg"
    options : further ones of `tevcurve.light_curve`; the norms of a scan only where they are given

    Raises `InputError` for what cannot be used.
    """
    unknown = [name for name in options if name not in _DEFAULTS or name in _OF_ONE]
    if unknown:
        raise InputError(f"light_curves takes no {unknown[0]}; light_curve of one source may.")
    asked = settled_options(_DEFAULTS | {"norm_values": None, "unbinned": True, "method": "3d"} | options)
    binning = as_binning(by_run() if time_bins is None else time_bins)
    if binning.looks_at_events:
        raise InputError(
            "The time bins look at events, and would be others for each source of a catalogue; wanted are bins such "
            "as 'run', 'night' or '10 min'."
        )
    if asked["safe_energy"] == COMMON:
        raise InputError("safe_energy is 'common', of one source; wanted is 'file', a fraction, or None.")
    edges = u.Quantity([1, 10], "TeV") if energy_edges is None else energy_edges
    axes = energy_axes(edges, asked["e_reco"], asked["e_true"])
    names = [source.name for source in sources]
    if not names or len(set(names)) < len(names):
        raise InputError("A catalogue has one source or more, each of a name of its own.")
    for spectrum in {id(source.spectrum): source.spectrum for source in sources}.values():
        reference_in_bins(spectrum, axes.true, axes.bands)
        remark_beyond(spectrum, axes.true)
    setting = cube_setting(_position(sources[0]), axes, asked | {"exclusion": None})
    allowed: tuple[Any, ...] = (None,) * len(sources)
    if asked["exclusion"] is not None:
        allowed = tuple(_allowed(source, axes, asked) for source in sources)
    options = fit_options(sources[0].spectrum, asked)
    BackgroundRule.of(options).check_cubes(True)
    plan = CataloguePlan(tuple(sources), axes, setting, options, allowed, offset)
    runs = in_order_of_time([one for each in sources_of(observations) for one in _all(each)])
    offsets: list[np.ndarray | None] = [None] * len(runs)
    if offset is not None:
        positions = SkyCoord([source.lonlat for source in sources], unit="rad")
        offsets = [offsets_deg(run, positions) for run in runs]
    return plan, run_groups(runs, binning.bins(runs), offsets)


def _position(source: CatalogueSource) -> SkyCoord:
    return SkyCoord(*source.lonlat, unit="rad")


def _allowed(source: CatalogueSource, axes: EnergyAxes, asked: dict[str, Any]) -> np.ndarray | None:
    """The pixels around a source that are on no exclusion, bool array (n_pixels,); None for all."""
    try:
        allowed = cube_setting(_position(source), axes, asked).allowed
    except InputError as error:
        raise InputError(f"The source {source.name!r}: {error}") from error
    return None if allowed is None else allowed.ravel()


def _all(source: Any) -> Iterable[Any]:
    return source.get_observations() if hasattr(source, "get_observations") else source


def sources_at(
    names: Sequence[str], positions: SkyCoord, spectrum: SpectralModel | None = None
) -> list[CatalogueSource]:
    """`CatalogueSource`s of one spectrum, a list.

    Parameters
    ----------
    names : of the sources
    positions : `SkyCoord` (n,)
    spectrum : of all; default: a power law of index 2.5
    """
    spectrum = PowerLaw(index=option_of("spectrum").default["index"]) if spectrum is None else spectrum
    icrs = positions.icrs
    lonlats = np.column_stack([icrs.ra.rad, icrs.dec.rad]).tolist()
    return [
        CatalogueSource(str(name), tuple(each), spectrum) for name, each in zip(names, lonlats, strict=True)
    ]


def catalogue_runs(plan: CataloguePlan, groups: Iterable[RunGroup]) -> Iterator[CatalogueRun]:
    """Iterator of the `CatalogueRun`s of groups of runs.

    Parameters
    ----------
    plan, groups : of `catalogue_of`
    """
    return (catalogue_run(plan, group) for group in groups)
