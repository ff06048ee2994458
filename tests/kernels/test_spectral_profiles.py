"""Value, slope and curvature of rows against a likelihood whose backgrounds are searched for by brute force."""

import numpy as np
import pytest
from scipy.optimize import brentq

from tevcurve.kernels.spectral_profiles import CubeSpectralRows, OnOffSpectralRows, n_shape_of, second_pairs
from tevcurve.kernels.terms import CashTerms

N_TRUE = 4
TILT = np.array([[-0.6, -0.1, 0.3, 0.9], [0.2, -0.5, -0.4, 0.6]])
AMPLITUDE = np.array([1.0, 0.5, 0.2, 0.1])


def spectra(t):
    """exp(t @ TILT), bent in the second coordinate, with its first and second derivatives, (n, n_true, k)."""
    p = t.shape[1]
    flux = AMPLITUDE * np.exp(t @ TILT[:p] + 0.1 * t[:, -1:] ** 2)
    first = [np.broadcast_to(TILT[j], flux.shape) + 0.2 * t[:, -1:] * (j == p - 1) for j in range(p)]
    columns = [flux, *(flux * each for each in first)]
    columns += [flux * (first[j] * first[k] + 0.2 * (j == k == p - 1)) for j, k in second_pairs(p)]
    return np.stack(columns, axis=2)


def cash_rows():
    """Three rows: two blocks with a background, a fixed one and lone events; one without events; a strong source."""
    rng = np.random.default_rng(4)
    length = np.array([30, 0, 8])
    response = rng.uniform(0, 1.5, (40, N_TRUE))
    # Cells come from anywhere in the array of responses.
    start = np.array([8, 0, 0])
    block = np.concatenate([np.repeat([0, 1, 2], [14, 12, 4]), np.repeat(4, 8)])
    background = np.where(block == 2, 0.0, rng.uniform(0.2, 2.0, 38))
    background[30:] = 0.01
    constant = np.where((block == 1) | (block == 2), 0.5, 0.0)
    total = np.array([[5.0, 4, 3, 2], [1, 1, 1, 1], [2, 2, 2, 2]])
    terms = CashTerms(
        n_bins=3,
        block_bin=np.array([0, 0, 0, 1, 2]),
        shared_total=np.zeros((5, 0)),
        background_total=np.array([10.0, 8.0, 0.0, 3.0, 6.0]),
        constant_total=np.array([0.0, 4.0, 2.0, 0.0, 0.0]),
        event_block=block,
        event_count=np.ones(38),
        event_shared=np.zeros((38, 0)),
        event_background=background,
        event_constant=constant,
        lone_count=np.array([3.0, 0, 0, 2, 0]),
        lone_log=np.zeros(5),
    )
    return CubeSpectralRows(start, length, response, total, terms)


def cash_by_hand(rows, row, u, t):
    """(half of the statistic, expected background) of a row, each block at its own best norm."""
    flux = np.exp(u) * spectra(t[None])[0, :, 0]
    half, expected = rows.total[row] @ flux, 0.0
    signal = rows.response[rows.first[row] : rows.first[row] + rows.length[row]] @ flux
    own, terms = rows.row == row, rows.terms
    for block in np.flatnonzero(terms.block_bin == row):
        events = terms.event_block[own] == block
        seen, fixed = terms.event_background[own][events], terms.event_constant[own][events] + signal[events]
        total, lone = terms.background_total[block], terms.lone_count[block]

        def missing(norm, seen=seen, fixed=fixed, total=total, lone=lone):
            return total - np.sum(seen / (fixed + norm * seen)) - lone / norm

        norm = 0.0
        if total > 0 and missing(1e-12) < 0:
            norm = brentq(missing, 1e-12, 1e3, xtol=1e-15, rtol=1e-15)
        expected += norm * total + terms.constant_total[block]
        half += norm * total + terms.constant_total[block] - np.sum(np.log(fixed + norm * seen))
        half -= lone * np.log(norm) if lone else 0.0
    return half, expected


def on_off_rows():
    n_on = np.array([5.0, 0, 3, 0, 1, 12, 7, 0, 2, 2])
    n_off = np.array([20.0, 7, 0, 0, 4, 10, 3, 5, 0, 30])
    alpha = np.array([0.2, 0.2, 0.2, 0.2, 1.0, 0.5, 0.5, 0.1, 0.1, 0.1])
    response = np.random.default_rng(5).uniform(0.1, 2, (10, N_TRUE))
    return OnOffSpectralRows(
        np.array([0, 4]), np.array([4, 6]), response, np.ones((2, N_TRUE)), n_on, n_off, alpha
    )


def on_off_by_hand(rows, row, u, t):
    flux = np.exp(u) * spectra(t[None])[0, :, 0]
    half, expected = 0.0, 0.0
    for cell in range(rows.first[row], rows.first[row] + rows.length[row]):
        signal, on, off, alpha = (
            rows.response[cell] @ flux,
            rows.n_on[cell],
            rows.n_off[cell],
            rows.alpha[cell],
        )

        def missing(mean, signal=signal, on=on, off=off, alpha=alpha):
            return 1 + alpha - alpha * on / (signal + alpha * mean) - off / mean

        mean = 0.0 if missing(1e-13) >= 0 else brentq(missing, 1e-13, 1e4, xtol=1e-15, rtol=1e-15)
        for counts, predicted in ((on, signal + alpha * mean), (off, mean)):
            half += predicted - counts + (counts * np.log(counts / predicted) if counts else 0.0)
        expected += alpha * mean
    return half, expected


CASES = {"cash": (cash_rows, cash_by_hand), "on-off": (on_off_rows, on_off_by_hand)}
POINTS = ((0.0, 0.0, 0.0), (1.2, 0.4, -0.3), (-3.0, -0.5, 0.6), (2.5, 0.3, 0.3))


def at(kind, point, p):
    """(rows, statistic by hand, log norms, shapes) at a point with p shape coordinates."""
    make, by_hand = CASES[kind]
    rows = make()
    return (
        rows,
        by_hand,
        np.full(rows.n, point[0]),
        np.tile(np.array(point[1 : 1 + p]), (rows.n, 1)),
    )


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("kind", CASES)
def test_value_and_background_by_brute_force(kind, point):
    rows, by_hand, u, t = at(kind, point, 2)
    value, _, _ = rows.derivatives(u, spectra(t))[0]
    background = rows.backgrounds(u, spectra(t))
    for row in range(rows.n):
        expected = by_hand(rows, row, u[row], t[row])
        np.testing.assert_allclose((value[row], background[row]), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("kind", CASES)
def test_slope_and_curvature_are_those_of_the_value(kind, point, p):
    rows, by_hand, u, t = at(kind, point, p)
    _, slope, curvature = rows.derivatives(u, spectra(t))[0]
    steps = 1e-3 * np.eye(1 + p)
    for row in range(rows.n):

        def value(step, row=row):
            return by_hand(rows, row, u[row] + step[0], t[row] + step[1:])[0]

        for j, k in second_pairs(1 + p):
            corners = [
                value(one * steps[j] + other * steps[k])
                for one, other in ((1, 1), (1, -1), (-1, 1), (-1, -1))
            ]
            expected = (corners[0] - corners[1] - corners[2] + corners[3]) / 4e-6
            assert curvature[row, j, k] == pytest.approx(expected, rel=1e-4, abs=1e-4)
            assert curvature[row, k, j] == curvature[row, j, k]
        expected = [(value(step) - value(-step)) / 2e-3 for step in steps]
        np.testing.assert_allclose(slope[row], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", CASES)
def test_a_row_is_the_same_alone_and_after_other_searches(kind):
    rows, _, u, t = at(kind, POINTS[1], 2)
    _, start = rows.derivatives(u + 0.1, spectra(t))
    together, _ = rows.derivatives(u, spectra(t), start)
    for row in range(rows.n):
        own, own_start = rows.take(np.array([row]), start)
        alone, _ = own.derivatives(u[:1], spectra(t[:1]), own_start)
        for one, other in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one[0], other[row])
    # The searches above have left no trace.
    for one, other in zip(rows.derivatives(u, spectra(t), start)[0], together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_columns_of_second_derivatives():
    assert second_pairs(2) == [(0, 0), (0, 1), (1, 1)]
    assert [n_shape_of(k) for k in (1, 3, 6, 10)] == [0, 1, 2, 3]
