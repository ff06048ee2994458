"""Coverage of the intervals and limits of the hardness ratio, with few counts and more."""

from itertools import pairwise

import astropy.units as u
import numpy as np
from scipy.special import xlogy

from tevcurve import light_curve
from tevcurve.demo import POSITION, demo_observations
from tevcurve.fit.ratios import estimate_ratios
from tevcurve.lightcurve.bins import by_width
from validation.counting import counts_of, poisson, profile_of
from validation.nights import SPECTRUM, observations, source
from validation.parts import sizes, small, some
from validation.report import Section, added, percent, table, verdict

# Mean counts of the source in each band, and of the background, which is known to be 0 or measured in OFF regions.
COUNTS, BACKGROUNDS, ALPHA = (2.0, 2.5, 3.0, 10.0, 30.0), (0.0, 0.2, 1.0, 10.0), 0.2
GRID = [(count, background) for count in COUNTS for background in BACKGROUNDS]
LEVEL, LIMIT, SIGMA_UL = 0.6827, 0.95, 1.6448536
# Intervals and limits are held to a bar from so many counts up.
MANY, BAR = 10.0, 0.03
# Each band's true counts are spread so far around the mean, which averages over the steps of few counts.
SPREAD = 0.2
# Of the flux of 1.2e-11 cm-2 s-1 TeV-1 at 1 TeV: some 2.5, 10 and 30 counts of the source in a band of a time bin.
FACTORS = {0.57: 2.5, 2.25: 10.0, 6.7: 30.0}
BANDS, WIDTH = [0.5, 1.02, 10] * u.TeV, "4 min"
COLUMNS = ("hardness", "hardness_errn", "hardness_errp", "hardness_ll", "hardness_ul")


def held(low, high, lower_limit, upper_limit, true, any_event):
    """[rows, intervals, upper and lower limits with the truth, rows without event] of rows with an event, a list."""
    near = 1e-9 * np.asarray(true)
    inside = (low <= true + near) & (true - near <= high)
    shares = inside, true - near <= upper_limit, lower_limit <= true + near
    sums = (np.count_nonzero(each[any_event]) for each in shares)
    return [int(np.count_nonzero(any_event)), *map(int, sums), int(np.count_nonzero(~any_event))]


def ratios(on, off, background):
    """tevcurve's `RatioEstimate` of two bands; on, off: float arrays (2, n)."""
    alpha = None if background == 0 else ALPHA
    profiles = (profile_of(*pair, background, alpha) for pair in zip(on, off, strict=True))
    return estimate_ratios(*profiles, rise=1.0, ul_rise=SIGMA_UL**2)


def drawn(count, background, n, rng):
    """What `held` says of n draws."""
    signal = count * rng.uniform(1 - SPREAD, 1 + SPREAD, (2, n))
    on, off = rng.poisson(signal + background).astype(float), rng.poisson(background / ALPHA, (2, n))
    found = ratios(on, off.astype(float), background)
    ends = found.low, found.high, found.lower_limit, found.upper_limit
    return held(*ends, signal[0] / signal[1], ~np.isnan(found.ratio))


def exact(count):
    """Coverage of intervals and upper limits by exact sums, without background: tevcurve's and that of the binomial.

    (interval, limit, interval, limit), of all counts that are not 0 in both bands.
    """
    each = counts_of(count)
    first, second = (pair.ravel() for pair in np.meshgrid(each, each, indexing="ij"))
    weight = poisson(first, count) * poisson(second, count) * (first + second > 0)
    weight = weight / weight.sum()
    found = ratios((first, second), (first, second), 0.0)
    # With the total given, the share of the first band is one half.
    deviance = 2 * (xlogy(first, 2 * first) + xlogy(second, 2 * second))
    deviance -= 2 * xlogy(first + second, first + second)
    below = first < second
    shares = [
        (found.low <= 1 + 1e-9) & (found.high >= 1 - 1e-9),
        found.upper_limit >= 1 - 1e-9,
        deviance <= 1 + 1e-9,
        ~below | (deviance <= SIGMA_UL**2 + 1e-9),
    ]
    return [float(weight[share].sum()) for share in shares]


def in_one_call(factor, first, n_nights):
    """(what `held` says of rows of `LightCurve.hardness` of nights of four runs of 20 minutes, ON counts in a band).

    Rows without a ratio, whose lower band has no flux, are counted as those without an event.
    """
    flux = [SPECTRUM.integral(*pair).to_value("cm-2 s-1") for pair in pairwise(BANDS)]
    sums, counts = np.zeros(5, dtype=int), []
    for number in range(first, first + n_nights):
        night = observations([source(factor=factor)], 20_000 + number, demo_observations()[:4])
        curve = light_curve(night, POSITION, by_width(WIDTH), BANDS, "1d", SPECTRUM, norm_values=None)
        found = curve.hardness(upper_limit=LIMIT)
        found = found[np.isfinite(found["hardness"])]
        ratio, errn, errp, lower, upper = (np.asarray(found[name], dtype=float) for name in COLUMNS)
        every = np.ones(len(found), dtype=bool)
        sums += held(ratio - errn, ratio + errp, lower, upper, flux[1] / flux[0], every)
        sums[-1] += len(curve.table) // 2 - len(found)
        counts.append(np.mean(curve.table["n_on"]))
    return sums.tolist(), float(np.mean(counts))


def pieces(share):
    """Pieces of `measure`: draws and exact sums of counts of two bands, and nights in one call."""
    n_nights = some(share, 60, 2)
    return [
        *(["drawn", *point, some(share, 40_000, 1000)] for point in small(share, GRID)),
        *(["exact", count, 0.0, 0] for count in COUNTS),
        *(["call", factor, *each] for factor in FACTORS for each in sizes(n_nights, 20)),
    ]


def measure(kind, mean, second, n, rng):
    """What `section` shows of a piece, dict; nights have seeds of their own."""
    if kind == "drawn":
        return {"drawn": [[mean, second, *drawn(mean, second, n, rng)]]}
    if kind == "exact":
        return {"exact": [[mean, *exact(mean)]]}
    sums, counts = in_one_call(mean, second, n)
    return {"call": [[mean, *sums, counts * n, n]]}


def judged(name, many, sums, failures):
    """Cells of the table of what `held` counted, its bar among them where there are many counts."""
    n, *inside, without = sums
    good = True
    for share, level in zip(np.array(inside) / n, (LEVEL, LIMIT, LIMIT), strict=True):
        good &= abs(share - level) <= BAR + 3 * np.sqrt(level * (1 - level) / n)
    if many and not good:
        failures.append(f"hardness: {name}")
    shares = [percent(each / n) for each in inside]
    return [*shares, f"{n:,}", percent(without / (n + without)), verdict(good) if many else ""]


def section(found):
    """The `Section`."""
    failures, lines, call = [], [], []
    few = {}
    for count, background, *sums in found["drawn"]:
        name = f"{count:g} counts on {background:g} in each band"
        lines.append([f"{count:g}", f"{background:g}", *judged(name, count >= MANY, sums, failures)])
        if count < MANY:
            few.setdefault("intervals", []).append(sums[1] / sums[0])
            few.setdefault("limits", []).append(min(sums[2:4]) / sums[0])
    for factor, *sums, counts, n in added(found["call"], 1):
        name = f"{FACTORS[factor]:g} counts in one call"
        cells = judged(name, FACTORS[factor] >= MANY, [int(each) for each in sums], failures)
        call.append([f"{counts / n:.1f}", *cells])
    worst = max(abs(each[k] - each[k + 2]) for _, *each in found["exact"] for k in (0, 1))
    if not worst < 1e-6:
        failures.append(f"hardness: coverage is {worst:.2g} off the exact sums")
    sums = [[f"{count:g}", *(percent(each, 2) for each in shares)] for count, *shares in found["exact"]]
    header = ("intervals (%)", "upper limits (%)", "lower limits (%)", "rows", "without a ratio (%)", "bar")
    spans = {name: f"{percent(min(each))} to {percent(max(each))} %" for name, each in few.items()}
    text = (
        "The flux of one energy band over that of another, its intervals (68.3 %) and its upper and lower limits (95 % "
        "each) from the profile likelihood. Signals of both bands are drawn within 20 % of the mean; the background "
        f"is none, or measured in OFF regions with alpha {ALPHA:g}. Rows without an event in either band have no "
        f"ratio and are left out. From {MANY:g} counts up coverage is held to {100 * BAR:g} points (and 3 binomial "
        f"errors) of nominal.\n\n**Below that, it is not nominal**: with 2 to 3 counts in each band intervals of "
        f"68.3 % cover {spans['intervals']}, and limits of 95 % {spans['limits']} "
        "(see [the guide](guide/errors_and_limits.md), where counts are few).\n\n"
        + table(("signal", "background", *header), lines)
        + "\n\nThat it is so because of the counts, and not of the code, is said by exact sums: without background "
        "and for a given total, the counts of one band are binomial, and tevcurve's coverage is that of the closed "
        f"formula (largest difference {worst:.1g}).\n\n"
        + table(("signal", "intervals (%)", "limits (%)", "formula (%)", "formula (%)"), sums)
        + f"\n\nBy `hardness` of light curves in 1D of nights of four runs, simulated as events, rows of "
        f"{WIDTH.replace('min', 'minutes')}, bands from {BANDS[0].value:g} to {BANDS[1].value:g} and "
        f"{BANDS[2].value:g} TeV; rows whose lower band has no flux have no ratio.\n\n"
        + table(("ON counts in a band", *header), call)
    )
    bar = (
        "Hardness from 10 counts a band: coverage within 3 points",
        f"{len(failures)} kinds miss it",
        not failures,
    )
    return Section("Hardness", text, failures=failures, bars=[bar])
