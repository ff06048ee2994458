"""What the processes that read runs make of these besides, so that the one that collects them has less to do."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tevcurve.datasets.source_run import SourceRun
from tevcurve.lightcurve.origin import LightCurveOrigin
from tevcurve.pipeline.job import Job
from tevcurve.problems import at_stage, noted_remarks, remark
from tevcurve.store.run_file import run_to_bytes


@dataclass(frozen=True, eq=False)
class Ahead:
    """What was made of a run where it was read.

    Attributes
    ----------
    reduced : (terms, fates), or None where that is left to who collects the runs
    remarks : list of (stage, reason), what was odd about that
    content : its bytes, or None
    """

    reduced: tuple[Any, Any] | None
    remarks: list[tuple[str, str]]
    content: bytes | None


class MadeAhead:
    """Makes terms and bytes of runs where they are read, and has them until they are asked for.

    It is sent to the processes that read without what it has. Which run something is of goes by the object, so what
    was made of another one is never taken for it.

    Parameters
    ----------
    job : `Job` that reads the runs
    with_bytes : whether the runs are to wait in files
    """

    def __init__(self, job: Job, with_bytes: bool):
        self._job, self._with_bytes = job, with_bytes
        self._made: dict[int, tuple[SourceRun, Ahead]] = {}

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
        return Ahead(reduced, list(remarks), run_to_bytes(run) if self._with_bytes else None)

    def put(self, run: SourceRun, ahead: Ahead) -> None:
        """None; what was made of a run elsewhere is there.

        Parameters
        ----------
        run : `SourceRun` as it came from there
        ahead : what came with it
        """
        self._made[id(run)] = run, ahead

    def content(self, run: SourceRun) -> bytes | None:
        """The bytes of a run, None where they were not made; they are gone then. run: `SourceRun`."""
        _, ahead = self._made.get(id(run), (run, None))
        if ahead is None or ahead.content is None:
            return None
        self._made[id(run)] = run, replace(ahead, content=None)
        return ahead.content

    def reduction(self, origin: LightCurveOrigin) -> Callable[[SourceRun], tuple[Any, Any]]:
        """Function of a run to its terms and fates as an origin has them; what was made of it is gone then.

        origin: of the job. Where anything of that was settled otherwise since, all is made anew.
        """
        names = ("source", "axes", "settings", "field", "exclusion", "stacked", "below_zero")
        if any(getattr(origin, name) is not getattr(self._job, name) for name in names):
            return origin.reduction

        def reduced(run: SourceRun) -> tuple[Any, Any]:
            _, ahead = self._made.pop(id(run), (run, None))
            if ahead is None or ahead.reduced is None:
                return origin.reduction(run)
            for stage, words in ahead.remarks:
                with at_stage(stage):
                    remark(words)
            return ahead.reduced

        return reduced

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": {}}
