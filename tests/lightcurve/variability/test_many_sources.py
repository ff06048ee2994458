"""What rows of many sources say of each, against closed forms and against the tests of one light curve."""

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq

from tevcurve.kernels.scatter import normalized_excess
from tevcurve.lightcurve.variability.many_sources import combined_chance, source_statistics

LIMIT = 2.705543


def columns(norm, errn, errp, limit=np.nan, ts=0.0):
    names = ("norm", "norm_errn", "norm_errp", "norm_ul", "ts")
    values = np.broadcast_arrays(norm, errn, errp, limit, ts)
    return {name: np.array(each, dtype=float) for name, each in zip(names, values, strict=True)}


def made_of(source, n, rows, **more):
    return source_statistics(np.asarray(source), n, rows, LIMIT, **more)


def test_gaussian_rows_have_the_weighted_mean_and_its_chi_square():
    rng = np.random.default_rng(1)
    source = np.repeat([0, 1, 3], [5, 40, 9])
    err = rng.uniform(0.5, 2, len(source))
    norm = rng.normal(8, err)
    mixed = rng.permutation(len(source))
    rows = columns(norm[mixed], err[mixed], err[mixed], ts=(norm / err)[mixed] ** 2)
    made = made_of(source[mixed], 4, rows)
    assert made.n_rows.tolist() == [5, 40, 0, 9]
    for number in (0, 1, 3):
        x, e = norm[source == number], err[source == number]
        weight = 1 / e**2
        mean = np.sum(weight * x) / weight.sum()
        assert made.mean[number] == pytest.approx(mean, rel=1e-9)
        assert made.mean_err[number] == pytest.approx(weight.sum() ** -0.5, rel=1e-9)
        assert made.mean_ul[number] == pytest.approx(mean + np.sqrt(LIMIT / weight.sum()), rel=1e-6)
        chi2 = np.sum(((x - mean) / e) ** 2)
        assert made.ts_var[number] == pytest.approx(chi2, rel=1e-8)
        assert made.p_var[number] == pytest.approx(stats.chi2.sf(chi2, len(x) - 1), rel=1e-6)
        # The sum of the rows' squares is that of the mean and of the scatter around it.
        assert made.ts[number] == pytest.approx(mean**2 * weight.sum(), rel=1e-8)
        ratio, _ = normalized_excess(x, e)
        assert made.index[number] == pytest.approx(np.sqrt(max(ratio, 0)), rel=1e-12)
    for name in ("mean", "mean_err", "mean_ul", "ts", "ts_var", "index"):
        assert np.isnan(getattr(made, name)[2])


def test_one_row_does_not_vary_and_faint_sources_have_no_index():
    made = made_of([0, 1, 1], 2, columns([3.0, 0.4, 0.1], 1, 1, ts=[9.0, 0.16, 0.01]), is_bounded=False)
    assert (made.ts_var[0], made.ts[0], made.mean[0]) == (0, 9, pytest.approx(3))
    assert np.isnan(made.index).all()
    assert np.isnan(made.p_var[0])
    assert made.p_var[1] == pytest.approx(stats.chi2.sf(0.045, 1), rel=1e-6)


def test_rows_without_a_flux_count_for_nothing():
    rows = columns([2.0, np.nan, 4.0, 3.0], [1.0, 1.0, np.nan, 1.0], 1.0)
    made = made_of(np.zeros(4, int), 1, rows)
    assert made.n_rows[0] == 2
    assert made.mean[0] == pytest.approx(2.5)


def counted(counts, background, exposure):
    """Columns of Poisson counts with a known background, held at or above zero, from their likelihoods."""

    rows = [_row(*each) for each in zip(counts, background, exposure, strict=True)]
    return columns(*np.transpose(rows))


def _row(n, b, s):
    best = max((n - b) / s, 0.0)
    far = best + 20 * (np.sqrt(n) + 5) / s

    def above(a, rise):
        return _rise(b + a * s, n) - _rise(b + best * s, n) - rise

    up, limit = (brentq(above, best, far, (rise,)) for rise in (1, LIMIT))
    ts = above(0.0, 0.0)
    down = brentq(above, 0, best, (1,)) if ts > 1 else 0.0
    return best, best - down, up - best, limit, ts


@pytest.mark.parametrize("level", [0.0, 0.5, 2.0])
def test_rows_at_their_bound_are_as_the_counts_together(level):
    """Of one background the counts of all rows say it all: the truth is their own likelihood."""
    rng = np.random.default_rng(7)
    n_rows, n = 30, 20
    exposure = rng.uniform(1, 4, (n, n_rows))
    background = 3 * exposure
    counts = rng.poisson(background + level * exposure)
    source = np.repeat(np.arange(n), n_rows)
    made = made_of(source, n, counted(counts.ravel(), background.ravel(), exposure.ravel()))
    total, expected, signal = (each.sum(axis=1) for each in (counts, background, exposure))
    truth = np.maximum((total - expected) / signal, 0.0)
    error = np.sqrt(total) / signal
    assert np.max(np.abs(made.mean - truth) / error) < 0.25
    inside = truth > error
    np.testing.assert_allclose(made.mean_err[inside], error[inside], rtol=0.1)
    limits = [_row(*each)[3] for each in zip(total, expected, signal, strict=True)]
    assert np.max(np.abs(made.mean_ul - limits) / error) < 0.25
    ts = np.array([_rise(m, k) for m, k in zip(expected, total, strict=True)])
    ts -= [_rise(m + t * s, k) for m, t, s, k in zip(expected, truth, signal, total, strict=True)]
    np.testing.assert_allclose(made.ts, ts, atol=1.0, rtol=0.1)


def _rise(mu, n):
    return 2 * (mu - n * np.log(mu))


def test_no_count_is_a_straight_line():
    """Rows without counts: the joint statistic is twice the signal."""
    exposure = np.array([1.0, 2.0, 5.0])
    rows = columns(0.0, 0.0, 0.5 / exposure, LIMIT / 2 / exposure)
    made = made_of(np.zeros(3, int), 1, rows)
    assert made.mean[0] == 0
    assert np.isnan(made.mean_err[0])
    assert made.mean_ul[0] == pytest.approx(LIMIT / 2 / exposure.sum(), rel=1e-6)
    assert made.ts_var[0] == made.ts[0] == 0
    assert np.isnan(made.p_var[0])


def test_chances_are_combined_by_fisher():
    p = np.array([0.01, 0.3, 0.8])
    made = combined_chance(np.array([np.log(p).sum(), 0.0, np.log(0.2)]), np.array([3, 0, 1]))
    assert made[0] == pytest.approx(stats.combine_pvalues(p, "fisher").pvalue, rel=1e-12)
    assert np.isnan(made[1])
    assert made[2] == pytest.approx(0.2)


def test_the_index_error_is_that_of_vaughan():
    rng = np.random.default_rng(5)
    value, err = rng.normal(10, 4, 50), np.full(50, 1.0)
    made = made_of(np.zeros(50, int), 1, columns(value, err, err, ts=value**2))
    mean, noise = value.mean(), 1.0
    index = made.index[0]
    wanted = np.hypot(np.sqrt(1 / 100) * noise / (mean**2 * index), np.sqrt(noise / 50) / mean)
    assert made.index_err[0] == pytest.approx(wanted, rel=1e-12)
