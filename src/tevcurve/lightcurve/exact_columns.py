"""Errors and limits of a light curve by Feldman & Cousins, in place of the likelihood's."""

from statistics import NormalDist

import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.exact_intervals import known_norm_intervals, onoff_norm_intervals
from tevcurve.fit.protocols import Drawable, DrawnOnOff, Expectations, rows_with
from tevcurve.fit.toy_intervals import toy_norm_intervals

WORDS = "errors and limit by Feldman & Cousins"
FROM_COUNTS = "from the counts summed over the energies of the band"
KNOWN = "and the background known"
SEVERAL_ALPHA = "with the mean alpha of parts that differ in it"
FROM_TOYS = "on toys of the row"
LENGTHENED = (
    "their interval was lengthened to the flux, which is fitted in energy bins and lies outside of it"
)
# A row of a cube takes seconds.
MOST_TOY_ROWS = 100


def with_exact_intervals(joint, columns, reason, options, minimum):
    """(columns, reasons) with `norm_errn`, `norm_errp` and `norm_ul` by Feldman & Cousins, where these are asked for.

    - `norm - norm_errn` and `norm + norm_errp`: the ends of the interval at the confidence of `sigma` standard
      deviations (1: 68.27 %). The norm is that of the fit; where it lies outside, the interval is lengthened to it.
    - `norm_ul`: the upper end of the interval at the confidence of the limit (95 %), so two-sided for a source that is
      seen; it holds in at least that share of all cases.

    ON and OFF counts, and the counts of a map of one pixel with a known background, are summed over energies
    (`tevcurve.fit.exact_intervals`); of cubes, toys are drawn (`tevcurve.fit.toy_intervals`).

    Parameters
    ----------
    joint : `~tevcurve.fit.row_likelihood.RowLikelihood`
    columns, reason : as they are with the likelihood's
    options : `FitOptions`
    minimum : `~tevcurve.fit.minimize.Minimum` of the profile

    Raises `InputError` for more than `MOST_TOY_ROWS` rows of cubes, and for rows that cannot be drawn.
    """
    columns, reason = dict(columns), list(reason)
    rows = joint.fitted[np.isfinite(columns["norm"][joint.fitted])]
    norm = columns["norm"][rows]
    levels = levels_of(options)
    asked = [name for name in levels if name in columns]
    intervals, words = _method(joint, columns, rows, minimum)
    found = intervals({name: levels[name] for name in asked}) if len(rows) else {}
    outside = np.zeros(len(rows), dtype=bool)
    if "norm_errn" in found:
        lower, upper = found["norm_errn"]
        columns["norm_errn"] = _filled(columns["norm_errn"], rows, np.maximum(norm - lower, 0.0))
        columns["norm_errp"] = _filled(columns["norm_errp"], rows, np.maximum(upper - norm, 0.0))
        outside |= (norm < lower) | (norm > upper)
    if "norm_ul" in found:
        _, upper = found["norm_ul"]
        columns["norm_ul"] = _filled(columns["norm_ul"], rows, np.maximum(upper, norm))
        outside |= norm > upper
    for row, own, is_outside in zip(rows, words, outside, strict=True):
        told = (reason[row], f"{WORDS}, {own}", LENGTHENED if is_outside else "")
        reason[row] = "; ".join(each for each in told if each)
    return columns, reason


def levels_of(options):
    """Confidence levels of the intervals of errors and of limits, dict by the first of their columns.

    options: `FitOptions`, with sigma and sigma_ul.
    """
    normal = NormalDist()
    return {"norm_errn": 2 * normal.cdf(options.sigma) - 1, "norm_ul": normal.cdf(options.sigma_ul)}


def check_toy_rows(n_rows):
    """Raises `InputError` for too many rows. n_rows: int, rows that are fitted."""
    if n_rows > MOST_TOY_ROWS:
        raise InputError(
            f"interval='feldman-cousins' in 3D draws toys of each row, and there are {n_rows} rows; wanted are up to "
            f"{MOST_TOY_ROWS}, or interval='likelihood'."
        )


def drawn_rows(joint):
    """What toys of the fitted rows of a `RowLikelihood` are, a `DrawnOnOff` or `DrawnCells`.

    joint: `RowLikelihood`. Raises `InputError` where none can be drawn.
    """
    return rows_with(joint, Drawable, Expectations, use="interval='feldman-cousins'").drawn()


def _method(joint, columns, rows, minimum):
    """(function of a dict of levels to one of (lower, upper) ends (n_rows,), words for each row).

    Of "norm_ul" the lower ends may be missing.
    """
    drawn, own = drawn_rows(joint), np.searchsorted(joint.fitted, rows)
    signal = joint.profile.total[own]
    if isinstance(drawn, DrawnOnOff):
        counts = drawn.n_on[own], drawn.n_off[own], drawn.alpha[own]
        words = [
            FROM_COUNTS if same else f"{FROM_COUNTS}, {SEVERAL_ALPHA}" for same in drawn.has_one_alpha[own]
        ]
        return lambda levels: {
            name: onoff_norm_intervals(*counts, signal, level) for name, level in levels.items()
        }, words
    if drawn.is_counting:
        counts = joint.measured()["counts"][rows]
        background = joint.expected(columns["norm"][joint.fitted]).rest()[own]
        return (
            lambda levels: {
                name: known_norm_intervals(counts, background, signal, level)
                for name, level in levels.items()
            },
            [f"{FROM_COUNTS} {KNOWN}"] * len(rows),
        )
    check_toy_rows(len(joint.fitted))

    def of_toys(levels):
        asked = [[levels[name]] if name in levels else [] for name in ("norm_errn", "norm_ul")]
        lower, upper, limits = toy_norm_intervals(joint.profile, minimum, drawn.cells, *asked)
        found = {"norm_errn": (lower[:, own], upper[:, own]), "norm_ul": (None, limits[:, own])}
        return {name: tuple(None if end is None else end[0] for end in found[name]) for name in levels}

    return of_toys, [FROM_TOYS] * len(rows)


def _filled(column, rows, values):
    column = column.copy()
    column[rows] = values
    return column
