"""What was made of a run where it was read is taken for that run only, and only as long as all is settled as it was."""

import pickle
import weakref
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from tevcurve.errors import DataError
from tevcurve.pipeline.made_ahead import Ahead, MadeAhead
from tevcurve.problems import at_stage, remark


def reduced(run):
    if run.is_bad:
        raise DataError("It has no area.")
    with at_stage("off regions"):
        remark(f"Run {run.number} has few regions.")
    return f"terms {run.number}", "fates"


def job_of(reduction=reduced, common=None):
    """As much of a job, or of an origin, as is asked for."""
    rest = dict.fromkeys(("source", "axes", "field", "exclusion", "stacked", "below_zero"))
    return SimpleNamespace(settings=SETTINGS[common], reduction=reduction, **rest)


SETTINGS = {common: SimpleNamespace(common=common) for common in (None, "unsettled", "settled")}


@dataclass(frozen=True, eq=False)
class Run:
    number: int
    is_bad: bool = False


run_of = Run


def never(run):
    raise AssertionError("It is there.")


def test_terms_are_taken_once_with_what_was_odd(caplog):
    ahead, run = MadeAhead(job_of(), False), run_of(1)
    ahead.put(run, ahead.make(run))
    assert caplog.messages == []
    assert ahead.file_of(run) == (None, None)
    assert ahead.reduction(job_of(never))(run) == ("terms 1", "fates")
    assert caplog.messages == ["Run 1 has few regions."]
    with pytest.raises(AssertionError):
        ahead.reduction(job_of(never))(run)


def test_a_run_that_cannot_be_reduced_is_told_by_who_collects():
    ahead, run = MadeAhead(job_of(), False), run_of(1, is_bad=True)
    ahead.put(run, ahead.make(run))
    with pytest.raises(DataError, match="It has no area"):
        ahead.reduction(job_of())(run)


def test_what_was_settled_since_is_made_anew():
    ahead, run = MadeAhead(job_of(), False), run_of(1)
    ahead.put(run, ahead.make(run))
    assert ahead.reduction(job_of(lambda run: "anew", "settled"))(run) == "anew"
    unsettled = MadeAhead(job_of(never, "unsettled"), False)
    assert unsettled.make(run).reduced is None


def test_nothing_of_other_runs_is_sent_along():
    ahead, run = MadeAhead(job_of(), True), run_of(1)
    ahead.put(run, SimpleNamespace(entry="entry", content=b"bytes", reduced=None))
    assert len(pickle.loads(pickle.dumps(ahead))._made) == 0
    assert ahead.file_of(run_of(1)) == (None, None)


def test_runs_that_nothing_more_is_wanted_of_are_let_go():
    """Those that others hold whole, and, with energies safe in all, those that wait in files."""
    dropped, waiting, ahead = run_of(1), run_of(2), MadeAhead(job_of(), True)
    ahead.put(dropped, SimpleNamespace(entry="entry", content=b"bytes", reduced="terms"))
    ahead.put(waiting, Ahead(None, [], "entry", b"bytes"))
    assert ahead.file_of(waiting) == ("entry", b"bytes")
    alive = [weakref.ref(dropped), weakref.ref(waiting)]
    del dropped, waiting
    assert [one() for one in alive] == [None, None]
