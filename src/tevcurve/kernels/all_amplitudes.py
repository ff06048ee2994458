"""All amplitudes of a likelihood of amplitudes at their best together, in all rows at once."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tevcurve.kernels.amplitudes import AmplitudeLikelihood, Start
from tevcurve.kernels.newton_descent import BEFORE_LAST_STEP, NewtonDescent, solve, times
from tevcurve.kernels.one_amplitude import Followed

MAX_STEPS = 200
# What sources together have of all counts where the search begins, and steps that first share them out.
FIRST_SHARE, SHARING_STEPS = 0.1, 3
# What an amplitude has at least where Newton's steps begin, of what it had at first.
LEAST = 1e-3


class SeveralAmplitudes(AmplitudeLikelihood, Protocol):
    """A likelihood of amplitudes that has its gradient alone, too, which costs less than its Hessian."""

    def slopes(self, amplitudes: np.ndarray, start: Start = None) -> tuple[np.ndarray, Start]:
        """(the gradient of half the statistic (n, n_amplitudes), where the search ended).

        Parameters
        ----------
        amplitudes : float array (n, n_amplitudes)
        start : where the search begins; None: `start()`
        """


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


def best_amplitudes(likelihood: SeveralAmplitudes, start: Start = None) -> BestAmplitudes:
    """The `BestAmplitudes` of a likelihood of amplitudes (see `tevcurve.kernels.one_amplitude`).

    A few steps give each source its share of the events (Richardson 1972, JOSA 62, 55; Lucy 1974, AJ 79, 745): they
    never overshoot, and cost no Hessian. From there on they are Newton's.

    Parameters
    ----------
    likelihood : of n rows
    start : where the likelihood's own search begins
    """
    seen = likelihood.total > 0
    scale = (likelihood.counts[:, None] + 1) / np.where(seen, likelihood.total, 1.0)
    first = FIRST_SHARE * scale / np.maximum(seen.sum(axis=1), 1)[:, None]
    shared, start = _shared_out(likelihood, first, start)
    descent = NewtonDescent(shared, scale, BEFORE_LAST_STEP)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values: Any = None
        for _ in range(MAX_STEPS):
            values, start = likelihood.evaluate(descent.point, start)
            _, gradient, hessian = values
            descent.advance(gradient, hessian)
            if not descent.going.any():
                break
        half, gradient, hessian = values
        stat = 2 * (half + descent.gain(gradient, hessian))
        slope = np.where(descent.held, gradient + times(hessian, descent.last), 0.0)
    converged = ~descent.going & np.isfinite(stat)
    return BestAmplitudes(descent.end(), stat, slope, hessian, descent.held, converged, start)


def _shared_out(
    likelihood: SeveralAmplitudes, amplitudes: np.ndarray, start: Start
) -> tuple[np.ndarray, Start]:
    """(amplitudes after the steps that share out the events, where the likelihood's own search ended)."""
    seen, least = likelihood.total > 0, LEAST * amplitudes
    for _ in range(SHARING_STEPS):
        slope, start = likelihood.slopes(amplitudes, start)
        share = np.divide(likelihood.total - slope, likelihood.total, out=np.ones_like(slope), where=seen)
        # Where an event is next to impossible its share may be beyond all numbers.
        amplitudes = np.where(np.isfinite(share), np.maximum(amplitudes * share, least), amplitudes)
    return amplitudes, start
