"""Errors and limits of a light curve by Feldman & Cousins, in place of the likelihood's."""

from statistics import NormalDist

import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.exact_intervals import known_norm_intervals, onoff_norm_intervals
from tevcurve.fit.protocols import Drawable, DrawnOnOff, Expectations, rows_with
from tevcurve.fit.toy_intervals import toy_norm_intervals
from tevcurve.kernels.spread_counts import spread_counts
from tevcurve.lightcurve.interval_words import FELDMAN_COUSINS, INTERVAL, LIKELIHOOD

WORDS = "errors and limit by Feldman & Cousins"
FROM_COUNTS = "from the counts summed over the energies of the band"
KNOWN = "and the background known"
SEVERAL_ALPHA = "with the mean alpha of parts that differ in it"
FROM_TOYS = "on toys of the row"
LENGTHENED = (
    "their interval was lengthened to the flux, which is fitted in energy bins and lies outside of it"
)
# A row of a cube takes up to a second.
MOST_TOY_ROWS = 100
BY_LIKELIHOOD = "errors and limit by the likelihood, as good as by Feldman & Cousins"
# What a row has where the likelihood is as good: effective counts, counts of background in each of its parts, and the
# standard deviations by which the source is seen, so that the bound at zero is of no interval.
MANY_COUNTS, MANY_IN_BACKGROUND, SEEN = 200, 30, 5


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

    With interval="auto" rows that are `as_good` keep the likelihood's; each says in its reason, and in the column
    `interval`, whose it has.

    Raises `InputError` for more than `MOST_TOY_ROWS` rows of cubes, and for rows that cannot be drawn.
    """
    columns, reason = dict(columns), list(reason)
    kept = as_good(joint, minimum, options)
    columns[INTERVAL] = np.full(joint.n_bins, "", dtype=f"U{len(FELDMAN_COUSINS)}")
    columns[INTERVAL][joint.fitted] = np.where(kept, LIKELIHOOD, FELDMAN_COUSINS)
    rows = joint.fitted[np.isfinite(columns["norm"][joint.fitted]) & ~kept]
    norm = columns["norm"][rows]
    levels = levels_of(options)
    asked = [name for name in levels if name in columns]
    for row in joint.fitted[kept]:
        reason[row] = "; ".join(each for each in (reason[row], BY_LIKELIHOOD) if each)
    if not len(rows):
        return columns, reason
    intervals, words = _method(joint, columns, rows, minimum, options.interval)
    found = intervals({name: levels[name] for name in asked})
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


def as_good(joint, minimum, options):
    """Whether the likelihood of each fitted row is as good as Feldman & Cousins, bool array (n_fitted,).

    Where its intervals are theirs within 3 % and hold the truth in 0.668 to 0.696 of all cases where 0.683 are meant
    (sums over all counts of one cell, the worst of all): of `MANY_COUNTS` effective counts, which are those over which
    what is known of the flux is spread, with `MANY_IN_BACKGROUND` counts of background in each part (a run, in 1D an
    energy bin of it), a source that is seen by `SEEN` standard deviations and by twice those of errors and limits, and
    no excess that the background takes. The limit is then one of one side. No row is, but for interval="auto".

    Parameters
    ----------
    joint : `~tevcurve.fit.row_likelihood.RowLikelihood`
    minimum : `~tevcurve.fit.minimize.Minimum` of the profile
    options : `FitOptions`
    """
    good = np.zeros(len(joint.fitted), dtype=bool)
    if options.interval != "auto" or not len(good):
        return good
    rows = rows_with(joint, Drawable, Expectations, use="interval='auto'")
    expected = rows.expected(minimum.norm)
    least = np.full(len(good), np.inf)
    np.minimum.at(least, expected.row, expected.background)
    drawn = rows.drawn()
    if isinstance(drawn, DrawnOnOff):
        # As many OFF counts, too, where these weigh more than ON counts.
        least = least / np.maximum(drawn.alpha, 1.0)
    significance = np.sqrt(np.maximum(minimum.stat_at_zero - minimum.stat, 0.0))
    good |= spread_counts(joint.profile, minimum.norm) >= MANY_COUNTS
    good &= minimum.is_smooth & (least >= MANY_IN_BACKGROUND) & (joint.lost_excess(minimum.norm) <= 0)
    return good & (significance >= max(SEEN, 2 * options.sigma, 2 * options.sigma_ul))


def check_toy_rows(n_rows, interval="feldman-cousins"):
    """Raises `InputError` for too many rows.

    Parameters
    ----------
    n_rows : int, rows of which toys are drawn
    interval : str, as it was asked for
    """
    if n_rows > MOST_TOY_ROWS:
        raise InputError(
            f"interval='{interval}' in 3D draws toys of each row, and there are {n_rows} rows; wanted are up to "
            f"{MOST_TOY_ROWS}, or interval='likelihood'."
        )


def drawn_rows(joint, interval="feldman-cousins"):
    """What toys of the fitted rows of a `RowLikelihood` are, a `DrawnOnOff` or `DrawnCells`.

    Parameters
    ----------
    joint : `RowLikelihood`
    interval : str, as it was asked for

    Raises `InputError` where none can be drawn.
    """
    return rows_with(joint, Drawable, Expectations, use=f"interval='{interval}'").drawn()


def _method(joint, columns, rows, minimum, interval):
    """(function of a dict of levels to one of (lower, upper) ends (n_rows,), words for each row).

    Of "norm_ul" the lower ends may be missing.
    """
    drawn, own = drawn_rows(joint, interval), np.searchsorted(joint.fitted, rows)
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
    check_toy_rows(len(rows), interval)

    def of_toys(levels):
        asked = [[levels[name]] if name in levels else [] for name in ("norm_errn", "norm_ul")]
        lower, upper, limits = toy_norm_intervals(joint.profile, minimum, drawn.cells, *asked, rows=own)
        found = {"norm_errn": (lower[:, own], upper[:, own]), "norm_ul": (None, limits[:, own])}
        return {name: tuple(None if end is None else end[0] for end in found[name]) for name in levels}

    return of_toys, [FROM_TOYS] * len(rows)


def _filled(column, rows, values):
    column = column.copy()
    column[rows] = values
    return column
