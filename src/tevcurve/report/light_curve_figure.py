"""The light curve as a plotly figure: points, limits, blocks, and what stands under it on the same time axis."""

from html import escape
from textwrap import wrap

import numpy as np

from tevcurve.figures.style import COLOURS
from tevcurve.lightcurve.plots.rows import NOT_MEASURED, errors_of, floats_of
from tevcurve.report import words
from tevcurve.report.cuts import cuts_of
from tevcurve.report.figure_style import SYMBOLS, axis, base_layout, error_bars, shortened, sizes_for
from tevcurve.report.rows import utc_ms

HEIGHT, PANEL_HEIGHT = 420, 170  # pixels
LINE = 48  # characters of a line that is shown at a point
OPACITY, CAPS = 0.45, 3
ARROW, DASHED, ARROW_SIZE, MANY = "↓", "⇣", 18, 400


def light_curve_figure(light_curve, rows, blocks):
    """The figure as a dict that JSON takes: data and layout for plotly, and the other time axis of each trace.

    Parameters
    ----------
    light_curve : `LightCurve`
    rows : `ReportRows` of it
    blocks : dict of band number to `QTable` of Bayesian blocks
    """
    traces = []
    for band in range(len(rows.bands)):
        for mark in rows.marks:
            traces += _band_traces(rows, band, mark)
    if rows.quantity == "flux" and rows.phase is None:
        traces += [_blocks_trace(rows, band, table) for band, table in sorted(blocks.items())]
    panels = [*_parameter_panels(light_curve, rows), *_hardness_panels(light_curve, rows)]
    for number, (_, panel_traces) in enumerate(panels, start=2):
        traces += [trace | {"yaxis": f"y{number}"} for trace in panel_traces]
    times = [trace.pop("times") for trace in traces]
    with_clocks = rows.start_ms is not None and rows.phase is None
    for trace in traces if with_clocks else ():
        # these stand in `times`, once
        trace.pop("x")
        trace.get("error_x", {}).pop("array", None)
    return {
        "data": traces,
        "layout": _layout(rows, [title for title, _ in panels]),
        "times": times if with_clocks else None,
        "cuts": cuts_of(rows),
        "time_titles": {"mjd": f"Time [MJD, {rows.scale}]", "utc": "Time [UTC]"},
    }


def hover_columns(rows, chosen):
    """(names, texts): what is shown of the chosen rows at a point, texts as a list per row.

    Parameters
    ----------
    rows : `ReportRows`
    chosen : int array, numbers of the rows
    """
    names = ["Time", "UTC", "Energies", QUANTITY, "Limit", TOTAL, "Counts", "Live time", "TS"]
    names += ["Instruments", "Zenith angle", "Runs", "Status"]
    return names, [_hover_texts(rows, row) for row in chosen.tolist()]


QUANTITY, TOTAL = "Value", "With systematic errors"


def _hover_texts(rows, row):
    mjd, utc = rows.time_text(row)
    value, errn, errp, limit = rows.value_texts(row)
    known = rows.runs is not None
    errors = "" if errn == errp == words.UNKNOWN else f" {words.MINUS}{errn} +{errp}"
    status = rows.status[row] + (f": {rows.reason[row]}" if rows.reason[row] else "")
    return [
        mjd,
        utc,
        rows.series_text(rows.band[row]),
        value + errors,
        f"< {limit}" if limit != words.UNKNOWN else words.UNKNOWN,
        _total_text(rows, row),
        words.number(rows.counts[row], 10),
        f"{words.number(rows.livetime[row], 6)} s",
        words.number(rows.ts[row]),
        escape(rows.together[row]),
        f"{words.fixed(rows.runs.zenith[row], 1)}°" if known else "",
        words.listing(rows.runs.names[row]) if known else "",
        "<br>".join(wrap(escape(status), LINE)),
    ]


def _total_text(rows, row):
    """Errors and limit of a row with systematic errors in words, "" where there are none."""
    if not rows.has_total[row]:
        return ""
    errn, errp, limit = rows.total_texts(row)
    told = [] if errn == errp == words.UNKNOWN else [f"{words.MINUS}{errn} +{errp}"]
    return ", ".join([*told, *([] if limit == words.UNKNOWN else [f"< {limit}"])])


def _template(rows, texts):
    """What plotly shows at a point, with only the lines that have something in some row."""
    names, _ = hover_columns(rows, np.zeros(0, dtype=int))
    unit = f" {rows.unit}" if rows.unit else ""
    ends = {QUANTITY: unit, "Limit": f"{unit} ({rows.level})" if rows.level else unit}
    labels = {QUANTITY: rows.quantity.capitalize(), "Time": "MJD" if rows.phase is None else "Phase"}
    lines = [
        f"{labels.get(name, name)}: %{{customdata[{number}]}}{ends.get(name, '')}"
        for number, name in enumerate(names)
        if any(row[number] not in ("", words.UNKNOWN) for row in texts)
    ]
    return "<br>".join(lines) + "<extra></extra>"


def _band_traces(rows, band, mark):
    """The points of one band and its limits, of the rows that have the same instruments together (`mark`)."""
    traces, own = [], (rows.band == band) & (np.array(rows.together) == mark)
    style = _style(rows, band, mark)
    size, thickness = sizes_for(len(rows) / len(rows.bands))
    for kind, drawn, heights in (
        ("points", rows.is_point, rows.value),
        ("limits", rows.is_limit, rows.drawn_limit),
    ):
        chosen = np.flatnonzero(drawn & own)
        if not chosen.size:
            continue
        # The first mark is the one of the legend, which is no hollow one where there are others.
        chosen = _again(rows, chosen[np.argsort(rows.is_hollow[chosen], kind="stable")])
        texts = hover_columns(rows, chosen)[1]
        trace = {
            "type": "scatter",
            "mode": "markers",
            "y": shortened(heights[chosen]),
            "customdata": texts,
            "hovertemplate": _template(rows, texts),
            "meta": {"band": band, "kind": kind},
            "name": _name(rows, band, mark),
            "showlegend": all(each["meta"]["kind"] == "totals" for each in traces),
            **_time_axis(rows, chosen, style["color"]),
        }
        if kind == "points":
            symbols = np.where(rows.is_hollow[chosen], f"{style['symbol']}-open", style["symbol"]).tolist()
            symbol = symbols if rows.is_hollow[chosen].any() else style["symbol"]
            trace["marker"] = style | {"size": size, "symbol": symbol}
            trace["error_y"] = error_bars(style["color"], rows.errp[chosen], rows.errn[chosen])
            trace["error_y"]["thickness"] = thickness
            traces += _total_traces(rows, chosen[rows.has_total[chosen]], band, style, thickness)
        else:
            trace |= _arrows(style["color"], rows.is_hollow[chosen])
        traces.append(trace)
    return traces


def _total_traces(rows, chosen, band, style, thickness):
    """Pale bars with caps, behind the points of rows, of errors with systematic errors; a list of one trace or none."""
    if not chosen.size:
        return []
    down, up, _ = rows.total[:, chosen]
    bars = error_bars(style["color"], up, down) | {"thickness": thickness, "width": CAPS}
    trace = {
        "type": "scatter",
        "mode": "markers",
        "y": shortened(rows.value[chosen]),
        "error_y": bars,
        "marker": {"size": 1, "color": style["color"]},
        "opacity": OPACITY,
        "hoverinfo": "skip",
        "meta": {"band": band, "kind": "totals"},
        "showlegend": False,
        **_time_axis(rows, chosen, style["color"]),
    }
    trace.pop("error_x")
    # The half widths that other traces have for their bars in time.
    times = {clock: (middle, None) for clock, (middle, _) in trace["times"].items()}
    return [trace | {"times": times}]


def _name(rows, band, mark):
    """What the legend calls a mark."""
    told = [rows.series_text(band)] if len(rows.bands) > 1 or not mark else []
    return ", ".join([*told, *([escape(mark)] if mark else [])])


def _style(rows, band, mark):
    """Colour and symbol: those of the series; where there is only one, those of the instruments together."""
    number = band if len(rows.bands) > 1 else rows.marks.index(mark)
    symbol = number if len(rows.marks) < 2 else rows.marks.index(mark)
    return {"color": COLOURS[number % len(COLOURS)], "symbol": SYMBOLS[symbol % len(SYMBOLS)]}


def _arrows(colour, hollow):
    """The marks of upper limits: a bar with an arrow under it, or where there are many, what is faster to draw.

    hollow: bool array (n,), those whose arrow is dashed.
    """
    if len(hollow) > MANY:
        return {"marker": {"symbol": "triangle-down-open", "size": 5, "color": colour}}
    return {
        "mode": "markers+text",
        "marker": {"symbol": "line-ew", "size": 5, "line": {"width": 1.5, "color": colour}},
        "text": np.where(hollow, DASHED, ARROW).tolist() if hollow.any() else ARROW,
        "textposition": "bottom center",
        "textfont": {"size": ARROW_SIZE, "color": colour},
    }


def _again(rows, values, axis=-1):
    """Numbers of rows, or values of these, once more behind themselves where the rows are bins in phase."""
    return values if rows.phase is None else np.concatenate([values, values], axis=axis)


def _time_axis(rows, chosen, colour):
    """Middle and half width of rows, on both time axes; of phases, in phase, those that come again 1 later."""
    start, stop = (rows.start, rows.stop) if rows.phase is None else rows.phase
    times = {"mjd": _middle(start, stop, chosen, 9)}
    if rows.phase is not None:
        times["mjd"][0][len(chosen) // 2 :] += 1
    if rows.start_ms is not None:
        times["utc"] = _middle(rows.start_ms, rows.stop_ms, chosen, 0)
    middle, half = times["mjd"]
    return {"x": middle, "error_x": error_bars(colour, half), "times": times}


def _middle(start, stop, chosen, digits):
    start, stop = start[chosen], stop[chosen]
    return np.round((start + stop) / 2, digits), np.round((stop - start) / 2, digits + 1)


def _blocks_trace(rows, band, table):
    """The flux of Bayesian blocks as steps, a line with gaps between blocks that do not touch."""
    flux = np.asarray(table["flux"].to_value("cm-2 s-1")) / 10.0**rows.exponent
    clocks = {"mjd": lambda time: time.mjd} | ({} if rows.start_ms is None else {"utc": utc_ms})
    x = {way: _with_gaps(clock(table["start"]), clock(table["stop"])) for way, clock in clocks.items()}
    y = _with_gaps(flux, flux)
    colour = COLOURS[band % len(COLOURS)] if len(rows.marks) < 2 else "#333333"
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x["mjd"],
        "y": y,
        "line": {"color": colour, "width": 2, "dash": "solid"},
        "opacity": 0.55,
        "hoverinfo": "skip",
        "showlegend": False,
        "meta": {"band": band, "kind": "blocks"},
        "times": {way: (values, None) for way, values in x.items()},
    }


def _with_gaps(start, stop):
    return [each for pair in zip(start, stop, strict=True) for each in (*pair, None)]


def _parameter_panels(light_curve, rows):
    """(title, traces) for each parameter of the spectrum that was fitted in the rows."""
    table, panels = light_curve.table, []
    fixed = np.isin(rows.status, NOT_MEASURED)
    for name in light_curve.meta.get("free", ()):
        name = f"spectral_{name}" if f"spectral_{name}" in table.colnames else name
        values, errors = np.where(fixed, np.nan, floats_of(table, name)), errors_of(table, name)
        traces = []
        for band in range(len(rows.bands)):
            chosen = np.flatnonzero(np.isfinite(values) & (rows.band == band))
            if chosen.size:
                traces.append(
                    _panel_trace(rows, chosen, band, values[chosen], [e[chosen] for e in errors], name)
                )
        if traces:
            own = name.removeprefix("spectral_")
            words = " (intrinsic)" if own in light_curve.meta.get("intrinsic", ()) else ""
            panels.append((own.capitalize() + words, traces))
    return panels


def _hardness_panels(light_curve, rows):
    """(title, traces) of the ratio of the highest to the lowest band, where the light curve keeps its events."""
    n_bands = rows.n_bands
    if n_bands < 2 or not hasattr(light_curve.origin, "hardness") or len(rows) % n_bands:
        return []
    table = light_curve.hardness(0, n_bands - 1)
    if len(table) * n_bands != len(rows):
        return []
    values, errors = floats_of(table, "hardness"), errors_of(table, "hardness")
    usable = np.flatnonzero(np.isfinite(values) & np.isfinite(errors).all(axis=0))
    if not usable.size:
        return []
    # one row of the light curve for each time bin
    lowest = [band == min(rows.bands) for band in rows.bands]
    chosen = np.flatnonzero(np.array(lowest)[rows.band])[usable]
    trace = _panel_trace(rows, chosen, None, values[usable], [e[usable] for e in errors], "hardness")
    return [("Hardness", [trace])]


def _panel_trace(rows, chosen, band, values, errors, name):
    chosen, values = _again(rows, chosen), _again(rows, values)
    errors = [_again(rows, each) for each in errors]
    colour = "#333333" if band is None else COLOURS[band % len(COLOURS)]
    symbol = "circle" if band is None else SYMBOLS[band % len(SYMBOLS)]
    texts = [
        [
            *rows.time_text(row),
            f"{words.number(v, 3)} {words.MINUS}{words.number(d, 2)} +{words.number(u, 2)}",
        ]
        for row, v, d, u in zip(chosen.tolist(), values, *errors, strict=True)
    ]
    utc = "UTC: %{customdata[1]}<br>" if texts[0][1] else ""
    when = "MJD" if rows.phase is None else "Phase"
    return {
        "type": "scatter",
        "mode": "markers",
        "y": shortened(values),
        "error_y": error_bars(colour, errors[1], errors[0]),
        "marker": {"color": colour, "symbol": symbol, "size": 6},
        "customdata": texts,
        "hovertemplate": f"{when}: %{{customdata[0]}}<br>{utc}{escape(name)}: %{{customdata[2]}}<extra></extra>",
        "meta": {"band": band, "kind": "panel"},
        "showlegend": False,
        **_time_axis(rows, chosen, colour),
    }


def _layout(rows, panels):
    """The layout: the light curve on top, the panels under it with their time axis in common."""
    height = HEIGHT + PANEL_HEIGHT * len(panels)
    layout = base_layout(height)
    share, gap = PANEL_HEIGHT / height, 0.03
    title = f"Time [MJD, {rows.scale}]" if rows.phase is None else "Phase (drawn twice)"
    layout["xaxis"] = axis(title) | {"anchor": f"y{len(panels) + 1}" if panels else "y"}
    layout["yaxis"] = axis(rows.name) | {"domain": [share * len(panels) + (gap if panels else 0), 1]}
    # What is compared with nothing at all has its zero in view.
    layout["yaxis"] |= {"zeroline": True, "zerolinecolor": "#999999", "rangemode": "tozero"}
    if len(rows.bands) > 1 or len(rows.marks) > 1:
        # What is clicked on stands above the figure; this is for paper, and for a picture of the figure.
        layout["showlegend"] = True
        layout["legend"] = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0}
        layout["legend"] |= {"itemclick": False, "itemdoubleclick": False}
        layout["margin"]["b"] += 30
        layout["height"] += 30
    for number, name in enumerate(panels, start=2):
        low = share * (len(panels) + 1 - number)
        layout[f"yaxis{number}"] = axis(name) | {"domain": [low + (gap if low else 0), low + share - gap]}
    return layout
