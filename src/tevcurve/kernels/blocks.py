"""Bayesian blocks: the best division of cells in time into blocks of constant flux.

A cell is a piece of good time of one run with its number of ON events. In a block the source has one flux F,
so that a run is expected to give, per second,

    expected = F*signal + background

ON events. The background is known, or it is alpha*b with the rate b of OFF events that fits best: the OFF events
are the second of two Poisson samples. They are taken as spread evenly over the good time of their run, so that a
change of the background inside a run does not look like one of the source. The fitness of a block is its log
likelihood at the flux F >= 0 that fits best. Where a block lies in one run and its flux is not 0 this is the
N*log(N/T) - N of Scargle et al. 2013, whatever the background.

The best division is found by dynamic programming (Scargle et al. 2013, ApJ 764, 167, section 2.6) with the
pruning of Killick, Fearnhead & Eckley 2012 (JASA 107, 1590, theorem 3.1), which is exact here because dividing
a block never makes the likelihood worse.
"""

from dataclasses import dataclass

import numpy as np

_MAX_ITERATIONS = 100
# Fewer starts than this are tried without asking first which can be the best.
_FEW = 100
# Of the last step; what is left after it is about its square.
_TOLERANCE = 1e-6


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


def find_blocks(cells: BlockCells, penalty: float, prune: bool = True) -> np.ndarray:
    """Numbers of the cells that start a block, int array, ascending, the first one 0; empty without cells.

    Parameters
    ----------
    cells : the cells that are divided, in order
    penalty : float, the log likelihood that each further block must gain ("ncp_prior")
    prune : whether starts are passed over that cannot be the best, now or ever; the result is the same
    """
    n_cells = len(cells.count)
    fitness = BlockFitness(cells)
    best, origin = np.zeros(n_cells + 1), np.zeros(n_cells + 1, dtype=int)
    # What the best division that ends with a block from each start is worth, or at most can be worth.
    starts, worth = np.zeros(0, dtype=int), np.zeros(0)
    for stop in range(1, n_cells + 1):
        starts = np.append(starts, stop - 1)
        worth = np.append(worth, 0.0)
        sought: slice | np.ndarray = slice(None)
        if prune and len(starts) > _FEW:
            # A block gains by one more cell no more than that cell as a block of its own.
            alone = fitness.of_blocks(starts[-1:], stop)[0]
            worth += alone
            worth[-1] = best[stop - 1] + alone
            likely = np.searchsorted(starts, origin[stop - 1 : stop])
            worth[likely] = best[starts[likely]] + fitness.of_blocks(starts[likely], stop)
            sought = np.flatnonzero(worth >= _less(max(worth[likely[0]], worth[-1])))
        exact = best[starts[sought]] + fitness.of_blocks(starts[sought], stop)
        worth[sought] = exact
        winner = np.argmax(exact)
        best[stop], origin[stop] = exact[winner] - penalty, starts[sought][winner]
        if prune:
            kept = worth >= _less(best[stop])
            starts, worth = starts[kept], worth[kept]
    blocks, stop = [], n_cells
    while stop > 0:
        stop = origin[stop]
        blocks.append(stop)
    return np.array(blocks[::-1], dtype=int)


def _less(value: float) -> float:
    """A little less than a log likelihood, so that rounding does not decide."""
    return value - 1e-9 * (1 + abs(value))


class BlockFitness:
    """Fitness of blocks of cells. It remembers the flux of each start, from where the next search begins.

    cells: those that the blocks are made of, in order.
    """

    def __init__(self, cells: BlockCells) -> None:
        self.cells = cells
        n_cells, n_runs = len(cells.count), len(cells.signal)
        self._flux = np.zeros(n_cells)
        self._counts, self._times = np.zeros((2, n_cells + 1, n_runs))
        steps = np.arange(1, n_cells + 1), cells.run
        self._counts[steps], self._times[steps] = cells.count, cells.ontime_s
        for sums in (self._counts, self._times):
            np.cumsum(sums, axis=0, out=sums)

    def of_blocks(self, starts: np.ndarray, stop: int) -> np.ndarray:
        """Fitness (n,) of the blocks from the cells `starts` (int array (n,), ascending) to before the cell `stop`.

        Up to a constant that is the same for every division of the cells.

        Parameters
        ----------
        starts : int array (n,), ascending, the first cell of each block
        stop : int, the cell before which all of them end
        """
        last = self.cells.run[stop - 1]
        split = np.searchsorted(self.cells.run[starts], last)
        fitness = np.empty(len(starts))
        fitness[split:] = self._in_one_run(starts[split:], stop, last)
        if split:
            fitness[:split] = self._in_several_runs(starts[:split], stop, last)
        return fitness

    def _in_one_run(self, starts: np.ndarray, stop: int, run: int) -> np.ndarray:
        """The best flux makes the expected rate the observed one, unless it is 0."""
        time = self._times[stop, run] - self._times[starts, run]
        rate = (self._counts[stop, run] - self._counts[starts, run]) / time
        excess = np.maximum(rate - self.cells.background[run], 0)
        self._flux[starts] = excess / self.cells.signal[run]
        return time * self._log_likelihood(rate, excess, run)

    def _in_several_runs(self, starts: np.ndarray, stop: int, last: int) -> np.ndarray:
        runs = slice(self.cells.run[starts[0]], last + 1)
        time = self._times[stop, runs] - self._times[starts, runs]
        count = self._counts[stop, runs] - self._counts[starts, runs]
        rate = np.divide(count, time, out=np.zeros_like(count), where=time > 0)
        self._flux[starts] = self._best_flux(self._flux[starts], rate, time, runs)
        source = self._flux[starts][:, None] * self.cells.signal[runs]
        return np.sum(time * self._log_likelihood(rate, source, runs), axis=1)

    def _best_flux(self, flux: np.ndarray, rate: np.ndarray, time: np.ndarray, runs: slice) -> np.ndarray:
        """Flux (n,) that fits ON rates (n, n_runs) best, searched from `flux`.

        The slope of the likelihood vanishes where h = sum(weight*rate/expected) is sum(weight). Newton's method
        is applied to 1/h: it is a straight line for one run, concave for several with a known background, so
        that the flux comes to the root from below. Without OFF events h has a kink, where Newton's steps may go
        to and fro; halving the interval that holds the root ends that.
        """
        signal = self.cells.signal[runs]
        weight = signal * time
        target = weight.sum(axis=1)
        above = _ratio_sum(weight, rate, self._expected(rate, np.zeros_like(rate), runs)[0]) > target
        # No source can be brighter than if there were no background.
        low, high = np.zeros(len(flux)), np.sum(rate * time, axis=1) / target
        flux = np.where(above, np.where(flux > 0, np.minimum(flux, high), high), 0.0)
        todo = np.flatnonzero(above)
        for iteration in range(_MAX_ITERATIONS):
            if not len(todo):
                break
            old = flux[todo]
            expected, _, slope = self._expected(rate[todo], old[:, None] * signal, runs)
            height = _ratio_sum(weight[todo], rate[todo], expected)
            fall = _ratio_sum(weight[todo] * slope * signal, rate[todo], expected, expected)
            grows = height > target[todo]
            low[todo], high[todo] = np.where(grows, old, low[todo]), np.where(grows, high[todo], old)
            new = old + np.divide(
                height * (height / target[todo] - 1), fall, out=np.full(len(todo), np.inf), where=fall > 0
            )
            halved = ~((new >= low[todo]) & (new <= high[todo])) | (iteration > 8 and iteration % 2 == 1)
            flux[todo] = np.where(halved, 0.5 * (low[todo] + high[todo]), new)
            todo = todo[np.abs(flux[todo] - old) > _TOLERANCE * flux[todo]]
        return flux

    def _log_likelihood(self, rate: np.ndarray, source: np.ndarray, runs: int | slice) -> np.ndarray:
        """Log likelihood per second of ON rates at expected rates of the source, with the best background."""
        expected, off, _ = self._expected(rate, source, runs)
        log = rate * np.log(np.where(rate > 0, expected, 1.0)) - expected
        if self.cells.alpha is None:
            return log
        observed = self.cells.background[runs] / self.cells.alpha[runs]
        ratio = np.where(off > 0, off, 1.0) / np.where(observed > 0, observed, 1.0)
        return log + np.where(observed > 0, observed * np.log(ratio), 0.0) - (off - observed)

    def _expected(
        self, rate: np.ndarray, source: np.ndarray, runs: int | slice
    ) -> tuple[np.ndarray, float | np.ndarray, np.ndarray]:
        """Expected rates of ON and OFF with the background that fits best, and how ON grows with the source.

        With OFF events the background solves alpha*(1+alpha)*b^2 - linear*b - off*source = 0.
        """
        background = self.cells.background[runs]
        if self.cells.alpha is None:
            return source + background, 0.0, np.ones_like(source)
        alpha = self.cells.alpha[runs]
        off = background / alpha
        linear = alpha * (rate + off) - (1 + alpha) * source
        root = np.sqrt(linear**2 + 4 * alpha * (1 + alpha) * off * source)
        top = np.where(linear > 0, linear + root, 2 * off * source)
        bottom = np.where(linear > 0, 2 * alpha * (1 + alpha), root - linear)
        best = np.divide(top, bottom, out=np.zeros_like(root), where=bottom > 0)
        change = np.divide(off - (1 + alpha) * best, root, out=np.zeros_like(root), where=root > 0)
        return source + alpha * best, best, 1 + alpha * change


def _ratio_sum(weight: np.ndarray, rate: np.ndarray, *expected: np.ndarray) -> np.ndarray:
    """Sum over the runs of weight*rate/expected (/expected^2 if given twice), infinite where nothing is expected."""
    product = weight * rate
    some = product > 0
    for each in expected:
        product = np.divide(product, each, out=np.full_like(product, np.inf), where=each > 0)
    return np.sum(np.where(some, product, 0.0), axis=1)
