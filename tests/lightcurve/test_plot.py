import inspect
from itertools import pairwise

import matplotlib.dates
import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time
from figure_checks import assert_readable
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose

from tevcurve.errors import InputError
from tevcurve.lightcurve.plot import COLOURS, plot
from tevcurve.lightcurve.plots.points import PALE
from tevcurve.lightcurve.product import LightCurve
from tevcurve.plot_options import PLOT_OPTIONS

# The four Crab runs of the tutorial
START = np.array([53343.92234009259, 53343.95421509259, 53345.96198129629, 53347.913196574074])
STOP = np.array([53343.94186555556, 53343.97369425926, 53345.98149518518, 53347.93271046296])
REFERENCE = {"ref_flux": 1e-11, "ref_dnde": 2e-11, "ref_eflux": 3e-11, "ref_e2dnde": 2e-11}
NORM = np.array([2.7, 2.5, 3.1, 2.9])


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def make(
    start=START,
    stop=STOP,
    norm=NORM,
    ts=100.0,
    scale="tt",
    band=(1, 1, 10),
    asymmetric=True,
    source=None,
    **norms,
):
    norm = np.asarray(norm, dtype=float)
    norms = {"norm": norm, "norm_err": norm * 0 + 0.3, "norm_ul": norm + 0.6, "ts": ts, **norms}
    if asymmetric:
        norms |= {"norm_errn": norm * 0 + 0.2, "norm_errp": norm * 0 + 0.4}
    start, stop = (Time(values, format="mjd", scale=scale) for values in (start, stop))
    return LightCurve.from_arrays(start, stop, *band, REFERENCE, norms, {"source": source})


def make_night(n_bins=30, **options):
    edges = 53945.87 + np.arange(n_bins + 1) * 2 / 1440
    norm = 3 + 10 * np.exp(-(((np.arange(n_bins) - 12) / 5) ** 2))
    return make(edges[:-1], edges[1:], norm, **{"ts": norm * 2, **options})


def drawn(container):
    """Points (n, 2), and the ends (n, 2) of the horizontal and the vertical bars of an errorbar."""
    line, _, bars = container
    x_bars = np.array(bars[0].get_segments())[..., 0]
    y_bars = np.array(bars[1].get_segments())[..., 1] if len(bars) > 1 else None
    return line.get_xydata(), x_bars, y_bars


def tick_labels(axis):
    axis.figure.canvas.draw()
    return [
        tick.label1 for tick in axis.get_major_ticks() if tick.label1.get_text() and tick.label1.get_visible()
    ]


def assert_no_overlap(labels):
    boxes = [label.get_window_extent() for label in labels]
    assert len(boxes) > 1
    assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


def test_points_stand_in_their_time_span_with_their_errors(ax):
    assert plot(make(), ax=ax) is ax
    points, x_bars, y_bars = drawn(ax.containers[0])
    assert_allclose(points, np.transpose([(START + STOP) / 2, NORM * 1e-11]), rtol=1e-12)
    assert_allclose(x_bars, np.transpose([START, STOP]), rtol=0, atol=1e-9)
    assert_allclose(y_bars, np.transpose([NORM - 0.2, NORM + 0.4]) * 1e-11, rtol=1e-12)
    assert len(ax.containers) == 1


def test_errors_are_symmetric_where_a_side_is_unknown(ax):
    lower = np.array([0.2, np.nan, 0.2, 0.2])
    plot(make(asymmetric=False, norm_errn=lower, norm_errp=[0.4, 0.4, np.nan, 0.4]), ax=ax)
    down, up = np.array([0.2, 0.3, 0.3, 0.2]), np.array([0.4, 0.3, 0.3, 0.4])
    assert_allclose(drawn(ax.containers[0])[2], np.transpose([NORM - down, NORM + up]) * 1e-11, rtol=1e-12)


def test_faint_rows_are_arrows_at_their_limits(ax):
    plot(make(norm=[2.7, 0.5, 0.0, -0.2], ts=[100.0, 3.9, 0.0, 9.0]), ax=ax)
    points, limits = ax.containers
    assert_allclose(points.lines[0].get_ydata(), [2.7e-11])
    assert_allclose(limits.lines[0].get_ydata(), [1.1e-11, 0.6e-11, 0.4e-11])
    assert_allclose(drawn(limits)[1], np.transpose([START, STOP])[1:], rtol=0, atol=1e-9)
    arrow = limits.lines[0].get_marker()
    assert arrow.vertices[:, 1].min() == -1
    assert arrow.vertices[:, 1].max() == 0
    assert limits.lines[0].get_color() == points.lines[0].get_color()


def test_arrows_stay_inside_the_axes():
    figure, ax = plt.subplots(figsize=(3.4, 2.6))
    plot(make(norm=[2.7, -0.55, 0.0, 0.0], ts=[100.0, 0.0, 0.0, 0.0]), ax=ax)
    figure.canvas.draw()
    limits = ax.containers[1].lines[0]
    length = limits.get_markersize() / 2 * figure.dpi / 72
    lowest = ax.transData.transform((START[1], min(limits.get_ydata())))[1]
    assert lowest - length > ax.get_window_extent().y0
    plt.close(figure)


@pytest.mark.parametrize(("threshold", "n_limits"), [(None, 0), (4, 1), (50, 3), (0, 0)])
def test_the_threshold_is_the_callers(ax, threshold, n_limits):
    plot(make(ts=[100.0, 1.0, 10.0, 40.0]), ax=ax, ts_threshold=threshold)
    counts = [len(container.lines[0].get_xdata()) for container in ax.containers]
    assert counts == ([4] if n_limits == 0 else [4 - n_limits, n_limits])


def test_a_faint_row_without_a_limit_stays_a_point(ax):
    plot(make(ts=0.0, norm_ul=[1.0, np.nan, np.nan, 1.0]), ax=ax)
    assert_allclose(ax.containers[0].lines[0].get_ydata(), NORM[1:3] * 1e-11)


def test_rows_without_a_value_are_left_out(ax):
    plot(
        make(norm=[2.7, np.nan, 3.1, np.nan], ts=[100.0, np.nan, 100.0, np.nan], norm_ul=[3, np.nan, 4, 5]),
        ax=ax,
    )
    points, limits = ax.containers
    assert_allclose(points.lines[0].get_ydata(), [2.7e-11, 3.1e-11])
    # the last row has a limit although it has no value
    assert_allclose(limits.lines[0].get_xdata(), (START[3] + STOP[3]) / 2)


def test_nothing_to_draw_is_no_error(ax):
    plot(make(norm=[np.nan] * 4, ts=np.nan), ax=ax)
    plot(make([], [], [], ts=np.zeros(0)), ax=ax)
    ax.figure.canvas.draw()
    assert ax.get_ylabel()


def test_labels_say_quantity_band_unit_and_offset(ax):
    plot(make(), ax=ax)
    assert ax.get_ylabel() == "Flux (1–10 TeV) [cm$^{-2}$ s$^{-1}$]"
    assert ax.get_xlabel() == "Time [MJD − 53343, TT]"
    assert not ax.xaxis.offsetText.get_text()


@pytest.mark.parametrize(
    ("quantity", "label", "reference"),
    [
        ("dnde", "Differential flux [cm$^{-2}$ s$^{-1}$ TeV$^{-1}$]", 2e-11),
        ("eflux", "Energy flux (1–10 TeV) [TeV cm$^{-2}$ s$^{-1}$]", 3e-11),
        ("e2dnde", r"$E^2\,\mathrm{d}N/\mathrm{d}E$ [TeV cm$^{-2}$ s$^{-1}$]", 2e-11),
        ("norm", "Norm", 1),
    ],
)
def test_other_quantities(ax, quantity, label, reference):
    plot(make(), ax=ax, quantity=quantity)
    assert ax.get_ylabel() == label
    points, _, y_bars = drawn(ax.containers[0])
    assert_allclose(points[:, 1], NORM * reference)
    assert_allclose(y_bars[:, 1], (NORM + 0.4) * reference)


def test_any_column_with_errors_can_be_drawn(ax):
    plot(make(index=np.array([2.1, 2.2, 2.3, 2.4]), index_err=np.full(4, 0.1)), ax=ax, quantity="index")
    assert_allclose(drawn(ax.containers[0])[2], np.transpose([[2.0, 2.1, 2.2, 2.3], [2.2, 2.3, 2.4, 2.5]]))


def test_ticks_are_what_the_label_says(ax):
    plot(make(), ax=ax)
    labels = tick_labels(ax.xaxis)
    for label in labels:
        shown = float(label.get_text().replace("−", "-"))
        assert_allclose(shown + 53343, label.get_position()[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [(6.4, 4.8), (3.4, 2.6)])
@pytest.mark.parametrize("time_format", ["mjd", "iso"])
@pytest.mark.parametrize("span", [60 / 86400, 0.02, 4, 39.9, 400])
def test_tick_labels_never_overlap(span, time_format, size):
    figure, ax = plt.subplots(figsize=size)
    start = 53343.92 + span * np.linspace(0, 1, 5)
    plot(make(start, start + span / 10, np.ones(5)), ax=ax, time_format=time_format)
    figure.tight_layout()
    assert_no_overlap(tick_labels(ax.xaxis))
    plt.close(figure)


def test_long_light_curves_show_whole_mjd(ax):
    plot(make(53000 + 100 * np.arange(4), 53000.02 + 100 * np.arange(4)), ax=ax)
    assert ax.get_xlabel() == "Time [MJD, TT]"
    assert "53100" in [label.get_text() for label in tick_labels(ax.xaxis)]


def test_dates_are_utc(ax):
    light_curve = make()
    plot(light_curve, ax=ax, time_format="iso")
    points = ax.containers[0].lines[0].get_xdata()
    for number, time in zip(points, light_curve.time, strict=True):
        shown = matplotlib.dates.num2date(number).replace(tzinfo=None)
        # TT - UTC was 64.184 s in 2004
        assert abs((shown - time.utc.to_datetime()).total_seconds()) < 1e-3
        assert_allclose((time.to_datetime() - shown).total_seconds(), 64.184, atol=1e-3)
    assert ax.get_xlabel() == "Time [UTC]"


def test_two_light_curves_share_one_axes(ax):
    plot(make(), ax=ax, label="1D")
    plot(make(START - 2, STOP - 2, NORM + 3), ax=ax, label="3D", marker="s")
    handles, labels = ax.get_legend_handles_labels()
    assert labels == ["1D", "3D"]
    assert handles == ax.containers
    assert ax.get_xlabel() == "Time [MJD − 53341, TT]"
    assert ax.get_ylabel() == "Flux (1–10 TeV) [cm$^{-2}$ s$^{-1}$]"
    assert [to_hex(h.lines[0].get_color()).upper() for h in handles] == [
        colour.upper() for colour in COLOURS[:2]
    ]
    assert [h.lines[0].get_marker() for h in handles] == ["o", "s"]
    assert_allclose(drawn(handles[1])[0][:, 0], (START + STOP) / 2 - 2, rtol=1e-12)
    (low, high), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert low < START[0] - 2 < STOP[3] < high
    assert bottom < 0 < (max(NORM) + 3.4) * 1e-11 < top
    zero_lines = [
        line
        for line in ax.lines
        if line.get_gid() != "cut" and np.all(np.asarray(line.get_ydata()) == 0) and len(line.get_ydata())
    ]
    assert len(zero_lines) == 1


def test_other_time_scales_follow_the_first(ax):
    tt = make()
    utc = make(tt.time_start.utc.mjd, tt.time_stop.utc.mjd, scale="utc")
    plot(tt, ax=ax)
    plot(utc, ax=ax)
    first, second = (container.lines[0].get_xdata() for container in ax.containers)
    assert_allclose(first, second, rtol=0, atol=1e-9)
    assert ax.get_xlabel() == "Time [MJD − 53343, TT]"


def test_other_units_follow_the_first(ax):
    other = make()
    table = other.table.copy()
    for end in ("", "_err", "_errn", "_errp", "_ul"):
        table[f"flux{end}"] = table[f"flux{end}"].quantity.to("1/(m2 s)")
    plot(make(), ax=ax)
    plot(LightCurve(table), ax=ax)
    assert_allclose(ax.containers[1].lines[0].get_ydata(), NORM * 1e-11)


def test_different_bands_are_not_called_one(ax):
    plot(make(), ax=ax)
    plot(make(band=(1, 0.7, 20)), ax=ax)
    assert ax.get_ylabel() == "Flux [cm$^{-2}$ s$^{-1}$]"


def test_bands_of_one_light_curve_have_an_entry_each(ax):
    band = tuple(np.repeat(edges, 2) for edges in ([1.0, 3.0], [1.0, 3.0], [3.0, 10.0]))
    light_curve = make(np.tile(START[:2], 2), np.tile(STOP[:2], 2), NORM, band=band)
    plot(light_curve, ax=ax, label="Crab")
    assert ax.get_legend_handles_labels()[1] == ["Crab, 1–3 TeV", "Crab, 3–10 TeV"]
    assert_allclose(ax.containers[1].lines[0].get_ydata(), NORM[2:] * 1e-11)


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_legend_says_once_what_limits_are(ax):
    night = make_night(ts=1.0)
    night.meta["upper_limit"] = 0.95
    plot(night, ax=ax)
    assert legend_texts(ax) == ["95\u00a0% upper limits"]
    plot(night, ax=ax, label="again")
    plot(make(ts=0.0), ax=ax, label="only limits")
    plot(make(ts=100.0, norm=NORM + 1), ax=ax, label="no limits")
    ax.figure.canvas.draw()
    names = ["again", "only limits", "no limits", "95\u00a0% upper limits", "upper limits"]
    assert legend_texts(ax) == names


def test_the_source_is_named_above_the_axes(ax):
    for name in ("Crab $a_b", "PKS 2155-304", "M 87"):
        plot(make(source=name), ax=ax)
    assert ax.get_title("left") == ""
    assert legend_texts(ax) == [r"Crab \$a_b", "PKS 2155-304", "M 87"]
    ax.figure.canvas.draw()


def test_a_title_stays_and_one_of_panels_names_the_source():
    figure, axes = plt.subplots(3, sharex=True)
    axes[0].set_title("Mine")
    for one, name in zip(axes, ("Crab", "Crab", "_other"), strict=True):
        plot(make(source=name), ax=one)
        plot(make(source=name, norm=NORM + 1), ax=one, label="twice")
    assert [one.get_title("left") for one in axes] == ["", "", "_other"]
    assert axes[0].get_title() == "Mine"
    plt.close(figure)


def test_a_long_name_keeps_clear_of_the_legend():
    figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
    night = make_night(source="A source with a name that is long", ts=1.0)
    night.meta["upper_limit"] = 0.95
    for label in ("one", "another one", "and a third one"):
        plot(night, ax=ax, label=label)
    assert_readable(figure)
    plt.close(figure)


def test_bins_in_phase_are_drawn_twice(ax):
    edges = np.linspace(0, 1, 5)
    curve = make(norm=[1.0, 2, 3, 0.5], ts=[9, 9, 9, 1.0], phase_min=edges[:-1], phase_max=edges[1:])
    plot(curve, ax=ax)
    points, limits = ax.containers
    assert_allclose(points.lines[0].get_xdata(), [0.125, 0.375, 0.625, 1.125, 1.375, 1.625])
    assert_allclose(points.lines[0].get_ydata(), [1e-11, 2e-11, 3e-11] * 2)
    assert_allclose(limits.lines[0].get_xdata(), [0.875, 1.875])
    assert ax.get_xlabel().startswith("Phase")


def test_all_phases_are_on_the_axis_where_rows_are_in_some_only(ax):
    edges = np.linspace(0.25, 0.75, 5)
    plot(make(norm=[1.0, 2, 3, 4], ts=[9.0] * 4, phase_min=edges[:-1], phase_max=edges[1:]), ax=ax)
    low, high = ax.get_xlim()
    assert low <= 0
    assert high >= 2


def test_a_logarithmic_axis_has_limits_for_what_is_not_above_zero(ax):
    plot(make(norm=[2.7, -1.0, 3.1, 0.0]), ax=ax, log=True, ts_threshold=None)
    points, limits = ax.containers
    assert ax.get_yscale() == "log"
    assert_allclose(points.lines[0].get_ydata(), [2.7e-11, 3.1e-11])
    # the limit of the second is below zero, too
    assert_allclose(limits.lines[0].get_ydata()[-1], 0.6e-11)


def test_the_options_are_those_of_the_table():
    arguments = inspect.signature(plot).parameters
    for option in PLOT_OPTIONS:
        assert arguments[option.name].default == option.given_default, option.name
        assert option.name in plot.__doc__


def test_the_legend_keeps_clear_of_the_bars(ax):
    plot(make(), ax=ax, label="1D")
    plot(make(norm=NORM + 0.1), ax=ax, label="3D")
    legend = ax.legend()
    ax.figure.canvas.draw()
    box = legend.get_window_extent()
    for container in ax.containers:
        for bar in container.lines[2][1].get_segments():
            assert not any(box.contains(*end) for end in ax.transData.transform(bar))


def test_matplotlib_keywords_pass_through(ax):
    plot(make(), ax=ax, c="k", ms=7, ls="--", capsize=3, alpha=0.5, markerfacecolor="w", ecolor="r")
    line, caps, bars = ax.containers[0]
    assert (line.get_color(), line.get_markersize(), line.get_linestyle()) == ("k", 7, "--")
    assert (line.get_alpha(), line.get_markerfacecolor()) == (0.5, "w")
    assert caps[0].get_markersize() == 6
    assert to_hex(bars[0].get_color()[0]) == "#ff0000"


def test_fmt_takes_the_place_of_marker(ax):
    plot(make(), ax=ax, fmt="D:")
    line = ax.containers[0].lines[0]
    assert (line.get_marker(), line.get_linestyle()) == ("D", ":")


def test_a_cycle_that_the_user_chose_stays():
    with plt.rc_context({"axes.prop_cycle": plt.cycler(color=["#123456"])}):
        figure, ax = plt.subplots()
        plot(make(), ax=ax)
        assert to_hex(ax.containers[0].lines[0].get_color()) == "#123456"
        plt.close(figure)


def test_a_logarithmic_axis_stays_logarithmic(ax):
    ax.set_yscale("log")
    plot(make_night(), ax=ax)
    ax.figure.canvas.draw()
    assert ax.get_yscale() == "log"
    assert ax.get_ylim()[0] > 0


def test_a_cleared_axes_starts_anew(ax):
    plot(make(), ax=ax)
    ax.clear()
    plot(make_night(), ax=ax, quantity="norm", time_format="iso")
    assert ax.get_ylabel() == "Norm"
    assert ax.get_xlabel() == "Time [UTC]"


def test_panels_with_a_common_time_axis_agree():
    figure, (upper, lower) = plt.subplots(2, sharex=True)
    plot(make(), ax=upper)
    plot(make(START - 2, STOP - 2), ax=lower, quantity="norm")
    assert lower.get_xlabel() == "Time [MJD − 53341, TT]"
    assert upper.get_xlabel() == ""
    assert upper.containers[0].lines[0].get_color() == lower.containers[0].lines[0].get_color()
    figure.canvas.draw()
    plt.close(figure)


def test_the_current_axes_are_the_default():
    figure, ax = plt.subplots()
    assert make().plot(label="Crab") is ax
    assert ax.get_legend_handles_labels()[1] == ["Crab"]
    plt.close(figure)


def test_times_of_others_can_be_drawn_in_mjd(ax):
    plot(make(), ax=ax)
    limits = ax.get_xlim()
    ax.axvline((Time(START[0], format="mjd", scale="tt") + 1 * u.d).mjd)
    assert limits == ax.get_xlim()


def test_wrong_arguments_are_named(ax):
    with pytest.raises(InputError, match=r"no column 'fluxx' to plot; did you mean 'flux'\?"):
        plot(make(), ax=ax, quantity="fluxx")
    with pytest.raises(InputError, match=r"no column 'Jy' to plot; it has flux, dnde, eflux, e2dnde, norm"):
        plot(make(), ax=ax, quantity="Jy")
    with pytest.raises(InputError, match=r"time_format is 'jd'; wanted is 'mjd' or 'utc'"):
        plot(make(), ax=ax, time_format="jd")
    plot(make(), ax=ax)
    with pytest.raises(InputError, match=r"already shows time as 'mjd'"):
        plot(make(), ax=ax, time_format="iso")
    with pytest.raises(InputError, match=r"already shows flux in 1 / \(s cm2\); norm should"):
        plot(make(), ax=ax, quantity="norm")


def test_instruments_are_series_with_an_entry_each(ax):
    curve = make(instrument=["HESS", "MAGIC", "HESS", "MAGIC"])
    plot(curve, ax)
    assert ax.get_legend_handles_labels()[1] == ["HESS", "MAGIC"]
    assert [len(bars.lines[0].get_xdata()) for bars in ax.containers] == [2, 2]
    assert "of HESS and MAGIC" in str(curve)
    assert "HESS, MJD" in curve._repr_html_()


def test_rows_of_instruments_together_are_told_by_which_they_have(ax):
    curve = make(instruments=["FACT, HESS", "HESS", "FACT, HESS", "FACT"])
    plot(curve, ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["FACT", "FACT, HESS", "HESS"]
    together = ax.containers[1].lines[0]
    assert_allclose(
        together.get_xdata(), np.asarray(curve.table["time_min"] + curve.table["time_max"])[[0, 2]] / 2
    )


def test_one_instrument_needs_no_entry(ax):
    curve = make(instrument="HESS")
    plot(curve, ax)
    assert ax.get_legend_handles_labels()[1] == []
    assert "HESS" not in str(curve)


def with_totals(**more):
    zeros = NORM * 0
    totals = {"norm_err_tot": zeros + 0.5, "norm_errn_tot": zeros + 0.45, "norm_errp_tot": zeros + 0.6}
    return make(**totals, norm_ul_tot=NORM + 0.9, **more)


def test_errors_with_systematic_errors_are_pale_bars_with_caps(ax):
    plot(with_totals(), ax=ax)
    points, pale = ax.containers
    assert_allclose(drawn(points)[2], np.transpose([NORM - 0.2, NORM + 0.4]) * 1e-11, rtol=1e-12)
    _, caps, bars = pale
    assert_allclose(
        np.array(bars[0].get_segments())[..., 1], np.transpose([NORM - 0.45, NORM + 0.6]) * 1e-11, rtol=1e-12
    )
    assert len(caps) == 2
    assert bars[0].get_alpha() < 1
    assert to_hex(bars[0].get_color()[0]) == to_hex(points.lines[0].get_color())
    assert PALE in [text.get_text() for text in ax.get_legend().get_texts()]


def test_errors_with_systematic_errors_are_symmetric_where_a_side_is_unknown(ax):
    lower = np.array([0.45, np.nan, 0.45, 0.45])
    plot(make(norm_err_tot=NORM * 0 + 0.5, norm_errn_tot=lower, norm_errp_tot=NORM * 0 + 0.6), ax=ax)
    ends = np.array(ax.containers[1][2][0].get_segments())[..., 1]
    assert_allclose(ends[1], np.array([NORM[1] - 0.5, NORM[1] + 0.5]) * 1e-11, rtol=1e-12)


def test_limits_are_with_systematic_errors_where_there_are_any(ax):
    plot(with_totals(ts=[1.0, 100.0, 1.0, 100.0]), ax=ax)
    limits = next(each for each in ax.containers if each.lines[0] and each.lines[0].get_markersize() > 10)
    assert_allclose(limits.lines[0].get_ydata(), (NORM[[0, 2]] + 0.9) * 1e-11, rtol=1e-12)
    assert PALE in [text.get_text() for text in ax.get_legend().get_texts()]


def test_without_systematic_errors_nothing_is_said_of_them(ax):
    plot(make(), ax=ax)
    assert len(ax.containers) == 1
    assert ax.get_legend() is None


def test_rows_that_are_not_drawn_on_a_logarithmic_axis_are_told(ax):
    """Two rows below zero without a limit, and one that has a limit, which is drawn."""
    night = make(norm=np.array([2.7, -0.1, 0.0, -0.3]))
    night.table["flux_ul"][1:3] = np.nan
    plot(night, ax=ax, log=True)
    assert legend_texts(ax) == ["upper limits", "2 rows are at or below zero and not drawn"]
    assert_allclose(ax.containers[1].lines[0].get_ydata(), night.table["flux_ul"][3:])
    night.table["flux_ul"][3] = np.nan
    plot(night[3:], ax=ax)
    assert legend_texts(ax)[-1] == "3 rows are at or below zero and not drawn"


def test_nothing_is_told_on_a_linear_axis_or_where_all_is_drawn(ax):
    night = make(norm=np.array([2.7, -0.1, 0.0, -0.3]))
    night.table["flux_ul"][:] = np.nan
    plot(night, ax=ax)
    assert ax.get_legend() is None
    plot(make(), ax=ax, log=True)
    assert ax.get_legend() is None


def test_without_a_figure_one_is_made_in_which_no_words_are_cut():
    plt.close("all")
    ax = make(source="Crab", ts=[100.0, 1.0, 100.0, 100.0]).plot(time_format="utc")
    figure = ax.figure
    figure.canvas.draw()
    low, high = (np.array(end) for end in figure.bbox.get_points())
    for words in (ax.xaxis.label, ax.yaxis.label, ax.get_legend(), *ax.get_xticklabels()):
        box = words.get_window_extent()
        assert (np.array([box.x0, box.y0]) >= low - 1).all(), words
        assert (np.array([box.x1, box.y1]) <= high + 1).all(), words
    assert make(source="Crab").plot() is ax
    plt.close(figure)
