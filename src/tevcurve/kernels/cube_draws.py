"""Events drawn in the cells of cubes, from what each run expects of a source and of the background there."""

import numpy as np

from tevcurve.kernels.numbering import members_of

# Parts of a table of places for each cell.
GUIDES = 4
# From there on so many cells are tried, one by one; the few that are further on are searched for.
STEPS = 3


class RunCells:
    """What a run expects in the cells around the source.

    Parameters
    ----------
    band : int array (n_cells,), the energy band of each cell, -1 where it is outside the fit
    signal : float array (n_cells,), expected per second of live time at norm 1
    background : float array (n_slices, n_cells), expected per second of on-time at norm 1
    n_bands : int
    """

    def __init__(self, band: np.ndarray, signal: np.ndarray, background: np.ndarray, n_bands: int) -> None:
        self.signal = np.where(band >= 0, signal, 0.0)
        self.background = np.where(band >= 0, background, 0.0)
        self.n_slices = len(background)
        self._cells = [np.flatnonzero(band == number) for number in range(n_bands)]
        self._running = [
            [np.cumsum(rate[cells]) for cells in self._cells] for rate in (self.signal, *self.background)
        ]
        self._guides = [[guide_of(running) for running in of_kind] for of_kind in self._running]

    def totals(self, kind: int) -> np.ndarray:
        """Sum of the rates in each band (n_bands,); kind 0: the source, 1 + s: slice s of the background."""
        return np.array([running[-1] if len(running) else 0.0 for running in self._running[kind]])

    def draw(self, kind: int, band: np.ndarray, rng: "np.random.Generator") -> np.ndarray:
        """Cells (n,) of events of a kind, one for each of the bands (int array (n,)).

        Parameters
        ----------
        kind : int, 0: of the source, 1 + s: of slice s of the background
        band : int array (n,), the band of each event
        rng : numpy random generator
        """
        cell = np.empty(len(band), dtype=int)
        for number, running in enumerate(self._running[kind]):
            own = np.flatnonzero(band == number)
            if len(own):
                share = rng.random(len(own))
                place = places(running, self._guides[kind][number], share)
                cell[own] = self._cells[number][place]
        return cell


def guide_of(running: np.ndarray) -> np.ndarray:
    """Where searches in a running sum begin for equal parts of it: `places` of their lower edges, int array (n_parts,).

    running: float array (n_cells,), ascending.
    """
    n_parts = GUIDES * len(running)
    if not n_parts:
        return np.zeros(0, dtype=int)
    # A hair lower, so that rounding never begins beyond the place.
    edges = (np.arange(n_parts) - 1e-6) / n_parts * running[-1]
    return np.minimum(np.searchsorted(running, edges, side="right"), len(running) - 1)


def places(running: np.ndarray, guide: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Numbers of the first cells whose running sum is above shares of all, int array (n,).

    From the places of a table on (Chen & Asau 1974, AIIE Transactions 6, 163), most of which are right at once, or
    nearly.

    Parameters
    ----------
    running : float array (n_cells,), ascending
    guide : of `guide_of`
    share : float array (n,), from 0, below 1
    """
    wanted, last = share * running[-1], len(running) - 1
    place = guide[(share * len(guide)).astype(int)]
    going = np.flatnonzero((running[place] <= wanted) & (place < last))
    for _ in range(STEPS):
        place[going] += 1
        going = going[(running[place[going]] <= wanted[going]) & (place[going] < last)]
    place[going] = np.minimum(np.searchsorted(running, wanted[going], side="right"), last)
    return place


def draw_block_events(
    runs: list[RunCells],
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]],
    norms: np.ndarray,
    background: np.ndarray,
    rng: "np.random.Generator",
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(block, signal, background, near) of drawn events, in the order of blocks.

    The first three are arrays (n_events,): the number t * n_blocks + k of an event's block, and what is expected of
    source and background in its cell at norm 1. near: expected background (n_blocks,) of these cells in each block.

    Parameters
    ----------
    runs : list of `RunCells`, all of the same cells
    parts : list, for each run (block, band, livetime, ontime): arrays (m,), (m,), (m,), (m, n_slices) of its parts
    norms, background : float arrays (n, n_blocks), of the source and of the background
    rng : numpy Generator
    """
    n, n_blocks = norms.shape
    near, drawn = np.zeros(n_blocks), []
    for cells, (block, band, livetime, ontime) in zip(runs, parts, strict=True):
        rates = [livetime * cells.totals(0)[band]]
        rates += [ontime[:, s] * cells.totals(1 + s)[band] for s in range(cells.n_slices)]
        np.add.at(near, block, np.sum(rates[1:], axis=0))
        amplitudes = [np.maximum(norms[:, block], 0.0)] + [background[:, block]] * cells.n_slices
        for kind, (rate, amplitude) in enumerate(zip(rates, amplitudes, strict=True)):
            count = rng.poisson(amplitude * rate)
            part = np.repeat(np.tile(np.arange(len(block)), n), count.ravel())
            toy = np.repeat(np.arange(n), count.sum(axis=1))
            drawn.append((toy * n_blocks + block[part], cells.draw(kind, band[part], rng)))
    number, cell = (np.concatenate(each) for each in zip(*drawn, strict=True))
    # Each draw is in order, so this merges sorted pieces.
    order = np.argsort(number, kind="stable")
    number, cell = number[order], cell[order]
    signal, expected = _expectations(runs, parts, number % n_blocks, cell, n_blocks)
    norm, background = norms.ravel()[number], background.ravel()[number]
    kept = np.ones(len(number), dtype=bool)
    below = np.flatnonzero(norm < 0)
    if len(below):
        # A source below zero takes away events of the background, which have all been drawn.
        share = 1 + norm[below] * signal[below] / (background[below] * expected[below])
        kept[below] = rng.random(len(below)) < share
    return number[kept], signal[kept], expected[kept], near


def _expectations(
    runs: list[RunCells],
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]],
    block: np.ndarray,
    cell: np.ndarray,
    n_blocks: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Expected counts of source and background (n,) in the cells of events, of all runs that have a part in a block."""
    signal, background = np.zeros(len(block)), np.zeros(len(block))
    for cells, (own, _, livetime, ontime) in zip(runs, parts, strict=True):
        event, which = members_of(own, n_blocks, block)
        where = cell[event]
        signal[event] += livetime[which] * cells.signal[where]
        for s in range(cells.n_slices):
            background[event] += ontime[which, s] * cells.background[s, where]
    return signal, background
