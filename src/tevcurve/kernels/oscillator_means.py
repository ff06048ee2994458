"""Covariances of the means of damped oscillators over bins of any widths, of each oscillator or of their sum.

An oscillator of frequency f0 and variance k has, with r = sqrt(2)*pi*f0 and z = r*(1 - i), the covariance
Re[k*(1 - i)*exp(-z*t)] at a lag t. Of two bins that do not overlap, with widths v and w and a time g between them, the
means have the covariance Re[k*(1 - i)*m(z*v)*m(z*w)*exp(-z*g)] with m(x) = (1 - exp(-x))/x. Where an instant c lies
between many earlier and many later bins, exp(-z*g) is a factor of the one times a factor of the other, neither above 1,
so that all these pairs are a product of two thin matrices. Bins are divided at such instants again and again, until few
are left. Bins that overlap take the even second integral of the covariance at the four distances between their edges,
k*s(r*t)/(2*r^2) with s(x) = exp(-x)*(cos(x) - sin(x)) - 1 + 2*x.
"""

from dataclasses import dataclass
from functools import cached_property
from math import factorial

import numpy as np

# Bins so few are not divided further.
_FEW = 12
# Edges that touch differ by rounding: this share of the narrowest bin.
_TOUCH = 1e-9
# Up to here a series is used, of powers from 2; those of 3, 7, 11... are nothing.
_SMALL, _LAST = 0.5, 17
_SERIES = [(-1) ** n * ((1 + 1j) * (1 - 1j) ** n).real / factorial(n) for n in range(_LAST, 1, -1)]


@dataclass(frozen=True, eq=False)
class Bins:
    """Bins in the order of their beginnings, and what oscillators are over them.

    Attributes
    ----------
    rate : float array (m,), r of the module, of the oscillators
    start, width : float arrays (n,), starts ascending, widths above 0
    """

    rate: np.ndarray
    start: np.ndarray
    width: np.ndarray

    @cached_property
    def stop(self) -> np.ndarray:
        """Ends (n,)."""
        return self.start + self.width

    @cached_property
    def mean(self) -> np.ndarray:
        """m(z*width) of the module, complex array (m, n)."""
        x = self.rate[:, None] * self.width * (1 - 1j)
        return -np.expm1(-x) / x

    @cached_property
    def latest(self) -> np.ndarray:
        """Where all bins so far have ended, (n,), ascending."""
        return np.maximum.accumulate(self.stop)

    def decayed(self, part: slice, away: np.ndarray) -> np.ndarray:
        """m(z*width)*exp(-z*away), complex array (m, k), of k of the bins.

        Parameters
        ----------
        part : slice of the bins
        away : float array (k,), clipped at 0
        """
        return self.mean[:, part] * np.exp(self.rate[:, None] * np.maximum(away, 0.0) * (-1 + 1j))


def mean_covariances(variance: np.ndarray, one: Bins, other: Bins, is_sum: bool) -> np.ndarray:
    """Covariances of the means of each oscillator, (m, n1, n2), or of those of their sum, (n1, n2).

    Parameters
    ----------
    variance : float array (m,), k of the oscillators; may be negative
    one, other : `Bins` with the same oscillators, n1 and n2; the same object twice for the bins themselves
    is_sum : bool
    """
    shape = len(one.start), len(other.start)
    found = np.zeros(shape if is_sum else (len(variance), *shape))
    # Of the bins themselves each pair is looked at once.
    left = np.tri(shape[0], dtype=bool) if one is other else np.ones(shape, dtype=bool)
    pairs = _Pairs(variance, one, other, is_sum, found, left)
    pairs.divide(0, shape[0], 0, shape[1])
    pairs.fill_left()
    if one is other:
        upper = np.triu_indices(shape[0], 1)
        for matrix in found.reshape(-1, *shape):
            matrix[upper] = matrix.T[upper]
    return found


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs of bins whose covariances are filled in.

    Attributes
    ----------
    variance, one, other, is_sum : see `mean_covariances`
    found : float array (m, n1, n2) or (n1, n2), what is filled in
    left : bool array (n1, n2), which pairs are wanted still
    """

    variance: np.ndarray
    one: Bins
    other: Bins
    is_sum: bool
    found: np.ndarray
    left: np.ndarray

    @cached_property
    def touch(self) -> float:
        """How much edges that touch may overlap."""
        return _TOUCH * float(min(self.one.width.min(), self.other.width.min()))

    def divide(self, low: int, high: int, other_low: int, other_high: int) -> None:
        """Fills in pairs that are apart, of bins from low to high with others from other_low to other_high."""
        if min(high - low, other_high - other_low) <= _FEW:
            return
        one, other = self.one, self.other
        if high - low >= other_high - other_low:
            instant = one.start[(low + high) // 2]
        else:
            instant = other.start[(other_low + other_high) // 2]
        until, since = self._around(one, instant, low, high)
        other_until, other_since = self._around(other, instant, other_low, other_high)
        place = slice(since, high), slice(other_low, other_until)
        self.found[..., *place] = self._block(one, place[0], other, place[1], instant)
        self.left[place] = False
        if one is not other:
            place = slice(low, until), slice(other_since, other_high)
            later_first = self._block(other, place[1], one, place[0], instant)
            self.found[..., *place] = np.swapaxes(later_first, -1, -2)
            self.left[place] = False
        if until < high or other_until < other_high:
            self.divide(low, until, other_low, other_until)
        if since > low or other_since > other_low:
            self.divide(since, high, other_since, other_high)

    def _around(self, bins: Bins, instant: float, low: int, high: int) -> tuple[int, int]:
        """The number of the first bin from low to high that does not end before an instant; of the first after it."""
        until = int(np.searchsorted(bins.latest, instant + self.touch, side="right"))
        since = int(np.searchsorted(bins.start, instant - self.touch))
        return min(max(until, low), high), min(max(since, low), high)

    def _block(
        self, later: Bins, part: slice, earlier: Bins, other_part: slice, instant: float
    ) -> np.ndarray:
        """Covariances of parts of bins, an instant being between these."""
        first = self.variance[:, None] * (1 - 1j) * later.decayed(part, later.start[part] - instant)
        second = earlier.decayed(other_part, instant - earlier.stop[other_part])
        if self.is_sum:
            return np.concatenate([first.real, -first.imag]).T @ np.concatenate([second.real, second.imag])
        return np.stack([first.real, -first.imag], axis=2) @ np.stack([second.real, second.imag], axis=1)

    def fill_left(self) -> None:
        """Fills in the pairs that are left, one by one."""
        one, other = self.one, self.other
        row, column = np.nonzero(self.left)
        gap = np.maximum(one.start[row], other.start[column]) - np.minimum(one.stop[row], other.stop[column])
        apart = gap >= -self.touch
        self._fill(row[apart], column[apart], self._of_apart(row[apart], column[apart], gap[apart]))
        self._fill(row[~apart], column[~apart], self._of_overlapping(row[~apart], column[~apart]))

    def _fill(self, row: np.ndarray, column: np.ndarray, covariance: np.ndarray) -> None:
        """Fills in pairs, numbers (p,) of which are given. covariance: float array (m, p), at a variance of 1."""
        parts = self.variance[:, None] * covariance
        self.found[..., row, column] = parts.sum(axis=0) if self.is_sum else parts

    def _of_apart(self, row: np.ndarray, column: np.ndarray, gap: np.ndarray) -> np.ndarray:
        """Covariances (m, p) at a variance of 1, of pairs with a gap (p,) between them."""
        x = self.one.rate[:, None] * np.maximum(gap, 0.0)
        factor = (1 - 1j) * self.one.mean[:, row] * self.other.mean[:, column]
        return np.exp(-x) * (factor.real * np.cos(x) - factor.imag * np.sin(x))

    def _of_overlapping(self, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Covariances (m, p) at a variance of 1, of pairs that overlap."""
        one, other, rate = self.one, self.other, self.one.rate[:, None]
        start, stop = one.start[row], one.stop[row]
        other_start, other_stop = other.start[column], other.stop[column]
        parts = _second_integral(rate * np.abs(stop - other_start))
        parts += _second_integral(rate * np.abs(other_stop - start))
        parts -= _second_integral(rate * np.abs(other_start - start))
        parts -= _second_integral(rate * np.abs(other_stop - stop))
        return parts / (2 * rate**2 * (one.width[row] * other.width[column]))


def _second_integral(x: np.ndarray) -> np.ndarray:
    """s of the module, of x from 0, without cancellation where x is small."""
    found = np.exp(-x) * (np.cos(x) - np.sin(x)) - 1 + 2 * x
    small = x < _SMALL
    near = x[small]
    series = np.zeros(len(near))
    for coefficient in _SERIES:
        series = coefficient + near * series
    found[small] = near**2 * series
    return found
