"""Records of what is wrong, the stage at which it came up, and the net that makes them of errors."""

from types import SimpleNamespace

import pytest

from tevcurve.errors import DataError, MissingError
from tevcurve.problems import (
    INTERNAL,
    Problem,
    alike,
    at_stage,
    attempt,
    note_again,
    noted_remarks,
    remark,
    remarks_told_once,
)
from tevcurve.run_id import RunId

RUN = SimpleNamespace(run_id=RunId.of(5))


def failing(error, *stages):
    """A call that raises an error inside of stages."""

    def call():
        if not stages:
            raise error
        with at_stage(stages[0]):
            return failing(error, *stages[1:])()

    return call


def test_what_works_is_given_back():
    assert attempt(RUN, lambda: "made") == ("made", None)


@pytest.mark.parametrize(
    ("stages", "stage"), [((), "reading"), (("events",), "events"), (("gti", "index"), "index")]
)
def test_the_innermost_stage_counts(stages, stage):
    assert attempt(RUN, failing(DataError("It is bad."), *stages)) == (
        None,
        Problem(RUN.run_id, stage, "It is bad."),
    )


def test_a_mistake_is_told_as_one_and_logged(caplog):
    _, problem = attempt(RUN, failing(KeyError("a\nb"), "psf"))
    assert problem == Problem(RUN.run_id, INTERNAL, r"KeyError at the stage psf: 'a\nb'.")
    assert "Traceback" in caplog.text
    assert "An internal error in run 5" in caplog.text


def test_memory_that_does_not_suffice_is_no_mistake(caplog):
    _, problem = attempt(RUN, failing(MemoryError(), "bkg"))
    assert problem == Problem(RUN.run_id, "bkg", "The memory does not suffice to read and reduce this run.")
    assert not caplog.text


@pytest.mark.parametrize("kind", [DataError, MissingError])
def test_strict_raises_with_the_run(kind):
    with pytest.raises(kind) as caught:
        attempt(RUN, failing(kind("It is bad.")), strict=True)
    assert str(caught.value) == "Run 5 cannot be used: It is bad."
    for error in (ZeroDivisionError, MemoryError):
        with pytest.raises(error):
            attempt(RUN, failing(error()), strict=True)


def test_someone_who_stops_it_stops_it():
    with pytest.raises(KeyboardInterrupt):
        attempt(RUN, failing(KeyboardInterrupt()))


def test_remarks_are_logged_and_noted_once_with_their_stage(caplog):
    remark("Nobody notes this.")
    with noted_remarks() as outer:
        with at_stage("gti"):
            remark("It is odd.")
            remark("It is odd.")
        with noted_remarks() as inner:
            remark("It is strange.")
        note_again(inner)
        note_again(inner)
    assert outer == [("gti", "It is odd."), ("reading", "It is strange.")]
    assert caplog.messages == ["Nobody notes this.", "It is odd.", "It is odd.", "It is strange."]


def odd(n, reason, stage="header"):
    return Problem(RunId.of(n, "FACT"), stage, reason, "warning")


def test_what_differs_in_files_and_numbers_only_is_alike():
    problems = [
        odd(12, "HDU EVENTS of /data/a_12.fits.gz has no keyword ALT_PNT."),
        odd(13, "HDU EVENTS of /data/b_13.fits.gz has no keyword ALT_PNT."),
        odd(13, "HDU EVENTS of /data/b_13.fits.gz has no keyword AZ_PNT."),
        odd("run a", "Observation run a has 5 of 100 events twice."),
        odd("run b", "Observation run b has 1e-3 of 7 events twice."),
        odd(14, "HDU EVENTS of c.fits has no keyword ALT_PNT.", stage="gti"),
        odd(12, "HDU EVENTS of /data/a_12.fits.gz has no keyword ALT_PNT."),
    ]
    assert alike(problems) == [problems[:2], problems[2:3], problems[3:5], problems[5:6]]
    assert alike([]) == []


def test_remarks_that_are_alike_are_logged_once(caplog):
    with remarks_told_once(), noted_remarks() as noted:
        for n in range(125):
            remark(f"HDU EVENTS of {n}.fits has no keyword ALT_PNT.")
        remark("It is odd.")
    assert len(noted) == 126
    assert caplog.messages == [
        "HDU EVENTS of 0.fits has no keyword ALT_PNT.",
        "It is odd.",
        "The same holds 124 more times, with other files or numbers: HDU EVENTS of 0.fits has no keyword ALT_PNT.",
    ]
    remark("HDU EVENTS of 0.fits has no keyword ALT_PNT.")
    assert len(caplog.messages) == 4


def test_a_remark_about_two_runs_is_said_to_hold_once_more(caplog):
    with remarks_told_once():
        for n in range(2):
            remark(f"Run {n} is odd.")
    assert caplog.messages[1:] == ["The same holds once more, with other files or numbers: Run 0 is odd."]
