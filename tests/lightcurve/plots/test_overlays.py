"""Good time, blocks and flares over a light curve."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable
from astropy.time import Time
from figure_checks import assert_readable
from light_curves_to_draw import make, make_nights

from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.errors import InputError
from tevcurve.lightcurve.plot import axis_times, plot, plot_blocks, plot_exposure, plot_flare

NIGHT = 53945.85
FLUX = u.Unit("cm-2 s-1")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture
def ax():
    return plt.subplots(figsize=(7, 4), layout="constrained")[1]


def gti(*intervals):
    reference = TimeReference(53945, 0.0, "tt")
    start, stop = (np.array(intervals, dtype=float) * 86400).T
    return GTI(start, stop, reference)


def shaded(ax):
    (shade,) = [one for one in ax.collections if one.get_gid() == "exposure"]
    return np.array([[path.vertices[:, 0].min(), path.vertices[:, 0].max()] for path in shade.get_paths()])


def blocks(start, stop, flux, errn=0.1e-11, errp=0.2e-11):
    flux = np.asarray(flux) * 1e-11
    start, stop = (Time(np.asarray(ends), format="mjd", scale="tt") for ends in (start, stop))
    columns = {"start": start, "stop": stop, "flux": flux * FLUX}
    return SimpleNamespace(
        blocks=QTable(
            columns
            | {"flux_errn": errn + 0 * columns["flux"].value << FLUX, "flux_errp": errp + 0 * flux << FLUX}
        )
    )


def test_good_time_of_the_runs_is_shaded_and_merged(ax):
    curve = make_nights([NIGHT])
    limits = plot(curve, ax).axis()
    given = [gti((0.85, 0.87), (0.88, 0.9)), gti((0.9, 0.91))]
    assert plot_exposure(given, ax) is ax
    np.testing.assert_allclose(shaded(ax) - 53945, [[0.85, 0.87], [0.88, 0.91]], rtol=0, atol=1e-9)
    assert ax.axis() == limits
    plot_exposure(given[1], ax)
    np.testing.assert_allclose(shaded(ax) - 53945, [[0.9, 0.91]], rtol=0, atol=1e-9)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Good time", "upper limits"]
    assert_readable(ax.figure)


def test_a_curve_with_runs_shades_their_time_and_one_without_its_bins(ax):
    curve = make_nights([NIGHT], per_night=2)
    with_runs = type(curve)(curve.table, SimpleNamespace(runs=[SimpleNamespace(gti=gti((0.851, 0.88)))]))
    plot(with_runs, ax, exposure=True)
    np.testing.assert_allclose(shaded(ax) - 53945, [[0.851, 0.88]], rtol=0, atol=1e-9)
    other = plot(curve, plt.figure().add_subplot(), exposure=True)
    np.testing.assert_allclose(shaded(other) - NIGHT, [[0, 0.0194], [0.02, 0.0394]], rtol=0, atol=1e-9)


def test_blocks_are_steps_with_their_errors(ax):
    plot(make_nights([NIGHT]), ax)
    start, stop = [NIGHT, NIGHT + 0.04, NIGHT + 0.5], [NIGHT + 0.04, NIGHT + 0.08, NIGHT + 0.54]
    assert plot_blocks(blocks(start, stop, [1, 3, 2]), ax) is ax
    line = next(one for one in ax.lines if one.get_label() == "Blocks")
    expected = [
        [start[0], 1],
        [stop[0], 1],
        [stop[0], 1],
        [start[1], 3],
        [stop[1], 3],
        [np.nan, 3],
        [start[2], 2],
    ]
    np.testing.assert_allclose(line.get_xydata()[:7], np.array(expected) * [1, 1e-11], rtol=1e-12)
    (band,) = [one for one in ax.collections if one.get_alpha() == 0.2]
    ends = np.array([[path.vertices[:, 1].min(), path.vertices[:, 1].max()] for path in band.get_paths()])
    np.testing.assert_allclose(ends, np.array([[0.9, 1.2], [2.9, 3.2], [1.9, 2.2]]) * 1e-11)
    assert_readable(ax.figure)


def test_blocks_may_be_a_light_curve_or_stand_alone(ax):
    curve = make([NIGHT], [NIGHT + 0.1], [2.0])
    plot_blocks(curve, ax, quantity="norm")
    assert ax.get_xlabel() == "Time [MJD − 53945, TT]"
    line = next(one for one in ax.lines if one.get_label() == "Blocks")
    np.testing.assert_allclose(line.get_ydata()[:2], 2)
    plot_blocks(blocks([NIGHT], [NIGHT + 1], [1]), plt.figure().add_subplot())
    with pytest.raises(InputError, match="without norm; wanted are blocks or a light curve"):
        plot_blocks(blocks([NIGHT], [NIGHT + 1], [1]), ax, quantity="norm")


@pytest.mark.parametrize("time_format", ["mjd", "iso"])
def test_a_flare_is_its_formula_at_absolute_times(ax, time_format):
    plot(make_nights([NIGHT], per_night=12), ax, time_format=time_format)
    peak = Time(NIGHT + 0.1, format="mjd", scale="tt")
    flare = SimpleNamespace(
        t0=peak, rise=1000 * u.s, decay=50 * u.min, amplitude=2e-11 * FLUX, constant=1e-7 / (u.m**2 * u.s)
    )
    assert plot_flare(flare, ax) is ax
    line = next(one for one in ax.lines if one.get_label() == "Flare")
    time, flux = line.get_xydata().T
    since = (time - axis_times(ax, peak)) * 86400
    expected = 1e-11 + 2e-11 * np.exp(np.where(since < 0, since / 1000, -since / 3000))
    np.testing.assert_allclose(flux, expected, rtol=1e-4)
    assert flux.max() == pytest.approx(3e-11, rel=1e-6)
    assert_readable(ax.figure)


def test_a_flare_is_not_drawn_in_a_cut(ax):
    plot(make_nights([NIGHT, NIGHT + 9]), ax, gaps="cut")
    peak = Time(NIGHT, format="mjd", scale="tt")
    plot_flare(
        SimpleNamespace(t0=peak, rise=1 * u.d, decay=9 * u.d, amplitude=1e-11 * FLUX, constant=0 * FLUX), ax
    )
    time, flux = next(one for one in ax.lines if one.get_label() == "Flare").get_xydata().T
    assert np.isnan(flux[(time > NIGHT + 1) & (time < NIGHT + 8)]).all()
    assert np.isfinite(flux[time < NIGHT + 0.05]).all()


def test_all_over_one_curve_can_be_read(ax):
    flare = SimpleNamespace(
        t0=Time(NIGHT, format="mjd", scale="tt"),
        rise=1 * u.h,
        decay=1 * u.h,
        amplitude=1e-11 * FLUX,
        constant=1e-11 * FLUX,
    )
    plot(
        make_nights([NIGHT], 8, n_bands=2),
        ax,
        exposure=True,
        flare=flare,
        blocks=blocks([NIGHT], [NIGHT + 0.1], [2]),
        time_format="iso",
    )
    names = {text.get_text() for text in ax.get_legend().get_texts()}
    assert names == {"Good time", "Blocks", "Flare", "0.5–1.5 TeV", "1.5–4.5 TeV", "upper limits"}
    assert_readable(ax.figure)


def test_what_cannot_be_drawn_is_said(ax):
    flare = SimpleNamespace()
    for call in (
        lambda: plot_exposure([], ax),
        lambda: plot_flare(flare, ax),
        lambda: axis_times(ax, Time.now()),
    ):
        with pytest.raises(InputError, match="plot one first"):
            call()
    plot(make_nights([NIGHT]), ax, quantity="norm")
    with pytest.raises(InputError, match="drawn over the flux"):
        plot_flare(flare, ax)
    with pytest.raises(InputError, match="exposure is"):
        plot_exposure("all", ax)


def test_between_blocks_no_line_slants(ax):
    """Where one run stops a little before the next one begins."""
    plot_blocks(blocks([NIGHT, NIGHT + 0.042], [NIGHT + 0.04, NIGHT + 0.08], [1, 3]), ax)
    x, y = next(one for one in ax.lines if one.get_label() == "Blocks").get_xydata()[:5].T
    assert np.all((np.diff(x) == 0) | (np.diff(y) == 0))
