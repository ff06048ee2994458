"""An axis of a response: its bins, and where a value lies between their centres."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from tevcurve.kernels.interpolation import Places, locate
from tevcurve.records import short_repr

# float32 edges such as 0.1 TeV are not the float64 number that a caller writes.
EDGE_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class ResponseAxis:
    """An axis of a response: low and high edges (n,) in `unit`, and where its values stand (`nodes`).

    Attributes
    ----------
    name : as in the columns `<NAME>_LO` and `<NAME>_HI`
    low, high : edges of the bins, float arrays (n,), in `unit`
    unit : TeV, rad, or "" for a ratio
    logarithmic : whether values stand, and are interpolated, on the scale of the logarithm
    """

    name: str
    low: np.ndarray
    high: np.ndarray
    unit: str
    logarithmic: bool = False

    __repr__ = short_repr

    def __post_init__(self) -> None:
        for array in (self.low, self.high, self.nodes):
            array.setflags(write=False)

    @property
    def nbin(self) -> int:
        """The number of bins."""
        return len(self.low)

    @property
    def edges(self) -> np.ndarray:
        """The edges (n + 1,) in `unit`, for axes whose bins touch."""
        return np.append(self.low, self.high[-1])

    @cached_property
    def nodes(self) -> np.ndarray:
        """The bin centres (n,) in `unit`: sqrt(low * high) of a logarithmic axis, else (low + high) / 2."""
        return np.sqrt(self.low * self.high) if self.logarithmic else 0.5 * (self.low + self.high)

    @cached_property
    def scaled_nodes(self) -> np.ndarray:
        """The nodes as the interpolation sees them: their logarithm on a logarithmic axis."""
        return np.log(self.nodes) if self.logarithmic else self.nodes

    def locate(self, values: ArrayLike) -> Places:
        """Places of values (in `unit`) between the bin centres; `inside` between the axis' outer edges.

        Between an outer edge and the bin centre next to it the value of that centre is held. Of offsets below the first
        one this is the line to its mirror image on the other side of the axis, where a field that is symmetric has the
        same; the line through the first two centres would have a kink on the axis.

        values: in `unit`, of any shape.
        """
        low, high = self.low[0], self.high[-1]
        values = np.asarray(values, dtype=float)
        inside = (values >= low - EDGE_TOLERANCE * abs(low)) & (values <= high + EDGE_TOLERANCE * abs(high))
        if self.logarithmic:
            values = np.log(np.maximum(values, np.finfo(float).tiny))
        return replace(locate(self.scaled_nodes, values), inside=inside)
