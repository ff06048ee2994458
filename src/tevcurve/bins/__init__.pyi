from tevcurve.bins.adaptive import by_counts as by_counts
from tevcurve.bins.adaptive import by_significance as by_significance
from tevcurve.bins.binning import BINNINGS as BINNINGS
from tevcurve.bins.binning import Binning as Binning
from tevcurve.bins.blocks import bayesian_blocks as bayesian_blocks
from tevcurve.bins.ephemeris import Ephemeris as Ephemeris
from tevcurve.bins.fixed import by_night as by_night
from tevcurve.bins.fixed import by_run as by_run
from tevcurve.bins.intervals import by_edges as by_edges
from tevcurve.bins.intervals import by_intervals as by_intervals
from tevcurve.bins.phase import by_phase as by_phase
from tevcurve.bins.pieces import BinPieces as BinPieces
from tevcurve.bins.time_bins import TimeBins as TimeBins
from tevcurve.bins.width import by_width as by_width
from tevcurve.bins.width import sliding as sliding

__all__: list[str]
