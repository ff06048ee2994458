"""Runs that are there twice: their events would count twice."""

import logging

from tevcurve.errors import DataError
from tevcurve.problems import Problem

log = logging.getLogger(__name__)


def without_repeats(runs, strict=False):
    """(runs, repeated): the runs whose OBS_ID and good time were not there before, and the `Problem`s of the others.

    Parts of one run may share its OBS_ID where they share no good time.

    runs: sequence of `KeptRun`. strict: bool, raises `DataError` for the first one instead.
    """
    first, kept, repeated = {}, [], []
    for run in runs:
        earlier = first.setdefault(run.obs_id, [])
        if any(len(other.gti.intersect(run.gti)) for other in earlier):
            reason = (
                f"OBS_ID {run.obs_id} is there more than once with the same good time; the first one is used."
            )
            if strict:
                raise DataError(f"Run {run.obs_id} cannot be used: {reason}")
            log.warning("%s", reason)
            repeated.append(Problem(run.obs_id, "index", reason))
            continue
        earlier.append(run)
        kept.append(run)
    return kept, repeated
