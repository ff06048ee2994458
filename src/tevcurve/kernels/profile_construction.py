"""Intervals for a signal from ON and OFF counts by the profile construction, many at once.

Signals are accepted by the likelihood ratio, as by Feldman & Cousins 1998 (Phys. Rev. D 57, 3873), where the
background is not known but fitted to OFF counts:

    t(n_on, n_off; mu) = wstat(mu) - min over mu' >= 0 of wstat(mu')

At each signal mu the probability of smaller t is summed exactly over all (n_on, n_off), at the background that fits
the observed counts best with that signal: the "profile construction" (Chuang & Lai 2000, Statistica Sinica 10, 1;
Cranmer 2005, PHYSTAT05, arXiv:physics/0511028; t with constant critical values: Rolke, Lopez & Conrad 2005, NIM A
551, 493). A signal is in the interval where that probability is below the confidence level. The true background is
another one: with a few OFF counts the coverage is then up to 6 percentage points short at some signals. So a signal
is accepted, too, where it would be with one standard deviation more or less of that background (as Berger & Boos
1994, JASA 89, 1012, take the worst background of a confidence interval).

At a fixed n_on, t falls with n_off to 0 and then rises, so that the n_off of smaller t are those between two ends.
An interval may have holes; its ends are the outermost ones.
"""

import numpy as np
from scipy.special import gammaln, pdtr, xlogy

from tevcurve.kernels.onoff import profile_background

# Signals at which t is larger are not accepted; above Chernoff's bound for both tails together, which is 0 here.
MARGIN = 2.0
SCAN = 32
# Ends are this many halvings of a step of the scan away from what is accepted, on the safe side.
HALVINGS = 14
# Counts farther than this from their expectation, in standard deviations, are left out: one in a billion.
REACH = 6.0
# With more OFF counts expected than this, the probabilities of t hardly depend on the background any more.
MANY = 100
MAX_STEPS = 200


def onoff_intervals(
    n_on: int | np.ndarray, n_off: float | np.ndarray, alpha: float | np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) ends of the signal's intervals, float arrays in ON counts, 0 <= lower <= upper.

    Parameters
    ----------
    n_on, n_off : arrays of whole numbers >= 0
    alpha : array > 0, ON over OFF acceptance; all three broadcast
    level : float, confidence level, such as 0.9
    """
    arrays = np.broadcast_arrays(*(np.asarray(each, dtype=float) for each in (n_on, n_off, alpha)))
    rows = np.stack([each.ravel() for each in arrays], axis=1)
    rows, which = np.unique(rows, axis=0, return_inverse=True)
    on, off, ratio = rows.T
    best = np.maximum(on - ratio * off, 0.0)
    most = 2 * np.log(2 / (1 - level)) + MARGIN
    farthest = _crossing(on, off, ratio, best, best + 10 + 2 * most + 6 * np.sqrt(rows[:, 0] + 1) * 2, most)
    upper = _end(on, off, ratio, best, farthest, level)
    least = _crossing(on, off, ratio, best, np.zeros(len(best)), most)
    lower = _end(on, off, ratio, best, least, level)
    shape, which = arrays[0].shape, which.ravel()
    return lower[which].reshape(shape), upper[which].reshape(shape)


def _crossing(
    n_on: np.ndarray, n_off: np.ndarray, alpha: np.ndarray, best: np.ndarray, end: np.ndarray, most: float
) -> np.ndarray:
    """Signal (n,) between the best one and an end at which t is `most`; the end where it is not reached."""
    inside, outside = best.copy(), end.copy()
    for _ in range(60):
        middle = 0.5 * (inside + outside)
        t, _ = _statistic(n_on, n_off, alpha, middle)
        inside, outside = np.where(t < most, middle, inside), np.where(t < most, outside, middle)
    return outside


def _end(
    n_on: np.ndarray,
    n_off: np.ndarray,
    alpha: np.ndarray,
    best: np.ndarray,
    farthest: np.ndarray,
    level: float,
) -> np.ndarray:
    """Just beyond the accepted signal (n,) nearest to the farthest one, of those between it and the best one."""

    def accepted(rows: np.ndarray, signal: np.ndarray) -> np.ndarray:
        return preceding_probability(n_on[rows], n_off[rows], alpha[rows], signal) < level

    inside, outside, going = best.copy(), farthest.copy(), np.arange(len(best))
    for step in range(SCAN):
        signal = farthest[going] + (best - farthest)[going] * (step / SCAN)
        good = accepted(going, signal)
        inside[going[good]], outside[going[~good]] = signal[good], signal[~good]
        going = going[~good]
    refined = np.flatnonzero(inside != farthest)
    for _ in range(HALVINGS):
        middle = 0.5 * (inside[refined] + outside[refined])
        good = accepted(refined, middle)
        inside[refined[good]], outside[refined[~good]] = middle[good], middle[~good]
    inside[refined] = outside[refined]
    return inside


def preceding_probability(
    n_on: np.ndarray, n_off: np.ndarray, alpha: np.ndarray, signal: np.ndarray
) -> np.ndarray:
    """Probability (n,) of counts with a smaller t than the observed ones: the least for any of the likely backgrounds.

    A signal is in the interval of a confidence level if this is below it.

    Parameters
    ----------
    n_on, n_off : float arrays (n,), counts
    alpha : float array (n,), ratio of the acceptances, ON over OFF
    signal : float array (n,), signal counts expected in the ON region
    """
    observed, _ = _statistic(n_on, n_off, alpha, signal)
    # Counts with the same t do not come before, whatever the rounding.
    observed = observed * (1 - 1e-9) - 1e-9
    off = profile_background(n_on, n_off, alpha, signal)
    least = _smaller(observed, alpha, signal, off)
    k = np.flatnonzero(off < MANY)
    for other in (off[k] + np.sqrt(off[k] + 0.25), np.maximum(off[k] - np.sqrt(off[k]), 0.0)):
        least[k] = np.minimum(least[k], _smaller(observed[k], alpha[k], signal[k], other))
    return least


def _smaller(bound: np.ndarray, alpha: np.ndarray, signal: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Probability (n,) of t < bound, for a signal and expected OFF counts."""
    on = signal + alpha * off
    first, last = _range(on)
    length = (last - first + 1).astype(int)
    row = np.repeat(np.arange(len(on)), length)
    x = first[row] + np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    low, high = _off_range(x, bound[row], alpha[row], signal[row], off[row])
    chance = np.where(high >= low, _up_to(high, off[row]) - _up_to(low - 1, off[row]), 0.0)
    chance *= np.exp(xlogy(x, on[row]) - on[row] - gammaln(x + 1))
    return np.where(bound > 0, np.bincount(row, chance, len(on)), 0.0)


def _range(mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last count that matter."""
    reach = REACH * np.sqrt(mean)
    return np.maximum(np.floor(mean - reach), 0.0), np.ceil(mean + reach + REACH**2 / 2)


def _up_to(count: np.ndarray, mean: np.ndarray) -> np.ndarray:
    return np.where(count >= 0, pdtr(np.maximum(count, 0.0), mean), 0.0)


def _off_range(
    n_on: np.ndarray, bound: np.ndarray, alpha: np.ndarray, signal: np.ndarray, off: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(lowest, highest) n_off with t < bound at each n_on, floats; the lowest is above the highest for none."""
    middle = np.maximum((n_on - signal) / alpha, 0.0)
    first, last = _range(off)
    above = np.ceil(middle)
    spread = np.sqrt(np.maximum(bound, 0.0) * (n_on + alpha**2 * middle)) / alpha
    ends = []
    for side, inside, outside in (
        (1.0, above - 1, np.maximum(last + 1, above)),
        (-1.0, above, np.minimum(first - 1, above - 1)),
    ):
        ends.append(_last_inside(n_on, bound, alpha, signal, side, inside, outside, middle + side * spread))
    return ends[1], ends[0]


def _last_inside(
    n_on: np.ndarray,
    bound: np.ndarray,
    alpha: np.ndarray,
    signal: np.ndarray,
    side: float,
    inside: np.ndarray,
    outside: np.ndarray,
    guess: np.ndarray,
) -> np.ndarray:
    """The n_off farthest to one side with t < bound: between `inside` and `outside`, one of them at least."""
    inside, outside = inside.copy(), outside.copy()
    going = np.flatnonzero(np.abs(outside - inside) > 1)
    for step in range(MAX_STEPS):
        if not len(going):
            break
        near, far = inside[going], outside[going]
        place = guess[going] if step % 8 != 7 else 0.5 * (near + far)
        at = side * np.clip(np.floor(side * place), side * near + 1, side * far - 1)
        t, slope = _statistic(n_on[going], at, alpha[going], signal[going])
        within = t < bound[going]
        inside[going], outside[going] = np.where(within, at, near), np.where(within, far, at)
        root = np.sqrt(np.maximum(t, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = at + 2 * root * (np.sqrt(np.maximum(bound[going], 0.0)) - root) / slope
        guess[going] = np.where(np.isfinite(newton), newton, 0.5 * (inside[going] + outside[going]))
        going = going[np.abs(outside[going] - inside[going]) > 1]
    return inside


def _statistic(
    n_on: np.ndarray, n_off: np.ndarray, alpha: np.ndarray, signal: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(t, its derivative in n_off) for counts and a signal >= 0, arrays of one shape."""
    quadratic = 2 * alpha * (1 + alpha)
    linear = alpha * (n_on + n_off) - (1 + alpha) * signal
    root = np.sqrt(linear**2 + 2 * quadratic * n_off * signal)
    rising = linear >= 0
    off = np.where(rising, linear + root, 2 * n_off * signal) / np.where(rising, quadratic, root - linear)
    on = signal + alpha * off
    deficit = n_on < alpha * n_off
    with np.errstate(divide="ignore", invalid="ignore"):
        best_off = np.where(deficit, (n_on + n_off) / (1 + alpha), n_off)
        best_on = np.where(deficit, alpha * best_off, n_on)
        log_off = np.where(n_off > 0, np.log(best_off / off), 0.0)
        log_on = np.where(n_on > 0, np.log(best_on / on), 0.0)
        slope = np.where(n_off > 0, 2 * log_off, -np.inf)
    # The residuals are proportional to each other, so that no large numbers are subtracted.
    return 2 * ((on - best_on) + (off - best_off) + n_on * log_on + n_off * log_off), slope
