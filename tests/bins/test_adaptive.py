"""Bins that look at events: each has what was asked for, none loses a second, and the TS is that of Li & Ma."""

import numpy as np
import pytest
from astropy.time import Time
from hypothesis import given, settings
from timelines import CLOCK, T0, assert_tiles, make_line, make_run, runs_in_order

from tevcurve.data import GTI
from tevcurve.datasets.timeline import RunTimeline
from tevcurve.errors import InputError
from tevcurve.kernels.onoff import li_ma_significance
from tevcurve.lightcurve.bins import bayesian_blocks, by_counts, by_significance
from tevcurve.run_id import RunId

quick = settings(max_examples=40, deadline=None)


def counts_in(bins, runs, name="time_s"):
    pieces, counts = bins.pieces(runs), np.zeros(len(bins), dtype=int)
    for bin_, run, start, stop in zip(pieces.bin, pieces.run, pieces.start_s, pieces.stop_s, strict=True):
        times = getattr(runs[run], name)
        counts[bin_] += np.sum((times >= start) & (times < stop))
    return counts


def as_lines(runs):
    return [RunTimeline(run.run_id, run.gti, run.time_s, background_per_s=0.001) for run in runs]


@quick
@given(runs_in_order())
def test_no_second_and_no_event_is_lost(runs):
    lines = as_lines(runs)
    for binning in (by_counts(3), by_significance(9.0), bayesian_blocks(0.5)):
        bins = binning.bins(lines)
        assert_tiles(bins.pieces(lines), lines)
        assert np.all(bins.ontime_s(lines) > 0)
        assert not bins.overlapping


def test_counts():
    runs = as_lines(
        [
            make_run([(0, 100), (150, 200)], [1, 10, 99, 120, 160]),
            make_run([(300, 400)], [310, 320, 330], obs_id=2),
        ]
    )
    bins = by_counts(2).bins(runs)
    np.testing.assert_array_equal(counts_in(bins, runs), [2, 2, 2, 1])
    # The third event is at 99, the event in the gap does not count, and a bin starts and stops with good time.
    np.testing.assert_array_equal(bins.start_s - T0, [0, 99, 300, 330])
    np.testing.assert_array_equal(bins.stop_s - T0, [99, 200, 330, 400])
    assert bins.note == "the last bin has the rest, 1 events"
    whole = by_counts(7).bins(runs)
    assert (len(whole), whole.note) == (1, "")
    assert len(by_counts(8).bins(runs)) == 1


def test_runs_may_come_in_any_order():
    runs = as_lines([make_run([(300, 400)], [310, 320, 330]), make_run([(0, 100)], [1, 10, 99])])
    bins = by_counts(2).bins(runs)
    np.testing.assert_array_equal(bins.start_s - T0, [0, 99, 320])
    np.testing.assert_array_equal(counts_in(bins, runs), [2, 2, 2])


def test_events_at_the_same_time_stay_together():
    runs = as_lines([make_run([(0, 100)], [1, 5, 5, 5, 20])])
    np.testing.assert_array_equal(counts_in(by_counts(2).bins(runs), runs), [4, 1])


def test_runs_that_overlap_are_told():
    runs = as_lines([make_run([(0, 100)], [5], obs_id=3), make_run([(50, 200)], [60], obs_id=4)])
    for binning in (by_counts(2), by_significance(9), bayesian_blocks()):
        with pytest.raises(InputError, match="3 and 4 overlap in time"):
            binning.bins(runs)


@pytest.mark.parametrize("ts", [9.0, 40.0])
def test_a_bin_stops_as_soon_as_it_is_significant(ts):
    lines = [
        make_line(1000, 0.12, 0.4, 0.1, seed=1),
        make_line(1500, 0.3, 0.8, 0.25, start=2000, seed=2, obs_id=2),
    ]
    bins = by_significance(ts).bins(lines)
    assert_tiles(bins.pieces(lines), lines)
    on, off = (counts_in(bins, lines, name) for name in ("time_s", "off_time_s"))
    pieces = bins.pieces(lines)
    in_first = np.bincount(pieces.bin[pieces.run == 0], minlength=len(bins)) > 0
    in_second = np.bincount(pieces.bin[pieces.run == 1], minlength=len(bins)) > 0
    one = in_first ^ in_second
    alpha = np.where(in_first, 0.1, 0.25)
    reached = np.sign(on - alpha * off) * li_ma_significance(on, off, alpha) ** 2
    assert np.all(reached[:-1][one[:-1]] >= ts)
    assert one[:-1].sum() >= 2
    assert bins.note.startswith("the last bin has the rest") == (reached[-1] < ts)
    # Up to its last event alone, and without what follows that, no bin had reached it.
    for number in np.flatnonzero(one[:-1]):
        line = lines[0] if in_first[number] else lines[1]
        start, stop = bins.start_s[number], bins.stop_s[number]
        last = line.time_s[(line.time_s >= start) & (line.time_s < stop)][-1]
        n_on = np.sum((line.time_s >= start) & (line.time_s < last))
        n_off = np.sum((line.off_time_s >= start) & (line.off_time_s < last))
        before = li_ma_significance(n_on, n_off, line.alpha)
        assert np.sign(before) * before**2 < ts


def test_significance_with_a_known_background():
    # 0.01 events per s are known; after n events in t seconds TS = 2*(n*log(n/b) - n + b), b = t/100.
    run = make_run([(0, 1000)], np.arange(10, 1000, 20))
    line = RunTimeline(RunId.of(1), run.gti, run.time_s, background_per_s=0.01)
    bins = by_significance(30.0).bins([line])
    n, b = counts_in(bins, [line]), bins.ontime_s([line]) * 0.01
    reached = 2 * (n * np.log(n / b) - n + b)
    assert np.all(reached[:-1] >= 30)
    fewer = 2 * ((n - 1) * np.log((n - 1) / (b - 0.2)) - n + 1 + b - 0.2)
    assert np.all(fewer[:-1] < 30)


def test_without_off_events_the_acceptances_count():
    run = make_run([(0, 100)], np.arange(1, 100, 3.0))
    line = RunTimeline(RunId.of(1), run.gti, run.time_s, off_time_s=np.zeros(0), alpha=0.1)
    bins = by_significance(20.0).bins([line])
    n = counts_in(bins, [line])[:-1]
    # Li & Ma for n_off = 0: 2*n*log((1 + alpha)/alpha).
    smallest = int(np.ceil(20 / (2 * np.log(11))))
    np.testing.assert_array_equal(n, smallest)


def test_blocks_follow_the_source():
    lines = [
        make_line(500, rate, 0.2, 0.1, start=start, seed=3, obs_id=k)
        for k, (rate, start) in enumerate([(0.1, 0), (0.9, 600), (0.12, 1200)])
    ]
    bins = bayesian_blocks(0.01).bins(lines)
    assert len(bins) == 3
    np.testing.assert_allclose(bins.start_s - T0, [0, 600, 1200], atol=25)
    assert_tiles(bins.pieces(lines), lines)


def test_blocks_do_not_follow_exposure_and_background():
    # One flux, 0.2 per s at full exposure; the counts differ by 4.
    lines = [
        make_line(2000, 0.2 * share + 0.1 * off, off, 0.1, start=3000.0 * k, seed=20 + k, signal_per_s=share)
        for k, (share, off) in enumerate([(1.0, 0.5), (0.25, 0.2), (0.5, 3.0)])
    ]
    assert len(bayesian_blocks(0.01).bins(lines)) == 1
    blind = [RunTimeline(RunId.of(1), line.gti, line.time_s, background_per_s=0.0) for line in lines]
    assert len(bayesian_blocks(0.01).bins(blind)) == 3


@pytest.mark.parametrize(("p0", "off"), [(0.3, False), (0.1, True)])
def test_false_alarms_are_as_frequent_as_asked_for(p0, off):
    n_sims, alarms = 160, 0
    for seed in range(n_sims):
        # Two runs with a gap, the second with half the exposure.
        lines = [
            make_line(
                1000,
                0.018 * share + 0.002,
                0.02 if off else None,
                0.1 if off else None,
                start=5000.0 * k,
                seed=(seed, k, off),
                signal_per_s=share,
                background_per_s=None if off else 0.002,
            )
            for k, share in enumerate((1.0, 0.5))
        ]
        alarms += len(bayesian_blocks(p0).bins(lines)) > 1
    # Four standard deviations.
    assert abs(alarms / n_sims - p0) < 4 * np.sqrt(p0 * (1 - p0) / n_sims)


def test_many_events_are_not_joined():
    """A step in the middle of 11,000 events: the block starts at the very event that likelihood says."""
    quiet, loud = (
        make_line(1000, rate, seed=4, start=start, background_per_s=0.0)
        for rate, start in ((4.0, 0), (7.0, 1000))
    )
    times = np.concatenate([quiet.time_s, loud.time_s])
    line = RunTimeline(RunId.of(1), GTI([T0], [T0 + 2000], CLOCK), times, background_per_s=0.0)
    bins = bayesian_blocks(0.001).bins([line])
    assert not bins.note
    assert len(bins) == 2
    before, span = np.arange(len(times)), times - T0
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = before * np.log(before / span) + before[::-1] * np.log((before[::-1] + 1) / (2000 - span))
    assert bins.start_s[1] == times[np.nanargmax(worth[1:-1]) + 1]
    assert_tiles(bins.pieces([line]), [line])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: by_counts(1), "2 or more"),
        (lambda: by_counts(2.5), "whole number"),
        (lambda: by_significance(0), "above 0"),
        (lambda: by_significance(np.nan), "above 0"),
        (lambda: bayesian_blocks(0), "probability"),
        (lambda: bayesian_blocks(0.6), "at most 0.5"),
        (lambda: by_counts(2).bins([Time(50000, format="mjd")]), "no events"),
        (lambda: by_significance(9).bins([make_line(10, 1, background_per_s=0.0)]), "needs a background"),
        (
            lambda: bayesian_blocks().bins([make_line(10, 1, background_per_s=0.0, signal_per_s=0.0)]),
            "leave it out",
        ),
        (
            lambda: by_counts(2).bins(
                [make_line(10, 1, background_per_s=0.1), make_line(10, 1, 1, 0.1, start=20)]
            ),
            "one of them",
        ),
        (lambda: make_line(10, 1), "needs a background"),
    ],
)
def test_what_cannot_be_used_is_told(make, words):
    with pytest.raises(InputError, match=words):
        make()
