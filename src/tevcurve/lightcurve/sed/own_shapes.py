"""Flux points with the shape of the spectrum that was fitted to all energies of their own time bin."""

from dataclasses import replace

import numpy as np
from astropy.table import Column, Table

from tevcurve.bins.made import MadeBins
from tevcurve.lightcurve.columns import ENDINGS, QUANTITIES
from tevcurve.lightcurve.free_spectra import column_name
from tevcurve.lightcurve.selection import NoOrigin

WORDS = "Parameter {} of the shape that the point was fitted with"


def with_own_shapes(points, fits, free):
    """The flux points, a `LightCurve`: those of each time bin whose shape was fitted are made anew with that shape.

    They are what `tevcurve.light_curve` gives with that spectrum. Their `norm` is counted in the reference of the other
    points at `e_ref`, `ref_dnde`, and the shape is their own: so `ref_flux` is. Columns by the names of the parameters
    say it.

    Parameters
    ----------
    points : `LightCurve` with its origin and ledger, of fixed shape and without scans
    fits : `LightCurve` of the same time bins, with the parameters
    free : names of the parameters
    """
    origin, bins = points.origin, points.ledger.time_bins
    n_bands = origin.axes.n_bands
    table = Table(points.table)
    tables = [table[k * n_bands : (k + 1) * n_bands] for k in range(len(fits))]
    pieces = bins.pieces(list(origin.runs))
    for k in np.flatnonzero(np.asarray(fits.table["status"]) == "ok"):
        runs = np.unique(pieces.run[pieces.bin == k])
        fitted = {name: float(fits.table[column_name(name)][k]) for name in free}
        own = _of_bin(origin, bins, k, runs, fitted).light_curve().table
        tables[k] = _in_common_reference(own, tables[k])
    columns = []
    for name in table.colnames:
        # Texts are as long as the longest one.
        values = np.concatenate([np.asarray(each[name]) for each in tables])
        about = {key: getattr(table[name], key) for key in ("unit", "format", "description")}
        columns.append(Column(values, name=name, **about))
    for name in free:
        parameter = origin.spectrum.parameters[name]
        fitted = np.asarray(fits.table[column_name(name)], dtype=float)
        unit = str(parameter.unit) or None
        about = {"unit": unit, "format": ".4g", "description": WORDS.format(name)}
        columns.append(Column(np.repeat(fitted, n_bands), name=column_name(name), **about))
    # Its likelihoods are not those of one spectrum any more.
    origin = NoOrigin("each of its time bins has a spectrum of its own")
    return replace(points, table=Table(columns, meta=table.meta, copy=False), origin=origin)


def _of_bin(origin, bins, number, runs, values):
    """The `LightCurveOrigin` of one time bin of its runs, with other values of the spectrum's parameters."""
    source = origin.field.source.copy()
    for name, value in values.items():
        source.spectral_model.parameters[name].value = value
    return replace(
        origin,
        runs=origin.runs.chosen(runs),
        terms=(),
        fates=(),
        field=replace(origin.field, source=source),
        time_bins=MadeBins.of(bins.select([number]), origin.runs),
    ).reduced()


def _in_common_reference(table, others):
    """The rows with their norms in units of the `ref_dnde` of other rows in the same bands."""
    table = table.copy()
    factor = np.asarray(table["ref_dnde"]) / np.asarray(others["ref_dnde"])
    for end in ENDINGS:
        if f"norm{end}" in table.colnames:
            table[f"norm{end}"] *= factor
    for quantity in QUANTITIES:
        table[f"ref_{quantity}"] /= factor
    table["ref_dnde"] = others["ref_dnde"]
    return table
