"""Red noise of the validation against its own power, by periodograms that know nothing of it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose


@pytest.fixture
def red_noise(validation_on_path):
    from validation import red_noise

    return red_noise


def test_the_power_of_many_series_is_the_wanted_one(red_noise):
    """Whole series, of which each periodogram's mean is the power itself."""
    noise, n, step = red_noise.PowerLawNoise(slope=1.5, level=3.0, pivot=0.1), 64, 0.5
    rng = np.random.default_rng(1)
    series = np.array([red_noise.drawn_series(noise, n, step, rng, long=1) for _ in range(4000)])
    power = 2 * step / n * np.mean(np.abs(np.fft.rfft(series, axis=1)) ** 2, axis=0)[1:-1]
    assert_allclose(power, noise.power(np.fft.rfftfreq(n, step)[1:-1]), rtol=0.08)


def test_longer_series_leak_into_a_piece(red_noise):
    """Of a slope of 2 the variance of the difference of two instants grows as the time between them."""
    noise, rng = red_noise.PowerLawNoise(slope=2.0, level=1.0, pivot=1.0), np.random.default_rng(2)
    series = np.array([red_noise.drawn_series(noise, 100, 0.05, rng) for _ in range(2000)])
    difference = np.var(series[:, 60] - series[:, 10])
    assert_allclose(difference, 2 * np.pi**2 * 2.5, rtol=0.1)


def test_the_power_between_two_frequencies_is_the_wanted_variance(red_noise):
    noise = red_noise.of_rms(2.0, 0.5, 1e-4, 1e-2)
    assert_allclose(noise.level * noise.pivot**2 * (1e4 - 1e2), 0.25, rtol=1e-3)
    bent = red_noise.of_rms(2.5, 0.5, 1e-4, 1e-2, bend=1e-3)
    assert_allclose(bent.power(bent.pivot), bent.level)
    assert_allclose(bent.power(1e-6) / bent.power(1e-5), 10, rtol=0.01)


def test_means_of_rows_are_those_of_their_samples(red_noise):
    series = np.arange(12.0)
    assert_allclose(
        red_noise.means_of_rows(series, 0.5, np.array([0.0, 2.0]), np.array([1.0, 3.5])), [0.5, 5.0]
    )


def test_counts_follow_the_flux(red_noise):
    rng = np.random.default_rng(3)
    start, stop = red_noise.rows_of_nights(2, 28)
    flux = red_noise.drawn_fluxes(red_noise.of_rms(2.0, 0.3, 1e-5, 4e-3), start, stop, rng, long=2)
    rows = red_noise.onoff_rows(flux, start, stop, 1e5, rng)
    assert rows.in_order
    assert_allclose(rows.fits.norm[0], flux, rtol=0.03)


def test_slopes_are_measured_in_each_cell(validation_on_path):
    from validation.timing_slopes import measure, pieces, section

    cells = [each for each in pieces(1) if each[0]]
    assert sum(each[3] for each in cells) >= 1000
    found = measure(100, 2.0, 0, 3, np.random.default_rng(4))
    (counts, slope, n, deviation, square, half, *shares), *more = found["curves"]
    assert (counts, slope, n, more) == (100, 2.0, 3, [])
    assert abs(deviation) < 4 * half
    assert deviation**2 / 3 <= square
    assert all(0 <= each <= 3 for each in shares)
    assert shares[-1] == 3
    night = [["1 min", 400, 1.9, 1.7, 2.1], ["2 min", 210, 1.88, 1.68, 2.1], ["5 min", 90, 1.92, 1.7, 2.2]]
    made = section({**found, "night": night})
    assert made.bars[-1][2]
    assert not section({**found, "night": [*night[:2], ["5 min", 90, 2.05, 1.8, 2.3]]}).bars[-1][2]
