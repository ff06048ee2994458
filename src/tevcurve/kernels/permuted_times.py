"""Whether the weights of events are spread over time as by chance: their times are permuted among all events.

Under the null the times of all events of a run are exchangeable, whatever its dead time and gaps, so that the chance is
exact. It is found sequentially: permutations end when `ENOUGH` of them are at least as uneven, which takes some tens
where there is nothing to see and all of them where there is (Besag & Clifford 1991, Biometrika 78, 301). Ties are
broken at random, and the chance is spread over its step, so that it is uniform under the null.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

# Of permutations: so many at least as uneven are enough, and there are not more than these.
ENOUGH, MOST = 5, 1999
_FIRST = 12
# Relative: statistics nearer to each other are the same with another rounding.
_SAME = 1e-9


@dataclass(frozen=True, eq=False)
class WeightsInTime:
    """Events of a run that have a weight, among all of its events.

    Attributes
    ----------
    weight : float array (n,), above 0
    segment : int array (n,), the segment of time that each is in
    counts : int array (n_segments,), all events in each segment, those with a weight among them
    """

    weight: np.ndarray
    segment: np.ndarray
    counts: np.ndarray

    def uneven(self, segment: np.ndarray) -> np.ndarray:
        """How unevenly the weights lie in the segments, float array (m,): about chi-square / (n_segments - 1).

        segment: int array (m, n), the segments of the events, in as many permutations.
        """
        shares, scale = self._expected
        place = segment + len(shares) * np.arange(len(segment))[:, None]
        weights = np.broadcast_to(self.weight, segment.shape)
        sums = np.bincount(place.ravel(), weights.ravel(), len(segment) * len(shares))
        off = sums.reshape(-1, len(shares)) - self.weight.sum() * shares
        return np.einsum("ms,ms,s->m", off, off, scale)

    @cached_property
    def _expected(self) -> tuple[np.ndarray, np.ndarray]:
        """The share of all events in each segment, and one over what squares are divided by; 0 without events."""
        shares = self.counts / self.counts.sum()
        used = shares > 0
        norm = np.sum(self.weight**2) * max(np.count_nonzero(used) - 1, 1)
        return shares, np.divide(1 / norm, shares, out=np.zeros(len(shares)), where=used)

    def permuted(self, number: int, rng: "np.random.Generator") -> np.ndarray:
        """Segments of the events in permutations of the times of all events, int array (number, n).

        Parameters
        ----------
        number : int, of permutations
        rng : numpy random generator
        """
        n_segments, n = len(self.counts), len(self.weight)
        # How many are in each segment first, then which: that takes no more steps than there are events with a weight.
        drawn = rng.multivariate_hypergeometric(self.counts, n, size=number)
        labels = np.tile(np.arange(n_segments), number).repeat(drawn.ravel()).reshape(number, n)
        return rng.permuted(labels, axis=1)


def chance_of_times(runs: list[WeightsInTime], rng: "np.random.Generator") -> float:
    """The chance that weights lie as unevenly in the segments of their runs, uniform from 0 to 1 under the null.

    Parameters
    ----------
    runs : of each run its `WeightsInTime`; one without such events tells nothing
    rng : numpy random generator
    """
    runs = [run for run in runs if len(run.weight)]
    seen = sum(float(run.uneven(run.segment[None])[0]) for run in runs)
    own, done, beyond, batch = rng.random(), 0, 0, _FIRST
    while runs and done < MOST:
        batch = min(batch, MOST - done)
        drawn = sum(run.uneven(run.permuted(batch, rng)) for run in runs)
        ties = np.abs(drawn - seen) <= _SAME * seen
        more = np.where(ties, rng.random(batch) > own, drawn > seen)
        reached = np.flatnonzero(np.cumsum(more) + beyond == ENOUGH)
        if len(reached):
            number = done + int(reached[0]) + 1
            return _spread(ENOUGH / (number + 1), ENOUGH / number, rng)
        done, beyond = done + batch, beyond + int(np.count_nonzero(more))
        batch = done
    return _spread(beyond / (done + 1), (beyond + 1) / (done + 1), rng)


def _spread(low: float, high: float, rng: "np.random.Generator") -> float:
    return low + (high - low) * rng.random()
