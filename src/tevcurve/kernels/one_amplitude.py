"""One amplitude of a likelihood of amplitudes, with the others at their best.

A likelihood of amplitudes is an object in which all else (background norms) is at its best already. It has

- ``n`` rows, ``n_amplitudes`` in each, ``counts`` (n,) and ``total`` (n, n_amplitudes) counts expected at amplitude 1;
- ``evaluate(amplitudes (n, n_amplitudes), start, value)`` that returns ((half the statistic (n,), its gradient and
  Hessian), end). Where it begins to search is a frozen record, and where it ended another; None is the beginning,
  ``start()``. Without `value` it may leave out the statistic;
- ``take(rows, start)`` that returns (the likelihood of some rows, the start cut with them): what a row gives does not
  depend on who else is in the batch;
- ``lower_bound()`` (n,), the lowest values of the first amplitude at which something is still predicted everywhere.

`~tevcurve.kernels.cash_profile.CashLikelihood` is one, and `~tevcurve.kernels.onoff_profile.WstatLikelihood`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tevcurve.kernels.amplitudes import AmplitudeLikelihood, Settled, Start
from tevcurve.kernels.newton_descent import BEFORE_LAST_STEP, NewtonDescent, dot, solve

MAX_STEPS = 200


@dataclass(frozen=True, eq=False)
class Followed:
    """Where a search for the other amplitudes ended, and how they follow the first one from there.

    Attributes
    ----------
    amplitudes : float array (n, n_amplitudes)
    follow : float array (n, n_amplitudes - 1), derivatives of the others in the first one
    inner : where the likelihood's own search ended
    """

    amplitudes: np.ndarray
    follow: np.ndarray
    inner: Start

    def predicted(self, a: np.ndarray) -> np.ndarray:
        """The other amplitudes (n, n_amplitudes - 1), not below zero, at first ones a. a: float array (n,)."""
        step = a - self.amplitudes[:, 0]
        return np.maximum(self.amplitudes[:, 1:] + self.follow * step[:, None], 0.0)


class OneAmplitude:
    """The statistic of each row as a function of its first amplitude; what `tevcurve.fit.minimize` calls a profile.

    The others are at their best non-negative values.

    likelihood : a likelihood of amplitudes, see the module
    """

    def __init__(self, likelihood: AmplitudeLikelihood) -> None:
        # Of any kind; some have more than the protocol, such as all else at its best.
        self.likelihood: Any = likelihood
        self.n, self.counts = likelihood.n, likelihood.counts
        self.total = likelihood.total[:, 0]

    def start(self) -> Start:
        """Where a search begins that knows nothing."""
        inner = self.likelihood.start()
        if self.likelihood.n_amplitudes == 1:
            return inner
        return Followed(inner.amplitudes, np.zeros((self.n, self.likelihood.n_amplitudes - 1)), inner)

    def take(self, rows: np.ndarray, start: Start = None) -> "tuple[OneAmplitude, Start]":
        """(the profile of some rows (sorted int array), the start cut with them).

        Parameters
        ----------
        rows : sorted int array, the rows that are kept
        start : where a search began, of all rows; None: nowhere yet
        """
        if not isinstance(start, Followed):
            likelihood, start = self.likelihood.take(rows, start)
            return OneAmplitude(likelihood), start
        likelihood, inner = self.likelihood.take(rows, start.inner)
        return OneAmplitude(likelihood), Followed(start.amplitudes[rows], start.follow[rows], inner)

    def evaluate(
        self, a: np.ndarray, start: Start = None
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], Start]:
        """((stat, slope, curvature) at first amplitudes a, each of shape (n,), where the search ended).

        The statistic is infinite where an event is predicted impossible, and NaN where the search did not end.

        Parameters
        ----------
        a : float array (n,), first amplitudes
        start : where the search for all else begins; None: nowhere yet
        """
        if self.likelihood.n_amplitudes == 1:
            (half, gradient, hessian), end = self.likelihood.evaluate(a[:, None], start)
            return (2 * half, 2 * gradient[:, 0], 2 * hessian[:, 0, 0]), end
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            descent, (half, gradient, hessian), inner = self._descend(a, start)
            rest, edge = hessian[:, 1:, 1:], hessian[:, 0, 1:]
            half = half + descent.gain(gradient[:, 1:], rest)
            half[descent.going] = np.nan
            follow = -solve(rest, edge, descent.held)
            slope = gradient[:, 0] + dot(edge, descent.last)
            curvature = hessian[:, 0, 0] + dot(edge, follow)
        end = Followed(np.column_stack([a, descent.end()]), follow, inner)
        return (2 * half, 2 * slope, 2 * curvature), end

    def settled(self, a: np.ndarray, start: Start = None) -> tuple[Settled, Start]:
        """(everything else at its best for first amplitudes a (n,), see the likelihood's own `settled`; end).

        Parameters
        ----------
        a : float array (n,), first amplitudes
        start : where the search for all else begins; None: nowhere yet
        """
        if self.likelihood.n_amplitudes == 1:
            return self.likelihood.settled(a[:, None], start)
        amplitudes, inner = self._best(a, start)
        settled, inner = self.likelihood.settled(amplitudes, inner)
        return settled, Followed(amplitudes, np.zeros((self.n, amplitudes.shape[1] - 1)), inner)

    def effective_counts(self, a: np.ndarray) -> np.ndarray:
        """Counts (n,) that the first amplitude rests on, at its values a (n,). a: float array (n,)."""
        return self.likelihood.effective_counts(self.best(a))

    def best(self, a: np.ndarray) -> np.ndarray:
        """All amplitudes (n, n_amplitudes) at their best for first ones a (n,). a: float array (n,)."""
        if self.likelihood.n_amplitudes == 1:
            return a[:, None]
        return self._best(a, None)[0]

    def lower_bound(self) -> np.ndarray:
        """The lowest values (n,) of the first amplitude."""
        return self.likelihood.lower_bound()

    def _best(self, a: np.ndarray, start: Start) -> tuple[np.ndarray, Start]:
        """(all amplitudes (n, n_amplitudes) at their best, where the likelihood's own search ended)."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            descent, _, inner = self._descend(a, start)
        return np.column_stack([a, descent.end()]), inner

    def _descend(self, a: np.ndarray, start: Start) -> tuple[NewtonDescent, Any, Start]:
        """(`NewtonDescent` at its end, the likelihood's derivatives there, where the likelihood's own search ended)."""
        likelihood, start = self.likelihood, self.start() if start is None else start
        further = likelihood.possible(np.column_stack([a, start.predicted(a)]))[:, 1:]
        total, inner, values = likelihood.total[:, 1:], start.inner, None
        descent = NewtonDescent(
            further, (self.counts[:, None] + 1) / np.where(total > 0, total, 1.0), BEFORE_LAST_STEP
        )
        for _ in range(MAX_STEPS):
            values, inner = likelihood.evaluate(np.column_stack([a, descent.point]), inner)
            _, gradient, hessian = values
            descent.advance(gradient[:, 1:], hessian[:, 1:, 1:])
            if not descent.going.any():
                break
        return descent, values, inner
