"""Bayesian blocks: the best division of cells in time into blocks of constant flux.

A cell is a piece of good time of one run with its number of ON events. In a block the source has one flux F,
so that a run is expected to give, per second,

    expected = F*signal + background

ON events. The background is known, or it is alpha*b with the rate b of OFF events that fits best: the OFF events
are the second of two Poisson samples. They are taken as spread evenly over the good time of their run, so that a
change of the background inside a run does not look like one of the source. The cost of a block is minus its log
likelihood at the flux F >= 0 that fits best. Where a block lies in one run and its flux is not 0 this is the
N - N*log(N/T) of Scargle et al. 2013, ApJ 764, 167, whatever the background.

The best division comes from a dynamic programme over the rate (`tevcurve.kernels.row_blocks` has its equation, and its
source). In one run a block has one number, the rate of ON events that is expected: above the background the rest is the
source's, and the OFF events are as expected; below it there is no source, and the OFF events are too many, at a cost of
their own. Blocks of several runs have one too, the flux, but the background of each of their runs is another one, so
that their cost in a run is not a sum over cells. It is therefore taken for all parts of the run that begin with it, and
for all that end with it and can still be the best (Killick, Fearnhead & Eckley 2012, JASA 107, 1590, theorem 3.1, which
holds as dividing a block never costs likelihood). So nothing is left out but what lies between two rates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tevcurve.kernels.block_rates import known_cost, onoff_cost, rates_between

# Costs that are computed at once: what a processor's cache holds.
_AT_ONCE = 20_000
# Cells of a run after which fluxes are given up for the first time.
_FIRST = 8


@dataclass(frozen=True, eq=False)
class BlockCells:
    """Cells in the order of time, and what their runs expect.

    count: ON events in each cell, float array (n,). ontime_s: good time of each cell in s (n,), above 0.
    run: number of the run of each cell, int array (n,), ascending.
    signal: expected ON events of the source per s at flux 1, float array (n_runs,), above 0.
    background: expected ON events of the background per s, float array (n_runs,): known, or alpha times OFF.
    alpha: ratio of the acceptances of ON and OFF, float array (n_runs,), above 0; None where the background is known.
    """

    count: np.ndarray
    ontime_s: np.ndarray
    run: np.ndarray
    signal: np.ndarray
    background: np.ndarray
    alpha: np.ndarray | None = None

    def cost(self, run: int, count: np.ndarray, time: np.ndarray, flux: np.ndarray) -> np.ndarray:
        """Cost of parts of a run at fluxes, with the background that fits best.

        Parameters
        ----------
        run : int, its number
        count, time : float arrays, ON events and good time in s, that broadcast with the fluxes
        flux : float array, 0 or more
        """
        source, background = flux * self.signal[run] * time, self.background[run] * time
        # The likelihood is that of rates: how many events there are is no matter of where blocks end.
        per_second = count * np.log(time)
        if self.alpha is None:
            return known_cost(count, source + background) + per_second
        return onoff_cost(count, source, background / self.alpha[run], self.alpha[run]) + per_second

    def lowest_cost(self, run: int, count: np.ndarray, time: np.ndarray) -> np.ndarray:
        """The same at the flux, 0 or more, that fits each part best.

        Parameters
        ----------
        run : int, its number
        count, time : float arrays (n,), ON events and good time in s
        """
        excess = np.maximum(count / time - self.background[run], 0.0)
        return self.cost(run, count, time, excess / self.signal[run])


def find_blocks(cells: BlockCells, penalty: float) -> np.ndarray:
    """Numbers of the cells that start a block, int array, ascending, the first one 0; empty without cells.

    Parameters
    ----------
    cells : the cells that are divided, in order
    penalty : float, the log likelihood that each further block must gain ("ncp_prior"), 0 or more
    """
    search = _Search(cells, penalty)
    edges = np.flatnonzero(np.diff(cells.run, prepend=-1, append=-1))
    for first, stop in pairwise(edges.tolist()):
        search.add_run(first, stop)
    blocks, stop = [], len(cells.run)
    while stop > 0:
        stop = int(search.origin[stop])
        blocks.append(stop)
    return np.array(blocks[::-1], dtype=int)


class _Search:
    """The dynamic programme, run by run.

    best : float array (n + 1,), cost of the best division of the cells before each, a penalty for each block
    origin : int array (n + 1,), where the last block of it begins
    flux : float array (m,), at which blocks of several runs are compared
    going : float array (m,), cost of the best division of all cells so far whose last block has that flux and goes on
    begun : int array (m,), where that block begins
    """

    def __init__(self, cells: BlockCells, penalty: float) -> None:
        self.cells, self.penalty = cells, penalty
        n = len(cells.count)
        self.best, self.origin = np.zeros(n + 1), np.zeros(n + 1, dtype=int)
        self.flux = np.zeros(0)
        if n and cells.run[0] != cells.run[-1]:
            time = np.bincount(cells.run, cells.ontime_s, len(cells.signal))
            exposure = cells.signal[cells.run] * cells.ontime_s
            self.flux = rates_between(cells.count, exposure, cells.signal * time, cells.background * time)
        self.going, self.begun = np.full(len(self.flux), np.inf), np.zeros(len(self.flux), dtype=int)

    def add_run(self, first: int, stop: int) -> None:
        """Goes on with the cells from `first` to before `stop`, which are those of one run.

        Parameters
        ----------
        first, stop : int, numbers of cells
        """
        self._inside(first, stop, *self._ended(first, stop))
        if stop < len(self.cells.count):
            self._go_on(first, stop)

    def _ended(self, first: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """(cost, beginning) of the best blocks of earlier runs that end with each cell of a run."""
        cost, begun = np.full(stop - first, np.inf), np.zeros(stop - first, dtype=int)
        # What costs more than a new block never becomes the best.
        some = np.flatnonzero(self.going < self.best[first] + self.penalty)
        counts, times = self._since(first, stop)
        run, done, step = int(self.cells.run[first]), 0, _FIRST
        while len(some) and done < stop - first:
            part = slice(done, done + step)
            each = self.cells.cost(run, counts[part, None], times[part, None], self.flux[some])
            each += self.going[some]
            least = each.argmin(axis=1)
            cost[part], begun[part] = each[np.arange(len(each)), least], self.begun[some[least]]
            some = some[each[-1] <= cost[done + len(each) - 1] + self.penalty]
            done, step = done + len(each), min(2 * step, max(_AT_ONCE // max(len(some), 1), 1))
        return cost, begun

    def _inside(self, first: int, stop: int, ended: np.ndarray, begun_before: np.ndarray) -> None:
        """Finds `best` and `origin` of the cells of a run."""
        cells, run = self.cells, int(self.cells.run[first])
        part = slice(first, stop)
        rate, slope, log = _rates_of_run(cells, run, cells.count[part], cells.ontime_s[part])
        running, begun = np.full(len(rate), np.inf), np.zeros(len(rate), dtype=int)
        best, step = float(self.best[first]), max(_AT_ONCE // len(rate), 1)
        for cell in range(first, stop):
            place = (cell - first) % step
            if place == 0:
                some = slice(cell, min(cell + step, stop))
                costs = cells.ontime_s[some, None] * slope - cells.count[some, None] * log
            another = best + self.penalty
            np.putmask(begun, running > another, cell)
            np.minimum(running, another, out=running)
            running += costs[place]
            least = int(running.argmin())
            best, origin = float(running[least]), int(begun[least])
            if ended[cell - first] < best:
                best, origin = float(ended[cell - first]), int(begun_before[cell - first])
            self.best[cell + 1], self.origin[cell + 1] = best, origin

    def _go_on(self, first: int, stop: int) -> None:
        """Takes blocks over the end of a run, those that began in it among them."""
        run = int(self.cells.run[first])
        counts, times = self._since(first, stop)
        some = np.flatnonzero(np.isfinite(self.going))
        self.going[some] += self.cells.cost(run, counts[-1], times[-1], self.flux[some])
        last = self.best[stop] + self.penalty
        left, left_time = counts[-1] - np.append(0.0, counts[:-1]), times[-1] - np.append(0.0, times[:-1])
        worth = self.best[first:stop] + self.penalty
        kept = np.flatnonzero(worth + self.cells.lowest_cost(run, left, left_time) <= last + 1e-9)
        if len(kept):
            self._begin(first + kept, worth[kept], left[kept], left_time[kept], last)
        self.going[self.going > last] = np.inf

    def _begin(
        self, start: np.ndarray, worth: np.ndarray, count: np.ndarray, time: np.ndarray, last: float
    ) -> None:
        """Takes in blocks that began in a run, up to its end, at the fluxes where they cost no more than `last`.

        start : int array (m,), where they begin; worth : float array (m,), what the cells before cost, and the block
        count, time : float arrays (m,), ON events and good time from there to the end of the run
        """
        run = int(self.cells.run[start[0]])

        def cost(block: np.ndarray, node: np.ndarray) -> np.ndarray:
            return worth[block] + self.cells.cost(run, count[block], time[block], self.flux[node])

        low, high = self._nodes_below(run, cost, count / time, last)
        for part in _parts(np.maximum(high - low, 0)):
            width = np.maximum(high[part] - low[part], 0)
            block = np.repeat(np.arange(len(start))[part], width)
            node = np.arange(len(block)) - np.repeat(np.cumsum(width) - width - low[part], width)
            each, best = cost(block, node), self.going.copy()
            np.minimum.at(best, node, each)
            won = (each == best[node]) & (each < self.going[node])
            self.begun[node[won]], self.going = start[block[won]], best

    def _nodes_below(
        self, run: int, cost: Callable[[np.ndarray, np.ndarray], np.ndarray], rate: np.ndarray, last: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """The first flux where each block of a run costs at most `last`, and the first one above; int arrays (m,).

        The cost is convex in the flux, so both are found by halving, from the flux that fits best.
        """
        best = np.maximum(rate - self.cells.background[run], 0.0) / self.cells.signal[run]
        block, n = np.arange(len(rate)), len(self.flux)
        above = np.minimum(np.searchsorted(self.flux, best), n)
        # Both ends at once: `inside` it is inside or where the search begins, `outside` it is outside.
        inside = np.stack([above - 1, above])
        outside = np.stack([np.full(len(rate), -1), np.full(len(rate), n)])
        while np.any(np.abs(outside - inside) > 1):
            middle = (inside + outside) // 2
            good = cost(block, np.minimum(np.maximum(middle, 0), n - 1)) <= last
            inside, outside = np.where(good, middle, inside), np.where(good, outside, middle)
        return np.maximum(inside[0], 0), outside[1]

    def _since(self, first: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """ON events and good time from the beginning of a run to the end of each of its cells."""
        return np.cumsum(self.cells.count[first:stop]), np.cumsum(self.cells.ontime_s[first:stop])


def _rates_of_run(
    cells: BlockCells, run: int, count: np.ndarray, time: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rates of ON events, what a second costs at each, log of the rates), float arrays (m,)."""
    background, total = float(cells.background[run]), time.sum(keepdims=True)
    nothing = np.zeros(1)
    if cells.alpha is None:
        rate = rates_between(count, time, total, nothing, background)
        if rate[0] == 0:
            rate = rate[1:]
        return rate, rate, np.log(rate)
    rate = rates_between(count, time, total, nothing)[1:]
    if background > 0:
        rate = np.sort(np.append(rate, background))
    off = np.minimum(rate, background)
    ratio = off / background if background > 0 else np.ones_like(rate)
    return rate, rate + (off - background - background * np.log(ratio)) / cells.alpha[run], np.log(rate)


def _parts(width: np.ndarray) -> list[slice]:
    """Slices of blocks, each with so many fluxes (int array (m,)), that are computed at once."""
    group = np.cumsum(width) // _AT_ONCE
    edges = [*np.flatnonzero(np.diff(group, prepend=-1)), len(width)]
    return [slice(int(one), int(other)) for one, other in pairwise(edges)]
