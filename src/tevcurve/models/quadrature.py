"""Integrals of spectra over energy bins, by Gauss-Legendre panels in the logarithm of the energy."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np

NODES, WEIGHTS = np.polynomial.legendre.leggauss(12)
PANEL_WIDTH = 0.5
TOLERANCE = 1e-12
MAX_HALVINGS = 8


def integrate_over_energy(
    function: Callable[[np.ndarray], np.ndarray],
    energy_min: np.ndarray,
    energy_max: np.ndarray,
    breaks: Sequence[float | np.ndarray] = (),
) -> np.ndarray:
    """Integral of function(energy) dE from energy_min to energy_max, float64, good to 1e-10 or better.

    The panels are halved until each integral stands still; one that does is left alone. How many panels it starts with
    is said by the widest bin that is asked for, so that others beside it change no more than its rounding.

    Parameters
    ----------
    function : takes energies with one axis more than the bounds (TeV), returns values of the same shape.
    energy_min, energy_max : arrays that broadcast, TeV, finite and > 0.
    breaks : energies (floats or arrays that broadcast, TeV) at which the function has a kink or a step.

    Warns with a RuntimeWarning when an integral does not come to stand (a break that was not named, a line).
    """
    low, high = np.log(energy_min), np.log(energy_max)
    ends = np.broadcast_arrays(low, *(np.clip(np.log(energy), low, high) for energy in breaks), high)
    points = np.sort(np.stack(ends, axis=-1), axis=-1)
    panels = max(1, int(np.ceil(np.max(high - low, initial=0) / PANEL_WIDTH)))
    result = _panel_sum(function, points, panels)
    settled = np.zeros(result.shape, dtype=bool)
    for _ in range(MAX_HALVINGS):
        panels *= 2
        finer = _panel_sum(function, points, panels)
        change = np.abs(finer - result)
        result = np.where(settled, result, finer)
        settled |= change <= TOLERANCE * np.abs(finer) + np.finfo(float).tiny
        if np.all(settled):
            return result
    doubt = np.max(change[~settled] / np.abs(result[~settled]))
    warnings.warn(
        f"The integral over energy is only good to {doubt:.1g}: "
        "the spectrum has a break or a line whose energy is not known to the model.",
        RuntimeWarning,
        stacklevel=2,
    )
    return result


def integrate_between(
    function: Callable[[np.ndarray], np.ndarray],
    energy_min: np.ndarray,
    energy_max: np.ndarray,
    nodes: np.ndarray,
    breaks: Sequence[float | np.ndarray] = (),
) -> np.ndarray:
    """As `integrate_over_energy`, of a function that is smooth between nodes; each piece is integrated once.

    Parameters
    ----------
    function, breaks : as there; values that depend on parameters of shape (m, 1) are wanted for bounds (n,) only
    energy_min, energy_max : arrays that broadcast, TeV, finite and > 0
    nodes : float array (n_nodes,), TeV, ascending
    """
    low, high = np.broadcast_arrays(np.asarray(energy_min, dtype=float), np.asarray(energy_max, dtype=float))
    shape, low, high = low.shape, low.ravel(), high.ravel()
    if not len(low):
        return np.zeros(shape)
    inside = nodes[(nodes > low.min()) & (nodes < high.max())]
    points = np.unique(np.concatenate([low, high, inside]))
    pieces = integrate_over_energy(function, points[:-1], points[1:], breaks)
    # One more, so that the last bin may end where the points do.
    pieces = np.concatenate([pieces, np.zeros((*pieces.shape[:-1], 1))], axis=-1)
    first, last = np.searchsorted(points, low), np.searchsorted(points, high)
    sums = np.add.reduceat(pieces, np.column_stack([first, last]).ravel(), axis=-1)[..., ::2]
    # A sum over nothing would be the next piece.
    sums = np.where(first == last, 0.0, sums)
    return sums.reshape(*sums.shape[:-1], *shape)


def _panel_sum(function: Callable[[np.ndarray], np.ndarray], points: np.ndarray, panels: int) -> np.ndarray:
    """The integral with each segment between neighbouring points cut into equal panels in log energy."""
    fractions = np.arange(panels)[:, None] + 0.5 * (NODES + 1)
    width = np.diff(points, axis=-1)[..., None, None] / panels
    log_energy = points[..., :-1, None, None] + width * fractions
    shape = (*points.shape[:-1], -1)
    energy = np.exp(log_energy).reshape(shape)
    weight = (0.5 * width * WEIGHTS + np.zeros_like(log_energy)).reshape(shape)
    return np.sum(function(energy) * energy * weight, axis=-1)
