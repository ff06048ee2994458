"""Linear interpolation on regular grids, in numpy.

The places between the nodes (`locate`) are found once and used for any number of tables. `scipy.interpolate` would
search again at each call, takes about a millisecond to set up, and is outside what the kernels may import.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False)
class Places:
    """Where values lie on the nodes of one axis: `(1 - weight) * table[lower] + weight * table[upper]`.

    `inside` is False for values beyond the axis' edges; there the weights are those of the nearest node.
    """

    lower: np.ndarray
    upper: np.ndarray
    weight: np.ndarray
    inside: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the values that were located."""
        return self.weight.shape


def locate(
    nodes: np.ndarray,
    values: ArrayLike,
    low: float = -np.inf,
    high: float = np.inf,
) -> Places:
    """Places of values on increasing nodes (n,): linear between the nodes, the nearest node outside of them.

    `low` and `high` are the edges beyond which a value is not `inside`; NaN is never inside.

    Parameters
    ----------
    nodes : float array (n,), increasing
    values : float array of any shape, in the unit of the nodes
    low, high : float, the edges, in the same unit
    """
    values = np.asarray(values, dtype=float)
    last = len(nodes) - 1
    inside = (values >= low) & (values <= high)
    if last == 0:
        zero = np.zeros(values.shape, dtype=np.intp)
        return Places(zero, zero, np.zeros(values.shape), inside)
    # `np.clip` does the same, and takes longer than all the rest of few values.
    lower = np.minimum(np.maximum(np.searchsorted(nodes, values, side="right") - 1, 0), last - 1)
    start = nodes[lower]
    weight = np.minimum(np.maximum((values - start) / (nodes[lower + 1] - start), 0.0), 1.0)
    nan = np.isnan(weight)
    return Places(lower, lower + 1, np.where(nan, 0.0, weight) if nan.any() else np.asarray(weight), inside)


def interpolate_axis(table: np.ndarray, places: Places, axis: int = 0) -> np.ndarray:
    """Table with one axis replaced by the shape of the places, linear along it; `inside` is left to the caller.

    Parameters
    ----------
    table : float array
    places : `Places` on the nodes of the axis
    axis : int, number of the axis
    """
    shape = [1] * table.ndim
    shape[axis : axis + 1] = places.shape
    weight = places.weight.reshape(shape)
    table = np.asarray(table, dtype=float)
    low, high = np.take(table, places.lower, axis), np.take(table, places.upper, axis)
    # In place: a table makes large arrays, and new ones take longer than their numbers.
    low *= 1 - weight
    high *= weight
    low += high
    return low


def interpolate_points(table: np.ndarray, *places: Places) -> np.ndarray:
    """Table at points, multilinear in its first axes; the places broadcast, further axes of the table are kept.

    Parameters
    ----------
    table : float array, an axis for each of the places, then any others
    places : `Places`, one for each of the first axes
    """
    first, rest = places[0], places[1:]
    if not rest:
        return interpolate_axis(table, first)
    table = np.ascontiguousarray(table, dtype=float)
    sizes, kept = table.shape[: len(places)], table.shape[len(places) :]
    # All first axes as one, of which whole rows are taken.
    rows = table.reshape(-1, *kept)
    corners: Any = None
    for corner in range(1 << len(places)):
        number: Any = 0
        weight: Any = 1.0
        for bit, (size, place) in enumerate(zip(sizes, places, strict=True)):
            upper = corner >> bit & 1
            number = number * size + (place.upper if upper else place.lower)
            weight = weight * (place.weight if upper else 1 - place.weight)
        part = np.take(rows, number, axis=0)
        part *= np.reshape(weight, np.shape(weight) + (1,) * len(kept))
        if corners is None:
            corners = part
        else:
            corners += part
    return corners


def interpolate_rows(table: np.ndarray, places: Places) -> np.ndarray:
    """Values (...) of rows (..., n), each at its own place along the last axis; the places have the shape (...).

    Parameters
    ----------
    table : float array (..., n)
    places : `Places` (...), on the nodes of the last axis
    """
    lower = np.take_along_axis(table, places.lower[..., None], axis=-1)[..., 0]
    upper = np.take_along_axis(table, places.upper[..., None], axis=-1)[..., 0]
    return lower * (1 - places.weight) + upper * places.weight


def all_inside(*places: Places) -> np.ndarray:
    """Bool array, True where a point lies inside the edges of every axis; the places broadcast.

    places: `Places`, one for each axis.
    """
    result: Any = True
    for place in places:
        result = result & place.inside
    return result
