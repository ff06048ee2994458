"""The detector on simulated runs: it sees a step, takes the new flux for the quiet one, and rests on data alone."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.data.time import TimeReference
from tevcurve.errors import InputError
from tevcurve.live import follower
from tevcurve.live.detector import Detector
from tevcurve.live.settings import DetectorSettings, crab_flux
from tevcurve.live.stretches import RunStretch, joined, together
from tevcurve.run_id import RunId

CLOCK = TimeReference(55000, 0.0)
# Events per s at two places, and of the background elsewhere.
SIGNAL, BACKGROUND, ELSEWHERE = np.array([0.04, 0.02]), np.array([0.01, 0.05]), 0.8
SETTINGS = DetectorSettings(baseline=1.0, baseline_error=0.2, crab=1.0, night_s=1500.0)
DETECTOR = Detector(SETTINGS, {"Toy": np.log(1e6)}, CLOCK)


def simulated(rng, start, flux, seconds=1500.0, obs_id=1, norm=1.0):
    """A run in which the flux is a list of (until when, flux)."""
    spans, begin = [], 0.0
    for until, value in flux:
        spans.append((begin, min(until, seconds), value))
        begin = min(until, seconds)
    times, places = [], []
    for first, last, value in spans:
        count = rng.poisson((last - first) * (value * SIGNAL + norm * BACKGROUND))
        places.append(np.repeat([0, 1], count))
        times.append(rng.uniform(first, last, count.sum()))
    time, place = np.concatenate(times), np.concatenate(places)
    order = np.argsort(time)
    other = np.sort(rng.uniform(0, seconds, rng.poisson(seconds * norm * ELSEWHERE)))
    return RunStretch(
        RunId.of(obs_id, "Toy"),
        CLOCK,
        np.array([[start, start + seconds]]),
        start + time[order],
        SIGNAL[place[order]],
        BACKGROUND[place[order]],
        start + other,
        float(SIGNAL.sum()),
        np.array([start, start + seconds]),
        np.array([BACKGROUND.sum() + ELSEWHERE]),
    )


def night(seed, after=6.0):
    """Three runs; the flux changes 500 s after the second one begins."""
    rng = np.random.default_rng(seed)
    return [
        simulated(rng, 0.0, [(1500, 1.0)], obs_id=1),
        simulated(rng, 1800.0, [(500, 1.0), (1500, after)], obs_id=2),
        simulated(rng, 3600.0, [(1500, after)], obs_id=3),
    ]


def values(alarm):
    return (alarm.time_s, alarm.known_s, alarm.onset, alarm.log_statistic, alarm.fit, alarm.significance)


@pytest.mark.parametrize("after", [6.0, 0.05])
def test_a_step_is_one_alarm_and_then_the_quiet_flux(after):
    seen = 0
    for seed in range(4):
        alarms, traces = DETECTOR.follow(night(seed, after))
        first = [one for one in alarms if one.is_first]
        assert len(first) == 1
        assert first[0].time_s > 2300
        assert abs(first[0].onset[2] - 2300) < 300
        assert first[0].quiet[0] == pytest.approx(1.0, abs=0.4)
        last = alarms[-1]
        assert last.fit.flux == pytest.approx(after, abs=4 * last.fit.error)
        seen += abs(last.fit.flux - after) < 2 * last.fit.error
        assert np.nanmax(traces[-1].log_statistic) < np.log(1e6)
    assert seen >= 2


def test_after_an_alarm_the_threshold_is_the_time_for_one_alarm():
    alarms, traces = DETECTOR.follow(night(1))
    known = alarms[-1].known_s
    levels = np.concatenate([trace.log_threshold for trace in traces])
    times = np.concatenate([trace.time_s for trace in traces])
    assert np.all(levels[times <= known] == np.log(1e6))
    assert_allclose(levels[times > known], np.log(3.6e6))
    # The night after begins as before.
    later = simulated(np.random.default_rng(3), 90000.0, [(1500, 1.0)], obs_id=9)
    assert np.all(DETECTOR.follow([*night(1), later])[1][-1].log_threshold == np.log(1e6))


def test_nothing_changes_nothing_is_told():
    rng = np.random.default_rng(9)
    for number in range(5):
        runs = [
            simulated(rng, 1800.0 * k, [(1500, 1.0)], obs_id=k, norm=0.9 + 0.05 * number) for k in range(3)
        ]
        assert DETECTOR.follow(runs)[0] == []


def test_a_new_night_starts_anew():
    rng = np.random.default_rng(4)
    runs = [simulated(rng, start, [(1500, 1.0)], obs_id=k) for k, start in enumerate((0.0, 86400.0))]
    alone = DETECTOR.follow(runs[1:])[1][0]
    assert_array_equal(DETECTOR.follow(runs)[1][1].log_statistic, alone.log_statistic)
    near = replace(runs[0], **{name: getattr(runs[0], name) + 84000.0 for name in ("intervals", "time_s")})
    near = replace(near, other_s=near.other_s + 84000.0, edges_s=near.edges_s + 84000.0)
    carried = DETECTOR.follow([near, runs[1]])[1][1]
    assert not np.array_equal(carried.log_statistic, alone.log_statistic)


def cut(run, stop):
    """The part of a run up to a time."""
    near, other = run.time_s < stop, run.other_s < stop
    return replace(
        run,
        intervals=np.array([[run.intervals[0, 0], stop]]),
        time_s=run.time_s[near],
        signal=run.signal[near],
        background=run.background[near],
        other_s=run.other_s[other],
    )


def test_what_was_told_of_a_part_is_told_of_the_whole_byte_for_byte():
    runs = night(1)
    before, _, _ = DETECTOR.after(None, runs[0])
    _, whole, trace = DETECTOR.after(before, runs[1])
    assert len(whole) >= 1
    told = []
    for stop in np.arange(1875.0, 3300.0, 75.0):
        _, alarms, part = DETECTOR.after(before, cut(runs[1], stop))
        assert [values(one) for one in alarms[: len(told)]] == told
        told = [values(one) for one in alarms]
        number = len(part.time_s)
        assert_array_equal(part.log_statistic, trace.log_statistic[:number])
    assert told == [values(one) for one in whole]


def test_parts_of_a_run_are_as_the_whole_byte_for_byte():
    runs = night(1)
    whole, trace = DETECTOR.follow(runs)
    first = cut(runs[1], 2512.5)
    near, other = runs[1].time_s >= 2512.5, runs[1].other_s >= 2512.5
    second = replace(
        runs[1],
        intervals=np.array([[2512.5, 3300.0]]),
        time_s=runs[1].time_s[near],
        signal=runs[1].signal[near],
        background=runs[1].background[near],
        other_s=runs[1].other_s[other],
    )
    parts = together([runs[0], first, second, runs[2]])
    assert len(parts) == 3
    alarms, traces = DETECTOR.follow(parts)
    assert [values(one) for one in alarms] == [values(one) for one in whole]
    for one, other in zip(traces, trace, strict=True):
        assert_array_equal(one.log_statistic, other.log_statistic)
    # With other rates they are two, which have the background in common.
    other = replace(second, signal_rate=1.001 * second.signal_rate)
    assert len(together([first, other])) == 2
    state, _, _ = DETECTOR.after(None, first)
    assert np.abs(state.followed.background).max() > 0
    later = DETECTOR.after(state, other)[0]
    assert np.abs(later.followed.background).max() > np.abs(state.followed.background).max()


@pytest.mark.parametrize("after", [6.0, 2.5, 0.05])
def test_records_are_those_of_fits_at_every_point(monkeypatch, after):
    sees = Detector(SETTINGS, {"Toy": np.log(1e4)}, CLOCK)
    found = [sees.follow(night(seed, after)) for seed in range(2)]
    asked = []

    def every_point(windows, first, wanted, error):
        asked.append(first)
        return range(first, len(windows[-1].time_s))

    monkeypatch.setattr(follower, "points_to_fit", every_point)
    for seed, (alarms, traces) in enumerate(found):
        others, other_traces = sees.follow(night(seed, after))
        assert [values(one) for one in alarms] == [values(one) for one in others]
        for one, other in zip(traces, other_traces, strict=True):
            assert one.log_statistic.tobytes() == other.log_statistic.tobytes()
    assert asked


def test_events_at_once_are_an_alarm_after_which_all_goes_on():
    """40 events in 10 ms: a flux since their onset that no source has, and that is over at the next look."""
    run = simulated(np.random.default_rng(3), 0.0, [(1500, 1.0)])
    time = np.append(run.time_s, 700 + np.linspace(0, 0.01, 40))
    order = np.argsort(time, kind="stable")
    names = {
        name: np.append(getattr(run, name), [value] * 40)[order]
        for name, value in (("signal", 0.04), ("background", 0.01))
    }
    run = replace(run, time_s=time[order], **names)
    alarms, (trace,) = DETECTOR.follow([run])
    assert 700 <= alarms[0].time_s < 700.1
    told = trace.log_statistic[~np.isnan(trace.log_statistic)]
    assert np.all(np.isfinite(told))
    # The flux is found again where it was.
    assert alarms[-1].fit.flux == pytest.approx(1.0, abs=4 * alarms[-1].fit.error)


def state_of(state):
    arrays = [getattr(state.followed, name) for name in ("changed", "quiet", "background")]
    windows = [(len(each.time_s), each.signal_rate) for each in state.windows]
    return (
        [each.tobytes() for each in arrays],
        windows,
        state.last_s,
        state.is_changed,
        state.standing is None,
    )


@pytest.mark.parametrize(("after", "times"), [(1.0, 1), (6.0, 1), (6.0, 12)])
def test_a_run_that_goes_on_is_gone_on_with_byte_for_byte(monkeypatch, after, times):
    """With many events a part, too, before an alarm, while it waits for its flux, and after it."""
    rng = np.random.default_rng(7)
    first = simulated(rng, 0.0, [(1500, 1.0)], obs_id=1)
    second = simulated(rng, 1800.0, [(500, 1.0), (1500, after)], obs_id=2)
    bright = {"signal_rate": second.signal_rate * times, "background_rate": second.background_rate * times}
    grown = np.repeat(second.time_s, times) + np.tile(np.linspace(0, 1e-3, times), len(second.time_s))
    names = {name: times * np.repeat(getattr(second, name), times) for name in ("signal", "background")}
    second = replace(second, time_s=grown, **names, **bright)
    followed, before, grown_points, anew_points = [], [], 0, 0

    def counted(nodes, state, points, rate):
        followed.append(points.wait.size)
        return kernel(nodes, state, points, rate)

    kernel = follower.follow
    monkeypatch.setattr(follower, "follow", counted)
    for stop in [*np.sort(rng.uniform(1830, 3290, 8 if times == 1 else 4)), 3300.0]:
        runs = [first, cut(second, stop)]
        followed.clear()
        one = DETECTOR.passed(runs, before)
        grown_points += sum(followed)
        followed.clear()
        other = DETECTOR.passed(runs)
        anew_points += sum(followed)
        assert [values(alarm) for alarm in one[1].alarms] == [values(alarm) for alarm in other[1].alarms]
        for name in ("time_s", "log_statistic", "log_threshold"):
            assert getattr(one[1].trace, name).tobytes() == getattr(other[1].trace, name).tobytes()
        assert state_of(one[1].state) == state_of(other[1].state)
        before = one
    assert grown_points < 0.6 * anew_points
    # Other events in front are another run.
    changed = replace(second, time_s=second.time_s + 1e-6)
    one, other = DETECTOR.passed([first, changed], before), DETECTOR.passed([first, changed])
    assert one[1].trace.log_statistic.tobytes() == other[1].trace.log_statistic.tobytes()


def test_settings_are_checked():
    with pytest.raises(InputError, match="never known exactly"):
        replace(SETTINGS, baseline_error=0.0)
    with pytest.raises(InputError, match="quiet flux is -1"):
        replace(SETTINGS, baseline=-1.0)
    with pytest.raises(InputError, match="more than a night"):
        replace(SETTINGS, seconds_per_alarm=100.0)


def test_fluxes_are_of_both_sides_of_the_quiet_one_and_priors_sum_to_one():
    nodes = SETTINGS.nodes()
    assert nodes.changed[0] < 0.1 < 10 < nodes.changed[-1]
    for chance, place in ((nodes.quiet_chance, nodes.quiet), (nodes.norm_chance, nodes.norm)):
        assert chance.sum() == pytest.approx(1)
        assert chance @ place == pytest.approx(1.0)
    # Of 5 and 9 nodes out to two errors.
    spread = np.sqrt(nodes.quiet_chance @ (nodes.quiet - 1) ** 2)
    assert 0.15 < spread < 0.21
    assert len(replace(SETTINGS, baseline=0.0).nodes().quiet) == 1


def test_the_crab_between_energies():
    from scipy.integrate import quad

    assert crab_flux(0.8, 20.0) == pytest.approx(quad(lambda e: 2.83e-11 * e**-2.62, 0.8, 20.0)[0], rel=1e-8)


def test_joined_intervals_are_used():
    assert len(joined(np.array([[0.0, 1.0], [1.0, 2.0]]))) == 1
