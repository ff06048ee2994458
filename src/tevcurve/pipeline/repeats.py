"""Runs that are there twice: their events would count twice."""

import logging

from tevcurve.errors import DataError
from tevcurve.problems import Problem

log = logging.getLogger(__name__)


class Repeats:
    """Notices runs whose identity and good time were there before. Pieces of one run may share its identity.

    A run of an unknown instrument may be that of any: events never count twice.

    problems: list of `Problem`, of the runs that were there before.
    """

    def __init__(self):
        self.problems = []
        self._earlier = {}

    def without(self, runs, strict=False):
        """List of those runs that were not there before.

        Parameters
        ----------
        runs : sequence of `SourceRun`
        strict : bool, raises `DataError` for the first one that was
        """
        return [run for run in runs if self._is_new(run, strict)]

    def _is_new(self, run, strict):
        earlier = self._earlier.setdefault(run.run_id.obs_id, [])
        if not any(run.run_id.may_be(one) and len(gti.intersect(run.gti)) for one, gti in earlier):
            earlier.append((run.run_id, run.gti))
            return True
        reason = (
            f"OBS_ID {run.run_id} is there more than once with the same good time; the first one is used."
        )
        if strict:
            raise DataError(f"Run {run.run_id} cannot be used: {reason}")
        log.warning("%s", reason)
        self.problems.append(Problem(run.run_id, "index", reason))
        return False
