"""Phases of weighted events in good time with gaps: a score test of harmonics whose level is free in each run.

Under the null the events of a run are spread evenly over its good time, whatever their weights. Sums of weights times
the cosines and sines of the harmonics, less what good time expects of them, have mean zero then, and the covariance of
cosines and sines over good time, times the sum of squared weights: whatever the number of events. Where nothing is
subtracted, gaps make periods of their own. For one run of whole periods with weights of 1 the quadratic form is Z^2_n
(Buccheri et al. 1983, A&A 128, 245); weights are those of Kerr (2011, ApJ 732, 38), the derivative of the likelihood.
"""

from dataclasses import dataclass

import numpy as np

# Elements of arrays that are made at once.
_AT_ONCE = 2_000_000
# Of the largest variance; directions with less say nothing.
_LEAST = 1e-9


@dataclass(frozen=True, eq=False)
class GoodTimeOfRuns:
    """Good time of runs.

    Attributes
    ----------
    start, stop : float arrays (n_pieces,)
    run : int array (n_pieces,), the run of each piece, from 0
    n_runs : int
    """

    start: np.ndarray
    stop: np.ndarray
    run: np.ndarray
    n_runs: int

    def moments(self, frequency: np.ndarray, n: int) -> np.ndarray:
        """Means of exp(i*k*phase) over the good time of each run, k = 0..n, complex array (n_runs, m, n + 1).

        Parameters
        ----------
        frequency : float array (m,), above 0
        n : int, the highest multiple of the phase
        """
        seconds = np.bincount(self.run, self.stop - self.start, self.n_runs)
        middle, half = 0.5 * (self.start + self.stop), 0.5 * (self.stop - self.start)
        found = np.ones((self.n_runs, len(frequency), n + 1), dtype=complex)
        for k in range(1, n + 1):
            turn = 2 * np.pi * k * frequency[:, None]
            means = 2 * half * np.sinc(turn * half / np.pi) * _turned(turn, middle)
            for run in range(self.n_runs):
                found[run, :, k] = means[:, self.run == run].sum(axis=1)
        found[:, :, 1:] /= seconds[:, None, None]
        return found

    def drawn(self, run: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Times (n,) of events spread evenly over the good time of their runs.

        Parameters
        ----------
        run : int array (n,), of the events
        rng : numpy Generator
        """
        order = np.argsort(self.run, kind="stable")
        length = (self.stop - self.start)[order]
        end = np.cumsum(length)
        seconds = np.bincount(self.run, self.stop - self.start, self.n_runs)
        first = np.cumsum(seconds) - seconds
        place = first[run] + seconds[run] * rng.random(len(run))
        piece = np.minimum(np.searchsorted(end, place, side="right"), len(end) - 1)
        return self.stop[order][piece] - (end[piece] - place)


class HarmonicScores:
    """Z^2 of times of events at many frequencies; what does not depend on the times is made once.

    Parameters
    ----------
    weight : float array (n,), of the events
    run : int array (n,), the run of each event
    good : `GoodTimeOfRuns`
    frequency : float array (m,), cycles per time, ascending, above 0
    nharm : int, number of harmonics
    """

    def __init__(
        self, weight: np.ndarray, run: np.ndarray, good: GoodTimeOfRuns, frequency: np.ndarray, nharm: int
    ):
        self.weight, self.n_frequencies, self.nharm = weight, len(frequency), nharm
        self._coarse, self._fine = _grid(frequency)
        level, square = (np.bincount(run, each, good.n_runs) for each in (weight, weight**2))
        size = max(1, _AT_ONCE // max(len(good.start), 8 * good.n_runs * nharm, 4 * nharm**2))
        parts = []
        for first in range(0, len(frequency), size):
            moments = good.moments(frequency[first : first + size], 2 * nharm)
            expected = np.einsum("r,rmk->mk", level, moments[:, :, 1 : nharm + 1])
            parts.append((expected, np.linalg.inv(np.linalg.cholesky(_covariance(moments, square, nharm)))))
        self._expected, self._whiten = (np.concatenate(each) for each in zip(*parts, strict=True))

    def of(self, time: np.ndarray) -> np.ndarray:
        """Z^2 with 1..nharm harmonics at each frequency, float array (nharm, m).

        Each is chi-square with twice as many degrees of freedom as it has harmonics.

        time : float array (n,), of the events
        """
        score = self._sums(time) - self._expected
        both = np.stack([score.real, score.imag], axis=-1).reshape(self.n_frequencies, 2 * self.nharm)
        along = np.einsum("mij,mj->mi", self._whiten, both)
        return np.cumsum(np.sum(along.reshape(-1, self.nharm, 2) ** 2, axis=2), axis=1).T

    def _sums(self, time: np.ndarray) -> np.ndarray:
        """Sums of weights times exp(i*k*phase), complex array (m, nharm)."""
        coarse, fine = self._coarse[:, None], self._fine[:, None]
        total = np.zeros((self.nharm, len(coarse), len(fine)), dtype=complex)
        size = max(1, _AT_ONCE // (len(coarse) + len(fine)))
        for first in range(0, len(time), size):
            own, weight = time[first : first + size], self.weight[first : first + size]
            turns = [_turned(2 * np.pi * each, own) for each in (coarse, fine)]
            one, other = turns[0] * weight, turns[1]
            for k in range(self.nharm):
                total[k] += one @ other.T
                one, other = one * turns[0], other * turns[1]
        return total.reshape(self.nharm, -1)[:, : self.n_frequencies].T


def _grid(frequency: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(coarse, fine) frequencies whose sums are the frequencies, so that phases of a grid are products of few."""
    m = len(frequency)
    step = (frequency[-1] - frequency[0]) / max(m - 1, 1)
    if m < 4 or np.any(np.abs(frequency - frequency[0] - step * np.arange(m)) > 1e-9 * step):
        return frequency, np.zeros(1)
    n_fine = int(np.sqrt(m))
    return frequency[0] + step * n_fine * np.arange(-(-m // n_fine)), step * np.arange(n_fine)


def _covariance(moments: np.ndarray, square: np.ndarray, nharm: int) -> np.ndarray:
    """Covariance (m, 2*nharm, 2*nharm) of sums of cosines and sines, one after the other."""
    one = np.arange(1, nharm + 1)
    up, down = one[:, None] + one, one[:, None] - one
    total = np.zeros((moments.shape[1], nharm, 2, nharm, 2))
    for own, weight in zip(moments, square, strict=True):
        # Means of exp(i*(k + l)*phase) and of exp(i*(k - l)*phase).
        plus = own[:, up]
        minus = np.where(down >= 0, own[:, np.abs(down)], own[:, np.abs(down)].conj())
        mean = own[:, 1 : nharm + 1]
        real, imag = mean.real, mean.imag
        total[:, :, 0, :, 0] += weight * (0.5 * (plus + minus).real - real[:, :, None] * real[:, None, :])
        total[:, :, 1, :, 1] += weight * (0.5 * (minus - plus).real - imag[:, :, None] * imag[:, None, :])
        cross = 0.5 * (plus - minus).imag - real[:, :, None] * imag[:, None, :]
        total[:, :, 0, :, 1] += weight * cross
        total[:, :, 1, :, 0] += weight * cross.transpose(0, 2, 1)
    matrix = total.reshape(-1, 2 * nharm, 2 * nharm)
    return matrix + _LEAST * square.sum() * np.eye(2 * nharm)


def _turned(turn: np.ndarray, time: np.ndarray) -> np.ndarray:
    """exp(i*phase), complex array (m, n), of times; whole turns are left out of phases so that they stay exact."""
    cycles = turn / (2 * np.pi) * time
    phase = 2 * np.pi * (cycles - np.rint(cycles))
    # Several times as fast as the exponential of a complex number.
    found = np.empty(phase.shape, dtype=complex)
    found.real, found.imag = np.cos(phase), np.sin(phase)
    return found
