"""Toys of rows that have one energy bin of one run each, as closure and the tests of variability draw them."""

import numpy as np

from tevcurve.fit.toys_onoff import OnOffToys
from tevcurve.kernels.onoff_profile import onoff_profile


def single_cell_toys(n_on, n_off, alpha, signal, group, ontime):
    """The `OnOffToys` of rows, from arrays (n_rows,).

    Parameters
    ----------
    n_on, n_off, alpha : float arrays, counts and ON over OFF acceptance
    signal : float array, ON counts expected from the source at norm 1
    group : int array, rows that share a rate of background; ontime : float array, s
    """
    rows = np.arange(len(n_on))
    return OnOffToys(onoff_profile(rows, n_on, n_off, alpha, signal, len(rows)), rows, group, ontime)
