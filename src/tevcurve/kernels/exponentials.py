"""Exponentials averaged over pieces of time, in closed form; times and time scales in one unit."""

import numpy as np


def log_mean_growth(rate, row, start, stop, weight, n_rows):
    """(log of the mean, mean time) of exp(rate*t) over the pieces of each row, two arrays (n_rows,).

    The mean time is weighted with the exponential: the derivative of the logarithm in the rate.

    rate: float array (n_rows,). row: int array (n,), the row of each piece. start, stop, weight: float arrays (n,).
    """
    middle, half, k = 0.5 * (start + stop), 0.5 * (stop - start), rate[row]
    x = np.abs(k * half)
    # log(sinh(x)/x) and its derivative coth(x) - 1/x, without overflow, and by their series near 0.
    small = x < 1e-3
    safe = np.where(small, 1.0, x)
    log_ratio = np.where(small, x**2 / 6, safe + np.log1p(-np.exp(-2 * safe)) - np.log(2 * safe))
    lever = np.where(small, x / 3, 1 / np.tanh(safe) - 1 / safe)
    height = k * middle + log_ratio + np.log(weight)
    top = np.full(n_rows, -np.inf)
    np.maximum.at(top, row, height)
    share = np.exp(height - top[row])
    total = np.bincount(row, share, n_rows)
    time = np.bincount(row, share * (middle + np.sign(k) * half * lever), n_rows) / total
    return top + np.log(total) - np.log(np.bincount(row, weight, n_rows)), time


def growth_rate(log_ratio, early, late):
    """Rates (n,) of exponentials whose means over two rows have given ratios; infinite ratios give infinite rates.

    log_ratio: float array (n,), log of the late over the early mean. early, late: pieces (row, start, stop, weight)
    of both rows of each pair, rows numbered 0 to n - 1.
    """
    n = len(log_ratio)
    finite = np.isfinite(log_ratio)
    wanted, rate = np.where(finite, log_ratio, 0.0), np.zeros(n)
    for _ in range(100):
        (low, low_time), (high, high_time) = (
            log_mean_growth(rate, *pieces, n_rows=n) for pieces in (early, late)
        )
        step = (wanted - (high - low)) / (high_time - low_time)
        rate = rate + step
        if np.all(np.abs(step) <= 1e-12 * np.abs(rate)):
            break
    return np.where(finite, rate, log_ratio)


def pulse_means(t0, rise, decay, row, start, stop, weight, n_rows):
    """Means over the pieces of each row of the pulse exp((t - t0)/rise) before t0 and exp(-(t - t0)/decay) after it.

    An array (n_rows,), and its derivatives (3, n_rows) in t0, rise and decay.
    """
    total = np.bincount(row, weight, n_rows)
    share = weight / (stop - start) / total[row]
    parts = []
    ends = []
    for edge in (start - t0, stop - t0):
        before, after = np.minimum(edge, 0) / rise, np.maximum(edge, 0) / decay
        up, down = np.exp(before), np.exp(-after)
        # The integral up to an edge, and its derivatives.
        ends.append((rise * up - decay * down, up * (1 - before), -down * (1 + after)))
        parts.append(np.where(edge < 0, up, down))
    mean = np.bincount(row, share * (ends[1][0] - ends[0][0]), n_rows)
    in_t0 = np.bincount(row, share * (parts[0] - parts[1]), n_rows)
    in_rise = np.bincount(row, share * (ends[1][1] - ends[0][1]), n_rows)
    in_decay = np.bincount(row, share * (ends[1][2] - ends[0][2]), n_rows)
    return mean, np.stack([in_t0, in_rise, in_decay])
