"""Rows whose source cannot be told from a neighbour, by what is expected of both and not by what was counted."""

import numpy as np

from tevcurve.kernels.overlap import correlations

# Of the amplitudes of a source and a neighbour, the most with which they are told apart: errors are 1.4 times as large.
HIGHEST = 0.7


def expected_correlations(rows, best):
    """Expected correlation (n_fitted, n_further) of the flux of each fitted row with that of each further source.

    It is that of the inverse of Fisher's information of the row's exposure, at fluxes and background norms that are
    the means over all rows of a band: what was counted in a row plays no part in its own. 0 where one of the two is
    not seen.

    Parameters
    ----------
    rows : `JointCubes`
    best : float array (n_fitted, 1 + n_further), best amplitudes

    Returns
    -------
    float array (n_fitted, n_further), or None where a run does not say what it expects in its cells
    """
    if rows.stacked or any(run.overlap is None for run in rows.runs):
        return None
    likelihood, band = rows.profile.likelihood, rows.fitted % rows.n_bands
    amplitudes = _means(best, likelihood.total, band, rows.n_bands)
    norms, known = _mean_norms(rows, best), _prior_weight(likelihood.terms)
    matrix = np.zeros((len(rows.fitted), best.shape[1], best.shape[1]))
    place = np.full(rows.n_bins, -1)
    place[rows.fitted] = np.arange(len(rows.fitted))
    for number, (run, cut, columns) in enumerate(zip(rows.runs, rows.cut.cuts, rows.further, strict=True)):
        own = np.array([0, *columns])
        livetime, row = cut.seconds * run.deadc, place[cut.rows(rows.n_bands)]
        for each in np.unique(band):
            norm = norms[number, each] if run.background_norm is None else run.background_norm
            found = run.overlap.information(each, amplitudes[each, own], norm, run.deadc)
            fitted = row[:, each] >= 0
            weight = known if run.background_norm is None else np.inf
            at = np.ix_(row[fitted, each], own, own)
            matrix[at] += _without_norm(found, livetime[fitted], weight)
    return correlations(matrix)


def _without_norm(found, livetime, weight):
    """Information (n_rows, n, n) on amplitudes in live times (n_rows,), with the background's norm unknown.

    weight : what is known of the norm beforehand, infinite for a norm that is fixed
    """
    edge, own = found[:-1, -1], livetime * found[-1, -1] + weight
    share = np.divide(livetime**2, own, out=np.zeros_like(livetime), where=own > 0)
    return livetime[:, None, None] * found[:-1, :-1] - share[:, None, None] * np.outer(edge, edge)


def _prior_weight(terms):
    """What the norms of backgrounds are known beforehand, 1/error^2."""
    return 0.0 if terms.prior_weight is None else np.max(terms.prior_weight, initial=0.0)


def _means(best, total, band, n_bands):
    """Mean amplitudes (n_bands, n_amplitudes) of rows, weighted with what they expect."""
    weight, summed = np.zeros((2, n_bands, best.shape[1]))
    np.add.at(weight, band, total)
    np.add.at(summed, band, np.where(total > 0, total * best, 0.0))
    return np.maximum(np.divide(summed, weight, out=np.zeros_like(summed), where=weight > 0), 0.0)


def _mean_norms(rows, best):
    """Mean background norms (n_runs, n_bands) of rows, weighted with what they expect; 1 where nothing is."""
    likelihood, pieces = rows.profile.likelihood, rows.runs_apart()
    _, background, _ = likelihood.expected(best)
    total, summed = np.zeros((2, len(rows.runs), rows.n_bands))
    at = pieces.run, (rows.fitted % rows.n_bands)[pieces.row]
    np.add.at(total, at, likelihood.terms.background_total)
    np.add.at(summed, at, background)
    return np.divide(summed, total, out=np.ones_like(total), where=total > 0)
