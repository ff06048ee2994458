"""`tevcurve watch`, a process of its own that is killed while another one writes: `bench/watch_kills.py`, in small."""

import random
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def watch_kills(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    import watch_kills

    yield watch_kills
    sys.modules.pop("watch_kills")


def test_rows_and_alerts_are_those_of_one_call_whenever_it_is_killed(watch_kills, tmp_path):
    plan, options = watch_kills.night([[1] * 3, [8] * 4]), ["--method", "3d", "--safe-energy", "none"]
    plan = [
        (name, way, contents)
        for (name, _, contents), way in zip(plan, ("torn", "twice", "slow", "grows"), strict=True)
    ]
    folder, wanted = tmp_path / "killed", tmp_path / "once"
    for each in (folder, wanted):
        each.mkdir()
    watch_kills.killed_night(folder, plan, options, 2, random.Random(1))
    watch_kills.finish(wanted, folder / "data", options)
    assert watch_kills.what_differs(folder, wanted, in_order=True) == []
    assert watch_kills.looked_at(folder) == (4, 2)
