"""What is known of the background beyond its counts, through every door that makes light curves."""

import astropy.units as u
import numpy as np
import pytest
from brute_force import rise_to
from numpy.testing import assert_allclose, assert_array_equal
from onoff_light_curves import BACKGROUND_SHARE, SIGNAL_SHARE, onoff_light_curve, onoff_run
from scipy.optimize import minimize, minimize_scalar
from simulated_cubes import dense_likelihood, light_curve, simulated_cube
from small_store import SOURCE, cube_datasets, make_store, spectrum_datasets

import tevcurve
from tevcurve import LightCurveEstimator
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.lightcurve.notebook_view import caption

SAID = "one background norm for each run, on the smoothed shape of the OFF spectrum of the "
NAMES = ("norm", "norm_err", "norm_errn", "norm_errp", "norm_ul", "ts", "npred")


def runs(rate=0.02, background=0.02, alpha=0.1, seed=1, length=3000):
    rng = np.random.default_rng(seed)
    start = np.array([0, length + 200])
    return [
        onoff_run(k + 1, [(first, first + length)], rate, background, alpha, rng)
        for k, first in enumerate(start)
    ]


def same(one, other, **tolerance):
    for name in NAMES:
        assert_allclose(one[name], other[name], err_msg=name, **tolerance)


def test_an_excess_that_a_free_background_takes_is_told():
    """150 short runs, so that most energy bins have no OFF count: at each ON count there is as much background."""
    rng = np.random.default_rng(5)
    short = [onoff_run(k, [(300 * k, 300 * k + 100)], 0.001, 0.0007, 0.1, rng) for k in range(150)]
    options = {"time_bins": by_width("100 d"), "bands": (1, 10)}
    alone = onoff_light_curve(short, **options).table[0]
    error = np.sqrt(alone["n_on"] + alone["alpha"] ** 2 * alone["n_off"])
    lost = alone["excess"] - alone["npred_excess"]
    assert alone["excess"] > 2 * error
    assert lost > 0.5 * error
    assert f"takes {lost:.3g} counts of the excess" in alone["reason"]
    assert "fewer events" not in alone["reason"]
    assert "1 of 1 row: the fit has fewer counts of the source than the excess" in caption(
        onoff_light_curve(short, **options)
    )
    for better in ({"background": "shape"}, {"stacked": True}):
        row = onoff_light_curve(short, **options, **better).table[0]
        assert "of the excess" not in row["reason"]
        assert row["npred_excess"] == pytest.approx(row["excess"], abs=0.5 * error)


def test_in_one_energy_bin_a_shape_says_nothing():
    """There the one norm of a run is its one background."""
    options = {"time_bins": by_width("10 min"), "bands": (1, 2, 10)}
    free, shape = (onoff_light_curve(runs(), background=each, **options).table for each in ("free", "shape"))
    same(free, shape, rtol=1e-5, atol=1e-6)


def shape_statistic(n_on, n_off, signal, background, alpha):
    """Statistic of (flux, norm) of a row by its definition; all arrays (2,) but the sum of OFF counts, n_off."""

    def stat(parameters):
        flux, norm = parameters
        on, off = flux * signal + norm * background, norm * background.sum() / alpha
        if np.any(on <= 0) or off <= 0:
            return 1e9
        return 2 * (np.sum(on - n_on * np.log(on)) + off - n_off * np.log(off))

    return stat


def test_with_many_off_counts_the_shape_is_that_of_the_run():
    made = runs(background=0.2, alpha=0.005)
    curve = onoff_light_curve(made, by_width("1 min"), background="shape")
    joint, _ = curve.origin.rows()
    on = joint.cells.n_on.reshape(-1, 2)
    for row in range(0, len(curve.table), 17):
        length = curve.table["livetime"][row]
        background = 0.2 * length * BACKGROUND_SHARE
        off = curve.table["n_off"][row]
        stat = shape_statistic(on[row], off, 0.02 * length * SIGNAL_SHARE, background, 0.005)
        best = minimize(stat, [1.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9}).x
        if best[0] > 0.01:
            assert curve.table["norm"][row] == pytest.approx(best[0], abs=0.05 * curve.table["norm_err"][row])


def test_rows_say_what_their_background_is():
    made = runs()
    for place in ("run", "night"):
        curve = onoff_light_curve(made, by_width("10 min"), background="shape", shape_from=place)
        assert all(SAID + place in reason for reason in curve.table["reason"])
        assert curve.origin.options.meta()["shape_from"] == place
        assert not any("falling power law" in reason for reason in curve.table["reason"])
    dark = [*runs(background=1e-9)[:1], *made[1:]]
    curve = onoff_light_curve(dark, by_run(), background="shape")
    assert ["which has no OFF count: a falling power law is taken" in r for r in curve.table["reason"]] == [
        True,
        False,
    ]
    curve = onoff_light_curve(dark, by_run(), background="shape", shape_from="night")
    assert not any("falling power law" in reason for reason in curve.table["reason"])
    curve = onoff_light_curve(made, by_run(), background_error=0.05)
    assert all("alpha of each run is uncertain by 5 %" in reason for reason in curve.table["reason"])
    assert not any(onoff_light_curve(made, by_run()).table["reason"])


def test_an_uncertain_alpha_adds_its_variance_to_that_of_the_counts():
    """With many counts in one energy bin: n_on + alpha^2 n_off + (error alpha n_off)^2."""
    made = runs(rate=1.0, background=2.0, alpha=0.5)
    for error in (0.02, 0.1):
        table = onoff_light_curve(made, by_run(), bands=(1, 2, 10), background_error=error).table
        n_on, n_off = np.asarray(table["n_on"]), np.asarray(table["n_off"])
        spread = np.sqrt(n_on + 0.25 * n_off + (error * 0.5 * n_off) ** 2)
        signal = np.asarray(table["livetime"]) * SIGNAL_SHARE[[0, 1, 0, 1]]
        assert_allclose(table["norm"], (n_on - 0.5 * n_off) / signal, rtol=1e-4)
        assert_allclose(table["norm_err"], spread / signal, rtol=2e-3)


def with_prior(dataset, error):
    """Statistic of a cube as a function of the flux, with its background norm at its best for a prior around 1."""
    dense = dense_likelihood(dataset)

    def profile(flux):
        return minimize_scalar(
            lambda norm: dense(flux, norm) + ((norm - 1) / error) ** 2,
            bounds=(0.01, 5),
            method="bounded",
            options={"xatol": 1e-10},
        ).fun

    return profile


@pytest.mark.parametrize("error", [0.02, 0.3])
def test_background_norms_of_cubes_have_a_prior(error):
    dataset = simulated_cube(norm=1.2, seed=8)
    row = light_curve([dataset], background_error=error)[0]
    profile = with_prior(dataset, error)
    best = minimize_scalar(profile, bounds=(0, 5), method="bounded", options={"xatol": 1e-8}).x
    assert row["norm"] == pytest.approx(best, abs=1e-5)
    assert row["norm"] + row["norm_errp"] == pytest.approx(rise_to(profile, best, 1, 10), rel=1e-5)
    assert row["norm_ul"] == pytest.approx(rise_to(profile, best, 4, 10), rel=1e-5)
    assert row["ts"] == pytest.approx(profile(0) - profile(best), rel=1e-6)
    assert f"the background norm of each run is uncertain by {100 * error:g} %" in row["reason"]


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store")).get_observations()


@pytest.mark.parametrize("method", ["3d", "1d"])
def test_background_error_is_a_systematic_by_row(observations, method):
    """To the digit; a systematic of the background by run is another thing."""
    options = {"target": "Crab", "method": method, "time_bins": "5 min"}
    options |= {"width": "1.2 deg"} if method == "3d" else {}
    wanted = tevcurve.light_curve(observations, background_error=0.05, **options)
    by_row, by_run_ = ({"effect": "background", "sigma": 0.05, "by": by} for by in ("row", "run"))
    found = tevcurve.light_curve(observations, systematics=[by_row], **options)
    assert found.table.colnames == wanted.table.colnames
    for name in wanted.table.colnames:
        assert_array_equal(found.table[name], wanted.table[name], err_msg=name)
    assert found.meta == wanted.meta
    other = tevcurve.light_curve(observations, systematics=[by_run_], **options)
    assert np.any(other.table["norm_errp"] != wanted.table["norm_errp"])
    with pytest.raises(InputError, match=r"background_error \(0.1\) is given, too"):
        tevcurve.light_curve(observations, systematics=[by_row], background_error=0.1, **options)


CASES = [
    ("3d", cube_datasets, {"background_error": 0.05}),
    ("1d", spectrum_datasets, {"background_error": 0.05}),
    ("1d", spectrum_datasets, {"background": "shape"}),
    ("1d", spectrum_datasets, {"background": "shape", "shape_from": "night"}),
]


@pytest.mark.parametrize(("method", "make", "options"), CASES)
def test_datasets_give_the_same_whole_and_cut(observations, method, make, options):
    datasets = make(observations)
    energies, more = (1 * u.TeV, 1 * u.TeV, 8 * u.TeV), {"source": SOURCE, "reoptimize": True} | options
    whole = LightCurveEstimator(datasets, **more).run(*energies).table
    laid = LightCurveEstimator(datasets, time_bins=by_run(), **more).run(*energies).table
    same(whole, laid, rtol=1e-6)
    assert_array_equal(whole["reason"], laid["reason"])
    usual = LightCurveEstimator(datasets, source=SOURCE, reoptimize=True).run(*energies).table
    assert np.any(usual["norm_errp"] != whole["norm_errp"])


@pytest.mark.parametrize(("method", "make", "options"), CASES)
def test_light_curves_keep_it_in_other_bins(observations, method, make, options):
    target = observations[0].pointing
    arguments = {"energy_edges": [1, 8] * u.TeV, "safe_energy": None, "norm_values": None, "method": method}
    target = target.directional_offset_by(0 * u.deg, 0.5 * u.deg)
    long, short = by_run(), by_width("7 min")
    arguments |= {"width": "1.2 deg"} if arguments["method"] == "3d" else {}
    curve = tevcurve.light_curve(observations[:1], target, long, **arguments, **options)
    direct = tevcurve.light_curve(observations[:1], target, short, **arguments, **options)
    same(curve.rebin(short).table, direct.table, rtol=1e-12)
    for name, value in options.items():
        assert curve.meta[name] == value
    assert all(curve.table["reason"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"background": "shape"}, "is for ON and OFF counts; cubes have the shape of their model"),
        ({"background_error": 0.1, "reoptimize": False}, "reoptimize is False; wanted is True"),
        ({"background_error": -0.1}, "background_error is -0.1; wanted is a number above 0"),
        ({"background": "flat"}, "background is 'flat'; wanted is 'free' or 'shape'"),
        ({"background": "shape", "shape_from": "day"}, "shape_from is 'day'; wanted is 'run' or 'night'"),
        (
            {"background": "shape", "background_error": 0.1},
            "takes alpha as exact, and background_error is given too",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        light_curve([simulated_cube()], **options)
