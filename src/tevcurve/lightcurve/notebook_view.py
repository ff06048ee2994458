"""How a light curve shows itself: a line, a short table, and a small figure in notebooks."""

from html import escape

import numpy as np
from astropy.table import Column
from astropy.units import Unit

from tevcurve.files.columns import in_a_sentence
from tevcurve.lightcurve.columns import first_look
from tevcurve.lightcurve.fitted_energies import extrapolation_words
from tevcurve.lightcurve.joined_rows import INSTRUMENTS
from tevcurve.lightcurve.papers.rounded import values_in
from tevcurve.lightcurve.papers.words import error_level, limit_level
from tevcurve.lightcurve.plots.rows import floats_of
from tevcurve.lightcurve.printed_rows import ROWS_AT_ONCE, printed_parts
from tevcurve.lightcurve.provenance import method_shown, told
from tevcurve.lightcurve.selection import INSTRUMENT, instruments_together, rows_of_instruments
from tevcurve.lightcurve.small_figure import small_figure
from tevcurve.lightcurve.status import lost_excess_words
from tevcurve.rounding import decimals_in_row, fixed, power_of

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
    return f"<p>{told}</p>{small_figure(light_curve, summary(light_curve))}{''.join(rows)}"


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
    value, limit = (floats_of(table, f"{quantity}{end}") for end in ("", "_ul"))
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
        floats_of(table, f"{quantity}{end}") for end in ("", "_err", "_ul", "_errn", "_errp")
    )
    power = shared_power(table, quantity) if power is None else power
    # Without a symmetric error, as at a bound, the larger of the other ones says how many digits are known.
    known = np.where(error > 0, error, np.fmax(down, up)) / 10.0**power
    values = [floats_of(table, name) / 10.0**power for name in names]
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
