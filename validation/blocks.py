"""Blocks of rows on flares of known shape, against the best of all divisions by brute force."""

from functools import cache

import astropy.units as u
import numpy as np

from tevcurve import DataStore, PowerLaw, light_curve
from tevcurve.lightcurve.bins import by_run
from tevcurve.lightcurve.variability.block_search import best_division, fit_blocks, gain_of
from tevcurve.lightcurve.variability.blocks import gain_level
from tevcurve.lightcurve.variability.row_fits import RowFits
from tevcurve.lightcurve.variability.rows import rows_of
from validation.dense_blocks import best_total, block_losses, total_of
from validation.flare_night import RUNS, TARGET
from validation.nights import base_rows, drawn_rows
from validation.parts import sizes, some
from validation.report import Section, added, table, verdict, with_binomial

# Factors between flux and quiescence.
BRIGHT, FAINT = (10.0, 30.0), (1.5, 4.0)
SHAPES = {
    "bright steps": ("steps", BRIGHT),
    "bright flares": ("flares", BRIGHT),
    "faint steps": ("steps", FAINT),
    "faint flares": ("flares", FAINT),
}
# What a block costs, little and much.
PENALTIES = (2.0, 6.7)
P0, N_TOYS = 0.05, 2000
# In units of the usual flux: 10 and 100 counts in a row of 5 minutes.
CONSTANTS = (1.0, 10.0)
LATER = [47802, 47803, 47804, 47827, 47828, 47829]
WIDTHS = ("10 min", "5 min", "2 min", "1 min")
NEAR, RECOVERED, NOTHING = 0.01, 0.99, -1e-6


@cache
def night():
    """`Rows` of the demo's night in 1D in bins of 5 minutes, with a constant source, from which others are drawn."""
    return base_rows()


def steps(n_rows, factors, rng):
    """(norms (n_rows,), first rows of the true blocks): one to three times up by a factor and down, 4 rows each."""
    n_edges = 2 * rng.integers(1, 4)
    room = n_rows - 4 * (n_edges + 1)
    edges = np.sort(rng.integers(0, room + 1, n_edges)) + 4 * np.arange(1, n_edges + 1)
    norms = np.full(n_rows, rng.uniform(0.3, 2.0))
    for up, down in zip(edges[::2], edges[1::2], strict=True):
        norms[up:down] *= rng.uniform(*factors)
    return norms, edges


def flares(n_rows, factors, rng):
    """(norms (n_rows,), no edges): one to three pulses, exponential to both sides, on a constant."""
    row, base = np.arange(n_rows), rng.uniform(0.3, 2.0)
    norms = np.full(n_rows, base)
    for _ in range(rng.integers(1, 4)):
        after = row - rng.uniform(3, n_rows - 3)
        scale = np.where(after < 0, -rng.uniform(0.3, 2.0), rng.uniform(0.5, 5.0))
        norms += base * rng.uniform(*factors) * np.exp(-after / scale)
    return norms, []


def drawn(kind, n, rng):
    """List of n (`Rows`, first rows of the true blocks) of a shape."""
    shape, factors = SHAPES[kind]
    make = {"steps": steps, "flares": flares}[shape]
    truths = [make(night().n, factors, rng) for _ in range(n)]
    light_curves = drawn_rows(night(), np.array([norms for norms, _ in truths]), rng)
    return [(rows, edges) for rows, (_, edges) in zip(light_curves, truths, strict=True)]


def against_all(fits, negative, penalties):
    """Of each penalty (blocks, total, how much more than the best one it says and is, least loss of a block)."""
    losses, found = block_losses(fits.profile, negative), []
    fits = fits if negative else RowFits(fits.profile, 1, np.zeros(fits.n_rows))
    for penalty in penalties:
        block, cost = best_division(fits, penalty)
        best, own = best_total(losses, penalty), total_of(losses, block, penalty)
        fitted = fit_blocks(fits, block[None]).stat
        least = 0.5 * float(np.min(fitted - np.bincount(block, fits.minimum.stat)))
        found.append([int(block[-1]) + 1, float(cost), float(cost) - best, own - best, least])
    return found


def simulated(kind, n, rng):
    """Lists of (shape, negative, penalty, number, largest differences, least loss, mean blocks)."""
    lines = []
    light_curves = [rows.fits for rows, _ in drawn(kind, n, rng)]
    for negative, penalties in ((True, PENALTIES), (False, PENALTIES[1:])):
        found = np.array([against_all(fits, negative, penalties) for fits in light_curves])
        for k, penalty in enumerate(penalties):
            blocks, _, says, has, least = found[:, k].T
            worst = float(np.abs(says).max()), float(np.abs(has).max()), float(least.min())
            lines.append([kind, negative, penalty, n, *worst, float(blocks.mean())])
    return lines


@cache
def levels(norm, seed=1):
    """The penalty of `P0` of constant sources, by toys."""
    rng = np.random.default_rng([seed, round(100 * norm)])
    light_curves = drawn_rows(night(), np.full((1, night().n), norm), rng)
    maker = light_curves[0].maker
    toys = RowFits(maker.draw(norm, N_TOYS, rng, background_of(maker)), N_TOYS)
    return gain_level(np.sort(gain_of(toys)), P0)


def background_of(maker):
    """Of the rows that all light curves are drawn from."""
    return maker.backgrounds(np.full((1, night().n), maker.null_norm(1.0)))[0]


def constants(norm, n, rng):
    """(light curves of constant sources, those with more than one block)."""
    penalty = levels(norm)
    light_curves = drawn_rows(night(), np.full((n, night().n), norm), rng)
    several = sum(int(best_division(rows.fits, penalty)[0][-1] > 0) for rows in light_curves)
    return n, several


def recovered(kind, n, rng):
    """(true edges, those with an edge found at most a row away, edges found, those with no true one so near)."""
    counts, penalty = np.zeros(4, dtype=int), levels(1.0)
    for rows, edges in drawn(kind, n, rng):
        found = np.flatnonzero(np.diff(best_division(rows.fits, penalty)[0])) + 1
        apart = np.abs(np.subtract.outer(edges, found))
        counts += [
            len(edges),
            np.count_nonzero(apart.min(axis=1, initial=99) <= 1),
            len(found),
            np.count_nonzero(apart.min(axis=0, initial=99) > 1),
        ]
    return counts.tolist()


def public_rows(release, numbers, width):
    """`Rows` of public runs of PKS 2155-304 in 1D, 0.7-20 TeV."""
    spectrum = PowerLaw(index=3.4, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    observations = DataStore.from_dir(release).get_observations(numbers)
    bins = by_run() if width == "run" else width
    return rows_of(light_curve(observations, TARGET, bins, [0.7, 20] * u.TeV, "1d", spectrum))


def public(what, width, release):
    """(what, width, rows, then as of `against_all`, blocks that reach from one year into another)."""
    numbers = RUNS if what == "flare" else [*RUNS, *LATER]
    rows = public_rows(release, numbers, width)
    (found,) = against_all(rows.fits, True, PENALTIES[1:])
    block, _ = best_division(rows.fits, PENALTIES[1])
    # Rows more than a year after the first one.
    later = rows.start_s > 365 * 86400
    across = len(set(block[later]) & set(block[~later]))
    return [what, width, rows.n, *found, across]


def pieces(share):
    """Pieces of `measure`."""
    drawn = [["shapes", kind, *each] for kind in SHAPES for each in sizes(some(share, 20), 5)]
    alarms = [["constants", norm, *each] for norm in CONSTANTS for each in sizes(some(share, 400, 10), 100)]
    edges = [
        ["edges", kind, *each]
        for kind in SHAPES
        if "steps" in kind
        for each in sizes(some(share, 100, 5), 50)
    ]
    widths = WIDTHS if share >= 0.1 else WIDTHS[:1]
    nights = [["flare", width, 0, 0] for width in widths]
    return [*drawn, *alarms, *edges, *nights, *(["years", width, 0, 0] for width in ("run", *widths[:2]))]


def measure(kind, which, first, n, rng, data=None):
    """What `section` shows of a piece, dict."""
    if kind == "shapes":
        return {"shapes": simulated(which, n, rng)}
    if kind == "constants":
        return {"constants": [[which, *constants(which, n, rng)]]}
    if kind == "edges":
        return {"edges": [[which, *recovered(which, n, rng)]]}
    return {"public": [public(kind, which, data)]}


def _worst(lines):
    """Lines of `simulated` of the same shape, sign and penalty as one each."""
    together = {}
    for *name, n, says, has, least, blocks in lines:
        numbers, extremes = together.get(tuple(name), ([], []))
        together[tuple(name)] = [*numbers, (n, n * blocks)], [*extremes, (says, has, -least)]
    for name, (numbers, extremes) in together.items():
        n, blocks = np.sum(numbers, axis=0)
        says, has, below = np.max(extremes, axis=0)
        yield [*name, int(n), says, has, -below, blocks / n]


def section(found):
    """The `Section`."""
    shapes, nights, edges, alarms, failures = [], [], [], [], []
    for kind, negative, penalty, n, says, has, least, blocks in _worst(found.get("shapes", [])):
        good = max(says, has) <= NEAR and least >= NOTHING
        if not good:
            failures.append(
                f"blocks of {kind}: {max(says, has):.2g} off the best division, least loss {least:.2g}"
            )
        sign = "yes" if negative else "no"
        numbers = f"{penalty:g}", n, f"{blocks:.1f}", f"{max(says, has):.1e}", f"{least:.1e}"
        shapes.append([kind, sign, *numbers, verdict(good)])
    for kind, n, near, n_found, beyond in added(found.get("edges", []), 1):
        bright = kind.startswith("bright")
        good = near / n >= RECOVERED
        if bright and not good:
            failures.append(f"blocks of {kind}: {100 * near / n:.1f} % of the edges within a row")
        numbers = with_binomial(near / n, n), with_binomial(beyond / max(n_found, 1), max(n_found, 1))
        edges.append([kind, n, *numbers, verdict(good) if bright else ""])
    for norm, n, several in added(found.get("constants", []), 1):
        good = abs(several / n - P0) <= 3 * np.sqrt(P0 * (1 - P0) * (1 / n + 1 / N_TOYS))
        if not good:
            failures.append(f"blocks of constant sources: {100 * several / n:.1f} % for {100 * P0:g} %")
        alarms.append([f"{10 * norm:g}", n, with_binomial(several / n, n), verdict(good)])
    for what, width, n_rows, blocks, cost, says, has, least, across in found.get("public", []):
        good = max(abs(says), abs(has)) <= NEAR and least >= NOTHING and not across
        if not good:
            failures.append(
                f"blocks of the public runs ({what}, {width}): {max(abs(says), abs(has)):.2g} off"
            )
        name = {"flare": "flare night", "years": "flare night and 2008"}[what]
        numbers = n_rows, blocks, f"{cost:.3f}", f"{max(abs(says), abs(has)):.1e}", across
        nights.append([name, width, *numbers, verdict(good)])
    text = (
        "Light curves of 48 rows of 5 minutes in 1D, drawn from the demo's night: one to three steps, or pulses "
        "exponential to both sides, of 10 to 30 times the quiescent flux (bright) or 1.5 to 4 times (faint); and "
        "PKS 2155-304, 0.7-20 TeV, index 3.4. The best of all divisions is from a scan of the likelihood of every "
        f"block and an O(n²) dynamic programme, which share no code with tevcurve's. Totals are the losses (half the "
        "rise of the statistic from the rows' own fluxes to the block's) and a penalty for each block. Bars: the total "
        f"that is said and that of the division it is of within {NEAR:g} of the best; no loss below zero (but "
        "rounding); no block that reaches from 2006 to 2008.\n\n"
        + table(
            (
                "shape",
                "below zero",
                "penalty",
                "light curves",
                "blocks",
                "largest difference",
                "least loss",
                "bar",
            ),
            shapes,
        )
        + "\n\n"
        + table(("runs", "rows of", "rows", "blocks", "total", "difference", "over years", "bar"), nights)
        + f"\n\nEdges of steps that have an edge of a block at most a row away, with the penalty of p0 = {P0:g} "
        f"(bright ones: at least {100 * RECOVERED:g} %), and edges of blocks that are further from any true one; and "
        f"constant sources that are more than one block, {100 * P0:g} % wanted.\n\n"
        + table(("shape", "true edges", "found (%)", "found where there is none (%)", "bar"), edges)
        + "\n\n"
        + table(("counts in a row", "light curves", "several blocks (%)", "bar"), alarms)
    )
    bar = (
        "Blocks of rows are the best division, on flares too",
        f"{len(failures)} kinds miss it",
        not failures,
    )
    return Section("Blocks of rows on flares", text, failures=failures, bars=[bar])
