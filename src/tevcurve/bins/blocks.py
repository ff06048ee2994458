"""Time bins of constant flux, found on the events: Bayesian blocks."""

from dataclasses import dataclass

import numpy as np

from tevcurve.bins.binning import Binning
from tevcurve.bins.event_cells import event_cells
from tevcurve.bins.time_text import number_word
from tevcurve.errors import InputError
from tevcurve.kernels.blocks import BlockCells, find_blocks


@dataclass(frozen=True)
class BayesianBlocks(Binning):
    """See `bayesian_blocks`. p0: false-alarm probability."""

    name = "blocks"
    forms = ("blocks", "blocks 0.05")
    looks_at_events = True

    p0: float

    def lay(self, runs):
        """`TimeBins`, one for each block, in the order of time. runs: as for `bins`."""
        cells = event_cells(runs)
        first = find_blocks(block_cells(cells), block_penalty(int(cells.count.sum()), self.p0))
        return cells.bins(first, kind=f"Bayesian blocks, p0 = {self.p0:g}")

    def text(self):
        """Its text, such as "blocks 0.05"."""
        return f"{self.name} {number_word(self.p0)}"

    @classmethod
    def from_text(cls, given):
        """The binning of "blocks [P0]". given: `GivenText`."""
        return bayesian_blocks(given.number("the chance", 0.01))


def bayesian_blocks(p0=0.01):
    """A binning into blocks of constant flux, found on the ON events, with a false-alarm probability p0.

    The likelihood is that of ON events with a known background, or of ON and OFF events; exposure, dead time and
    gaps are accounted for (see `tevcurve.kernels.blocks`). Blocks start at ON events or with good time. Counts are
    summed over the energy band. Of all divisions it is the best one, to 0.005 in log likelihood for each block; the
    time that it takes grows with the number of events, hardly faster.

    p0 is the probability that a constant source gives more than one block. In simulations of one and of three runs
    with gaps, p0 = 0.1 gave 0.07 to 0.10 where the source is seen (statistical error 0.01 to 0.016); without a source
    it gave 0.03 to 0.05, because fluxes are not below 0. A background that the run's OFF events or response get
    wrong matters between runs only, not inside one.

    p0: above 0, at most 0.5. Raises InputError otherwise; `bins` does where runs overlap in time.
    Source: Scargle et al. 2013, ApJ 764, 167.
    """
    if not 0 < p0 <= 0.5:
        raise InputError(
            f"The p0 of Bayesian blocks is {p0!r}; wanted is a probability above 0, at most 0.5."
        )
    return BayesianBlocks(float(p0))


def block_penalty(n_events, p0):
    """Log likelihood that a further block must gain so that constant sources give one with probability p0.

    Parameters
    ----------
    n_events : int, ON events of the runs
    p0 : float, false-alarm probability

    A fit to simulations of constant sources with 5 to 3000 events, at p0 from 0.01 to 0.5; below 0.01 it goes on as
    -log(p0), as the likelihood ratio does. Equation 21 of Scargle et al. 2013, ncp_prior, is 0.2 to 0.5 lower: p0 is
    there for another set of change points, and with cells that start at events it gives 1.2 to 1.7 times as many.
    """
    events, chance = np.log(max(n_events, 5)), np.log(max(p0, 0.01))
    penalty = -0.250 + 0.574 * events - 1.148 * chance + 0.0454 * events * chance
    return penalty + chance - np.log(p0)


def block_cells(cells):
    """`BlockCells` of `EventCells`, runs in the order of time; a run without a source raises `InputError`.

    cells: `EventCells`.
    """
    signal = cells.per_run("signal_per_s")
    # Runs in the order of time; those without good time have no cells.
    runs, run = np.unique(cells.run, return_inverse=True)
    order = np.argsort([np.argmax(run == number) for number in range(len(runs))])
    rank = np.argsort(order)
    runs = runs[order]
    dark = runs[~(signal[runs] > 0)]
    if len(dark):
        raise InputError(
            f"Run {cells.lines[dark[0]].run_id} expects no events of the source; leave it out to find blocks."
        )
    alpha = cells.per_run("alpha")[runs] if cells.lines[0].has_off else None
    return BlockCells(
        count=cells.count,
        ontime_s=cells.ontime_s,
        run=rank[run],
        signal=signal[runs] / signal[runs].mean(),
        background=cells.per_run("background_rate")[runs],
        alpha=alpha,
    )
