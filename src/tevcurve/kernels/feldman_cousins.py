"""Intervals with exact coverage for a signal on a known background, from one count each, many at once.

Feldman & Cousins 1998, Phys. Rev. D 57, 3873: at each signal mu, counts n are accepted in the falling order of

    R(n) = P(n | mu + b) / P(n | max(n, b)),        log R(n) = n*log(mu + b) - (mu + b) - g(n),

g(n) = n*log(max(n, b)) - max(n, b), until their probabilities sum up to the confidence level. The interval has the
signals at which the observed count is accepted. As g is convex, R has one peak; a count m overtakes the observed
count n0 where log(mu + b) is the slope of the chord of g between the two. So the expectations mu + b at which
anything changes are known in closed form, and between two of them the counts that come before n0 stay the same: from
n0 + 1 to some m above it. Their probability first rises and then falls with the expectation, and the ends of
the interval are found without a grid.

An interval may have holes; its ends are the outermost ones. An upper end that would rise with the background is
raised at the smaller backgrounds too (section IV B of the paper).
"""

import numpy as np
from scipy.special import gammaln, pdtr, xlogy

# Counts that are looked at together, from the farthest that can matter inwards.
BLOCK = 8
MAX_STEPS = 100
# Of the jumps of the upper end at larger backgrounds the first one is the highest; it is among so many counts.
JUMPS = 4
# Counts so many standard deviations below their expectation do not occur.
REACH = 9.0
# Rows with so many more counts than background are too far from the first jump for it to matter.
CLEAR_EXCESS = 3


def known_background_intervals(
    counts: float | np.ndarray, background: float | np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """(lower, upper) ends of the signal's intervals, float arrays in counts, 0 <= lower <= upper.

    Parameters
    ----------
    counts : array of whole numbers >= 0
    background : array of expected counts >= 0; it broadcasts with `counts`
    level : float, confidence level, such as 0.9; where ends are raised, exact from 0.6 on
    """
    counts, background = np.broadcast_arrays(
        np.asarray(counts, dtype=float), np.asarray(background, dtype=float)
    )
    shape, counts, background = counts.shape, counts.ravel(), background.ravel()
    upper, last = _upper_end(counts, background, level)
    upper = np.maximum(upper - background, _jumps_ahead(counts, background, last, level))
    lower = _lower_end(counts, background, level) - background
    return np.maximum(lower, 0.0).reshape(shape), np.maximum(upper, 0.0).reshape(shape)


def _upper_end(counts: np.ndarray, background: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """(highest expectation (n,) at which the counts are accepted, the last count that comes before them there)."""
    # Beyond, both tails together are less than 1 - level, by Chernoff's bound on each.
    rise = np.log(2 / (1 - level))
    start = np.maximum(counts, background)
    farthest = start + rise + np.sqrt(rise**2 + 2 * rise * start)
    last = np.ceil(farthest + rise + np.sqrt(rise**2 + 2 * rise * farthest))
    end, at = background.copy(), np.maximum(counts, np.floor(background))
    going = np.arange(len(counts))
    while len(going):
        n, b = counts[going, None], background[going, None]
        m = last[going, None] - np.arange(BLOCK)
        left = np.maximum(_overtaking(n, m, b), b)
        right = _overtaking(n, m + 1, b)
        possible = (right > left) & (m >= n)
        at_right = possible & (_between(n, m, right) < level)
        found = at_right | (possible & (_between(n, m, left) < level))
        has, first = found.any(axis=1), found.argmax(axis=1)
        k, at_k = np.flatnonzero(has), first[has]
        rows, own = going[k], (k, at_k)
        at[rows] = m[own]
        crossing = _root(counts[rows], m[own], left[own], right[own], level)
        end[rows] = np.where(at_right[own], right[own], crossing)
        last[going] -= BLOCK
        going = going[~has & (last[going] >= counts[going])]
    return end, at


def _lower_end(counts: np.ndarray, background: np.ndarray, level: float) -> np.ndarray:
    """Lowest expectation (n,) at which the counts are accepted."""
    rise = np.log(2 / (1 - level))
    first = np.floor(counts - 2 * rise - 2 * np.sqrt(2 * rise * counts))
    # Farther below the background there is nothing to sum, so that all expectations there are as one.
    lowest = np.floor(background - REACH * np.sqrt(background))
    bottom = np.where(lowest < first, np.maximum(lowest, 0.0), -1.0)
    first = np.maximum(np.minimum(first, lowest), 0.0)
    end = background.copy()
    going = np.flatnonzero(counts > background)
    while len(going):
        n, b = counts[going, None], background[going, None]
        m = first[going, None] + np.arange(BLOCK)
        # The counts from m on, up to n - 1, come before n.
        seen_all = (m == 0) | (m == bottom[going, None])
        left = np.maximum(np.where(seen_all, 0.0, _overtaking(n, np.maximum(m - 1, 0), b)), b)
        right = np.where(m < n, _overtaking(n, m, b), n)
        possible = (right > left) & (m <= n)
        at_left = possible & (_between(m - 1, n - 1, left) < level)
        found = at_left | (possible & (_between(m - 1, n - 1, right) < level))
        has, which = found.any(axis=1), found.argmax(axis=1)
        k = np.flatnonzero(has)
        own, rows = (k, which[k]), going[k]
        crossing = _root(m[own] - 1, counts[rows] - 1, right[own], left[own], level)
        end[rows] = np.where(at_left[own], left[own], crossing)
        first[going] += BLOCK
        going = going[~has & (first[going] <= counts[going])]
    return end


def _jumps_ahead(counts: np.ndarray, background: np.ndarray, last: np.ndarray, level: float) -> np.ndarray:
    """The highest signal (n,) to which the upper end jumps at larger backgrounds, -inf where it does not.

    It jumps where the probability of the counts up to m, just before m + 1 comes before the observed ones too,
    falls below the level.
    """
    highest = np.full(len(counts), -np.inf)
    near = np.flatnonzero(counts < background + CLEAR_EXCESS)
    m = (last[near, None] + np.arange(JUMPS)).ravel()
    n, b = np.repeat(counts[near], JUMPS), np.repeat(background[near], JUMPS)
    peak = np.exp((gammaln(m + 1) - gammaln(n + 1)) / np.maximum(m - n, 1))
    far = m + 1 + 20 * np.sqrt(m + 1) + 40
    k = np.flatnonzero((m > n) & (_between(n, m, peak) >= level))
    mean = _root(n[k], m[k], far[k], peak[k], level)
    # There the chord to m + 1 has the slope log(mean), which depends on the background by b - n*log(b).
    at = _background_of(n[k], (m[k] + 1 - n[k]) * np.log(mean) - xlogy(m[k] + 1, m[k] + 1) + m[k] + 1)
    ahead = (at >= b[k]) & (at <= m[k] + 1)
    np.maximum.at(highest, near[k[ahead] // JUMPS], (mean - at)[ahead])
    return highest


def _background_of(counts: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Background b >= counts with b - counts*log(b) = wanted, NaN where there is none."""
    rise = np.maximum(wanted - counts + xlogy(counts, counts), 0.0)
    b, going = counts + rise + np.sqrt(rise**2 + 2 * rise * counts) + 1e-300, rise > 0
    for _ in range(MAX_STEPS):
        # The function is convex, so that Newton's steps from above stay above.
        step = np.where(going, b - xlogy(counts, b) - wanted, 0.0) / np.where(going, 1 - counts / b, 1.0)
        going = going & (step > 1e-13 * b)
        if not going.any():
            break
        b = np.where(going, b - step, b)
    return np.where(rise > 0, b, np.nan)


def _overtaking(n: np.ndarray, m: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Expectation at which the counts n and m are equal in the order; n where they are the same."""
    same = n == m
    chord = (_g(m, background) - _g(n, background)) / np.where(same, 1.0, m - n)
    return np.where(same, n, np.exp(np.where(same, 0.0, chord)))


def _g(n: np.ndarray, background: np.ndarray) -> np.ndarray:
    best = np.maximum(n, background)
    return xlogy(n, best) - best


def _between(below: np.ndarray, upto: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Probability of counts above `below` (-1 for none) up to `upto`."""
    return pdtr(np.maximum(upto, 0.0), mean) * (upto >= 0) - pdtr(np.maximum(below, 0.0), mean) * (below >= 0)


def _root(
    below: np.ndarray, upto: np.ndarray, accepted: np.ndarray, rejected: np.ndarray, level: float
) -> np.ndarray:
    """Expectation (n,) at which `_between` is the level, by Newton's method in a bracket.

    accepted, rejected : float arrays (n,), where it is below the level, and where it is not
    """
    accepted, rejected = accepted.copy(), rejected.copy()
    mean, going = 0.5 * (accepted + rejected), np.ones(len(accepted), dtype=bool)
    for _ in range(MAX_STEPS):
        excess = _between(below, upto, mean) - level
        accepted, rejected = np.where(excess < 0, mean, accepted), np.where(excess < 0, rejected, mean)
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = mean - excess / (_probability(below, mean) - _probability(upto, mean))
            inside = (newton - accepted) * (newton - rejected) < 0
        step = np.where(inside, newton, 0.5 * (accepted + rejected))
        going &= np.abs(step - mean) > 1e-12 * mean
        if not going.any():
            break
        mean = np.where(going, step, mean)
    return mean


def _probability(n: np.ndarray, mean: np.ndarray) -> np.ndarray:
    return np.where(n >= 0, np.exp(xlogy(n, mean) - mean - gammaln(np.maximum(n, 0.0) + 1)), 0.0)
