"""The validation of alarms on changes with few draws."""

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("validation_on_path")


def test_a_few_runs_make_the_section(monkeypatch):
    from validation import live_alarms
    from validation.parts import joined

    # Thresholds have tests of their own.
    monkeypatch.setattr(
        live_alarms, "threshold_of", lambda name, *_: (_stretch(live_alarms, name), np.log(1e3))
    )
    kinds = {tuple(piece[:4]) for piece in live_alarms.pieces(1e-4)}
    assert len(kinds) == 16
    found = [
        live_alarms.measure("H.E.S.S.-like", source, kind, 10, 0, 4, np.random.default_rng(1))
        for source in ("empty", "steady")
        for kind in ("known", "whole")
    ]
    made = live_alarms.section(joined(found))
    assert "| H.E.S.S.-like | steady | a prior, whole detector | 10 h | 0.2 |" in made.text
    assert list(made.figures) == ["live-alarms.png"]


def test_intervals_are_those_of_poisson_counts():
    from scipy.stats import chi2
    from validation import live_alarms

    low, high = live_alarms.interval(100.0, 90)
    assert low == pytest.approx(chi2.ppf(0.025, 180) / 200)
    assert high == pytest.approx(chi2.ppf(0.975, 182) / 200)


def test_cells_that_miss_the_bar_are_told():
    from validation import live_alarms

    many = [["H.E.S.S.-like", "empty", "known", 10, 20000, 1400]]
    assert live_alarms.section({"alarms": many}).failures
    good = [["H.E.S.S.-like", "empty", "known", 10, 20000, 933]]
    assert live_alarms.section({"alarms": good}).failures == []


def _stretch(live_alarms, name):
    return live_alarms.Stretch(*live_alarms.places(name), live_alarms.SECONDS, 20.0)
