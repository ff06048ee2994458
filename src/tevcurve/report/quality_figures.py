"""Small figures in which a person sees whether the light curve follows how it was observed."""

from html import escape

import numpy as np

from tevcurve.figures.style import COLOURS
from tevcurve.lightcurve.run_columns import ids_of
from tevcurve.report import words
from tevcurve.report.figure_style import SYMBOLS, axis, base_layout, error_bars, shortened

HEIGHT = 300


def quality_figures(rows, ledger, why):
    """(figures, missing): dicts with `id`, `title`, `figure`, and sentences about those that cannot be made.

    Parameters
    ----------
    rows : `ReportRows`
    ledger : `Ledger` or None
    why : str, why the light curve may not know its runs
    """
    figures, missing = [], []
    if rows.quantity and np.isfinite(rows.livetime).any():
        figures.append(_against(rows, "livetime", rows.livetime, "Live time of the row [s]", "live time"))
    if rows.quantity and rows.runs is not None:
        figures.append(_against(rows, "zenith", rows.runs.zenith, "Zenith angle [deg]", "zenith angle"))
        figures.append(
            _against(
                rows, "offset", rows.runs.offset, "Offset of the source [deg]", "offset from the pointing"
            )
        )
    else:
        missing.append(
            f"Flux against zenith angle and offset is not shown, because the light curve does not know its runs: {why}."
        )
    if ledger is not None and len(ledger.seconds):
        figures.append(_event_rate(ledger))
    else:
        missing.append("The event rate of each run is not shown, because there is no ledger of events.")
    return figures, missing


def _against(rows, name, x, title, what):
    """The figure of the quantity against something else, for rows that have both."""
    traces, x = [], np.round(x, 4)
    for band in range(len(rows.bands)):
        chosen = np.flatnonzero(np.isfinite(rows.value) & np.isfinite(x) & (rows.band == band))
        colour = COLOURS[band % len(COLOURS)]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": shortened(x[chosen]),
                "y": shortened(rows.value[chosen]),
                "error_y": error_bars(colour, rows.errp[chosen], rows.errn[chosen]) | {"thickness": 0.8},
                "marker": {"color": colour, "symbol": SYMBOLS[band % len(SYMBOLS)], "size": 5},
                "customdata": chosen + 1,
                "hovertemplate": f"Row %{{customdata}}<br>%{{x}}: %{{y:.4g}} {rows.unit}<extra></extra>",
            }
        )
    layout = base_layout(HEIGHT)
    layout["margin"]["t"] = 10
    layout["xaxis"] = axis(title) | _range_of_one(x)
    layout["yaxis"] = axis("<br>".join(rows.name_and_unit)) | {"zeroline": True, "zerolinecolor": "#999999"}
    label = rows.quantity.capitalize()
    return {
        "id": f"quality-{name}",
        "title": f"{label} against {what}",
        "figure": {"data": traces, "layout": layout},
    }


def _range_of_one(x):
    """A range for an axis with one value only, which plotly would draw from one below to one above."""
    x = x[np.isfinite(x)]
    if not x.size or np.ptp(x):
        return {}
    return {"range": [0.8 * x[0], 1.2 * x[0]] if x[0] else [-1, 1]}


def _event_rate(ledger):
    """The figure of the rates of all events in good time, and of those in the fit, run by run."""
    events, seconds = ledger.events, ledger.seconds
    names = ledger.run_names()
    runs = [names[run_id] for run_id in ids_of(events)]
    counts = {
        "all events in good time": (
            np.asarray(events["total"]) - np.asarray(events["not in a GTI"]),
            np.asarray(seconds["total"]),
        ),
        "events in the fit": (np.asarray(events["used"]), np.asarray(seconds["used"])),
    }
    traces = []
    for number, (name, (n, time)) in enumerate(counts.items()):
        with np.errstate(invalid="ignore", divide="ignore"):
            rate, error = n / time, np.sqrt(n) / time
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": [escape(run) for run in runs],
                "y": rate,
                "error_y": error_bars(COLOURS[number], error) | {"thickness": 0.8},
                "marker": {"color": COLOURS[number], "symbol": SYMBOLS[number], "size": 6},
                "customdata": [
                    [escape(run), f"{count} in {words.number(t, 6)} s"]
                    for run, count, t in zip(runs, n.tolist(), time.tolist(), strict=True)
                ],
                "hovertemplate": f"Run %{{customdata[0]}}<br>%{{y:.4g}} Hz, {name}<br>%{{customdata[1]}}"
                "<extra></extra>",
            }
        )
    figure = {"data": traces, "layout": _rate_layout()}
    return {"id": "quality-rate", "title": "Event rate of each run", "figure": figure}


def _rate_layout():
    layout = base_layout(HEIGHT) | {"showlegend": True}
    layout["legend"] = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    layout["xaxis"] = axis("Run") | {"type": "category", "nticks": 12}
    layout["yaxis"] = axis("Events per second [Hz]") | {"type": "log", "dtick": "D2"}
    return layout
