"""The ON/OFF likelihood with an uncertain alpha: against Minuit on all parameters, differences, and known limits."""

import numpy as np
import pytest
from iminuit import Minuit
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.onoff_profile import onoff_profile
from tevcurve.kernels.uncertain_alpha import UncertainAlphaLikelihood, _derivatives

ERROR = 0.1


def cells_of(seed, n_blocks=2, n_cells=3, source=12.0, off=40.0, alpha=0.25, truth=1.1):
    """(block, n_on, n_off, alpha, signal) of the cells of one bin, drawn with a flux factor of 1."""
    random, n = np.random.default_rng(seed), n_blocks * n_cells
    signal, expected = (random.dirichlet(np.full(n, 3.0)) * total * n_blocks for total in (source, off))
    n_on = random.poisson(signal + truth * alpha * expected).astype(float)
    return (
        np.repeat(np.arange(n_blocks), n_cells),
        n_on,
        random.poisson(expected).astype(float),
        alpha,
        signal,
    )


def profile_of(bins, error=ERROR, known=None):
    block, bin_, columns, first = [], [], [], 0
    for number, (own, n_on, n_off, alpha, signal) in enumerate(bins):
        block.append(first + own)
        first += own.max() + 1
        bin_.append(np.full(own.max() + 1, number))
        columns.append((n_on, n_off, np.full(len(own), alpha), signal))
    columns = (np.concatenate(column) for column in zip(*columns, strict=True))
    cells = np.concatenate(block), np.concatenate(bin_), *columns
    return OneAmplitude(UncertainAlphaLikelihood(*cells, error, len(bins)).beside(known))


def minuit_of(cells, error, others=(0.0, 0.0)):
    """Minuit over the flux factor, the factors on alpha and the logarithms of the backgrounds in OFF."""
    block, n_on, n_off, alpha, signal = cells
    n_blocks = block.max() + 1

    def deviance(counts, expected):
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(counts > 0, counts * np.log(expected / counts), 0.0)
        return 2 * np.sum(expected - counts - logs)

    def stat(parameters):
        a, eta, off = parameters[0], parameters[1 : 1 + n_blocks], np.exp(parameters[1 + n_blocks :])
        on = a * signal + others[0] + eta[block] * alpha * off
        if np.any(on <= 0):
            return 1e10
        return deviance(n_on, on) + deviance(n_off, others[1] + off) + np.sum(((eta - 1) / error) ** 2)

    minuit = Minuit(stat, np.concatenate([np.ones(1 + n_blocks), np.log(n_off + 0.5)]))
    minuit.errordef, minuit.strategy, minuit.tol = Minuit.LEAST_SQUARES, 2, 1e-6
    minuit.migrad(ncall=100000)
    minuit.hesse()
    minuit.minos(0)
    return minuit


@pytest.mark.parametrize("error", [0.02, 0.3])
@pytest.mark.parametrize("options", [{}, {"off": 400.0}])
def test_agrees_with_minuit_beside_other_sources(options, error):
    block, n_on, n_off, alpha, signal = cells_of(4, **options)
    random = np.random.default_rng(1)
    known = random.uniform(0, 9, len(n_on)), random.uniform(0, 0.4, len(n_on)) * n_off
    cells = block, n_on + random.poisson(known[0]), n_off + random.poisson(known[1]), alpha, signal
    minuit = minuit_of(cells, error, known)
    profile = profile_of([cells], error, known)
    found = estimate_norms(profile, negative=True, err=1, errn_errp=1)
    width = minuit.errors[0]
    assert found.norm[0] == pytest.approx(minuit.values[0], abs=1e-3 * width)
    assert found.stat[0] == pytest.approx(minuit.fval, abs=1e-5)
    assert found.norm_err[0] == pytest.approx(width, rel=5e-3)
    assert found.norm_errp[0] == pytest.approx(minuit.merrors[0].upper, rel=2e-3)
    n_blocks = block.max() + 1
    off = np.exp(minuit.values[1 + n_blocks :])
    eta = np.array(minuit.values[1 : 1 + n_blocks])[block]
    assert_allclose(profile.likelihood.background(found.norm), eta * alpha * off, rtol=2e-2, atol=1e-2)


@pytest.mark.parametrize("seed", range(4))
def test_derivatives_beside_other_sources_are_differences(seed):
    """Also where no background is left in some cells."""
    block, n_on, n_off, alpha, signal = cells_of(seed, off=6.0)
    random = np.random.default_rng(seed)
    known = random.uniform(0, 3, len(n_on)), random.uniform(0, 2.5, len(n_on)) * (n_off + 0.3)
    profile = profile_of([(block, n_on, n_off, alpha, signal)], 0.2, known)
    for a in (0.3, 1.1, 2.2):
        step = 1e-4
        around = [profile.evaluate(np.array([a + shift]))[0] for shift in (-step, 0, step)]
        stats = [each[0][0] for each in around]
        assert around[1][1][0] == pytest.approx((stats[2] - stats[0]) / (2 * step), abs=1e-5)
        slopes = [each[1][0] for each in around]
        assert around[1][2][0] == pytest.approx((slopes[2] - slopes[0]) / (2 * step), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("error", [0.02, 0.3])
@pytest.mark.parametrize("options", [{}, {"n_blocks": 3}, {"off": 400.0, "alpha": 1.0}, {"source": 100.0}])
def test_agrees_with_minuit(options, error):
    cells = cells_of(3, **options)
    minuit = minuit_of(cells, error)
    profile = profile_of([cells], error)
    found = estimate_norms(profile, negative=True, err=1, errn_errp=1)
    width, asymmetric = minuit.errors[0], minuit.merrors[0]
    assert found.norm[0] == pytest.approx(minuit.values[0], abs=1e-3 * width)
    assert found.stat[0] == pytest.approx(minuit.fval, abs=1e-5)
    assert found.norm_err[0] == pytest.approx(width, rel=5e-3)
    assert found.norm_errp[0] == pytest.approx(asymmetric.upper, rel=2e-3)
    assert found.norm_errn[0] == pytest.approx(-asymmetric.lower, rel=2e-3)
    n_blocks = cells[0].max() + 1
    assert_allclose(profile.likelihood.factors(found.norm), minuit.values[1 : 1 + n_blocks], atol=1e-3)


def test_derivatives_are_differences():
    random, step = np.random.default_rng(0), 1e-5
    n_on, n_off = (random.poisson(random.choice([0, 1, 5, 30], 3000)).astype(float) for _ in range(2))
    ratio, signal = 10 ** random.uniform(-1.5, 0.5, 3000), random.normal(0, 10, 3000)

    def at(more_signal=0.0, more_ratio=0.0):
        return _derivatives(n_on, n_off, ratio + more_ratio, signal + more_signal)

    def difference(name, **step_of):
        (direction, width), *_ = step_of.items()
        up, down = (getattr(at(**{direction: sign * width}), name) for sign in (1, -1))
        return (up - down) / (2 * width)

    own = at()
    for values, others in (
        (own.curvature, difference("slope", more_signal=step)),
        (own.mixed, difference("ratio_slope", more_signal=step)),
        (own.mixed, difference("slope", more_ratio=step * ratio.min())),
        (own.ratio_curvature, difference("ratio_slope", more_ratio=step * ratio.min())),
    ):
        assert_allclose(values, others, rtol=1e-4, atol=1e-4)


def test_slope_and_curvature_are_those_of_the_statistic():
    profile = profile_of([cells_of(seed, off=8.0, source=4.0) for seed in range(40)])
    for a in (-0.3, 0.2, 1.0, 3.0):
        factors, step = np.full(40, a), 1e-4
        below, here, above = (profile.evaluate(factors + shift)[0] for shift in (-step, 0.0, step))
        assert_allclose(here[1], (above[0] - below[0]) / (2 * step), rtol=1e-5, atol=1e-5)
        # It jumps where the background of a cell without OFF counts reaches 0.
        same = np.isclose(here[2], (above[1] - below[1]) / (2 * step), rtol=1e-4, atol=1e-3)
        assert np.count_nonzero(~same) <= 2


def test_without_error_it_is_the_usual_likelihood():
    bins = [cells_of(seed, off=5.0) for seed in range(30)]
    profile = profile_of(bins, 1e-7)
    columns = (
        profile.likelihood.n_on,
        profile.likelihood.n_off,
        profile.likelihood.alpha,
        profile.likelihood.signal,
    )
    found, expected = (
        estimate_norms(each, negative=True, errn_errp=1, ul_rise=2.7, ts=True)
        for each in (profile, onoff_profile(profile.likelihood.cell_bin, *columns, 30))
    )
    for name in ("norm", "stat", "norm_errn", "norm_errp", "norm_ul", "ts"):
        assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-6, atol=1e-7)


def test_errors_grow_as_the_background_is_uncertain():
    # With many counts the variances add up: of both counts, and of alpha times the background.
    n_on, n_off, alpha, error = 30000.0, 40000.0, 0.5, 0.03
    cells = np.zeros(1, dtype=int), np.array([n_on]), np.array([n_off]), alpha, np.ones(1)
    found = estimate_norms(profile_of([cells], error), err=1)
    assert found.norm[0] == pytest.approx(n_on - alpha * n_off, rel=1e-6)
    expected = np.sqrt(n_on + alpha**2 * n_off + (error * alpha * n_off) ** 2)
    assert found.norm_err[0] == pytest.approx(expected, rel=1e-3)


def test_random_counts_have_finite_errors_whoever_is_beside_them():
    random = np.random.default_rng(2)
    bins = [
        cells_of(
            seed,
            source=random.choice([0.5, 10]),
            off=random.choice([0.3, 20]),
            alpha=random.choice([0.05, 2]),
        )
        for seed in range(60)
    ]
    profile = profile_of(bins, 0.2)
    for negative in (False, True):
        found = estimate_norms(profile, negative=negative, errn_errp=1, ul_rise=2.7, ts=True)
        assert np.all(found.minimum.converged)
        values = np.array([found.norm, found.norm_errn, found.norm_errp, found.norm_ul, found.ts])
        assert np.all(np.isfinite(values))
        some = np.array([0, 7, 33])
        alone = estimate_norms(profile.take(some)[0], negative=negative, errn_errp=1, ul_rise=2.7, ts=True)
        again = np.array([alone.norm, alone.norm_errn, alone.norm_errp, alone.norm_ul, alone.ts])
        assert_array_equal(again, values[:, some])
