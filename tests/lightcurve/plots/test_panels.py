"""Panels of a light curve: one for each band, and what goes under them."""

import gc
import pickle
import weakref

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.table import Table
from figure_checks import assert_readable, texts_of
from light_curves_to_draw import make_nights
from matplotlib.colors import to_hex

from tevcurve.errors import InputError

NIGHT = 53945.85


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def hardness(curve):
    """A table as `LightCurve.hardness` makes it, with each kind of row."""
    times = curve.table[::2]["time_min", "time_max"]
    n = len(times)
    value = np.full(n, 0.2)
    value[1], value[2] = 0.0, np.inf
    table = Table(times, copy=True)
    table["hardness"], table["hardness_errn"], table["hardness_errp"] = value, 0.05, 0.1
    table["hardness_ll"], table["hardness_ul"] = np.where(value > 0, 0.1, 0), np.where(value < 1, 0.3, np.inf)
    table["hardness_errp"][3], table["hardness_ul"][3] = 5.0, 9.0
    table["hardness_errp"][4], table["hardness_ll"][4] = 0.3, 0.001
    table.meta = {"TIMESYS": "tt", "band_low_TeV": [0.5, 1.5], "band_high_TeV": [1.5, 4.5]}
    return table


@pytest.mark.parametrize("n_bands", [1, 2, 3, 4])
@pytest.mark.parametrize("time_format", ["mjd", "iso"])
def test_each_band_has_its_panel_and_all_have_one_label(n_bands, time_format):
    curve = make_nights([NIGHT, NIGHT + 1], n_bands=n_bands)
    axes = curve.plot_panels(time_format=time_format)
    assert len(axes) == n_bands
    figure = axes[0].figure
    assert_readable(figure)
    assert [ax.get_xlabel() != "" for ax in axes] == [False] * (n_bands - 1) + [True]
    labels = [ax.get_ylabel() for ax in axes if ax.get_ylabel()]
    assert len(labels) == 1
    assert labels[0].startswith("Flux")
    assert "cm$^{-2}$ s$^{-1}$" in labels[0]
    if n_bands > 1:
        assert "\n" not in labels[0]
        words = [text for text, _ in texts_of(figure)]
        assert [word for word in words if word.endswith("TeV")] == [
            f"{0.5 * 3**k:.4g}–{0.5 * 3 ** (k + 1):.4g} TeV" for k in range(n_bands)
        ]
        middle = next(ax for ax in axes if ax.get_ylabel()).yaxis.label.get_window_extent()
        whole = axes[0].get_window_extent().y1 + axes[-1].get_window_extent().y0
        assert abs(middle.y0 + middle.y1 - whole) < 0.08 * figure.bbox.height
    for ax, rows in zip(axes, range(n_bands), strict=True):
        drawn = np.sort(np.concatenate([one.lines[0].get_ydata() for one in ax.containers]))
        table = curve.table[rows::n_bands]
        expected = np.where(table["ts"] < 4, table["flux_ul"], table["flux"])
        np.testing.assert_allclose(drawn, np.sort(expected), rtol=1e-12)


def test_index_and_hardness_go_below():
    curve = make_nights([NIGHT], 8, n_bands=2)
    axes = curve.plot_panels(below=["index", hardness(curve)], exposure=True, time_format="iso")
    assert_readable(axes[0].figure)
    assert [ax.get_ylabel() for ax in axes[2:]] == ["Photon index", "Hardness"]
    assert "1.5–4.5 /\n0.5–1.5 TeV" in [text for text, _ in texts_of(axes[0].figure)]
    first, second = (ax.containers[0].lines[0].get_color() for ax in axes[:2])
    assert [one.lines[0].get_color() for one in axes[2].containers[:1]] == [first]
    assert second in [one.lines[0].get_color() for one in axes[2].containers]
    # a ratio without its upper part is a lower limit, one that may be zero an upper limit
    points, upper, lower = axes[3].containers
    np.testing.assert_allclose(points.lines[0].get_ydata(), 0.2)
    np.testing.assert_allclose(upper.lines[0].get_ydata(), [0.3, 0.3])
    np.testing.assert_allclose(lower.lines[0].get_ydata(), [0.1, 0.1])
    assert lower.lines[0].get_marker().vertices[:, 1].max() == 1
    assert [ax.get_legend() is not None for ax in axes] == [True, False, False, False]


def test_a_table_below_has_its_unit_in_the_label_and_its_energies_beside():
    curve = make_nights([NIGHT])
    axes = curve.plot_panels(below=[curve.table.copy()])
    assert axes[1].get_ylabel() == "Flux [cm$^{-2}$ s$^{-1}$]"
    assert "0.5–1.5 TeV" in [one.get_text() for one in axes[1].texts]


def test_rows_whose_shape_stayed_fixed_have_no_index():
    curve = make_nights([NIGHT])
    curve.table["status"] = ["ok", "shape_fixed", "ok", "ok"]
    axes = curve.plot_panels(below="index")
    np.testing.assert_allclose(axes[1].containers[0].lines[0].get_ydata()[0], curve.table["index"][0])
    assert sum(len(one.lines[0].get_ydata()) for one in axes[1].containers) < len(curve)


def test_an_axes_is_divided_and_returned():
    _, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    curve = make_nights([NIGHT], n_bands=2)
    axes = curve.plot_panels(ax=left, below=["index"])
    assert axes[0] is left
    assert len(axes) == 3
    curve.plot(right)
    assert_readable(left.figure)
    given = list(plt.subplots(2, sharex=True)[1])
    assert curve.plot_panels(ax=given) == given


def test_nights_of_years_can_be_read():
    nights = 53900 + np.concatenate([[0, 1, 3], [370, 371], [760, 765]])
    for time_format in ("mjd", "iso"):
        for gaps in (None, "cut"):
            axes = make_nights(nights, 1, n_bands=2).plot_panels(time_format=time_format, gaps=gaps)
            assert_readable(axes[0].figure)


@pytest.mark.parametrize("size", [7, 14, 18])
def test_larger_letters_have_room_too(size):
    with plt.rc_context({"font.size": size}):
        for time_format in ("mjd", "iso"):
            axes = make_nights([NIGHT], 15).plot_panels(below=["index"], time_format=time_format)
            assert_readable(axes[0].figure)


def test_the_users_colours_are_taken():
    with plt.rc_context({"axes.prop_cycle": plt.cycler(color=["#123456", "#654321"])}):
        axes = make_nights([NIGHT], n_bands=2).plot_panels()
        assert [to_hex(ax.containers[0].lines[0].get_color()) for ax in axes] == ["#123456", "#654321"]


def test_other_numbers_are_said():
    curve = make_nights([NIGHT], n_bands=2)
    with pytest.raises(InputError, match="blocks has 1, and the light curve has 2 energy bands"):
        curve.plot_panels(blocks=[None])
    with pytest.raises(InputError, match="ax has 3 axes; wanted are 2"):
        curve.plot_panels(ax=plt.subplots(3)[1])
    with pytest.raises(InputError, match="wanted is one with its errors"):
        curve.plot_panels(below=[curve.table["time_min", "flux"]])


def test_figures_can_be_kept_for_another_day():
    axes = make_nights([NIGHT, NIGHT + 9]).plot_panels(gaps="cut", time_format="iso")
    again = pickle.loads(pickle.dumps(axes[0].figure))
    assert_readable(again)
    assert [text for text, _ in texts_of(again)] == [text for text, _ in texts_of(axes[0].figure)]


def test_nothing_is_left_behind():
    before = dict(mpl.rcParams)
    curve = make_nights([NIGHT], n_bands=2)
    table = curve.table.copy()
    axes = curve.plot_panels(below=["index"], gaps="1 d", exposure=True)
    axes[0].figure.canvas.draw()
    assert dict(mpl.rcParams) == before
    assert all(np.all(table[name] == curve.table[name]) for name in table.colnames)
    gone = weakref.ref(axes[0])
    plt.close("all")
    del axes
    gc.collect()
    assert gone() is None


def test_instruments_are_told_apart_in_each_panel():
    curve = make_nights([NIGHT], 8, n_bands=2)
    curve.table["instrument"] = np.repeat(["HESS", "MAGIC"] * 4, 2)
    axes = curve.plot_panels()
    assert len(axes) == 2
    for ax in axes:
        assert set(ax.get_legend_handles_labels()[1]) == {"HESS", "MAGIC", "upper limits"}
        lines = [bars.lines[0] for bars in ax.containers if bars.get_label() in ("HESS", "MAGIC")]
        assert len({line.get_marker() for line in lines}) == len({line.get_color() for line in lines}) == 2


def test_the_legend_above_tells_what_limits_are_in_any_panel():
    curve = make_nights([NIGHT], 8, n_bands=2)
    curve.table["ts"][::2] = 50.0
    curve.meta["upper_limit"] = 0.9
    axes = curve.plot_panels()
    assert [text.get_text() for text in axes[0].get_legend().get_texts()] == ["90\u00a0% upper limits"]
    assert axes[1].get_legend() is None
    assert_readable(axes[0].figure)
