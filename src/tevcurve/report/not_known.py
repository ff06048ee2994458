"""The part of a page about what counts do not tell: scales of instruments, and systematic errors."""

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from astropy.table import Table

from tevcurve.figures.style import COLOURS
from tevcurve.report import words
from tevcurve.report.figure_style import axis, base_layout, error_bars, plain
from tevcurve.report.rows import ReportRows
from tevcurve.report.tables import ReportTable
from tevcurve.rounding import power_of
from tevcurve.systematics import CONSTANT

LINE_HEIGHT, AROUND = 40, 110  # pixels
# Light curves without each instrument in turn are made anew: for not too many rows, and bands.
MOST_ROWS, MOST_BANDS = 500, 3
PRIOR = "#999999"


@dataclass(frozen=True)
class NotKnown:
    """What the page has of it.

    Attributes
    ----------
    sentences : list of str, of what fluxes are, and from what scales were taken
    scales : `ReportTable` of the scales of instruments, or None without any
    figure : dict for plotly, or None
    left_out : list of (title, `ReportTable`) of each band, of what is found without each of the instruments in turn
    not_told : list of str, sentences on what cannot be told
    effects : list of str, the systematic errors that were said
    """

    sentences: list[str]
    scales: ReportTable | None
    figure: dict[str, Any] | None
    left_out: list[tuple[str, ReportTable]]
    not_told: list[str]
    effects: list[str]


def not_known(light_curve: Any, rows: ReportRows) -> NotKnown | None:
    """The `NotKnown` of a light curve; None where nothing is said of what counts do not tell.

    Parameters
    ----------
    light_curve : `LightCurve`
    rows : `ReportRows` of it
    """
    scales, effects = light_curve.scales, light_curve.meta.get("systematics") or []
    effects = [effects] if isinstance(effects, str) else [str(each) for each in effects]
    if scales is None and not effects:
        return None
    if scales is None:
        return NotKnown([], None, None, [], [], effects)
    table = scale_table(scales)
    told = [str(each) for each in scales.meta.get("not_told", ())]
    figure, left_out = plain(_figure(scales)), _without_each(light_curve, rows)
    return NotKnown(_sentences(scales), table, figure, left_out, told, effects)


def scale_table(scales: Table) -> ReportTable:
    """The `ReportTable` of scales of instruments. scales: as `LightCurve.scales` has them."""
    rows = []
    for row in scales:
        log_scale, error = float(row["log_scale"]), float(row["error"])
        down, up = np.exp(log_scale) * (1 - np.exp(-error)), np.exp(log_scale) * np.expm1(error)
        rows.append(
            [
                str(row["instrument"]),
                f"{words.fixed(row['scale'], 3)} {words.MINUS}{words.fixed(down, 3)} +{words.fixed(up, 3)}",
                f"{words.fixed(log_scale, 3)} ± {words.fixed(error, 3)}",
                f"0 ± {words.number(row['prior'])}" if np.isfinite(row["prior"]) else "free",
                words.fixed(row["pull"], 2),
                words.duration(float(row["overlap"])),
            ]
        )
    headings = ["Instrument", "Scale", "ln(scale)", "Prior of it", "Pull", "Time with others"]
    return ReportTable(headings, rows, "", ("short", *("number",) * 5))


def _without_each(light_curve: Any, rows: ReportRows) -> list[tuple[str, ReportTable]]:
    """Titles and tables of what is found without each of the instruments, of each band; none where it takes long."""
    if not hasattr(light_curve.origin, "rows") or len(rows) > MOST_ROWS or len(rows.bands) > MOST_BANDS:
        return []
    made = []
    for number in range(len(rows.bands)):
        several = len(rows.bands) > 1
        found = light_curve.leave_one_out(number if several else None, n_toys=0)
        title = "Without one of the instruments" + (f", {rows.series_text(number)}" if several else "")
        made.append((title, left_out_table(found)))
    return made


def left_out_table(found: Table) -> ReportTable:
    """The `ReportTable` of what is found without each instrument. found: as `LightCurve.leave_one_out` gives it."""
    names = [name for name in found.colnames if name.startswith("scale_")]
    exponent = power_of(np.asarray(found["constant"], dtype=float))
    first, rows = str(found["reference"][0]), []
    for row in found:
        name = str(row["without"]) or "(all are in)"
        if row["reference"] and row["reference"] != first:
            name += f" (so fluxes are as seen by {row['reference']})"
        tested = np.isfinite(row["ts_var"])
        rows.append(
            [
                name,
                *(words.fixed(row[each], 3) for each in names),
                words.fixed(float(row["constant"]) / 10.0**exponent, 2),
                f"{words.number(row['ts_var'], 3)} / {row['n_free']}" if tested else words.UNKNOWN,
                words.number(row["p_value"], 2) if tested else str(row["reason"]),
            ]
        )
    unit = words.unit_text(found["constant"].unit, exponent)
    headings = ["Left out", *(f"Scale of {name.removeprefix('scale_')}" for name in names)]
    headings += [f"Constant [{unit}]", "TS of variability", "Chance for a constant source"]
    return ReportTable(headings, rows, "", ("", *("number",) * (len(names) + 2), ""))


def _sentences(scales: Table) -> list[str]:
    reference, n_cells = scales.meta["reference"], scales.meta["n_cells"]
    said = [f"Fluxes are as seen by {reference}; each other instrument sees them times its scale."]
    if scales.meta["from"] == CONSTANT:
        said.append(
            "The scales were taken from all good time under the hypothesis that the source does not vary. Where it "
            "does, what differs between instruments is taken for their scales. Total errors are larger than needed, as "
            "the same events are in a row and in the scale of its instrument."
        )
    elif n_cells:
        said.append(
            "The scales were taken from good time in which instruments observed simultaneously, "
            f"{words.count(n_cells, 'stretch', 'stretches')} of at most half an hour, in each of which the source has "
            "a flux of its own."
        )
    else:
        said.append("No instruments observed simultaneously, so the scales are as their priors say.")
    return said


def _figure(scales: Table) -> dict[str, Any]:
    """The scales with their errors, from top to bottom, each on the range of its prior."""
    names = [escape(str(name)) for name in scales["instrument"]]
    log_scale, error, prior = (
        np.asarray(scales[name], dtype=float) for name in ("log_scale", "error", "prior")
    )
    middle, up, down = (
        np.exp(log_scale),
        np.exp(log_scale) * np.expm1(error),
        -np.exp(log_scale) * np.expm1(-error),
    )
    bars = [{"type": "line", "xref": "x", "x0": 1, "x1": 1, "yref": "paper", "y0": 0, "y1": 1}]
    bars[0] |= {"line": {"color": PRIOR, "width": 1}}
    for number, sigma in enumerate(prior):
        if np.isfinite(sigma):
            box = {"type": "rect", "xref": "x", "x0": float(np.exp(-sigma)), "x1": float(np.exp(sigma))}
            box |= {"yref": "y", "y0": number - 0.25, "y1": number + 0.25, "layer": "below"}
            bars.append(box | {"fillcolor": PRIOR, "opacity": 0.3, "line": {"width": 0}})
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": middle,
        "y": names,
        "error_x": error_bars(COLOURS[0], up, down),
        "marker": {"color": COLOURS[0], "size": 8},
        "hovertemplate": "%{y}: %{x:.3f}<extra></extra>",
    }
    layout = base_layout(AROUND + LINE_HEIGHT * len(names)) | {"shapes": bars}
    layout["margin"]["t"] = 10
    layout["xaxis"] = axis(f"Scale of the flux, {escape(str(scales.meta['reference']))} = 1")
    layout["yaxis"] = axis("") | {"type": "category", "range": [len(names) - 0.4, -0.6]}
    return {"data": [trace], "layout": layout}
