"""The best division of cells into blocks by trying every start of the last block, each with its own best flux.

It shares no code with `tevcurve.kernels.blocks`, of which it is the truth. The pruning of Killick, Fearnhead & Eckley
2012, JASA 107, 1590, theorem 3.1, is exact here because dividing a block never makes the likelihood worse. Backgrounds
are known, or alpha times the rate of OFF events that fits best in each run of each block.
"""

from itertools import pairwise

import numpy as np

_MAX_ITERATIONS = 100
# Fewer starts than this are tried without asking first which can be the best.
_FEW = 100
# Of the last step; what is left after it is about its square.
_TOLERANCE = 1e-6


def best_starts(cells, penalty):
    """(numbers of the cells that start a block (int array), total log likelihood less a penalty for each block).

    cells: `tevcurve.kernels.blocks.BlockCells`. penalty: float.
    """
    n_cells = len(cells.count)
    fitness = BlockFitness(cells)
    best, origin = np.zeros(n_cells + 1), np.zeros(n_cells + 1, dtype=int)
    # What the best division that ends with a block from each start is worth, or at most can be worth.
    starts, worth = np.zeros(0, dtype=int), np.zeros(0)
    for stop in range(1, n_cells + 1):
        starts = np.append(starts, stop - 1)
        worth = np.append(worth, 0.0)
        sought = slice(None)
        if len(starts) > _FEW:
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
        kept = worth >= _less(best[stop])
        starts, worth = starts[kept], worth[kept]
    blocks, stop = [], n_cells
    while stop > 0:
        stop = origin[stop]
        blocks.append(stop)
    return np.array(blocks[::-1], dtype=int), float(best[-1])


def total_of(cells, starts, penalty):
    """The same total of a division. cells, penalty: see `best_starts`. starts: int array, ascending, from 0."""
    fitness = BlockFitness(cells)
    edges = [*starts, len(cells.count)]
    return float(sum(fitness.of_blocks(np.array([a]), b)[0] - penalty for a, b in pairwise(edges)))


def _less(value):
    """A little less than a log likelihood, so that rounding does not decide."""
    return value - 1e-9 * (1 + abs(value))


class BlockFitness:
    """Fitness of blocks of cells. It remembers the flux of each start, from where the next search begins.

    cells: those that the blocks are made of, in order.
    """

    def __init__(self, cells):
        self.cells = cells
        n_cells, n_runs = len(cells.count), len(cells.signal)
        self._flux = np.zeros(n_cells)
        self._counts, self._times = np.zeros((2, n_cells + 1, n_runs))
        steps = np.arange(1, n_cells + 1), cells.run
        self._counts[steps], self._times[steps] = cells.count, cells.ontime_s
        for sums in (self._counts, self._times):
            np.cumsum(sums, axis=0, out=sums)

    def of_blocks(self, starts, stop):
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

    def _in_one_run(self, starts, stop, run):
        """The best flux makes the expected rate the observed one, unless it is 0."""
        time = self._times[stop, run] - self._times[starts, run]
        rate = (self._counts[stop, run] - self._counts[starts, run]) / time
        excess = np.maximum(rate - self.cells.background[run], 0)
        self._flux[starts] = excess / self.cells.signal[run]
        return time * self._log_likelihood(rate, excess, run)

    def _in_several_runs(self, starts, stop, last):
        runs = slice(self.cells.run[starts[0]], last + 1)
        time = self._times[stop, runs] - self._times[starts, runs]
        count = self._counts[stop, runs] - self._counts[starts, runs]
        rate = np.divide(count, time, out=np.zeros_like(count), where=time > 0)
        self._flux[starts] = self._best_flux(self._flux[starts], rate, time, runs)
        source = self._flux[starts][:, None] * self.cells.signal[runs]
        return np.sum(time * self._log_likelihood(rate, source, runs), axis=1)

    def _best_flux(self, flux, rate, time, runs):
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

    def _log_likelihood(self, rate, source, runs):
        """Log likelihood per second of ON rates at expected rates of the source, with the best background."""
        expected, off, _ = self._expected(rate, source, runs)
        log = rate * np.log(np.where(rate > 0, expected, 1.0)) - expected
        if self.cells.alpha is None:
            return log
        observed = self.cells.background[runs] / self.cells.alpha[runs]
        ratio = np.where(off > 0, off, 1.0) / np.where(observed > 0, observed, 1.0)
        return log + np.where(observed > 0, observed * np.log(ratio), 0.0) - (off - observed)

    def _expected(self, rate, source, runs):
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


def _ratio_sum(weight, rate, *expected):
    """Sum over the runs of weight*rate/expected (/expected^2 if given twice), infinite where nothing is expected."""
    product = weight * rate
    some = product > 0
    for each in expected:
        product = np.divide(product, each, out=np.full_like(product, np.inf), where=each > 0)
    return np.sum(np.where(some, product, 0.0), axis=1)
