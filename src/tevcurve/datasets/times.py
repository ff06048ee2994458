"""When a dataset was taken."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from astropy.time import Time

from tevcurve.data.gti import GTI
from tevcurve.errors import InputError


class Timed(Protocol):
    """What datasets say of their times: `counts`, whose `meta` may say them, and `runs`."""

    counts: Any

    @property
    def runs(self) -> Any: ...

    @property
    def time_range(self) -> tuple[Time, Time]: ...


def times_of(datasets: Sequence[Timed]) -> tuple[Time, Time]:
    """(starts, stops) of datasets, `Time` (n,) each: their `time_range`, made at once where they have one clock.

    datasets: list of `MapDataset` or of `SpectrumDatasetOnOff`. Raises `InputError` as `dataset_times`.
    """
    gtis = [_good_times(dataset) for dataset in datasets]
    references = {gti.reference for own in gtis for gti in own}
    own_times = any("t_start" in each.counts.meta or "t_stop" in each.counts.meta for each in datasets)
    if own_times or len(references) != 1 or not all(gtis):
        starts, stops = zip(*(each.time_range for each in datasets), strict=True)
        return Time(list(starts)), Time(list(stops))
    start = np.array([min(gti.intervals[0, 0] for gti in own) for own in gtis])
    stop = np.array([max(gti.intervals[-1, 1] for gti in own) for own in gtis])
    reference = references.pop()
    return reference.to_time(start), reference.to_time(stop)


def _good_times(dataset: Timed) -> list[GTI]:
    """Each `GTI` of a dataset that is not empty, a list."""
    gtis = [run.gti for run in dataset.runs] or [getattr(dataset, "gti", None)]
    return [gti for gti in gtis if gti is not None and len(gti.intervals)]


def dataset_times(meta: dict[str, Any], gtis: list[GTI], title: str) -> tuple[Time, Time]:
    """(start, stop) of a dataset as `Time`: the caller's own in the metadata win over its good time.

    Parameters
    ----------
    meta : dict of the counts, perhaps with "t_start" and "t_stop", each a `Time`
    gtis : list of `GTI`
    title : str, what to call the dataset

    Raises `InputError` where there is neither, or only one of the two, or something else than a `Time`.
    """
    names = [name for name in ("t_start", "t_stop") if name in meta]
    for name in names:
        if not isinstance(meta[name], Time) or not meta[name].isscalar:
            raise InputError(
                f"{title} has counts.meta[{name!r}] = {meta[name]!r}; wanted is an astropy Time."
            )
    if len(names) == 2:
        return meta["t_start"], meta["t_stop"]
    if len(names) == 1:
        other = "t_stop" if names[0] == "t_start" else "t_start"
        raise InputError(f"{title} has counts.meta[{names[0]!r}] but no {other!r}; set both, or neither.")
    filled = [gti for gti in gtis if len(gti.intervals)]
    if not filled:
        raise InputError(
            f"{title} has no times: set counts.meta['t_start'] and counts.meta['t_stop'], or make it from observations."
        )
    return min(gti.start[0] for gti in filled), max(gti.stop[-1] for gti in filled)
