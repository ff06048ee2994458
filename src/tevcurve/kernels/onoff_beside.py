"""The ON/OFF likelihood with known counts of other sources in both regions, its background profiled in closed form.

In a cell, n_on counts are expected as mu_sig + on + alpha*mu_bkg and n_off counts as off + mu_bkg, with `on` and `off`
known and mu_bkg >= 0 unknown. With x = mu_bkg + off this is the likelihood of `tevcurve.kernels.onoff` for the signal
mu_sig + on - alpha*off and the background x, whose best value is the one there unless that is below `off`: then no
background is left, and both expectations are known.
"""

import numpy as np

from tevcurve.kernels.onoff import poisson_deviance, profile_background, wstat_profile


def profile_beside(
    n_on: np.ndarray,
    n_off: np.ndarray,
    alpha: np.ndarray,
    mu_sig: np.ndarray,
    on: np.ndarray,
    off: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Deviance, its slope and its curvature in mu_sig, each at the background that fits best.

    Parameters
    ----------
    n_on, n_off : float arrays, counts; all arguments broadcast
    alpha : float array, ratio of the acceptances, ON over OFF
    mu_sig : float array, counts of the source in ON
    on, off : float arrays >= 0, counts of other sources in ON and in OFF
    """
    n_on, n_off, alpha, mu_sig, on, off = (
        np.asarray(each, dtype=float) for each in np.broadcast_arrays(n_on, n_off, alpha, mu_sig, on, off)
    )
    shifted = mu_sig + on - alpha * off
    both = profile_background(n_on, n_off, alpha, shifted)
    stat, slope, curvature = wstat_profile(n_on, n_off, alpha, shifted)
    # Where no background is left, what is expected in ON is not negative.
    bare = np.flatnonzero(both < off)
    expected, counts = np.maximum((mu_sig + on).flat[bare], 0.0), n_on.flat[bare]
    known = off.flat[bare], n_off.flat[bare]
    deviance = poisson_deviance(counts, expected, expected - counts)
    deviance += poisson_deviance(known[1], known[0], known[0] - known[1])
    per_count = np.divide(counts, expected, out=np.zeros(len(bare)), where=counts > 0)
    bent = np.divide(per_count, expected, out=np.zeros(len(bare)), where=counts > 0)
    stat.flat[bare], slope.flat[bare], curvature.flat[bare] = 2 * deviance, 2 * (1 - per_count), 2 * bent
    return stat, slope, curvature


def background_beside(
    n_on: np.ndarray,
    n_off: np.ndarray,
    alpha: np.ndarray,
    mu_sig: np.ndarray,
    on: np.ndarray,
    off: np.ndarray,
) -> np.ndarray:
    """Counts of the background in OFF that fit best; the arguments are those of `profile_beside`.

    Parameters
    ----------
    n_on, n_off, alpha, mu_sig, on, off : see `profile_beside`
    """
    return np.maximum(profile_background(n_on, n_off, alpha, mu_sig + on - alpha * off) - off, 0.0)
