"""Free shapes against Minuit on the dense likelihood, and over simulations of known truth."""

import astropy.units as u
import numpy as np
import pytest
from iminuit import Minuit
from simulated_rows import AMPLITUDE, BAND, TRUE, SimulatedCubes, SimulatedSpectra, power_law, response

from tevcurve.errors import InputError
from tevcurve.fit.spectral_fits import ShapeFunction, estimate_shapes
from tevcurve.fit.spectrum_family import SpectrumFamily
from tevcurve.kernels.spectral_profiles import OnOffSpectralRows
from tevcurve.models import ExponentialCutoffPowerLaw, LogParabola, PowerLaw, SpectralModel
from tevcurve.reduction.true_nodes import true_nodes

TRUE_NODES = true_nodes(TRUE, "centre", None)


def log_parabola():
    return LogParabola(alpha=2.5, beta=0.2, amplitude=f"{AMPLITUDE} cm-2 s-1 TeV-1")


def minuit(statistic, start, names):
    fit = Minuit(statistic, np.array(start), name=names)
    fit.errordef, fit.strategy, fit.tol = 1.0, 2, 1e-7
    fit.limits["norm"] = (1e-6, None)
    fit.migrad()
    fit.hesse()
    assert fit.valid
    return fit


def lowest_at(statistic, fit, number, value):
    """The statistic with one parameter held, as Minuit finds it near the others' best values."""
    best, errors = (np.delete(np.array(each), number) for each in (fit.values, fit.errors))
    at = Minuit(lambda p: statistic(np.insert(np.array(p), number, value)), best)
    at.errordef, at.strategy, at.tol = 1.0, 2, 1e-4
    at.errors = errors
    at.limits = [
        (max(low, 1e-3), high) for low, high in zip(best - 15 * errors, best + 15 * errors, strict=True)
    ]
    at.migrad()
    return at.fval


def check(estimate, row, statistic, fit):
    """Values to 1e-4 of the error, errors to 1e-2, and the statistic at the ends of intervals."""
    spreads = {"norm": estimate.factors["norm"], **estimate.parameters}
    for number, (name, spread) in enumerate(spreads.items()):
        check_spread(spread, row, statistic, fit, number, fit.errors[name])


def check_spread(spread, row, statistic, fit, number, error):
    value = spread.value[row]
    assert value == pytest.approx(fit.values[number], abs=1e-4 * error)
    assert spread.err[row] == pytest.approx(error, rel=1e-2)
    for end in (value - spread.errn[row], value + spread.errp[row]):
        assert lowest_at(statistic, fit, number, end) - fit.fval == pytest.approx(1.0, abs=1e-4)
    if spread.ul is not None:
        assert lowest_at(statistic, fit, number, spread.ul[row]) - fit.fval == pytest.approx(2.706, abs=1e-4)


def estimated(rows, model, names, norm=None, **options):
    family = SpectrumFamily(model, names, TRUE_NODES, BAND)
    norm = np.ones(rows.n) if norm is None else norm
    return estimate_shapes(rows, family, norm, **({"sigma": 1.0, "ul_rise": 2.706} | options))


@pytest.fixture(scope="module")
def cubes():
    return SimulatedCubes(np.random.default_rng(1), 40)


def test_index_in_3d_as_minuit_finds_it(cubes):
    model, names = power_law(), ("index",)
    estimate = estimated(cubes.rows(), model, names)
    assert estimate.converged.all()
    for row in (0, 7, 39):
        statistic = cubes.cash(row, model, names)
        fit = minuit(statistic, cubes.truth, ("norm", "index", "b0", "b1"))
        check(estimate, row, statistic, fit)
        assert estimate.background[row] == pytest.approx(
            sum(fit.values[f"b{run}"] * cubes.background[run].sum() for run in (0, 1)), rel=1e-4
        )


def test_index_in_1d_as_minuit_finds_it():
    spectra = SimulatedSpectra(np.random.default_rng(2), 5)
    model, names = power_law(), ("index",)
    estimate = estimated(spectra.rows(), model, names)
    assert estimate.converged.all()
    for row in (0, 4):
        statistic = spectra.wstat(row, model, names)
        check(estimate, row, statistic, minuit(statistic, [1.0, 2.7], ("norm", "index")))


def test_two_free_parameters_as_minuit_finds_them():
    cubes = SimulatedCubes(np.random.default_rng(3), 3, exposure=10000.0)
    model, names = log_parabola(), ("alpha", "beta")
    estimate = estimated(cubes.rows(), model, names)
    assert estimate.converged.all()
    for row in range(2):
        statistic = cubes.cash(row, model, names)
        fit = minuit(statistic, [1, 2.5, 0.1, 1.1, 0.9], ("norm", "alpha", "beta", "b0", "b1"))
        check(estimate, row, statistic, fit)


def test_fluxes_and_their_errors_are_those_of_the_fitted_spectrum(cubes):
    # Minuit on the amplitude that makes the band's flux (or energy flux) its parameter.
    model, row = power_law(), 7
    estimate = estimated(cubes.rows(), model, ("index",))
    statistic = cubes.cash(row, model, ("index",))
    functions = {
        "flux": lambda index: model.photon_flux(BAND, index=index)[0] / model.photon_flux(BAND)[0],
        "eflux": lambda index: model.energy_flux_bins(BAND, index=index)[0] / model.energy_flux_bins(BAND)[0],
        "dnde": lambda index: model.dnde(14**0.5, index=index) / model.dnde(14**0.5),
    }
    for kind, ratio in functions.items():

        def of_flux(parameters, ratio=ratio):
            return statistic(np.array([parameters[0] / ratio(parameters[1]), *parameters[1:]]))

        fit = minuit(of_flux, cubes.truth, ("norm", "index", "b0", "b1"))
        check_spread(estimate.factors[kind], row, of_flux, fit, 0, fit.errors["norm"])


def test_scan_is_the_profile(cubes):
    scan, row = np.array([0.0, 0.4, 0.9, 1.5]), 3
    estimate = estimated(cubes.rows(), power_law(), ("index",), scan=scan)
    assert np.isnan(estimate.rises[:, 0]).all()
    statistic = cubes.cash(row, power_law(), ("index",))
    fit = minuit(statistic, cubes.truth, ("norm", "index", "b0", "b1"))
    for k in (1, 2, 3):
        rise = lowest_at(statistic, fit, 0, scan[k]) - fit.fval
        assert estimate.rises[row, k] == pytest.approx(rise, abs=1e-4)


def test_gain_is_what_the_free_shape_wins(cubes):
    wrong = PowerLaw(index=3.5, amplitude=f"{AMPLITUDE} cm-2 s-1 TeV-1")
    estimate = estimated(cubes.rows(), wrong, ("index",))
    statistic = cubes.cash(0, wrong, ("index",))
    fixed = Minuit(lambda p: statistic(np.array([1.0, 3.5, *p])), [1.0, 1.0])
    fixed.errordef, fixed.strategy = 1.0, 2
    fixed.migrad()
    free = minuit(statistic, cubes.truth, ("norm", "index", "b0", "b1"))
    assert estimate.gain[0] == pytest.approx(fixed.fval - free.fval, abs=1e-3)
    # Wherever the search comes from, it ends at the same minimum.
    other = estimated(cubes.rows(), power_law(), ("index",))
    np.testing.assert_allclose(estimate.parameters["index"].value, other.parameters["index"].value, atol=1e-6)


def test_pulls_of_index_and_flux():
    n_rows = 250
    cubes = SimulatedCubes(np.random.default_rng(5), n_rows)
    estimate = estimated(cubes.rows(), power_law(), ("index",))
    assert estimate.converged.all()
    for spread, truth in ((estimate.parameters["index"], 2.7), (estimate.factors["flux"], 1.0)):
        away = spread.value - truth
        pulls = away / np.where(away > 0, spread.errn, spread.errp)
        assert abs(pulls.mean()) < 3 / np.sqrt(n_rows)
        assert abs(pulls.std() - 1) < 3 / np.sqrt(2 * n_rows)
    # The rows began at the truth, and what is gained from there goes as chi2 of two degrees of freedom.
    assert abs(estimate.gain.mean() - 2) < 3 * 2 / np.sqrt(n_rows)


def test_rows_do_not_depend_on_each_other(cubes):
    rows, scan = cubes.rows(), np.array([0.5, 1.5])
    everything = estimated(rows, power_law(), ("index",), scan=scan)
    for picked in ([5], [0, 11, 12, 39]):
        some = estimated(rows.take(np.array(picked))[0], power_law(), ("index",), scan=scan)
        for kind in everything.factors:
            for name, values in vars(everything.factors[kind]).items():
                np.testing.assert_array_equal(getattr(some.factors[kind], name), values[picked])
        for name in ("value", "err", "errn", "errp"):
            expected = getattr(everything.parameters["index"], name)[picked]
            np.testing.assert_array_equal(getattr(some.parameters["index"], name), expected)
        np.testing.assert_array_equal(some.rises, everything.rises[picked])
        np.testing.assert_array_equal(some.background, everything.background[picked])


@pytest.mark.parametrize("kind", ["norm", "flux", "eflux", "dnde"])
@pytest.mark.parametrize("make", ["cash", "wstat"])
def test_slopes_and_curvatures_are_those_of_the_value(make, kind):
    rng = np.random.default_rng(5)
    rows = SimulatedCubes(rng, 2).rows() if make == "cash" else SimulatedSpectra(rng, 2).rows()
    family = SpectrumFamily(log_parabola(), ("alpha", "beta"), TRUE_NODES, BAND)
    function = ShapeFunction(rows, family, kind)
    x, step = np.array([[0.1, 0.2, -0.3], [-0.2, 0.5, 0.1]]), 1e-4
    _, slope, curvature = function.evaluate(x)[0]
    for j in range(3):
        ahead, behind = (function.evaluate(x + sign * step * np.eye(3)[j])[0] for sign in (1, -1))
        np.testing.assert_allclose((ahead[0] - behind[0]) / (2 * step), slope[:, j], rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(
            (ahead[1] - behind[1]) / (2 * step),
            curvature[:, j],
            rtol=1e-4,
            atol=1e-5 * np.abs(curvature).max(),
        )


def test_bounds_hold():
    cubes = SimulatedCubes(np.random.default_rng(6), 6)
    model = power_law()
    model.index = 2.4
    model.parameters["index"].set_bounds(None, 2.5)
    estimate = estimated(cubes.rows(), model, ("index",))
    held = estimate.parameters["index"].value == 2.5
    assert held.all()
    assert estimate.at_bound == [("index",)] * 6
    assert np.isnan(estimate.parameters["index"].err).all()
    np.testing.assert_array_equal(estimate.parameters["index"].errp, 0.0)
    # The norm's error is then that of the fixed index.
    fit = Minuit(lambda p: cubes.cash(0, model, ("index",))(np.array([p[0], 2.5, *p[1:]])), [1.0, 1.0, 1.0])
    fit.errordef, fit.strategy = 1.0, 2
    fit.migrad()
    fit.hesse()
    assert estimate.factors["norm"].value[0] == pytest.approx(fit.values[0], abs=1e-3 * fit.errors[0])
    assert estimate.factors["norm"].err[0] == pytest.approx(fit.errors[0], rel=1e-2)


def test_a_cutoff_at_its_bound_zero_is_found_from_a_start_that_is_there():
    cubes = SimulatedCubes(np.random.default_rng(7), 20)
    model = ExponentialCutoffPowerLaw(index=2.7, amplitude=f"{AMPLITUDE} cm-2 s-1 TeV-1", lambda_="0 TeV-1")
    estimate = estimated(cubes.rows(), model, ("lambda_",))
    cutoff = estimate.parameters["lambda_"]
    assert estimate.converged.all()
    assert (cutoff.value >= 0).all()
    # The truth is no cutoff: about half of the rows sit at the bound.
    assert 4 <= np.count_nonzero(cutoff.value == 0) <= 16
    np.testing.assert_array_equal(np.isnan(cutoff.err), cutoff.value == 0)
    assert np.isfinite(cutoff.errp).all()


def test_rows_that_say_nothing_of_the_shape_do_not_converge():
    # One reco bin cannot tell an index from a norm.
    rows = OnOffSpectralRows(
        np.zeros(1, dtype=int),
        np.ones(1, dtype=int),
        response(1800.0).sum(axis=1)[None],
        response(1800.0).sum(axis=1)[None],
        np.array([50.0]),
        np.array([30.0]),
        np.array([0.1]),
    )
    assert not estimated(rows, power_law(), ("index",)).converged[0]


def test_the_deeper_of_two_minima_is_found():
    # The curvature goes with the square of c, so c and -c are nearly alike: a small tilt tells them apart.
    def double(energy, amplitude, c):
        x = np.log(energy)
        return amplitude * np.exp(-2.5 * x - (0.15 * c**2 + 0.05 * c) * x**2 - 0.1 * c * x)

    spectra = SimulatedSpectra(np.random.default_rng(9), 3, exposure=20000.0)
    truth = SpectralModel.from_function(double, amplitude=f"{AMPLITUDE} cm-2 s-1 TeV-1", c=1.0)
    spectra.n_on = np.tile(truth.photon_flux(TRUE) @ spectra.response + 0.1 * spectra.n_off[0], (3, 1))
    wrong_side = SpectralModel.from_function(double, amplitude=f"{AMPLITUDE} cm-2 s-1 TeV-1", c=-1.5)
    statistic = spectra.wstat(0, truth, ("c",))
    trapped = minuit(statistic, [1.0, -1.5], ("norm", "c"))
    assert trapped.values["c"] < 0
    estimate = estimated(spectra.rows(), wrong_side, ("c",))
    assert estimate.parameters["c"].value[0] == pytest.approx(1.0, abs=0.5)
    found = statistic(np.array([estimate.factors["norm"].value[0], estimate.parameters["c"].value[0]]))
    assert found < trapped.fval - 1


def test_parameters_that_do_not_change_the_shape_are_refused():
    with pytest.raises(InputError, match="'reference', which does not change the shape"):
        SpectrumFamily(power_law(), ("reference",), TRUE_NODES, BAND)


def test_spectra_of_the_family_are_the_models():
    t = np.array([[0.3, -0.2], [-1.0, 0.4]])
    for model, names in (
        (log_parabola(), ("alpha", "beta")),
        (ExponentialCutoffPowerLaw(index=2, amplitude="1e-11 cm-2 s-1 TeV-1"), ("index", "lambda_")),
    ):
        family = SpectrumFamily(model, names, TRUE_NODES, BAND)
        values = family.parameters(t)
        exact = model.photon_flux(TRUE, **{name: values[:, k, None] for k, name in enumerate(names)})
        np.testing.assert_allclose(family.spectra(t)[:, :, 0], exact, rtol=1e-11)
        for row in range(2):
            other = model.copy()
            for k, name in enumerate(names):
                other.parameters[name].value = values[row, k]
            ratio = other.integral(*BAND * u.TeV) / model.integral(*BAND * u.TeV)
            assert np.exp(family.logarithm("flux", t)[0][row]) == pytest.approx(ratio.value, rel=1e-10)


def test_hundreds_of_rows_at_once():
    rows = SimulatedCubes(np.random.default_rng(8), 435, exposure=150.0).rows()
    estimate = estimated(rows, power_law(), ("index",))
    assert np.count_nonzero(estimate.converged) > 400
