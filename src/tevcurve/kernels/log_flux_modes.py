"""Best log fluxes of many light curves at once, with one Gaussian process behind all of them.

Scoring at first instead of Newton's method: the curvatures of the rows' log likelihoods are those that are expected,
the same for all light curves, so that there is one matrix to invert (Fisher's scoring). Those few light curves that are
far from what is expected end by Newton's method, with curvatures of their own, as in `log_normal_process`.
"""

from collections.abc import Callable

import numpy as np

# Steps of scoring, and in all.
SCORING, MAX_STEPS = 20, 60
# What a full step may still gain, in log likelihood, and what is lost by rounding.
_GAIN, _ROUNDING = 1e-5, 1e-9
# No log flux moves further in a step.
_LONGEST = 3.0
# Steps are so much shorter after one that lost, and longer after one that gained.
_SHORTER, _LONGER = 0.5, 1.3

Rows = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def modes_of_many(
    covariance: np.ndarray, information: np.ndarray, rows: Rows, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """(log fluxes, slopes of the log likelihoods there), float arrays (k, n), of k light curves of n rows.

    Parameters
    ----------
    covariance : float array (n, n), of the log fluxes
    information : float array (n,), above 0, of the log fluxes
    rows : function of log fluxes (k, n) to (log likelihoods, their slopes, minus their second derivatives), each (k, n)
    k : number of light curves
    """
    n = len(covariance)
    toward = np.linalg.inv(np.eye(n) + information[:, None] * covariance).T
    mode, pull, share = np.zeros((k, n)), np.zeros((k, n)), np.ones(k)
    log_likelihood, slope, bend = rows(mode)
    worth, going = log_likelihood.sum(axis=1), np.ones(k, dtype=bool)
    for number in range(MAX_STEPS):
        if number < SCORING:
            step = (information * mode + slope) @ toward - pull
        else:
            share[going] = 1.0 if number == SCORING else share[going]
            step = _newton(covariance, np.maximum(bend, 0.0), mode, slope, pull, going)
        moved = step @ covariance
        gain = np.einsum("kn,kn->k", slope - pull, moved)
        going = gain >= _GAIN
        if not going.any():
            break
        longest = np.abs(moved).max(axis=1)
        part = np.minimum(share, _LONGEST / np.maximum(longest, _LONGEST))[:, None]
        tried = mode + part * moved, pull + part * step
        values = rows(tried[0])
        new = values[0].sum(axis=1) - 0.5 * np.einsum("kn,kn->k", *tried)
        good = new >= worth - _ROUNDING
        worth = np.where(good, new, worth)
        share = np.where(good, np.minimum(_LONGER * share, 1.0), _SHORTER * share)
        mode, pull, slope, bend = (
            np.where(good[:, None], *each)
            for each in zip((*tried, *values[1:]), (mode, pull, slope, bend), strict=True)
        )
    return mode, slope


def _newton(
    covariance: np.ndarray,
    bend: np.ndarray,
    mode: np.ndarray,
    slope: np.ndarray,
    pull: np.ndarray,
    going: np.ndarray,
) -> np.ndarray:
    """Steps (k, n) of the pulls of light curves that are not at their modes; 0 for the others."""
    step, unit = np.zeros_like(pull), np.eye(len(covariance))
    for k in np.flatnonzero(going):
        wanted = np.linalg.solve(unit + bend[k][:, None] * covariance, bend[k] * mode[k] + slope[k])
        step[k] = wanted - pull[k]
    return step
