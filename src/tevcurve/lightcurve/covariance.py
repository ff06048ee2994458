"""The covariance of the fluxes of all rows, by counts and by what rows have in common that is not known."""

from dataclasses import dataclass
from typing import Any

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.lightcurve.columns import FLUX_UNIT
from tevcurve.lightcurve.origin_rows import rows_behind
from tevcurve.records import short_repr


@dataclass(frozen=True, eq=False)
class FluxCovariance:
    """The covariance of fluxes (n_rows,), sparse: variances on the diagonal, and J C J^T of what rows share.

    Rows are those of the table, all bands of a time bin one after the other; bands share their nuisance parameters, so
    that they are correlated, too.

    Attributes
    ----------
    variance : float array (n_rows,), cm-4 s-2, of each row alone: by its counts (the square of `flux_err`, of one
        standard deviation), and by systematic errors that are new in each row; NaN where there is no such error
    names : tuple of str (n_nuisances,), the parameters, such as "flux_scale HESS 2004-12-07"
    row, nuisance : int arrays (n_loadings,)
    loading : float array (n_loadings,), cm-2 s-1, what one unit of a parameter adds to the flux of a row; those that
        are left out are 0
    covariance : float array (n_scales, n_scales), of the scales of instruments, which are the first parameters; all
        others are independent, with a variance of 1
    """

    variance: np.ndarray
    names: tuple[str, ...]
    row: np.ndarray
    nuisance: np.ndarray
    loading: np.ndarray
    covariance: np.ndarray

    __repr__ = short_repr

    def loadings(self) -> u.Quantity:
        """All loadings, Quantity (n_rows, n_nuisances), 1 / (cm2 s)."""
        dense = np.zeros((len(self.variance), len(self.names)))
        np.add.at(dense, (self.row, self.nuisance), self.loading)
        return u.Quantity(dense, FLUX_UNIT, copy=False)

    def matrix(self) -> u.Quantity:
        """The whole matrix, Quantity (n_rows, n_rows), 1 / (cm4 s2); NaN in the lines of rows without an error."""
        made = np.diag(self.variance)
        of_scale = self.nuisance < len(self.covariance)
        scales = np.zeros((len(self.variance), len(self.covariance)))
        np.add.at(scales, (self.row[of_scale], self.nuisance[of_scale]), self.loading[of_scale])
        made += scales @ self.covariance @ scales.T
        others = np.flatnonzero(~of_scale)
        others = others[np.argsort(self.nuisance[others], kind="stable")]
        # Most parameters act on few rows: one after the other they take less than the matrix of all of them.
        for own in np.split(others, np.flatnonzero(np.diff(self.nuisance[others])) + 1):
            made[np.ix_(self.row[own], self.row[own])] += np.outer(self.loading[own], self.loading[own])
        unknown = np.isnan(self.variance)
        made[unknown], made[:, unknown] = np.nan, np.nan
        return u.Quantity(made, u.Unit(FLUX_UNIT) ** 2, copy=False)


def covariance(light_curve: Any, constant: u.Quantity | None = None) -> FluxCovariance:
    """The `FluxCovariance` of a light curve: of counts, and of its systematic errors and scales of instruments.

    To first order. Systematic errors of fluxes are proportional to these. A fit to fluxes by this matrix wants them to
    be proportional to what is fitted, not to what was measured, or low rows count too much and the fit comes out below
    most of them (Peelle's puzzle): give that as the `constant`.

    Parameters
    ----------
    light_curve : `LightCurve` as `tevcurve.light_curve` made it, with all of its rows
    constant : Quantity, flux, or one for each row (n_rows,), that errors are proportional to; default: each row's own

    Raises `InputError` where the light curve has systematic errors and does not know its events.
    """
    table = light_curve.table
    error = np.asarray(table["flux_err"], dtype=float) / light_curve.meta.get("sigma", 1.0)
    none = np.zeros(0)
    if not light_curve.meta.get("systematics") and not light_curve.meta.get("cross_calibration"):
        return FluxCovariance(error**2, (), none.astype(int), none.astype(int), none, np.zeros((0, 0)))
    joint = rows_behind(light_curve, use="The covariance of fluxes", below_zero=True)
    if joint.n_bins != len(table):
        raise InputError(
            f"The light curve has {len(table)} rows, and its runs make {joint.n_bins}; wanted are all of them."
        )
    norm = np.asarray(table["norm"], dtype=float)
    nuisances = light_curve.origin.nuisances(joint, norm[joint.fitted])
    unit, flux = np.asarray(table["ref_flux"], dtype=float), np.asarray(table["flux"], dtype=float)
    if constant is not None:
        flux = _constant(constant, len(table))
    at, unit_at = flux[joint.fitted], unit[joint.fitted]
    own = error**2
    squares = np.stack([at**2, 2 * at * unit_at, unit_at**2], axis=1)
    own[joint.fitted] += np.einsum("rk,rk->r", squares, nuisances.own)
    loading = at[nuisances.row] * nuisances.scale + unit_at[nuisances.row] * nuisances.shift
    row = joint.fitted[nuisances.row]
    return FluxCovariance(own, nuisances.names, row, nuisances.nuisance, loading, nuisances.covariance)


def _constant(given: Any, n_rows: int) -> np.ndarray:
    """Fluxes (n_rows,), cm-2 s-1, that a caller gave."""
    try:
        values = np.asarray(u.Quantity(given).to_value(FLUX_UNIT), dtype=float)
    except (TypeError, ValueError, u.UnitConversionError) as error:
        raise InputError(f"constant is {given!r}; wanted is a flux in {FLUX_UNIT}.") from error
    if values.shape not in ((), (n_rows,)) or not np.all(np.isfinite(values)):
        raise InputError(f"constant is {given}; wanted is one finite flux, or one for each of {n_rows} rows.")
    return np.broadcast_to(values, n_rows).copy()
