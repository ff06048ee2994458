"""Covariances of averages over bins from a table of the kernel's second integral: many lags of many bins at once.

The covariance of the means over two bins is a second difference of the even second integral F of the kernel at the
distances between their edges. F is smooth but at 0, so that a few hundred nodes with F, its slope and its curvature,
joined by polynomials of the fifth degree, give it everywhere: a hundredth of the work of the sum itself.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tevcurve.kernels.damped_oscillators import Oscillators

# Steps of the nodes: this part of the narrowest bin and of the shortest period; further out this share of the
# distance.
_OF_BIN, _OF_PERIOD, _SHARE = 0.25, 0.05, 0.02


@dataclass(frozen=True, eq=False)
class AveragedKernel:
    """The second integral of a kernel at nodes.

    Attributes
    ----------
    node : float array (m,), distances, ascending from 0
    second, first, own : float arrays (m,), second integral, first integral and kernel there
    """

    node: np.ndarray
    second: np.ndarray
    first: np.ndarray
    own: np.ndarray

    @classmethod
    def of(cls, oscillators: Oscillators, narrowest: float, reach: float) -> "AveragedKernel":
        """That of a sum of oscillators.

        Parameters
        ----------
        oscillators : the kernel
        narrowest : float, above 0, width of the narrowest bin
        reach : float, largest distance between edges that is asked for
        """
        step = min(_OF_BIN * narrowest, _OF_PERIOD / float(oscillators.frequency[-1]))
        near = step * np.arange(int(1 / _SHARE) + 1)
        n_far = max(int(np.ceil(np.log(max(reach / near[-1], 1.0)) / np.log1p(_SHARE))), 0) + 1
        node = np.append(near, near[-1] * (1 + _SHARE) ** np.arange(1, n_far + 1))
        return cls(node, *oscillators.integrals(node))

    def averaged(
        self, middle: np.ndarray, width: np.ndarray, others: tuple[np.ndarray, np.ndarray] | None = None
    ) -> np.ndarray:
        """Covariance (n, k) of the means over bins with those over other bins, as `Oscillators.averaged`.

        Parameters
        ----------
        middle, width : float arrays (n,), of the bins; widths above 0
        others : the same of the k other bins, each (k,); default: the bins themselves
        """
        second, other_width = (middle, width) if others is None else others
        lag = np.abs(middle[:, None] - second)
        half, step = 0.5 * (width[:, None] + other_width), 0.5 * (width[:, None] - other_width)
        if np.ptp(width) == 0 and np.ptp(other_width) == 0 and width[0] == other_width[0]:
            # Bins of one width: both inner distances are the lag itself.
            parts = self._at(lag + half) - 2 * self._at(lag) + self._at(np.abs(lag - half))
        else:
            parts = self._at(lag + half) - self._at(np.abs(lag + step))
            parts += self._at(np.abs(lag - half)) - self._at(np.abs(lag - step))
        return parts / (width[:, None] * other_width)

    @cached_property
    def _coefficients(self) -> np.ndarray:
        """Of the polynomial of each step in its own fraction t, float array (6, m - 1).

        f + t*(g + t*(k/2 + t*(a + t*(b + t*c)))).
        """
        step = np.diff(self.node)
        rise = np.diff(self.second) - step * self.first[:-1] - 0.5 * step**2 * self.own[:-1]
        turn = step * np.diff(self.first) - step**2 * self.own[:-1]
        bend = step**2 * np.diff(self.own)
        return np.stack(
            [
                self.second[:-1],
                step * self.first[:-1],
                0.5 * step**2 * self.own[:-1],
                10 * rise - 4 * turn + 0.5 * bend,
                -15 * rise + 7 * turn - bend,
                6 * rise - 3 * turn + 0.5 * bend,
            ]
        )

    def _at(self, distance: np.ndarray) -> np.ndarray:
        """The second integral at distances, float array of any shape."""
        left = np.clip(np.searchsorted(self.node, distance, side="right") - 1, 0, len(self.node) - 2)
        t = (distance - self.node[left]) / (self.node[left + 1] - self.node[left])
        table = self._coefficients
        found = table[5][left]
        for row in table[4::-1]:
            found = found * t + row[left]
        return found
