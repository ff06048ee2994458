"""Time bins that are made already, as a binning."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tevcurve.bins.binning import Binning
from tevcurve.bins.good_time import BinnedRun
from tevcurve.bins.pieces import ANY_RUN
from tevcurve.bins.time_bins import TimeBins
from tevcurve.run_id import RunId

# In place of the number of a run that is not among those that the bins are laid over.
GONE = ANY_RUN - 1


@dataclass(frozen=True, eq=False)
class MadeBins(Binning):
    """The same bins whatever runs they are laid over, without the intervals, and the bins, of runs not among these.

    made: `TimeBins`. run_ids: sequence of the `RunId` of the runs that they were made of, in the order of these.
    """

    looks_at_events = False

    made: TimeBins
    run_ids: Sequence[RunId]

    def bins(self, runs: Sequence[BinnedRun] | BinnedRun) -> TimeBins:
        """The `TimeBins`. runs: sequence of anything that has `run_id` and `gti`, or one of them."""
        runs = list(runs) if isinstance(runs, Iterable) else [runs]
        place = {run.run_id: number for number, run in enumerate(runs)}
        places = np.array([*(place.get(run_id, GONE) for run_id in self.run_ids), ANY_RUN])
        run = places[self.made.run]  # the last one is that of intervals of all runs
        there = np.zeros(self.made.n_bins, dtype=bool)
        there[self.made.bin[run != GONE]] = True
        made = replace(self.made, run=run) if there.all() else replace(self.made, run=run).select(there)
        kept = made.run != GONE
        intervals = {name: getattr(made, name)[kept] for name in ("start", "stop", "bin", "run")}
        return replace(made, **intervals)
