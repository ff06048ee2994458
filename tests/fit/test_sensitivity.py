"""The flux at which a source would be seen: against Li & Ma, a likelihood over all cells, and many drawn rows."""

import numpy as np
import pytest
from onoff_light_curves import onoff_light_curve, onoff_run
from scipy.optimize import brentq, minimize_scalar
from simulated_cubes import light_curve, point_source, simulated_cube

from tevcurve.errors import InputError
from tevcurve.fit.fit_options import FitOptions
from tevcurve.fit.norms import estimate_norms
from tevcurve.fit.protocols import Drawable
from tevcurve.lightcurve.bins import by_run
from tevcurve.lightcurve.origin_rows import rows_behind

SIGMA = 5.0


def li_ma(n_on, n_off, alpha):
    """The square of the significance (Li & Ma 1983, equation 17)."""
    total = n_on + n_off
    off = n_off * np.log((1 + alpha) * n_off / total) if n_off > 0 else 0.0
    return 2 * (n_on * np.log((1 + alpha) / alpha * n_on / total) + off)


def off_expected(n_on, n_off, alpha, signal):
    """Expected OFF counts that fit best beside a known signal: the root of a quadratic equation."""
    linear = alpha * (n_on + n_off) - (1 + alpha) * signal
    return (linear + np.sqrt(linear**2 + 4 * alpha * (1 + alpha) * n_off * signal)) / (
        2 * alpha * (1 + alpha)
    )


@pytest.mark.parametrize("alpha", [0.1, 0.5])
def test_of_on_and_off_counts_is_that_of_li_and_ma(alpha):
    run = onoff_run(1, [(0, 1500.0)], 0.1, 0.06, alpha, np.random.default_rng(3))
    curve = onoff_light_curve([run], time_bins=by_run(), sigma_sensitivity=SIGMA)
    row = curve.table[0]
    signal = run.exposure_per_s * 1500.0 * _flux_of(curve)
    n_on, n_off = (np.bincount(bins, minlength=2).astype(float) for bins in (run.on_bin, run.off_bin))
    off = off_expected(n_on, n_off, alpha, row["norm"] * signal)

    def excess(norm):
        own = zip(norm * signal + alpha * off, off, strict=True)
        return sum(li_ma(on, each, alpha) for on, each in own) - SIGMA**2

    assert row["norm_sensitivity"] == pytest.approx(
        brentq(excess, 1e-3, 1e3, xtol=1e-12, rtol=1e-12), rel=1e-8
    )
    assert row["flux_sensitivity"] == row["norm_sensitivity"] * row["ref_flux"]


def _flux_of(curve):
    (flux,) = rows_behind(curve, Drawable, use="A test").fluxes
    return flux


@pytest.mark.parametrize("error", [None, 0.05])
def test_of_a_cube_is_that_of_a_likelihood_over_all_cells(error):
    cube = simulated_cube(flux=0.5, background=0.2, norm=1.1, seed=4)
    row = light_curve([cube], sigma_sensitivity=SIGMA, background_error=error)[0]
    signal, background = cube.npred_signal("crab").data, cube.background_model.scaled()
    counts = cube.counts.data

    def half(counts, flux, norm, prior):
        expected = flux * signal + norm * background
        return np.sum(expected - counts * np.log(expected)) + prior

    def prior_of(norm, around):
        return 0.0 if error is None else 0.5 * ((norm / around - 1) / error) ** 2

    def found(norm):
        return half(counts, row["norm"], norm, prior_of(norm, 1.0))

    best = minimize_scalar(found, bounds=(0.5, 2), method="bounded", options={"xatol": 1e-12}).x

    def excess(flux):
        own = flux * signal + best * background

        def without(norm):
            return half(own, 0.0, norm, prior_of(norm, best))

        least = minimize_scalar(without, bounds=(0.5, 3), method="bounded", options={"xatol": 1e-12}).fun
        return 2 * (least - half(own, flux, best, 0.0)) - SIGMA**2

    # Cells that say nearly the same come together; a tenth of a percent of the information may be lost.
    assert row["norm_sensitivity"] == pytest.approx(brentq(excess, 1e-3, 10), rel=1e-3)


def test_half_of_all_light_curves_reach_it():
    rng = np.random.default_rng(5)
    runs = [onoff_run(k, [(2000.0 * k, 2000.0 * k + 1600)], 0.1, 0.06, 0.2, rng) for k in range(3)]
    curve = onoff_light_curve(runs, time_bins=by_run(), sigma_sensitivity=SIGMA)
    joint = rows_behind(curve, Drawable, use="A test")
    toys = joint.toys(joint.fitted)
    background = toys.measured_background(np.array(curve.table["norm"]))
    drawn = toys.draw(np.array(curve.table["norm_sensitivity"]), 1000, rng, background)
    median = np.median(np.sqrt(estimate_norms(drawn, ts=True).ts).reshape(-1, 3), axis=0)
    # The median is of the order of a hundredth of a count off what is expected, and has an error of 0.04.
    assert np.all(np.abs(median - SIGMA) < 0.16)


def test_what_cannot_be_drawn_or_is_no_number_is_refused():
    other = point_source("other", (83.9, 22.3))
    cube = simulated_cube(others=[other], seed=1)
    with pytest.raises(InputError, match="A sensitivity needs rows that can be drawn"):
        light_curve([cube], sigma_sensitivity=SIGMA)
    with pytest.raises(InputError, match="sigma_sensitivity is -1; wanted is a number above 0"):
        light_curve([cube], sigma_sensitivity=-1)


def test_the_light_curve_says_at_what_significance():
    made = FitOptions(sigma_sensitivity=SIGMA).meta()
    assert made["sigma_sensitivity"] == SIGMA
    assert "sigma_sensitivity" not in FitOptions().meta()
