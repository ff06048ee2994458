"""Errors and limits of a light curve by Feldman & Cousins, in place of the likelihood's."""

from statistics import NormalDist

import numpy as np

from tevcurve.fit.exact_intervals import onoff_norm_intervals

WORDS = "errors and limit by Feldman & Cousins, from the counts summed over the energies of the band"
LENGTHENED = (
    "their interval was lengthened to the flux, which is fitted in energy bins and lies outside of it"
)


def with_exact_intervals(joint, columns, reason, options):
    """(columns, reasons) with `norm_errn`, `norm_errp` and `norm_ul` by Feldman & Cousins, where these are asked for.

    - `norm - norm_errn` and `norm + norm_errp`: the ends of the interval at the confidence of `sigma` standard
      deviations (1: 68.27 %). The norm is that of the fit; where it lies outside, the interval is lengthened to it.
    - `norm_ul`: the upper end of the interval at the confidence of the limit (95 %), so two-sided for a source that is
      seen; it holds in at least that share of all cases.

    Parameters
    ----------
    joint : `~tevcurve.fit.joint.JointFit`
    columns, reason : as they are with the likelihood's
    options : `FitOptions`
    """
    columns, reason = dict(columns), list(reason)
    rows = joint.fitted[np.isfinite(columns["norm"][joint.fitted])]
    norm = columns["norm"][rows]
    outside = np.zeros(len(rows), dtype=bool)

    def ends(sigma, one_sided):
        level = NormalDist().cdf(sigma) if one_sided else 2 * NormalDist().cdf(sigma) - 1
        signal = joint.profile.signal_total[np.searchsorted(joint.fitted, rows)]
        counts = (columns[name][rows] for name in ("n_on", "n_off", "alpha"))
        return onoff_norm_intervals(*counts, signal, level)

    if "norm_errn" in columns:
        lower, upper = ends(options.sigma, False)
        columns["norm_errn"] = _filled(columns["norm_errn"], rows, np.maximum(norm - lower, 0.0))
        columns["norm_errp"] = _filled(columns["norm_errp"], rows, np.maximum(upper - norm, 0.0))
        outside |= (norm < lower) | (norm > upper)
    if "norm_ul" in columns:
        _, upper = ends(options.sigma_ul, True)
        columns["norm_ul"] = _filled(columns["norm_ul"], rows, np.maximum(upper, norm))
        outside |= norm > upper
    for row, is_outside in zip(rows, outside, strict=True):
        words = (reason[row], WORDS, LENGTHENED if is_outside else "")
        reason[row] = "; ".join(each for each in words if each)
    return columns, reason


def _filled(column, rows, values):
    column = column.copy()
    column[rows] = values
    return column
