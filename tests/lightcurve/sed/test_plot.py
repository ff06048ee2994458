"""Figures of flux points: a panel for each time bin, at the right energies and heights."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from figure_checks import assert_readable
from numpy.testing import assert_allclose

from tevcurve.errors import InputError
from tevcurve.lightcurve.sed import plot
from tevcurve.lightcurve.sed.plot import columns_of
from tevcurve.lightcurve.selection import bins_of_rows


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def lines_of(ax):
    """The lines of an axes that have a label of a fit."""
    return [line for line in ax.lines if "fit" in str(line.get_label())]


def test_each_time_bin_has_a_panel(flux_points):
    axes = flux_points.plot()
    assert len(axes) == len(flux_points) > 1
    assert_readable(axes[0].figure)
    for k, ax in enumerate(axes):
        table = flux_points.table[bins_of_rows(flux_points.table) == k]
        bright = np.asarray(table["ts"] >= 4)
        drawn = np.concatenate([bars.lines[0].get_xydata() for bars in ax.containers[:1]])
        assert_allclose(drawn[:, 0], table["e_ref"][bright])
        assert_allclose(drawn[:, 1], table["e2dnde"][bright])
        if bright.any():
            bars = ax.containers[0].lines[2][0].get_segments()
            assert_allclose(
                [bar[:, 0] for bar in bars], np.column_stack([table["e_min"], table["e_max"]])[bright]
            )
        assert ax.get_title().startswith(f"{k + 1}: MJD 53298.")
        assert ax.get_xscale() == ax.get_yscale() == "log"
        assert ax.get_ylim() == axes[0].get_ylim()


def test_the_source_and_the_time_scale_stand_above_all_panels(flux_points):
    source = flux_points.table.meta["source"]
    axes = flux_points.plot()
    figure = axes[0].figure
    assert figure.get_suptitle() == f"{source}, times in TT"
    legend = figure.legends[0]
    figure.draw_without_rendering()
    assert legend.get_window_extent().y1 <= figure._suptitle.get_window_extent().y0 + 2
    assert legend.get_window_extent().y0 >= axes[0].title.get_window_extent().y1


@pytest.mark.parametrize("ends", [(1.2e-11, 4.1e-11), (2.5e-11, 3.1e-11)])
def test_labels_of_ticks_do_not_reach_into_the_words_of_the_axis(flux_points, monkeypatch, ends):
    """Of less than a power of ten, small ticks have labels, which are longer."""
    monkeypatch.setattr(plot, "_heights", lambda *_: ends)
    axes = flux_points.plot()
    figure = axes[0].figure
    figure.draw_without_rendering()
    words = next(text for text in figure.texts if "mathrm{d}E" in text.get_text())
    labels = [label for which in ("major", "minor") for label in axes[0].yaxis.get_ticklabels(which)]
    inside = [label for label in labels if label.get_text() and ends[0] <= label.get_position()[1] <= ends[1]]
    assert inside
    assert min(label.get_window_extent().x0 for label in inside) >= words.get_window_extent().x1


def test_long_titles_do_not_touch(flux_points, monkeypatch):
    """As of instruments with long names."""
    titles = [
        f"{k + 1}: an array of telescopes, MJD 53298.889632–53298.889756" for k in range(len(flux_points))
    ]
    monkeypatch.setattr("tevcurve.lightcurve.sed.plot.titles_of", lambda made: titles)
    assert_readable(flux_points.plot()[0].figure)


def test_the_line_is_the_fit_and_says_its_parameters(flux_points):
    for ax, fit in zip(flux_points.plot(), flux_points.fits.table, strict=True):
        if fit["ts"] < 4:
            assert lines_of(ax) == []
            continue
        (line,) = lines_of(ax)
        energy, height = line.get_data()
        assert_allclose(height, energy**2 * np.interp(energy, fit["curve_energy"], fit["curve_dnde"]))
        said = [text.get_text() for text in ax.texts]
        if fit["status"] == "ok":
            assert said == [f"index {fit['index']:.2f} ± {fit['index_err']:.2f}"]
            assert line.get_linestyle() == "-"
        else:
            assert said == []
            assert line.get_linestyle() == "--"


def test_axes_of_the_user_and_what_is_too_much(flux_points, monkeypatch):
    _, given = plt.subplots(1, len(flux_points))
    assert flux_points.plot(given) == list(given)
    with pytest.raises(InputError, match="ax has 1 axes"):
        flux_points.plot([given[0]])
    monkeypatch.setattr("tevcurve.lightcurve.sed.plot.MOST", 1)
    with pytest.raises(InputError, match="wanted are 1 to 1"):
        flux_points.plot()


@pytest.mark.parametrize("number", [1, 2, 3, 4, 7, 13, 30])
def test_panels_fill_a_grid(number):
    columns = columns_of(number)
    assert min(number, 2) <= columns <= 6
    assert 0 <= -number % columns < columns <= number


def test_on_a_dark_ground_points_have_the_colours_of_the_style(flux_points):
    with plt.style.context("dark_background"):
        axes = flux_points.plot()
        cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    assert axes[0].containers[0].lines[0].get_color() == cycle[0]
