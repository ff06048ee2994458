"""Rows whose likelihoods are functions of their log flux."""

import numpy as np
from scipy.stats import poisson

from tevcurve.kernels.log_normal_process import in_log_flux


def counts(on, signal, background):
    """Poisson counts of signal*exp(x) + background."""

    def rows(x):
        flux = np.exp(x)
        expected = signal * flux + background
        stat = -2 * poisson.logpmf(on, expected)
        slope, curvature = 2 * signal * (1 - on / expected), 2 * on * (signal / expected) ** 2
        return in_log_flux(stat, slope, curvature, flux)

    return rows
