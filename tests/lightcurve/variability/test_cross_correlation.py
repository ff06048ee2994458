"""Cross-correlations against loops over pairs of rows."""

import astropy.units as u
import numpy as np
import pytest
from astropy.table import QTable
from numpy.testing import assert_allclose
from onoff_light_curves import REFERENCE, START
from wavy_source import factor, wavy_light_curve

from tevcurve.errors import InputError

EARLIER = 240.0


@pytest.fixture(scope="module")
def light_curve():
    return wavy_light_curve((1, 10))


@pytest.fixture(scope="module")
def table():
    seconds = np.arange(-600.0, 5600, 150)
    flux = factor(seconds + EARLIER) * np.random.default_rng(4).normal(1, 0.05, len(seconds))
    time = REFERENCE.to_time(START + seconds)
    return QTable({"time": time, "flux": flux, "flux_err": 0.05 * flux})


def standard(flux, err):
    return (flux - np.mean(flux)) / np.sqrt(np.var(flux) - np.mean(err**2))


def values(light_curve, table):
    """Times in s since the first row, and fluxes in units of their own scatter, of both."""
    rows = light_curve.table
    zero = light_curve.time_start[0]
    middle = 0.5 * ((light_curve.time_start - zero).sec + (light_curve.time_stop - zero).sec)
    first = middle, standard(np.asarray(rows["flux"]), np.asarray(rows["flux_err"]))
    second = (table["time"] - zero).sec, standard(np.asarray(table["flux"]), np.asarray(table["flux_err"]))
    return first, second


def test_the_discrete_function_is_that_of_all_pairs(light_curve, table):
    found = light_curve.timing.cross_correlation(table, kind="dcf", max_lag="20 min").table
    (one, x), (other, y) = values(light_curve, table)
    for lag, correlation, error, pairs in zip(*(found[name] for name in found.colnames), strict=True):
        products = [
            x[i] * y[j]
            for i in range(len(one))
            for j in range(len(other))
            if abs(one[i] - other[j] - lag.to_value("s")) < 75
        ]
        assert pairs == len(products)
        assert_allclose(correlation, np.mean(products), rtol=1e-4)
        assert_allclose(error, np.sqrt(np.sum((products - np.mean(products)) ** 2)) / (pairs - 1), rtol=1e-3)


def test_the_interpolated_function_is_the_mean_of_both_ways(light_curve, table):
    found = light_curve.timing.cross_correlation(table, kind="iccf", max_lag="10 min").table
    (one, x), (other, y) = values(light_curve, table)
    for lag, correlation in zip(found["lag"].to_value("s"), found["correlation"], strict=True):
        inside = (one - lag >= other[0]) & (one - lag <= other[-1])
        first = np.mean(x[inside] * np.interp(one[inside] - lag, other, y))
        inside = (other + lag >= one[0]) & (other + lag <= one[-1])
        second = np.mean(y[inside] * np.interp(other[inside] + lag, one, x))
        assert_allclose(correlation, 0.5 * (first + second), rtol=1e-4)


@pytest.mark.parametrize("kind", ["dcf", "iccf"])
def test_it_is_highest_at_the_lag_where_it_is_near_one(light_curve, table, kind):
    result = light_curve.timing.cross_correlation(table, kind=kind, max_lag="20 min")
    lag, height = result.peak
    assert abs(lag.to_value("s") - EARLIER) <= 150
    assert height == pytest.approx(1, abs=0.2)
    assert "no chance is told" in str(result)
    assert "p =" not in str(result)


def test_a_figure_and_what_is_refused(light_curve, table):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert light_curve.timing.cross_correlation(table).plot(ax) is ax
    plt.close("all")
    with pytest.raises(InputError, match="wanted is 'dcf' or 'iccf'"):
        light_curve.timing.cross_correlation(table, kind="zdcf")
    still = QTable(
        {"time": table["time"], "flux": np.ones(len(table)), "flux_err": np.ones(len(table)) * u.one}
    )
    with pytest.raises(InputError, match="by their errors"):
        light_curve.timing.cross_correlation(still)
