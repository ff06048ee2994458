"""What the rows of many sources say of each of them, all at once, from the columns of their tables."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from tevcurve.fit.confidence import crossing_above
from tevcurve.fit.minimize import minimize_norm
from tevcurve.kernels.bound_profile import BoundProfile
from tevcurve.kernels.measured_profile import AsymmetricProfile
from tevcurve.kernels.summed_profile import SummedProfile
from tevcurve.lightcurve.variability.amplitude import FAINT
from tevcurve.lightcurve.variability.records import LEAST_CHANCE

# An error down below this share of the error up is that of a value at its bound.
_LEAST = 1e-3


@dataclass(frozen=True, eq=False)
class SourceStatistics:
    """What the rows of each of n sources say of it, arrays (n,); NaN where a source has no row with a flux.

    Attributes
    ----------
    n_rows : int, rows with a flux and errors
    mean, mean_err, mean_ul : the one norm that fits all rows best, its error from the curvature, NaN where it is at its
        bound, and its upper limit
    ts : test statistic of a constant source with that norm against no source: the sum of those of the rows, less
        `ts_var`
    ts_var : TS of a source that varies from row to row against a constant one (Nolan et al. 2012, ApJS 199, 31)
    p_var : chance of a constant source to have that `ts_var`, of chi-square with a degree of freedom for each row but
        one, not told below 1e-15; NaN where a norm is held at its bound, and for fewer than two rows
    index, index_err : fractional variability, the root of the normalized excess variance, with its error (Vaughan et
        al. 2003, MNRAS 345, 1271, equations 10 and B2); 0 where the errors explain all, its error NaN then, both NaN
        for fewer than two rows and where the mean is not three of its errors above zero
    """

    n_rows: np.ndarray
    mean: np.ndarray
    mean_err: np.ndarray
    mean_ul: np.ndarray
    ts: np.ndarray
    ts_var: np.ndarray
    p_var: np.ndarray
    index: np.ndarray
    index_err: np.ndarray


def source_statistics(
    source: np.ndarray, n: int, rows: Mapping[str, np.ndarray], rise: float, is_bounded: bool = True
) -> SourceStatistics:
    """The `SourceStatistics` of rows.

    The statistic of a row is rebuilt from its norm, its asymmetric errors, its limit and its TS
    (`tevcurve.kernels.measured_profile`, `tevcurve.kernels.bound_profile`): between the points that these tell it is
    smooth.

    Parameters
    ----------
    source : int array (n_rows,), which source a row is of
    n : number of sources
    rows : float arrays (n_rows,) by name, norms with errors of one standard deviation: `norm`, `norm_errn`,
        `norm_errp`, `norm_ul` and `ts`; NaN where there are none
    rise : of the statistic at a limit, from the best norm at or above 0
    is_bounded : whether norms are held at or above 0
    """
    norm, errn, errp, limit, ts = (rows[name] for name in ("norm", "norm_errn", "norm_errp", "norm_ul", "ts"))
    with np.errstate(invalid="ignore"):
        kept = np.flatnonzero(np.isfinite(norm) & (errp > 0) & (errn >= 0))
    order = kept[np.argsort(source[kept], kind="stable")]
    source, norm, errn, errp, limit, ts = (each[order] for each in (source, norm, errn, errp, limit, ts))
    there, group = np.unique(source, return_inverse=True)
    number, columns = np.bincount(source, minlength=n), np.full((8, n), np.nan)
    if len(there):
        profile = _joint(group, len(there), (norm, errn, errp, limit, ts), rise, is_bounded)
        lower = np.zeros(len(there)) if is_bounded else profile.lower_bound()
        found = minimize_norm(profile, lower)
        total = np.bincount(group, ts, len(there))
        ts_var = np.where(number[there] > 1, np.maximum(found.stat, 0.0), 0.0)
        with np.errstate(divide="ignore"):
            mean_err = np.where(found.is_smooth, np.sqrt(2 / found.curvature), np.nan)
        # A limit is counted from the best flux that is not below zero.
        above = found if is_bounded else minimize_norm(profile, np.zeros(len(there)))
        start = profile.evaluate(above.norm)[1]
        mean_ul = crossing_above(profile, start, above, rise)
        is_held = np.bincount(group, errn <= _LEAST * errp, len(there)) > 0
        degrees = number[there] - 1
        chance = np.maximum(chdtrc(np.maximum(degrees, 1), ts_var), LEAST_CHANCE)
        p_var = np.where(is_held | (degrees < 1), np.nan, chance)
        index = _fractional(group, len(there), norm, 0.5 * (errn + errp), found.norm > FAINT * mean_err)
        columns[:, there] = (
            found.norm,
            mean_err,
            mean_ul,
            np.maximum(total - ts_var, 0.0),
            ts_var,
            p_var,
            *index,
        )
    return SourceStatistics(number, *columns)


def _joint(
    group: np.ndarray, n: int, rows: tuple[np.ndarray, ...], rise: float, is_bounded: bool
) -> SummedProfile:
    """The sum of the statistics of the rows of each of n groups. rows: norms, errors down and up, limits, TS"""
    norm, errn, errp, limit, ts = rows
    at_bound = errn <= _LEAST * errp
    inside = ~at_bound
    if is_bounded:
        # An error down that ends at zero is too short: there the rise is the TS.
        with np.errstate(divide="ignore", invalid="ignore"):
            reaching = (norm**2 / ts + errp * norm) / (errp + norm)
        errn = np.where((errn >= norm * (1 - _LEAST)) & (ts > 0) & (reaching > errn), reaching, errn)
    limit = np.where(norm >= 0, limit - norm, np.nan)
    parts = [
        (AsymmetricProfile(norm[inside], errn[inside], errp[inside]), group[inside]),
        (BoundProfile(norm[at_bound], errp[at_bound], limit[at_bound], rise), group[at_bound]),
    ]
    return SummedProfile(parts, n)


def combined_chance(logs: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Chances (n,) of independent chances together, by Fisher's method; NaN where there is none.

    Parameters
    ----------
    logs : float array (n,), sums of their natural logarithms
    number : int array (n,), how many there are
    """
    with np.errstate(invalid="ignore"):
        return np.where(number > 0, chdtrc(2.0 * np.maximum(number, 1), -2.0 * logs), np.nan)


def _fractional(
    group: np.ndarray, n: int, value: np.ndarray, err: np.ndarray, is_bright: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(fractional variability, its error) of groups of values, arrays (n,)."""
    number = np.bincount(group, minlength=n)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(group, value, n) / number
        noise = np.bincount(group, err**2, n) / number
        scatter = np.bincount(group, (value - mean[group]) ** 2, n) / (number - 1)
        ratio = (scatter - noise) / mean**2
        index = np.sqrt(np.maximum(ratio, 0.0))
        # Equation B2.
        first, second = np.sqrt(1 / (2 * number)) * noise / mean**2 / index, np.sqrt(noise / number) / mean
        error = np.where(index > 0, np.hypot(first, second), np.nan)
    is_known = is_bright & (number > 1)
    return np.where(is_known, index, np.nan), np.where(is_known, error, np.nan)
