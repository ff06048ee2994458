"""The flux that each row would show at a wished significance: for planning, and to say how deep an empty row is.

In half of all cases a source of that flux has at least that significance. It is found on the counts that are expected
of it (the Asimov data set; Cowan et al. 2011, Eur. Phys. J. C 71, 1554, sections 3.2 and 5): with these, the test
statistic of the source against none is the square of the median significance.
"""

import numpy as np

from tevcurve.fit.protocols import Drawable, DrawnCells, Expectations, rows_with

USE = "A sensitivity"
# Of the logarithm of the flux.
STOP, MAX_STEPS = 1e-9, 60
# The significance goes with the flux where background dominates, with its root where the source does.
LOWEST_SLOPE, HIGHEST_SLOPE = 0.4, 1.2


def norm_sensitivities(joint, norm, sigma):
    """The flux factors of the fitted rows at which the median significance is `sigma`, float array (n_fitted,).

    The background is what fits best with the flux that was found, in each run and energy bin (1D) or with its norm in
    each run (3D); that it has to be measured is part of the test. NaN where no flux gives that significance, or every
    flux does: where nothing else is expected.

    Parameters
    ----------
    joint : `~tevcurve.fit.row_likelihood.RowLikelihood`
    norm : float array (n_fitted,), best flux factors
    sigma : float above 0, standard deviations

    Raises `InputError` for rows that cannot be drawn: with free fluxes of other sources, or other nuisance parameters.
    """
    drawn = rows_with(joint, Drawable, Expectations, use=USE).drawn()
    if not len(joint.fitted):
        return np.zeros(0)
    toys = joint.toys(joint.fitted)
    background = toys.measured_background(norm)
    if not isinstance(drawn, DrawnCells):
        return _roots(lambda a: _significance(toys.expected(a, background), a), sigma, joint.profile.total)
    if background is None:
        settled, _ = joint.profile.settled(norm)
        background = settled.norms
    terms = joint.profile.likelihood.terms
    found = np.full(len(joint.fitted), np.nan)
    for number, cells in enumerate(drawn.cells):
        own = cells().with_background(background[terms.block_bin == number])
        prior = None if terms.prior_weight is None else terms.prior_weight[terms.block_bin == number]

        def of_cells(a, own=own, prior=prior):
            return _significance(own.profile_of(own.expected(a, np.ones((1, own.n_blocks))), prior), a)

        found[number] = _roots(of_cells, sigma, joint.profile.total[[number]])[0]
    return found


def _significance(profile, a):
    """Median significance (n,) of flux factors a (n,), of the profile of the counts that are expected of them."""
    with np.errstate(all="ignore"):
        (none, _, _), start = profile.evaluate(np.zeros(profile.n))
        (own, _, _), _ = profile.evaluate(a, start)
        return np.sqrt(np.maximum(none - own, 0.0))


def _roots(significance, sigma, total):
    """Where functions are `sigma`, float array (n,); NaN where they are not.

    By secants in logarithms, in which they are nearly straight. significance: function of a float array (n,) to another
    one; total: float array (n,), counts at factor 1.
    """
    at = np.log(sigma * np.sqrt(sigma**2 / 4 + 1) + sigma**2 / 2) - np.log(total)
    slope, before, going = np.ones(len(at)), None, np.ones(len(at), dtype=bool)
    for _ in range(MAX_STEPS):
        with np.errstate(all="ignore"):
            missing = np.log(sigma) - np.log(significance(np.exp(at)))
            if before is not None:
                secant = (before[1] - missing) / (at - before[0])
                slope = np.where(np.isfinite(secant), np.clip(secant, LOWEST_SLOPE, HIGHEST_SLOPE), slope)
            step = np.where(going, missing / slope, 0.0)
        before = at, missing
        at = at + step
        going &= ~(np.abs(step) <= STOP)
        if not np.any(going & np.isfinite(at)):
            break
    return np.where(np.isfinite(at) & ~going, np.exp(at), np.nan)
