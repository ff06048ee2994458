"""Several questions in the domain of time at once: each answer is that of its method."""

from functools import partial

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from onoff_light_curves import onoff_light_curve, onoff_run

from tevcurve import LightCurve
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.variability import red_period_noise, structure_function
from tevcurve.lightcurve.variability.timing import METHODS, PAIR
from tevcurve.lightcurve.variability.timing_tests import timing_tests

FREQUENCIES = np.linspace(0.01, 0.1, 20) * u.Hz


def flare(t):
    return 1 + 3 * np.exp(-(((t - 900) / 200) ** 2))


@pytest.fixture(scope="module")
def light_curve():
    rng = np.random.default_rng(3)
    spans = ((0, 900), (1000, 1900))
    runs = [onoff_run(k, [own], 0.3, 0.05, 0.1, rng, (flare, 4.0)) for k, own in enumerate(spans)]
    return onoff_light_curve(runs, by_width("1 min"))


def test_each_answer_is_that_of_its_method(light_curve):
    names = ["gregory_loredo", "power_spectrum", "z_n_search"]
    found = timing_tests(light_curve, names, n_toys=0, frequencies=FREQUENCIES, nharm=1)
    assert list(found.results) == [name for name in METHODS if name in names]
    timing = light_curve.timing
    assert found.results["gregory_loredo"].value == timing.gregory_loredo(n_toys=0).value
    assert found.results["power_spectrum"].slope == timing.power_spectrum().slope
    other = timing.z_n_search(FREQUENCIES, nharm=1, n_toys=0)
    np.testing.assert_array_equal(found.results["z_n_search"].power, other.power)
    text = str(found)
    for result in found.results.values():
        assert getattr(result, "name", "Power spectrum of the log flux, power law, 30 rows") in text
    # What several of them note is said once.
    assert text.count("the level of each run is free") == 1


def test_without_names_it_is_what_says_something_of_every_light_curve(light_curve):
    found = timing_tests(light_curve, n_toys=0)
    assert set(found.results) == {
        name for name, each in METHODS.items() if each.is_first and each.needs != PAIR
    }
    assert not found.left_out
    light_curve.table.meta["source"] = "Mrk 421"
    axes = found.plot()
    light_curve.table.meta.pop("source")
    assert len(axes) == 4
    assert axes[0].figure.get_suptitle() == "Mrk 421, 1–10 TeV"
    assert axes[0].get_title(loc="left") == "Power spectrum"
    plt.close("all")


def test_a_process_is_fitted_once(light_curve, monkeypatch):
    names = ["power_spectrum", "lomb_scargle", "structure_function"]
    alone = timing_tests(light_curve, names[1:], n_toys=5).results
    for module in (red_period_noise, structure_function):
        monkeypatch.setattr(module, "spectrum_of", lambda rows: pytest.fail("fitted again"))
    found = timing_tests(light_curve, names, n_toys=5).results
    np.testing.assert_array_equal(found["lomb_scargle"].power, alone["lomb_scargle"].power)
    for name in ("value", "band", "band_95_high"):
        one, other = (each["structure_function"].table[name] for each in (found, alone))
        np.testing.assert_array_equal(one, other)


def test_a_spectrum_with_a_bend_is_not_given_to_those_that_take_a_power_law(light_curve):
    names = ["power_spectrum", "structure_function"]
    found = timing_tests(light_curve, names, n_toys=5, model="bending").results
    alone = light_curve.timing.structure_function(n_toys=5)
    np.testing.assert_array_equal(found["structure_function"].table["band"], alone.table["band"])


def test_few_rows_are_not_searched_for_periods_unless_that_is_asked_for(light_curve):
    few = light_curve.rebin(by_width("3 min"))
    found = timing_tests(few, n_toys=0)
    assert found.left_out == {
        "lomb_scargle": "10 rows are too few to be asked without being named; wanted are 20."
    }
    assert "lomb_scargle" in timing_tests(few, ["lomb_scargle"], n_toys=0, noise="white").results


def test_what_cannot_be_made_of_a_table_is_left_out_with_its_reason(light_curve):
    from_table = LightCurve(light_curve.table.copy())
    found = timing_tests(from_table, n_toys=0)
    assert set(found.results) == {"power_spectrum", "lomb_scargle"}
    assert set(found.left_out) == {"gregory_loredo"}
    assert "Left out, gregory_loredo: A test of when events came needs the events" in str(found)
    with pytest.raises(InputError, match="needs the events"):
        timing_tests(from_table, ["gregory_loredo"])


def test_what_was_asked_for_is_never_ignored(light_curve):
    ask = partial(timing_tests, light_curve)
    for wrong, words in (
        (
            partial(ask, ["sine"]),
            "There is no test 'sine' of the time domain; wanted is one of power_spectrum",
        ),
        (partial(ask, ["htest"], n_toys=0), "htest needs frequencies"),
        (partial(ask, ["power_spectrum"], n_toys=3), "n_toys is for lomb_scargle and gregory_loredo"),
        (partial(ask, nharm=3), "nharm is for z_n_search; asked was for power_spectrum, lomb_scargle"),
        (partial(ask, width=3), "width is no option"),
        (partial(ask, model="sine"), "model is 'sine'"),
        (partial(ask, max_lag=3 * u.s), "max_lag is for time_lag and cross_correlation"),
    ):
        with pytest.raises(InputError, match=words):
            wrong()


def test_another_series_is_compared_with(light_curve):
    found = timing_tests(light_curve, ["cross_correlation"], other=light_curve, kind="iccf")
    assert found.results["cross_correlation"].peak[0].value == 0
    assert "Cross-correlation (iccf)" in str(found)
    assert "highest:" in str(found)
