"""The figure of a power spectrum: its axes are those of light curves, and of the rows where a band has no end."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from onoff_light_curves import onoff_light_curve, onoff_run

from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.plots.power_spectrum import top_of


def test_a_band_without_an_end_does_not_hide_the_rows():
    points = np.array([1.0, np.nan, 2.0])
    assert top_of(points, np.array([0.5, 1e69])) == pytest.approx(1.05 * 3.0)
    assert top_of(points, np.array([0.5, 2.4])) == pytest.approx(1.05 * 2.4)
    assert top_of(points, np.array([0.5, 1.0])) == pytest.approx(1.05 * 2.0)


def test_gaps_between_nights_are_cut_as_in_light_curves_and_the_process_is_not_drawn_there():
    rng = np.random.default_rng(5)
    nights = [(day * 86400.0, day * 86400.0 + 1200.0) for day in (0, 400)]
    runs = [onoff_run(k, [span], 0.3, 0.05, 0.1, rng) for k, span in enumerate(nights)]
    light_curve = onoff_light_curve(runs, by_width("2 min"))
    figure, axes = plt.subplots(2)
    light_curve.timing.power_spectrum().plot(axes)
    figure.canvas.draw()
    (cut,) = axes[1].xaxis.get_major_locator().cut.gaps
    first, second = light_curve.time_stop.mjd[9], light_curve.time_start.mjd[10]
    assert first < cut[0] < cut[1] < second
    (line,) = [line for line in axes[1].lines if len(line.get_xdata()) > 20 and line.get_linestyle() == "-"]
    time, flux = line.get_data()
    inside = (time > first) & (time < second)
    assert np.isnan(flux[(time > cut[0]) & (time < cut[1])]).all()
    assert inside.any()
    assert np.isfinite(flux[~inside]).all()
    assert axes[1].get_xlabel() == "Time [MJD, TT]"
    plt.close(figure)
