"""Odds of a rate in steps against a constant one, from when events came: Gregory & Loredo 1992, ApJ 398, 146.

Times go from 0 to 1, on a scale in which a constant source gives the same number of events in equal times. A model of
m steps has bins of width 1/m, the first edge between which is at a phase; what is before that edge is a bin of its own,
and so is what is left behind the last one, so that there are k = m + 1 bins, or m where the phase is 0. With n_j of N
events in bin j of width w_j, and all shares of the bins alike in their prior, its odds against a constant rate are

    O_m = < (k - 1)!/(N + k - 1)! * prod n_j!/w_j^n_j >,

where the mean is over the phases. With equal bins these are the odds of their section 5 with the period as long as the
observation. They join what is before the first edge to the last bin, as if time were a circle; a night is none, and its
two ends in one bin hide steps and trends. All m from 2 to the largest are alike in their prior, too, so that the odds
of steps are the mean of O_m. Where events have weights, sums of weights stand for their numbers, and factorials are
gamma functions.
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
    def _edges(self) -> list[np.ndarray]:
        """Edges (m + 2, n_phases) of the bins of each model; at phase 0 the first bin has no width."""
        phases = np.arange(self.n_phases) / self.n_phases
        inner = [(np.arange(m)[:, None] + phases) / m for m in self.steps]
        zeros = np.zeros((1, self.n_phases))
        return [np.concatenate([zeros, own, zeros + 1]) for own in inner]

    @cached_property
    def widths(self) -> list[np.ndarray]:
        """Widths (m + 1, n_phases) of the bins of each model."""
        return [np.diff(edges, axis=0) for edges in self._edges]

    @cached_property
    def n_bins(self) -> np.ndarray:
        """Number of bins of each model at each phase, float array (m_max - 1, n_phases)."""
        return self.steps[:, None] + (np.arange(self.n_phases) > 0.0)

    @property
    def steps(self) -> np.ndarray:
        """Numbers of steps, int array (m_max - 1,)."""
        return np.arange(2, self.m_max + 1)

    def counts(self, time: np.ndarray, weight: np.ndarray | None = None) -> list[np.ndarray]:
        """Counts (m + 1, n_phases) in the bins of each model.

        Parameters
        ----------
        time : float array (n,), ascending, from 0 to 1
        weight : float array (n,), above or equal 0; default: 1 each
        """
        edges = np.concatenate([each[1:-1].ravel() for each in self._edges])
        place, total = np.searchsorted(time, edges), float(len(time))
        before = place.astype(float)
        if weight is not None:
            running = np.append(0.0, np.cumsum(weight))
            before, total = running[place], running[-1]
        found, first, phases = [], 0, self.n_phases
        ends = np.zeros((1, phases)), np.full((1, phases), total)
        for m in self.steps:
            own = before[first : first + m * phases].reshape(m, phases)
            found.append(np.diff(np.concatenate([ends[0], own, ends[1]]), axis=0))
            first += m * phases
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
        widths = np.concatenate([each.ravel() for each in self.widths])
        own = np.concatenate([each.ravel() for each in counts])
        own = gammaln(own + 1) - own * np.log(np.where(widths > 0, widths, 1.0))
        sums, first = np.empty((len(counts), self.n_phases)), 0
        for number, each in enumerate(counts):
            sums[number] = own[first : first + each.size].reshape(each.shape).sum(axis=0)
            first += each.size
        of_phase = gammaln(self.n_bins) - gammaln(total + self.n_bins) + sums
        return StepOdds(self, counts, total, of_phase)


@dataclass(frozen=True, eq=False)
class StepOdds:
    """Odds of steps against a constant rate.

    Attributes
    ----------
    steps : `Steps`
    counts : list of float arrays (m + 1, n_phases), in the bins of each model
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

        In a bin it is a share of all events over the bin's width, and the share has a beta distribution as posterior,
        (n_j + 1)/(N + k) on average; that of all models and phases is their mixture (their section 7).

        time: float array (k,), from 0 to 1, below 1.
        """
        share = np.exp(self.of_phase - self.of_phase.max())
        share /= share.sum()
        mean, square = np.zeros(len(time)), np.zeros(len(time))
        phases = np.arange(self.steps.n_phases)
        models = zip(self.steps.steps, self.counts, self.steps.widths, self.steps.n_bins, share, strict=True)
        for m, counts, widths, n_bins, own in models:
            bins = np.floor(time[:, None] * m - phases / self.steps.n_phases).astype(int) + 1
            a, width, whole = counts[bins, phases] + 1, widths[bins, phases], self.total + n_bins
            mean += (own * a / (whole * width)).sum(axis=1)
            square += (own * a * (a + 1) / (whole * (whole + 1) * width**2)).sum(axis=1)
        return mean, np.sqrt(np.maximum(square - mean**2, 0.0))


def _log_mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Log of the mean of what has these logs."""
    highest = values.max(axis=axis, keepdims=True)
    return np.squeeze(highest, axis) + np.log(np.mean(np.exp(values - highest), axis=axis))
