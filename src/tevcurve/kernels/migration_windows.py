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
    place : int array (n, width * n_nodes), where in a flat table the event is for each node of the window's bins; its
        last place where it is beyond the table
    """

    first: np.ndarray
    width: int
    place: np.ndarray

    def sums(self, table: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Sums over the nodes of each bin of the windows, float array (m, width).

        Parameters
        ----------
        table : float array (n_places,), weighted, in the places of `MigrationRanges`; the last one is 0
        own : int array (m,), numbers of events
        """
        # Places are kept as short numbers, of which many fit into memory; looking them up is faster with long ones.
        values = table.take(self.place[own].astype(np.intp))
        return np.einsum("ewk->ew", values.reshape(len(own), self.width, self.place.shape[1] // self.width))


@dataclass(frozen=True, eq=False)
class MigrationRanges:
    """Which bins of migration a flat table has of each true energy (n,): those with anything in them.

    Attributes
    ----------
    first, stop : int arrays (n,), the first bin of each and the one after its last
    """

    first: np.ndarray
    stop: np.ndarray

    @classmethod
    def of(cls, some: np.ndarray) -> "MigrationRanges":
        """Of what is there: bool array (n, n_migra).

        some: bool array (n, n_migra).
        """
        first, stop = some.argmax(axis=1), some.shape[1] - some[:, ::-1].argmax(axis=1)
        return cls(first, np.where(some.any(axis=1), stop, first))

    @property
    def sizes(self) -> np.ndarray:
        """Bins of each, int array (n,)."""
        return self.stop - self.first

    @property
    def starts(self) -> np.ndarray:
        """Place of the first bin of each in the flat table, int array (n,)."""
        return np.cumsum(self.sizes) - self.sizes

    def flat(self, values: np.ndarray) -> np.ndarray:
        """The flat table (n_places,) of values (n, n_migra); its last place is 0. values: float array (n, n_migra)."""
        migra = np.arange(values.shape[1])
        return np.append(values[(migra >= self.first[:, None]) & (migra < self.stop[:, None])], 0.0)


def migration_windows(
    energy: np.ndarray, nodes: np.ndarray, migra_edges: np.ndarray, ranges: MigrationRanges
) -> MigrationWindows:
    """The `MigrationWindows` of measured energies.

    Parameters
    ----------
    energy : float array (n,), measured
    nodes : float array (n_true, n_nodes), true energies, increasing, in the same unit
    migra_edges : float array (n_migra + 1,), of E_reco / E_true
    ranges : `MigrationRanges` of the nodes
    """
    n_true, n_nodes = nodes.shape
    flat, sizes, starts = nodes.ravel(), ranges.sizes, ranges.starts
    highest = np.maximum.accumulate(np.where(sizes > 0, flat * migra_edges[ranges.stop], 0.0))
    lowest = np.where(sizes > 0, flat * migra_edges[ranges.first], np.inf)
    lowest = np.minimum.accumulate(lowest[::-1])[::-1]
    first = np.searchsorted(highest, energy, side="right") // n_nodes
    last = (np.searchsorted(lowest, energy, side="right") - 1) // n_nodes
    width = int(np.clip(np.max(last - first, initial=0) + 1, 1, n_true))
    first = np.clip(first, 0, n_true - width)
    place = np.empty((len(energy), width * n_nodes), dtype=np.int32)
    within, end = np.arange(width * n_nodes), int(sizes.sum())
    # A part at a time, so that little memory is needed.
    for begin in range(0, len(energy), 1024):
        own = slice(begin, begin + 1024)
        node = first[own, None] * n_nodes + within
        migra = np.searchsorted(migra_edges, energy[own, None] / flat[node], side="right") - 1
        inside = (migra >= ranges.first[node]) & (migra < ranges.stop[node])
        place[own] = np.where(inside, starts[node] + migra - ranges.first[node], end)
    return MigrationWindows(first, width, place)
