"""Power spectra of light curves: the posterior against brute force, and slopes of red noise by Timmer & Koenig."""

from dataclasses import replace
from types import SimpleNamespace

import astropy.units as u
import numpy as np
import pytest
from light_curve_rows import make_rows
from numpy.testing import assert_allclose
from onoff_light_curves import onoff_light_curve, onoff_run
from scipy.stats import multivariate_normal

from tevcurve.errors import InputError
from tevcurve.fit.row_nuisances import RowNuisances
from tevcurve.kernels.damped_oscillators import Oscillators
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.variability import log_normal_rows, power_spectrum
from tevcurve.lightcurve.variability.log_normal_rows import LogNormalRows
from tevcurve.lightcurve.variability.power_spectrum import pivot_of, spectrum_of, weights_of
from tevcurve.lightcurve.variability.process_posterior import HIGHEST, LOWEST, Marginal
from tevcurve.lightcurve.variability.red_period_noise import RedNoise


@pytest.fixture
def red_noise(validation_on_path):
    from validation import red_noise

    return red_noise


def drawn(red_noise, slope=2.0, rms=0.5, counts=100, n=56, seed=1, bend=None):
    rng = np.random.default_rng(seed)
    start, stop = red_noise.rows_of_nights(1, n)
    noise = red_noise.of_rms(slope, rms, 1 / stop[-1], 1 / 240, bend)
    return noise, red_noise.onoff_rows(
        red_noise.drawn_fluxes(noise, start, stop, rng), start, stop, counts, rng
    )


def test_the_posterior_is_that_of_a_fine_grid_of_exact_evidences(red_noise):
    """With very many counts the log fluxes have Gaussian errors, of which the evidence is a closed form."""
    _, rows = drawn(red_noise, counts=3e4, n=24)
    found, process = spectrum_of(rows), LogNormalRows.of(rows)
    norm, err = rows.fits.norm[0], rows.fits.err[0]
    x, spread = np.log(norm / rows.fits.constant[0]), err / norm
    middle, width, pivot = 0.5 * (rows.start_s + rows.stop_s), rows.stop_s - rows.start_s, pivot_of(rows)
    slope, level = np.linspace(0, 4, 41), np.linspace(LOWEST, HIGHEST, 121)
    log = np.empty((len(slope), len(level)))
    for i, each in enumerate(slope):
        power = Oscillators.power_law(each, process.frequency)
        unit = power.averaged(middle, width) * pivot ** (each - 1)
        for k, a in enumerate(level):
            total = np.exp(a) * unit + np.diag(spread**2)
            inverse = np.linalg.inv(total)
            mean = inverse.sum(axis=0) @ x / inverse.sum()
            volume = 0.5 * np.log(2 * np.pi / inverse.sum())
            log[i, k] = multivariate_normal.logpdf(x - mean, cov=total) + volume
    density = np.exp(log - log.max())
    of_slope, of_level = density.sum(axis=1), density.sum(axis=0)
    mean = np.sum(slope * of_slope) / of_slope.sum()
    marginal = found.fit.posterior.of_slope
    assert np.average(marginal.value, weights=marginal.density) == pytest.approx(mean, abs=0.02)
    marginal = found.fit.posterior.of_level
    mean = np.sum(level * of_level) / of_level.sum()
    assert np.average(marginal.value, weights=marginal.density) == pytest.approx(mean, abs=0.03)
    weight = np.outer(np.append(np.append(0.5, np.ones(39)), 0.5), np.ones(121)) / (40 * 120)
    evidence = log.max() + np.log(np.sum(weight * density))
    made = found.fit.posterior.draw(400, np.random.default_rng(0))
    powers = np.array(
        [Oscillators(each, process.frequency).power(np.array([pivot, 2 * pivot])) for each in made]
    )
    drawn_slopes, drawn_levels = -np.diff(np.log2(powers))[:, 0], np.log(powers[:, 0] * pivot)
    for draws, values, shares in ((drawn_slopes, slope, of_slope), (drawn_levels, level, of_level)):
        mean = np.average(values, weights=shares)
        width = np.sqrt(np.average((values - mean) ** 2, weights=shares))
        assert np.mean(draws) == pytest.approx(mean, abs=0.15 * width)
        assert np.std(draws) == pytest.approx(width, rel=0.12)
    weight = density / density.sum()
    slopes, levels = slope[:, None] - np.average(slope, weights=of_slope), level - mean
    both = np.sum(weight * slopes * levels) / np.sqrt(np.sum(weight * slopes**2) * np.sum(weight * levels**2))
    assert np.corrcoef(drawn_slopes, drawn_levels)[0, 1] == pytest.approx(both, abs=0.1)
    best = np.sum(np.log(np.sqrt(2 * np.pi) * spread)) - 0.5 * rows.fits.minimum.stat.sum()
    assert found.fit.posterior.log_evidence == pytest.approx(evidence + best, abs=0.1)


@pytest.mark.parametrize(("slope", "counts"), [(1.0, 100), (2.0, 10), (2.5, 100)])
def test_slopes_and_amplitudes_of_red_noise_are_found(red_noise, slope, counts):
    pulls = []
    for seed in range(3):
        noise, rows = drawn(red_noise, slope, 0.5, counts, seed=seed)
        found = spectrum_of(rows)
        half = 0.5 * np.diff(found.slope_68)[0]
        assert found.pivot.value == pytest.approx(noise.pivot, rel=0.01)
        truth = np.sqrt(noise.pivot * noise.level)
        assert found.amplitude_95[0] * 0.7 < truth < found.amplitude_95[1] * 1.4
        pulls.append((found.slope - slope) / half)
    assert np.abs(np.mean(pulls)) < 1.5
    assert np.max(np.abs(pulls)) < 3.5


def test_a_bend_is_found_or_its_limit_is_told(red_noise):
    noise, rows = drawn(red_noise, 3.2, 0.6, 2000, 98, seed=3, bend=5e-4)
    found = spectrum_of(rows, "bending")
    low, high = found.bend_95.to_value("Hz") if np.isfinite(found.bend) else found.bend_limits.to_value("Hz")
    assert not low > noise.bend
    assert not high < noise.bend
    assert "bend:" in str(found)


def test_slopes_are_looked_at_finely_enough(red_noise, monkeypatch):
    """Coarse slopes are made finer, and say the same; the evidence is that of all slopes."""
    _, rows = drawn(red_noise, n=28)
    fine = spectrum_of(rows)
    monkeypatch.setitem(power_spectrum.SLOPES, "power law", (0.0, 4.0, 5))
    coarse = spectrum_of(rows)
    assert len(coarse.fit.posterior.slope) > 5
    assert coarse.log_evidence == pytest.approx(fine.log_evidence, abs=0.01)
    assert coarse.slope == pytest.approx(fine.slope, abs=0.01)
    assert_allclose(coarse.slope_68, fine.slope_68, atol=0.01)


def test_a_fit_that_did_not_end_is_said(red_noise, monkeypatch):
    _, rows = drawn(red_noise, n=24)
    fit = LogNormalRows.fit
    assert "did not end" not in str(spectrum_of(rows))
    monkeypatch.setattr(LogNormalRows, "fit", lambda *args: replace(fit(*args), converged=False))
    assert "did not end" in str(spectrum_of(rows))


@pytest.mark.parametrize("counts", [3, 100])
def test_few_fits_are_needed(red_noise, monkeypatch, counts):
    """Some ten along the amplitude for each of some seven slopes."""
    _, rows = drawn(red_noise, slope=2.5, counts=counts)
    fits, fit = [], LogNormalRows.fit
    monkeypatch.setattr(LogNormalRows, "fit", lambda *args: fits.append(args) or fit(*args))
    assert np.isfinite(spectrum_of(rows).slope)
    assert 30 < len(fits) < 110


@pytest.mark.parametrize("model", ["power law", "bending"])
def test_two_rows_are_enough_for_a_limit(red_noise, model):
    start = np.array([0.0, 120.0])
    rows = red_noise.onoff_rows(np.array([1.0, 1.3]), start, start + 120, 50, np.random.default_rng(5))
    found = spectrum_of(rows, model)
    assert found.why_not
    assert 0 < found.amplitude_ul < 10


def test_few_rows_and_constant_sources_have_no_slope_but_a_limit(red_noise):
    _, few = drawn(red_noise, n=14)
    _, constant = drawn(red_noise, rms=1e-4, n=40)
    for rows, why in ((few, "14 rows are too few"), (constant, "agree with a constant")):
        found = spectrum_of(rows)
        assert np.isnan(found.slope)
        assert np.isnan(found.amplitude)
        assert found.amplitude_ul > 0
        assert f"not constrained, as {why}" in str(found) or f"not constrained, as the rows {why}" in str(
            found
        )
    # 100 counts a row: no more than their own fluctuations.
    assert found.amplitude_ul < 0.1


def test_the_limit_is_above_the_truth_nearly_always(red_noise):
    truths, limits = [], []
    for seed in range(12):
        noise, rows = drawn(red_noise, rms=0.3, counts=50, n=16, seed=seed)
        truths.append(np.sqrt(noise.pivot * noise.level))
        limits.append(spectrum_of(rows).amplitude_ul)
    assert np.count_nonzero(np.array(limits) > truths) >= 9


def test_shortest_intervals_of_a_normal_density():
    value = np.linspace(-6, 6, 4001)
    marginal = Marginal.of(value, -0.5 * value**2)
    assert marginal.mode == pytest.approx(0, abs=0.01)
    assert_allclose(marginal.interval(0.6827), (-1, 1), atol=0.01)
    assert_allclose(marginal.quantile(0.97725), 2, atol=0.01)


def test_the_flux_follows_bright_rows_and_widens_in_gaps(red_noise):
    _, rows = drawn(red_noise, slope=2.5, counts=1e4)
    found = spectrum_of(rows)
    inside = found.flux(rows.time(rows.middle_s))
    assert_allclose(inside["flux"].value, rows.fits.norm[0] * rows.flux, rtol=0.08)
    width = (inside["flux_high"] - inside["flux_low"]) / inside["flux"]
    far = found.flux(rows.time(rows.stop_s[-1:] + 4000.0))
    assert (far["flux_high"] - far["flux_low"]) / far["flux"] > 3 * np.median(width)
    assert np.all(np.diff(found.flux()["time"].mjd) >= 0)


def test_covariances_are_those_beside_the_mean_of_the_rows(red_noise):
    """By the matrix that takes the mean of the rows from rows and instants."""
    _, rows = drawn(red_noise, n=9)
    process, seconds, width = LogNormalRows.of(rows), np.array([50.0, 700.0, 3000.0]), np.full(3, 0.12)
    weight = weights_of(process.frequency, 2e-3, 2.2)
    middle = np.append(process.middle, seconds)
    whole = Oscillators(weight, process.frequency).averaged(middle, np.append(process.width, width))
    beside = np.eye(12) - np.append(np.full(9, 1 / 9), np.zeros(3))
    wanted = beside @ whole @ beside.T
    across, own = process.elsewhere(seconds, width)
    assert_allclose(process.covariance(weight), wanted[:9, :9], atol=1e-6 * wanted.max())
    assert_allclose(np.tensordot(weight, across, 1), wanted[9:, :9], atol=1e-6 * wanted.max())
    assert_allclose(weight @ own, np.diag(wanted)[9:], atol=1e-3 * wanted.max())


def test_powers_have_the_amplitude_at_the_pivot(red_noise):
    _, rows = drawn(red_noise)
    found = spectrum_of(rows)
    table = found.power([0.5, 1, 2] * found.pivot)
    assert table["power"].unit == u.s
    assert np.sqrt(table["power"][1] * found.pivot).to_value("") == pytest.approx(found.amplitude, rel=0.15)
    assert np.all(table["power_95_low"] <= table["power_68_low"])
    assert np.all(table["power_68_high"] <= table["power_95_high"])
    for bend in (None, 1e-3):
        oscillators = np.geomspace(1e-6, 1, 40)
        weight = weights_of(oscillators, 2e-3, 2.5, bend)
        assert Oscillators(weight, oscillators).power(2e-3) == pytest.approx(500, rel=0.02)


def flaring(factor=None, seed=2):
    rng = np.random.default_rng(seed)
    factor = (
        (lambda t: np.exp(0.8 * np.sin(t / 900) + 0.4 * np.sin(t / 300)), 4.0) if factor is None else factor
    )
    runs = [onoff_run(k, [(2000 * k, 2000 * k + 1800)], 0.1, 0.02, 0.1, rng, factor) for k in range(4)]
    return onoff_light_curve(runs, by_width("3 min"))


def test_simulated_curves_have_the_rows_and_the_spread_of_the_process():
    light_curve = flaring()
    found = light_curve.timing.power_spectrum()
    made = found.simulate(60)
    assert made["flux"].shape == (60, found.n_rows)
    true, seen = (np.asarray(made[name].value) for name in ("true_flux", "flux"))
    pull = (seen - true) / made["flux_errp"].value
    assert np.abs(pull.mean()) < 0.15
    assert 0.8 < np.std(pull) < 1.3
    logs, middle = np.log(true), 2000 * np.arange(4)[:, None] + np.arange(90, 1800, 180)
    expected = 0.8 * np.sin(middle / 900) + 0.4 * np.sin(middle / 300)
    reference = np.log(light_curve.table["ref_flux"][0])
    assert logs.mean() - reference == pytest.approx(expected.mean(), abs=0.1)
    assert 0.4 < np.median(logs.std(axis=1)) / expected.std() < 2.5
    with pytest.raises(InputError, match="n is 0"):
        found.simulate(0)


def test_simulated_curves_have_the_covariance_of_the_power(monkeypatch):
    """Of their log fluxes beside the mean: the transform of the power, over rows, by a sum over frequencies."""
    fit, n = flaring().timing.power_spectrum().fit, 1000
    monkeypatch.setattr(type(fit), "drawn", lambda self, n, rng: np.tile(self.best_weight, (n, 1)))
    logs = np.log(fit.simulated(n, np.random.default_rng(1))[0])
    found = np.cov((logs - logs.mean(axis=1, keepdims=True)).T)

    process, grid = fit.process, np.geomspace(1e-9, 10, 200_000)
    power = Oscillators(fit.best_weight, process.frequency).power(grid) * np.gradient(grid)
    seen = np.sinc(grid * process.width[:, None]) * np.exp(2j * np.pi * grid * process.middle[:, None])
    # What all rows have in common is taken away first, as it is much.
    seen = seen - seen.mean(axis=0)
    expected = ((seen * power) @ seen.conj().T).real
    variance = np.diag(expected)
    assert np.all(np.abs(found - expected) < 5 * np.sqrt((np.outer(variance, variance) + expected**2) / n))
    assert found.trace() == pytest.approx(expected.trace(), rel=0.1)


def test_what_is_not_known_of_instruments_is_in_the_covariance(red_noise):
    """A systematic error that all rows have in common, one of half of them, and one of each row."""
    _, rows = drawn(red_noise, n=4)
    nuisances = RowNuisances(
        names=("scale", "common"),
        systematic=np.array([-1, 0]),
        n_rows=4,
        row=np.array([0, 0, 1, 1, 2, 3]),
        nuisance=np.array([0, 1, 0, 1, 1, 1]),
        scale=np.array([1.0, 0.2, 1.0, 0.2, 0.2, 0.2]),
        shift=np.zeros(6),
        own=np.tile([0.01, 0.0, 0.0], (4, 1)),
        covariance=np.array([[0.04]]),
        precision=np.array([[25.0]]),
        center=np.array([0.1]),
    )
    mean, covariance = LogNormalRows.of(replace(rows, unknown=SimpleNamespace(nuisances=nuisances))).unknown
    assert_allclose(mean, [0.1, 0.1, 0, 0])
    half = np.outer([1, 1, 0, 0], [1, 1, 0, 0])
    assert_allclose(covariance, 0.04 * half + 0.04 + 0.01 * np.eye(4), rtol=0.01)


def test_what_cannot_be_fitted_is_said_in_a_sentence(red_noise):
    with pytest.raises(InputError, match="model is 'wavelet'; wanted is 'power law' or 'bending'"):
        make_rows(edges=np.array([1.0, 10.0])).timing.power_spectrum("wavelet")
    _, rows = drawn(red_noise, n=30)
    with pytest.raises(InputError, match="do not follow each other"):
        spectrum_of(replace(rows, stop_s=rows.stop_s + 60))


def test_why_so_many_rows_cannot_be_fitted_is_said_in_a_sentence(red_noise, monkeypatch):
    start, stop = red_noise.rows_of_nights(1, 1001)
    many = red_noise.onoff_rows(np.ones(1001), start, stop, 9, np.random.default_rng(0))
    shorter = np.append(stop[:-1], stop[-1] - 10.0)
    with pytest.raises(
        InputError, match="1001 rows of different widths takes too long; wanted are 1000 at most"
    ):
        spectrum_of(replace(many, stop_s=shorter))
    with pytest.raises(
        InputError, match=r"1001 rows with scales or systematic errors .* wanted are 1000 at most"
    ):
        spectrum_of(replace(many, unknown=object()))
    with pytest.raises(
        InputError, match="Red noise behind 1001 rows takes too long; wanted are 1000 at most"
    ):
        RedNoise.of(many, None)
    monkeypatch.setattr(log_normal_rows, "MOST_OF_ONE_WIDTH", 1000)
    with pytest.raises(InputError, match="1001 rows takes too long; wanted are 1000 at most: rebin"):
        spectrum_of(many)
    monkeypatch.undo()
    monkeypatch.setattr(log_normal_rows, "find_spec", lambda name: None)
    with pytest.raises(
        InputError, match=r'needs the package celerite2, .* pip install "tevcurve\[timing\]", or'
    ):
        spectrum_of(many)


def test_the_posterior_of_many_rows_of_one_width_is_that_of_covariances_written_out(red_noise, monkeypatch):
    pytest.importorskip("celerite2", reason="celerite2 is not here: pip install tevcurve[timing].")
    _, rows = drawn(red_noise, n=56, counts=10)
    expected = spectrum_of(rows)
    monkeypatch.setattr(log_normal_rows, "MOST_ROWS", 50)
    found = spectrum_of(rows)
    assert isinstance(found.fit.process, log_normal_rows.ManyRows)
    assert found.slope == pytest.approx(expected.slope, abs=1e-3)
    assert found.log_evidence == pytest.approx(expected.log_evidence, abs=1e-3)
    seconds = np.linspace(rows.start_s[0] - 100, rows.stop_s[-1] + 100, 7)
    shares = 0.16, 0.5, 0.84
    assert_allclose(found.fit.flux(seconds, shares), expected.fit.flux(seconds, shares), rtol=1e-3)


def test_a_table_has_a_power_spectrum_but_no_simulated_curves(tmp_path):
    light_curve = flaring()
    light_curve.write(tmp_path / "curve.ecsv")
    again = type(light_curve).read(tmp_path / "curve.ecsv").timing.power_spectrum()
    found = light_curve.timing.power_spectrum()
    assert again.slope == pytest.approx(found.slope, abs=0.3)
    with pytest.raises(InputError, match="cannot be simulated"):
        again.simulate(1)
