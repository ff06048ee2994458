"""Exponentials averaged over pieces of time, in closed form; times and time scales in one unit."""

import numpy as np


def log_mean_growth(
    rate: np.ndarray, row: np.ndarray, start: np.ndarray, stop: np.ndarray, weight: np.ndarray, n_rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """(log of the mean, mean time) of exp(rate*t) over the pieces of each row, two arrays (n_rows,).

    The mean time is weighted with the exponential: the derivative of the logarithm in the rate.

    Parameters
    ----------
    rate : float array (n_rows,), one over the unit of the times
    row : int array (n,), the row of each piece
    start, stop : float arrays (n,), times of both ends of each piece
    weight : float array (n,), of each piece
    n_rows : int, number of rows
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


def growth_rate(
    log_ratio: np.ndarray,
    early: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    late: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    """Rates (n,) of exponentials whose means over two rows have given ratios; infinite ratios give infinite rates.

    Parameters
    ----------
    log_ratio : float array (n,), log of the late over the early mean
    early, late : pieces (row, start, stop, weight) of both rows of each pair, rows numbered 0 to n - 1
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


def pulse_means(
    t0: float,
    rise: float,
    decay: float,
    row: np.ndarray,
    start: np.ndarray,
    stop: np.ndarray,
    weight: np.ndarray,
    n_rows: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Means over the pieces of each row of the pulse exp((t - t0)/rise) before t0 and exp(-(t - t0)/decay) after it.

    Of one pulse: an array (n_rows,), and its derivatives (3, n_rows) in t0, rise and decay.

    Parameters
    ----------
    t0 : float, time of the peak
    rise, decay : float, times before and after it, above 0, in the unit of `t0`
    row : int array (n,), the row of each piece
    start, stop : float arrays (n,), times of both ends of each piece
    weight : float array (n,), of each piece
    n_rows : int, number of rows
    """
    share = weight / (stop - start) / np.bincount(row, weight, n_rows)[row]
    low, high = _pulse_integral(start - t0, rise, decay), _pulse_integral(stop - t0, rise, decay)
    # In t0 an integral falls as its upper edge's height, and rises as its lower one's.
    parts = high[0] - low[0], low[1] - high[1], high[2] - low[2], high[3] - low[3]
    mean, *slopes = (np.bincount(row, share * part, n_rows) for part in parts)
    return mean, np.stack(slopes)


def pulse_shapes(
    t0: np.ndarray,
    rise: np.ndarray,
    decay: np.ndarray,
    row: np.ndarray,
    start: np.ndarray,
    stop: np.ndarray,
    weight: np.ndarray,
    n_rows: int,
) -> np.ndarray:
    """The means of many pulses, (n_pulses, n_rows).

    Parameters
    ----------
    t0, rise, decay : float arrays (n_pulses,), see `pulse_means`
    row : int array (n,), the row of each piece
    start, stop : float arrays (n,), times of both ends of each piece
    weight : float array (n,), of each piece
    n_rows : int, number of rows
    """
    share = weight / (stop - start) / np.bincount(row, weight, n_rows)[row]
    t0, rise, decay = (each[:, None] for each in (t0, rise, decay))
    integral = _pulse_integral(stop - t0, rise, decay)[0] - _pulse_integral(start - t0, rise, decay)[0]
    spread = np.zeros((len(row), n_rows))
    spread[np.arange(len(row)), row] = share
    return integral @ spread


def _pulse_integral(
    since: np.ndarray, rise: float | np.ndarray, decay: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(integral of a pulse, height, derivatives of the integral in rise and decay) at times since its peak."""
    before, after = np.minimum(since, 0) / rise, np.maximum(since, 0) / decay
    up, down = np.exp(before), np.exp(-after)
    return rise * up - decay * down, up * down, up * (1 - before), -down * (1 + after)
