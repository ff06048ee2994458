"""The statistic of a change: closed forms, the integral over times of change as it is defined, its mean while quiet."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.kernels.change_detector import (
    MOST_EXPECTED,
    MOST_POINTS,
    Nodes,
    Points,
    begin,
    follow,
    log_statistic,
    longest_wait,
    next_run,
    quiet_flux,
    steps,
)

NODES = Nodes(
    changed=np.geomspace(0.1, 12, 5),
    quiet=np.array([0.7, 1.0, 1.4]),
    quiet_chance=np.array([0.25, 0.5, 0.25]),
    norm=np.array([0.8, 1.0, 1.25]),
    norm_chance=np.array([0.3, 0.4, 0.3]),
)
# Events per s: of the source at a flux of 1, of the background.
SIGNAL_RATE, BACKGROUND_RATE = RATES = 0.03, 0.4


def one_node(flux, quiet=1.0):
    return Nodes(*(np.array([each]) for each in (flux, quiet, 1.0, 1.0, 1.0)))


def drawn(rng, n=60, ticks=True):
    """Points of n events, some of which cannot be of the source, and looks between them."""
    wait = rng.exponential(2.0, n)
    signal, background = rng.exponential(0.5, n) ** 2, rng.uniform(0.5, 1.5, n)
    background[::17] = 0.0
    others = rng.poisson(1.5, n).astype(float)
    if ticks:
        signal[::5] = background[::5] = 0.0
    return Points(wait, signal, background, others, BACKGROUND_RATE * wait)


def followed(nodes, points, signal_rate=SIGNAL_RATE, head_start=600.0, begun=None):
    own = steps(points.wait, nodes.changed.max() * signal_rate)
    state = begin(nodes, head_start) if begun is None else begun
    state, logs = follow(nodes, state, points.in_steps(own), signal_rate)
    seen = [logs[row, : part.stop - part.start] for row, part in enumerate(own)]
    return state, np.concatenate(seen)


def log_likelihood(flux, norm, points, rates, own):
    """Of the events of some points, without the time that passes."""
    expected = flux * points.signal[own] + norm * points.background[own]
    seen = points.signal[own] + points.background[own] > 0
    return np.sum(np.log(expected[seen])) + np.sum(points.others[own]) * np.log(norm)


def by_definition(nodes, points, rates, head_start, upto):
    """The statistic at a point: likelihoods with a change, integrated over its time, over those without one."""
    clock = np.append(0.0, np.cumsum(points.wait))
    end = clock[upto + 1]
    x, w = np.polynomial.legendre.leggauss(12)
    tops, bottoms = [], []
    for quiet, quiet_chance in zip(nodes.quiet, nodes.quiet_chance, strict=True):
        for norm, norm_chance in zip(nodes.norm, nodes.norm_chance, strict=True):
            prior = np.log(quiet_chance * norm_chance)
            allowed = slice(0, upto + 1)
            still = log_likelihood(quiet, norm, points, rates, allowed)
            bottoms.append(prior + still - (quiet * rates[0] + norm * rates[1]) * end)
            for flux in nodes.changed:

                def at(time, first, flux=flux, quiet=quiet, norm=norm, prior=prior):
                    before, after = slice(0, first), slice(first, upto + 1)
                    events = log_likelihood(quiet, norm, points, rates, before)
                    events += log_likelihood(flux, norm, points, rates, after)
                    passed = norm * rates[1] * end + rates[0] * (quiet * time + flux * (end - time))
                    return prior + events - passed - np.log(len(nodes.changed))

                tops.append(at(0.0, 0) + np.log(head_start))
                for k in range(upto + 1):
                    half = 0.5 * (clock[k + 1] - clock[k])
                    tops.extend(at(clock[k] + half * (1 + x), k) + np.log(half * w))
    return np.logaddexp.reduce(tops) - np.logaddexp.reduce(bottoms)


def test_without_events_it_is_the_closed_form():
    for flux in (0.2, 1.0, 9.0):
        wait = np.full(30, 3.0)
        points = Points(wait, *np.zeros((4, 30)))
        drift = (flux - 1.0) * RATES[0]
        clock = np.cumsum(wait)
        grown = clock if drift == 0 else -np.expm1(-drift * clock) / drift
        found = followed(one_node(flux), points)[1]
        assert_allclose(np.exp(found), 600 * np.exp(-drift * clock) + grown, rtol=1e-12)


def test_an_event_multiplies_it_by_its_ratio_of_likelihoods():
    points = Points(np.array([5.0]), np.array([0.3]), np.array([0.7]), np.array([4.0]), np.zeros(1))
    without = Points(points.wait, 0 * points.signal, 0 * points.background, points.others, points.expected)
    ratio = followed(one_node(8.0), points)[1] - followed(one_node(8.0), without)[1]
    assert_allclose(np.exp(ratio), (8 * 0.3 + 0.7) / (0.3 + 0.7), rtol=1e-12)


@pytest.mark.parametrize("head_start", [600.0, 1.0])
def test_it_is_the_integral_over_all_times_of_change(head_start):
    points = drawn(np.random.default_rng(3), 40)
    found = followed(NODES, points, head_start=head_start)[1]
    for upto in (0, 7, 39):
        assert_allclose(found[upto], by_definition(NODES, points, RATES, head_start, upto), rtol=1e-9)


def test_what_is_left_at_the_end_says_the_same_as_the_last_point():
    points = drawn(np.random.default_rng(4), 200)
    state, logs = followed(NODES, points)
    assert_allclose(log_statistic(state), logs[-1], rtol=1e-12)


def test_while_quiet_its_mean_grows_by_one_each_second():
    rng, n, length = np.random.default_rng(5), 4000, 40.0
    quiet = rng.choice(NODES.quiet, n, p=NODES.quiet_chance)
    norm = rng.choice(NODES.norm, n, p=NODES.norm_chance)
    # Two places where events may be of the source, and one where none can be.
    signal, background = np.array([0.02, 0.01, 0.0]), np.array([0.01, 0.04, 0.35])
    # Moderate changes: with rare events of great weight no mean is found.
    nodes = Nodes(np.array([0.4, 2.0]), NODES.quiet, NODES.quiet_chance, NODES.norm, NODES.norm_chance)
    most, laid = MOST_POINTS, []
    for flux, each in zip(quiet, norm, strict=True):
        count = rng.poisson(length * (flux * signal + each * background))
        place = np.repeat(np.arange(3), count)
        time = rng.uniform(0, length, len(place))
        order = np.argsort(time)
        place, time = place[order], np.append(time[order], length)
        near = np.append(place < 2, True)
        row = np.zeros((5, most))
        number = near.sum()
        row[0, :number] = np.diff(time[near], prepend=0.0)
        row[1, : number - 1], row[2, : number - 1] = signal[place[near[:-1]]], background[place[near[:-1]]]
        row[3, :number] = np.diff(np.cumsum(~near)[near], prepend=0)
        row[4] = row[0] * background.sum()
        laid.append(row)
    points = Points(*np.moveaxis(laid, 0, 1)[:, :, None, :])
    state, _ = follow(nodes, begin(nodes, 600.0, (n,)), points, signal.sum())
    found = np.exp(log_statistic(state))
    assert abs(found.mean() - 640) < 3.5 * found.std() / np.sqrt(n)
    assert found.std() / np.sqrt(n) < 15


def test_how_it_is_divided_changes_no_byte():
    points = drawn(np.random.default_rng(6), 2000)
    own = steps(points.wait, NODES.changed.max() * RATES[0])
    state, whole = follow(NODES, begin(NODES, 600.0), points.in_steps(own), SIGNAL_RATE)
    for cut in (1, 17, len(own) - 1):
        parts, found = begin(NODES, 600.0), []
        for piece in (own[:cut], own[cut:]):
            parts, logs = follow(NODES, parts, points.in_steps(piece), SIGNAL_RATE)
            found.append(logs)
        assert_array_equal(np.concatenate(found), whole)
        for name in ("changed", "quiet", "background"):
            assert_array_equal(getattr(parts, name), getattr(state, name))


def test_points_to_come_change_no_byte():
    points = drawn(np.random.default_rng(6), 800)
    whole = followed(NODES, points)[1]
    for number in (5, 24, 700):
        assert_array_equal(followed(NODES, points[:number])[1], whole[:number])


def test_runs_side_by_side_are_as_each_for_itself():
    rng = np.random.default_rng(7)
    own = [drawn(rng, MOST_POINTS), drawn(rng, MOST_POINTS)]
    names = "wait", "signal", "background", "others", "expected"
    both = Points(*(np.stack([getattr(each, name) for each in own])[:, None] for name in names))
    _, logs = follow(NODES, begin(NODES, 600.0, (2,)), both, np.full(2, SIGNAL_RATE))
    for row, each in zip(logs, own, strict=True):
        assert_allclose(row[0], followed(NODES, each)[1], rtol=1e-12)


def test_a_new_run_keeps_the_statistic_and_forgets_the_background():
    state, _ = followed(NODES, drawn(np.random.default_rng(8), 300))
    fresh = next_run(NODES, state)
    assert_allclose(log_statistic(fresh), log_statistic(state), rtol=1e-12)
    assert_allclose(quiet_flux(NODES, fresh), quiet_flux(NODES, state), rtol=1e-10)
    by_norm = np.exp(fresh.quiet).sum(axis=1)
    assert_allclose(by_norm / by_norm.sum(), NODES.norm_chance, rtol=1e-12)


def test_the_quiet_flux_becomes_known_from_the_events():
    rng = np.random.default_rng(9)
    n = 3000
    points = Points(rng.exponential(1 / 1.4, n), np.ones(n), np.full(n, 1e-6), np.zeros(n), np.zeros(n))
    state, _ = followed(NODES, points, 1.0)
    mean, error = quiet_flux(NODES, state)
    assert abs(mean - 1.4) < 1e-3
    assert error < 0.03


def test_a_long_flare_and_a_long_silence_overflow_nothing():
    n = 30000
    bright = Points(np.full(n, 0.01), np.ones(n), np.full(n, 1e-3), np.full(n, 3.0), np.full(n, 0.1))
    state, logs = followed(NODES, bright, 1.0)
    assert np.all(np.isfinite(logs))
    assert logs[-1] > 1e4
    silent = Points(np.full(n, 1.0), *np.zeros((3, n)), np.full(n, 10.0))
    _, logs = followed(NODES, silent, 1.0, begun=state)
    assert np.all(np.isfinite(logs))


def test_where_no_quiet_source_can_give_an_event_one_is_an_alarm():
    points = Points(np.array([5.0, 1.0]), np.array([0.0, 1.0]), *np.zeros((3, 2)))
    found = followed(one_node(2.0, quiet=0.0), points)[1]
    assert np.isfinite(found[0])
    assert found[1] == np.inf


def test_steps_are_short_enough():
    rng = np.random.default_rng(10)
    wait, rate = rng.exponential(1.0, 1000), 12.0
    wait = np.minimum(wait, longest_wait(rate))
    own = steps(wait, rate)
    assert_array_equal(np.concatenate([np.arange(part.start, part.stop) for part in own]), np.arange(1000))
    assert max(part.stop - part.start for part in own) <= MOST_POINTS
    assert max(wait[part].sum() for part in own) * rate <= MOST_EXPECTED * (1 + 1e-9)
