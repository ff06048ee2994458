"""Light curves of simulated sources: bounds that hold, means that are integrals, and noise of the stated power."""

import astropy.units as u
import numpy as np
import pytest
from astropy.time import Time
from scipy.integrate import quad

from tevcurve import GTI
from tevcurve.errors import InputError
from tevcurve.simulation import Constant, Flare, Periodic, RedNoise, TableShape

T0 = Time("2024-03-10T23:00:00", scale="utc")
TABLE = TableShape(T0 + [0, 100, 150, 400] * u.s, [1.0, 3.0, 0.0, 2.0])
SHAPES = {
    "constant": Constant(1.5),
    "exponential": Flare(T0, "100 s", "300 s", amplitude=4, quiescent=0.5),
    "gaussian": Flare(T0, "100 s", "300 s", amplitude=4, quiescent=0.5, form="gaussian"),
    "periodic": Periodic("250 s", 0.8, T0, level=2),
    "table": TABLE,
    "noise": RedNoise(1.5, 0.5, T0, "20 min", step="10 s", seed=3),
}


@pytest.fixture(params=SHAPES)
def shape(request):
    return SHAPES[request.param]


def test_factors_are_never_negative_nor_above_the_bound(shape):
    rng = np.random.default_rng(2)
    start = rng.uniform(-1500, 1500, 200)
    stop = start + rng.uniform(1, 500, 200)
    factor = shape.factor(np.linspace(start, stop, 101))
    assert np.all(factor >= 0)
    assert np.all(factor.max(axis=0) <= shape.bound(start, stop) * (1 + 1e-12))


def test_the_mean_is_the_integral(shape):
    for start, stop in ((-700.0, -30.0), (-120.0, 400.0), (55.0, 60.0)):
        kinks = [t for t in np.arange(-600, 600, 10.0) if start < t < stop]
        expected = quad(shape.factor, start, stop, points=kinks, limit=500, epsabs=1e-12)[0] / (stop - start)
        assert shape.mean(start, stop) == pytest.approx(expected, rel=1e-9)


def test_the_mean_over_good_time_leaves_gaps_out():
    flare = SHAPES["exponential"]
    gti = GTI(T0 + [-600, 60] * u.s, T0 + [-300, 120] * u.s)
    expected = (300 * flare.mean(-600, -300) + 60 * flare.mean(60, 120)) / 360
    assert flare.mean_over(gti) == pytest.approx(expected, rel=1e-9)
    assert Constant(2).mean_over(gti) == 2
    assert np.isnan(flare.mean_over(GTI([], [], gti.reference)))


def test_a_flare_rises_and_decays_with_its_own_times():
    exponential, gaussian = SHAPES["exponential"], SHAPES["gaussian"]
    times = T0 + [-100, 0, 300] * u.s
    assert exponential.at(times) == pytest.approx([0.5 + 4 / np.e, 4.5, 0.5 + 4 / np.e], rel=1e-9)
    assert gaussian.at(times) == pytest.approx(
        [0.5 + 4 / np.sqrt(np.e), 4.5, 0.5 + 4 / np.sqrt(np.e)], rel=1e-9
    )


def test_a_period_and_a_table_have_their_values():
    periodic = SHAPES["periodic"]
    assert periodic.at(T0 + [0, 62.5, 187.5, 250] * u.s) == pytest.approx([2, 3.6, 0.4, 2], rel=1e-6)
    assert periodic.mean(10.0, 260.0) == pytest.approx(2, rel=1e-12)
    assert TABLE.at(T0 + [-50, 50, 150, 275, 900] * u.s) == pytest.approx([1, 2, 0, 1, 2], abs=1e-9)


@pytest.mark.parametrize("index", [0.0, 1.0, 2.0])
def test_noise_has_the_power_law_that_was_asked_for(index):
    number = 256
    power = 0.0
    for seed in range(300):
        # The whole series is kept, so that there is no leakage from frequencies between its own.
        noise = RedNoise(index, 0.6, T0, (number - 1) * 10 * u.s, step="10 s", seed=seed, oversize=1)
        power = power + np.abs(np.fft.rfft(np.log(noise.values)))[1:-1] ** 2
    frequency = np.arange(1.0, number // 2)
    slope = np.polyfit(np.log(frequency), np.log(power / 300), 1)[0]
    # A mean of 300 exponentials scatters by 6 % at each of 127 frequencies.
    assert slope == pytest.approx(-index, abs=4 * 0.06 / np.sqrt(127))


def test_noise_has_the_stated_mean_and_rms_over_draws():
    rms, draws = 0.4, 1500
    middle = np.array(
        [RedNoise(2, rms, T0, "200 s", step="10 s", seed=seed).factor(100.0) for seed in range(draws)]
    )
    logs = np.log(middle)
    variance = np.log1p(rms**2)
    assert logs.mean() == pytest.approx(-0.5 * variance, abs=4 * np.sqrt(variance / draws))
    assert logs.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / draws))
    assert middle.mean() == pytest.approx(1, abs=4 * rms / np.sqrt(draws))


def test_noise_is_the_same_for_the_same_seed():
    one, same, other = (RedNoise(1.5, 0.5, T0, "10 min", seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.values, same.values)
    assert not np.array_equal(one.values, other.values)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Constant(-1), "level is -1"),
        (lambda: Flare("2024", "1 min", "1 min"), "wanted is one Time"),
        (lambda: Flare(T0, "-1 min", "1 min"), "rise is '-1 min'"),
        (lambda: Flare(T0, "1 min", "1 deg"), "decay is '1 deg'"),
        (lambda: Flare(T0, "1 min", "1 min", amplitude=-1), "amplitude is -1"),
        (lambda: Flare(T0, "1 min", "1 min", form="box"), "form is 'box'"),
        (lambda: Periodic("1 min", 1.5, T0), "a number from 0 to 1"),
        (lambda: TableShape(T0 + [0, 1] * u.s, [1.0]), "two lists of one length"),
        (lambda: TableShape(T0 + [1, 0] * u.s, [1.0, 1.0]), "do not increase"),
        (lambda: TableShape(T0 + [0, 1] * u.s, [1.0, -1.0]), "factors >= 0"),
        (lambda: RedNoise(1, 0.5, T0, "1 s", step="1 h", oversize=0.5), "cannot be drawn"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(make, words):
    with pytest.raises(InputError, match=words):
        make()
