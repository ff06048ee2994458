"""Light curves of several telescopes below each other: one time axis, and each its own unit and band."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table
from astropy.time import Time
from figure_checks import assert_readable, texts_of
from light_curves_to_draw import make, make_nights

from tevcurve import plot_panels
from tevcurve.errors import InputError
from tevcurve.lightcurve.plots.time_axis import axis_times
from tevcurve.lightcurve.product import LightCurve

NIGHT = 53945.85


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def make_lat():
    days = NIGHT + np.arange(-3.0, 4)
    return make(days - 0.5, days + 0.5, 1 + 0 * days, band=(1e-3, 1e-4, 0.1))


def make_optical():
    start = NIGHT + 0.01 * np.arange(5)
    table = Table({"time_min": start, "time_max": start, "mag": [12.9, 13.0, np.nan, 13.1, 13.2]})
    table["mag_err"], table["mag_ll"] = 0.02, [np.nan, np.nan, 13.5, np.nan, np.nan]
    for name in ("mag", "mag_err", "mag_ll"):
        table[name].unit = u.mag
    table.meta = {"TIMESYS": "utc", "instrument": "V"}
    return LightCurve(table)


def test_each_has_its_panel_its_unit_and_its_band_on_one_axis():
    curves = [make_nights([NIGHT, NIGHT + 1]), make_lat(), make_optical()]
    axes = plot_panels(curves, labels=["H.E.S.S.", "Fermi-LAT", None])
    assert len(axes) == 3
    assert_readable(axes[0].figure)
    units = [ax.get_ylabel().partition("[")[2] for ax in axes]
    assert units == ["cm$^{-2}$ s$^{-1}$]", "cm$^{-2}$ s$^{-1}$]", "mag]"]
    words = [text for text, _ in texts_of(axes[0].figure)]
    assert {"H.E.S.S.\n0.5–1.5 TeV", "Fermi-LAT\n0.1–100 GeV", "V"} <= set(words)
    assert [ax.get_xlabel() != "" for ax in axes] == [False, False, True]
    assert len({ax.get_xlim() for ax in axes}) == 1
    # One moment is at one place in all of them, whatever scale it was told in.
    moment = Time(NIGHT, format="mjd", scale="utc")
    assert len({float(axis_times(ax, moment)) for ax in axes}) == 1
    assert float(axis_times(axes[2], moment)) == pytest.approx(moment.tt.mjd, abs=1e-9)


def test_magnitudes_grow_downwards_and_so_do_their_limits():
    (ax,) = plot_panels([make_optical()])
    assert ax.yaxis_inverted()
    arrows = [line for line in ax.lines if hasattr(line.get_marker(), "vertices")]
    (arrow,) = [line for line in arrows if len(line.get_xdata()) == 1]
    assert arrow.get_ydata()[0] == 13.5
    # The tip of the arrow is below, on paper.
    assert arrow.get_marker().vertices[:, 1].min() == -1


def test_bands_of_one_curve_have_panels_of_their_own():
    axes = plot_panels([make_nights([NIGHT], n_bands=2), make_lat()])
    words = [text for text, _ in texts_of(axes[0].figure)]
    assert {"0.5–1.5 TeV", "1.5–4.5 TeV", "0.1–100 GeV"} <= set(words)


def test_what_cannot_be_drawn_together_is_said():
    curve = make_nights([NIGHT])
    with pytest.raises(InputError, match="no light curve in the list"):
        plot_panels([])
    with pytest.raises(InputError, match="labels has 1 for 2 light curves"):
        plot_panels([curve, curve], labels=["one"])
    with pytest.raises(InputError, match="below, blocks and flare go with one light curve"):
        plot_panels([curve], below="index")
    with pytest.raises(InputError, match="wanted is a flux, or a column with its errors"):
        plot_panels([LightCurve(curve.table["time_min", "time_max", "ts"])])


def test_bands_in_one_panel_are_never_without_a_word():
    # Two in one axes: the first had said its band beside the axis of values only.
    ax = plt.subplots()[1]
    make_nights([NIGHT]).plot(ax)
    assert ax.get_legend() is None or "TeV" not in " ".join(text.get_text() for text in ax.get_legend().texts)
    assert "0.5–1.5 TeV" in ax.get_ylabel()
    make_lat().plot(ax, label="LAT")
    entries = [text.get_text() for text in ax.get_legend().texts]
    assert {"0.5–1.5 TeV", "LAT, 0.1–100 GeV"} <= set(entries)
    assert "eV" not in ax.get_ylabel()
