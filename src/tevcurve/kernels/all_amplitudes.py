"""All amplitudes of a likelihood of amplitudes at their best together, in all rows at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tevcurve.kernels.amplitudes import AmplitudeLikelihood, Start
from tevcurve.kernels.newton_descent import BEFORE_LAST_STEP, NewtonDescent, dot, solve, times
from tevcurve.kernels.one_amplitude import Followed

MAX_STEPS = 200
# What sources together have of all counts where the search begins: most are of backgrounds, or it ends soon anyway.
FIRST_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class BestAmplitudes:
    """The minimum of each row over all of its amplitudes, none of which is below zero.

    Attributes
    ----------
    amplitudes : float array (n, n_amplitudes)
    stat : float array (n,)
    gradient : float array (n, n_amplitudes) of half the statistic: above zero for those that are `held`, else 0
    hessian : float array (n, n_amplitudes, n_amplitudes) of half the statistic: the inverse of the covariance of those
        that are not `held`
    held : bool array (n, n_amplitudes), whether an amplitude is at zero
    converged : bool array (n,)
    end : where the likelihood's own search ended
    """

    amplitudes: np.ndarray
    stat: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray
    held: np.ndarray
    converged: np.ndarray
    end: Start

    def first(self) -> Followed:
        """Where a search along the first amplitude begins."""
        rest, edge = self.hessian[:, 1:, 1:], self.hessian[:, 0, 1:]
        return Followed(self.amplitudes, -solve(rest, edge, self.held[:, 1:]), self.end)

    def take(self, rows: np.ndarray, likelihood: AmplitudeLikelihood) -> "BestAmplitudes":
        """Those of some rows of the likelihood that these are of.

        Parameters
        ----------
        rows : sorted int array, the rows that are kept
        likelihood : the likelihood of all rows
        """
        names = ("amplitudes", "stat", "gradient", "hessian", "held", "converged")
        _, end = likelihood.take(rows, self.end)
        return BestAmplitudes(**{name: getattr(self, name)[rows] for name in names}, end=end)

    def with_columns(self, columns: np.ndarray) -> "BestAmplitudes":
        """The same of the likelihood `with_columns` (`CashLikelihood`). columns: int array, those that are kept."""
        return BestAmplitudes(
            self.amplitudes[:, columns],
            self.stat,
            self.gradient[:, columns],
            self.hessian[:, columns][:, :, columns],
            self.held[:, columns],
            self.converged,
            self.end.with_columns(columns),
        )


def best_amplitudes(likelihood: AmplitudeLikelihood, start: Start = None) -> BestAmplitudes:
    """The `BestAmplitudes` of a likelihood of amplitudes (see `tevcurve.kernels.one_amplitude`).

    Parameters
    ----------
    likelihood : of n rows, with `evaluate` and `take`
    start : where the likelihood's own search begins
    """
    seen = likelihood.total > 0
    scale = (likelihood.counts[:, None] + 1) / np.where(seen, likelihood.total, 1.0)
    first = FIRST_SHARE * scale / np.maximum(seen.sum(axis=1), 1)[:, None]
    descent = NewtonDescent(first, scale, BEFORE_LAST_STEP)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values: Any = None
        for _ in range(MAX_STEPS):
            values, start = likelihood.evaluate(descent.point, start)
            _, gradient, hessian = values
            descent.advance(gradient, hessian)
            if not descent.going.any():
                break
        half, gradient, hessian = values
        # The last step is too small to be worth another evaluation.
        step = solve(hessian, gradient, descent.held)
        amplitudes, stat = np.maximum(descent.point - step, 0.0), 2 * half - dot(gradient, step)
        slope = np.where(descent.held, gradient - times(hessian, step), 0.0)
    converged = ~descent.going & np.isfinite(stat)
    return BestAmplitudes(amplitudes, stat, slope, hessian, descent.held, converged, start)
