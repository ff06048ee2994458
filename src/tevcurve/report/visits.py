"""Nights and campaigns: the stretches of time between which there is no row."""

import numpy as np

from tevcurve.report import words
from tevcurve.report.rows import ReportRows

GAP = 0.4  # days
MOST = 400


def visits(rows: ReportRows) -> list[tuple[str, float, float]]:
    """(words, first MJD, last MJD) of each stretch of rows; none where there is one, or very many.

    rows: `ReportRows`.
    """
    if rows.phase is not None or not len(rows):
        return []
    order = np.argsort(rows.start, kind="stable")
    start, reach = rows.start[order], np.maximum.accumulate(rows.stop[order])
    first = np.flatnonzero(np.append(True, start[1:] > reach[:-1] + GAP))
    last = np.append(first[1:], len(start)) - 1
    if not 1 < len(first) <= MOST:
        return []
    found = []
    for low, high in zip(first.tolist(), last.tolist(), strict=True):
        name = f"MJD {start[low]:.1f}"
        if rows.start_ms is not None:
            name = f"{words.utc_text(rows.start_ms[order][low])[:10]}, {name}"
        found.append((f"{name}, {words.count(high - low + 1, 'row')}", float(start[low]), float(reach[high])))
    return found
