"""Odds of variability by when events came: the clock against sums by hand, chances of constants, flares, the index."""

from types import SimpleNamespace

import astropy.units as u
import numpy as np
import pytest
from onoff_light_curves import REFERENCE, START, onoff_light_curve, onoff_run
from scipy.stats import kstest

from tevcurve.errors import InputError
from tevcurve.kernels.stepwise_rates import Steps
from tevcurve.lightcurve.bins import by_intervals, by_width
from tevcurve.lightcurve.variability.event_clock import ConstantRates, EventClock, event_clock
from tevcurve.lightcurve.variability.gregory_loredo import gregory_loredo, variability_index
from tevcurve.lightcurve.variability.rows import rows_of

SPANS = [[(0, 700), (800, 1680)], [(2000, 3680)]]
BACKGROUND = 0.02


def make(seed=1, factor=None, rate=0.05, alpha=0.1, background=BACKGROUND, bins="10 min", spans=SPANS):
    """A night whose second run sees the source twice as bright, and half of the background."""
    rng = np.random.default_rng(seed)
    runs = [
        onoff_run(k, own, rate * (1 + k), background / (1 + k), alpha, rng, factor)
        for k, own in enumerate(spans)
    ]
    return onoff_light_curve(runs, by_width(bins, rest="keep"))


def clock_of(light_curve):
    return event_clock(light_curve, rows_of(light_curve, least=1, bounded=True))


def test_the_clock_runs_as_a_constant_source_and_its_background_give_events():
    light_curve = make()
    runs, clock = light_curve.origin.terms, clock_of(light_curve)
    good = np.array([1580.0, 1680.0])
    background = np.array([0.1 * len(run.off_times_s) for run in runs]) / good
    signal = np.array([0.05, 0.10])
    on = [run.on_times_s - START for run in runs]
    n = sum(len(each) for each in on)
    norm = (n - background @ good) / (signal @ good)
    assert clock.rates.norm == pytest.approx(norm, rel=1e-9)
    rate = norm * signal + background
    passed = [(each - 100 * (each > 750)) * rate[0] for each in on[:1]]
    passed.append(1580 * rate[0] + (on[1] - 2000) * rate[1])
    assert clock.time == pytest.approx(np.concatenate(passed) / (rate @ good), abs=1e-8)
    assert clock.weight is None


def test_runs_at_the_same_time_are_added_up():
    light_curve = make(spans=[[(0, 1000)], [(500, 1500)]])
    clock = clock_of(light_curve)
    rate = clock.rates.total
    at = np.array([0.0, 500.0, 1000.0, 1500.0])
    passed = np.cumsum([0, 500 * rate[0], 500 * rate.sum(), 500 * rate[1]])
    times = np.sort(np.concatenate([run.on_times_s - START for run in light_curve.origin.terms]))
    assert clock.time == pytest.approx(np.interp(times, at, passed / passed[-1]), abs=1e-8)


def test_good_time_outside_the_rows_is_left_out():
    whole = make()
    inside = REFERENCE.to_time(START + np.array([[600.0, 1000.0], [2500.0, 3000.0]]))
    clock = clock_of(whole.rebin(time_bins=by_intervals(inside)))
    times = np.concatenate([run.on_times_s - START for run in whole.origin.terms])
    seen = np.sort(times[((times > 600) & (times < 1000)) | ((times > 2500) & (times < 3000))])
    assert clock.rates.seconds == pytest.approx([300, 500], abs=1e-6)
    first, second = clock.rates.total
    passed = np.interp(seen, [600, 700, 800, 1000, 2500, 3000], np.cumsum([0, 100, 0, 200, 0, 0]) * first)
    passed += np.interp(seen, [2500, 3000], [0, 500 * second])
    assert clock.time == pytest.approx(passed / (300 * first + 500 * second), abs=1e-7)


@pytest.mark.parametrize(("alpha", "background"), [(0.1, 0.02), (1.0, 0.05)])
def test_chances_of_constant_sources_are_uniform(alpha, background):
    # Their background and constant are measured with few counts, in two runs of different exposure.
    chances, steps = [], Steps(8, 4)
    for seed in range(60):
        clock, rng = (
            clock_of(make(seed, None, 0.03, alpha, background, "30 min")),
            np.random.default_rng(seed),
        )
        value = steps.log_odds(clock.time).of_all
        toys = np.array([steps.log_odds(*clock.toy(rng)).of_all for _ in range(39)])
        chances.append((np.count_nonzero(toys > value) + rng.random()) / 40)
    assert kstest(chances, "uniform").pvalue > 0.01


def test_odds_above_one_are_rare_in_constant_sources():
    steps, rng = Steps(32), np.random.default_rng(3)
    alarms = [steps.log_odds(np.sort(rng.random(300))).of_all > 0 for _ in range(1000)]
    assert np.mean(alarms) < 0.01


def test_a_flare_is_found_and_its_flux_is_in_the_curve():
    def flux(t):
        return np.where((t > 1000) & (t < 1400), 4.0, 1.0)

    light_curve = make(1, (flux, 4.0), 0.1)
    result = gregory_loredo(light_curve, n_toys=200)
    assert result.value > 3
    assert result.index >= 7
    assert result.p_value == pytest.approx(1 / 201)
    assert result.p_is_limit
    assert result.probability > 0.999
    curve = result.curve
    middle = 0.5 * sum(REFERENCE.to_seconds(curve[name]) - START for name in ("start", "stop"))
    unit = u.Quantity(light_curve.table["ref_flux"])[0]
    far = np.min(np.abs(middle[:, None] - [1000, 1400]), axis=1) > 120
    pulls = ((curve["flux"] / unit).to_value("") - flux(middle)) / (curve["flux_errp"] / unit).to_value("")
    assert np.abs(pulls[far]).max() < 4
    # Pieces do not reach over gaps, and are all of the good time.
    length = (curve["stop"] - curve["start"]).to_value("s")
    assert length.sum() == pytest.approx(3260, abs=1e-3)
    assert "log10(odds)" in str(result)
    assert "index" in result._repr_html_()
    again = gregory_loredo(light_curve, n_toys=0, m_max=16)
    assert again.p_value == pytest.approx(10**-again.value)
    assert again.p_is_limit
    assert again.n_toys == 0
    assert gregory_loredo(light_curve, n_toys=1000, m_max=16).n_toys == 100


def test_odds_below_one_say_nothing_of_chance_without_toys():
    result = gregory_loredo(make(), n_toys=0, m_max=8)
    assert result.value < 0
    assert result.p_value == 1
    assert not result.p_is_limit
    assert result.chance() == "p = 1 (asymptotic)"
    assert result.note == ""


def test_the_curve_is_drawn(tmp_path):
    import matplotlib.pyplot as plt

    light_curve = make()
    ax = light_curve.plot(ax=plt.figure().add_subplot())
    assert gregory_loredo(light_curve, n_toys=0).plot(ax=ax) is ax
    assert len(ax.get_lines()) > 0
    plt.close("all")


@pytest.mark.parametrize(
    ("log_odds", "within", "index"),
    [
        (-3, (1, 1), 0),
        (0, (0.5, 0.5), 0),
        (np.log10(1.2), (0.998, 1), 1),
        (np.log10(5), (0.998, 1), 2),
        (np.log10(1.2), (0.99, 1), 3),
        (np.log10(1.8), (0.998, 0.999), 4),
        (np.log10(5), (0.9, 1), 5),
        (np.log10(9.001), (1, 1), 6),
        (1.999, (0.5, 0.5), 6),
        (2, (1, 1), 7),
        (4, (1, 1), 8),
        (10, (1, 1), 9),
        (30, (1, 1), 10),
    ],
)
def test_the_index_is_that_of_the_catalogue(log_odds, within, index):
    assert variability_index(log_odds, *within) == index


def test_rates_measured_again_scatter_as_off_counts():
    none = np.zeros(0)
    rates = ConstantRates(
        np.array([0.1, 0.2]), np.array([0.05, 0.1]), np.array([0.5, 0.0]), np.array([1000.0, 500.0]), 1.0
    )
    clock = EventClock(none, None, rates, none, none)
    rng = np.random.default_rng(1)
    drawn = np.array([clock.rates.measured_again(300, rng).background for _ in range(4000)])
    # 100 OFF events on average, which count half each in 1000 s; the other one is known.
    assert drawn.mean(axis=0) == pytest.approx([0.05, 0.1], rel=0.01)
    assert drawn.std(axis=0) == pytest.approx([0.5 * 10 / 1000, 0], rel=0.05)


def test_what_cannot_be_tested_is_said():
    light_curve = make()
    for wrong in (1, 2.5):
        with pytest.raises(InputError, match="m_max is"):
            gregory_loredo(light_curve, m_max=wrong)
    with pytest.raises(InputError, match="n_toys is -1"):
        gregory_loredo(light_curve, n_toys=-1)
    with pytest.raises(InputError, match="needs the events"):
        event_clock(SimpleNamespace(origin=None, meta={}, table=light_curve.table), None)
