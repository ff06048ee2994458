"""The Poisson ON/OFF likelihood with its background profiled in closed form, and the Li & Ma significance.

In a cell, n_on counts are expected as mu_sig + alpha*mu_bkg and n_off counts as mu_bkg, alpha being the ratio
of the ON to the OFF acceptance. For each mu_sig the background that fits best solves a quadratic equation;
what is left is a convex function of mu_sig alone, known as wstat (XSPEC manual, appendix on statistics,
"Poisson data with Poisson background"; Cash 1979, ApJ 228, 939). It is given as a deviance: 0 where the fit
is perfect.

At the best background both residuals are proportional to delta = mu_sig - (n_on - alpha*n_off):

    lambda - n_on  =  delta*lambda / (lambda + alpha^2*mu_bkg)
    mu_bkg - n_off = -alpha*delta*mu_bkg / (lambda + alpha^2*mu_bkg),      lambda = mu_sig + alpha*mu_bkg

so that no large numbers are subtracted from each other. All functions broadcast, take counts >= 0 (fractions
too), alpha > 0 and any real mu_sig: below 0 the background fills up what the signal takes away, so lambda
stays >= 0.
"""

import numpy as np

# Below this x - log(1 + x) is taken from its series.
NEAR = 1e-3


def wstat(
    n_on: float | np.ndarray, n_off: float | np.ndarray, alpha: float | np.ndarray, mu_sig: float | np.ndarray
) -> np.ndarray:
    """Deviance of ON and OFF counts at a signal mu_sig, at the background that fits best.

    Arguments are arrays that broadcast: counts, the ratio of acceptances, expected signal counts in the ON
    region.

    Parameters
    ----------
    n_on, n_off : float arrays, counts
    alpha : float array, ratio of the acceptances, ON over OFF
    mu_sig : float array, signal counts expected in the ON region
    """
    return _deviance(*best_fit(n_on, n_off, alpha, mu_sig))


def wstat_profile(
    n_on: float | np.ndarray, n_off: float | np.ndarray, alpha: float | np.ndarray, mu_sig: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Deviance, its slope and its curvature in mu_sig, each at the background that fits best.

    With n_on = n_off = 0 the slope jumps at mu_sig = 0; there it is that of the side mu_sig > 0. The
    curvature jumps where the background reaches 0 (only if n_off = 0) or lambda does (only if n_on = 0);
    there it is that of the side where they stay 0.

    Parameters
    ----------
    n_on, n_off : float arrays, counts
    alpha : float array, ratio of the acceptances, ON over OFF
    mu_sig : float array, signal counts expected in the ON region
    """
    best = best_fit(n_on, n_off, alpha, mu_sig)
    n_on, n_off, alpha, mu_sig, on, off, delta = best
    weight = on + alpha**2 * off
    slope = np.divide(2 * delta, weight, out=np.full(weight.shape, 2.0), where=weight > 0)
    denominator = alpha**2 * n_on * off**2 + n_off * on**2
    curvature = np.divide(2 * n_on * n_off, denominator, out=np.zeros(weight.shape), where=denominator > 0)
    np.divide(2 * n_on, on**2, out=curvature, where=(off == 0) & (n_on > 0))
    np.divide(2 * n_off, mu_sig**2, out=curvature, where=(on == 0) & (mu_sig < 0))
    return _deviance(*best), slope, curvature


def profile_background(
    n_on: float | np.ndarray, n_off: float | np.ndarray, alpha: float | np.ndarray, mu_sig: float | np.ndarray
) -> np.ndarray:
    """Background counts expected in the OFF region that fit best at a signal mu_sig.

    In the ON region alpha times as many are expected. Without OFF counts this is n_on/(1 + alpha) -
    mu_sig/alpha for signals below n_on*alpha/(1 + alpha), and 0 above.

    Parameters
    ----------
    n_on, n_off : float arrays, counts
    alpha : float array, ratio of the acceptances, ON over OFF
    mu_sig : float array, signal counts expected in the ON region
    """
    return best_fit(n_on, n_off, alpha, mu_sig)[5]


def li_ma_significance(
    n_on: float | np.ndarray, n_off: float | np.ndarray, alpha: float | np.ndarray
) -> np.ndarray:
    """Significance of an excess in standard deviations, negative for a deficit.

    Li & Ma 1983, ApJ 272, 317, equation 17: the root of the deviance without a signal.

    Parameters
    ----------
    n_on, n_off : float arrays, counts
    alpha : float array, ratio of the acceptances, ON over OFF
    """
    excess = np.asarray(n_on, dtype=float) - np.multiply(alpha, n_off)
    return np.copysign(np.sqrt(wstat(n_on, n_off, alpha, 0.0)), excess)


def best_fit(
    n_on: float | np.ndarray, n_off: float | np.ndarray, alpha: float | np.ndarray, mu_sig: float | np.ndarray
) -> tuple[np.ndarray, ...]:
    """The arguments as float64 arrays of one shape, the best expectations in ON and OFF, and delta.

    Parameters
    ----------
    n_on, n_off : float arrays, counts
    alpha : float array, ratio of the acceptances, ON over OFF
    mu_sig : float array, signal counts expected in the ON region
    """
    given = np.broadcast_arrays(n_on, n_off, alpha, mu_sig)
    n_on, n_off, alpha, mu_sig = (np.asarray(array, dtype=float) for array in given)
    gains = mu_sig >= 0
    # The equation of the background for mu_sig >= 0 is that of lambda/alpha for -mu_sig with the counts
    # exchanged: alpha*(1 + alpha)*x^2 - linear*x - counts*signal = 0. The other expectation is then a sum of
    # positive terms.
    all_gain = bool(gains.all())
    signal, counts = (mu_sig, n_off) if all_gain else (np.abs(mu_sig), np.where(gains, n_off, n_on))
    quadratic = 2 * alpha * (1 + alpha)
    linear = alpha * (n_on + n_off) - (1 + alpha) * signal
    product = 2 * counts * signal
    larger = np.abs(linear) + np.sqrt(linear**2 + quadratic * product)
    above = linear >= 0
    solution = np.where(above, larger, product) / np.where(above, quadratic, larger)
    on, off = signal + alpha * solution, solution
    if not all_gain:
        on, off = np.where(gains, on, alpha * solution), np.where(gains, off, solution + signal / alpha)
    return n_on, n_off, alpha, mu_sig, on, off, mu_sig - (n_on - alpha * n_off)


def _deviance(
    n_on: np.ndarray,
    n_off: np.ndarray,
    alpha: np.ndarray,
    mu_sig: np.ndarray,
    on: np.ndarray,
    off: np.ndarray,
    delta: np.ndarray,
) -> np.ndarray:
    """Deviance of both regions from the residuals of the module's docstring."""
    weight = on + alpha**2 * off
    per_weight = np.divide(delta, weight, out=np.zeros(weight.shape), where=weight > 0)
    return 2 * (
        poisson_deviance(n_on, on, per_weight * on) + poisson_deviance(n_off, off, -alpha * per_weight * off)
    )


def poisson_deviance(counts: np.ndarray, expected: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Half the Poisson deviance, residual - counts*log(expected/counts), without cancellation.

    residual = expected - counts comes along because the caller knows it better than the difference.

    Parameters
    ----------
    counts, expected, residual : float arrays of one shape
    """
    some = counts > 0
    ratio = np.divide(residual, counts, out=np.zeros(counts.shape), where=some)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Far below the counts the expectation says more than the residual.
        excess = np.where(ratio > -0.5, minus_log1p(ratio), ratio - np.log(expected / counts))
    return np.where(some, counts * excess, residual)


def minus_log1p(x: np.ndarray) -> np.ndarray:
    """x - log(1 + x), with all its digits where x is small too.

    x: float array, above -1.
    """
    made = np.asarray(x - np.log1p(x))
    near = np.abs(x) < NEAR
    if near.any():
        y = x[near]
        made[near] = y * y * (1 / 2 - y * (1 / 3 - y * (1 / 4 - y * (1 / 5 - y * (1 / 6 - y / 7)))))
    return made
