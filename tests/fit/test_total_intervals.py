"""Total errors and limits against the least over a row's nuisance parameters, found on grids."""

from dataclasses import replace

import numpy as np
import pytest
from dense_likelihood import profile_of, profile_stat, simulate_bin
from numpy.testing import assert_allclose, assert_array_equal
from simple_profiles import parabolas

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.onoff_profile import WstatLikelihood

UL_RISE = 2.7055
ASKED = {"err": 1.0, "errn_errp": 1.0, "ul_rise": UL_RISE}
SPREADS = {
    "scale": (0.04, 0.0, 0.0),
    "wide scale": (0.25, 0.0, 0.0),
    "shift": (0.0, 0.0, 0.09),
    "both": (0.01, 0.0, 0.04),
    "in common": (0.01, 0.018, 0.04),
    "against each other": (0.01, -0.018, 0.04),
}
TOTALS = ("norm_errn_tot", "norm_errp_tot", "norm_ul_tot")


def spectra(seed, strength, n_rows=6, background=20.0):
    """The profile of rows of three energy cells of ON and OFF counts."""
    rng = np.random.default_rng(seed)
    row, signal = np.repeat(np.arange(n_rows), 3), np.tile([8.0, 4.0, 2.0], n_rows)
    alpha = np.tile([0.1, 0.2, 0.1], n_rows)
    n_on = rng.poisson(strength * signal + alpha * background).astype(float)
    n_off = rng.poisson(background, len(row)).astype(float)
    return OneAmplitude(WstatLikelihood(row, n_on, n_off, alpha, signal, n_rows))


def least_total(stat, a, spreads, lowest):
    """T(a) of a row, the least over u and x = a exp(u) + v: on grids, each finer than the last one.

    stat : function of an array of flux factors x, the row's own statistic
    """
    scale, both, shift = spreads
    u_half, v_half = 6 * scale**0.5, 7 * shift**0.5
    x_half, n_u, n_v = v_half + abs(a) * (np.exp(u_half) - 1), (31 if scale else 1), (31 if shift else 1)
    # Of u, v and x two are free; a grid in the two that least follow each other closes in on the minimum.
    of_x_and_v = scale and shift and abs(a) * scale > shift**0.5
    middle, half = (
        np.array([a, 0.0] if of_x_and_v else [0.0, a]),
        np.array([x_half, v_half] if of_x_and_v else [u_half, x_half]),
    )
    for _ in range(20):
        first = middle[0] + half[0] * np.linspace(-1, 1, n_u)[:, None]
        second = middle[1] + half[1] * np.linspace(-1, 1, n_v)
        with np.errstate(divide="ignore", invalid="ignore"):
            if of_x_and_v:
                first = np.maximum(first, lowest)
                x, v, u = first, second, np.log((first - second) / a)
            elif shift:
                second = np.maximum(second, lowest)
                x, v, u = second, second - a * np.exp(first), first
            else:
                x, v, u, second = a * np.exp(first), 0.0, first, second[:1]
            if scale and shift:
                penalty = (shift * u**2 - 2 * both * u * v + scale * v**2) / (scale * shift - both**2)
            else:
                penalty = u**2 / scale if scale else v**2 / shift
        x = np.broadcast_to(x, penalty.shape)
        total = np.where(x >= lowest - 1e-15, stat(np.maximum(x, lowest)), np.inf) + penalty
        best = np.unravel_index(np.nanargmin(total), total.shape)
        middle, half = np.array([first[best[0], 0], second[best[1] if n_v > 1 else 0]]), 0.25 * half
    return total[best]


def check_row(found, row, stat, spreads, lowest, negative):
    """That T has risen by what was asked for at each end of one row, or that the end is 0."""

    def total(a):
        return least_total(stat, a, spreads, lowest)

    norm, at_norm = found.norm[row], total(found.norm[row])
    assert total(norm + found.norm_errp_tot[row]) - at_norm == pytest.approx(1, abs=2e-8)
    assert total(found.norm_ul_tot[row]) - total(max(norm, 0.0)) == pytest.approx(UL_RISE, abs=4e-8)
    lower = norm - found.norm_errn_tot[row]
    if lower == 0 and not negative:
        assert norm == 0 or total(0.0) - at_norm < 1
    else:
        assert lower < norm
        assert total(lower) - at_norm == pytest.approx(1, abs=2e-8)


@pytest.mark.parametrize("spreads", SPREADS.values(), ids=SPREADS.keys())
@pytest.mark.parametrize(
    ("strength", "background", "negative"),
    [(0.0, 20.0, False), (0.0, 0.5, False), (0.0, 5.0, True), (0.3, 0.5, True), (300.0, 20.0, False)],
)
def test_ends_of_spectra_are_where_the_total_has_risen(strength, background, spreads, negative):
    profile = spectra(3, strength, background=background)
    found = estimate_norms(
        profile, negative=negative, spreads=lambda _: np.tile(spreads, (profile.n, 1)), **ASKED
    )
    lowest = profile.lower_bound()
    for row in range(2):
        own = profile.likelihood.take(np.array([row]))[0]
        check_row(
            found,
            row,
            lambda x, own=own: own.stats(x.reshape(1, -1)).reshape(x.shape),
            spreads,
            lowest[row],
            negative,
        )


def least_of_one(stat, a, scale, shift, lowest):
    """T(a) of a row whose scale and shift are of one parameter z: x = a exp(scale*z) + shift*z."""
    middle, half = 0.0, 8.0
    for _ in range(24):
        z = middle + half * np.linspace(-1, 1, 201)
        x = a * np.exp(scale * z) + shift * z
        total = np.where(x >= lowest, stat(np.maximum(x, lowest)), np.inf) + z**2
        best = np.argmin(total)
        middle, half = z[best], 0.2 * half
    return total[best]


@pytest.mark.parametrize("shift", [0.2, -0.2])
@pytest.mark.parametrize(("strength", "background"), [(0.0, 20.0), (1.0, 2.0), (300.0, 20.0)])
def test_scale_and_shift_may_be_of_one_parameter(strength, background, shift):
    profile, scale = spectra(3, strength, background=background), 0.1
    spreads = np.tile([scale**2, scale * shift, shift**2], (profile.n, 1))
    found = estimate_norms(profile, spreads=lambda _: spreads, **ASKED)
    lowest = profile.lower_bound()
    for row in range(2):
        own, norm = profile.likelihood.take(np.array([row]))[0], found.norm[row]

        def total(a, own=own, low=lowest[row]):
            return least_of_one(lambda x: own.stats(x[None, :])[0], a, scale, shift, low)

        assert total(norm + found.norm_errp_tot[row]) - total(norm) == pytest.approx(1, abs=2e-8)
        assert total(found.norm_ul_tot[row]) - total(norm) == pytest.approx(UL_RISE, abs=4e-8)


def copies(bin_, n):
    """The statistic of a bin as a function of arrays of up to n flux factors, by as many copies of it."""
    profile = profile_of([bin_] * n)

    def stat(x):
        full = np.zeros(n)
        full[: x.size] = x.ravel()
        return profile.evaluate(full)[0][0][: x.size].reshape(x.shape)

    return stat


@pytest.mark.parametrize("name", ["scale", "shift", "in common"])
@pytest.mark.parametrize(
    ("options", "negative"),
    [
        ({"n_blocks": 2}, False),
        ({"n_blocks": 2, "strength": 0.0}, False),
        ({"strength": 0.0, "background": 3.0, "constant": 5.0, "free": False}, False),
        ({"strength": 0.1, "near": False, "constant": 5.0}, True),
        ({"strength": 0.5, "source": 2.0, "background": 2.0}, False),
        ({"strength": 30.0}, True),
        ({"n_shared": 2, "strength": 2.0}, False),
    ],
)
def test_ends_of_cubes_are_where_the_total_has_risen(options, negative, name):
    bin_, spreads = simulate_bin(4, **options), SPREADS[name]
    profile = profile_of([bin_])
    stat = copies(bin_, 31 * 31 if name == "in common" else 31)
    assert stat(np.array([0.7]))[0] == pytest.approx(profile_stat(bin_, 0.7), rel=1e-9)
    found = estimate_norms(profile, negative=negative, spreads=lambda _: np.array([spreads]), **ASKED)
    check_row(found, 0, stat, spreads, profile.lower_bound()[0], negative)


def test_rows_that_do_not_see_another_source_have_what_they_have_alone():
    sees, other = (simulate_bin(seed, n_shared=2, strength=2.0) for seed in (1, 2))
    blind = [replace(block, shared=block.shared * np.array([[1.0], [0.0]])) for block in other]
    spreads = np.array([[0.04, 0.0, 0.01], [0.01, 0.0, 0.04]])
    together = estimate_norms(profile_of([sees, blind]), spreads=lambda _: spreads, **ASKED)
    alone = [replace(block, shared=block.shared[:1]) for block in other]
    single = estimate_norms(profile_of([alone]), spreads=lambda _: spreads[1:], **ASKED)
    for name in (*TOTALS, "norm_err_sys", "norm_err_tot"):
        assert getattr(together, name)[1] == pytest.approx(getattr(single, name)[0], rel=1e-9), name


@pytest.mark.parametrize("negative", [False, True])
def test_nothing_unknown_leaves_what_the_statistic_says(negative):
    profile = spectra(5, 0.5)
    found = estimate_norms(profile, negative=negative, spreads=lambda _: np.zeros((profile.n, 3)), **ASKED)
    for name in TOTALS:
        assert_array_equal(getattr(found, name), getattr(found, name.removesuffix("_tot")))
    assert_array_equal(found.norm_err_tot, found.norm_err)
    tiny = np.tile([1e-24, 0.0, 1e-24], (profile.n, 1))
    close = estimate_norms(profile, negative=negative, spreads=lambda _: tiny, **ASKED)
    for name in TOTALS:
        assert_allclose(getattr(close, name), getattr(found, name), rtol=1e-9, atol=1e-9)


def test_parabolas_have_the_ends_of_a_sum_of_variances():
    center, width, shift = np.array([5.0, 40.0, 1.0]), np.array([0.1, 3.0, 0.3]), np.array([0.2, 1.0, 0.05])
    spreads = np.column_stack([np.zeros(3), np.zeros(3), shift**2])
    found = estimate_norms(parabolas(center, width), spreads=lambda _: spreads, **ASKED)
    assert_allclose(found.norm_errp_tot, np.hypot(width, shift), rtol=1e-9)
    assert_allclose(found.norm_errn_tot, np.hypot(width, shift), rtol=1e-9)
    assert_allclose(found.norm_ul_tot, center + UL_RISE**0.5 * np.hypot(width, shift), rtol=1e-9)
    assert_allclose(found.norm_err_sys, shift, rtol=1e-14)


def test_limit_of_a_deficit_counts_from_zero_with_the_background_at_its_best():
    # The total of a parabola is one, with the sum of variances; at a flux of 0 it is b**2 over that.
    center, width, shift = -3.0, 1.0, 1.0
    profile = parabolas([center], [width])
    profile.lower_bound = lambda: np.array([-1e3])
    profile.take = lambda rows, start=None: (profile, start)
    found = estimate_norms(profile, spreads=lambda _: np.array([[0.0, 0.0, shift**2]]), **ASKED)
    limit = center + np.sqrt(center**2 + UL_RISE * (width**2 + shift**2))
    assert found.norm[0] == 0
    assert found.norm_ul_tot[0] == pytest.approx(limit, rel=1e-9)


def test_a_scale_moves_a_bright_row_as_its_logarithm_does():
    # Where counts say nearly everything of what is seen, the ends are those of a log-normal.
    profile, sigma = spectra(1, 1e7), 0.2
    found = estimate_norms(profile, spreads=lambda _: np.tile([sigma**2, 0.0, 0.0], (profile.n, 1)), **ASKED)
    assert_allclose(found.norm_err_sys, sigma * found.norm, rtol=1e-14)
    assert_allclose(1 + found.norm_errp_tot / found.norm, np.exp(sigma), rtol=1e-3)
    assert_allclose(1 - found.norm_errn_tot / found.norm, np.exp(-sigma), rtol=1e-3)
    assert_allclose(found.norm_ul_tot / found.norm, np.exp(sigma * UL_RISE**0.5), rtol=1e-3)


def test_rows_without_an_end_of_their_own_have_no_total_one():
    profile = spectra(5, 0.0)
    found = estimate_norms(profile, spreads=lambda _: np.tile([0.04, 0.0, 0.0], (profile.n, 1)), **ASKED)
    assert_array_equal(np.isnan(found.norm_err_tot), np.isnan(found.norm_err))
    assert_array_equal(np.isnan(found.norm_err_sys), np.isnan(found.norm_err))
    assert np.isnan(found.norm_err).any()


def test_a_row_does_not_depend_on_the_others():
    profile = spectra(7, 0.5, n_rows=12)
    spreads = np.random.default_rng(1).uniform(0.01, 0.1, (12, 3)) * np.array([1, 0, 1])
    together = estimate_norms(profile, spreads=lambda _: spreads, **ASKED)
    for row in range(12):
        alone = estimate_norms(
            profile.take(np.array([row]))[0], spreads=lambda _, row=row: spreads[[row]], **ASKED
        )
        for name in TOTALS:
            assert getattr(alone, name)[0] == getattr(together, name)[row]
