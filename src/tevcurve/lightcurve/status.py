"""What came of each time bin: a status, and the reason in words."""

import numpy as np

from tevcurve.kernels.onoff_profile import LOST

# What is found in such a row is of the two together; where nothing is found that is what is said.
CONFUSABLE = ("ok", "at_zero", "at_bound")
NO_ERROR = "where there is no symmetric error"


def statuses(joint, minimum, columns):
    """(statuses, reasons), two lists (n_bins,) of str.

    The statuses: `ok`; `at_zero`, the best flux is the bound at zero; `at_bound`, it is a bound below zero;
    `no_events`; `no_livetime`; `outside_fov`; `no_exposure`, no effective area where the source is; `not_converged`;
    `confused`, the source cannot be told from a neighbour whose flux is fitted, too, by what is expected of both.
    Where the symmetric error is NaN the reason says why.

    Parameters
    ----------
    joint : `~tevcurve.fit.row_likelihood.RowLikelihood`
    minimum : `~tevcurve.fit.minimize.Minimum` of its profile
    columns : dict of the columns
    """
    status, reason = ["ok"] * joint.n_bins, joint.notes()
    fitted = np.zeros(joint.n_bins, dtype=bool)
    fitted[joint.fitted] = True
    told = {number: joint.why_unfitted(number) for number in np.flatnonzero(~fitted)}
    # Most rows have nothing to tell, and there may be very many.
    lost = joint.lost_excess(minimum.norm)
    for k in np.flatnonzero(_unusual(minimum, columns, joint.fitted) | (lost > 0)):
        told[joint.fitted[k]] = _fitted(minimum, k, columns, joint.fitted[k], lost[k])
    for number, (name, correlation) in joint.confusions(minimum).items():
        told[number] = _confused(*told.get(number, ("ok", "")), name, correlation)
    for number, (word, why) in told.items():
        status[number] = word
        reason[number] = "; ".join(words for words in (why, reason[number]) if words)
    return status, reason


def _unusual(minimum, columns, fitted):
    """Whether there is something to tell of each fitted bin, bool array (n_fitted,)."""
    unusual = ~minimum.is_smooth | ~(minimum.curvature > 0) | (columns["counts"][fitted] == 0)
    return unusual | ~np.isfinite(columns["ts"][fitted]) if "ts" in columns else unusual


def _fitted(minimum, k, columns, number, lost):
    if not minimum.converged[k]:
        return "not_converged", "the search for the best flux did not end"
    if columns["counts"][number] == 0:
        return "no_events", "there is no event in the fit, so only the limits are meaningful"
    if minimum.at_limit[k]:
        return _at_limit(minimum.norm[k], lost)
    words = [_lost(lost)] if lost else []
    if "ts" in columns and not np.isfinite(columns["ts"][number]):
        words.append(
            "without the source nothing is predicted where events are, so there is no test statistic"
        )
    if not (minimum.is_smooth[k] and minimum.curvature[k] > 0):
        words.append(f"the likelihood has a kink at the best flux, {NO_ERROR}")
    return "ok", "; ".join(words)


def _confused(status, reason, name, correlation):
    """(status, reason) of a row that is to be told from a neighbour, with those that it has without that."""
    expected = f"their amplitudes have an expected correlation of {correlation:.2f}"
    words = f"the source cannot be told from {name!r}: {expected}"
    status = "confused" if status in CONFUSABLE else status
    return status, "; ".join(each for each in (words, reason) if each)


def _lost(counts):
    return (
        f"a background that is free in energy bins with few OFF counts takes {counts:.3g} counts of the excess, so the "
        "flux and its limit are too low; background='shape' is not biased so"
    )


def _at_limit(norm, lost):
    """(status, reason) of a best flux that its lower limit holds. lost: counts of the excess that are not in it."""
    if lost:
        word = "at_bound" if norm < 0 else "at_zero"
        return word, f"{_lost(lost)}; the best flux is at its bound, {NO_ERROR}"
    if norm < 0:
        words = "the best flux is the lowest one that leaves no cell with a prediction below zero"
        return "at_bound", f"{words}, {NO_ERROR}"
    words = "there are fewer events than the background predicts, so the best flux is the bound at zero"
    return "at_zero", f"{words}, {NO_ERROR}"


def lost_excess_words(table):
    """How many rows have a fit with fewer counts of the source than the excess, one line, "" where none does.

    table: astropy Table of a light curve.
    """
    names = ("n_on", "n_off", "alpha", "excess", "npred_excess")
    if not set(names) <= set(table.colnames):
        return ""
    n_on, n_off, alpha, excess, fitted = (np.asarray(table[name], dtype=float) for name in names)
    number = int(np.count_nonzero(excess - fitted > LOST * np.sqrt(n_on + alpha**2 * n_off)))
    if not number:
        return ""
    rows = "row" if len(table) == 1 else "rows"
    return (
        f"{number} of {len(table)} {rows}: the fit has fewer counts of the source than the excess, by more than "
        f"{LOST:g} of its error (npred_excess, excess; the reason is in the column of this name)"
    )
