"""All amplitudes of a likelihood of amplitudes at their best together, in all rows at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tevcurve.kernels.amplitudes import AmplitudeLikelihood, Start
from tevcurve.kernels.newton_descent import NewtonDescent, dot, solve

MAX_STEPS = 200


@dataclass(frozen=True, eq=False)
class BestAmplitudes:
    """The minimum of each row over all of its amplitudes, none of which is below zero.

    Attributes
    ----------
    amplitudes : float array (n, n_amplitudes)
    stat : float array (n,)
    hessian : float array (n, n_amplitudes, n_amplitudes) of half the statistic: the inverse of the covariance of those
        that are not `held`
    held : bool array (n, n_amplitudes), whether an amplitude is at zero
    converged : bool array (n,)
    end : where the likelihood's own search ended
    """

    amplitudes: np.ndarray
    stat: np.ndarray
    hessian: np.ndarray
    held: np.ndarray
    converged: np.ndarray
    end: Start


def best_amplitudes(likelihood: AmplitudeLikelihood, start: Start = None) -> BestAmplitudes:
    """The `BestAmplitudes` of a likelihood of amplitudes (see `tevcurve.kernels.one_amplitude`).

    Parameters
    ----------
    likelihood : of n rows, with `evaluate` and `take`
    start : where the likelihood's own search begins
    """
    scale = (likelihood.counts[:, None] + 1) / np.where(likelihood.total > 0, likelihood.total, 1.0)
    descent = NewtonDescent(scale / likelihood.n_amplitudes, scale)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _ in range(MAX_STEPS):
            (_, gradient, hessian), start = likelihood.evaluate(descent.point, start, value=False)
            descent.advance(gradient, hessian)
            if not descent.going.any():
                break
        half: Any
        (half, gradient, hessian), end = likelihood.evaluate(descent.point, start)
    # The last step is too small to be worth another evaluation.
    step = solve(hessian, gradient, descent.held)
    amplitudes, stat = np.maximum(descent.point - step, 0.0), 2 * half - dot(gradient, step)
    return BestAmplitudes(amplitudes, stat, hessian, descent.held, ~descent.going & np.isfinite(stat), end)
