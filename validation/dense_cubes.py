"""Cubes of many cells, and ON and OFF counts of energy bins, with draws and fits of their own, all cells at once.

Nothing here is tevcurve's. A model is the counts that cells expect of the source at a flux factor of 1 and of the
background at a norm of 1, `signal` and `background`, float arrays (n_cells,).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from validation.counting import deviance

# Steps of a search: Newton's in a bracket, which halves it where they leave it.
STEPS, STOP = 60, 1e-10
# Cells times draws that fit into a cache.
AT_ONCE = 400_000


@dataclass(frozen=True)
class Fits:
    """Of draws, float arrays (n,).

    norm : best flux factor >= 0
    rise : deviance of the truth above the best one, the background at its best for each
    background : norm of the background at the true flux factor
    significance : root of the deviance of no source above the best one
    effective : effective counts, (sum w^2)^2 / sum w^4 over the counts, of weight w in the slope of the likelihood once
        the background has followed
    behind : counts of background at the best fit
    """

    norm: np.ndarray
    rise: np.ndarray
    background: np.ndarray
    significance: np.ndarray
    effective: np.ndarray
    behind: np.ndarray


def shapes(n_cells):
    """(signal, background) shares (n_cells,) of energies and rings around the source; of 10, one energy.

    The source falls as E^-2.3 and the background as E^-2.7 in flux, the image narrows with energy: the ratio of the two
    varies by many orders of magnitude.
    """
    n_energies = {1: 1, 10: 1, 300: 6, 3000: 15}[n_cells]
    energy = np.geomspace(1, 30, n_energies + 1)[:-1][:, None]
    width = 0.1 * energy**-0.15
    edges = np.linspace(0, 0.6, n_cells // n_energies + 1)
    middle, area = 0.5 * (edges[1:] + edges[:-1]), edges[1:] ** 2 - edges[:-1] ** 2
    signal = energy**-1.3 * area * np.exp(-0.5 * (middle / width) ** 2) / width**2
    background = energy**-1.7 * area * np.exp(-0.5 * middle**2)
    return signal.ravel() / signal.sum(), background.ravel() / background.sum()


def effective_counts(counts, signal, background, expected, is_free):
    """Effective counts (n,) of counts (n, n_cells) where so much is expected.

    A count says s/e of the flux and b/e of the background's norm; where that is free, so much less of the flux as it
    goes with the norm.
    """
    weight = signal / expected
    if is_free:
        other = background / expected
        common = np.sum(counts * weight * other, axis=-1) / np.sum(counts * other**2, axis=-1)
        weight = weight - common[..., None] * other
    second, fourth = (np.sum(counts * weight**power, axis=-1) for power in (2, 4))
    return second**2 / fourth


def median_significance(signal, background, is_free):
    """That of a flux factor of 1 on the counts that are expected of it; the background is free, or known."""
    counts = signal + background
    none = background * (counts.sum() / background.sum() if is_free else 1.0)
    return np.sqrt(max(2 * np.sum(none - counts + counts * np.log(counts / none)), 0.0))


def model_of(n_cells, effective, sigma, is_free):
    """(signal, background) at which a source is seen by so many standard deviations, with so many effective counts.

    None where that would take less than 5 counts of background.
    """
    source, behind = shapes(n_cells)

    def signal_of(total):
        if sigma == 0:
            return 0.0
        return _root(lambda s: median_significance(s * source, total * behind, is_free) - sigma, 1e-3, 1e8)

    def excess(total):
        expected = signal_of(total) * source + total * behind
        return effective_counts(expected, source, behind, expected, is_free) - effective

    if excess(5.0) > 0:
        return None
    total = _root(excess, 5.0, 1e9)
    # Without a source the flux factor counts in what would be one standard deviation or so.
    return (signal_of(total) or np.sqrt(total)) * source, total * behind


def _root(function, low, high):
    """Where a rising function is 0, by halving in the logarithm."""
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if function(middle) < 0 else (low, middle)
    return np.sqrt(low * high)


def drawn(signal, background, norm, n, rng, at=1.0):
    """Counts (n, n_cells) at a flux factor and a norm of the background."""
    return rng.poisson(norm * signal + at * background, (n, len(signal))).astype(float)


def fits(signal, background, norm, n, rng, is_free, at=1.0):
    """The `Fits` of n draws at a true flux factor; the norm of the background is free (true: `at`), or known."""
    sizes = np.diff(np.r_[np.arange(0, n, max(1, AT_ONCE // len(signal))), n])
    parts = [
        fit(drawn(signal, background, norm, size, rng, at), signal, background, norm, is_free)
        for size in sizes
    ]
    return Fits(*(np.concatenate([getattr(part, name) for part in parts]) for name in Fits.__annotations__))


def fit(counts, signal, background, norm, is_free):
    """The `Fits` of counts (n, n_cells), true at a flux factor `norm`."""
    total, n_source, n_behind = counts.sum(axis=1), signal.sum(), background.sum()
    one = np.ones(len(counts))
    if is_free:
        # At the best fit all that is predicted is all that was counted, so that it is a matter of shares.
        source, behind = signal / n_source, background / n_behind

        def tilt(share):
            part = (source - behind) / (behind + share[:, None] * (source - behind))
            return (counts * part).sum(axis=1), -(counts * part**2).sum(axis=1)

        share = falling(tilt, np.clip(norm * n_source / np.maximum(total, 1), 0, 0.99), one)
        best, own = share * total / n_source, (1 - share) * total / n_behind
        at_zero = total / n_behind

        def climb(b):
            part = background / (norm * signal + b[:, None] * background)
            return (counts * part).sum(axis=1) - n_behind, -(counts * part**2).sum(axis=1)

        at_truth = at_zero if norm == 0 else falling(climb, one, at_zero + 1)
    else:

        def tilt(a):
            part = signal / (a[:, None] * signal + background)
            return (counts * part).sum(axis=1) - n_source, -(counts * part**2).sum(axis=1)

        best = falling(tilt, norm * one, total / n_source + 1)
        own = at_zero = at_truth = one

    def stat(a, b):
        expected = a[:, None] * signal + b[:, None] * background
        return 2 * (expected.sum(axis=1) - xlogy(counts, expected).sum(axis=1)), expected

    least, expected = stat(best, own)
    rise = stat(norm * one, at_truth)[0] - least
    above = stat(0 * one, at_zero)[0] - least
    return Fits(
        best,
        np.maximum(rise, 0.0),
        at_truth,
        np.sqrt(np.maximum(above, 0.0)),
        effective_counts(counts, signal, background, expected, is_free),
        own * n_behind,
    )


def falling(function, first, high):
    """Where falling functions (n,) are 0 between 0 and `high`, or the nearest end, by Newton's method in a bracket.

    function: of places (n,) to (values (n,), slopes (n,)); first: float array (n,), where it begins.
    """
    low, high, top = np.zeros(len(high)), high.astype(float), high
    place = first.astype(float)
    below, above = function(low)[0] <= 0, np.zeros(len(high), dtype=bool)
    for _ in range(STEPS):
        value, slope = function(place)
        low, high = np.where(value > 0, place, low), np.where(value <= 0, place, high)
        newton = place - value / np.where(slope < 0, slope, -np.inf)
        inside = (newton > low) & (newton < high)
        step = np.where(inside, newton, 0.5 * (low + high))
        done = np.abs(step - place) <= STOP * (1 + place)
        place = step
        if np.all(done | below):
            break
    above = top - place <= STOP * (1 + top)
    return np.where(below, 0.0, np.where(above, top, place))


def onoff_model(n_bins, alpha, effective, sigma):
    """(signal, behind) counts in ON at which a source is seen by so many standard deviations, as `model_of`.

    None where that would take less than 5 counts of background in an energy bin.
    """
    energy = np.geomspace(1, 10, n_bins + 1)[:-1]
    source, behind = energy**-1.3 / np.sum(energy**-1.3), energy**-1.7 / np.sum(energy**-1.7)

    def signal_of(total):
        off = total * behind / alpha

        def missing(s):
            on = s * source + total * behind
            none = np.array([deviance(*cell, 0.0, 0.0, alpha) for cell in zip(on, off, strict=True)])
            return np.sqrt(np.maximum(none, 0.0).sum()) - sigma

        return _root(missing, 1e-3, 1e8) if sigma else 0.0

    def excess(total):
        on = signal_of(total) * source + total * behind
        return spread(on, total * behind / alpha, alpha, source) - effective

    least = 5.0 / behind.min()
    if excess(least) > 0:
        return None
    total = _root(excess, least, 1e9)
    return (signal_of(total) or np.sqrt(total)) * source, total * behind


def spread(on, off, alpha, signal):
    """Effective counts of ON and OFF counts (..., n_bins): a bin's excess has the variance on + alpha^2 * off."""
    variance = np.maximum(on + alpha**2 * off, 1e-9)
    second = np.sum(signal**2 / variance, axis=-1)
    return second**2 / np.sum(signal**4 / variance**4 * (on + alpha**4 * off), axis=-1)


def onoff_fits(signal, behind, alpha, norm, n, rng):
    """(`Fits` of n draws of ON and OFF counts in energy bins, `Fits` of their sums), at a true flux factor.

    The background is free in each bin. `background` is that in all OFF counts at the true flux factor, over the truth,
    with the sums of the bins; `behind` the counts of background in ON in the bin that has least of them.

    signal, behind: float arrays (n_bins,), counts in the ON region at a flux factor of 1, and of the background.
    """
    on = rng.poisson(norm * signal + behind, (n, len(signal))).astype(float)
    off = rng.poisson(behind / alpha, (n, len(signal))).astype(float)
    sums = on.sum(axis=1)[:, None], off.sum(axis=1)[:, None]
    return (
        onoff_fit(on, off, signal, alpha, norm, behind.sum()),
        onoff_fit(*sums, signal.sum(keepdims=True), alpha, norm, behind.sum()),
    )


def onoff_fit(on, off, signal, alpha, norm, behind):
    """The `Fits` of ON and OFF counts (n, n_bins), true at a flux factor and with so much background in ON."""

    def predicted(a):
        source = a[:, None] * signal
        c, product = alpha * (on + off) - (1 + alpha) * source, 4 * alpha * (1 + alpha) * off * source
        d = np.sqrt(c**2 + product)
        rest = np.where(c > 0, c + d, product / np.maximum(d - c, 1e-300)) / (2 * (1 + alpha))
        return np.maximum(source + rest, 1e-300), rest

    def stat(a):
        return sum(deviance(on[:, k], off[:, k], a * s, 0.0, alpha) for k, s in enumerate(signal))

    def tilt(a):
        expected, rest = predicted(a)
        return (signal * (on / expected - 1)).sum(axis=1), -(signal**2 / (expected + alpha * rest)).sum(
            axis=1
        )

    one = np.ones(len(on))
    best = falling(tilt, norm * one, on.sum(axis=1) / signal.sum() * 3 + 3)
    least = stat(best)
    return Fits(
        best,
        np.maximum(stat(norm * one) - least, 0.0),
        predicted(norm * one)[1].sum(axis=1) / behind,
        np.sqrt(np.maximum(stat(0 * one) - least, 0.0)),
        spread(on, off, alpha, signal),
        predicted(best)[1].min(axis=1),
    )
