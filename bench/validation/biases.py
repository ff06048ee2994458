"""Item 2: bias of the ON/OFF fit with a free background in every energy bin, and of bins that stop at events."""

import astropy.units as u
import numpy as np

from tevcurve import light_curve
from tevcurve.demo import demo_observations
from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.onoff_profile import OnOffProfile
from tevcurve.lightcurve.bins import by_counts, by_significance, by_width
from validation.nights import BAND, POSITION, SPECTRUM, observations, source
from validation.report import Section, table

N_ENERGIES = 10
# Counts of a power law of index 2.5 over a decade of energy, in equal steps of its logarithm.
SHARES = 10 ** (-0.15 * np.arange(N_ENERGIES))
SHARES = SHARES / SHARES.sum()


def free_backgrounds(signal, background, alpha, n, rng):
    """(mean, error) of the relative bias of n fits over ten energy bins with the same background in each."""
    cells = n * N_ENERGIES
    source = np.tile(signal * SHARES, n)
    on = rng.poisson(source + background / N_ENERGIES).astype(float)
    off = rng.poisson(background / alpha / N_ENERGIES * np.ones(cells)).astype(float)
    profile = OnOffProfile(np.repeat(np.arange(n), N_ENERGIES), on, off, np.full(cells, alpha), source, n)
    norm = estimate_norms(profile, negative=True).norm - 1
    return norm.mean(), norm.std() / np.sqrt(n)


def stopping(binning, n_nights, factor):
    """(mean, error, number) of the relative bias of the fluxes of all bins, the last one of each night left out."""
    true = SPECTRUM.integral(*BAND).to_value("cm-2 s-1") * factor
    plan, found = demo_observations()[:4], []
    for night in range(n_nights):
        drawn = observations([source(factor=factor)], 5000 + night, plan)
        curve = light_curve(drawn, POSITION, binning, BAND, "1d", SPECTRUM)
        # The last bin has what is left, and did not stop by itself.
        found.append(np.asarray(u.Quantity(curve.table["flux"]).to_value("cm-2 s-1"))[:-1] / true - 1)
    found = np.concatenate(found)
    return found.mean(), found.std() / np.sqrt(len(found)), len(found)


def section(n_fits, n_nights, rng):
    """The `Section`."""
    free = []
    for alpha in (1.0, 0.05):
        for background in (0.1, 1.0, 10.0):
            for signal in (3.0, 10.0, 100.0):
                mean, error = free_backgrounds(signal, background, alpha, n_fits, rng)
                free.append(
                    [f"{alpha:g}", f"{signal:g}", f"{background:g}", f"{100 * mean:+.1f} ± {100 * error:.1f}"]
                )
    binnings = [("by_width('5 min')", by_width("5 min"))]
    binnings += [(f"by_counts({n})", by_counts(n)) for n in (5, 10, 20)]
    binnings += [(f"by_significance({ts})", by_significance(ts)) for ts in (9, 16, 25)]
    stopped = []
    for name, binning in binnings:
        mean, error, number = stopping(binning, n_nights, 0.3)
        stopped.append([name, f"{number:,}", f"{100 * mean:+.1f} ± {100 * error:.1f}"])
    text = (
        f"ON/OFF with a free background in each of ten energy bins (wstat), {n_fits:,} "
        f"draws each, fluxes that may be "
        "negative; signal and background are the counts in the ON region in all ten bins together, "
        "the signal a power law of index 2.5 "
        "over a decade, the background flat.\n\n"
        + table(("alpha", "signal", "counts behind", "bias of the flux (%)"), free)
        + f"\n\nBins that stop at events: {n_nights} nights of four runs of 20 minutes with a constant source of "
        "3.6e-12 cm-2 s-1 TeV-1 at 1 TeV, simulated as events and taken through the "
        "pipeline in 1D; unweighted mean of the fluxes "
        "of all bins but the last of each night.\n\n"
        + table(("time bins", "bins", "bias of the flux (%)"), stopped)
    )
    return Section("2. The statistics: biases", text)
