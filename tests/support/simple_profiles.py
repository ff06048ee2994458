"""Profile statistics in closed form, to hold searches against."""

import numpy as np


class SimpleProfile:
    """A profile made of a function of (flux factors, numbers of the bins) -> (stat, slope, curvature)."""

    def __init__(self, function, counts, total, numbers=None):
        self.function = function
        self.counts, self.total = np.asarray(counts, dtype=float), np.asarray(total, dtype=float)
        self.n = len(self.counts)
        self.numbers = np.arange(self.n) if numbers is None else numbers
        self.asked = []

    def take(self, bins, start=None):
        return SimpleProfile(self.function, self.counts[bins], self.total[bins], self.numbers[bins]), start

    def evaluate(self, a, start=None):
        self.asked.append(np.array(a))
        values = self.function(a, self.numbers)
        return tuple(np.broadcast_to(value, a.shape).astype(float) for value in values), start


def parabolas(center, width):
    """A profile that rises by 1 at one width from its center, arrays (n_bins,); at most some 100 counts."""
    center, width = np.asarray(center, dtype=float), np.asarray(width, dtype=float)

    def values(a, number):
        distance = (a - center[number]) / width[number]
        return distance**2, 2 * distance / width[number], 2 / width[number] ** 2

    counts = 2 * np.maximum(center, 0) + 100
    return SimpleProfile(values, counts, np.ones_like(center))


def poisson_cells(counts, background):
    """A profile of one cell with signal 1 and a known background: stat = 2*(a + b - n*log(a + b))."""
    counts, background = np.asarray(counts, dtype=float), np.asarray(background, dtype=float)

    def values(a, number):
        n, expected = counts[number], a + background[number]
        with np.errstate(divide="ignore", invalid="ignore"):
            logarithm = np.where(n > 0, n * np.log(expected), 0.0)
            share = np.where(n > 0, n / expected, 0.0)
            return 2 * (expected - logarithm), 2 * (1 - share), 2 * share**2 / np.where(n > 0, n, 1.0)

    return SimpleProfile(values, counts, np.ones_like(counts))
