"""Periodograms of rows: the generalised one of astropy, periods that were put in, chances of what has none."""

import astropy.units as u
import numpy as np
import pytest
from astropy.timeseries import LombScargle
from light_curve_rows import make_rows
from numpy.testing import assert_allclose
from onoff_light_curves import onoff_light_curve, onoff_run

from tevcurve.bins.ephemeris import Ephemeris
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_intervals, by_phase, by_width
from tevcurve.lightcurve.variability.period_noise import WhiteNoise
from tevcurve.lightcurve.variability.rows import rows_of

DAY = 86400.0
FREQUENCIES = np.linspace(0.02, 1.0, 500) / u.d


def make(factor=None, rate=0.1, n=40, seed=1, background=0.02, nights=None):
    """15 minutes, in rows of 5, in each of n nights."""
    rng = np.random.default_rng(seed)
    nights = np.arange(n) if nights is None else nights
    spans = [[(night * DAY, night * DAY + 900)] for night in nights]
    bounded = None if factor is None else (factor, 2.0)
    runs = [onoff_run(k, span, rate, background, 0.1, rng, bounded) for k, span in enumerate(spans)]
    return onoff_light_curve(runs, by_width("5 min"))


def orbit(t):
    return 1 + 0.6 * np.sin(2 * np.pi * t / (3.9 * DAY))


def test_with_many_counts_it_is_the_periodogram_of_astropy():
    lc = make(rate=20.0)
    found = lc.timing.lomb_scargle(FREQUENCIES, noise="white", n_toys=0)
    flux, err = (np.asarray(lc.table[name]) for name in ("flux", "flux_err"))
    seconds = (lc.time - lc.time[0]).sec
    other = LombScargle(seconds, flux, err, normalization="psd").power(
        FREQUENCIES.to_value("Hz"), method="slow"
    )
    assert_allclose(found.power, 2 * other, rtol=0.05, atol=0.1)
    assert found.frequency.value == pytest.approx(FREQUENCIES.value[np.argmax(other)])
    one = LombScargle(seconds, flux, err, normalization="psd")
    bound = one.false_alarm_probability(0.5 * found.value, maximum_frequency=1 / DAY, method="baluev")
    assert found.p_asymptotic == pytest.approx(float(bound), rel=1e-3)


def test_values_of_few_counts_are_counts_over_what_is_expected():
    """By hand, where there is no background: information that the rows expect, not what their own counts say."""
    lc = make(rate=0.01, background=1e-9)
    rows = rows_of(lc)
    noise = WhiteNoise.of(rows, np.random.default_rng(1))
    on, norm = np.asarray(lc.table["n_on"]), rows.fits.constant[0]
    expected = 0.01 * 300
    assert np.min(on) == 0
    assert norm == pytest.approx(on.sum() / expected / rows.n, rel=1e-3)
    assert "few counts" in lc.timing.lomb_scargle(FREQUENCIES, noise="white", n_toys=0).note
    assert noise.information == pytest.approx(np.full(rows.n, expected / norm), rel=0.3)
    score = expected * (on / (expected * norm) - 1)
    assert_allclose(noise.values(rows.fits)[0] * noise.information, score, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("noise", ["white", "red"])
def test_an_orbit_is_found_with_its_aliases(noise):
    # Above half a cycle a day, nights have it again.
    lc = make(orbit, n=30)
    found = lc.timing.lomb_scargle(FREQUENCIES, noise=noise, n_toys=0)
    frequencies = [found.frequency.value, *found.aliases["frequency"].value]
    for wanted in (1 / 3.9, 1 - 1 / 3.9):
        assert np.min(np.abs(np.array(frequencies) - wanted)) < 1 / 30
    assert np.all(found.aliases["share"] <= 1.01)
    assert "aliases of it" in str(found)


def test_no_chance_by_white_noise_is_told_of_what_varies():
    lc = make(orbit, n=30, rate=0.5)
    found = lc.timing.lomb_scargle(FREQUENCIES, noise="white")
    assert np.isnan(found.p_value)
    assert "no chance by white noise is told" in found.note


def test_chances_of_constant_sources_are_uniform_at_few_counts():
    chances = []
    for seed in range(40):
        timing = make(rate=0.01, n=12, seed=seed).timing
        found = timing.lomb_scargle(FREQUENCIES[20::20], noise="white", n_toys=60, random_state=seed)
        chances.append(found.p_value)
    assert np.mean(chances) == pytest.approx(0.5, abs=4 / np.sqrt(12 * 40))
    assert np.mean(np.array(chances) < 0.2) < 0.45


def test_chances_by_red_noise_are_of_toys_of_the_process():
    result = make(n=12).timing.lomb_scargle(n_toys=40)
    assert result.method == "toys"
    assert result.noise == "red"
    assert 0.02 < result.p_value <= 1


def test_periods_without_frequencies_are_from_the_span_to_two_rows():
    lc = make_rows(40, edges=[1, 10])
    found = lc.timing.lomb_scargle(noise="white")
    span = 39 * DAY + 1200
    assert found.frequencies[0].to_value("Hz") == pytest.approx(1 / span)
    assert found.frequencies[-1].to_value("Hz") == pytest.approx(1 / 2400, rel=1e-3)
    # Of a table: toys of its errors.
    assert found.method == "toys"
    assert "Gaussian errors" in found.note


def test_what_cannot_be_searched_says_so():
    lc = make(n=4)
    with pytest.raises(InputError, match="noise is 'pink'"):
        lc.timing.lomb_scargle(noise="pink")
    with pytest.raises(InputError, match="wanted is a Quantity"):
        lc.timing.lomb_scargle([1, 2])
    with pytest.raises(InputError, match=r"noise is \['red'\]"):
        lc.timing.lomb_scargle(noise=["red"])
    with pytest.raises(InputError, match="too many for 12 rows"):
        lc.timing.lomb_scargle(np.linspace(1, 2, 3_000_000) / u.d)
    with pytest.raises(InputError, match="needs 5 rows or more"):
        make(n=1).timing.lomb_scargle()


@pytest.mark.parametrize(
    ("frequencies", "told"),
    [
        ([-0.1, 0.2] / u.d, "numbers above 0"),
        ([np.nan, 0.2] / u.d, "finite numbers"),
        (np.ones((2, 2)) / u.d, "as a list"),
        ([] / u.d, "one or more"),
        ([1.0, 2.0] * u.d, r"\[1., 2.\] d>; wanted is a Quantity of one over time"),
        ([1.0] * u.rad / u.d, "wanted is a Quantity of one over time"),
    ],
)
def test_frequencies_that_are_none_say_so(frequencies, told):
    with pytest.raises(InputError, match=told):
        make(n=4).timing.lomb_scargle(frequencies)


def test_frequencies_may_come_in_any_order_and_unit():
    timing = make(n=4).timing
    found = timing.lomb_scargle([0.5, 0.1, 0.3] / u.d, noise="white", n_toys=0)
    assert_allclose(found.frequencies.value, [0.1, 0.3, 0.5])
    other = timing.lomb_scargle(np.array([0.1, 0.3, 0.5]) / 86.4 * u.mHz, noise="white", n_toys=0)
    assert_allclose(other.power, found.power)
    assert other.period.unit == u.s


def test_periods_of_aliases_are_told_as_that_of_the_peak_is():
    found = make(orbit, n=12).timing.lomb_scargle(FREQUENCIES.to(u.Hz), noise="white", n_toys=0)
    assert found.aliases["period"].unit == found.period.unit == u.s
    assert "1 / Hz" not in str(found)


def test_rows_without_an_event_have_no_periods():
    empty = make(rate=1e-9, background=1e-9, n=6)
    with pytest.raises(InputError, match="No row has an event"):
        empty.timing.lomb_scargle(noise="white")
    with pytest.raises(InputError, match="not above zero"):
        empty.timing.lomb_scargle()


def test_each_band_is_searched_alone():
    rng = np.random.default_rng(1)
    runs = [onoff_run(k, [(k * DAY, k * DAY + 900)], 0.1, 0.02, 0.1, rng) for k in range(4)]
    lc = onoff_light_curve(runs, by_width("5 min"), bands=(1, 2, 10))
    with pytest.raises(InputError, match="2 energy bands"):
        lc.timing.lomb_scargle()
    powers = [lc.timing.lomb_scargle(FREQUENCIES, "white", band, n_toys=0).power for band in (0, 1)]
    assert not np.allclose(*powers)


def test_rows_that_share_time_or_have_no_order_are_refused():
    lc = make(n=4)
    first = lc.time_start[0]
    shared = by_intervals([(first + k * u.min, first + (k + 5) * u.min) for k in range(6)])
    with pytest.raises(InputError, match="overlap"):
        lc.rebin(shared).timing.lomb_scargle()
    folded = lc.rebin(by_phase(Ephemeris(first, period="7 min"), 6))
    with pytest.raises(InputError, match="do not follow each other in time"):
        folded.timing.lomb_scargle()


def test_the_threshold_is_what_one_in_a_hundred_toys_reaches():
    found = make(n=6).timing.lomb_scargle(FREQUENCIES[::20], noise="white", n_toys=100)
    few = make(n=6).timing.lomb_scargle(FREQUENCIES[::20], noise="white", n_toys=50)
    assert (found.p_value <= 0.02) == (found.value >= found.threshold)
    assert found.threshold > 3
    assert np.isnan(few.threshold)


def test_the_figure_has_the_statistic_and_the_peak():
    import matplotlib

    matplotlib.use("Agg")
    found = make(orbit, n=30).timing.lomb_scargle(FREQUENCIES, noise="white", n_toys=0)
    ax = found.plot()
    assert_allclose(ax.lines[0].get_ydata(), found.power)
    assert ax.get_xlabel() == "Frequency [d$^{-1}$]"
    labels = [each.get_text() for each in ax.get_legend().get_texts()]
    assert f"period {found.period:.5g}" in labels
    assert "aliases" in labels
