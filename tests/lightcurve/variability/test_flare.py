"""Rise and decay times of flares that were drawn with known ones."""

import numpy as np
import pytest
from onoff_light_curves import REFERENCE, START, onoff_light_curve, onoff_run

from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.lightcurve.variability import flare_profile
from tevcurve.lightcurve.variability.flare_fit import PulseFit
from tevcurve.lightcurve.variability.flare_search import FlareSearch
from tevcurve.lightcurve.variability.rows import rows_of

PEAK, RISE, DECAY, AMPLITUDE, CONSTANT = 3000.0, 400.0, 900.0, 6.0, 0.5
# Two gaps, one of them near the peak.
SPANS = [[(0, 700), (800, 1680)], [(2000, 2700), (2800, 3680)], [(4000, 5680)], [(6000, 7680)]]


def flare(t):
    since = t - PEAK
    return CONSTANT + AMPLITUDE * np.where(since < 0, np.exp(since / RISE), np.exp(-since / DECAY))


def make(seed=1, rate=0.1, factor=(flare, AMPLITUDE + CONSTANT), bins=None, background=0.01):
    rng = np.random.default_rng(seed)
    runs = [onoff_run(k, spans, rate, background, 0.1, rng, factor) for k, spans in enumerate(SPANS)]
    return onoff_light_curve(runs, by_width("3 min") if bins is None else bins)


def pulls(result, unit):
    """(best - true)/error of the five parameters."""
    best = {"t0": REFERENCE.to_seconds(result.t0) - START}
    best |= {name: getattr(result, name).value for name in ("rise", "decay", "amplitude", "constant")}
    truths = {
        "t0": PEAK,
        "rise": RISE,
        "decay": DECAY,
        "amplitude": AMPLITUDE * unit,
        "constant": CONSTANT * unit,
    }
    found = []
    for name, truth in truths.items():
        side = "_errp" if best[name] < truth else "_errn"
        found.append((best[name] - truth) / getattr(result, name + side).value)
    return found


@pytest.fixture(scope="module")
def fitted():
    results = []
    for seed in range(25):
        light_curve = make(seed)
        result = flare_profile(light_curve, starts=2, n_toys=0)
        results.append((result, pulls(result, light_curve.table["ref_flux"][0])))
    return results


def test_all_fits_converge(fitted):
    assert all(result.valid for result, _ in fitted)
    assert all(result.note.count("converge") == 0 for result, _ in fitted)


def test_injected_flares_come_back_within_their_errors(fitted):
    values = np.array([each for _, each in fitted])
    assert np.all(np.isfinite(values))
    # Twenty-five flares: each mean to 0.2 and each width to 14 %.
    assert np.all(np.abs(values.mean(axis=0)) < 0.65)
    assert np.all((values.std(axis=0) > 0.6) & (values.std(axis=0) < 1.5))
    assert np.mean(np.abs(values) < 1) == pytest.approx(0.683, abs=0.12)


def test_flares_are_significant(fitted):
    # Half of the rows have few counts, where the formula says no more than that without toys.
    assert all(result.value > 50 and result.p_value <= 1e-3 for result, _ in fitted)


def test_the_gradient_is_that_of_the_statistic():
    rows = rows_of(make())
    fit = PulseFit(rows, FlareSearch(rows))
    point = np.array([2950.0, np.log(350), np.log(800), 5.0, 0.7])
    gradient = fit.gradient(*point)
    for k, step in enumerate(1e-5 * np.abs(point)):
        shift = np.zeros(5)
        shift[k] = step
        change = (fit.stat(*(point + shift)) - fit.stat(*(point - shift))) / (2 * step)
        assert gradient[k] == pytest.approx(change, rel=1e-4, abs=1e-5)


def test_the_best_of_all_starts_is_not_worse_than_the_truth():
    light_curve = make(3)
    rows = rows_of(light_curve)
    truth = PulseFit(rows, FlareSearch(rows)).stat(PEAK, np.log(RISE), np.log(DECAY), AMPLITUDE, CONSTANT)
    result = flare_profile(light_curve, n_toys=0)
    assert result.stat <= truth
    assert result.stat > truth - 25


def test_limits_around_a_flare_are_data_too():
    # Nothing but background before and after: the rows there say that the constant is small.
    light_curve = make(2, rate=0.03, background=0.002)
    assert np.count_nonzero(light_curve.table["ts"] < 4) > 5
    result = flare_profile(light_curve, n_toys=50)
    assert result.method == "toys"
    unit = light_curve.table["ref_flux"][0]
    assert all(abs(each) < 3.5 for each in pulls(result, unit))
    assert (result.constant + result.constant_errp).value < 2 * unit


def test_a_constant_source_has_a_chance_like_any_other():
    chances = [
        flare_profile(make(seed, rate=0.03, factor=None), starts=1, n_toys=40).p_value for seed in range(8)
    ]
    assert 0.15 < np.mean(chances) < 0.85


def test_gaussian_scores_give_the_chance_of_bright_constant_sources():
    chances = []
    for seed in range(20):
        rows = rows_of(make(seed, rate=0.6, factor=None))
        search = FlareSearch(rows)
        test = search.test()
        chances.append(test.chance(float(test.statistic(rows.fits)[0])))
    assert np.mean(chances) == pytest.approx(0.5, abs=0.23)
    assert np.mean(np.array(chances) < 0.1) < 0.35


def test_what_cannot_be_fitted_gets_a_sentence():
    with pytest.raises(InputError, match="6 rows or more"):
        flare_profile(make(bins=by_run()))
    with pytest.raises(InputError, match="starts is 0"):
        flare_profile(make(), starts=0)


def test_the_record_reads_well():
    text = str(flare_profile(make(), n_toys=0))
    assert text.startswith("flare: TS ")
    assert "rise" in text
    assert "UTC" in text
