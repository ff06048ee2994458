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

from typing import Any

import numpy as np

from tevcurve.kernels.amplitudes import AmplitudeLikelihood, Settled, Start
from tevcurve.kernels.newton_descent import NewtonDescent, dot, solve

MAX_STEPS = 200
# What had reached its bound must be able to come back.
LEAST = 1e-3


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
        return self.likelihood.start()

    def take(self, rows: np.ndarray, start: Start = None) -> "tuple[OneAmplitude, Start]":
        """(the profile of some rows (sorted int array), the start cut with them).

        Parameters
        ----------
        rows : sorted int array, the rows that are kept
        start : where a search began, of all rows; None: nowhere yet
        """
        likelihood, start = self.likelihood.take(rows, start)
        return OneAmplitude(likelihood), start

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
            descent, start = self._descend(a, start)
            (half, gradient, hessian), end = self.likelihood.evaluate(start.amplitudes, start)
            rest, edge = hessian[:, 1:, 1:], hessian[:, 0, 1:]
            step = solve(rest, gradient[:, 1:], descent.held)
            half = half - 0.5 * dot(gradient[:, 1:], step)
            half[descent.going] = np.nan
            slope = gradient[:, 0] - dot(edge, step)
            curvature = hessian[:, 0, 0] - dot(edge, solve(rest, edge, descent.held))
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
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            _, start = self._descend(a, start)
        return self.likelihood.settled(start.amplitudes, start)

    def effective_counts(self, a: np.ndarray) -> np.ndarray:
        """Counts (n,) that the first amplitude rests on, at its values a (n,). a: float array (n,)."""
        return self.likelihood.effective_counts(self.best(a))

    def best(self, a: np.ndarray) -> np.ndarray:
        """All amplitudes (n, n_amplitudes) at their best for first ones a (n,). a: float array (n,)."""
        if self.likelihood.n_amplitudes == 1:
            return a[:, None]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return self._descend(a, None)[1].amplitudes

    def lower_bound(self) -> np.ndarray:
        """The lowest values (n,) of the first amplitude."""
        return self.likelihood.lower_bound()

    def _descend(self, a: np.ndarray, start: Start) -> tuple[NewtonDescent, Start]:
        """(`NewtonDescent` at its end, the likelihood's start at the amplitudes that it found)."""
        likelihood, start = self.likelihood, self.start() if start is None else start
        further = np.where(start.amplitudes[:, 1:] > 0, start.amplitudes[:, 1:], LEAST)
        further = likelihood.possible(np.column_stack([a, further]))[:, 1:]
        total = likelihood.total[:, 1:]
        descent = NewtonDescent(further, (self.counts[:, None] + 1) / np.where(total > 0, total, 1.0))
        for _ in range(MAX_STEPS):
            amplitudes = np.column_stack([a, descent.point])
            (_, gradient, hessian), start = likelihood.evaluate(amplitudes, start, value=False)
            descent.advance(gradient[:, 1:], hessian[:, 1:, 1:])
            if not descent.going.any():
                break
        return descent, start
