"""Light curves times a number, and plus a constant flux."""

from dataclasses import replace

import numpy as np
from astropy import units as u

from tevcurve.errors import InputError
from tevcurve.lightcurve.columns import ADDED, COLUMNS, FLUX_UNIT, QUANTITIES, SCALED, declared
from tevcurve.lightcurve.selection import NoOrigin
from tevcurve.lightcurve.table_making import table_column


class FluxArithmetic:
    """What `LightCurve` has of a number.

    `lc * 1.1`, `1.1 * lc`, `lc / 1.1` scale all fluxes: values, errors, limits and the references, so that `norm` and
    all that is told in norms (scan, TS) and in counts stays as it is. A factor is a number above 0, or one per row.

    `lc + flux`, `lc - flux` with a Quantity in 1 / (cm2 s) add a constant to the integral flux of each row, with the
    shape of the reference model: values, limits and the norms of the scan move, errors (systematic ones, too: what is
    added is known) and references stay. The test
    statistic is left out, for it compares with a flux of zero, which is no longer that of no source.

    What was done stands in the columns `scaled_by` and `added_flux`. The ledger stays, the origin goes: what is made
    again from the events is not scaled.
    """

    # So that arrays and Quantities leave the operation to the light curve.
    __array_ufunc__ = None

    def __mul__(self, factor):
        factor, new = _factor(factor, len(self)), self.copy()
        if not any(map(_is_flux, new.table.colnames)):
            raise InputError(
                "A light curve that has no fluxes is not scaled; light_curve.table has its columns."
            )
        for name in new.table.colnames:
            if _is_flux(name):
                new.table[name] *= factor.reshape(-1, *[1] * (new.table[name].ndim - 1))
        _note(new.table, SCALED, factor * np.asarray(_noted(new.table, SCALED, 1.0)))
        _follow(self.table, new.table)
        return replace(new, origin=_without(self.origin, "it was scaled"))

    __rmul__ = __mul__

    def __truediv__(self, divisor):
        return self * (1 / _factor(divisor, len(self)))

    def __add__(self, flux):
        return self._moved(_constant(flux, len(self)))

    __radd__ = __add__

    def __sub__(self, flux):
        return self._moved(-_constant(flux, len(self)))

    def __rsub__(self, flux):
        raise InputError(
            "A light curve cannot be subtracted from a flux: errors and limits would change sides."
        )

    def __rtruediv__(self, number):
        raise InputError("A number cannot be divided by a light curve: errors and limits would change sides.")

    def _moved(self, flux):
        if "ref_flux" not in self.table.colnames:
            raise InputError(
                "A light curve without the column ref_flux has no shape with which a flux is added."
            )
        new = self.copy()
        table, norm = new.table, flux / np.asarray(self.table["ref_flux"])
        for name in ("norm", "norm_ul", "norm_ul_tot"):
            if name in table.colnames:
                table[name] += norm
        if "norm_scan" in table.colnames:
            table["norm_scan"] += norm[:, None]
        for quantity in QUANTITIES:
            for name in (quantity, f"{quantity}_ul", f"{quantity}_ul_tot"):
                if name in table.colnames:
                    table[name] += norm * np.asarray(table[f"ref_{quantity}"])
        table.remove_columns([name for name in ("ts", "sqrt_ts") if name in table.colnames])
        added = flux + np.asarray(_noted(table, ADDED, 0.0))
        _note(table, ADDED, added)
        _follow(self.table, table)
        return replace(new, origin=_without(self.origin, "a constant was added"))


def _is_flux(name):
    """Whether a column is in units of flux, those of sensitivities in files of gammapy among them."""
    name = name.removesuffix("_sensitivity")
    return declared(name).is_flux or declared(name.removeprefix("ref_")).is_flux


def _factor(factor, n_rows):
    """A factor for each row, float array (n_rows,)."""
    if isinstance(factor, FluxArithmetic):
        raise InputError(
            "Light curves cannot be multiplied with or divided by each other; `hardness` is the ratio of two bands."
        )
    try:
        values = np.asarray(u.Quantity(factor).to_value(""), dtype=float)
    except u.UnitConversionError as error:
        raise InputError(
            f"The factor is in {u.Quantity(factor).unit}; a light curve stays one of fluxes when it is scaled by plain "
            "numbers (light_curve.table has the columns for other units)."
        ) from error
    except TypeError as error:
        raise InputError(
            f"The factor is {factor!r}; wanted is a number above 0, or one for each row."
        ) from error
    if values.shape not in ((), (n_rows,)) or not np.all(np.isfinite(values) & (values > 0)):
        raise InputError(
            f"The factor is {factor}; wanted is a number above 0, or one for each of {n_rows} rows."
        )
    return np.broadcast_to(values, n_rows)


def _constant(flux, n_rows):
    """A flux for each row, float array (n_rows,), cm-2 s-1."""
    if isinstance(flux, FluxArithmetic):
        raise InputError(
            "Light curves cannot be added to or subtracted from each other; `concatenate` puts one after the other."
        )
    try:
        values = np.asarray(u.Quantity(flux).to_value(FLUX_UNIT), dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{flux!r} cannot be added to a light curve; wanted is a flux in {FLUX_UNIT}."
        ) from error
    if values.shape not in ((), (n_rows,)) or not np.all(np.isfinite(values)):
        raise InputError(f"The flux is {flux}; wanted is one finite flux, or one for each of {n_rows} rows.")
    return np.broadcast_to(values, n_rows)


def _noted(table, name, default):
    return table[name] if name in table.colnames else default


def _note(table, name, values):
    table[name] = table_column(name, np.broadcast_to(values, len(table)), len(table))


def _follow(old, table):
    """Make those columns of a table anew that followed from others in the old one, and are no fluxes themselves."""
    for name, column in COLUMNS.things().items():
        if column.fill is None or column.is_flux or name not in table.colnames:
            continue
        before, now = (column.fill(dict(each.columns)) for each in (old, table))
        if before is None or not np.array_equal(before, np.asarray(old[name]), equal_nan=True):
            continue
        if now is None:
            table.remove_column(name)
        else:
            table[name] = table_column(name, now, len(table))


def _without(origin, reason):
    return (
        None if origin is None else NoOrigin(f"{reason}; rebin the original, then do the same to the new one")
    )
