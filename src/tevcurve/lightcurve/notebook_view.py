"""How a light curve shows itself: a line, a short table, and a small figure in notebooks."""

from html import escape

import numpy as np
from astropy.table import Column
from astropy.units import Unit

from tevcurve.figures.style import COLOURS, factors_of
from tevcurve.files.columns import in_a_sentence
from tevcurve.lightcurve.columns import first_look
from tevcurve.lightcurve.fitted_energies import extrapolating, extrapolation_words
from tevcurve.lightcurve.joined_rows import INSTRUMENTS
from tevcurve.lightcurve.papers.rounded import values_in
from tevcurve.lightcurve.papers.words import error_level, limit_level
from tevcurve.lightcurve.plots.gaps import cut_nights
from tevcurve.lightcurve.plots.points import PALE
from tevcurve.lightcurve.plots.rows import drawn_alike
from tevcurve.lightcurve.printed_rows import ROWS_AT_ONCE, printed_parts
from tevcurve.lightcurve.provenance import method_shown, told
from tevcurve.lightcurve.selection import INSTRUMENT, instruments_together, rows_of_instruments
from tevcurve.lightcurve.status import lost_excess_words
from tevcurve.rounding import decimals_in_row, fixed, power_of, with_errors

WIDTH, HEIGHT = 640, 170
LEFT, RIGHT, TOP, BOTTOM = 74, 10, 12, 24
# Rows beyond these are drawn without words that a pointer shows, and without a figure.
MANY, TOO_MANY = 400, 5000
LIMIT_BELOW_TS = 4
_PLACES = ("phase_min", "phase_max", "time_min", "time_max")
# Lines of a table of many rows, of which the first and the last ones are shown.
MOST_LINES = 25


def summary(light_curve):
    """One line: source, rows, bands and time span, str. light_curve: `LightCurve`."""
    meta, table = light_curve.meta, light_curve.table
    source = f" of {meta['source']}" if meta.get("source") else ""
    method = f", {method_shown(meta)}" if meta.get("method") else ""
    bands = energy_bands(table)
    if len(bands) > 1:
        energies = f" in {len(bands)} energy bands"
    else:
        energies = "".join(f", {low:.4g}-{high:.4g} TeV" for low, high in bands)
    if not len(table):
        return f"Light curve{source}: no rows"
    names = instruments_of(table)
    energies += f", of {in_a_sentence(names)}" if len(names) > 1 else ""
    energies += " together" if INSTRUMENTS in table.colnames and len(names) > 1 else ""
    folded = ", folded in phase" if "phase_min" in table.colnames else ""
    span = f"{folded}, MJD {np.min(table['time_min']):.5f} to {np.max(table['time_max']):.5f}"
    plural = "" if len(table) == 1 else "s"
    return (
        f"Light curve{source}: {len(table)} row{plural}{energies}{span} ({meta['TIMESYS'].upper()}){method}"
    )


def as_text(light_curve, columns=None):
    """The line and a table of the rows, of many the first and the last ones, str.

    Parameters
    ----------
    light_curve : `LightCurve`
    columns : names of those in the table; default: those that are looked at first
    """
    shown = _overview(light_curve.table) if columns is None else light_curve.table[list(columns)]
    lines = shown.pformat(max_lines=MOST_LINES, max_width=-1, align=">")
    return "\n".join([summary(light_curve), *remarks(light_curve), *lines])


def whole_text(light_curve, columns=None):
    """Iterator of parts, each of some lines, of the line and a table of all rows, of which not all are in memory.

    Parameters
    ----------
    light_curve, columns : as for `as_text`
    """
    table = light_curve.table
    yield "\n".join([summary(light_curve), *remarks(light_curve)])
    looked_at = _looked_at(table) if columns is None else None
    # A table without rows has a head, too.
    firsts = range(0, max(len(table), 1), ROWS_AT_ONCE)
    parts = (table[first : first + ROWS_AT_ONCE] for first in firsts)
    yield from printed_parts(
        part[list(columns)] if looked_at is None else _shown(part, *looked_at) for part in parts
    )


def as_html(light_curve):
    """The line, a small figure of the fluxes and the first columns for a notebook, str; all words are escaped.

    light_curve: `LightCurve`.
    """
    rows = _overview(light_curve.table).pformat(
        max_lines=MOST_LINES, max_width=-1, html=True, tableclass="light-curve"
    )
    told = "<br>".join(map(escape, [summary(light_curve), *remarks(light_curve)]))
    return f"<p>{told}</p>{figure(light_curve)}{''.join(rows)}"


def caption(light_curve):
    """What it is, what was assumed and how the time bins lie, in sentences, str. light_curve: `LightCurve`."""
    return "\n".join([f"{summary(light_curve)}.", *remarks(light_curve)])


def remarks(light_curve):
    """Lines about what was assumed, how the time bins lie, and what must not be overlooked in the rows.

    light_curve: `LightCurve`.
    """
    meta, table = light_curve.meta, light_curve.table
    sentences = [
        f"{words[:1].upper()}{words[1:]}."
        for words in (extrapolation_words(table), lost_excess_words(table))
        if words
    ]
    bins = "; ".join(str(meta[key]) for key in ("time_bins", "time_bins_note") if meta.get(key))
    # Of others only what is there has a level.
    levels = [error_level(meta)] if "flux_err" in table.colnames else []
    levels += [limit_level(meta)] if "flux_ul" in table.colnames else []
    lines = [
        told(meta),
        " ".join(f"{each}." for each in levels if each),
        f"Time bins: {bins}." if bins else "",
        *sentences,
    ]
    return [line for line in lines if line]


def figure(light_curve):
    """The fluxes over time as an SVG element, str; empty where there is nothing to draw.

    A row is a point with its errors and its time span; one without a significant flux (TS below 4) is an arrow that
    hangs from its upper limit. The point of one that was fitted in a part of its band only is hollow. Pale bars are
    errors with systematic errors, and limits are then with these, too. Bins in phase are drawn twice, from 0 to 2; long
    gaps between nights are cut.

    light_curve: `LightCurve`.
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
    (flux, low, high, is_limit), (beneath, above) = _drawn(table), _total_ends(table)
    known = np.isfinite(high)
    if not known.any():
        return ""
    beneath, above = (np.where(known & ~is_limit, each, np.nan) for each in (beneath, above))
    bottom, top = min(0.0, np.min(np.fmin(low, beneath)[known])), np.max(np.fmax(high, above)[known])
    cut = None if folded else cut_nights(start[known], stop[known])
    place = (lambda time: time) if cut is None else cut.forward
    x = _scale(place(start[known].min()), place(stop[known].max()), LEFT, WIDTH - RIGHT, place)
    y = _scale(bottom, top if top > bottom else bottom + 1, HEIGHT - BOTTOM, TOP)
    colours = _colours()
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
        colour = colours[number_of[number] % len(colours)]
        parts.append(_mark(ends, heights, *kind, colour, words))
        if np.isfinite(above[number]):
            parts.append(_pale_bar(sum(ends) / 2, y(beneath[number]), y(above[number]), colour))
    parts += _legend(list(series), colours)
    if np.isfinite(above).any() or (is_limit & np.isfinite(_column(table, "flux_ul_tot"))).any():
        parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "middle", PALE))
    title = escape(summary(light_curve))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{title}" style="max-width:100%;background:#fff">{"".join(parts)}</svg>'
    )


def energy_bands(table):
    """The energy bands of a table, as sorted pairs of edges. table: astropy Table of a light curve."""
    if not {"e_min", "e_max"} <= set(table.colnames):
        return []
    ends, found = [np.asarray(table[name]) for name in ("e_min", "e_max")], set()
    for first in range(0, len(table), ROWS_AT_ONCE):
        low, high = (each[first : first + ROWS_AT_ONCE].tolist() for each in ends)
        found.update(zip(low, high, strict=True))
    return sorted(found)


def instruments_of(table):
    """Names of the instruments that a table says, list of str in order. table: astropy Table of a light curve."""
    if INSTRUMENTS in table.colnames:
        return list(instruments_together(table))
    return [name for name in rows_of_instruments(table) if name]


def _colours():
    # Only who looks at a figure needs what figures need.
    return COLOURS


def _overview(table):
    """The columns that a person looks at first; fluxes as texts that end at the second digit of the row's error."""
    return _shown(table, *_looked_at(table))


def _looked_at(table):
    """(names of the columns that a person looks at first, dict of those with errors to their power of ten)."""
    energies = ["e_min", "e_max"] if len(energy_bands(table)) > 1 else []
    who = [INSTRUMENT, INSTRUMENTS] if len(instruments_of(table)) > 1 else []
    looked_at = first_look()
    names = [*who, *_PLACES, *energies]
    # Of another telescope's values, such as rates, all that there is.
    foreign = [] if "flux" in table.colnames else [name for name in table.colnames if table[name].ndim == 1]
    names = [*dict.fromkeys([*names, *foreign, *looked_at[:2], *_shape_names(table), *looked_at[2:]])]
    quantities = values_in(table) if foreign else ("flux",)
    powers = {name: shared_power(table, name) for name in quantities}
    return [name for name in names if name in table.colnames], powers


def _shown(table, names, powers):
    """The columns of some rows, or of all, as they are printed. names, powers: of `_looked_at`"""
    shown = table[names]
    for quantity, power in powers.items():
        for name, texts in value_texts(table, quantity, power).items():
            shown[name] = Column(texts[0], unit=texts[1])
    for name, form in (("sqrt_ts", ".1f"), ("counts", "g")):
        if name in shown.colnames and shown[name].dtype.kind == "f":
            shown[name].info.format = form
    return shown


def _shape_names(table):
    """Names of the columns of the parameters of the spectrum that are fitted in each row, with their errors."""
    return [name for free in table.meta.get("free") or () for name in (free, f"{free}_err")]


def shared_power(table, quantity):
    """The power of ten (int) of the unit in which values, errors and limits are printed; 0 where there are none.

    Parameters
    ----------
    table : astropy Table of a light curve
    quantity : name of the column of values
    """
    value, limit = (_column(table, f"{quantity}{end}") for end in ("", "_ul"))
    return power_of(np.where(np.isfinite(value) & (value != 0), value, limit))


def value_texts(table, quantity="flux", power=None):
    """{name: (texts, unit)} of values, errors and limits, all in the same power of ten of the unit; {} without values.

    Parameters
    ----------
    table : astropy Table of a light curve
    quantity : name of the column of values
    power : int, that power of ten, where the table is a part of another; default: that of these rows
    """
    ends = ("", "_err", "_err_tot", "_ul", "_ul_tot", "_sensitivity")
    names = [f"{quantity}{end}" for end in ends if f"{quantity}{end}" in table.colnames]
    if quantity not in names:
        return {}
    value, error, limit, down, up = (
        _column(table, f"{quantity}{end}") for end in ("", "_err", "_ul", "_errn", "_errp")
    )
    power = shared_power(table, quantity) if power is None else power
    # Without a symmetric error, as at a bound, the larger of the other ones says how many digits are known.
    known = np.where(error > 0, error, np.fmax(down, up)) / 10.0**power
    values = [_column(table, name) / 10.0**power for name in names]
    decimals = [
        decimals_in_row(*each)
        for each in zip(value / 10.0**power, known[:, None], limit / 10.0**power, strict=True)
    ]
    unit = table[quantity].unit
    unit = Unit(10.0**power * (unit or 1)) if power else unit
    return {
        name: ([fixed(*each) for each in zip(column, decimals, strict=True)], unit)
        for name, column in zip(names, values, strict=True)
    }


def _drawn(table):
    """Flux, lower and upper end, and whether it is a limit, of each row; the upper end of a row without any is NaN."""
    values = {
        name: _column(table, name) for name in ("flux", "flux_err", "flux_errn", "flux_errp", "flux_ul", "ts")
    }
    total = _column(table, "flux_ul_tot")
    values["flux_ul"] = np.where(np.isfinite(total), total, values["flux_ul"])
    flux = values["flux"]
    down = np.where(np.isfinite(values["flux_errn"]), values["flux_errn"], np.nan_to_num(values["flux_err"]))
    up = np.where(np.isfinite(values["flux_errp"]), values["flux_errp"], np.nan_to_num(values["flux_err"]))
    is_limit = np.isfinite(values["flux_ul"]) & ~(values["ts"] >= LIMIT_BELOW_TS) & np.isfinite(values["ts"])
    is_limit |= np.isfinite(values["flux_ul"]) & ~np.isfinite(flux)
    low = np.where(is_limit, 0.0, flux - down)
    return flux, low, np.where(is_limit, values["flux_ul"], flux + up), is_limit


def _total_ends(table):
    """Lower and upper end of each row's flux with systematic errors; NaN where there are none."""
    flux, both = _column(table, "flux"), _column(table, "flux_err_tot")
    down, up = (_column(table, f"flux_err{side}_tot") for side in "np")
    return flux - np.where(np.isfinite(down), down, both), flux + np.where(np.isfinite(up), up, both)


def _column(table, name):
    if name not in table.colnames:
        return np.full(len(table), np.nan)
    return np.asarray(table[name], dtype=float)


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


def _legend(series, colours):
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
            colours[k],
        )
        for k, words in enumerate(shown)
    ]
