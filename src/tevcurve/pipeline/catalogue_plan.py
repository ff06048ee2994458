"""What is wanted of all sources of a catalogue, and which runs are worked on together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tevcurve.bins.pieces import BinPieces
from tevcurve.bins.time_bins import TimeBins
from tevcurve.fit.fit_options import FitOptions
from tevcurve.kernels.sphere import angular_separation
from tevcurve.models import SpectralModel
from tevcurve.records import short_repr
from tevcurve.reduction.cube_terms import CubeSetting
from tevcurve.reduction.energy_axes import EnergyAxes
from tevcurve.run_id import parts_together

# Sources nearer to each other are of one group.
NEAR = np.deg2rad(0.5)


@dataclass(frozen=True, eq=False)
class CatalogueSource:
    """One source of a catalogue.

    Attributes
    ----------
    name : str, each once in a catalogue
    lonlat : (lon, lat), ICRS, radian
    spectrum : `SpectralModel`, the reference of its rows
    neighbours : tuple of str, names of sources of the catalogue whose fluxes are fitted with it in each row
    """

    name: str
    lonlat: tuple[float, float]
    spectrum: SpectralModel
    neighbours: tuple[str, ...] = ()

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class RunGroup:
    """Runs that share a time bin, directly or by others: mostly one run, and with nights those of a night. Parts of one
    run are of one group in any case.

    The rows of all its bins are made of its runs alone, so that it is the unit of work.

    Attributes
    ----------
    observations : tuple of `Observation`, in the order of time
    bins : `TimeBins`, the bins in which they have good time
    pieces : `BinPieces` of these bins (numbered from 0) and of these runs
    offsets_deg : of each run the angles between its pointing and the sources, float array (n_sources,), where runs are
        chosen by these; None for a run that is taken for all
    """

    observations: tuple[Any, ...]
    bins: TimeBins
    pieces: BinPieces
    offsets_deg: tuple[np.ndarray | None, ...]

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class CataloguePlan:
    """What is wanted of a catalogue, apart from its runs.

    Attributes
    ----------
    sources : tuple of `CatalogueSource`
    axes : `EnergyAxes`
    setting : `CubeSetting` of all, whose map is that of the first source
    options : `FitOptions`
    allowed : tuple, of each source the pixels of its map that are on no exclusion, bool array (n_pixels,); None for all
    offset : what the angle between pointing and source has to be, a condition such as "<1.5 deg"; None for any
    """

    sources: tuple[CatalogueSource, ...]
    axes: EnergyAxes
    setting: CubeSetting
    options: FitOptions
    allowed: tuple[np.ndarray | None, ...]
    offset: str | None = None

    __repr__ = short_repr


def run_groups(
    observations: Sequence[Any], bins: TimeBins, offsets_deg: Sequence[np.ndarray | None]
) -> list[RunGroup]:
    """The `RunGroup`s of observations, in the order of the first bin of each.

    Parameters
    ----------
    observations : list of `Observation` in the order of time
    bins : `TimeBins` laid over them
    offsets_deg : of each, as a `RunGroup` has them
    """
    pieces = bins.pieces(observations)
    parts = parts_together(one.run_id for one in observations)
    group_of_run = np.arange(len(observations)) if parts is None else np.array(parts)
    order = np.argsort(pieces.bin, kind="stable")
    for own in np.split(order, np.flatnonzero(np.diff(pieces.bin[order])) + 1):
        together = np.unique(group_of_run[pieces.run[own]])
        group_of_run[np.isin(group_of_run, together)] = together[0]
    groups = []
    for number in dict.fromkeys(group_of_run[pieces.run].tolist()):
        runs = np.flatnonzero(group_of_run == number)
        own = np.isin(pieces.run, runs)
        numbers, bin_ = np.unique(pieces.bin[own], return_inverse=True)
        run = np.searchsorted(runs, pieces.run[own])
        mine = BinPieces(bin_, run, pieces.start_s[own], pieces.stop_s[own])
        there, offsets = (tuple(each[run] for run in runs) for each in (observations, offsets_deg))
        groups.append(RunGroup(there, bins.select(numbers), mine, offsets))
    return groups


def source_groups(plan: CataloguePlan) -> np.ndarray:
    """The group of each source, int array (n_sources,), numbered in the order of their first sources.

    Two sources are in one group where a chain of sources leads from one to the other in steps of less than 0.5 deg.

    plan: `CataloguePlan`.
    """
    lon, lat = np.array([source.lonlat for source in plan.sources]).T
    group = np.full(len(lon), -1)
    number = 0
    for first in range(len(lon)):
        if group[first] >= 0:
            continue
        reached = [first]
        group[first] = number
        while reached:
            one = reached.pop()
            left = np.flatnonzero((group < 0) & (np.abs(lat - lat[one]) < NEAR))
            near = left[angular_separation(lon[one], lat[one], lon[left], lat[left]) < NEAR]
            group[near] = number
            reached += near.tolist()
        number += 1
    return group
