"""The minimum of the cash statistic in two norms, by Newton's method on dense arrays, to hold fits against."""

import numpy as np


def minimum_of_cash(counts, signal, background):
    """Norms of signal and background at the minimum of cash (Cash 1979, ApJ 228, 939), and their covariance."""
    used = signal + background > 0
    counts, templates = counts[used], np.stack([signal[used], background[used]])
    norms = np.ones(2)
    for _ in range(50):
        expected = norms @ templates
        gradient = templates.sum(axis=1) - templates @ (counts / expected)
        hessian = (templates * (counts / expected**2)) @ templates.T
        step = np.linalg.solve(hessian, gradient)
        while np.any(norms - step <= 0):
            step = step / 2
        norms = norms - step
    assert np.all(np.abs(step) < 1e-10)
    return norms, np.linalg.inv(hessian)


def cash(counts, expected):
    """Cash, summed over all cells; a cell where nothing is expected has no counts."""
    seen = counts > 0
    return 2 * (expected.sum() - np.sum(counts[seen] * np.log(expected[seen])))
