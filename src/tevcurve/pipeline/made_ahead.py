"""What the processes that read runs make of these besides, so that the one that collects them has less to do."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from tevcurve.datasets.source_run import SourceRun
from tevcurve.lightcurve.origin import LightCurveOrigin
from tevcurve.pipeline.job import Job
from tevcurve.pipeline.temporary_runs import TemporaryRuns, write_whole
from tevcurve.problems import at_stage, noted_remarks, remark
from tevcurve.store.run_file import run_to_bytes
from tevcurve.store.stored_runs import RunEntry


@dataclass(frozen=True, eq=False)
class Ahead:
    """What was made of a run where it was read.

    Attributes
    ----------
    reduced : (terms, fates), or None where that is left to who collects the runs
    remarks : list of (stage, reason), what was odd about that
    entry : of the file that it waits in; None where it shall not wait in one
    content : the bytes of that file; None where it is there
    """

    reduced: tuple[Any, Any] | None
    remarks: list[tuple[str, str]]
    entry: RunEntry | None = None
    content: bytes | None = None


class MadeAhead:
    """Makes terms and files of runs where they are read, and has them until they are asked for.

    It is sent to the processes that read without what it has. Which run something is of goes by the object, so what
    was made of another one is never taken for it; it goes with the object.

    Parameters
    ----------
    job : `Job` that reads the runs
    with_files : whether the runs are to wait in files
    folder : of these files, where the processes that read are on this machine; else they send what is to be in them
    """

    def __init__(self, job: Job, with_files: bool, folder: TemporaryRuns | None = None):
        self._job, self._with_files, self.folder = job, with_files, folder
        self._made: WeakKeyDictionary[SourceRun, Ahead] = WeakKeyDictionary()

    def make(self, run: SourceRun) -> Ahead:
        """The `Ahead` of a run that was read here. run: `SourceRun`."""
        reduced = None
        with noted_remarks(aloud=False) as remarks:
            # Before all runs are there it is not known which energies are safe in all.
            if self._job.settings.common is None:
                try:
                    reduced = self._job.reduction(run)
                except Exception:
                    # Who collects the runs finds that out again, and tells it.
                    reduced = None
        return Ahead(reduced, list(remarks), *(self._in_file(run) if self._with_files else ()))

    def _in_file(self, run: SourceRun) -> tuple[RunEntry, bytes | None]:
        """(the entry of a run, its bytes; None where they are in the folder)."""
        content = run_to_bytes(run)
        entry = RunEntry.of(run, content)
        if self.folder is None or self.folder.is_full:
            return entry, content
        try:
            write_whole(self.folder.path / entry.file, content)
        except OSError:
            # Who collects the runs tries again, and tells it.
            return entry, content
        return entry, None

    def put(self, run: SourceRun, ahead: Ahead) -> None:
        """None; what was made of a run elsewhere is there.

        Parameters
        ----------
        run : `SourceRun` as it came from there
        ahead : what came with it
        """
        self._made[run] = ahead

    def file_of(self, run: SourceRun) -> tuple[RunEntry | None, bytes | None]:
        """(the entry of the file of a run, None where there is none; its bytes, None where they are there).

        They are gone then. run: `SourceRun`.
        """
        ahead = self._made.pop(run, None)
        if ahead is None:
            return None, None
        if ahead.reduced is not None:
            self._made[run] = replace(ahead, entry=None, content=None)
        return ahead.entry, ahead.content

    def reduction(self, origin: LightCurveOrigin) -> Callable[[SourceRun], tuple[Any, Any]]:
        """Function of a run to its terms and fates as an origin has them; what was made of it is gone then.

        origin: of the job. Where anything of that was settled otherwise since, all is made anew.
        """
        names = ("source", "axes", "settings", "field", "exclusion", "stacked", "below_zero")
        if any(getattr(origin, name) is not getattr(self._job, name) for name in names):
            return origin.reduction

        def reduced(run: SourceRun) -> tuple[Any, Any]:
            ahead = self._made.pop(run, None)
            if ahead is None or ahead.reduced is None:
                return origin.reduction(run)
            for stage, words in ahead.remarks:
                with at_stage(stage):
                    remark(words)
            return ahead.reduced

        return reduced

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": {}}
