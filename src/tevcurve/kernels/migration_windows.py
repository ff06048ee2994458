"""Which true energies measured energies may come from, and where in tables of migration they lie: found once."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class MigrationWindows:
    """Windows of bins of true energy, one for each event (n,), outside of which no photon can give its energy.

    Attributes
    ----------
    first : int array (n,), the first bin of each window
    width : int, bins in each
    place : int array (n, width * n_nodes), where in the flat table (n_true * n_nodes + 1, n_migra) the event is for
        each node of the window's bins; in the last row where it is beyond the table
    """

    first: np.ndarray
    width: int
    place: np.ndarray

    def sums(self, table: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Sums over the nodes of each bin of the windows, float array (m, width).

        Parameters
        ----------
        table : float array (n_true * n_nodes + 1, n_migra), weighted; the last row is 0
        own : int array (m,), numbers of events
        """
        values = table.ravel().take(self.place[own])
        return np.einsum("ewk->ew", values.reshape(len(own), self.width, -1))


def migration_windows(
    energy: np.ndarray,
    nodes: np.ndarray,
    migra_edges: np.ndarray,
    support: tuple[np.ndarray, np.ndarray],
) -> MigrationWindows:
    """The `MigrationWindows` of measured energies.

    Parameters
    ----------
    energy : float array (n,), measured
    nodes : float array (n_true, n_nodes), true energies, increasing, in the same unit
    migra_edges : float array (n_migra + 1,), of E_reco / E_true
    support : (least, largest) migra with any density at each node, float arrays (n_true * n_nodes,)
    """
    n_true, n_nodes = nodes.shape
    flat = nodes.ravel()
    highest = np.maximum.accumulate(flat * support[1])
    lowest = np.minimum.accumulate((flat * support[0])[::-1])[::-1]
    first = np.searchsorted(highest, energy, side="right") // n_nodes
    last = (np.searchsorted(lowest, energy, side="right") - 1) // n_nodes
    width = int(np.clip(np.max(last - first, initial=0) + 1, 1, n_true))
    first = np.clip(first, 0, n_true - width)
    n_migra = len(migra_edges) - 1
    place = np.empty((len(energy), width * n_nodes), dtype=np.int32)
    within = np.arange(width * n_nodes)
    # A part at a time, so that little memory is needed.
    for begin in range(0, len(energy), 1024):
        own = slice(begin, begin + 1024)
        node = first[own, None] * n_nodes + within
        migra = np.searchsorted(migra_edges, energy[own, None] / flat[node], side="right") - 1
        inside = (migra >= 0) & (migra < n_migra)
        place[own] = np.where(inside, node * n_migra + migra, len(flat) * n_migra)
    return MigrationWindows(first, width, place)
