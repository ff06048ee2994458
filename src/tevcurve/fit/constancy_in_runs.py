"""Whether a source is constant inside its runs: the chance of how its events lie in time, by permuting times."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from tevcurve.data import GTI
from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.kernels.permuted_times import WeightsInTime, chance_of_times
from tevcurve.run_id import parts_together

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
    terms : of each run, or part of one, the `CubeTerms` at the source, with one bin of true energy
    counts : of each what `segment_counts` gives of all events of its field; for parts by the good time of all of them
    name : of the source
    seed : further choice of random numbers
    """
    parts = parts_together(each.run_id for each in terms)
    own = [[number] for number in range(len(terms))]
    if parts is not None:
        own = [[k for k, first in enumerate(parts) if first == number] for number in dict.fromkeys(parts)]
    told = "|".join([str(seed), name, *(str(terms[numbers[0]].run_id) for numbers in own)])
    digest = hashlib.blake2b(told.encode(), digest_size=16).digest()
    rng = np.random.default_rng(np.frombuffer(digest, dtype="<u4"))
    weights = [
        weights_in_time([terms[k] for k in numbers], sum(counts[k] for k in numbers)) for numbers in own
    ]
    return chance_of_times(weights, rng)


def segment_counts(gti: GTI, time_s: np.ndarray) -> np.ndarray:
    """How many events are in each of the `SEGMENTS` equal parts of good time, int array.

    Parameters
    ----------
    gti : good time of a run
    time_s : float array (n,), mission seconds of events in it
    """
    return np.bincount(_segment_of(gti, time_s), minlength=SEGMENTS)


def weights_in_time(parts: Sequence[CubeTerms], counts: np.ndarray) -> WeightsInTime:
    """The `WeightsInTime` of a run at a source.

    Parameters
    ----------
    parts : the `CubeTerms` of the run with one bin of true energy, or those of its parts
    counts : int array (`SEGMENTS`,), all events of the run's field, those of the terms among them
    """
    gti = parts[0].gti
    for each in parts[1:]:
        gti = gti.union(each.gti)
    if not sum(len(each.near) for each in parts) or gti.ontime_s == 0:
        return WeightsInTime(np.zeros(0), np.zeros(0, dtype=int), counts)
    weight = _shares_of_source(parts)
    order = np.argsort(-weight, kind="stable")
    squares = np.cumsum(weight[order] ** 2)
    kept = np.sort(order[: int(np.searchsorted(squares, LOOKED_AT * squares[-1])) + 1])
    kept = kept[weight[kept] > 0]
    clocks = [gti.reference.convert(each.time_s[each.near], each.gti.reference) for each in parts]
    time_s = np.concatenate(clocks)
    return WeightsInTime(weight[kept], _segment_of(gti, time_s[kept]), counts)


def _shares_of_source(parts: Sequence[CubeTerms]) -> np.ndarray:
    """The share (n_near,) of the source in each event near it, at its mean flux: by some steps of the EM algorithm.

    Source: Dempster, Laird & Rubin 1977, J. R. Stat. Soc. B 39, 1. It depends on no event's time.
    """
    total = expected = counted = 0.0
    signals, backgrounds = [], []
    for each in parts:
        ontime = each.gti.ontime_s
        total += float(each.response_total.sum()) * ontime * each.deadc
        expected += float(each.background_total.mean(axis=0).sum()) * ontime
        counted += len(each.time_s) if each.count is None else float(each.count.sum())
        signals.append(each.of_near(each.response[:, 0]) * ontime * each.deadc)
        backgrounds.append(each.background[:, each.near].mean(axis=0) * ontime)
    signal, background = np.concatenate(signals), np.concatenate(backgrounds)
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
