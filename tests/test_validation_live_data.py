"""The validation of alarms on real data with few draws, and that its bars see what misses them."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytestmark = pytest.mark.usefixtures("validation_on_path")


def test_empty_positions_make_the_section(hess_dl3_dr1):
    from validation import live_off
    from validation.parts import joined

    found = live_off.measure(0, 1, None, hess_dl3_dr1)
    assert 0.4 < found["hours"][0] < 10
    assert all(alarms >= nights for _, nights, alarms in found["alarms"])
    many = {"hours": [351.0], "alarms": [[10, 28, 30], [30, 11, 12], [100, 4, 4]]}
    assert live_off.section(many).failures == []
    assert live_off.section(joined([many, {"hours": [0.0], "alarms": [[100, 9, 9]]}])).failures
    assert "| 10 h | 35.1 | 28 | 30 |" in live_off.section(many).text


def test_likely_counts_are_those_of_a_poisson_distribution():
    from scipy.stats import poisson
    from validation.live_off import is_likely

    for expected in (3.5, 11.7, 35.1):
        low, high = poisson.ppf([0.005, 0.995], expected)
        inside = [count for count in range(100) if is_likely(count, expected)]
        assert (inside[0], inside[-1]) == (low, high)


def test_the_flare_night_makes_the_section(hess_dl3_dr1):
    from validation import live_flare

    found = live_flare.measure("night", "3d", "all", None, hess_dl3_dr1)
    ((*_, seconds, live, flux, error),) = found["night"]
    assert live < seconds < 90
    assert flux > 5 * error / 2
    assert len(live_flare.pieces(1)) == 6
    night = [
        [method, energies, 70.0, 68.0, 1e-10, 3e-11]
        for method in ("3d", "1d")
        for energies in live_flare.ENERGIES
    ]
    logs = {"thresholds": [[f, 14.0, 15.0] for f in live_flare.SHARES]}
    good = {"night": night, "thinned": [[f, 105.0, 100.0] for f in live_flare.SHARES]} | logs
    assert live_flare.section(good).failures == []
    late = {"night": night, "thinned": [[f, 120.0, 100.0] for f in live_flare.SHARES]} | logs
    assert live_flare.section(late).failures == ["live flare: thinned flares are seen too late"]


def test_a_thinned_flare_keeps_a_share_of_the_source_and_all_else(hess_dl3_dr1):
    from validation import live_flare

    from tevcurve.live.replay import replay

    lc = live_flare.curve(hess_dl3_dr1, live_flare.FLARE[:1])
    run = replay(lc, "3e-12 cm-2 s-1").runs[0]
    flux, share, rng = 5.0, 0.3, np.random.default_rng(1)
    chance = flux * run.signal / (flux * run.signal + run.background)
    kept = [len(live_flare.thinned(run, lambda time: flux + 0 * time, share, rng).time_s) for _ in range(40)]
    wanted = len(chance) - (1 - share) * chance.sum()
    assert abs(np.mean(kept) - wanted) < 4 * np.sqrt(0.25 * len(chance) / 40)
    whole = live_flare.thinned(run, lambda time: flux + 0 * time, 1.0, rng)
    assert whole.is_same_as(run)


def test_delays_are_of_good_time():
    from validation import live_flare

    from tevcurve.data.time import TimeReference
    from tevcurve.live.detector import Detector
    from tevcurve.live.passed import Alarm
    from tevcurve.live.stretches import RunStretch
    from tevcurve.run_id import RunId

    clock, none = TimeReference(55000, 0.0), np.zeros(0)
    good = np.array([[0.0, 100.0], [150.0, 200.0]])
    run = RunStretch(RunId.of(1), clock, good, *[none] * 4, 1.0, np.array([0.0, 200.0]), np.ones(1))
    late = replace(run, intervals=good + 300.0, edges_s=np.array([300.0, 500.0]))
    detector = Detector(None, {}, clock)

    def at(time):
        return [Alarm(run.run_id, time, time, (0, 0, 0.0), 0.0, 0.0, (0.0, 0.0), None, 0.0, 0.0)]

    for time, wanted in ((60.0, 60.0), (170.0, 120.0), (310.0, 160.0)):
        assert_allclose(live_flare.delay([run, late], detector, at(time)), wanted)
    assert live_flare.delay([run, late], detector, []) == 300.0
