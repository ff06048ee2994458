"""Odds of a rate in steps against a constant one, from when events came: Gregory & Loredo 1992, ApJ 398, 146.

Times go from 0 to 1, on a scale in which a constant source gives the same number of events in equal times. A model of
m steps has m bins of width 1/m, the first of which begins at a phase; what is before it belongs to the last one, as if
time were a circle. With n_j of N events in bin j and all rates alike in their prior, its odds against a constant rate
are

    O_m = N! (m - 1)!/(N + m - 1)! * m^N * <1/W>,    1/W = n_1! ... n_m!/N!,

where the mean is over the phases: those of their section 5 with the period as long as the observation. All m from 2 to
the largest are alike in their prior, too, so that the odds of steps are the mean of O_m. Where events have weights,
sums of weights stand for their numbers, and factorials are gamma functions.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import gammaln

# Phases of each bin that the mean is taken over.
N_PHASES = 8


@dataclass(frozen=True)
class Steps:
    """Models of 2 to `m_max` steps, each at `n_phases` phases.

    Attributes
    ----------
    m_max : int, 2 or more
    n_phases : int, 1 or more
    """

    m_max: int
    n_phases: int = N_PHASES

    @cached_property
    def _edges(self) -> np.ndarray:
        """Edges of all models, those of each ascending, from one bin to the next by all of its phases."""
        return np.concatenate([np.arange(m * self.n_phases) / (m * self.n_phases) for m in self.steps])

    @property
    def steps(self) -> np.ndarray:
        """Numbers of steps, int array (m_max - 1,)."""
        return np.arange(2, self.m_max + 1)

    def counts(self, time: np.ndarray, weight: np.ndarray | None = None) -> list[np.ndarray]:
        """Counts (m, n_phases) in the bins of each model.

        Parameters
        ----------
        time : float array (n,), ascending, from 0 to 1
        weight : float array (n,), above or equal 0; default: 1 each
        """
        before = np.searchsorted(time, self._edges).astype(float)
        total = float(len(time))
        if weight is not None:
            running = np.append(0.0, np.cumsum(weight))
            before, total = running[before.astype(int)], running[-1]
        found, first = [], 0
        for m in self.steps:
            own = before[first : first + m * self.n_phases].reshape(m, self.n_phases)
            found.append(np.diff(own, axis=0, append=own[:1] + total))
            first += m * self.n_phases
        return found

    def log_odds(self, time: np.ndarray, weight: np.ndarray | None = None) -> "StepOdds":
        """The `StepOdds` of events.

        Parameters
        ----------
        time : float array (n,), ascending, from 0 to 1
        weight : float array (n,), above or equal 0; default: 1 each
        """
        counts = self.counts(time, weight)
        total = float(counts[0][:, 0].sum())
        own = gammaln(np.concatenate([each.ravel() for each in counts]) + 1)
        of_phase, first = np.empty((len(counts), self.n_phases)), 0
        for number, m in enumerate(self.steps):
            own_sum = own[first : first + m * self.n_phases].reshape(m, self.n_phases).sum(axis=0)
            of_phase[number] = gammaln(m) - gammaln(total + m) + total * np.log(m) + own_sum
            first += m * self.n_phases
        return StepOdds(self, counts, total, of_phase)


@dataclass(frozen=True, eq=False)
class StepOdds:
    """Odds of steps against a constant rate.

    Attributes
    ----------
    steps : `Steps`
    counts : list of float arrays (m, n_phases), in the bins of each model
    total : float, events in all, or the sum of their weights
    of_phase : float array (m_max - 1, n_phases), log of the odds of each model at each phase
    """

    steps: Steps
    counts: list[np.ndarray]
    total: float
    of_phase: np.ndarray

    @property
    def of_steps(self) -> np.ndarray:
        """Log of the odds of each number of steps, float array (m_max - 1,)."""
        return _log_mean(self.of_phase, axis=1)

    @property
    def of_all(self) -> float:
        """Log of the odds of any number of steps."""
        return float(_log_mean(self.of_steps, axis=0))

    def rates(self, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(mean (k,), standard deviation (k,)) of the rate over the constant one, given the events and that it steps.

        In a bin it is m times a share of all events whose posterior is a beta distribution, (n_j + 1)/(N + m) on
        average; that of all models and phases is their mixture (their section 7).

        time: float array (k,), from 0 to 1, below 1.
        """
        share = np.exp(self.of_phase - self.of_phase.max())
        share /= share.sum()
        mean, square = np.zeros(len(time)), np.zeros(len(time))
        phases = np.arange(self.steps.n_phases)
        for m, counts, own in zip(self.steps.steps, self.counts, share, strict=True):
            bins = np.floor(time[:, None] * m - phases / self.steps.n_phases).astype(int) % m
            a, whole = counts[bins, phases] + 1, self.total + m
            mean += (own * a).sum(axis=1) * m / whole
            square += (own * a * (a + 1)).sum(axis=1) * m**2 / (whole * (whole + 1))
        return mean, np.sqrt(np.maximum(square - mean**2, 0.0))


def _log_mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Log of the mean of what has these logs."""
    highest = values.max(axis=axis, keepdims=True)
    return np.squeeze(highest, axis) + np.log(np.mean(np.exp(values - highest), axis=axis))
