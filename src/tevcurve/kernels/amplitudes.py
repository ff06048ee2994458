"""What a likelihood of amplitudes is, and a profile of one of them, as others ask for them."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

# Where a search begins and where it ended: a frozen record of each likelihood's own kind, None for the beginning.
Start = Any
# Half the statistic (n,), None where it was not asked for; its gradient (n, n_amplitudes) and its Hessian.
Derivatives = tuple[np.ndarray | None, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Settled:
    """Everything but the flux factors at its best for given ones.

    Attributes
    ----------
    stat : float array (n,)
    norms, response : float arrays (n_blocks,), background norms and their derivatives in the flux factor
    amplitudes : float array (n, n_amplitudes), the flux factors and the further amplitudes
    """

    stat: np.ndarray
    norms: np.ndarray
    response: np.ndarray
    amplitudes: np.ndarray


class AmplitudeLikelihood(Protocol):
    """Rows as a function of their amplitudes, all else at its best; see `tevcurve.kernels.one_amplitude`.

    Attributes
    ----------
    n, n_amplitudes : int, rows and amplitudes in each
    counts : float array (n,)
    total : float array (n, n_amplitudes), counts expected at amplitude 1
    """

    n: int
    n_amplitudes: int
    counts: np.ndarray
    total: np.ndarray

    def start(self) -> Start:
        """Where a search begins that knows nothing."""

    def take(self, bins: np.ndarray, start: Start = None) -> tuple[Any, Start]:
        """(the likelihood of some rows, the start cut with them).

        Parameters
        ----------
        bins : sorted int array, the rows that are kept
        start : where a search began, of all rows; None: nowhere yet
        """

    def evaluate(
        self, amplitudes: np.ndarray, start: Start = None, value: bool = True
    ) -> tuple[Derivatives, Start]:
        """(half the statistic with its derivatives, where the search ended).

        Parameters
        ----------
        amplitudes : float array (n, n_amplitudes)
        start : where the search begins; None: `start()`
        value : whether the statistic itself is wanted
        """

    def lower_bound(self) -> np.ndarray:
        """Lowest values (n,) of the first amplitude at which something is still predicted everywhere."""

    def effective_counts(self, amplitudes: np.ndarray) -> np.ndarray:
        """Counts (n,) that the first amplitude of each row rests on. amplitudes: float array (n, n_amplitudes)."""


class Profile(Protocol):
    """The statistic of each row as a function of one flux factor, all else at its best; see `tevcurve.fit.minimize`.

    Attributes
    ----------
    n : int, rows
    counts, total : float arrays (n,), counts, and those expected of the source at a factor of 1
    """

    n: int
    counts: np.ndarray
    total: np.ndarray

    def take(self, rows: np.ndarray, start: Start = None, /) -> tuple[Any, Start]:
        """(the profile of some rows, the start cut with them).

        Parameters
        ----------
        rows : sorted int array, the rows that are kept
        start : where a search began, of all rows; None: nowhere yet
        """

    def evaluate(
        self, a: np.ndarray, start: Start = None
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], Start]:
        """((stat, slope, curvature) at factors a, each of shape (n,), where the search ended).

        Parameters
        ----------
        a : float array (n,), flux factors
        start : where the search for all else begins; None: nowhere yet
        """

    def lower_bound(self) -> np.ndarray:
        """The lowest factors (n,) at which something is still predicted everywhere."""
