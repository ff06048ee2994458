"""Two hundred damaged stores, and what the campaign itself must see."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tevcurve.errors import DataError

BENCH = Path(__file__).resolve().parent.parent / "bench"
N_CASES, N_BATCHES = 200, 10


@pytest.fixture(scope="module", autouse=True)
def bench_on_path():
    sys.path.insert(0, str(BENCH))
    yield
    sys.path.remove(str(BENCH))


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    from fuzz import Campaign
    from fuzzing.stores import bases, data_folder

    return Campaign(tmp_path_factory.mktemp("fuzz"), bases(data_folder()))


def test_damaged_stores_end_in_a_light_curve_or_a_sentence(campaign):
    kinds = set()
    for number in range(N_CASES):
        case, outcome = campaign.run(number)
        assert not outcome.findings, f"python bench/fuzz.py --case {number}: {case} {outcome}"
        kinds.add(outcome.kind)
    assert kinds == {"result", "error"}


def test_a_tenth_of_the_runs_damaged_leaves_the_others_as_they_are(tmp_path):
    from fuzz import Campaign
    from fuzzing.stores import simulated

    batches = Campaign(tmp_path, [simulated("2d", 20)])
    n_left_out = 0
    for number in range(N_BATCHES):
        case, outcome = batches.run(number)
        assert len(case.damaged) == 2
        assert outcome.kind == "result"
        assert not outcome.findings, f"{case} {outcome}"
        n_left_out += outcome.words.count("is left out")
    assert n_left_out > 0


def use_memory():
    return bytearray(2**31)


def hang():
    time.sleep(60)


def use_time():
    while True:
        sum(range(1000))


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def make_a_mistake():
    raise ZeroDivisionError("a mistake")


def say_nothing():
    raise DataError("no")


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (use_memory, "traceback"),
        (hang, "time limit"),
        (use_time, "time limit"),
        (die, "crash"),
        (make_a_mistake, "traceback"),
        (say_nothing, "error"),
    ],
)
def test_what_must_not_happen_is_found(campaign, monkeypatch, act, kind):
    monkeypatch.setattr("fuzzing.cases.light_curve_of", lambda *_: act())
    monkeypatch.setattr("fuzzing.cases.SECONDS", 1)
    monkeypatch.setattr("fuzzing.cases.HANGS", 3)
    monkeypatch.setattr(campaign, "_rows_of_others", lambda case: None)
    _, outcome = campaign.run(0)
    assert outcome.kind == kind
    assert outcome.findings


def test_rows_that_change_are_found(campaign, monkeypatch):
    monkeypatch.setattr(campaign, "_rows_of_others", lambda case: {"54224.0 1": ["1.0"]})
    for number in range(20):
        _, outcome = campaign.run(number)
        assert any("of another run" in one for one in outcome.findings) == (outcome.kind == "result")


def test_a_case_is_the_same_at_each_call(campaign, tmp_path):
    from fuzzing.cases import make_case

    made = [make_case(17, 1, campaign.bases, tmp_path / name, campaign._pristine) for name in "ab"]
    assert made[0] == made[1]
    for path in made[0].damaged:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()
