"""What is wanted of all sources of a catalogue, and which runs are worked on together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tevcurve.bins.pieces import BinPieces
from tevcurve.bins.time_bins import TimeBins
from tevcurve.models import SpectralModel
from tevcurve.options import FitOptions
from tevcurve.records import short_repr
from tevcurve.reduction.energy_axes import EnergyAxes
from tevcurve.reduction.settings import SettingRule


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
    """Runs that share a time bin, directly or by others: mostly one run, and with nights those of a night.

    The rows of all its bins are made of its runs alone, so that it is the unit of work.

    Attributes
    ----------
    observations : tuple of `Observation`, in the order of time
    bins : `TimeBins`, the bins in which they have good time
    pieces : `BinPieces` of these bins (numbered from 0) and of these runs
    """

    observations: tuple[Any, ...]
    bins: TimeBins
    pieces: BinPieces

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class CataloguePlan:
    """What is wanted of a catalogue, apart from its runs.

    Attributes
    ----------
    sources : tuple of `CatalogueSource`
    axes : `EnergyAxes`
    settings : tuple of `SettingRule`, one for each source
    options : `FitOptions`
    """

    sources: tuple[CatalogueSource, ...]
    axes: EnergyAxes
    settings: tuple[SettingRule, ...]
    options: FitOptions

    __repr__ = short_repr


def run_groups(observations: Sequence[Any], bins: TimeBins) -> list[RunGroup]:
    """The `RunGroup`s of observations, in the order of the first bin of each.

    Parameters
    ----------
    observations : list of `Observation` in the order of time
    bins : `TimeBins` laid over them
    """
    pieces = bins.pieces(observations)
    group_of_run = np.arange(len(observations))
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
        groups.append(RunGroup(tuple(observations[run] for run in runs), bins.select(numbers), mine))
    return groups
