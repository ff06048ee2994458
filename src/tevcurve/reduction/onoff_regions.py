"""The ON and OFF regions of a run in each band of energy: as wide as its cut is there, as many as have room."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from tevcurve.data.observation import SAME_RADIUS
from tevcurve.datasets.source_run import SourceRun
from tevcurve.errors import DataError
from tevcurve.problems import at_stage, remark
from tevcurve.reduction.energy_axes import EnergyAxes
from tevcurve.reduction.off_places import Exclusion, OffRule, off_centers
from tevcurve.reduction.regions import RunRegions

# Of a bin of energy, where its mean is taken.
PARTS = 200


class HasRegions(Protocol):
    """What of an `OnOffSetting` regions are laid by."""

    def radius_of(self, run: SourceRun) -> float:
        """Radius in radian of the circles of a run with one for all energies. run: `SourceRun`."""

    def check_no_radius(self, run: SourceRun) -> None:
        """Raises `DataError` where a radius was asked for of a run with one for each energy. run: `SourceRun`."""

    def off_rule(self, by_energy: bool) -> OffRule:
        """The `OffRule` of a run. by_energy: whether it has a radius for each energy."""


@dataclass(frozen=True, eq=False)
class RegionsOfBins:
    """The regions of a run in each bin of reconstructed energy.

    Attributes
    ----------
    several : tuple of `RunRegions`, each with the circles of some bins
    of_bin : int array (n_reco,), which of these a bin has; -1 where there is no cut, or no room for OFF regions
    """

    several: tuple[RunRegions, ...]
    of_bin: np.ndarray

    @property
    def has_any(self) -> np.ndarray:
        """Whether there are OFF regions, bool array (n_reco,)."""
        return self.of_bin >= 0

    @property
    def n_off(self) -> np.ndarray:
        """Number of OFF regions of each bin, float array (n_reco,); 1 where there are none."""
        return np.append([float(one.n_off) for one in self.several], 1.0)[self.of_bin]


def has_fixed_radius(run: SourceRun) -> bool:
    """Whether a run has one radius for all energies. run: `SourceRun`."""
    return run.cut is None or isinstance(run.cut, float)


def regions_of_bins(
    run: SourceRun,
    source: tuple[float, float],
    axes: EnergyAxes,
    setting: HasRegions,
    exclusions: Sequence[Exclusion],
    safe: np.ndarray,
) -> RegionsOfBins:
    """The `RegionsOfBins` of a run.

    With a radius for each energy (GADF, RAD_MAX_2D), those of a band are as wide as the largest among its bins that are
    fitted. A bin with no radius at some of its energies has none, and neither has, with a remark, a band for which
    there is no room.

    Parameters
    ----------
    run : `SourceRun`
    source : (lon, lat), ICRS, radian
    axes : `EnergyAxes`
    setting : `OnOffSetting`
    exclusions : list as from `as_exclusions`
    safe : bool array (n_reco,), bins that are fitted

    Raises `DataError` where there is no room in any band, or the radius that was asked for is not that of the
    responses.
    """
    rule = setting.off_rule(not has_fixed_radius(run))

    def laid(radius: float) -> RunRegions:
        with at_stage("off regions"):
            off = off_centers(run.pointing_lonlat, source, radius, exclusions, rule)
        return RunRegions(run, *source, radius, *off)

    with at_stage("aeff"):
        if has_fixed_radius(run):
            return RegionsOfBins((laid(setting.radius_of(run)),), np.zeros(len(axes.reco) - 1, dtype=int))
        setting.check_no_radius(run)
    widest, has_cut = _cut_of_bins(run, axes)
    several: dict[float, RunRegions] = {}
    errors: dict[int, DataError] = {}
    of_bin = np.full(len(widest), -1)
    for band in range(axes.n_bands):
        bins = axes.band_of_bin == band
        bins &= has_cut
        fitted = bins & safe
        if not bins.any():
            continue
        radius = widest[fitted if fitted.any() else bins].max()
        try:
            several[radius] = several.get(radius) or laid(radius)
            of_bin[bins] = list(several).index(radius)
        except DataError as error:
            errors |= {band: error} if fitted.any() else {}
    if errors and not np.any(safe & (of_bin >= 0)):
        raise next(iter(errors.values()))
    for band, why in errors.items():
        low, high = axes.bands[band : band + 2]
        remark(f"Run {run.run_id} has no OFF regions between {low:.4g} and {high:.4g} TeV: {why}")
    return RegionsOfBins(tuple(several.values()), of_bin)


def given_regions(
    run: SourceRun, axes: EnergyAxes, setting: HasRegions, regions: RunRegions, safe: np.ndarray
) -> RegionsOfBins:
    """The `RegionsOfBins` of a run whose regions are the same in all energies.

    Parameters
    ----------
    run : `SourceRun`
    axes : `EnergyAxes`
    setting : `OnOffSetting` of the radius of the regions
    regions : `RunRegions`
    safe : bool array (n_reco,), bins that are fitted

    Raises `DataError` where the run has another radius, or one for each energy of which that of a fitted bin is larger.
    """
    of_bin = np.zeros(len(axes.reco) - 1, dtype=int)
    if has_fixed_radius(run):
        setting.radius_of(run)
    else:
        widest, has_cut = _cut_of_bins(run, axes)
        of_bin[~has_cut] = -1
        largest = np.max(widest[safe & has_cut], initial=0.0)
        if largest > regions.radius * (1 + SAME_RADIUS):
            raise DataError(
                f"The RAD_MAX of run {run.run_id} goes up to {np.degrees(largest):.3f} deg in these energies, and its "
                f"regions have a radius of {np.degrees(regions.radius):.3f} deg; wanted are regions as wide."
            )
    return RegionsOfBins((regions,), of_bin)


def acceptance_of_bins(run: SourceRun, axes: EnergyAxes) -> np.ndarray:
    """Solid angle of a run's cut in each bin of reconstructed energy over the largest, float array (n_reco,).

    1 where there is no cut.

    The mean in log energy. In 32 bits, so that times a number of OFF regions it is exact, and so are their ratios.

    Parameters
    ----------
    run : `SourceRun` with a radius for each energy
    axes : `EnergyAxes`
    """
    steps = (np.arange(PARTS) + 0.5) / PARTS
    energies = axes.reco[:-1, None] * (axes.reco[1:] / axes.reco[:-1])[:, None] ** steps
    angle = (2 * np.sin(run.cut.radius(energies, run.offset) / 2) ** 2).mean(axis=1)
    relative = np.where(angle > 0, angle, angle.max() or 1.0) / (angle.max() or 1.0)
    return relative.astype(np.float32).astype(float)


def _cut_of_bins(run: SourceRun, axes: EnergyAxes) -> tuple[np.ndarray, np.ndarray]:
    """(largest radius of a run's cut in each bin of reconstructed energy, radian, whether it has one in all of it)."""
    bins = [(*edges, run.offset) for edges in pairwise(axes.reco)]
    widest, narrowest = (np.array([of(*each) for each in bins]) for of in (run.cut.largest, run.cut.smallest))
    return widest, narrowest > 0
