"""What all figures share: colours that are told apart, panels, legends."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy import units as u
from matplotlib.colors import to_rgb

from tevcurve.errors import InputError
from tevcurve.figures.style import (
    COLOURS,
    MARKERS,
    colours_in_order,
    label_energies,
    legend_above,
    long_beside,
    new_figure,
    panels,
    series_colours,
    unit_text,
)

# Machado, Oliveira & Fernandes 2009 (IEEE TVCG 15, 1291), full deuteranomaly and protanomaly, on linear RGB.
DEUTERANOPE = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.011820, 0.042940, 0.968881],
]
PROTANOPE = [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def linear(colour):
    values = np.array(to_rgb(colour))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE L*a*b* of linear RGB (sRGB primaries, D65)."""
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(matrix) @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", [np.eye(3), DEUTERANOPE, PROTANOPE])
def test_series_are_told_apart_by_any_eyes(sight):
    places = [lab(np.array(sight) @ linear(colour)) for colour in COLOURS]
    for number, one in enumerate(places):
        for other in places[:number]:
            assert np.linalg.norm(one - other) > 10
    # on white
    assert all(place[0] < 85 for place in places)


def test_each_series_has_its_own_marker():
    assert len(set(MARKERS)) == len(COLOURS)


def test_colours_in_order_get_brighter():
    lightness = [lab(linear(colour))[0] for colour in colours_in_order(8)]
    assert np.all(np.diff(lightness) > 3)


def test_the_users_cycle_is_kept():
    assert series_colours() == COLOURS
    with plt.rc_context({"axes.prop_cycle": plt.cycler(color=["#123456", "red"])}):
        assert series_colours() == ("#123456", "red")


def test_the_users_size_is_kept():
    assert tuple(new_figure(3, 2).get_size_inches()) == (3, 2)
    with plt.rc_context({"figure.figsize": (5, 5)}):
        assert tuple(new_figure(3, 2).get_size_inches()) == (5, 5)


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("TeV-1 s-1 cm-2", "cm$^{-2}$ s$^{-1}$ TeV$^{-1}$"),
        ("TeV s-1 cm-2", "TeV cm$^{-2}$ s$^{-1}$"),
        ("s", "s"),
    ],
)
def test_units_as_papers_write_them(unit, text):
    assert unit_text(u.Unit(unit)) == text


def test_one_axes_is_divided_in_place():
    figure, (left, right) = plt.subplots(1, 2, layout="constrained")
    parts = panels(left, [3, 1, 1], (9, 9))
    figure.canvas.draw()
    assert parts[0] is left
    boxes = [part.get_window_extent() for part in parts]
    assert all(upper.y0 > lower.y1 for upper, lower in pairwise(boxes))
    np.testing.assert_allclose(boxes[0].height, 3 * boxes[1].height, rtol=0.01)
    assert max(box.x1 for box in boxes) < right.get_window_extent().x0
    left.set_xlim(2, 3)
    assert all(part.get_xlim() == (2, 3) for part in parts)
    assert not any(tick.label1.get_visible() for part in parts[:-1] for tick in part.xaxis.get_major_ticks())


def test_given_panels_are_used():
    _, axes = plt.subplots(2)
    assert panels(axes, [1, 1], (3, 3)) == list(axes)
    with pytest.raises(InputError, match="ax has 2 axes; wanted are 3, or one to be divided"):
        panels(axes, [1, 1, 1], (3, 3))
    with pytest.raises(InputError, match="an axes of a grid"):
        panels(plt.figure().add_axes((0, 0, 1, 1)), [1, 1], (3, 3))


@pytest.mark.parametrize("edges", [(0.5, 10), (0.01, 100)])
def test_energies_are_plain_numbers(edges):
    figure, ax = plt.subplots(figsize=(4, 3))
    ax.set_xlim(*edges)
    label_energies(ax, np.geomspace(*edges, 4))
    figure.canvas.draw()
    ticks = [tick.label1 for tick in ax.xaxis.get_major_ticks() if edges[0] <= tick.get_loc() <= edges[1]]
    assert len(ticks) >= 3
    assert [float(label.get_text()) for label in ticks] == [label.get_position()[0] for label in ticks]
    boxes = [label.get_window_extent() for label in ticks]
    assert not any(one.overlaps(other) for one, other in pairwise(boxes))


def test_a_legend_stands_above_the_axes():
    figure, ax = plt.subplots(layout="constrained")
    assert legend_above(ax) is None
    for number in range(7):
        ax.plot([0, 1], [0, number], label=f"a rather long label {number}")
    legend = legend_above(ax, last=["a rather long label 2"])
    assert legend.get_texts()[-1].get_text() == "a rather long label 2"
    figure.canvas.draw()
    box = legend.get_window_extent()
    assert box.y0 >= ax.get_window_extent().y1
    assert box.x0 > ax.get_window_extent().x0 - 1
    assert len(legend.get_texts()) == 7


def test_a_long_entry_of_a_legend_does_not_put_all_into_one_column():
    figure = new_figure(7, 3)
    ax = figure.add_subplot()
    for label in ("short", "also", "another", "an entry with many more words"):
        ax.plot([0, 1], label=label)
    legend = legend_above(ax, beside="A source with a name")
    figure.draw_without_rendering()
    assert legend._ncols == 2
    assert legend.get_window_extent().x0 > ax.bbox.x0 + 0.25 * ax.bbox.width
    assert legend.get_window_extent().x1 < figure.bbox.x1


def test_a_label_that_is_longer_than_its_axes_is_told():
    figure = new_figure(7, 3)
    high, low = figure.subplots(2, height_ratios=[4, 1])
    assert long_beside(low, "Energy flux (0.7–20 TeV) [TeV cm$^{-2}$ s$^{-1}$]")
    assert not long_beside(high, "Flux [cm$^{-2}$ s$^{-1}$]")
