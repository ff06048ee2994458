"""Runs that are there twice: their events would count twice."""

import logging
from dataclasses import replace

from tevcurve.errors import DataError, InputError
from tevcurve.pipeline.instruments import same_run_words
from tevcurve.problems import Problem
from tevcurve.run_id import TELESCOPE

log = logging.getLogger(__name__)


class Repeats:
    """Notices runs whose identity and good time were there before. Pieces of one run may share its identity.

    A run of an unknown instrument may be that of any: events never count twice. What its files say counts here,
    whatever its instrument is called.

    problems: list of `Problem`, of the runs that were there before.

    known : iterable of `~tevcurve.lightcurve.runs.RunFacts`, of runs that are there already
    """

    def __init__(self, known=()):
        self.problems = []
        self._earlier = {}
        for run in known:
            self._note(run)

    def _note(self, run):
        there = self._earlier.setdefault(run.run_id.obs_id, [])
        there.append((run.run_id.instrument, of_files(run), run.gti))

    def without(self, runs, strict=False):
        """List of those runs that were not there before.

        Parameters
        ----------
        runs : sequence of `SourceRun`
        strict : bool, raises `DataError` for the first one that was

        Raises `InputError` for a run that was there before as one of an instrument that is called otherwise.
        """
        return [run for run in runs if self._is_new(run, strict)]

    def _is_new(self, run, strict):
        earlier = self._earlier.get(run.run_id.obs_id, ())
        same = next((name for name, one, gti in earlier if _is_same(run, one, gti)), None)
        if same is None:
            self._note(run)
            return True
        if same != run.run_id.instrument and TELESCOPE in run.facts:
            raise InputError(same_run_words(run.run_id, same, run.run_id.instrument))
        reason = (
            f"OBS_ID {run.run_id} is there more than once with the same good time; the first one is used."
        )
        if strict:
            raise DataError(f"Run {run.run_id} cannot be used: {reason}")
        log.warning("%s", reason)
        self.problems.append(Problem(run.run_id, "index", reason))
        return False


def of_files(run):
    """The `RunId` of a run with the instrument that its files say. run: what has a `run_id` and a `telescope`."""
    return replace(run.run_id, instrument=run.telescope)


def _is_same(run, one, gti):
    """Whether a run may be one of an identity by its files, and has good time in common with it."""
    return of_files(run).may_be(one) and len(gti.intersect(run.gti)) > 0
