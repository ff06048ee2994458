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

    Runs are known by their `RunId` and their good time: pieces of one observation have one `RunId`.

    made: `TimeBins`. known_by: sequence of what tells each of the runs that their intervals are of, by the numbers that
    these have in them.
    """

    looks_at_events = False

    made: TimeBins
    known_by: Sequence[tuple[RunId, bytes]]

    @classmethod
    def of(cls, made: TimeBins, runs: Iterable[BinnedRun]) -> "MadeBins":
        """The binning of `TimeBins`.

        Parameters
        ----------
        made : `TimeBins`
        runs : those that they were made of, in their order
        """
        # Only those that the bins speak of: a few bins of a long light curve are of a few of its runs.
        runs = runs if isinstance(runs, Sequence) else list(runs)
        own, place = np.unique(made.run[made.run != ANY_RUN], return_inverse=True)
        run = made.run.copy()
        run[made.run != ANY_RUN] = place
        return cls(replace(made, run=run), [known_by(runs[number]) for number in own.tolist()])

    def bins(self, runs: Sequence[BinnedRun] | BinnedRun, together: bool = False) -> TimeBins:
        """The `TimeBins`.

        Parameters
        ----------
        runs : sequence of anything that has `run_id` and `gti`, or one of them
        together : is not looked at: bins that were laid over all instruments together stay so
        """
        runs = list(runs) if isinstance(runs, Iterable) else [runs]
        place = {known_by(run): number for number, run in enumerate(runs)}
        places = np.array([*(place.get(key, GONE) for key in self.known_by), ANY_RUN])
        run = places[self.made.run]  # the last one is that of intervals of all runs
        there = np.zeros(self.made.n_bins, dtype=bool)
        there[self.made.bin[run != GONE]] = True
        made = replace(self.made, run=run) if there.all() else replace(self.made, run=run).select(there)
        kept = made.run != GONE
        intervals = {name: getattr(made, name)[kept] for name in ("start", "stop", "bin", "run")}
        return replace(made, **intervals)


def known_by(run: BinnedRun) -> tuple[RunId, bytes]:
    """What tells a run from all others, those of the same `RunId` among them.

    run: with `run_id` and `gti`.
    """
    return run.run_id, run.gti.intervals.tobytes()
