"""Time binnings: objects whose method `bins(runs)` returns `TimeBins`, unions of half-open intervals.

Runs are observations, reduced runs, or anything with `run_id` and `gti`. The bins that look at events
(`by_counts`, `by_significance`, `bayesian_blocks`) ask runs for their `RunTimeline`.
`Binning` says what a binning is, `BINNINGS` has all of them by name; one of your own is added to it.
"""

from tevcurve.on_demand import names_on_demand

_PLACES = {
    "BINNINGS": "tevcurve.bins.binning:BINNINGS",
    "BinPieces": "tevcurve.bins.pieces:BinPieces",
    "Binning": "tevcurve.bins.binning:Binning",
    "Ephemeris": "tevcurve.bins.ephemeris:Ephemeris",
    "TimeBins": "tevcurve.bins.time_bins:TimeBins",
    "bayesian_blocks": "tevcurve.bins.blocks:bayesian_blocks",
    "by_counts": "tevcurve.bins.adaptive:by_counts",
    "by_edges": "tevcurve.bins.intervals:by_edges",
    "by_intervals": "tevcurve.bins.intervals:by_intervals",
    "by_night": "tevcurve.bins.fixed:by_night",
    "by_phase": "tevcurve.bins.phase:by_phase",
    "by_run": "tevcurve.bins.fixed:by_run",
    "by_significance": "tevcurve.bins.adaptive:by_significance",
    "by_width": "tevcurve.bins.width:by_width",
    "sliding": "tevcurve.bins.width:sliding",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = names_on_demand(__name__, _PLACES)
