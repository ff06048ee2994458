"""The profile of the dense likelihood by brute force: what light curves of simulated cubes are held against."""

import numpy as np
from iminuit import Minuit
from scipy.optimize import brentq
from simulated_cubes import dense_likelihood


def minuit_of(statistic, n, negative=False):
    """iminuit at strategy 2 and a tight tolerance on statistic(a, *others), all but a negative a bounded at zero."""
    minuit = Minuit(lambda *x: min(statistic(*x), 1e9), *np.ones(n))
    minuit.errordef, minuit.strategy, minuit.tol = 1, 2, 1e-5
    minuit.limits = [(None if negative else 0, None), *[(0, None)] * (n - 1)]
    minuit.migrad()
    bounded = np.array(minuit.values)
    # Bounds distort its errors, also where they are far away.
    minuit.limits = [(None, None)] * n
    minuit.tol = 1e-9
    minuit.migrad()
    minuit.hesse()
    if not minuit.valid and minuit.fmin.edm > 1e-9:
        # What ended at its bound stays there: without the bound there is no minimum.
        minuit.values = bounded
        for number in range(1, n):
            minuit.fixed[number] = bounded[number] < 1e-9
        minuit.migrad()
        minuit.hesse()
    assert minuit.valid or minuit.fmin.edm < 1e-9
    return minuit


def best_norm(dataset, flux):
    """Best background norm at a flux, from the root of the slope over all cells."""
    signal, background = flux * dataset.npred_signal().data, dataset.background_model.scaled()
    cells, counts = dataset.cells, dataset.counts.data
    signal, background, counts = signal[cells], background[cells], counts[cells]

    def slope(norm):
        return background.sum() - np.sum(counts * background / (signal + norm * background))

    return (
        0.0 if counts.sum() == 0 or slope(1e-12) >= 0 else brentq(slope, 1e-12, 1e6, xtol=1e-14, rtol=1e-14)
    )


def profile_of(datasets):
    """Statistic of datasets with one flux and a background norm each, as a function of the flux."""
    parts = [(dataset, dense_likelihood(dataset)) for dataset in datasets]
    return lambda flux: sum(statistic(flux, best_norm(dataset, flux)) for dataset, statistic in parts)


def rise_to(profile, best, rise, end):
    """Flux beyond the best one, towards `end`, where the profile has risen by an amount."""
    bottom = profile(best)
    return brentq(lambda flux: profile(flux) - bottom - rise, best, end, xtol=1e-10)
