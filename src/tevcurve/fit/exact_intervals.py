"""Intervals of flux factors that cover at any number of counts, in place of those by a rise of the likelihood.

They are of Feldman & Cousins 1998 (Phys. Rev. D 57, 3873): unified, so that a weak source has an interval from zero,
whose upper end is a limit, and never empty.
"""

import numpy as np

from tevcurve.errors import InputError
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
    for name, counts in (("ON", n_on), ("OFF", n_off)):
        odd = np.flatnonzero(counts != np.floor(counts))
        if len(odd):
            raise InputError(
                f"interval='feldman-cousins' is for counts, and a time bin has {counts[odd[0]]:g} {name} counts; "
                "wanted are whole numbers."
            )
    lower, upper = onoff_intervals(n_on, n_off, alpha, level)
    return lower / signal, upper / signal
