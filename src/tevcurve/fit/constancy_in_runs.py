"""Whether a source is constant inside its runs: the chance of how its events lie in time, by permuting times."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from tevcurve.data import GTI
from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.kernels.permuted_times import WeightsInTime, chance_of_times

# Equal parts of the good time of a run, between which weights are compared.
SEGMENTS = 8
# Events with this share of all squared weights are looked at, those of the largest weights: the others add next to
# nothing but work.
LOOKED_AT = 0.95
_STEPS, _START = 4, 3.0


def constancy_chance(
    terms: Sequence[CubeTerms], counts: Sequence[np.ndarray], name: str, seed: int = 0
) -> float:
    """The chance of constancy of a source inside runs, uniform from 0 to 1 where it is constant.

    Each event near the source counts with the share of it that is the source's at its mean flux in the run. The times
    are permuted among all events of the run's field, so that dead time, gaps and a background that changes with time
    everywhere alike play no part. The random numbers are those of the source, the runs and the seed.

    Parameters
    ----------
    terms : of each run the `CubeTerms` at the source, with one bin of true energy
    counts : of each run what `segment_counts` gives of all events of its field
    name : of the source
    seed : further choice of random numbers
    """
    told = "|".join([str(seed), name, *(str(each.run_id) for each in terms)])
    digest = hashlib.blake2b(told.encode(), digest_size=16).digest()
    rng = np.random.default_rng(np.frombuffer(digest, dtype="<u4"))
    runs = zip(terms, counts, strict=True)
    return chance_of_times([weights_in_time(*each) for each in runs], rng)


def segment_counts(gti: GTI, time_s: np.ndarray) -> np.ndarray:
    """How many events are in each of the `SEGMENTS` equal parts of good time, int array.

    Parameters
    ----------
    gti : good time of a run
    time_s : float array (n,), mission seconds of events in it
    """
    return np.bincount(_segment_of(gti, time_s), minlength=SEGMENTS)


def weights_in_time(terms: CubeTerms, counts: np.ndarray) -> WeightsInTime:
    """The `WeightsInTime` of a run at a source.

    Parameters
    ----------
    terms : `CubeTerms` with one bin of true energy
    counts : int array (`SEGMENTS`,), all events of the run's field, those of the terms among them
    """
    ontime = terms.gti.ontime_s
    if not len(terms.near) or ontime == 0:
        return WeightsInTime(np.zeros(0), np.zeros(0, dtype=int), counts)
    weight = _shares_of_source(terms, ontime)
    order = np.argsort(-weight, kind="stable")
    squares = np.cumsum(weight[order] ** 2)
    kept = np.sort(order[: int(np.searchsorted(squares, LOOKED_AT * squares[-1])) + 1])
    kept = kept[weight[kept] > 0]
    return WeightsInTime(weight[kept], _segment_of(terms.gti, terms.time_s[terms.near[kept]]), counts)


def _shares_of_source(terms: CubeTerms, ontime: float) -> np.ndarray:
    """The share (n_near,) of the source in each event near it, at its mean flux: by some steps of the EM algorithm.

    Source: Dempster, Laird & Rubin 1977, J. R. Stat. Soc. B 39, 1. It depends on no event's time.
    """
    total = float(terms.response_total.sum()) * ontime * terms.deadc
    signal = terms.response[:, 0] * ontime * terms.deadc
    expected = float(terms.background_total.mean(axis=0).sum()) * ontime
    background = terms.background[:, terms.near].mean(axis=0) * ontime
    counted = len(terms.time_s) if terms.count is None else float(terms.count.sum())
    norm = counted / expected if expected > 0 else 1.0
    amplitude = _START / total if total > 0 else 0.0
    shares = np.zeros(len(signal))
    for _ in range(_STEPS if total > 0 else 0):
        shares = amplitude * signal
        shares /= shares + norm * background
        # A source that is not seen has the weights of a faint one.
        amplitude = max(float(shares.sum()), _START) / total
    return shares


def _segment_of(gti: GTI, time_s: np.ndarray) -> np.ndarray:
    """The segment of each event, int array (n,)."""
    return np.searchsorted(_segment_edges(gti.intervals.tobytes()), time_s, side="right")


@lru_cache(maxsize=64)
def _segment_edges(intervals: bytes) -> np.ndarray:
    """Edges (`SEGMENTS` - 1,) in mission seconds between equal parts of good time, which many sources share.

    intervals: bytes of the float array (n, 2) of its intervals.
    """
    good = np.frombuffer(intervals).reshape(-1, 2)
    ends = np.cumsum(good[:, 1] - good[:, 0])
    passed = np.column_stack([np.append(0.0, ends[:-1]), ends]).ravel()
    return np.interp(np.linspace(0, ends[-1], SEGMENTS + 1)[1:-1], passed, good.ravel())
