"""Light curves of simulated datasets against iminuit and brute force on the dense likelihood."""

import astropy.units as u
import numpy as np
import pytest
from astropy.time import Time
from brute_force import best_norm, minuit_of, profile_of, rise_to
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm as gauss
from simulated_cubes import BAND, START, dense_likelihood, light_curve, point_source, simulated_cube

from tevcurve import LightCurveEstimator
from tevcurve.errors import InputError
from tevcurve.lightcurve.estimator import time_bins

OTHER = ("other", (83.3, 22.4))


@pytest.mark.parametrize(
    ("flux", "background", "seed"),
    [(1.0, 0.05, 1), (5.0, 0.5, 2), (0.15, 0.2, 3), (1.0, 0.002, 4), (0.3, 0.01, 5)],
)
def test_one_bin_against_iminuit(flux, background, seed):
    dataset = simulated_cube(flux=flux, background=background, seed=seed)
    row = light_curve([dataset])[0]
    minuit = minuit_of(dense_likelihood(dataset), 2)
    best, error = minuit.values[0], minuit.errors[0]
    assert row["status"] == "ok"
    # Both ends of the comparison have an error: iminuit's own stop leaves up to 1e-5 too.
    assert abs(row["norm"] - best) < 2e-5 * error
    assert row["norm_err"] == pytest.approx(error, rel=1e-3)
    profile = profile_of([dataset])
    assert row["norm_errp"] == pytest.approx(rise_to(profile, best, 1, 50) - best, rel=1e-5)
    assert row["norm_errn"] == pytest.approx(best - rise_to(profile, best, 1, 0), rel=1e-5)
    assert row["norm_ul"] == pytest.approx(rise_to(profile, best, 4, 50), rel=1e-5)
    if minuit.values[1] > 0.01:
        for sigma, errn, errp in ((1, row["norm_errn"], row["norm_errp"]), (2, None, row["norm_ul"] - best)):
            minuit.minos("x0", cl=sigma)
            assert errp == pytest.approx(minuit.merrors[0].upper, rel=1e-3)
            assert errn is None or errn == pytest.approx(-minuit.merrors[0].lower, rel=1e-3)
    assert row["loglike"] == pytest.approx(minuit.fval, rel=1e-9)
    assert row["ts"] == pytest.approx(profile(0) - minuit.fval, rel=1e-6)
    assert row["sqrt_ts"] == pytest.approx(np.sqrt(row["ts"]))
    assert_allclose(row["norm_scan"], np.geomspace(0.2, 5, 11))
    assert_allclose(row["dloglike_scan"], [profile(a) - minuit.fval for a in row["norm_scan"]], atol=1e-6)
    signal, background = dataset.npred_signal().data.sum(), dataset.background_model.scaled().sum()
    assert row["counts"] == dataset.counts.data.sum()
    assert row["npred_excess"] == pytest.approx(best * signal, rel=1e-4)
    assert row["npred"] == pytest.approx(best * signal + minuit.values[1] * background, rel=1e-4)


def test_with_everything_free_as_many_are_predicted_as_are_there():
    table = light_curve([simulated_cube(seed=seed, number=seed) for seed in range(4)])
    assert_allclose(table["npred"], table["counts"], rtol=1e-9)


def test_upper_limits_without_excess_and_without_events():
    """From the constrained minimum at zero, by brute force on the dense likelihood."""
    datasets = [
        simulated_cube(flux=0, background=0.5, seed=11, number=0),
        simulated_cube(flux=0, background=0.002, seed=1, number=1),
        simulated_cube(counts=False, number=2),
    ]
    datasets[1].counts.data[:, 5:15, 5:15] = 0
    table = light_curve(datasets, upper_limit=0.95)
    for row, dataset in zip(table, datasets, strict=True):
        profile = profile_of([dataset])
        slope = (profile(1e-6) - profile(0)) / 1e-6
        if slope >= 0:
            assert (row["norm"], row["ts"], row["norm_errn"]) == (0, 0, 0)
        else:
            pytest.fail("the simulation was to have no excess")
        assert row["norm_ul"] == pytest.approx(rise_to(profile, 0, gauss.ppf(0.95) ** 2, 50), rel=1e-6)
        assert row["norm_errp"] == pytest.approx(rise_to(profile, 0, 1, 50), rel=1e-6)
    assert table["status"].tolist() == ["at_zero", "at_zero", "no_events"]
    assert table.meta["upper_limit"] == pytest.approx(0.95)
    # No events at all: the limit is a closed form, since only the signal's total is left.
    total = datasets[2].npred_signal().data.sum()
    assert table["norm_ul"][2] == pytest.approx(gauss.ppf(0.95) ** 2 / 2 / total, rel=1e-9)


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_below_zero(seed):
    dataset = simulated_cube(flux=0, background=0.5, seed=seed)
    row = light_curve([dataset], negative=True)[0]
    minuit = minuit_of(dense_likelihood(dataset), 2, negative=True)
    assert abs(row["norm"] - minuit.values[0]) < 1e-4 * minuit.errors[0]
    assert row["norm_err"] == pytest.approx(minuit.errors[0], rel=1e-3)
    profile = profile_of([dataset])
    assert row["ts"] == pytest.approx(profile(0) - minuit.fval, abs=1e-6)
    assert np.sign(row["sqrt_ts"]) == np.sign(row["norm"])
    bounded = light_curve([dataset])[0]
    assert bounded["norm"] == pytest.approx(max(row["norm"], 0), abs=1e-9)


def test_below_zero_ends_where_a_prediction_would_vanish():
    dataset = simulated_cube(flux=0, background=0.02, seed=1)
    signal = dataset.npred_signal().data
    dataset.counts.data[:] = 0
    dataset.counts.data[signal < 1e-3 * signal.max()] = 1
    dataset.counts.data[0, 10, 10] = 1
    row = light_curve([dataset], negative=True)[0]
    norm = best_norm(dataset, 0.0)
    background = norm * dataset.background_model.scaled()
    filled = (dataset.counts.data > 0) & (signal > 0)
    limit = -np.min(background[filled] / signal[filled])
    assert limit - 1e-9 <= row["norm"] < 0
    assert np.isfinite(row["loglike"])


def test_datasets_of_one_time_are_one_bin_with_a_background_norm_each():
    datasets = [
        simulated_cube(flux=1.4, background=0.05, norm=0.7, seed=1, number=0),
        simulated_cube(flux=1.4, background=0.1, norm=1.4, seed=2, number=0),
        simulated_cube(flux=1.4, seed=3, number=5),
    ]
    table = light_curve(datasets)
    assert len(table) == 2
    parts = [dense_likelihood(dataset) for dataset in datasets[:2]]
    minuit = minuit_of(lambda a, b, c: parts[0](a, b) + parts[1](a, c), 3)
    row = table[0]
    assert abs(row["norm"] - minuit.values[0]) < 2e-5 * minuit.errors[0]
    assert row["norm_err"] == pytest.approx(minuit.errors[0], rel=1e-3)
    profile = profile_of(datasets[:2])
    assert row["norm_ul"] == pytest.approx(rise_to(profile, row["norm"], 4, 10), rel=1e-6)
    assert row["counts"] == sum(dataset.counts.data.sum() for dataset in datasets[:2])
    assert row["n_runs"] == 2
    alone = light_curve([datasets[2]])
    for name in ("norm", "norm_err", "norm_ul", "ts", "loglike"):
        assert table[name][1] == alone[name][0]


def test_a_bins_numbers_do_not_depend_on_the_others():
    datasets = [simulated_cube(flux=0.2 * number, seed=number, number=number) for number in range(6)]
    together = light_curve(datasets)
    backwards = light_curve(datasets[::-1])
    for number in (0, 3, 5):
        alone = light_curve([datasets[number]])
        for name in ("norm", "norm_err", "norm_errn", "norm_errp", "norm_ul", "ts", "loglike"):
            assert_array_equal(together[name][number], alone[name][0])
    for name in together.colnames:
        assert_array_equal(together[name], backwards[name])


@pytest.mark.parametrize("free", [True, False])
def test_a_further_source_is_fitted_where_its_amplitude_is_free(free):
    other = point_source(*OTHER)
    other.spectral_model.parameters["amplitude"].frozen = not free
    dataset = simulated_cube(flux=1.3, others=[other], other_flux=1.5, seed=8)
    row = light_curve([dataset])[0]
    statistic = dense_likelihood(dataset)
    if free:
        minuit = minuit_of(lambda a, b, c: statistic(a, b, {"other": c}), 3)
    else:
        minuit = minuit_of(statistic, 2)
    assert abs(row["norm"] - minuit.values[0]) < 2e-5 * minuit.errors[0]
    assert row["norm_err"] == pytest.approx(minuit.errors[0], rel=1e-3)
    assert row["loglike"] == pytest.approx(minuit.fval, rel=1e-9)
    other_counts = dataset.npred_signal("other").data.sum() * (minuit.values[2] if free else 1)
    background = minuit.values[1] * dataset.background_model.scaled().sum()
    assert row["npred"] - row["npred_excess"] == pytest.approx(other_counts + background, rel=1e-4)


def test_two_free_sources_of_one_name_cannot_be_told_apart():
    dataset = simulated_cube(others=[point_source(*OTHER)])
    dataset.model = [*dataset.models, point_source("other", (83.9, 21.8))]
    with pytest.raises(
        InputError, match="A dataset has 2 sources called 'other'; wanted are different names"
    ):
        light_curve([dataset])
    assert light_curve([dataset], reoptimize=False)["status"].tolist() == ["ok"]


@pytest.mark.parametrize("how", ["reoptimize", "frozen"])
def test_a_norm_that_is_not_fitted_stays(how):
    dataset = simulated_cube(seed=4, norm=1.2)
    dataset.background_model.norm = 0.8
    dataset.background_model.parameters["norm"].frozen = how == "frozen"
    row = light_curve([dataset], reoptimize=how != "reoptimize")[0]
    statistic = dense_likelihood(dataset)
    minuit = minuit_of(lambda a: statistic(a, 0.8), 1)
    assert abs(row["norm"] - minuit.values[0]) < 2e-5 * minuit.errors[0]
    assert row["norm_err"] == pytest.approx(minuit.errors[0], rel=1e-3)
    assert row["ts"] == pytest.approx(statistic(0, 0.8) - minuit.fval, rel=1e-9)
    assert row["norm_ul"] == pytest.approx(rise_to(lambda a: statistic(a, 0.8), row["norm"], 4, 10), rel=1e-6)


def test_an_index_left_free_is_not_fitted():
    dataset = simulated_cube(seed=4)
    fixed = light_curve([dataset])
    dataset.named("crab").spectral_model.parameters["index"].frozen = False
    for name in ("norm", "norm_err", "norm_ul", "ts"):
        assert_array_equal(light_curve([dataset])[name], fixed[name])


def test_fluxes_are_the_models_times_the_norm():
    row = light_curve([simulated_cube(seed=4)])[0]
    flux = 2e-11 / 1.5 * (1 - 10**-1.5)
    eflux = 2e-11 / 0.5 * (1 - 10**-0.5)
    for reference, value in (("flux", flux), ("dnde", 2e-11), ("eflux", eflux), ("e2dnde", 2e-11)):
        assert row["ref_" + reference] == pytest.approx(value, rel=1e-10)
        for end in ("", "_err", "_errn", "_errp", "_ul"):
            assert row[reference + end] == pytest.approx(value * row["norm" + end], rel=1e-10)


def test_the_flux_does_not_depend_on_the_amplitude_that_it_starts_from():
    dataset = simulated_cube(seed=4)
    first = light_curve([dataset])
    dataset.named("crab").spectral_model.amplitude = 7e-13
    second = light_curve([dataset])
    for name in ("flux", "flux_err", "flux_errn", "flux_errp", "flux_ul", "ts", "npred"):
        assert_allclose(second[name], first[name], rtol=1e-6)


def test_the_energies_only_say_what_is_reported():
    dataset = simulated_cube(seed=4)
    estimator = LightCurveEstimator([dataset], source="crab", reoptimize=True)
    wide, narrow = (
        estimator.run("1 TeV", "0.5 TeV", "10 TeV").table,
        estimator.run("3 TeV", "2 TeV", "5 TeV").table,
    )
    assert_array_equal(wide["norm"], narrow["norm"])
    assert (narrow["e_ref"][0], narrow["e_min"][0], narrow["e_max"][0]) == (3, 2, 5)
    assert narrow["flux"][0] == pytest.approx(narrow["norm"][0] * 2e-11 / 1.5 * (2**-1.5 - 5**-1.5))


def test_times_and_their_order():
    datasets = [simulated_cube(number=number) for number in (4, 0, 2)]
    table = light_curve(datasets, steps=[])
    assert_allclose(table["time_min"], START.mjd + np.array([0, 2, 4]), rtol=0, atol=1e-9)
    assert_allclose(table["time_max"] - table["time_min"], 0.9, atol=1e-9)
    assert table.meta["TIMESYS"] == "tt"


def test_rounding_makes_no_bins_of_their_own():
    datasets = [simulated_cube(seed=seed) for seed in range(3)]
    odd = START + 0.123456789 * u.day
    for dataset, start in zip(
        datasets, (odd, Time(odd.utc.mjd, format="mjd", scale="utc"), odd.tai), strict=True
    ):
        dataset.counts.meta["t_start"] = start
    assert time_bins(datasets).numbers == [(0, 1, 2)]
    datasets[0].counts.meta["t_start"] = odd + 1 * u.ms
    datasets[1].counts.meta["t_stop"] = datasets[1].counts.meta["t_stop"] + 1 * u.ms
    assert time_bins(datasets).numbers == [(2,), (1,), (0,)]


def test_the_name_of_the_spectral_model_is_enough():
    dataset = simulated_cube(seed=3)
    unnamed = point_source("")
    unnamed.spectral_model.name = "crab"
    expected = light_curve([dataset])
    dataset.model = unnamed
    assert_array_equal(light_curve([dataset])["norm"], expected["norm"])


def test_what_a_light_curve_says_of_itself():
    curve = LightCurveEstimator(simulated_cube(), source="crab").run(**BAND)
    meta = curve.table.meta
    assert {key: meta[key] for key in ("source", "method", "reoptimize", "negative")} == {
        "source": "crab", "method": "3d", "reoptimize": False, "negative": False
    }  # fmt: skip
    assert "Light curve of crab: 1 row" in str(curve)
