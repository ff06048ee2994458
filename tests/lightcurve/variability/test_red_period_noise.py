"""Periods beside red noise: that they are found, and toys without counts."""

import astropy.units as u
import numpy as np
import pytest
from light_curve_rows import make_rows
from numpy.testing import assert_allclose
from onoff_light_curves import onoff_light_curve, onoff_run

from tevcurve.errors import InputError
from tevcurve.kernels.sinusoids import Sinusoids
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.variability import chances
from tevcurve.lightcurve.variability.periodogram import periodogram_of
from tevcurve.lightcurve.variability.power_spectrum import spectrum_of
from tevcurve.lightcurve.variability.red_period_noise import RedNoise

pytestmark = pytest.mark.usefixtures("validation_on_path")
PERIOD = 700.0
FREQUENCIES = np.linspace(1 / 5000, 1 / 240, 120) / u.s


def red_rows(seed, amplitude):
    """60 rows of 2 minutes in a night of red noise with a slope of 2, with a period of its flux."""
    from validation.periods import with_toys
    from validation.red_noise import drawn_fluxes, of_rms, onoff_rows, rows_of_nights

    rng, (start, stop) = np.random.default_rng([1, seed]), rows_of_nights(1, 60)
    noise = of_rms(2.0, 0.5, 1 / stop[-1], 1 / 240)
    phase = 2 * np.pi * (0.5 * (start + stop) / PERIOD + rng.random())
    flux = drawn_fluxes(noise, start, stop, rng, fine=4) * (1 + amplitude * np.sin(phase))
    return with_toys(onoff_rows(flux, start, stop, 10.0, rng))


def test_a_period_is_found_that_the_fitted_process_has_taken_for_its_own():
    worth, beside_fitted = [], []
    for seed in range(4):
        rows = red_rows(seed, 0.5)
        found = periodogram_of(rows, FREQUENCIES, "red", 60, seed)
        assert abs(found.frequency.value - 1 / PERIOD) < 1 / 7000
        assert found.p_value < 0.05
        worth.append(found.value)
        noise = RedNoise.of(rows, np.random.default_rng(seed))
        waves = noise.sinusoids(np.zeros((2, 0, 60)))
        phase = 2 * np.pi * found.frequency.value * rows.middle_s
        fitted = Sinusoids.of(np.stack([np.cos(phase), np.sin(phase)])[:, None], waves.covariances[1])
        beside_fitted.append(fitted.gain(noise.values(rows.fits))[0, 0])
    assert np.mean(worth) > 1.2 * np.mean(beside_fitted)


def test_red_noise_alone_has_chances_of_any_size():
    chances_of_it = [
        periodogram_of(red_rows(seed, 0.0), FREQUENCIES, "red", 60, seed).p_value for seed in range(6)
    ]
    assert np.mean(chances_of_it) > 0.25


def test_toys_come_in_batches_that_fit_into_memory(monkeypatch):
    rows = red_rows(1, 0.0)
    noise = RedNoise.of(rows, np.random.default_rng(1))
    monkeypatch.setattr(chances, "_BATCH", 7 * rows.maker.events_per_toy())
    assert [len(each) for each in noise.draw(17, np.random.default_rng(1))] == [7, 7, 3]


def test_a_process_that_is_at_hand_is_not_fitted_again():
    lc, other = make_rows(24, edges=[1, 10]), make_rows(24, edges=[1, 10], seed=2)
    spectrum, frequencies = lc.timing.power_spectrum(), np.linspace(0.05, 0.5, 50) / u.d
    found = lc.timing.lomb_scargle(frequencies, n_toys=30, process=spectrum)
    again = lc.timing.lomb_scargle(frequencies, n_toys=30)
    assert found.p_value == again.p_value
    assert_allclose(found.power, again.power)
    with pytest.raises(InputError, match="process is a power spectrum of other rows"):
        other.timing.lomb_scargle(frequencies, process=spectrum)


def test_a_flux_that_is_zero_most_of_the_time_has_no_periods_beside_red_noise():
    # Three bursts of 2 minutes in an hour, 60 counts in each minute of them and none between: of the log flux, whose
    # mean is as low as may be, a gain of 1e16 would be told.
    def bursts(t):
        return np.where(t % 1200 < 120, 1.0, 0.0)

    run = onoff_run(0, [(0, 3600)], 1.0, 1e-9, 0.1, np.random.default_rng(1), (bursts, 1.0))
    light_curve = onoff_light_curve([run], by_width("1 min"))
    with pytest.raises(InputError, match="The flux touches zero so often"):
        light_curve.timing.lomb_scargle(n_toys=0)
    assert np.isfinite(light_curve.timing.lomb_scargle(noise="white", n_toys=0).value)


def test_tables_have_toys_with_gaussian_errors():
    rows = red_rows(2, 0.0)
    noise = RedNoise.of(rows, np.random.default_rng(1), spectrum_of(rows))
    object.__setattr__(rows, "maker", None)
    drawn = next(noise.draw(4000, np.random.default_rng(2)))
    weights = noise.fit.weights.mean(axis=0)
    wanted = np.diag(np.tensordot(weights, noise.fit.process.each, 1)) + 1 / noise.information
    spread = (drawn - drawn.mean(axis=1, keepdims=True)).var(axis=0)
    assert_allclose(spread.mean(), wanted.mean() - np.mean(1 / noise.information) / 60, rtol=0.1)
