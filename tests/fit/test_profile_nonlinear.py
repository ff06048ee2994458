"""Bins in which tilts, positions and shapes are free, against iminuit over everything at once."""

import numpy as np
import pytest
from brute_force import minuit_of
from iminuit import Minuit
from numpy.testing import assert_allclose
from scipy.optimize import brentq, minimize
from simulated_cubes import (
    dense_likelihood,
    gaussian_psf,
    geometries,
    light_curve,
    point_source,
    simulated_cube,
)

from tevcurve.fit.fit_options import FitOptions
from tevcurve.fit.profile_nonlinear import NonlinearBin, NonlinearProfile
from tevcurve.irf import PSFKernel
from tevcurve.kernels.terms import CashTerms
from tevcurve.lightcurve.dataset_origin import rows_of_whole

OTHER = ("other", (83.2, 22.3), 1e-11, 2.0)


def with_free_tilt(dataset):
    dataset.background_model.parameters["tilt"].frozen = False
    return dataset


def check(row, minuit, minos=True):
    """A row of a light curve against iminuit's minimum, whose first parameter is the flux and is bounded far away."""
    best, error = minuit.values[0], minuit.errors[0]
    assert row["status"] == "ok"
    assert abs(row["norm"] - best) < 1e-3 * error
    assert row["norm_err"] == pytest.approx(error, rel=2e-3)
    assert row["loglike"] == pytest.approx(minuit.fval, abs=1e-5)
    if not minos:
        return
    minuit.minos("x0")
    assert row["norm_errp"] == pytest.approx(minuit.merrors[0].upper, rel=2e-3)
    assert row["norm_errn"] == pytest.approx(-minuit.merrors[0].lower, rel=2e-3)
    minuit.minos("x0", cl=2)
    assert row["norm_ul"] - best == pytest.approx(minuit.merrors[0].upper, rel=2e-3)


def minimum_over(statistic, *start):
    return minimize(
        statistic, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000}
    ).fun


def test_a_free_tilt():
    dataset = with_free_tilt(simulated_cube(flux=1.3, norm=1.1, tilt=0.3, background=0.3, seed=3))
    row = light_curve([dataset])[0]
    statistic = dense_likelihood(dataset)
    minuit = minuit_of(lambda a, norm, tilt: statistic(a, norm, tilt=tilt), 3)
    assert minuit.values[2] == pytest.approx(0.3, abs=0.2)
    check(row, minuit)
    null = minimum_over(lambda x: statistic(0, x[0], tilt=x[1]), 1, 0)
    assert row["ts"] == pytest.approx(null - minuit.fval, abs=1e-5)
    for norm, rise in zip(row["norm_scan"][::5], row["dloglike_scan"][::5], strict=True):
        there = minimum_over(lambda x, norm=norm: statistic(norm, x[0], tilt=x[1]), 1, 0)
        assert rise == pytest.approx(there - minuit.fval, abs=1e-5)
    signal = minuit.values[0] * dataset.npred_signal().data.sum()
    background = minuit.values[1] * dataset.background_model.scaled(tilt=minuit.values[2]).sum()
    assert (row["npred_excess"], row["npred"]) == pytest.approx((signal, signal + background), rel=1e-4)


def test_what_is_free_matters_and_stays_without_reoptimize():
    dataset = with_free_tilt(simulated_cube(flux=0.3, tilt=1.0, background=0.5, seed=4))
    free, fixed = light_curve([dataset])[0], light_curve([dataset], reoptimize=False)[0]
    dataset.background_model.parameters["tilt"].frozen = True
    norm_only = light_curve([dataset])[0]
    assert free["loglike"] < norm_only["loglike"] - 1 < fixed["loglike"]
    assert abs(free["norm"] - norm_only["norm"]) > 0.002
    statistic = dense_likelihood(dataset)
    assert fixed["loglike"] == pytest.approx(statistic(fixed["norm"], 1.0), rel=1e-12)


def test_a_tilt_with_its_norm_frozen():
    dataset = with_free_tilt(simulated_cube(flux=1.0, background=0.3, seed=5))
    dataset.background_model.parameters["norm"].frozen = True
    statistic = dense_likelihood(dataset)
    check(light_curve([dataset])[0], minuit_of(lambda a, tilt: statistic(a, 1.0, tilt=tilt), 2))


def test_a_tilt_at_its_bound_is_held_there():
    dataset = with_free_tilt(simulated_cube(flux=1.0, background=0.5, tilt=0.6, seed=6))
    dataset.background_model.parameters["tilt"].max = 0.1
    statistic = dense_likelihood(dataset)
    row = light_curve([dataset])[0]
    check(row, minuit_of(lambda a, norm: statistic(a, norm, tilt=0.1), 2))


def free_position(dataset):
    spatial = dataset.named("crab").spatial_model
    for parameter in spatial.parameters:
        parameter.frozen = False
    return spatial


@pytest.mark.parametrize("kernel", [True, False])
def test_a_free_position_of_the_source(kernel):
    psf = PSFKernel.from_table_psf(gaussian_psf(), geometries()[1]) if kernel else gaussian_psf()
    dataset = simulated_cube(flux=1.3, seed=3, psf=psf)
    spatial = free_position(dataset)
    row = light_curve([dataset], steps=["err"])[0]
    start = spatial.lon_0.value, spatial.lat_0.value

    def statistic(flux, norm, lon, lat):
        spatial.lon_0, spatial.lat_0 = lon, lat
        value = dense_likelihood(dataset)(flux, norm)
        spatial.lon_0, spatial.lat_0 = start
        return value

    minuit = Minuit(statistic, 1, 1, *start)
    minuit.errordef, minuit.strategy, minuit.tol = 1, 2, 1e-3
    minuit.errors = (0.1, 0.1, 0.01, 0.01)
    minuit.migrad()
    minuit.hesse()
    assert row["norm"] == pytest.approx(minuit.values[0], abs=0.002 * minuit.errors[0])
    assert row["norm_err"] == pytest.approx(minuit.errors[0], rel=3e-3)
    assert row["loglike"] == pytest.approx(minuit.fval, abs=1e-5)
    assert row["loglike"] < dense_likelihood(dataset)(row["norm"], minuit.values[1]) - 0.02
    assert (spatial.lon_0.value, spatial.lat_0.value) == start


def test_another_sources_shape_shared_by_the_datasets_of_a_bin():
    others = [point_source(*OTHER) for _ in range(2)]
    datasets = [
        simulated_cube(flux=1.3, others=[other], other_flux=3, seed=seed, background=0.02)
        for seed, other in enumerate(others)
    ]
    for other in others:
        other.spectral_model.parameters["index"].frozen = False
    row = light_curve(datasets, steps=["err"])[0]

    def statistic(flux, first, second, amplitude, index):
        total = 0.0
        for dataset, other, norm in zip(datasets, others, (first, second), strict=True):
            other.spectral_model.index = index
            total += dense_likelihood(dataset)(flux, norm, {"other": amplitude})
            other.spectral_model.index = 2.0
        return total

    check(row, minuit_of(statistic, 5), minos=False)


def test_each_dataset_has_a_tilt_of_its_own():
    datasets = [
        with_free_tilt(simulated_cube(background=0.4, tilt=tilt, seed=seed))
        for seed, tilt in enumerate((0.5, -0.5))
    ]
    row = light_curve(datasets, steps=["err"])[0]
    parts = [dense_likelihood(dataset) for dataset in datasets]
    check(
        row, minuit_of(lambda a, b, s, c, t: parts[0](a, b, tilt=s) + parts[1](a, c, tilt=t), 5), minos=False
    )


def test_bins_are_independent_of_each_other_and_of_what_was_asked_before():
    datasets = [with_free_tilt(simulated_cube(background=0.3, seed=seed, number=seed)) for seed in range(3)]
    datasets[1].background_model.parameters["tilt"].frozen = True
    together = light_curve(datasets, steps=["err", "ul"])
    for number in (0, 2):
        alone = light_curve([datasets[number]], steps=["ul"])
        assert together["norm"][number] == alone["norm"][0]
        assert together["norm_ul"][number] == alone["norm_ul"][0]
    plain = light_curve([datasets[1]], steps=["err", "ul"])
    for name in ("norm", "norm_err", "norm_ul", "loglike"):
        assert together[name][1] == pytest.approx(plain[name][0], rel=1e-6)


def test_no_cell_is_predicted_below_zero_with_the_tilt_at_its_best():
    dataset = with_free_tilt(simulated_cube(flux=0, background=0.5, seed=11))
    options, models = FitOptions(negative=True), [dataset.named("crab")]
    profile = rows_of_whole([dataset], models, np.zeros(1), 1, True, options).profile
    (bound,) = profile.lower_bound()
    (settled,), _ = profile.settled(np.array([bound]))
    # With the tilt that is best there, the bound is where it is.
    assert bound < 0
    assert settled.lower_bound()[0] == pytest.approx(bound, rel=1e-2)


@pytest.mark.parametrize("free", ["tilt", "position"])
def test_a_bin_without_excess_and_one_without_events(free):
    datasets = [simulated_cube(flux=0, background=0.5, seed=11), simulated_cube(counts=False, number=1)]
    for dataset in datasets:
        with_free_tilt(dataset) if free == "tilt" else free_position(dataset)
    table = light_curve(datasets, steps=["ul", "ts"])
    assert table["status"].tolist() == ["at_zero", "no_events"]
    assert table["norm"].tolist() == [0, 0]
    if free == "tilt":
        statistic = dense_likelihood(datasets[0])
        bottom = minimum_over(lambda x: statistic(0, x[0], tilt=x[1]), 1, 0)

        def rise(flux):
            return minimum_over(lambda x: statistic(flux, x[0], tilt=x[1]), 1, 0) - bottom - 4

        assert table["norm_ul"][0] == pytest.approx(brentq(rise, 0.01, 2, xtol=1e-7), rel=1e-4)
        # Without events the limit is that of the signal's total alone.
        assert table["norm_ul"][1] == pytest.approx(2 / datasets[1].npred_signal().data.sum(), rel=1e-6)
        return
    for dataset in datasets:
        for parameter in dataset.named("crab").spatial_model.parameters:
            parameter.frozen = True
    held = light_curve(datasets, steps=["ul", "ts"])
    assert_allclose(table["norm_ul"], held["norm_ul"], rtol=1e-6)
    assert all("the source stays where it is and as it is" in reason for reason in table["reason"])


def test_below_zero_with_a_free_tilt():
    dataset = with_free_tilt(simulated_cube(flux=0, background=0.5, seed=11))
    row = light_curve([dataset], negative=True, steps=["err"])[0]
    statistic = dense_likelihood(dataset)
    minuit = minuit_of(lambda a, norm, tilt: statistic(a, norm, tilt=tilt), 3, negative=True)
    assert row["norm"] == pytest.approx(minuit.values[0], abs=1e-3 * minuit.errors[0])
    assert row["norm"] < 0


def test_where_a_free_parameter_means_nothing_it_stays():
    """A free position of a further source whose flux is frozen at next to nothing."""
    faint = point_source("faint", (83.3, 22.4), amplitude=1e-30)
    faint.spectral_model.parameters["amplitude"].frozen = True
    dataset = simulated_cube(flux=1.2, seed=9, others=[faint])
    fixed = light_curve([dataset], steps=["err"])[0]
    for parameter in faint.spatial_model.parameters:
        parameter.frozen = False
    free = light_curve([dataset], steps=["err"])[0]
    for name in ("norm", "norm_err"):
        assert free[name] == pytest.approx(fixed[name], rel=1e-5)


def one_bin(count=100.0):
    """A bin of one event cell whose background falls with theta: the likelihood is known in closed form."""

    def make_terms(theta):
        return CashTerms(
            n_bins=1,
            block_bin=np.zeros(1, dtype=int),
            shared_total=np.array([[10.0]]),
            background_total=np.zeros(1),
            constant_total=np.array([50 * np.exp(theta[0])]),
            event_block=np.zeros(1, dtype=int),
            event_count=np.array([count]),
            event_shared=np.array([[8.0]]),
            event_background=np.zeros(1),
            event_constant=np.array([20 * np.exp(theta[0])]),
            lone_count=np.zeros(1),
            lone_log=np.zeros(1),
        )

    return NonlinearBin(
        make_terms,
        np.zeros(1),
        np.full(1, 0.1),
        np.full(1, -np.inf),
        np.full(1, np.inf),
        np.zeros(1, dtype=bool),
    )


@pytest.mark.parametrize("flux", [0.5, 1.0, 3.0])
def test_profile_in_closed_form(flux):
    """With c = exp(theta): 2 * (10 a + 50 c - n log(8 a + 20 c)) is least at 8 a + 20 c = 0.4 n."""
    profile = NonlinearProfile([one_bin(), one_bin(200.0)])
    stat, slope, curvature = profile.evaluate(np.full(2, flux))[0]
    for k, n in enumerate((100.0, 200.0)):
        c = (0.4 * n - 8 * flux) / 20
        expected = 2 * (10 * flux + 50 * c - n * np.log(0.4 * n))
        assert_allclose([stat[k], slope[k]], [expected, 2 * (10 - 20)], rtol=1e-7)
        # The profile is a straight line: nothing is left of the curvature of each part.
        assert abs(curvature[k]) < 1e-5
    assert_allclose(profile.counts, [100, 200])
    assert profile.take(np.array([1]))[0].evaluate(np.array([flux]))[0][0][0] == pytest.approx(
        stat[1], rel=1e-12
    )
    assert profile.n == 2


def test_a_search_that_finds_no_bottom_says_so():
    """The prediction falls without end where there is no event."""
    bins = one_bin(count=0.0)
    stat, _, _ = NonlinearProfile([bins]).evaluate(np.ones(1))[0]
    # exp(theta) goes to 0, and the statistic to that of the signal alone: a flat floor, or a search without an end.
    assert np.isnan(stat[0]) or stat[0] == pytest.approx(20, abs=1e-3)
