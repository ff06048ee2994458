"""Item 2: coverage and bias of whole light curves made with the options of `light_curve`, from simulated events."""

import astropy.units as u
import numpy as np

from tevcurve import light_curve
from tevcurve.demo import POSITION, demo_observations
from tevcurve.lightcurve.bins import by_width
from validation.coverage import LEVEL, LIMIT
from validation.nights import BAND, SPECTRUM, observations, source
from validation.parts import sizes, some
from validation.report import Section, table, verdict, with_binomial

# Of the flux of 1.2e-11 cm-2 s-1 TeV-1 at 1 TeV: some 1.5 and 15 signal counts in a time bin.
FACTORS, WIDTH = (0.05, 0.5), "4 min"
COVERING = {"likelihood": {}, "Feldman-Cousins": {"interval": "feldman-cousins"}}
FITS = {
    "free in each energy bin": {},
    "shape of the run": {"background": "shape"},
    "shape of the night": {"background": "shape", "shape_from": "night"},
}


def night(number, factor):
    """The `Observations` of four simulated runs of 20 minutes with a constant source."""
    return observations([source(factor=factor)], 9000 + number, demo_observations()[:4])


def columns(drawn, options):
    """Columns of the light curve's table in units of the true flux of `SPECTRUM`, dict of float arrays (n_rows,)."""
    curve = light_curve(drawn, POSITION, by_width(WIDTH), BAND, "1d", SPECTRUM, norm_values=None, **options)
    rows = np.asarray(u.Quantity(curve.table["livetime"], u.s) > 0)
    names = ("norm", "norm_errn", "norm_errp", "norm_ul", "n_on")
    return {name: np.asarray(curve.table[name], dtype=float)[rows] for name in names}


def covering(found, true):
    """Bool arrays (n_rows,): whether the errors and the limit have the truth."""
    low, high = found["norm"] - found["norm_errn"], found["norm"] + found["norm_errp"]
    return (low - 1e-9 <= true) & (true <= high + 1e-9), found["norm_ul"] >= true


def pieces(share, factors=FACTORS):
    """Pieces of `measure`: some nights of a flux each."""
    return [[factor, *each] for factor in factors for each in sizes(some(share, 60, 2), 6)]


def measure(factor, first, n_nights, rng):
    """What `section` shows, dict; the night's number is its seed.

    shares: lists of (factor, way, rows, errors and limits with the truth); norms: lists of (factor, way, mean of a
    night's norms in units of the true one); counts: lists of (factor, mean ON counts).
    """
    shares, norms, counts = [], [], []
    for number in range(first, first + n_nights):
        drawn = night(number, factor)
        for name, options in COVERING.items():
            inside = np.array(covering(columns(drawn, options), factor))
            shares.append([factor, name, inside.shape[1], *inside.sum(axis=1).tolist()])
        for name, options in FITS.items():
            found = columns(drawn, {"negative": True, **options})
            norms.append([factor, name, float(found["norm"].mean() / factor)])
        counts.append([factor, float(found["n_on"].mean())])
    return {"shares": shares, "norms": norms, "counts": counts}


def covered_shares(shares):
    """Lists of (factor, way, rows, shares of errors and limits with the truth) of all nights together."""
    sums = {}
    for factor, name, *numbers in shares:
        sums[factor, name] = sums.get((factor, name), 0) + np.array(numbers)
    return [[*key, int(n), errors / n, limits / n] for key, (n, errors, limits) in sums.items()]


def biases_of(norms):
    """Lists of (factor, way, bias, its error from the spread of nights)."""
    found = {}
    for factor, name, norm in norms:
        found.setdefault((factor, name), []).append(norm)
    return [
        [*key, float(np.mean(each) - 1), float(np.std(each, ddof=1) / np.sqrt(len(each)))]
        for key, each in found.items()
    ]


def section(found):
    """The `Section`."""
    counts = {}
    for factor, mean in found["counts"]:
        counts.setdefault(factor, []).append(mean)
    n_nights, counts = len(found["counts"]) // len(counts), {f: np.mean(each) for f, each in counts.items()}
    rows = covered_shares(found["shares"])
    n = rows[0][2]
    failures, covered, biased = [], [], []
    for factor, name, _, errors, limits in rows:
        cells = [with_binomial(share, n) for share in (errors, limits)]
        covered.append([f"{counts[factor]:.1f}", name, *cells])
        for share, level, what in ((errors, LEVEL, "errors"), (limits, LIMIT, "limits")):
            if "Feldman" in name and share < level - 0.01 - 3 * np.sqrt(level * (1 - level) / n):
                failures.append(f"item 2: {what} by {name} in one call cover {100 * share:.1f} %")
    for factor, name, mean, error in biases_of(found["norms"]):
        biased.append([f"{counts[factor]:.1f}", name, f"{100 * mean:+.1f} ± {100 * error:.1f}"])
    text = (
        f"{n_nights} nights of four runs of 20 minutes with a constant source, simulated as events; light "
        f"curves by `light_curve` in 1D in bins of {WIDTH.replace('min', 'minutes')}, {n:,} rows. Coverage of the "
        "errors (68.3 %) and of the limits (95 %), which `interval` chooses, fluxes not negative; and bias of the "
        "fluxes, which may be negative, by `background`. Feldman-Cousins at most 1 point (and 3 binomial errors) below "
        f"nominal: {verdict(not failures)}.\n\n"
        + table(
            ("ON counts in a row", "errors and limits by", "errors cover (%)", "limits cover (%)"), covered
        )
        + "\n\n"
        + table(("ON counts in a row", "background", "bias of the flux (%)"), biased)
    )
    return Section("2. The statistics: in one call", text, failures=failures)
