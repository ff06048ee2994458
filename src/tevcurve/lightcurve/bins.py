"""Time binnings: the room `tevcurve.bins`, where users import them from."""

from tevcurve.bins import (
    BINNINGS,
    Binning,
    BinPieces,
    Ephemeris,
    TimeBins,
    bayesian_blocks,
    by_counts,
    by_edges,
    by_intervals,
    by_night,
    by_phase,
    by_run,
    by_significance,
    by_width,
    sliding,
)

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
