"""Likelihoods of the rows of a light curve from its columns, where the events are not at hand."""

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.measured_profile import AsymmetricProfile, ScanProfile

FLUX = u.Unit("cm-2 s-1")


def profile_of_columns(table, numbers):
    """(profile, kept, flux of norm 1 in cm-2 s-1, counts, n_bounded) of rows of a light curve's table.

    From the scans where there are any, else from values and asymmetric errors, else from symmetric ones.

    kept: bool array, which of the rows have a flux and errors. counts: those that a flux rests on, at least
    (value/error)^2. n_bounded: number of fluxes that are held at zero.

    Parameters
    ----------
    table : astropy Table of a light curve
    numbers : int array, of the rows

    Raises `InputError` without fluxes or errors.
    """
    columns, unit = _columns(table, numbers)
    value, errn, errp = columns["value"], columns["errn"], columns["errp"]
    with np.errstate(invalid="ignore"):
        kept = np.isfinite(value) & (errp > 0) & (errn >= 0)
    n_bounded = 0 if table.meta.get("negative") else np.count_nonzero(kept & (value <= 0))
    errn = np.maximum(errn, 1e-3 * errp)
    value, errn, errp = value[kept], errn[kept], errp[kept]
    counts = (value / (0.5 * (errn + errp))) ** 2
    if "n_on" in table.colnames:
        on = np.asarray(table["n_on"], dtype=float)[numbers][kept]
        # Rows with runs that have no ON region do not say it.
        counts = np.where(np.isfinite(on), on, counts)
    if columns["scan"] is not None:
        points = columns["scan"][kept], columns["rise"][kept]
        return ScanProfile(*_knots(value, errn, errp, points)), kept, unit, counts, n_bounded
    return AsymmetricProfile(value, errn, errp), kept, unit, counts, n_bounded


def at_bound(table, numbers):
    """How many rows (int array) are at the lowest flux that predictions allow, where fluxes may be negative.

    Those whose status says so, and those without an error down.

    Parameters
    ----------
    table : astropy Table of a light curve
    numbers : int array, of the rows
    """
    if not table.meta.get("negative"):
        return 0
    held = np.zeros(len(table), dtype=bool)
    if "status" in table.colnames:
        held |= np.asarray(table["status"]) == "at_bound"
    for name in ("flux_errn", "norm_errn"):
        if name in table.colnames:
            held |= np.asarray(table[name], dtype=float) == 0
    return int(np.count_nonzero(held[numbers]))


def _columns(table, numbers):
    """The columns of rows in one unit, and that unit in cm-2 s-1."""

    def column(name):
        if name not in table.colnames:
            return None
        values = np.asarray(table[name], dtype=float)[numbers]
        unit = u.Unit(table[name].unit or "")
        return values * unit.to(FLUX) if unit.is_equivalent(FLUX) else values

    reference, name = column("ref_flux"), "flux"
    if column("flux") is None:
        reference, name = np.ones(len(numbers)), "norm"
    if column(name) is None:
        raise InputError(f"A test of variability needs a column flux; this table has {table.colnames}.")
    err = column(f"{name}_err")
    errn, errp = (
        err if column(f"{name}{end}") is None else column(f"{name}{end}") for end in ("_errn", "_errp")
    )
    if errn is None or errp is None:
        raise InputError("A test of variability needs errors; the light curve has no flux_err.")
    sigma = float(table.meta.get("sigma", 1.0) or 1.0)
    unit = float(np.nanmedian(reference)) if reference is not None else float(np.nanmedian(np.abs(errp)))
    scan, rise = column("norm_scan"), column("dloglike_scan")
    if scan is not None and rise is not None:
        scan = scan * (1.0 if reference is None else reference[:, None] / unit)
    else:
        scan = None
    columns = {"value": column(name) / unit, "errn": errn / unit / sigma, "errp": errp / unit / sigma}
    return columns | {"scan": scan, "rise": rise}, unit


def _knots(value, errn, errp, points):
    """(knots, heights) of a `ScanProfile`: the minimum, both ends of the error bar, and the scan."""
    scan, rise = points
    knots = np.concatenate(
        [value[:, None] - errn[:, None], value[:, None], value[:, None] + errp[:, None], scan], 1
    )
    ends = np.broadcast_to([-1.0, 0.0, 1.0], (len(value), 3))
    with np.errstate(invalid="ignore"):
        roots = np.sign(scan - value[:, None]) * np.sqrt(np.maximum(rise, 0.0))
    heights = np.concatenate([ends, roots], axis=1)
    order = np.argsort(knots, axis=1, kind="stable")
    knots, heights = (np.take_along_axis(each, order, axis=1) for each in (knots, heights))
    return _growing(knots, heights)


def _growing(knots, heights):
    """The same with knots that do not grow, or have no height, moved beyond the last one on a straight line."""
    width = knots.shape[1]
    for row in range(len(knots)):
        good = np.isfinite(knots[row]) & np.isfinite(heights[row])
        x, y = knots[row][good], heights[row][good]
        first = np.append(True, (np.diff(x) > 1e-6 * (x[-1] - x[0])) & (np.diff(y) > 0))
        x, y = x[first], y[first]
        missing = width - len(x)
        step, climb = x[-1] - x[-2], y[-1] - y[-2]
        more = np.arange(1, missing + 1)
        knots[row] = np.append(x, x[-1] + more * step)
        heights[row] = np.append(y, y[-1] + more * climb)
    return knots, heights
