"""Time axes without their long gaps."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from figure_checks import assert_readable
from light_curves_to_draw import make, make_nights

from tevcurve.errors import InputError
from tevcurve.lightcurve.plots.gaps import cut_time

NIGHTS = [53945.85, 53946.84, 54705.81, 54706.81]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def bins(*starts, length=0.02):
    return np.array(starts), np.array(starts) + length


def test_long_gaps_are_cut_and_short_ones_stay():
    start, stop = bins(1.0, 1.03, 1.06, 3.0, 3.03, 700.0)
    cut = cut_time(start, stop)
    np.testing.assert_allclose(cut.gaps, [[1.08, 3.0], [3.05, 700.0]], atol=0.02)
    assert len(cut_time(*bins(1.0, 2, 3, 4, 5, 6)).start) == 6
    assert cut_time(*bins(1.0)) is None
    assert cut_time(*bins()) is None


def test_there_are_no_more_pieces_than_dates_have_room():
    start, stop = bins(1.0, 5, 5.03, 30, 200, 2000)
    assert len(cut_time(start, stop, shortest=0.1).start) == 5
    assert len(cut_time(start, stop, shortest=0.4).start) == 2


def test_gaps_of_one_kind_are_cut_together_or_not_at_all():
    nights = np.arange(20.0)
    assert cut_time(*bins(*nights, length=0.3)) is None
    seasons = np.concatenate([nights, nights + 300])
    np.testing.assert_allclose(cut_time(*bins(*seasons, length=0.3)).gaps, [[19.3, 300]], atol=1)


def test_the_caller_may_say_which():
    start, stop = bins(1.0, 1.5, 3.0)
    assert len(cut_time(start, stop, longest=0.4).start) == 3
    assert len(cut_time(start, stop, longest=1.0).start) == 2
    assert cut_time(start, stop, longest=2.0) is None


def test_overlapping_bins_have_no_gap():
    start = np.array([0.0, 0.1, 0.2, 9.0])
    stop = np.array([5.0, 0.2, 0.3, 9.1])
    np.testing.assert_allclose(cut_time(start, stop, longest=1).gaps, [[5, 9]], atol=0.5)


def test_the_scale_is_invertible_and_even():
    cut = cut_time(*bins(1.0, 1.03, 1.06, 3.0, 700.0), shortest=0.1)
    time = np.concatenate([np.linspace(0.5, 1.08, 20), np.linspace(3, 3.02, 5), np.linspace(700, 701, 7)])
    np.testing.assert_allclose(cut.inverse(cut.forward(time)), time, rtol=0, atol=1e-9)
    assert np.all(np.diff(cut.forward(np.sort(time))) > 0)
    np.testing.assert_allclose(cut.forward([cut.start[0], cut.stop[-1]]), [0, 1], atol=1e-12)
    shares = np.diff(cut.forward(np.column_stack([cut.start, cut.stop])), axis=1)
    assert np.all(shares > 0.09)
    np.testing.assert_array_equal(cut.hidden(np.array([1.05, 2.0, 3.01, 400])), [False, True, False, True])


@pytest.mark.parametrize("time_format", ["mjd", "iso"])
@pytest.mark.parametrize("size", [(7.2, 3.6), (12, 5)])
def test_each_night_has_its_date(time_format, size):
    figure, ax = plt.subplots(figsize=size, layout="constrained")
    curve = make_nights(NIGHTS)
    assert curve.plot(ax, gaps="cut", time_format=time_format) is ax
    assert_readable(figure)
    ticks = ax.get_xticks()
    zero = 40587 if time_format == "iso" else 0
    for night in NIGHTS:
        near = np.abs(ticks + zero - night - 0.04) < 0.15
        assert near.any()
    # nothing is drawn in a gap, and everything that was measured is in view
    low, high = ax.get_xlim()
    assert low < NIGHTS[0] - zero < NIGHTS[-1] - zero + 0.08 < high


def test_many_pieces_still_have_labels_that_are_apart():
    figure, ax = plt.subplots(figsize=(4, 3), layout="constrained")
    make_nights(53900 + np.arange(12) * 3.0).plot(ax, gaps="1 d", time_format="iso")
    assert_readable(figure)
    assert sum(one.get_gid() == "cut" for one in ax.patches) == 11


def test_cuts_are_marked_on_both_frames_and_follow_later_curves():
    _, ax = plt.subplots()
    make_nights(NIGHTS[:2]).plot(ax, gaps="0.5 d")
    marks = [line for line in ax.lines if line.get_gid() == "cut" and line.get_linestyle() == "None"]
    assert sorted(mark.get_ydata()[0] for mark in marks) == [0, 1]
    assert NIGHTS[0] + 0.07 < min(marks[0].get_xdata()) < max(marks[0].get_xdata()) < NIGHTS[1]
    make_nights(NIGHTS[2:]).plot(ax)
    assert sum(one.get_gid() == "cut" for one in ax.patches) == 3


def test_data_stay_at_their_times():
    _, (plain, cut) = plt.subplots(2)
    curve = make_nights(NIGHTS)
    curve.plot(plain, gaps="keep")
    curve.plot(cut, gaps="cut")
    for one, other in zip(plain.containers, cut.containers, strict=True):
        np.testing.assert_array_equal(one.lines[0].get_xydata(), other.lines[0].get_xydata())


def test_panels_that_share_their_time_are_cut_alike():
    figure, axes = plt.subplots(2, sharex=True)
    for ax in axes:
        make_nights(NIGHTS).plot(ax, gaps="cut")
    figure.canvas.draw()
    places = [ax.transData.transform((NIGHTS[2], 0))[0] for ax in axes]
    assert places[0] == pytest.approx(places[1])
    assert {ax.get_xscale() for ax in axes} == {"function"}


def scale_of(curve, draw_before=lambda ax: None, **options):
    ax = plt.figure().add_subplot()
    draw_before(ax)
    return curve.plot(ax, **options).get_xscale()


def test_by_default_gaps_between_nights_are_cut():
    nights = make_nights(NIGHTS)
    assert scale_of(nights) == scale_of(nights, time_format="utc") == "function"
    assert scale_of(nights, gaps="keep") == "linear"
    # what is on the axis already may be in a gap
    assert scale_of(nights, lambda ax: ax.plot([54000, 54001], [0, 1])) == "linear"
    assert scale_of(nights, lambda ax: ax.axhline(1)) == "function"
    # points of one row a night say when it was by where they are
    assert scale_of(make_nights(NIGHTS, per_night=1)) == "linear"
    # gaps within a night are none between nights
    assert scale_of(make_nights([53945.8, 53945.98])) == "linear"
    assert scale_of(make_nights([53945.8, 53945.98]), gaps="cut") == "function"


def test_panels_that_share_their_time_and_hold_something_else_have_it_uncut():
    _, (upper, lower) = plt.subplots(2, sharex=True)
    upper.plot([54000, 54001], [0, 1])
    assert make_nights(NIGHTS).plot(lower).get_xscale() == "linear"
    _, (upper, lower) = plt.subplots(2, sharex=True)
    for _ in range(2):
        assert make_nights(NIGHTS).plot(lower).get_xscale() == "function"
    assert sum(one.get_gid() == "cut" for one in upper.patches) == 3


def test_what_is_no_gap_is_said():
    for gaps in ("often", "3 m", 5, "-1 d", "0 d"):
        with pytest.raises(InputError, match="gaps is"):
            make([1, 5], [2, 6], [1, 1]).plot(plt.figure().add_subplot(), gaps=gaps)


def test_what_is_much_longer_leaves_the_others_their_width():
    """One piece has more than nine tenths of the time: it gives way, and no other is narrower than was asked."""
    cut = cut_time(*bins(1.0, 3.0, 6.0, 700.0), shortest=0.15)
    start, stop = cut.forward(cut.start), cut.forward(cut.stop)
    assert np.all(stop - start >= 0.15 - 1e-12)
    long = cut_time(np.array([1.0, 3.0, 6.0, 700.0]), np.array([1.02, 3.02, 6.02, 702.0]), shortest=0.15)
    shares = long.forward(long.stop) - long.forward(long.start)
    np.testing.assert_allclose(shares[:3], 0.15)
    np.testing.assert_allclose(shares[3], 1 - 3 * 0.025 - 3 * 0.15)


@pytest.mark.parametrize("time_format", ["mjd", "utc"])
@pytest.mark.parametrize("nights", [NIGHTS, [53945.9, 54705.82, 54706.83], [53343.93, 56569.2, 56600.1]])
def test_each_piece_has_a_tick_with_a_label(nights, time_format):
    figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    make_nights(nights).plot(ax, time_format=time_format)
    figure.draw_without_rendering()
    cut = ax.xaxis.get_major_locator().cut
    ticks, labels = ax.get_xticks(), [label.get_text() for label in ax.get_xticklabels()]
    assert all(labels)
    for low, high in zip(cut.start, cut.stop, strict=True):
        assert np.any((ticks > low) & (ticks < high))
    assert_readable(figure)


def test_no_label_is_lost_inside_of_a_piece():
    """A night, and two years later three months of weeks, whose dates stand at equal distances."""
    start = np.array([53945.9, 53945.92, *np.arange(54686.0, 54776.0, 7)])
    stop = start + np.array([0.02, 0.02, *[7] * 13])
    figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    make(start, stop, np.ones(len(start))).plot(ax, time_format="utc", gaps="100 d")
    figure.draw_without_rendering()
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert len(labels) > 4
    assert all(labels)
