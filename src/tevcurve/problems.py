"""What is wrong or odd with a run, as a record, and the net that makes one of an error."""

import logging
import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from tevcurve.errors import TevcurveError
from tevcurve.run_id import FIELDS, RunId

log = logging.getLogger(__name__)

FAILED, WARNING, NOT_CHOSEN = "failed", "warning", "not chosen"
INTERNAL = "internal error"
_stage = ContextVar("stage", default="reading")
_remarks = ContextVar("remarks", default=None)
_said = ContextVar("said", default=None)
# What a log record of `warn` has as an attribute, so that another process counts it.
OF_MANY = "of_many"
_aloud = ContextVar("aloud", default=True)
# What is of one run in a sentence that is said of many: names of files and numbers.
_OWN = re.compile(r"\S+\.(?:fits|fit|fts)\S*|\d(?:[\d.]|e[+-]?\d)*")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a run, or odd about it.

    Attributes
    ----------
    run_id : `RunId`
    stage : str, where it came up: index, events, gti, aeff, edisp, psf, bkg, off regions, reduction, internal error ...
    reason : str, one sentence
    kind : str, "failed" (the run cannot be used), "not chosen" (it was not asked for), or "warning" (it is used)
    file : str, name of the file of its events, by which parts of a run are told that could not be read; else ""
    source : str, name of the one of several sources that it is of; "" for all
    """

    run_id: RunId
    stage: str
    reason: str
    kind: str = FAILED
    file: str = field(default="", compare=False)
    source: str = ""

    @property
    def obs_id(self):
        """OBS_ID of its run, str."""
        return self.run_id.obs_id

    def plain(self):
        """Dict of what it says, as JSON has it."""
        said = {"stage": self.stage, "reason": self.reason, "kind": self.kind}
        more = {name: value for name in ("file", "source") if (value := getattr(self, name))}
        return {**self.run_id.plain(), **said, **more}

    @classmethod
    def from_plain(cls, values):
        """The problem of a dict as `plain` gives it. Raises KeyError or `DataError` where it is none.

        values: dict.
        """
        run_id = RunId.from_plain({name: values[name] for name in FIELDS})
        return cls(
            run_id,
            values["stage"],
            values["reason"],
            values["kind"],
            values.get("file", ""),
            values.get("source", ""),
        )


def in_order(problems):
    """Tuple of the problems of runs, whatever order they came in: those that could not be read, then the reduced ones.

    problems: iterable of `Problem`.
    """
    return tuple(sorted(problems, key=lambda one: (one.stage == "reduction", one.run_id)))


def alike(problems):
    """The problems of runs in groups that differ in their runs, files and numbers only, in the order of the first ones.

    For people: a sentence that is the same of many runs is told once.

    problems: iterable of `Problem`.
    Returns a list of lists of `Problem`, in each of which a run is there once.
    """
    groups = {}
    for one in problems:
        obs_id = one.run_id.obs_id
        reason = one.reason if obs_id.isdecimal() else one.reason.replace(obs_id, "0")
        groups.setdefault((one.kind, one.stage, without_own(reason)), {}).setdefault(one.run_id, one)
    return [list(group.values()) for group in groups.values()]


def without_own(reason):
    """A sentence without the files and numbers that are of one run, so that those of many can be compared, str.

    reason: str.
    """
    return _OWN.sub("0", reason)


@contextmanager
def remarks_told_once():
    """Inside, warnings of runs that differ in files and numbers only are logged once, and at the end their number.

    Each remark is noted nevertheless.
    """
    if _said.get() is not None:
        yield
        return
    said = {}
    token = _said.set(said)
    try:
        yield
    finally:
        _said.reset(token)
        for logger, first, *others in said.values():
            if others:
                times = "once more" if len(others) == 1 else f"{len(others)} more times"
                logger.warning("The same holds %s, with other files or numbers: %s", times, first)


@contextmanager
def remarks_told_each():
    """Inside, each warning of a run is logged, since another process counts them (`warn`)."""
    token = _said.set(None)
    try:
        yield
    finally:
        _said.reset(token)


@contextmanager
def at_stage(name):
    """Inside, what goes wrong or is remarked is said to be of a stage; the innermost one counts.

    name: str, of the stage.
    """
    token = _stage.set(name)
    try:
        yield
    except Exception as error:
        if not hasattr(error, "stage"):
            error.stage = name
        raise
    finally:
        _stage.reset(token)


def remark(reason):
    """Notes something odd that can be used, in the log and for the ledger of a run that is being read.

    reason: str, one sentence.
    """
    if _aloud.get():
        warn(log, reason)
    note_again([(_stage.get(), reason)])


def warn(logger, reason):
    """Warns of a run in a log, or counts where the same was said of another one (`remarks_told_once`).

    Parameters
    ----------
    logger : `logging.Logger`
    reason : str, one sentence
    """
    said = _said.get()
    if said is not None:
        group = said.setdefault(without_own(reason), [logger])
        group.append(reason)
        if len(group) > 2:
            return
    logger.warning("%s", reason, extra={OF_MANY: True})


def note_again(remarks):
    """Notes remarks that were made before, as (stage, reason), for the ledger only.

    remarks: iterable of (stage, reason), str.
    """
    noted = _remarks.get()
    if noted is not None:
        noted.extend(one for one in remarks if one not in noted)


@contextmanager
def noted_remarks(aloud=True):
    """A list that is filled with the remarks made inside, as (stage, reason).

    aloud: bool, whether the log has them, too.
    """
    tokens = _remarks.set([]), _aloud.set(aloud and _aloud.get())
    try:
        yield _remarks.get()
    finally:
        _remarks.reset(tokens[0])
        _aloud.reset(tokens[1])


def attempt(run, call, strict=False):
    """(what a call returns, None), or (None, the `Problem` with its run).

    An error that is not of this package is a mistake in it: its traceback goes to the log, and the problem says so.

    Parameters
    ----------
    run : with `run_id`, for which it is asked only where something is wrong
    call : without arguments
    strict : bool, whether errors are raised, with the run in their words
    """
    try:
        return call(), None
    except TevcurveError as error:
        if strict:
            raise type(error)(f"Run {run.run_id} cannot be used: {error}") from error
        stage = getattr(error, "stage", "reading")
        return None, Problem(run.run_id, stage, str(error), file=events_file(run))
    except MemoryError as error:
        if strict:
            raise
        reason = "The memory does not suffice to read and reduce this run."
        stage = getattr(error, "stage", "reading")
        return None, Problem(run.run_id, stage, reason, file=events_file(run))
    except Exception as error:
        if strict:
            raise
        log.exception("An internal error in run %s:", run.run_id)
        words = " ".join(str(error).split()).rstrip(".")
        where = getattr(error, "stage", "reading")
        reason = f"{type(error).__name__} at the stage {where}: {words}."
        return None, Problem(run.run_id, INTERNAL, reason, file=events_file(run))


def events_file(run):
    """The name of the file that the events of an observation are in, str, "" where there is none.

    run: the observation, or what has no `addresses` of HDUs.
    """
    addresses = getattr(run, "addresses", ())
    return next((one.path.name for one in addresses if one.hdu_type == "events"), "")
