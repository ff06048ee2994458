"""A cube of 2 energies and 25 pixels with a free background norm: drawn and fitted by tevcurve, and densely."""

import numpy as np

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.bound_cells import BoundCells
from tevcurve.kernels.cash_profile import cash_profile
from tevcurve.kernels.cube_draws import RunCells, draw_block_events
from tevcurve.kernels.terms import CashTerms

BISECTIONS, NEWTON_STEPS = 10, 5


def cube_shares():
    """(signal (50,), background (50,)) shares of 2 energies and 5 x 5 pixels."""
    x = np.arange(5) - 2.0
    image = np.exp(-0.5 * (x[:, None] ** 2 + x**2) / 0.8)
    signal = np.array([0.7, 0.3])[:, None, None] * image / image.sum()
    background = np.array([0.8, 0.2])[:, None, None] * np.ones((5, 5)) / 25
    return signal.ravel(), background.ravel()


def cube_profile(signal, background, norms, rng):
    """tevcurve's profile of one draw at each of the norms (n,), whose flux factor is in units of `signal` counts."""
    shape, flat = cube_shares()
    n = len(norms)
    cells = RunCells(np.zeros(50, int), signal * shape, background * flat[None], 1)
    parts = [(np.zeros(1, int), np.zeros(1, int), np.ones(1), np.ones((1, 1)))]
    block, source, behind, _ = draw_block_events([cells], parts, norms[:, None], np.ones((n, 1)), rng)
    unit, one = np.ones(n), np.zeros(50, dtype=int)
    first = BoundCells.of(one, signal * shape, background * flat, np.zeros(50))
    terms = CashTerms(
        n_bins=n,
        block_bin=np.arange(n),
        shared_total=signal * unit[:, None],
        background_total=background * unit,
        constant_total=0 * unit,
        event_block=block,
        event_count=np.ones(len(block)),
        event_shared=source[:, None],
        event_background=behind,
        event_constant=np.zeros(len(block)),
        lone_count=0 * unit,
        lone_log=0 * unit,
        bounds=first.repeated(n, 1),
    )
    return cash_profile(terms)


def cube_code(signal, background, n, rng):
    """(pull, flux) (n,) of tevcurve's draws and fits."""
    profile = cube_profile(signal, background, np.ones(n), rng)
    estimate = estimate_norms(profile)
    (stat, _, _), _ = profile.evaluate(np.ones(n))
    rise = stat - estimate.stat
    return np.sign(estimate.norm - 1) * np.sqrt(np.maximum(rise, 0.0)), estimate.norm


def falling_root(function, high):
    """Where falling functions (n,) are 0 between 0 and `high`, or the nearest end: bisection, then Newton's steps.

    function: of places (n,) to (values (n,), slopes (n,)).
    """
    low, top = np.zeros(len(high)), high
    below, above = function(low)[0] <= 0, function(high)[0] >= 0
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        up = function(middle)[0] > 0
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    place = 0.5 * (low + high)
    for _ in range(NEWTON_STEPS):
        value, slope = function(place)
        place = np.clip(place - value / np.where(slope < 0, slope, -np.inf), low, high)
    return np.where(below, 0.0, np.where(above, top, place))


def cube_dense(signal, background, n, rng):
    """(pull, flux) (n,) of dense counts in all cells: at the best fit all that is predicted is all that was counted."""
    shape, flat = cube_shares()
    counts = rng.poisson(signal * shape + background * flat, (n, 50)).astype(float)
    total = counts.sum(axis=1)

    def stat(a, b):
        expected = np.outer(a, signal * shape) + np.outer(b, background * flat)
        logs = np.where(counts > 0, counts * np.log(np.where(counts > 0, expected, 1.0)), 0.0)
        return 2 * (expected.sum(axis=1) - logs.sum(axis=1))

    def tilt(fraction):
        part = (shape - flat) / (flat + np.outer(fraction, shape - flat))
        return (counts * part).sum(axis=1), -(counts * part**2).sum(axis=1)

    def climb(b):
        part = background * flat / (signal * shape + np.outer(b, background * flat))
        return (counts * part).sum(axis=1) - background, -(counts * part**2).sum(axis=1)

    fraction = falling_root(tilt, np.ones(n))
    a, b = fraction * total / signal, (1 - fraction) * total / background
    behind = falling_root(climb, total / background + 1)
    rise = stat(np.ones(n), behind) - stat(a, b)
    return np.sign(a - 1) * np.sqrt(np.maximum(rise, 0.0)), a
