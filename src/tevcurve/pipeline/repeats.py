"""Runs that are there twice: their events would count twice."""

import logging

from tevcurve.errors import DataError
from tevcurve.problems import Problem

log = logging.getLogger(__name__)


class Repeats:
    """Notices runs whose OBS_ID and good time were there before. Parts of one run may share its OBS_ID.

    problems: list of `Problem`, of the runs that were there before.
    """

    def __init__(self):
        self.problems = []
        self._good_times = {}

    def without(self, runs, strict=False):
        """List of those runs that were not there before.

        runs: sequence of `SourceRun`. strict: bool, raises `DataError` for the first one that was.
        """
        return [run for run in runs if self._is_new(run, strict)]

    def _is_new(self, run, strict):
        earlier = self._good_times.setdefault(run.obs_id, [])
        if not any(len(gti.intersect(run.gti)) for gti in earlier):
            earlier.append(run.gti)
            return True
        reason = (
            f"OBS_ID {run.obs_id} is there more than once with the same good time; the first one is used."
        )
        if strict:
            raise DataError(f"Run {run.obs_id} cannot be used: {reason}")
        log.warning("%s", reason)
        self.problems.append(Problem(run.obs_id, "index", reason))
        return False
