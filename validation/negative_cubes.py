"""3D fluxes that may be negative: pulls, errors, limits, rows at the bound, and chances of constant sources."""

from copy import copy
from dataclasses import replace
from functools import cache

import numpy as np
from scipy.special import kolmogorov

from tevcurve import light_curve
from tevcurve.demo import POSITION
from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.bound_cells import BoundCells
from tevcurve.kernels.cash_profile import cash_profile
from tevcurve.kernels.terms import CashTerms
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.variability.chances import null_fits
from tevcurve.lightcurve.variability.constancy import ts_var_test
from tevcurve.lightcurve.variability.row_fits import RowFits
from tevcurve.lightcurve.variability.rows import rows_of
from tevcurve.lightcurve.variability.sequential import Tally
from validation.counting import deviance, pairs_of, probability, textbook
from validation.cubes import cube_dense, cube_profile
from validation.nights import BAND, SPECTRUM, observations, source
from validation.parts import sizes, small, some
from validation.report import Section, added, percent, table, verdict

GRID = [(signal, background) for background in (3.0, 30.0) for signal in (0.0, 3.0, 10.0, 30.0, 100.0)]
LEVEL, LIMIT, LIMIT_RISE = 0.6827, 0.95, 1.6448536**2
# From so many counts of the source pulls and errors are held to bars.
MANY = 30
MEAN_BAR, WIDTH_BAR, COVERAGE_BAR = 0.1, 0.05, 0.03
ALPHA, TOYS, LEAST_P = 0.2, 100, 0.01

DRAWN = ("signal", "background", "pull", "width", "errors", "limits", "likelihood", "at the bound", "bars")
SUMMED = ("signal", "background", "pull", "exact", "width", "exact", "limits", "exact", "at the bound, %")


def pieces(share):
    """Pieces of `measure`: draws of a cube, exact sums over counts of two cells, and campaigns of a constant source."""
    grid = small(share, GRID)
    campaigns = sizes(some(share, 1000, 8), 50)
    return [
        *(["cube", *point, some(share, 20_000, 500)] for point in grid),
        *(["sums", *point, 0] for point in grid),
        *(["campaigns", first, 0.0, n] for first, n in campaigns),
    ]


def measure(kind, first, second, n, rng):
    """What `section` shows of a piece, dict."""
    if kind == "cube":
        return {"cubes": [[first, second, *cube_sums(first, second, n, rng)]]}
    if kind == "sums":
        return {"sums": [[first, second, *exact_sums(first, second)]]}
    return {"chances": constant_chances(n, rng)}


def cube_sums(signal, background, n, rng):
    """Sums over n draws of a cube: draws, pull, its square, errors and limits with the truth in, rows at the bound.

    And with how many of as many draws of dense counts the limit of the likelihood, norms not below zero, has the truth
    in: all, without a source.
    """
    unit = max(signal, 1.0)
    true = np.full(n, signal / unit)
    profile = cube_profile(unit, background, true, rng)
    found = estimate_norms(profile, negative=True, errn_errp=1.0, ul_rise=LIMIT_RISE)
    (stat, _, _), _ = profile.evaluate(true)
    rise = np.maximum(stat - found.stat, 0.0)
    pull = np.sign(found.norm - true) * np.sqrt(rise)
    inside = (true >= found.norm - found.norm_errn) & (true <= found.norm + found.norm_errp)
    held = found.minimum.at_limit
    dense = n if signal == 0 else np.sum(cube_dense(signal, background, n, rng)[0] >= -np.sqrt(LIMIT_RISE))
    sums = pull.sum(), (pull**2).sum(), inside.sum(), (true <= found.norm_ul).sum(), held.sum(), dense
    return [n, *map(float, sums)]


def two_cells(on, off, unit):
    """tevcurve's profile of pairs of cells, the source in the first, with one free background norm each."""
    n, every = len(on), np.ones(len(on))
    block = np.repeat(np.arange(n), 2)
    count = np.column_stack([on, off]).ravel()
    seen = count > 0
    source, behind = np.tile([unit, 0.0], n), np.tile([ALPHA, 1.0], n)
    return cash_profile(
        CashTerms(
            n_bins=n,
            block_bin=np.arange(n),
            shared_total=unit * every[:, None],
            background_total=(1 + ALPHA) * every,
            constant_total=0 * every,
            event_block=block[seen],
            event_count=count[seen],
            event_shared=source[seen][:, None],
            event_background=behind[seen],
            event_constant=np.zeros(np.count_nonzero(seen)),
            lone_count=0 * every,
            lone_log=0 * every,
            bounds=BoundCells.of(block, source, behind, 0 * source),
        )
    )


def exact_sums(signal, background):
    """Of all counts: (mean and width of pulls by tevcurve, both by the closed formula, share at the bound, limits).

    The last are two numbers, coverage of 95 % limits by tevcurve and by the closed formula.
    """
    unit = max(signal, 1.0)
    on, off = pairs_of([signal], background, ALPHA)
    weight = probability(on, off, signal, background, ALPHA)
    weight = weight / weight.sum()
    profile, true = two_cells(on, off, unit), np.full(len(on), signal / unit)
    found = estimate_norms(profile, negative=True, ul_rise=LIMIT_RISE)
    (stat, _, _), _ = profile.evaluate(true)
    rise = np.maximum(stat - found.stat, 0.0)
    code = np.sign(found.norm - true) * np.sqrt(rise)
    # All counts are predicted at the best fit, on - alpha*off, but where there is none in the first cell: then the norm
    # is off/(1 + alpha) whatever the source, and the cell is empty at the source's bound.
    held = on == 0
    best = np.where(held, -ALPHA * off / (1 + ALPHA), on - ALPHA * off)
    least = np.where(held, 2 * off * (np.log1p(ALPHA) - ALPHA / (1 + ALPHA)), 0.0)
    rise = deviance(on, off, signal, background, ALPHA) - least
    exact = np.sign(best - signal) * np.sqrt(np.maximum(rise, 0.0))
    results = []
    for pull in (code, exact):
        mean = np.sum(weight * pull)
        results += [float(mean), float(np.sqrt(np.sum(weight * (pull - mean) ** 2)))]
    limits = true <= found.norm_ul, textbook(on, off, signal, background, ALPHA)[1] >= -np.sqrt(LIMIT_RISE)
    return [*results, *(float(np.sum(weight[each])) for each in (held, *limits))]


@cache
def night_rows():
    """`Rows` of a night in 3D whose source has a fiftieth of the usual flux, in bins of 4 minutes."""
    seen = observations([source(factor=0.02)], 3)
    curve = light_curve(
        seen, POSITION, by_width("4 min"), BAND, "3d", SPECTRUM, negative=True, width="1.6 deg"
    )
    return rows_of(curve)


def constant_chances(n, rng, toys=TOYS):
    """Chances of TS_var (n,) of constant campaigns by toys with the same bound, ties at random, a list."""
    rows, found = night_rows(), []
    null = rows.maker.null_norm(float(rows.fits.constant[0]))
    truth = max(null, 0.0)
    background = rows.maker.measured_background(np.full(rows.n, truth))
    for _ in range(n):
        fits = RowFits(rows.maker.draw(truth, 1, rng, background))
        drawn = replace(rows, fits=fits, maker=_like(rows.maker, fits.profile))
        tally = Tally(drawn, ts_var_test(drawn), toys)
        for each in null_fits(drawn, toys, rng):
            tally.add(each)
        values = tally.values
        observed = float(fits.ts_var[0])
        ties = np.isclose(values, observed, rtol=1e-9, atol=1e-9)
        above = np.count_nonzero((values > observed) & ~ties)
        found.append(float((above + rng.random() * (np.count_nonzero(ties) + 1)) / (len(values) + 1)))
    return found


def _like(maker, profile):
    """The maker of toys of a drawn light curve: the same runs, its own counts."""
    other = copy(maker)
    other.profile = profile
    return other


def section(found):
    """The `Section`."""
    rows, failures, low = [], [], []
    for signal, background, n, pull, square, inside, below, held, dense in added(found["cubes"], 2):
        mean, coverage, limits, likely = pull / n, inside / n, below / n, dense / n
        width = float(np.sqrt(max(square / n - mean**2, 0.0)))
        error = np.sqrt(LIMIT * (1 - LIMIT) / n)
        short = not limits > LIMIT - 3 * error
        if short:
            low.append(limits)
        # Where the likelihood itself covers less, both are drawn, and differ by the errors of both.
        good = not short or abs(limits - likely) < 3 * np.sqrt(2) * error
        if signal >= MANY:
            good &= (
                abs(mean) < MEAN_BAR and abs(width - 1) < WIDTH_BAR and abs(coverage - LEVEL) < COVERAGE_BAR
            )
        if not good:
            failures.append(f"3D, negative=True: {signal:g} counts of the source on {background:g}")
        shares = (percent(each) for each in (coverage, limits, likely, held / n))
        rows.append(
            [f"{signal:g}", f"{background:g}", f"{mean:+.3f}", f"{width:.3f}", *shares, verdict(good)]
        )
    sums, worst = [], 0.0
    for signal, background, mean, width, exact_mean, exact_width, held, limit, exact in found["sums"]:
        worst = max(worst, abs(mean - exact_mean), abs(width - exact_width), abs(limit - exact))
        pairs = f"{mean:+.4f}", f"{exact_mean:+.4f}", f"{width:.4f}", f"{exact_width:.4f}"
        shares = percent(limit, 2), percent(exact, 2), percent(held)
        sums.append([f"{signal:g}", f"{background:g}", *pairs, *shares])
    if not worst < 1e-3:
        failures.append(f"3D, negative=True: pulls or limits are {worst:.2g} off the exact sums")
    values = np.array(found["chances"])
    chance = uniform_chance(values)
    if not chance > LEAST_P:
        failures.append(
            f"3D, negative=True: chances of constant campaigns are not uniform (KS p = {chance:.2g})"
        )
    text = (
        "A cube of 2 energies and 25 pixels with a free background norm; no cell may be predicted below zero. Pulls, "
        "errors (68.3 %), limits (95 %, counted from the best flux that is not below zero) and rows at the bound. "
        f"From {MANY} counts of the source pulls are held to a mean of ±{MEAN_BAR:g} and a width of 1 ± "
        f"{WIDTH_BAR:g}, errors to {100 * COVERAGE_BAR:g} points. Limits are to cover at least 95 % less 3 binomial "
        "errors; where they do not, they are held to what the limit of the likelihood itself covers, norms not below "
        'zero, by a dense fit of all cells to as many draws of its own ("likelihood"; within 3 errors of the '
        f"difference). {shortfall(low)}\n\n"
        + table(DRAWN, rows)
        + "\n\nFew counts against exact sums: two cells "
        "with one background norm, over all pairs of counts with their probabilities; tevcurve and the closed formula. "
        "Limits are in per cent.\n\n"
        + table(SUMMED, sums)
        + f"\n\n{len(values)} nights in 3D with a constant "
        f"source that is hardly seen: the chances of TS_var, from {TOYS} toys with the same bound each, are uniform by "
        f"Kolmogorov & Smirnov with p = {chance:.2g} (ties at random; bar: above {LEAST_P:g}). Mean "
        f"{values.mean():.3f}; {percent(np.mean(values <= 0.01))} % are at most 0.01, "
        f"{percent(np.mean(values <= 0.05))} % at most 0.05, {percent(np.mean(values > 0.9))} % above 0.9."
    )
    bars = [
        (
            "3D, negative=True: pulls, errors, exact sums and chances, and limits as the likelihood's, as above",
            f"worst difference from exact sums {worst:.1g}, KS p = {chance:.2g}",
            not failures,
        ),
        (
            "3D, negative=True: limits cover at least 95 % less 3 binomial errors everywhere",
            f"the lowest {percent(min(low))} %" if low else "everywhere",
            not low,
        ),
    ]
    if low:
        failures.append(
            f"3D limits at {len(low)} points with few counts of background ({percent(min(low))} % at the lowest, as "
            "the likelihood's own)"
        )
    return Section("Fluxes below zero in 3D", text, failures=failures, bars=bars)


def shortfall(low):
    """A sentence on limits that cover less than nominal, from their coverages."""
    if not low:
        return "No limits cover less than that."
    return (
        f"At {len(low)} points they cover less than that, {percent(min(low))} to {percent(max(low))} %: so few counts "
        "of background are too few for a limit from a rise of the likelihood, with fluxes below zero or without."
    )


def uniform_chance(values):
    """The chance of the Kolmogorov-Smirnov distance of values from a uniform distribution."""
    values, n = np.sort(values), len(values)
    steps = np.arange(n + 1) / n
    distance = max(np.max(steps[1:] - values), np.max(values - steps[:-1]))
    return float(kolmogorov((np.sqrt(n) + 0.12 + 0.11 / np.sqrt(n)) * distance))
