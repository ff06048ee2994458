"""Which runs have a nuisance parameter in common: the laws of systematic errors."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from astropy.time import Time

from tevcurve.bins.good_time import BinnedRun
from tevcurve.data import TimeReference
from tevcurve.fit.background_shapes import nights
from tevcurve.records import short_repr
from tevcurve.run_id import RunId
from tevcurve.systematics import ALL, INSTRUMENT, NIGHT, NONE, PERIOD, ROW, RUN, Systematic, Systematics

NO_GROUP = -1


@dataclass(frozen=True, eq=False)
class RunGroups:
    """Groups of runs of one law.

    Attributes
    ----------
    names : tuple of str (n_groups,), such as "HESS 2004-12-07", in the order of their first runs
    of_run : int array (n_runs,), the group of each run, -1 for none
    """

    names: tuple[str, ...]
    of_run: np.ndarray

    __repr__ = short_repr


def groups_of(
    systematic: Systematic, runs: Sequence[BinnedRun], systematics: Systematics = NONE
) -> RunGroups:
    """The `RunGroups` of the runs that a systematic acts on. By row each run is one.

    A run is of the night and of the period in which its good time begins. Nights go from noon to noon at the longitude
    of the instrument, or of the reference where they are shared, and are called by the date of the evening; a period is
    called by its edges. Of these nothing depends on which other runs there are; without a longitude a new night begins
    after 6 h without good time of the instrument. What is before the first edge of all is a period, too.

    Parameters
    ----------
    systematic : `Systematic`
    runs : with `run_id` and `gti`; one without good time has no group
    systematics : `Systematics` that it is one of, which say where the instruments are
    """
    of_run = np.full(len(runs), NO_GROUP)
    acts = [systematic.acts_on(run.run_id.instrument) for run in runs]
    start, stop = _good_days(runs, acts)
    own = np.flatnonzero(np.isfinite(start))
    ids, numbers_of = [runs[number].run_id for number in own], {}
    for number, words in zip(own, _words(systematic, systematics, ids, start[own], stop[own]), strict=True):
        of_run[number] = numbers_of.setdefault(words, len(numbers_of))
    return RunGroups(tuple(numbers_of), of_run)


def gaps_divide_nights(systematics: Systematics, runs: Iterable[BinnedRun]) -> bool:
    """Whether nights of a law depend on which runs there are, as no longitude divides them.

    Parameters
    ----------
    systematics : `Systematics`
    runs : with `run_id`
    """
    by_night = [each for each in systematics.effects if each.by == NIGHT]
    names = {run.run_id.instrument for run in runs} if by_night else ()
    return any(
        each.acts_on(name) and systematics.longitude_of(name, each.shared) is None
        for each in by_night
        for name in names
    )


def _good_days(runs: Sequence[BinnedRun], wanted: Sequence[bool]) -> tuple[np.ndarray, np.ndarray]:
    """First and last good time of runs, MJD (TT), float arrays (n_runs,); NaN for those that are not wanted."""
    gtis = [run if hasattr(run, "intervals") else run.gti for run in runs]
    own: dict[TimeReference, list[int]] = {}
    for number, gti in enumerate(gtis):
        if wanted[number] and len(gti.intervals):
            own.setdefault(gti.reference, []).append(number)
    days = np.full((2, len(runs)), np.nan)
    for reference, numbers in own.items():
        seconds = np.transpose([gtis[number].intervals[[0, -1], [0, 1]] for number in numbers])
        days[:, numbers] = reference.to_time(seconds).tt.mjd
    return days[0], days[1]


def _words(
    systematic: Systematic,
    systematics: Systematics,
    ids: Sequence[RunId],
    start: np.ndarray,
    stop: np.ndarray,
) -> list[str]:
    """What the group of each of some runs (n,) is called; start, stop: MJD (TT) of their good time."""
    instruments = ["" if systematic.shared else each.instrument for each in ids]
    named: dict[str, Callable[[], list[str]]] = {
        ROW: lambda: [each.full_text() for each in ids],
        # A part of a run's good time is of that run.
        RUN: lambda: [_joined(each.instrument, each.obs_id) for each in ids],
        INSTRUMENT: lambda: [each or "unknown" for each in instruments],
        ALL: lambda: ["all"] * len(ids),
        PERIOD: lambda: list(map(_joined, instruments, _periods(start, systematic.periods))),
    }
    if systematic.by != NIGHT:
        return named[systematic.by]()
    words = [""] * len(ids)
    for name in dict.fromkeys(instruments):
        own = np.flatnonzero([each == name for each in instruments])
        lon_rad = systematics.longitude_of(name, systematic.shared)
        if lon_rad is None:
            dates = _nights_by_gaps(start[own], stop[own])
        else:
            # A minute between TT and UT does not matter at noon.
            dates = _dates(start[own] + lon_rad / (2 * np.pi))
        for number, date in zip(own, dates, strict=True):
            words[number] = _joined(name, date)
    return words


def _nights_by_gaps(start: np.ndarray, stop: np.ndarray) -> list[str]:
    """Words for the nights of runs (n_runs,), from MJD to MJD: by date, and where two have one, by the time, too."""
    night = nights(86400 * (start - start[0]), 86400 * (stop - start[0]), [""] * len(start))
    begin = np.full(night.max() + 1, np.inf)
    np.minimum.at(begin, night, start)
    words, clock = _dates(begin), Time(begin, format="mjd", scale="tt").isot
    times_told = Counter(words)
    times = [
        f" {each[11:16]}" if times_told[word] > 1 else "" for word, each in zip(words, clock, strict=True)
    ]
    return [words[number] + times[number] for number in night]


def _dates(mjd: np.ndarray) -> list[str]:
    """The dates of the noons before MJD (n,), of which the evening of a night is."""
    noon = np.floor(mjd - 0.5)
    days, place = np.unique(noon, return_inverse=True)
    dates = [each[:10] for each in Time(days, format="mjd", scale="tt").isot]
    return [dates[number] for number in place.ravel()]


def _periods(mjd: np.ndarray, edges: tuple[float, ...]) -> list[str]:
    names = [f"{edge:.10g}" for edge in edges]
    inside = [f"{low} to {high}" for low, high in pairwise(names)]
    words = [f"before {names[0]}", *inside, f"from {names[-1]}"]
    return [words[number] for number in np.searchsorted(edges, mjd, side="right")]


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
