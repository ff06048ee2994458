"""The rows of one energy band."""

import numpy as np

from tevcurve.errors import InputError
from tevcurve.lightcurve.notebook_view import energy_bands
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.selection import rows_of_instruments


def band_of(light_curve: LightCurve, band: int | None, wanted_by: str) -> LightCurve:
    """The light curve of one band.

    Parameters
    ----------
    light_curve : `LightCurve`
    band : int, number of the energy band, from 0; None where there is one only
    wanted_by : str, what it is for, for the message

    Raises `InputError` where rows are of several instruments, or where there are several bands and none is said, or not
    that one.
    """
    names = list(rows_of_instruments(light_curve.table))
    if len(names) > 1:
        raise InputError(
            f"{wanted_by} holds one series, and the rows are of {' and '.join(names)}; take "
            f"light_curve.of_instrument({names[-1]!r})."
        )
    bands = energy_bands(light_curve.table)
    if band is None and len(bands) < 2:
        return light_curve.copy()
    words = ", ".join(f"{k}: {low:g}-{high:g} TeV" for k, (low, high) in enumerate(bands))
    if band is None:
        raise InputError(
            f"{wanted_by} holds one energy band, and the light curve has several; say band= ({words})."
        )
    if band not in range(len(bands)):
        raise InputError(f"There is no energy band {band!r}; there are {words or 'none'}.")
    table = light_curve.table
    low, high = bands[band]
    return light_curve[(np.asarray(table["e_min"]) == low) & (np.asarray(table["e_max"]) == high)]
