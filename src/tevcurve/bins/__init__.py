"""Time binnings: objects whose method `bins(runs)` returns `TimeBins`, unions of half-open intervals.

Runs are observations, reduced runs, or anything with `run_id` and `gti`. The bins that look at events
(`by_counts`, `by_significance`, `bayesian_blocks`) ask runs for their `RunTimeline`.
`Binning` says what a binning is, `BINNINGS` has all of them by name; one of your own is added to it.
"""

from tevcurve.bins.adaptive import by_counts, by_significance
from tevcurve.bins.binning import BINNINGS, Binning
from tevcurve.bins.blocks import bayesian_blocks
from tevcurve.bins.ephemeris import Ephemeris
from tevcurve.bins.fixed import by_night, by_run
from tevcurve.bins.intervals import by_edges, by_intervals
from tevcurve.bins.phase import by_phase
from tevcurve.bins.pieces import BinPieces
from tevcurve.bins.time_bins import TimeBins
from tevcurve.bins.width import by_width, sliding

__all__ = [
    "BINNINGS",
    "BinPieces",
    "Binning",
    "Ephemeris",
    "TimeBins",
    "bayesian_blocks",
    "by_counts",
    "by_edges",
    "by_intervals",
    "by_night",
    "by_phase",
    "by_run",
    "by_significance",
    "by_width",
    "sliding",
]
