"""Sections of the report, their tables and how shares are written."""

from dataclasses import dataclass, field

import numpy as np

# Okabe & Ito's colours, which the colour-blind tell apart, in an order of growing lightness.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")


@dataclass(frozen=True)
class Section:
    """A part of the report: title, markdown text, and figures as a dict of file name to figure.

    failures: list of str, what misses a bar. bars: list of (what is wanted, what was found, whether it is met).
    """

    title: str
    text: str
    figures: dict = field(default_factory=dict)
    failures: list = field(default_factory=list)
    bars: list = field(default_factory=list)


def table(header, rows):
    """A markdown table, str."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def added(lines, n_names):
    """Lines of (names, numbers) with the numbers of equal names added up, in the order of the first of each."""
    sums = {}
    for line in lines:
        key = tuple(line[:n_names])
        sums[key] = sums.get(key, 0) + np.array(line[n_names:])
    return [[*key, *numbers.tolist()] for key, numbers in sums.items()]


def percent(share, digits=1):
    """A share in per cent, str."""
    return f"{100 * share:.{digits}f}"


def with_binomial(share, n):
    """A share with its error, str."""
    return f"{100 * share:.2f} ± {100 * np.sqrt(max(share * (1 - share), 1 / n) / n):.2f}"


def verdict(good):
    """A word for the report."""
    return "met" if good else "**missed**"


def mean_width_pull(pulls):
    """'mean ± error, width ± error' of pulls, str."""
    n = len(pulls)
    width = pulls.std(ddof=1)
    return f"{pulls.mean():+.3f} ± {width / np.sqrt(n):.3f}", f"{width:.3f} ± {width / np.sqrt(2 * n):.3f}"
