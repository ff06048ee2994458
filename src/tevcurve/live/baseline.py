"""The flux of a source while it is quiet, from a light curve of such a time."""

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.lightcurve import LightCurve
from tevcurve.lightcurve.variability.rows import rows_of


def baseline_of(quiet: LightCurve, light_curve: LightCurve, band: int | None = None) -> u.Quantity:
    """The constant flux of a light curve, 0 or more, Quantity in cm-2 s-1.

    Parameters
    ----------
    quiet : `LightCurve` of a quiet time
    light_curve : `LightCurve` that is to be compared with it, in the same energy band
    band : number of the energy band, where there are several

    Raises `InputError` where the energy bands differ.
    """
    rows = [rows_of(each, band, least=1, bounded=True) for each in (quiet, light_curve)]
    (low, high), wanted = (_edges(*each) for each in zip((quiet, light_curve), rows, strict=True))
    if not np.allclose((low, high), wanted, rtol=1e-6):
        raise InputError(
            f"The quiet flux is that between {low:.4g} and {high:.4g} TeV, and the light curve is of "
            f"{wanted[0]:.4g} to {wanted[1]:.4g} TeV; wanted is one energy band."
        )
    return max(float(rows[0].fits.constant[0]) * float(rows[0].flux), 0.0) * u.Unit("cm-2 s-1")


def _edges(light_curve, rows):
    """(lowest, highest) energy of the band of rows, TeV."""
    number = int(rows.number[0])
    return tuple(u.Quantity(light_curve.table[name])[number].to_value("TeV") for name in ("e_min", "e_max"))
