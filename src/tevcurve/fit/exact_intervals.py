"""Intervals of flux factors that cover at any number of counts, in place of those by a rise of the likelihood.

They are of Feldman & Cousins 1998 (Phys. Rev. D 57, 3873): unified, so that a weak source has an interval from zero,
whose upper end is a limit, and never empty.
"""

import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.feldman_cousins import known_background_intervals
from tevcurve.kernels.profile_construction import onoff_intervals


def onoff_norm_intervals(n_on, n_off, alpha, signal, level):
    """(lower, upper) ends (n,) of the intervals of flux factors, from counts that are summed over energies and runs.

    The sums are one pair of Poisson numbers only where all that is summed has the same alpha; else `alpha` is the
    effective one, sum(alpha * n_off) / sum(n_off).

    Parameters
    ----------
    n_on, n_off, alpha : float arrays (n,)
    signal : float array (n,), ON counts expected from the source at flux factor 1
    level : float, confidence level

    Raises `InputError` for counts that are not whole numbers.
    """
    _check_whole(n_on, "ON counts")
    _check_whole(n_off, "OFF counts")
    lower, upper = onoff_intervals(n_on, n_off, alpha, level)
    return lower / signal, upper / signal


def known_norm_intervals(counts, background, signal, level):
    """(lower, upper) ends (n,) of the intervals of flux factors, from counts on a background that is known.

    Parameters
    ----------
    counts, background : float arrays (n,), summed over energies and runs: seen, and expected without the source
    signal : float array (n,), counts expected from the source at flux factor 1
    level : float, confidence level

    Raises `InputError` for counts that are not whole numbers.
    """
    _check_whole(counts, "counts")
    lower, upper = known_background_intervals(counts, background, level)
    return lower / signal, upper / signal


def _check_whole(counts, name):
    odd = np.flatnonzero(counts != np.floor(counts))
    if len(odd):
        raise InputError(
            f"interval='feldman-cousins' is for counts, and a time bin has {counts[odd[0]]:g} {name}; "
            "wanted are whole numbers."
        )
