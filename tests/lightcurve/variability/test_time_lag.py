"""Lags of series whose truth is known, and what is refused."""

import re

import astropy.units as u
import numpy as np
import pytest
from astropy.table import QTable, Table
from numpy.testing import assert_allclose
from onoff_light_curves import REFERENCE, START
from wavy_source import factor, wavy_light_curve

from tevcurve.errors import InputError
from tevcurve.kernels.damped_oscillators import Oscillators
from tevcurve.kernels.lagged_pair import NoisySeries
from tevcurve.lightcurve.variability.lag_processes import Series
from tevcurve.lightcurve.variability.lag_search import Between, best_lag, search_lag, shortest_interval
from tevcurve.lightcurve.variability.lag_series import series_of_rows
from tevcurve.lightcurve.variability.time_lag import LagResult

TABLE_LAG = 240.0


@pytest.fixture(scope="module")
def light_curve():
    return wavy_light_curve((1, 2, 10))


@pytest.fixture(scope="module")
def table():
    """The same flux, seen so much earlier, with errors of 5 %, in a unit of its own."""
    rng = np.random.default_rng(4)
    seconds = np.arange(-600.0, 5600, 150)
    flux = factor(seconds + TABLE_LAG) * rng.normal(1, 0.05, len(seconds))
    time = REFERENCE.to_time(START + seconds)
    return QTable({"time": time, "flux": 7 * flux * u.Jy, "flux_err": 0.35 * flux * u.Jy})


def test_bands_of_one_source_have_no_lag(light_curve):
    result = light_curve.timing.time_lag(max_lag="20 min")
    assert isinstance(result, LagResult)
    assert result.is_common
    low, high = result.interval_95.to_value("s")
    assert low < 0 < high
    assert high - low < 300
    assert result.interval_95[0] <= result.interval_68[0] <= result.value <= result.interval_68[1]
    assert 0.5 < result.coherence <= 1
    assert result.n_rows == (42, 42)
    assert "threshold" in str(result)
    assert "log-normal" in result._repr_html_()


def test_a_light_curve_comes_after_a_table_that_is_earlier(light_curve, table):
    result = light_curve.timing.time_lag(table, bands=(0, None), max_lag="20 min")
    assert result.is_common
    low, high = result.interval_95.to_value("s")
    assert low < TABLE_LAG < high
    assert high - low < 200
    # Plain numbers are MJD in TT.
    plain = Table(
        {"time": table["time"].tt.mjd, "flux": table["flux"].value, "error": table["flux_err"].value}
    )
    same = light_curve.timing.time_lag(plain, bands=(0, None), max_lag="20 min")
    assert_allclose(same.value.to_value("s"), result.value.to_value("s"), atol=0.5)


def gaussian_series(middle, value, err):
    def rows(x):
        return -0.5 * ((x - value) / err) ** 2, (value - x) / err**2, np.full(len(x), err**-2.0)

    return Series(middle, np.ones(len(middle)), rows)


def test_the_other_way_round_the_lag_has_the_other_sign():
    rng, time = np.random.default_rng(1), np.arange(40) + 0.5
    walk = np.cumsum(rng.normal(0, 0.3, 60))
    one = gaussian_series(time, walk[5:45] + rng.normal(0, 0.1, 40), 0.1)
    other = gaussian_series(time, walk[8:48] + rng.normal(0, 0.1, 40), 0.1)
    found, reverse = search_lag(one, other, 12.0), search_lag(other, one, 12.0)
    assert_allclose(found.gain[::-1], reverse.gain, atol=1e-6)
    assert_allclose(found.lag, -reverse.lag[::-1])
    # What the first sees at t the second saw three earlier.
    assert best_lag(found.lag, found.gain) == pytest.approx(3, abs=0.5)


def test_intervals_are_those_of_a_normal_posterior():
    lag = np.linspace(-10, 10, 401)
    low, high = shortest_interval(lag, -0.5 * ((lag - 1) / 0.8) ** 2, 0.6827)
    assert_allclose([low, high], [0.2, 1.8], atol=0.02)
    low, high = shortest_interval(lag, -0.5 * ((lag - 1) / 0.8) ** 2, 0.95)
    assert_allclose([low, high], [1 - 1.96 * 0.8, 1 + 1.96 * 0.8], atol=0.02)


def test_intervals_do_not_depend_on_where_lags_are():
    """Of a normal posterior that is known at a few lags around its peak: straight lines are 2 % off."""
    lag = np.arange(-9.5, 10)
    for middle in (0.0, 0.3, 0.5):
        gain = -0.5 * ((lag - middle) / 0.7) ** 2
        low, high = shortest_interval(lag, gain, 0.6827)
        assert high - low == pytest.approx(1.4, rel=5e-3)
        assert best_lag(lag, gain) == pytest.approx(middle, abs=0.02)


@pytest.mark.usefixtures("validation_on_path")
def test_drawn_pairs_have_their_lag():
    """Red noise by Timmer & Koenig, three rows apart, in 30 counts a row."""
    from validation.lagged_pairs import pair_of

    rng, pulls, evidence = np.random.default_rng(7), [], []
    for _ in range(5):
        pair = [series_of_rows(each) for each in pair_of(40, 2.0, (30, 30), rng, lag=3.0)]
        found = search_lag(*pair, 10.0)
        low, high = shortest_interval(found.lag, found.gain, 0.6827)
        pulls.append((best_lag(found.lag, found.gain) - 3) / (0.5 * (high - low)))
        evidence.append(found.log_evidence)
    assert abs(np.mean(pulls)) < 3.5 / np.sqrt(5)
    assert np.std(pulls) < 2
    assert np.median(evidence) > 3


def test_a_figure_of_the_likelihood(light_curve):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    result = light_curve.timing.time_lag(max_lag="10 min")
    _, ax = plt.subplots()
    assert result.plot(ax) is ax
    assert "min" in ax.get_xlabel()
    plt.close("all")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bands": (1, 1)}, "two different bands"),
        ({"bands": 1}, "two numbers"),
        ({"bands": (0, 7)}, "0 to 1"),
        ({"max_lag": "3 TeV"}, "a time above 0"),
        ({"max_lag": "1 s"}, "between rows"),
        ({"other": Table({"time": [1.0], "flux": [1.0]}), "bands": (0, None)}, "no errors"),
        ({"other": Table({"flux": [1.0], "flux_err": [1.0]}), "bands": (0, None)}, "no times"),
        ({"other": Table({"time": [1.0], "flux": [1.0], "flux_err": [1.0]}), "bands": (0, None)}, "needs 10"),
    ],
)
def test_what_is_no_lag_is_refused(light_curve, change, words):
    with pytest.raises(InputError, match=words):
        light_curve.timing.time_lag(**change)


@pytest.mark.parametrize("days", [380, 700, 990])
def test_more_lags_than_can_be_looked_at_name_one_that_is_taken(light_curve, days):
    """As of rows of minutes in two years."""
    with pytest.raises(InputError, match="wanted are longer time bins, or max_lag") as refused:
        light_curve.timing.time_lag(max_lag=days * u.d)
    words = r"There are (\d+) lags .* at most (\d+) are looked at; .* such as '(\d+) d'"
    lags, most, told = map(int, re.search(words, str(refused.value)).groups())
    longest = days * most / lags
    assert 0.5 * longest < told <= longest


def test_a_table_that_is_negative_on_average_is_refused(light_curve, table):
    with pytest.raises(InputError, match="above 0"):
        light_curve.timing.time_lag(
            QTable({"time": table["time"], "flux": -table["flux"], "flux_err": table["flux_err"]}),
            bands=(0, None),
        )


def test_a_lag_of_one_band_asks_for_another_series():
    with pytest.raises(InputError, match="one band"):
        wavy_light_curve((1, 10)).timing.time_lag()


@pytest.mark.parametrize("gap", [0.0, 0.4])
def test_covariances_between_rows_are_those_of_their_means(gap):
    """On a grid, where distances repeat, and off it."""

    rng, time = np.random.default_rng(2), np.delete(np.arange(20.0), [4, 5, 11])
    one = NoisySeries(time, np.full(17, 0.8), time, time)
    other = NoisySeries(time + gap * rng.random(17), np.full(17, 1.0), time, time)
    kernels = [Oscillators.power_law(slope, np.geomspace(1e-3, 2, 24)) for slope in (1.0, 2.5)]
    between = Between.of(one, other, kernels)
    assert (between.distance is None) == (gap > 0)
    for number, found in between.at([1, 0], 2.3).items():
        expected = kernels[number].averaged(time - 2.3, one.width, (other.middle, other.width))
        assert_allclose(found, expected, rtol=1e-9)
