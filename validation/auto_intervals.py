"""Coverage of interval="auto", by draws and fits that are not tevcurve's: where it takes the likelihood, and of all.

A row takes the likelihood where its counts say so, by the rule of the guide, and else the interval of Feldman &
Cousins, which has a flux where its rise of the deviance is not above that of so many draws of the same flux, with the
background that fits best with it. So the rise at the truth is compared with two numbers, and no end is searched for.
"""

import numpy as np

from validation.coverage import LEVEL, LIMIT, LIMIT_RISE
from validation.dense_cubes import fits, model_of, onoff_fits, onoff_model
from validation.parts import small, some
from validation.report import Section, percent, table, verdict

CELLS = {10: 20_000, 300: 8_000, 3000: 2_000}
# Intervals of Feldman & Cousins take three times as many draws again.
MOST_CELLS = 300
ONOFF = ((1, 0.1), (1, 1.0), (5, 0.1), (5, 1.0))
ONOFF_DRAWS = 10_000
EFFECTIVE = (50, 76, 100, 150, 200, 500, 1000, 2000)
SIGMAS = (0.0, 1.0, 3.0, 5.5, 10.0, 30.0)
# The rule of the guide.
MANY, BEHIND, SEEN = 200, 30, 5
# Quantiles of the background found at which critical values are drawn; between them they hardly change.
PLACES = (0.05, 0.5, 0.95)
# Points by which coverage may be off, beside three binomial errors.
BAR = 0.01


def pieces(share):
    """Pieces of `measure`: a kind of row and the standard deviations that its source is seen by."""
    sigmas = list(small(share, SIGMAS))
    return [
        *(
            ["cells", n_cells, is_free, sigma, some(share, draws, 200)]
            for n_cells, draws in small(share, tuple(CELLS.items()))
            for is_free in (True, False)
            for sigma in sigmas
        ),
        *(
            ["on/off", n_bins, alpha, sigma, some(share, ONOFF_DRAWS, 200)]
            for n_bins, alpha in small(share, ONOFF)
            for sigma in sigmas
        ),
    ]


def measure(kind, size, setting, sigma, n, rng, effective=EFFECTIVE):
    """What `section` shows of a piece, dict: points of (kind, size, setting, sigma, counts, draws, *shares)."""
    points = []
    for counts in effective:
        if kind == "cells":
            model, found = model_of(size, counts, sigma, setting), cells
        else:
            model, found = onoff_model(size, setting, counts, sigma), on_off
        if model is not None:
            shares = found(*model, setting, float(sigma > 0), n, rng)
            points.append([kind, size, setting, sigma, counts, n, *shares])
    return {"points": points}


def cells(signal, background, is_free, norm, n, rng):
    """See `shares_of`; without Feldman & Cousins in very many cells."""
    found = fits(signal, background, norm, n, rng, is_free)

    def again(at):
        return fits(signal, background, norm, n, rng, is_free, at).rise

    return shares_of(found, found, norm, again if len(signal) <= MOST_CELLS else None)


def on_off(signal, behind, alpha, norm, n, rng):
    """See `shares_of`; Feldman & Cousins take the sums of all energy bins."""
    found, of_sums = onoff_fits(signal, behind, alpha, norm, n, rng)
    total = signal.sum(keepdims=True), behind.sum(keepdims=True)

    def again(at):
        return onoff_fits(total[0], at * total[1], alpha, norm, n, rng)[1].rise

    return shares_of(found, of_sums, norm, again, max(alpha, 1.0))


def shares_of(found, exact, norm, again, weight=1.0):
    """Shares of draws: that auto takes the likelihood, and that errors and limits have the truth: six of three kinds.

    By the likelihood, by Feldman & Cousins, and by auto; None for the last four without `again`.

    Parameters
    ----------
    found, exact : `Fits` of the likelihood, and of what the intervals of Feldman & Cousins are made of
    norm : float, the truth
    again : function of a factor on the background to as many rises at the truth
    weight : float, of OFF counts in the rule
    """
    taken = (found.effective >= MANY) & (found.behind >= BEHIND * weight) & (found.significance >= SEEN)
    by_likelihood = found.rise <= 1, (found.rise <= LIMIT_RISE) | (found.norm >= norm)
    shares = [taken.mean(), *(each.mean() for each in by_likelihood)]
    if again is None:
        return [float(each) for each in shares] + 4 * [None]
    places = np.unique(np.quantile(exact.background, PLACES))
    rises = [again(at) for at in places]
    bounds = (
        np.interp(exact.background, places, [np.quantile(each, level) for each in rises])
        for level in (LEVEL, LIMIT)
    )
    inside, below = (exact.rise <= bound for bound in bounds)
    of_fc = inside, below | (exact.norm >= norm)
    auto = (np.where(taken, *both) for both in zip(by_likelihood, of_fc, strict=True))
    return [float(each) for each in (*shares, *(each.mean() for each in (*of_fc, *auto)))]


def is_off(share, level, n, above=True):
    """Whether a share of n draws is off its level; above: whether it may not be more, either."""
    slack = BAR + 3 * np.sqrt(level * (1 - level) / n)
    return share < level - slack or (above and share > level + slack)


def section(found):
    """The `Section`."""

    def told(places):
        return verdict(not places) + (": " + "; ".join(places) if places else "")

    rows, off, low, lowest, worst = [], [], [], [1.0, 1.0], 0.0
    for kind, size, setting, sigma, counts, n, taken, *shares in found["points"]:
        likelihood, auto = shares[:2], shares[4:]
        what = f"{size:,} cells" if kind == "cells" else f"ON/OFF, {size} bin" + "s" * (size > 1)
        where = {True: "free", False: "known"}[setting] if kind == "cells" else f"alpha {setting:g}"
        place = f"{what}, {where}, {counts} effective counts, {sigma:g} sigma"
        if counts >= MANY and sigma > SEEN:
            worst = max(worst, abs(likelihood[0] - LEVEL))
            if is_off(likelihood[0], LEVEL, n) or is_off(likelihood[1], LIMIT, n):
                off.append(f"{place}: {percent(likelihood[0])} and {percent(likelihood[1])} %")
        if auto[0] is not None:
            lowest = np.minimum(lowest, np.subtract(auto, (LEVEL, LIMIT)))
            if any(is_off(*each, n, above=False) for each in zip(auto, (LEVEL, LIMIT), strict=True)):
                low.append(f"{place}: {percent(auto[0])} and {percent(auto[1])} %")
        cells = ["" if each is None else percent(each) for each in (taken, *shares)]
        rows.append([what, where, f"{sigma:g}", counts, *cells])
    promises = [
        (
            'interval="auto": the likelihood where it may be taken, errors and limits within 1 point and 3 binomial '
            "errors of nominal",
            f"errors off by {100 * worst:.1f} points at most",
            not off,
        ),
        (
            'interval="auto": errors and limits at most 1 point and 3 binomial errors below nominal, anywhere',
            f"the lowest {100 * lowest[0]:+.1f} and {100 * lowest[1]:+.1f} points",
            not low,
        ),
    ]
    text = (
        "Cubes of 10 cells (one energy), 300 (6 energies) and 3,000 (15) around a point source, the background norm "
        "free or known, and ON and OFF counts in 1 and 5 energy bins, drawn and fitted by code of the validation "
        "alone, all cells at once. At each point source and background are such that the source is seen by so many "
        "standard deviations in half of all cases and has so many effective counts (see the guide). Auto takes the "
        f"likelihood where the draw itself has {MANY} effective counts, {BEHIND} counts of background and {SEEN} "
        "standard deviations, and else Feldman & Cousins, by the distribution of the rise of the statistic over other "
        "draws of the same flux. Errors (68.3 %) and limits (95 %; of Feldman & Cousins with two sides, so that "
        "97.5 % is nominal for what is clearly seen), in per cent; of 3,000 cells those of the likelihood only. What "
        "would need fewer than 5 counts of background is left out.\n\n"
        f"Likelihood at {MANY} effective counts and more, seen by more than {SEEN}: {told(off)}. Auto never short: "
        f"{told(low)}.\n\n"
        + table(
            (
                *("rows", "background", "sigma", "effective counts", "likelihood taken"),
                *("likelihood: errors", "limits", "FC: errors", "limits", "auto: errors", "limits"),
            ),
            rows,
        )
    )
    failures = [f"interval=auto: {each}" for each in off + low]
    return Section('2. The statistics: interval="auto" in many cells', text, {}, failures, promises)
