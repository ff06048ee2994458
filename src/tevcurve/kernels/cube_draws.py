"""Events drawn in the cells of cubes, from what each run expects of a source and of the background there."""

import numpy as np

from tevcurve.kernels.numbering import members_of


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
                place = np.searchsorted(running, rng.random(len(own)) * running[-1], side="right")
                cell[own] = self._cells[number][np.minimum(place, len(running) - 1)]
        return cell


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
