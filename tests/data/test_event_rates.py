"""Stretches of good time without events, or with too few."""

import numpy as np
import pytest
from scipy.stats import binom

from tevcurve.data import DataStore
from tevcurve.data.event_rates import (
    RATE_CHANCE,
    longest_gap,
    remark_rates,
    seconds_after_last,
    sharpest_step,
)
from tevcurve.data.events import EventList
from tevcurve.data.gti import GTI
from tevcurve.data.time import TimeReference
from tevcurve.files import FitsFile
from tevcurve.problems import noted_remarks


def test_the_longest_gap_is_one_of_good_time():
    intervals = np.array([[0.0, 100.0], [1000.0, 1100.0]])
    seconds, start, stop, _ = longest_gap(np.array([10.0, 90.0, 1020.0]), intervals)
    # From 1020 s to the end are 80 s, and from 10 to 90 s as many; from 90 over the pause to 1020 s only 30.
    assert seconds == 80
    assert (start, stop) in ((10.0, 90.0), (1020.0, 1100.0))


def test_the_chance_of_a_gap_is_that_of_uniform_events():
    # At the rate itself (n + 1) exp(-n g / T) holds for uniform events; a third of the rate is on the safe side.
    rng = np.random.default_rng(2)
    intervals, n = np.array([[0.0, 1.0]]), 50
    times = np.sort(rng.uniform(0, 1, (4000, n)), axis=1)
    gaps = np.array([longest_gap(one, intervals)[0] for one in times])
    for gap in (0.08, 0.12, 0.16):
        assert np.mean(gaps > gap) < (n + 1) * np.exp(-n * gap) + 3 / np.sqrt(len(times))


@pytest.mark.parametrize(
    ("kept", "place"), [((0, 500), "the last"), ((500, 1000), "the first"), ((0, 0), "from 299.7 to 600.2 s")]
)
def test_events_that_stop_before_the_good_time_does_are_told(kept, place):
    time = np.sort(np.random.default_rng(3).uniform(0, 1000, 2000))
    inside = (time >= kept[0]) & (time < kept[1]) if kept[1] else (time < 300) | (time > 600)
    with noted_remarks() as remarks:
        remark_rates(time[inside], np.array([[0.0, 1000.0]]), "x")
    assert f"x has no event in {place}" in remarks[0][1]


def test_rates_that_change_with_the_zenith_angle_are_not_told():
    rng = np.random.default_rng(4)
    with noted_remarks() as remarks:
        for n in (5, 50, 500, 5000):
            for _ in range(100):
                time = rng.uniform(0, 1000, 2 * n)
                # The rate falls to half of what it was.
                time = np.sort(time[rng.uniform(0, 1, len(time)) < 1 - time / 2000])
                remark_rates(time, np.array([[0.0, 1000.0]]), "x")
    assert not remarks
    assert RATE_CHANCE == 1e-6


def test_one_public_run_ends_before_its_good_time(hess_dl3_dr1):
    # The list of run 20283 ends after 1180 of 1683 s, as one sees in its file; no other run is told of.
    told = {}
    for observation in DataStore.from_dir(hess_dl3_dr1).get_observations():
        with noted_remarks() as remarks:
            remark_rates(np.sort(observation.good_events.time_s), observation.gti.intervals, "x")
        if remarks:
            told[observation.obs_id] = remarks[0][1]
        observation.release()
    assert list(told) == [20283]
    assert "no event in the last 503.2 s of 1683.0 s" in told[20283]


def thinned(rng, n, share, first, last):
    """Times in 0 to 1000 s, only a share of which is left between two."""
    time = np.sort(rng.uniform(0, 1000, n))
    return time[(time < first) | (time >= last) | (rng.uniform(size=n) < share)]


@pytest.mark.parametrize(("first", "last"), [(500, 1000), (0, 250), (375, 625), (900, 1000)])
def test_events_of_which_some_are_missing_over_a_stretch_are_told(first, last):
    time = thinned(np.random.default_rng(5), 10000, 0.4, first, last)
    with noted_remarks() as remarks:
        remark_rates(time, np.array([[0.0, 1000.0]]), "x")
    ((_, words),) = remarks
    step = sharpest_step(time, np.array([[0.0, 1000.0]]))
    assert (
        f"x has {step.before} events from {step.start:.1f} to {step.time:.1f} s, and {step.after} in as"
        in words
    )
    # Near the end of one of 32 pieces.
    assert min(abs(step.time - first), abs(step.time - last)) <= 32
    assert np.count_nonzero((time >= step.start) & (time < step.time)) == step.before
    assert np.count_nonzero((time >= step.time) & (time < step.stop)) == step.after


def test_steps_are_of_good_time():
    # The second half of the good time lies 5000 s later, and half of its events are gone.
    time = thinned(np.random.default_rng(6), 5000, 0.5, 500, 1000)
    intervals = np.array([[0.0, 500.0], [5500.0, 6000.0]])
    step = sharpest_step(np.where(time < 500, time, time + 5000), intervals)
    assert (step.start, step.time, step.stop) == (250, 500, 5750)
    assert step.chance < RATE_CHANCE


def test_the_chance_of_a_step_is_a_bound_for_that_of_few_events():
    rng = np.random.default_rng(7)
    for n in (40, 400, 4000):
        step = sharpest_step(thinned(rng, n, 0.3, 0, 500), np.array([[0.0, 1000.0]]))
        few, total = min(step.before, step.after), step.before + step.after
        assert binom.cdf(few, total, 0.8 / 1.8) <= step.chance


def test_chances_are_not_reached_by_chance():
    rng = np.random.default_rng(8)
    intervals = np.array([[0.0, 1000.0]])
    chances = [sharpest_step(thinned(rng, 400, 0.8, 0, 500), intervals).chance for _ in range(2000)]
    assert np.mean(np.array(chances) < 0.01) < 0.01


def test_a_source_that_varies_is_no_fault():
    rng = np.random.default_rng(9)
    field, flare = np.sort(rng.uniform(0, 1000, 500)), rng.uniform(0, 300, 2000)
    time = np.concatenate([field, flare])
    order = np.argsort(time)
    away = (np.arange(2500) < 500)[order]
    with noted_remarks() as remarks:
        remark_rates(time[order], np.array([[0.0, 1000.0]]), "x", lambda: away)
    assert not remarks
    with noted_remarks() as remarks:
        remark_rates(time[order], np.array([[0.0, 1000.0]]), "x")
    assert remarks


def test_public_runs_of_others_have_one_gap(gammapy_data):
    # Run 238 of FACT's 2013-11-05 has no event in its second half; nothing else is told of.
    told, n_lists = [], 0
    for path in sorted(
        one for name in ("others", "magic") for one in (gammapy_data / name).glob("**/*.fits*")
    ):
        tables = {hdu.name: hdu for hdu in FitsFile.open(path).tables()}
        if not {"EVENTS", "GTI"} <= set(tables):
            continue
        events = EventList.from_hdu(tables["EVENTS"], path.name)
        intervals = GTI.from_hdu(tables["GTI"], path.name, events.reference)
        n_lists += 1
        with noted_remarks() as remarks:
            remark_rates(
                np.sort(events.time_s[intervals.contains(events.time_s)]), intervals.intervals, path.name
            )
        told += [(path.name, words) for _, words in remarks]
    assert n_lists >= 130
    assert [name for name, _ in told] == ["20131105_238_dl3.fits"]


def test_good_time_after_the_last_event_is_told_where_chance_leaves_none():
    rng, reference = np.random.default_rng(3), TimeReference(51910, 0.0)
    times = np.sort(rng.uniform(0, 300, 600))
    # 2 events per s: nothing comes for 13.8 / 2 s with a chance of 1e-6.
    for planned, missing in ((303.0, 0.0), (306.0, 0.0), (310.0, 10.0), (1680.0, 1380.0)):
        found = seconds_after_last(times, GTI([0], [planned], reference))
        assert found == pytest.approx(missing, abs=0.1)
    # A pause is no good time.
    assert seconds_after_last(times, GTI([0, 900], [303, 903], reference)) == 0
    assert seconds_after_last(times, GTI([0, 900], [303, 920], reference)) == pytest.approx(23, abs=0.1)
    assert seconds_after_last(times[:0], GTI([0], [1680], reference)) == 0
    # Whole lists are hardly ever taken for such ones.
    ends = [seconds_after_last(rng.uniform(0, 75, 40), GTI([0], [75], reference)) for _ in range(2000)]
    assert not any(ends)
