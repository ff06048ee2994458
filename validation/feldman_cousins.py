"""Item 2: coverage of Feldman-Cousins intervals from ON and OFF counts, by exact sums on the whole grid."""

import numpy as np

from tevcurve.kernels.profile_construction import onoff_intervals, preceding_probability
from validation.counting import BACKGROUNDS, SIGNALS, pairs_of, probability
from validation.coverage import LEVEL, LIMIT, averaged
from validation.parts import small, some
from validation.report import Section, percent, table, verdict

LEVELS = (LEVEL, LIMIT)
# The least likely pairs, with this probability together, are taken as not covered, which is on the safe side.
LEFT_OUT = 1e-4
SLACK = 0.01
# Pairs that are computed together; the probability by which acceptance is clear, and from how many counts behind.
AT_ONCE, CLEAR, MANY = 200, 0.03, 100


def likely_pairs(signal, background, alpha):
    """(n_on, n_off, probability) of the pairs that are all but `LEFT_OUT` of the probability, most likely first."""
    on, off = pairs_of([signal], background, alpha)
    chance = probability(on, off, signal, background, alpha)
    order = np.argsort(-chance)
    order = order[: np.searchsorted(np.cumsum(chance[order]), 1 - LEFT_OUT) + 1]
    return on[order], off[order], chance[order]


def preceding(on, off, alpha, signal):
    """Probability (n,) of the pairs that come before each pair; a signal is accepted where it is below the level."""
    cells = [each.ravel() for each in np.broadcast_arrays(on, off, alpha, signal)]
    parts = [slice(first, first + AT_ONCE) for first in range(0, len(on), AT_ONCE)]
    return np.concatenate([preceding_probability(*(each[part] for each in cells)) for part in parts])


def accepted(on, off, alpha, signal):
    """Bool arrays (n,), one for each of `LEVELS`: whether a signal is accepted for pairs, and so in their interval.

    Intervals reach from the lowest to the highest accepted signal, so that they cover at least where this is true.
    """
    before = preceding(on, off, alpha, signal)
    return [before < level for level in LEVELS]


def accepted_of_many(on, off, alpha, signal, step):
    """The same, where at each n_on only every step-th n_off is computed, and all those near a border of acceptance.

    Between two that are accepted, or rejected, with a margin of `CLEAR` in probability, the others are as they are.
    """
    order = np.lexsort((off, on))
    on, off = on[order], off[order]
    first = np.flatnonzero(np.r_[True, on[1:] != on[:-1]])
    length = np.diff(np.r_[first, len(on)])
    place = np.arange(len(on)) - np.repeat(first, length)
    coarse = np.flatnonzero((place % step == 0) | (place == np.repeat(length, length) - 1))
    before = np.full(len(on), np.nan)
    before[coarse] = preceding(on[coarse], off[coarse], alpha, signal)
    everyone = np.arange(len(on))
    below, above = np.searchsorted(coarse, everyone, side="right") - 1, np.searchsorted(coarse, everyone)
    neighbours = before[coarse[np.stack([below, above])]]
    clear = [
        (neighbours < level - CLEAR).all(axis=0) | (neighbours > level + CLEAR).all(axis=0)
        for level in LEVELS
    ]
    left = np.flatnonzero(~np.all(clear, axis=0) & np.isnan(before))
    before[left] = preceding(on[left], off[left], alpha, signal)
    before = np.where(np.isnan(before), neighbours[1], before)
    back = np.argsort(order)
    return [(before < level)[back] for level in LEVELS]


def coverage_at(signal, background, alpha):
    """Coverage at one true signal for each of `LEVELS`."""
    on, off, chance = likely_pairs(signal, background, alpha)
    step = int(np.sqrt(background / alpha) / 3) if background >= MANY else 1
    inside = accepted_of_many(on, off, alpha, signal, step) if step > 1 else accepted(on, off, alpha, signal)
    return [float(chance[each].sum()) for each in inside]


def outside_of_intervals(n, rng, signals=SIGNALS, backgrounds=BACKGROUNDS):
    """(number of random pairs whose interval lacks a signal that is accepted for them, number of such pairs)."""
    missing = checked = 0
    for alpha in (1.0, 0.05):
        true, background = rng.choice(signals, n), rng.choice(backgrounds, n)
        on, off = rng.poisson(true + background).astype(float), rng.poisson(background / alpha).astype(float)
        for level, inside in zip(LEVELS, accepted(on, off, alpha, true), strict=True):
            low, high = onoff_intervals(on, off, alpha, level)
            checked += int(np.count_nonzero(inside))
            missing += int(np.count_nonzero(inside & ((true < low - 1e-6) | (true > high + 1e-6))))
    return missing, checked


def pieces(share):
    """Pieces of `measure`: a point of the grid each, and random pairs on all of it."""
    signals, backgrounds = (list(small(share, grid)) for grid in (SIGNALS, BACKGROUNDS))
    points = [
        [alpha, background, signal]
        for alpha in (1.0, 0.05)
        for background in backgrounds
        for signal in signals
    ]
    return [*points, ["pairs", some(share, 300, 10), signals, backgrounds]]


def measure(*piece_and_rng, n_true=21):
    """What `section` shows, dict: coverage at true signals around a point of the grid, or `outside_of_intervals`.

    With many counts it changes slowly with the signal, and every second of the true signals is enough.
    """
    *piece, rng = piece_and_rng
    if piece[0] == "pairs":
        n, signals, backgrounds = piece[1:]
        missing, checked = outside_of_intervals(n, rng, signals, backgrounds)
        return {"missing": missing, "checked": checked}
    alpha, background, signal = piece
    trues = averaged(signal, n_true)[:: 2 if background >= MANY else 1]
    found = np.array([coverage_at(true, background, alpha) for true in trues])
    return {"points": [[alpha, signal, background, found.T.tolist()]]}


def section(found):
    """The `Section`."""
    rows, low = [], []
    for alpha, signal, background, values in found["points"]:
        values = np.array(values)
        cells = [percent(value) for each in values for value in (each.mean(), each.min())]
        rows.append([f"{alpha:g}", f"{signal:g}", f"{background:g}", *cells])
        low += [
            f"alpha {alpha:g}, {signal:g} on {background:g}: {percent(each.min(), 2)} % for {percent(level)} %"
            for level, each in zip(LEVELS, values, strict=True)
            if each.min() < level - SLACK
        ]
    lowest = [
        min(np.min(values[k]) - level for *_, values in found["points"]) for k, level in enumerate(LEVELS)
    ]
    n_true = sum(len(values[0]) for *_, values in found["points"])
    text = (
        "ON/OFF, sums over all pairs of counts, no draws, at 21 true signals within 20 % of each point (11 with "
        f"{MANY} counts behind, where coverage changes slowly). A pair covers where the true signal is accepted for "
        "it, and the least likely pairs, 0.01 % of the probability together, are taken as not covering. (Of "
        f"{found.get('checked', 0):,} random pairs for which the truth is accepted, the interval of "
        f"{found.get('missing', 0)} does "
        "not have it.) Mean and lowest of the true signals, in per cent.\n\n"
        f"At most 1 point below nominal at any of the {n_true:,} true signals: {verdict(not low)}"
        f"{': ' + '; '.join(low) if low else ''}. The lowest are {100 * lowest[0]:+.2f} points from 68.3 % and "
        f"{100 * lowest[1]:+.2f} points from 95 %.\n\n"
        + table(("alpha", "signal", "counts behind", "68.3 %: mean", "lowest", "95 %: mean", "lowest"), rows)
    )
    failures = [f"item 2: Feldman-Cousins ON/OFF, {each}" for each in low]
    bar = (
        "2: Feldman-Cousins intervals from ON and OFF counts at most 1 point below nominal, anywhere",
        f"the lowest {100 * min(lowest):+.2f} points",
        not low,
    )
    return Section("2. The statistics: Feldman-Cousins from ON and OFF counts", text, {}, failures, [bar])
