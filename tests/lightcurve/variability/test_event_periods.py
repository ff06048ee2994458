"""Periods in the times of events: pulses that were put in, and chances of sources without one."""

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_allclose
from onoff_light_curves import onoff_light_curve, onoff_run
from scipy.stats import chi2

from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_width

SPANS = [[(0, 700), (800, 1680)], [(2000, 3680)], [(90000, 91500)]]
FREQUENCIES = np.linspace(1 / 90, 1 / 20, 400) * u.Hz


def make(factor=None, rates=(0.3, 0.6, 0.15), seed=1, background=0.1, **options):
    rng = np.random.default_rng(seed)
    runs = [
        onoff_run(k, spans, rate, background, 0.1, rng, factor)
        for k, (spans, rate) in enumerate(zip(SPANS, rates, strict=True))
    ]
    return onoff_light_curve(runs, by_width("5 min", rest="keep"), **options)


def pulse(t):
    return 1 + 0.8 * np.cos(2 * np.pi * t / 47.0)


def test_a_pulse_is_found_at_its_period():
    found = make((pulse, 1.8)).timing.z_n_search(FREQUENCIES, nharm=1, n_toys=200)
    # One over the span of the longest run.
    assert abs(found.frequency.to_value("Hz") - 1 / 47) < 1 / 1700
    assert found.period.to_value("s") == pytest.approx(47, rel=0.03)
    assert found.p_value == pytest.approx(1 / 201)
    assert found.p_is_limit
    assert found.p_asymptotic < 1e-9
    assert found.trials == 400
    assert "at a period of" in str(found)
    h = make((pulse, 1.8)).timing.htest(FREQUENCIES, n_toys=0)
    assert h.frequency == found.frequency
    assert h.p_asymptotic < 1e-9


def test_the_statistic_is_that_of_weights_of_the_table_of_events():
    """By hand: sums of weights less what good time expects, for one run of whole periods."""
    rng = np.random.default_rng(2)
    run = onoff_run(1, [(0, 1500)], 0.3, 0.1, 0.1, rng)
    lc = onoff_light_curve([run], by_width("1500 s"))
    found = lc.timing.z_n_search([1 / 50, 1 / 30] / u.s, nharm=2, n_toys=0)
    events = lc.events()
    seconds = (events["time"] - lc.time_start[0]).sec
    weight = np.asarray(events["source_probability"])
    phase = 2 * np.pi * np.array([1 / 50, 1 / 30])[:, None] * seconds
    terms = [np.abs(np.exp(1j * k * phase) @ weight) ** 2 for k in (1, 2)]
    assert_allclose(found.power, 2 / np.sum(weight**2) * np.sum(terms, axis=0), rtol=1e-4)


def test_chances_of_a_source_without_a_period_are_uniform_in_spite_of_gaps_and_levels():
    values = []
    for seed in range(60):
        lc = make(seed=seed, background=0.02)
        values.append(lc.timing.z_n_search([1 / 400, 1 / 230, 1 / 31] / u.s, n_toys=0).power)
    values = chi2(4).sf(np.array(values))
    assert np.mean(values) == pytest.approx(0.5, abs=4 / np.sqrt(12 * values.size))
    assert np.mean(values < 0.1) == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / values.size))


def test_chances_by_toys_are_those_of_the_highest_of_all():
    lc = make(seed=3)
    found = lc.timing.z_n_search(FREQUENCIES[:60], n_toys=400, random_state=2)
    assert found.method == "toys"
    assert found.p_value <= found.p_asymptotic + 0.1
    assert found.p_value > 0.001


def test_what_cannot_be_searched_says_so():
    lc = make()
    with pytest.raises(InputError, match="longer than the longest run"):
        lc.timing.z_n_search([1 / 5000] / u.s)
    with pytest.raises(InputError, match=r"frequencies are .* wanted is a Quantity"):
        lc.timing.z_n_search([0.1, 0.2])
    with pytest.raises(InputError, match="numbers above 0"):
        lc.timing.htest([0.0, 0.1] / u.s)
    with pytest.raises(InputError, match="nharm is 0"):
        lc.timing.z_n_search(FREQUENCIES, nharm=0)
    with pytest.raises(InputError, match="too many for 20 harmonics; wanted are 62500 at most"):
        lc.timing.htest(np.linspace(1 / 90, 1 / 20, 100_000) / u.s)
    with pytest.raises(InputError, match="n_toys"):
        lc.timing.htest(FREQUENCIES, n_toys=-1)


def test_runs_without_an_event_say_nothing():
    rng = np.random.default_rng(1)
    spans = [[(0, 1500)], [(2000, 3500)], [(4000, 5500)]]
    runs = [
        onoff_run(k, span, rate, rate, 0.1, rng)
        for k, (span, rate) in enumerate(zip(spans, (0.3, 1e-9, 0.2), strict=True))
    ]
    bins = by_width("1500 s")
    found = [
        onoff_light_curve(own, bins).timing.z_n_search(FREQUENCIES[:20], n_toys=0)
        for own in (runs, runs[::2])
    ]
    assert_allclose(found[0].power, found[1].power, rtol=0.02)


def test_frequencies_may_come_in_any_order():
    timing = make().timing
    found = timing.htest([0.05, 0.02] / u.s, n_toys=0)
    assert_allclose(found.frequencies.value, [0.02, 0.05])
    assert_allclose(found.power, timing.htest([0.02, 0.05] / u.s, n_toys=0).power)


def test_the_figure_names_the_statistic():
    import matplotlib

    matplotlib.use("Agg")
    assert make().timing.z_n_search(FREQUENCIES[:20], n_toys=0).plot().get_ylabel() == "$Z^2_{2}$"
