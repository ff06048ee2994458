"""Item 3: no NaN and no negative limit, whatever the counts."""

from functools import partial

import numpy as np

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.onoff_profile import onoff_profile
from tevcurve.kernels.profile_construction import onoff_intervals
from validation.coverage import LIMIT, LIMIT_RISE
from validation.exact_counts import (
    ALPHAS,
    MOST_EXPECTED,
    known_problems,
    onoff_problems,
    random_counts,
)
from validation.parts import sizes, some
from validation.report import Section, added, table, verdict

CHUNK, FREE = 100_000, "likelihood, negative=True"


def any_alpha(n, rng):
    """Random alphas (n,) from 0.001 to 10."""
    return 10 ** rng.uniform(-3, 1, n)


def likelihood(n, rng, negative):
    """(numbers of cells with a NaN or infinity, negative limits, fits that did not converge)."""
    on, off, alpha = random_counts(n, rng, 1e4), random_counts(n, rng, 1e4), any_alpha(n, rng)
    profile = onoff_profile(np.arange(n), on, off, alpha, np.ones(n), n)
    asked = {"err": 1.0, "errn_errp": 1.0, "ul_rise": LIMIT_RISE, "ts": True}
    found = estimate_norms(profile, negative=negative, **asked)
    values = np.stack([found.norm, found.norm_errn, found.norm_errp, found.norm_ul, found.ts])
    nan = np.count_nonzero(~np.isfinite(values).all(axis=0))
    return np.array([nan, np.count_nonzero(found.norm_ul < 0), np.count_nonzero(~found.minimum.converged)])


def any_counts(n, rng):
    """The same of Feldman-Cousins intervals; the last number is of those whose ends are in the wrong order."""
    cells = random_counts(n, rng, 1e4), random_counts(n, rng, 1e4), any_alpha(n, rng)
    return interval_problems(*onoff_intervals(*cells, LIMIT))


def interval_problems(low, high):
    """(intervals with a NaN or infinity, with an end below zero, with ends in the wrong order)."""
    nan = np.count_nonzero(~np.isfinite(low + high))
    return np.array([nan, np.count_nonzero((low < 0) | (high < 0)), np.count_nonzero(low > high)])


def few_counts(n, rng, alpha):
    """`onoff_problems` of one alpha."""
    return onoff_problems(n, rng, alphas=(alpha,))


KINDS = {
    "likelihood": partial(likelihood, negative=False),
    FREE: partial(likelihood, negative=True),
    "Feldman-Cousins, ON/OFF, few counts": few_counts,
    "Feldman-Cousins, ON/OFF, any counts": any_counts,
    "Feldman-Cousins, known background": known_problems,
}


def pieces(share):
    """Pieces of `measure`: some cells of a kind each, and an alpha where equal cells are found once."""
    n, n_any = some(share, 1_000_000, 1000), some(share, 2000, 10)
    normal, free, few, many, known = KINDS
    shared = np.diff(np.linspace(0, n, len(ALPHAS) + 1).round().astype(int)).tolist()
    # The first cell is in the arguments so that no two pieces are the same.
    return [
        *([name, *each] for name in (normal, free) for each in sizes(n, CHUNK)),
        *([few, 0, size, float(alpha)] for size, alpha in zip(shared, ALPHAS, strict=True)),
        *([many, *each] for each in sizes(n_any, 500)),
        *([known, *each] for each in sizes(max(n // 5, 1), CHUNK)),
    ]


def measure(name, first, n, *alpha_and_rng):
    """What `section` shows, dict: of a kind its name, number of cells, of different ones, and their problems."""
    *alpha, rng = alpha_and_rng
    found = KINDS[name](n, rng, *alpha).tolist()
    return {"lines": [[name, n, found[3] if len(found) > 3 else n, *found[:3]]]}


def section(found):
    """The `Section`."""
    rows, failures = [], []
    for name, n, different, nan, below, lost in added(found["lines"], 1):
        good = not (nan or lost or below)
        if not good:
            failures.append(f"item 3: {name}: {nan} NaN, {below} negative limits, {lost} failed")
        rows.append([name, f"{n:,}", f"{different:,}", nan, f"{below:,}", lost, verdict(good)])
    text = (
        "Random cells (n_on, n_off, alpha): counts with log-uniform means from 0.01 to 10,000, a tenth of each count "
        "at 0, alpha from 0.001 to 10. Numbers of cells with a NaN or infinity in flux, errors, limit or TS "
        "(Feldman-Cousins: in an end of the 95 % interval), of negative limits, and of fits that did not converge "
        "(Feldman-Cousins: whose ends are not on both sides of the best signal).\n\n"
        "An ON/OFF interval of Feldman & Cousins takes 5 to 40 milliseconds. So the million of these has means up to "
        f"{MOST_EXPECTED:g} and {len(ALPHAS)} values of alpha, and each different one is computed once; of those with "
        "counts of any size there are fewer. Known backgrounds are up to 1000.\n\n"
        + table(("fluxes", "cells", "different", "NaN", "negative limits", "failed", "bar: none"), rows)
    )
    cells = sum(line[1] for line in found["lines"])
    bar = (
        "3: no NaN and no negative limit in a million random (n_on, n_off, alpha)",
        f"{'some' if failures else 'none'} in {cells:,} cells",
        not failures,
    )
    return Section("3. Random counts", text, {}, failures, [bar])
