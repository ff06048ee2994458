"""Where the time axis of the page's figures is cut: at the long gaps between nights."""

from typing import Any

import numpy as np

from tevcurve.lightcurve.plots.gaps import cut_nights
from tevcurve.report.rows import DAY_MS, ReportRows

# Of windows, the least share of the axis that a piece has, so that a date fits below it.
SHORTEST = {"wide": 0.1, "narrow": 0.3}
# Of the first and the last piece, what is free before and after their points.
EDGE = 0.04


def cuts_of(rows: ReportRows) -> dict[str, list[dict[str, Any]]] | None:
    """The pieces of the axis for wide and for narrow windows, each with its `domain`, and its ends on each clock.

    None where nothing is cut. Ends are MJD in the time scale of the rows, and milliseconds since 1970 where there is a
    UTC.

    rows: `ReportRows`.
    """
    if rows.phase is not None:
        return None
    found = {}
    for window, shortest in SHORTEST.items():
        cut = cut_nights(rows.start, rows.stop, shortest)
        if cut is None:
            continue
        ends = np.column_stack([cut.start, cut.stop])
        domains = cut.forward(ends)
        # no point stands on the frame
        ends[0, 0] -= EDGE * (ends[0, 1] - ends[0, 0])
        ends[-1, 1] += EDGE * (ends[-1, 1] - ends[-1, 0])
        pieces = [
            {"domain": domain.tolist(), "mjd": piece.tolist()}
            for domain, piece in zip(np.clip(domains, 0, 1), ends, strict=True)
        ]
        if rows.start_ms is not None:
            for piece in pieces:
                piece["utc"] = _utc_ms(rows, np.array(piece["mjd"])).tolist()
        found[window] = pieces
    return found or None


def _utc_ms(rows: ReportRows, ends: np.ndarray) -> np.ndarray:
    """The ends (2,) of a piece on the clock of UTC, by the first row in it."""
    first = int(np.argmax(rows.start >= ends[0]))
    start_ms = rows.start_ms if rows.start_ms is not None else np.zeros(len(rows))
    return np.round(start_ms[first] + (ends - rows.start[first]) * DAY_MS)
