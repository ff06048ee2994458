"""Flux points in words: a line, and short tables."""

from html import escape

import numpy as np
from astropy.table import Column, Table

from tevcurve.files.columns import in_a_sentence
from tevcurve.lightcurve.joined_rows import INSTRUMENTS
from tevcurve.lightcurve.notebook_view import remarks, value_texts
from tevcurve.lightcurve.provenance import method_shown
from tevcurve.lightcurve.sed.curves import free_columns
from tevcurve.lightcurve.selection import INSTRUMENT, bins_of_rows

MAX_LINES = 60
WHEN = (INSTRUMENT, INSTRUMENTS, "phase_min", "phase_max", "time_min", "time_max")


def summary(flux_points):
    """One line: source, time bins, energies, str. flux_points: `FluxPoints`."""
    meta, edges = flux_points.meta, flux_points.energy_edges.value
    source = f" of {meta['source']}" if meta.get("source") else ""
    method = f", {method_shown(meta)}" if meta.get("method") else ""
    n, n_bands = len(flux_points), flux_points.n_bands
    of = f", of {in_a_sentence(flux_points.instruments)}" if len(flux_points.instruments) > 1 else ""
    return (
        f"Flux points{source}: {n} time bin{'' if n == 1 else 's'}, {n_bands} energy band{'' if n_bands == 1 else 's'} "
        f"from {edges[0]:.4g} to {edges[-1]:.4g} TeV{of}{method}"
    )


def as_text(flux_points):
    """The line, what must not be overlooked, the fits and the points, str. flux_points: `FluxPoints`."""
    parts = _lines(flux_points)
    for heading, table in _tables(flux_points).items():
        parts += [heading, *table.pformat(max_lines=MAX_LINES, max_width=-1, align=">")]
    return "\n".join(parts)


def as_html(flux_points):
    """The same for a notebook, str; all words are escaped. flux_points: `FluxPoints`."""
    parts = [f"<p>{'<br>'.join(map(escape, _lines(flux_points)))}</p>"]
    for heading, table in _tables(flux_points).items():
        parts += [f"<p>{heading}</p>", *table.pformat(max_lines=MAX_LINES, max_width=-1, html=True)]
    return "".join(parts)


def _lines(flux_points):
    free = " and ".join(free_columns(flux_points.fits.table))
    own = (
        [f"Points of a time bin have the {free} fitted to all its energies, where the status is ok."]
        if free
        else []
    )
    return [summary(flux_points), *remarks(flux_points.points), *own]


def _tables(flux_points):
    return {"All energies together:": fits_table(flux_points), "Flux points:": points_table(flux_points)}


def fits_table(flux_points):
    """Table of texts and numbers, a row for each time bin: when, and what was fitted to all energies.

    flux_points: `FluxPoints`.
    """
    table, several = flux_points.fits.table, len(flux_points.instruments) > 1
    shown = _when(table, np.arange(len(flux_points)), several)
    for quantity in ("flux", *free_columns(table)):
        for name, (texts, unit) in value_texts(table, quantity).items():
            shown[name] = Column(texts, unit=unit)
    return _with_last(shown, table)


def points_table(flux_points):
    """Table of texts and numbers, a row for each time bin and energy band. flux_points: `FluxPoints`."""
    table, several = flux_points.table, len(flux_points.instruments) > 1
    shown = _when(table, bins_of_rows(table), several)
    for name in ("e_min", "e_ref", "e_max"):
        shown[name] = Column([f"{value:.4g}" for value in table[name]], unit="TeV")
    for name, (texts, unit) in value_texts(table, "e2dnde").items():
        shown[name] = Column(texts, unit=unit)
    return _with_last(shown, table)


def _when(table, numbers, several):
    """The first columns: number of the time bin, from 1, instrument where there are several, and times or phases."""
    shown = Table({"bin": np.asarray(numbers) + 1})
    folded = "phase_min" in table.colnames
    for name in WHEN:
        is_time, is_who = name.startswith("time"), name in (INSTRUMENT, INSTRUMENTS)
        if name in table.colnames and (several if is_who else is_time != folded):
            shown[name] = table[name]
    return shown


def _with_last(shown, table):
    for name, form in (("sqrt_ts", ".1f"), ("counts", ".0f"), ("status", "")):
        if name in table.colnames:
            shown[name] = [format(value, form) for value in table[name]]
    return shown
