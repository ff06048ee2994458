"""Item 2: bias of fluxes in time bins that stop at events."""

import astropy.units as u
import numpy as np

from tevcurve import light_curve
from tevcurve.demo import POSITION, demo_observations
from tevcurve.lightcurve.bins import by_counts, by_significance, by_width
from validation.nights import BAND, SPECTRUM, observations, source
from validation.parts import sizes, some
from validation.report import Section, table

# Of the flux of 1.2e-11 cm-2 s-1 TeV-1 at 1 TeV.
FACTOR = 0.3
BINNINGS = (
    {"by_width('5 min')": by_width("5 min")}
    | {f"by_counts({n})": by_counts(n) for n in (5, 10, 20, 50)}
    | {f"by_significance({ts})": by_significance(ts) for ts in (9, 16, 25, 49)}
)


def fluxes_of_nights(first, n_nights, seed=5000):
    """Dict of binning to a list of (fluxes in units of the true one, good time in s) of the bins of each night.

    The last bin of a night has what is left, did not stop by itself, and is left out.
    """
    true = SPECTRUM.integral(*BAND).to_value("cm-2 s-1") * FACTOR
    plan, found = demo_observations()[:4], {name: [] for name in BINNINGS}
    for night in range(first, first + n_nights):
        drawn = observations([source(factor=FACTOR)], seed + night, plan)
        # With these options nothing else biases fluxes of few counts.
        curve = light_curve(
            drawn, POSITION, by_width("5 min"), BAND, "1d", SPECTRUM, negative=True, background="shape"
        )
        for name, binning in BINNINGS.items():
            rows = curve.rebin(time_bins=binning).table
            flux = u.Quantity(rows["flux"]).to_value("cm-2 s-1") / true
            found[name].append((flux[:-1], u.Quantity(rows["livetime"]).to_value("s")[:-1]))
    return found


def sums_of(nights):
    """Of each night the number of bins, the sums of fluxes, of good times and of both multiplied; list of lists."""
    return [
        [len(flux), float(flux.sum()), float(time.sum()), float((time * flux).sum())] for flux, time in nights
    ]


def mean_bias(sums, weighted):
    """(relative bias of the mean of all bins, its error from the spread of nights), from `sums_of` them."""
    number, flux, time, both = np.array(sums, dtype=float).T
    value, weight = (both, time) if weighted else (flux, number)
    mean, n = value.sum() / weight.sum(), len(sums)
    spread = np.sqrt(n / (n - 1) * np.sum((value - mean * weight) ** 2)) / weight.sum()
    return float(mean - 1), float(spread)


def pieces(share):
    """Pieces of `measure`: some nights each."""
    return [list(each) for each in sizes(some(share, 250, 4), 10)]


def measure(first, n_nights, rng):
    """What `section` shows, dict: `sums_of` the nights of each binning; the night's number is its seed."""
    return {name: sums_of(nights) for name, nights in fluxes_of_nights(first, n_nights).items()}


def section(found):
    """The `Section`."""
    rows = []
    for name, sums in found.items():
        both = [mean_bias(sums, weighted) for weighted in (False, True)]
        number = sum(each[0] for each in sums)
        rows.append(
            [name, f"{number:,}", *(f"{100 * mean:+.1f} ± {100 * error:.1f}" for mean, error in both)]
        )
    text = (
        f"{len(sums):,} nights of four runs of 20 minutes with a constant source of 3.6e-12 cm-2 s-1 TeV-1 at "
        '1 TeV, simulated as events and taken through the pipeline in 1D, with `background="shape"` and '
        "`negative=True`, so that nothing else biases the fluxes. A bin that stops at an event ends when the "
        "counts happen to be high, so its flux is too high on average; bins of fixed width are the control. Mean of "
        "the fluxes of all bins but the last of each night, which did not stop by itself, each bin with the same "
        "weight, and weighted by live time; errors from the spread of nights.\n\n"
        + table(("time bins", "bins", "bias (%)", "bias, weighted by live time (%)"), rows)
    )
    return Section("2. The statistics: time bins that stop at events", text)
