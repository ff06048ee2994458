"""The small figure of a light curve in a notebook: an SVG element that needs no matplotlib."""

from html import escape

import numpy as np
from astropy.units import dimensionless_unscaled

from tevcurve.figures.style import COLOURS, factors_of
from tevcurve.lightcurve.faint import is_faint
from tevcurve.lightcurve.fitted_energies import extrapolating
from tevcurve.lightcurve.plots.gaps import cut_nights
from tevcurve.lightcurve.plots.points import PALE
from tevcurve.lightcurve.plots.rows import drawn_alike, floats_of, values_of
from tevcurve.lightcurve.selection import INSTRUMENT
from tevcurve.rounding import with_errors

WIDTH, HEIGHT = 640, 170
LEFT, RIGHT, TOP, BOTTOM = 74, 10, 12, 24
# Rows beyond these are drawn without words that a pointer shows, and without a figure.
MANY, TOO_MANY = 400, 5000


def small_figure(light_curve, title):
    """The fluxes over time as an SVG element, str; empty where there is nothing to draw.

    A row is a point with its errors and its time span; one without a significant flux (TS below 4) is an arrow that
    hangs from its upper limit. The point of one that was fitted in a part of its band only is hollow. Pale bars are
    errors with systematic errors, and limits are then with these, too. Bins in phase are drawn twice, from 0 to 2; long
    gaps between nights are cut.

    Parameters
    ----------
    light_curve : `LightCurve`
    title : str, what it is
    """
    table = light_curve.table
    if not {"flux", "e_min", "e_max"} <= set(table.colnames) or not 0 < len(table) <= TOO_MANY:
        return ""
    folded = "phase_min" in table.colnames
    ends = ("phase_min", "phase_max") if folded else ("time_min", "time_max")
    start, stop = (np.asarray(table[name], dtype=float) for name in ends)
    if folded:
        # as in all figures, from 0 to 2
        table = table[np.tile(np.arange(len(table)), 2)]
        start, stop = (np.append(end, end + 1) for end in (start, stop))
    values, ts = (
        values_of(table, "flux", table["flux"].unit or dimensionless_unscaled),
        floats_of(table, "ts"),
    )
    flux, (down, up), limit = values["value"], np.nan_to_num(values["errors"]), values["upper"]
    is_limit = np.isfinite(limit) & is_faint(flux, ts)
    low, high = np.where(is_limit, 0.0, flux - down), np.where(is_limit, limit, flux + up)
    beneath, above = flux - values["total"][0], flux + values["total"][1]
    known = np.isfinite(high)
    if not known.any():
        return ""
    beneath, above = (np.where(known & ~is_limit, each, np.nan) for each in (beneath, above))
    bottom, top = min(0.0, np.min(np.fmin(low, beneath)[known])), np.max(np.fmax(high, above)[known])
    cut = None if folded else cut_nights(start[known], stop[known])
    place = (lambda time: time) if cut is None else cut.forward
    x = _scale(place(start[known].min()), place(stop[known].max()), LEFT, WIDTH - RIGHT, place)
    y = _scale(bottom, top if top > bottom else bottom + 1, HEIGHT - BOTTOM, TOP)
    parts = [_frame(y, bottom, top, start[known].min(), stop[known].max(), light_curve)]
    parts += [] if cut is None else [_gap(x(low), x(high)) for low, high in cut.gaps]
    series, hollow = drawn_alike(table), extrapolating(table)
    number_of = np.zeros(len(table), dtype=int)
    for k, rows in enumerate(series.values()):
        number_of[rows] = k
    for number in np.flatnonzero(known):
        words = _words(table[number]) if len(table) <= MANY else ""
        ends = x(start[number]), x(stop[number])
        heights = (y(flux[number]), y(low[number]), y(high[number]))
        kind = bool(is_limit[number]), bool(hollow[number])
        colour = COLOURS[number_of[number] % len(COLOURS)]
        parts.append(_mark(ends, heights, *kind, colour, words))
        if np.isfinite(above[number]):
            parts.append(_pale_bar(sum(ends) / 2, y(beneath[number]), y(above[number]), colour))
    parts += _legend(list(series))
    if np.isfinite(above).any() or (is_limit & values["is_total"]).any():
        parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "middle", PALE))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{escape(title)}" style="max-width:100%;background:#fff">{"".join(parts)}</svg>'
    )


def _scale(low, high, first, last, place=lambda value: value):
    """The function that takes what has its place at low to first and at high to last."""
    width = high - low if high > low else 1.0
    return lambda value: first + (place(value) - low) / width * (last - first)


def _gap(low, high):
    """A cut of the axis, between two places."""
    base = HEIGHT - BOTTOM
    cover = f'<path d="M{low:.1f} {base}H{high:.1f}" stroke="#fff" stroke-width="2"/>'
    slashes = "".join(f"M{end - 3:.1f} {base + 5}l6 -10" for end in (low, high))
    return f'{cover}<path class="cut" d="{slashes}" fill="none" stroke="#555"/>'


def _frame(y, bottom, top, start, stop, light_curve):
    """The axes, their ends in words, and the line at zero."""
    unit = light_curve.table["flux"].unit
    right, base = WIDTH - RIGHT, HEIGHT - BOTTOM
    axes = f'<path d="M{LEFT} {TOP}V{base}H{right}" fill="none" stroke="#555"/>'
    zero = (
        f'<path d="M{LEFT} {y(0):.1f}H{right}" stroke="#bbb" stroke-dasharray="3 3"/>' if bottom < 0 else ""
    )
    scale, folded = light_curve.meta["TIMESYS"].upper(), "phase_min" in light_curve.table.colnames
    words = [
        (LEFT - 5, TOP + 8, "end", f"{top:.2g}"),
        (LEFT - 5, base, "end", f"{bottom:.2g}"),
        (LEFT - 5, (TOP + base) / 2, "end", "" if unit is None else _unit_text(unit)),
        (
            LEFT,
            HEIGHT - 8,
            "start",
            f"phase {start:.4f}, drawn twice" if folded else f"MJD {start:.4f} ({scale})",
        ),
        (right, HEIGHT - 8, "end", f"{stop:.4f}"),
    ]
    return axes + zero + "".join(_text(*each) for each in words)


def _unit_text(unit):
    return " ".join(name if power == 1 else f"{name}{power}" for name, power in factors_of(unit))


def _text(x, y, anchor, words, colour="#333"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="11" font-family="sans-serif" '
        f'fill="{colour}">{escape(words)}</text>'
    )


def _mark(ends, heights, is_limit, is_hollow, colour, words):
    """One row: its time span, and a point with errors or an arrow."""
    flux, low, high = heights
    middle = sum(ends) / 2
    title = f"<title>{escape(words)}</title>" if words else ""
    if is_limit:
        head = min(high + 14, HEIGHT - BOTTOM)
        path = f"M{ends[0]:.1f} {high:.1f}H{ends[1]:.1f}M{middle:.1f} {high:.1f}V{head:.1f}"
        path += "m-3 -4l3 4l3 -4"
        return f'<g>{title}<path d="{path}" fill="none" stroke="{colour}"/></g>'
    path = f"M{ends[0]:.1f} {flux:.1f}H{ends[1]:.1f}M{middle:.1f} {low:.1f}V{high:.1f}"
    fill = f'fill="#fff" stroke="{colour}"' if is_hollow else f'fill="{colour}"'
    point = f'<circle cx="{middle:.1f}" cy="{flux:.1f}" r="2.5" {fill}/>'
    return f'<g>{title}<path d="{path}" fill="none" stroke="{colour}"/>{point}</g>'


def _pale_bar(middle, low, high, colour):
    """A bar with caps."""
    caps = f"M{middle - 3:.1f} {low:.1f}h6M{middle - 3:.1f} {high:.1f}h6"
    path = f"M{middle:.1f} {low:.1f}V{high:.1f}{caps}"
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-opacity="0.45"/>'


def _words(row):
    """What a pointer on a row shows."""
    words = f"MJD {row['time_min']:.5f} to {row['time_max']:.5f}"
    if "phase_min" in row.colnames:
        words = f"phase {row['phase_min']:.4g} to {row['phase_max']:.4g}"
    if INSTRUMENT in row.colnames:
        words = f"{row[INSTRUMENT]}, {words}"
    errors = [row[name] for name in ("flux_errn", "flux_errp") if name in row.colnames]
    errors = errors if len(errors) == 2 else [row[name] for name in ("flux_err",) if name in row.colnames]
    words += f": flux {with_errors(row['flux'], *errors)}"
    for name in ("flux_err_tot", "flux_ul", "flux_ul_tot", "counts", "status"):
        if name in row.colnames:
            value = row[name]
            words += f", {name} {value if isinstance(value, str) else format(float(value), '.3g')}"
    return words


def _legend(series):
    if len(series) < 2:
        return []
    names, bands = (set(each) for each in zip(*series, strict=True))
    step = 95 if len(names) < 2 or len(bands) < 2 else 150
    shown = [
        " ".join([name] * (len(names) > 1) + [f"{band[0]:.3g}-{band[1]:.3g} TeV"] * (len(bands) > 1))
        for name, band in series[:6]
    ]
    return [
        _text(
            WIDTH - RIGHT - step * (len(shown) - 1 - k),
            TOP,
            "end",
            words,
            COLOURS[k],
        )
        for k, words in enumerate(shown)
    ]
