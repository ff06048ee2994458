"""Everything a light curve says of its flux factors: best value, errors, limit, significance and scan."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from tevcurve.fit.confidence import crossing_above, crossing_below
from tevcurve.fit.joint_minimum import joint_minimum
from tevcurve.fit.minimize import ActiveBins, Minimum, minimize_norm
from tevcurve.fit.total_intervals import TotalIntervals, systematic_error
from tevcurve.kernels.amplitudes import Profile, Start
from tevcurve.kernels.one_amplitude import OneAmplitude


@dataclass(frozen=True)
class NormEstimate:
    """Flux factors of all bins, arrays of shape (n,); what was not asked for is None.

    Attributes
    ----------
    norm, stat : the best flux factor and the statistic there
    norm_err : symmetric error from the curvature; NaN at a bound or a kink, where that says nothing of an error
    norm_errn, norm_errp : distances to where the statistic has risen by sigma^2, or to the bound that comes first
    norm_ul : upper limit, counted from the best norm that is not below zero
    norm_err_sys : standard deviation by what rows have in common that is not known, times the number of them asked for;
        NaN where there is no `norm_err`, as for each of these
    norm_err_tot, norm_errn_tot, norm_errp_tot, norm_ul_tot : the same as those above with all that is not known: the
        quadratic sum, and the ends with the row's own nuisance parameters at their best
    ts : rise of the statistic from the minimum to no source at all
    norm_scan, dloglike_scan : (n_scan,) flux factors and (n, n_scan) rises of the statistic there
    minimum : `~tevcurve.fit.minimize.Minimum`
    """

    norm: np.ndarray
    stat: np.ndarray
    norm_err: np.ndarray | None
    norm_errn: np.ndarray | None
    norm_errp: np.ndarray | None
    norm_ul: np.ndarray | None
    norm_err_sys: np.ndarray | None
    norm_err_tot: np.ndarray | None
    norm_errn_tot: np.ndarray | None
    norm_errp_tot: np.ndarray | None
    norm_ul_tot: np.ndarray | None
    ts: np.ndarray | None
    norm_scan: np.ndarray | None
    dloglike_scan: np.ndarray | None
    minimum: Minimum


def estimate_norms(
    profile: Profile,
    *,
    negative: bool = False,
    err: float | None = None,
    errn_errp: float | None = None,
    ul_rise: float | None = None,
    ts: bool = False,
    scan: np.ndarray | None = None,
    spreads: Callable[[np.ndarray], np.ndarray] | None = None,
) -> NormEstimate:
    """Estimate the flux factors of all bins of a profile, with what is asked for.

    Parameters
    ----------
    profile : see `tevcurve.fit.minimize`; every bin must expect some signal
    negative : bool, whether flux factors may go below zero, down to where the prediction of a cell would vanish
    err, errn_errp : float, the number of standard deviations of the symmetric and the asymmetric errors
    ul_rise : float, rise of the statistic at the upper limit
    ts : bool, whether to compare with no source
    scan : float array (n_scan,), flux factors to scan
    spreads : function(best flux factors (n,)) -> float array (n, 3), what else is not known of each bin, see
        `RowNuisances.spreads`; default: nothing

    Returns
    -------
    NormEstimate
    """
    if isinstance(profile, OneAmplitude) and not (profile.likelihood.total[:, 1:] > 0).all():
        asked = {
            "negative": negative,
            "err": err,
            "errn_errp": errn_errp,
            "ul_rise": ul_rise,
            "ts": ts,
            "scan": scan,
        }
        if spreads is None:
            return _of_those_seen(profile, asked, None)
        return _of_those_seen(profile, asked, spreads(estimate_norms(profile, negative=negative).norm))
    lower = profile.lower_bound() if negative else np.zeros(profile.n)
    if isinstance(profile, OneAmplitude) and profile.likelihood.n_amplitudes > 1:
        minimum, start = joint_minimum(profile, lower)
    else:
        minimum = minimize_norm(profile, lower)
        _, start = profile.evaluate(minimum.norm)
    norm = minimum.norm
    results: dict[str, Any] = dict.fromkeys(each.name for each in fields(NormEstimate))
    known, totals = (None if spreads is None else spreads(norm)), None
    if known is not None:
        totals = TotalIntervals(profile, start, known, lower if negative else None)
    if err is not None:
        results |= _symmetric(minimum, err, known)
    if errn_errp is not None:
        rise = errn_errp**2
        below = crossing_below(profile, start, minimum, rise, lower)
        above = crossing_above(profile, start, minimum, rise)
        results |= {"norm_errn": norm - below, "norm_errp": above - norm}
        if totals is not None:
            results["norm_errn_tot"] = norm - totals.below(minimum, rise, below, lower)
            results["norm_errp_tot"] = totals.above(minimum, rise, above) - norm
    if ul_rise is not None:
        bounded = _not_below_zero(profile, start, minimum)
        results["norm_ul"] = crossing_above(profile, start, bounded, ul_rise)
        if totals is not None:
            results["norm_ul_tot"] = totals.above(bounded, ul_rise, results["norm_ul"])
    if ts:
        change = np.where(norm == 0, 0.0, np.maximum(minimum.stat_at_zero - minimum.stat, 0.0))
        # Without anything else predicted at an event, no source is impossible rather than infinitely unlikely.
        results["ts"] = np.where(np.isfinite(change), change, np.nan)
    if scan is not None:
        results["dloglike_scan"] = _scan(profile, start, scan) - minimum.stat[:, None]
    results |= {"norm": norm, "stat": minimum.stat, "norm_scan": scan, "minimum": minimum}
    return NormEstimate(**results)


def _symmetric(minimum: Minimum, err: float, spreads: np.ndarray | None) -> dict[str, np.ndarray]:
    """The symmetric errors of a `Minimum`, by their names; of `err` standard deviations."""
    with np.errstate(divide="ignore", invalid="ignore"):
        width = err * np.sqrt(2 / minimum.curvature)
    made = {"norm_err": np.where(minimum.is_smooth & np.isfinite(width), width, np.nan)}
    if spreads is not None:
        systematic = err * systematic_error(minimum.norm, spreads)
        made["norm_err_sys"] = np.where(np.isfinite(made["norm_err"]), systematic, np.nan)
        made["norm_err_tot"] = np.hypot(made["norm_err"], made["norm_err_sys"])
    return made


def _of_those_seen(profile: OneAmplitude, asked: dict[str, Any], spreads: np.ndarray | None) -> NormEstimate:
    """The `NormEstimate` of rows of which some do not see all sources: each with those that it sees."""

    def of_rows(rows: np.ndarray) -> Any:
        return None if spreads is None else lambda _: spreads[rows]

    seen = profile.likelihood.total > 0
    seen[:, 0] = True
    patterns, number = np.unique(seen, axis=0, return_inverse=True)
    order, parts, further = np.argsort(number.ravel(), kind="stable"), [], np.zeros(seen.shape)
    for k, pattern in enumerate(patterns):
        rows, columns = np.flatnonzero(number.ravel() == k), np.flatnonzero(pattern)
        own = OneAmplitude(profile.likelihood.take(rows)[0].with_columns(columns))
        parts.append(estimate_norms(own, **asked, spreads=of_rows(rows)))
        if len(columns) > 1:
            further[np.ix_(rows, columns[1:])] = parts[-1].minimum.further
    place = np.argsort(order)

    def joined(record: type, records: list[Any], *but: str) -> dict[str, Any]:
        values = {}
        for name in (each.name for each in fields(record) if each.name not in but):
            own = [getattr(one, name) for one in records]
            values[name] = None if own[0] is None else np.concatenate(own)[place]
        return values

    minima = joined(Minimum, [part.minimum for part in parts], "further")
    minimum = Minimum(**minima, further=further[:, 1:])
    found = joined(NormEstimate, parts, "minimum", "norm_scan")
    return NormEstimate(minimum=minimum, norm_scan=asked["scan"], **found)


def _scan(profile: Profile, start: Start, scan: np.ndarray) -> np.ndarray:
    """The statistic (n, n_scan) at each norm of a scan; the search at one begins where that at the last one ended."""
    stats = []
    for value in scan:
        (stat, _, _), start = profile.evaluate(np.full(profile.n, value), start)
        stats.append(stat)
    return np.stack(stats, axis=1)


def _not_below_zero(profile: Profile, start: Start, minimum: Minimum) -> Minimum:
    """The `Minimum` of norms that are not below zero: 0 where the best is."""
    below = minimum.norm < 0
    if not below.any():
        return minimum
    k, (stat, slope, curvature) = ActiveBins(profile, start).evaluate(np.zeros(profile.n), below)
    values = {
        name: getattr(minimum, name).copy() for name in ("norm", "stat", "slope", "curvature", "at_limit")
    }
    for name, found in zip(values, (0.0, stat, slope, curvature, True), strict=True):
        values[name][k] = found
    return replace(minimum, **values)
