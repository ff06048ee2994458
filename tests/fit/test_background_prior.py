"""Background norms with a Gaussian prior: against Minuit on the dense likelihood, and with no and all knowledge."""

import numpy as np
import pytest
from dense_likelihood import simulate_bin, terms_of
from iminuit import Minuit
from numpy.testing import assert_allclose

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.block_norms import settle_norms
from tevcurve.kernels.cash_profile import cash_profile

CASES = {
    "one run": {"n_blocks": 1},
    "four runs": {"n_blocks": 4, "strength": 1.5},
    "background that is not as expected": {"n_blocks": 2, "truth": 1.6},
    "few counts": {"n_blocks": 3, "source": 4.0, "background": 3.0},
    "many counts": {"n_blocks": 2, "background": 1e4, "source": 300.0},
    "constant part": {"n_blocks": 2, "constant": 20.0},
    "another source": {"n_blocks": 2, "n_shared": 2, "strength": 3.0},
}


def minuit_of(bin_, error):
    """Minuit at the minimum of the dense likelihood with the prior; the first parameter is the flux factor."""
    n_shared = bin_[0].shared.shape[0]

    def stat(parameters):
        norms = parameters[n_shared:]
        shared = parameters[:n_shared]
        value = sum(block.half_stat(shared, norm) for block, norm in zip(bin_, norms, strict=True))
        return min(2 * value + np.sum(((norms - 1) / error) ** 2), 1e10)

    def gradient(parameters):
        shared, norms = parameters[:n_shared], parameters[n_shared:]
        each = [2 * block.half_gradient(shared, norm) for block, norm in zip(bin_, norms, strict=True)]
        of_norms = np.array([one[-1] for one in each]) + 2 * (norms - 1) / error**2
        return np.concatenate([sum(one[:-1] for one in each), of_norms])

    minuit = Minuit(stat, np.ones(n_shared + len(bin_)), grad=gradient)
    minuit.errordef, minuit.strategy, minuit.tol = Minuit.LEAST_SQUARES, 2, 1e-9
    minuit.migrad(ncall=100000)
    minuit.hesse()
    minuit.minos(0)
    return minuit


@pytest.mark.parametrize("error", [0.02, 0.3])
@pytest.mark.parametrize("options", CASES.values(), ids=CASES.keys())
def test_agrees_with_minuit(options, error):
    bin_ = simulate_bin(1, **options)
    minuit = minuit_of(bin_, error)
    profile = cash_profile(terms_of([bin_]).with_prior(error))
    found = estimate_norms(profile, err=1, errn_errp=1)
    width, asymmetric = minuit.errors[0], minuit.merrors[0]
    assert found.norm[0] == pytest.approx(minuit.values[0], abs=1e-5 * width)
    assert found.stat[0] == pytest.approx(minuit.fval, abs=1e-6)
    assert found.norm_err[0] == pytest.approx(width, rel=1e-3)
    assert found.norm_errp[0] == pytest.approx(asymmetric.upper, rel=1e-3)
    assert found.norm_errn[0] == pytest.approx(-asymmetric.lower, rel=1e-3)
    norms = profile.settled(found.norm)[0].norms
    assert_allclose(norms, minuit.values[bin_[0].shared.shape[0] :], atol=1e-4)


def test_no_and_all_knowledge_are_a_free_and_a_fixed_norm():
    bins = [simulate_bin(seed, n_blocks=3, truth=1.3) for seed in range(5)]
    terms = terms_of(bins)
    for error, other, tolerance in ((1e6, terms, 1e-9), (1e-6, terms.with_fixed_background(), 1e-5)):
        found = estimate_norms(cash_profile(terms.with_prior(error)), errn_errp=1, ul_rise=2.7, ts=True)
        expected = estimate_norms(cash_profile(other), errn_errp=1, ul_rise=2.7, ts=True)
        for name in ("norm", "norm_errn", "norm_errp", "norm_ul", "ts"):
            assert_allclose(getattr(found, name), getattr(expected, name), rtol=tolerance)


@pytest.mark.parametrize("error", [1e-3, 0.1, 1.0, 30.0])
def test_norms_solve_their_equation_from_any_start(error):
    random = np.random.default_rng(4)
    empty = simulate_bin(9, counts=False)
    bins = [simulate_bin(seed, source=2.0, background=random.choice([0.5, 5, 500])) for seed in range(20)]
    terms = terms_of([*bins, empty]).with_prior(error)
    for strength in (0.0, 0.7, 40.0):
        rest = strength * terms.event_shared[:, 0]
        for start in (1e-9, 1.0, 1e4):
            settled = settle_norms(terms, rest, np.full(terms.n_blocks, start))
            last = np.where(np.isfinite(settled.hessian), settled.gradient / settled.hessian, 0.0)
            norms = settled.norms - last
            drawn = terms.event_count * terms.event_background
            drawn = drawn / (rest + norms[terms.event_block] * terms.event_background)
            slope = terms.background_total - np.bincount(terms.event_block, drawn, terms.n_blocks)
            slope += (norms - 1) / error**2 - np.divide(
                terms.lone_count, norms, out=np.zeros_like(norms), where=norms > 0
            )
            bent = np.abs(slope) / np.sqrt(terms.background_total**2 + error**-2)
            assert np.all((bent < 1e-6) | ((norms == 0) & (slope >= 0)))


def test_below_zero_and_in_parts_it_stays_the_same():
    bins = [simulate_bin(seed, n_blocks=2, strength=0.0) for seed in range(8)]
    profile = cash_profile(terms_of(bins).with_prior(0.1))
    together = estimate_norms(profile, negative=True, errn_errp=1)
    assert np.all(together.minimum.converged)
    assert np.any(together.norm < 0)
    for k in range(8):
        alone = estimate_norms(profile.take(np.array([k]))[0], negative=True, errn_errp=1)
        for name in ("norm", "norm_errn", "norm_errp"):
            assert getattr(alone, name)[0] == getattr(together, name)[k]
