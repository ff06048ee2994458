"""The spectrum of a fit as numbers that are drawn and written: energies, and the flux at each."""

from dataclasses import replace

import numpy as np
from astropy.table import Column, Table

from tevcurve.lightcurve.columns import COLUMNS, DNDE_UNIT
from tevcurve.lightcurve.free_spectra import column_name

PER_DECADE = 20
ENERGY, DNDE = "curve_energy", "curve_dnde"


def with_curves(fits, spectrum, free):
    """The `LightCurve` with the columns `curve_energy` and `curve_dnde`, vectors in each row.

    Parameters
    ----------
    fits : `LightCurve` in one energy band
    spectrum : `SpectralModel`, its reference
    free : names of the parameters whose fitted values are in its columns
    """
    table = Table(fits.table, copy=False)
    low, high = (float(table[name][0]) for name in ("e_min", "e_max"))
    number = 1 + int(np.ceil(PER_DECADE * np.log10(high / low)))
    energy = np.geomspace(low, high, number)
    values = {name: np.asarray(table[column_name(name)], dtype=float)[:, None] for name in free}
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        curve = np.broadcast_to(spectrum.dnde(energy, **values), (len(table), number))
        at_reference = spectrum.dnde(np.asarray(table["e_ref"])[:, None], **values)
        curve = curve * (np.asarray(table["dnde"], dtype=float)[:, None] / at_reference)
    table[ENERGY] = Column(np.tile(energy, (len(table), 1)), unit="TeV", description="Energies of the curve")
    table[DNDE] = Column(curve, unit=DNDE_UNIT, description="Differential flux of the fitted spectrum there")
    return replace(fits, table=table)


def free_columns(table):
    """Names of the columns of fitted parameters, list of str. table: astropy Table of the fits."""
    names = [name.removesuffix("_errp") for name in table.colnames if name.endswith("_errp")]
    return [name for name in names if name not in COLUMNS and name in table.colnames]
