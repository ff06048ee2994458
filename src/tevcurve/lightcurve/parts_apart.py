"""Parts of one run that lie so far apart that they may be other runs, which were given its OBS_ID."""

from collections import Counter
from collections.abc import Iterable

from tevcurve.lightcurve.runs import RunFacts
from tevcurve.run_id import RunId

STAGE = "parts"
# Between the good time of one part and that of the next: a day of no telescope's run.
LONGEST_H = 12.0


def parts_apart(runs: Iterable[RunFacts]) -> dict[RunId, str]:
    """Dict of the `RunId` of each run that has parts so far apart to a sentence about it.

    runs: iterable of `RunFacts`, in the order of time.
    """
    runs = list(runs)
    several = {run_id for run_id, number in Counter(run.run_id for run in runs).items() if number > 1}
    ends: dict[RunId, tuple[float, object]] = {}
    longest: dict[RunId, float] = {}
    for run in runs:
        if run.run_id not in several or not len(run.gti.intervals):
            continue
        reference = run.gti.reference
        if run.run_id in ends:
            end, its = ends[run.run_id]
            hours = (run.gti.intervals[0, 0] - float(reference.convert(end, its))) / 3600
            longest[run.run_id] = max(hours, longest.get(run.run_id, 0.0))
        ends[run.run_id] = float(run.gti.intervals[-1, 1]), reference
    return {
        run_id: f"files of OBS_ID {run_id.obs_id} are taken for parts of one run, and are up to {hours:.0f} h apart; "
        "other runs would want OBS_IDs of their own"
        for run_id, hours in longest.items()
        if hours > LONGEST_H
    }
