"""Item 2: coverage and bias of whole light curves made with the options of `light_curve`, from simulated events."""

import astropy.units as u
import numpy as np

from tevcurve import light_curve
from tevcurve.demo import POSITION, demo_observations
from tevcurve.lightcurve.bins import by_width
from validation.coverage import LEVEL, LIMIT
from validation.nights import BAND, SPECTRUM, observations, source
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


def measure(n_nights, factors=FACTORS):
    """What `section` shows, dict."""
    inside = {(factor, name): [] for factor in factors for name in COVERING}
    norms = {(factor, name): [] for factor in factors for name in FITS}
    counts = {factor: [] for factor in factors}
    for factor in factors:
        for number in range(n_nights):
            drawn = night(number, factor)
            for name, options in COVERING.items():
                inside[factor, name].append(covering(columns(drawn, options), factor))
            for name, options in FITS.items():
                found = columns(drawn, {"negative": True, **options})
                norms[factor, name].append(found["norm"].mean() / factor)
            counts[factor].append(found["n_on"].mean())
        print(f"  in one call: {n_nights} nights at {factor:g}", flush=True)
    shares = [[*key, *np.concatenate(each, axis=1).mean(axis=1).tolist()] for key, each in inside.items()]
    biases = [
        [*key, float(np.mean(each) - 1), float(np.std(each, ddof=1) / np.sqrt(n_nights))]
        for key, each in norms.items()
    ]
    rows = sum(len(errors) for errors, _ in inside[factors[0], "likelihood"])
    mean_counts = [float(np.mean(counts[factor])) for factor in factors]
    return {
        "factors": list(factors),
        "n_nights": n_nights,
        "n_rows": rows,
        "counts": mean_counts,
        "shares": shares,
        "biases": biases,
    }


def section(found):
    """The `Section`."""
    n, counts = found["n_rows"], dict(zip(found["factors"], found["counts"], strict=True))
    failures, covered, biased = [], [], []
    for factor, name, errors, limits in found["shares"]:
        cells = [with_binomial(share, n) for share in (errors, limits)]
        covered.append([f"{counts[factor]:.1f}", name, *cells])
        for share, level, what in ((errors, LEVEL, "errors"), (limits, LIMIT, "limits")):
            if "Feldman" in name and share < level - 0.01 - 3 * np.sqrt(level * (1 - level) / n):
                failures.append(f"item 2: {what} by {name} in one call cover {100 * share:.1f} %")
    for factor, name, mean, error in found["biases"]:
        biased.append([f"{counts[factor]:.1f}", name, f"{100 * mean:+.1f} ± {100 * error:.1f}"])
    text = (
        f"{found['n_nights']} nights of four runs of 20 minutes with a constant source, simulated as events; light "
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
