"""stingray's own numbers of the time domain beside ours, on light curves where both apply."""

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_allclose
from onoff_light_curves import onoff_light_curve, onoff_run

from tevcurve.lightcurve.bins import by_width

pytest.importorskip("gammapy", reason="The packages of the extra [peer] are not here.")
# What these packages warn of while they are imported is theirs.
pytestmark = pytest.mark.filterwarnings("ignore")
stingray = pytest.importorskip("stingray")

NOTHING, ROW = 1e-9, 300.0


def one_run(n, rate, factor=None, seed=1, bands=(1, 10)):
    """A run of n rows one after the other, with no background."""
    run = onoff_run(1, [(0, n * ROW)], rate, NOTHING, 0.1, np.random.default_rng(seed), factor)
    return onoff_light_curve([run], by_width("5 min"), bands=bands)


def red(n, slope, rms, seed):
    """(function of seconds, its upper bound) of log-normal red noise, drawn from its power at random phases."""
    rng, step = np.random.default_rng(seed), ROW / 8
    total = 8 * 8 * n
    frequency = np.fft.rfftfreq(total, step)[1:]
    band = (frequency >= 1 / (n * ROW)) & (frequency <= 0.5 / ROW)
    power = frequency**-slope * rms**2 / np.sum(frequency[band] ** -slope * frequency[0])
    parts = np.sqrt(power * frequency[0] / 4) * (rng.standard_normal((2, len(frequency))).T @ [1, 1j])
    series = np.fft.irfft(np.append(0, parts), total) * total
    series = series[: 8 * n] - series[: 8 * n].mean()
    when = (np.arange(8 * n) + 0.5) * step
    return (lambda seconds: np.exp(np.interp(seconds, when, series))), float(np.exp(series.max()))


def test_the_statistic_of_a_sinusoid_is_leahys_power_of_counts():
    lc = one_run(32, 0.5)
    theirs = stingray.Powerspectrum(lc.to_stingray(quantity="counts"), norm="leahy")
    # The highest has no phase.
    frequency, power = theirs.freq[:-1], theirs.power[:-1]
    ours = lc.timing.lomb_scargle(frequency / u.s, noise="white").power
    assert_allclose(ours, power, rtol=0.03)


def test_the_h_statistic_is_that_of_stingray_for_whole_periods():
    from stingray.pulse.pulsar import htest

    lc = one_run(5, 0.3, (lambda t: 1 + 0.5 * np.sin(2 * np.pi * t / 50), 1.5))
    frequency, events = np.array([1 / 60, 1 / 50, 1 / 30]), lc.to_event_list()
    ours = lc.timing.htest(frequency / u.s, n_toys=0).power
    phases = np.mod((events.time - events.time[0])[:, None] * frequency, 1)
    assert_allclose(ours, [htest(phase, datatype="events")[1] for phase in phases.T], rtol=2e-3)


def test_the_discrete_correlation_is_stingrays_per_pair_over_its_excess_variances():
    from stingray.utils import excess_variance

    lc = one_run(40, 1.0, red(40, 2.0, 0.4, seed=3), bands=(1, 2, 10))
    found = lc.timing.cross_correlation(bands=(0, 1), kind="dcf", max_lag="1 h").table
    one, other = lc.to_stingray(band=0), lc.to_stingray(band=1)
    theirs = stingray.CrossCorrelation(one, other, mode="full")
    scale = np.sqrt(excess_variance(one, "none")[0] * excess_variance(other, "none")[0])
    where = np.searchsorted(theirs.time_lags, found["lag"].to_value("s") - 1)
    assert_allclose(theirs.time_lags[where], found["lag"].to_value("s"), atol=1)
    assert_allclose(found["correlation"] * found["pairs"], theirs.corr[where] / scale, rtol=1e-4, atol=1e-4)


def test_the_power_of_the_process_is_that_of_stingrays_periodogram():
    """In bands of many frequencies, where leakage and aliasing matter little, to 3 standard deviations."""
    n = 160
    lc = one_run(n, 1.0, red(n, 1.2, 0.3, seed=5))
    made = lc.to_stingray()
    theirs = stingray.Powerspectrum(made, norm="frac")
    noise = 2 * made.dt * np.mean(made.countrate_err**2) / np.mean(made.countrate) ** 2
    ours = np.median(lc.timing.power_spectrum().fit.powers(theirs.freq), axis=0)
    smeared = ours * np.sinc(theirs.freq * ROW) ** 2 + noise
    for low, high in ((2, 20), (20, 60)):
        ratio = np.mean(theirs.power[low:high] / smeared[low:high])
        assert abs(ratio - 1) < 3 / np.sqrt(high - low)
