"""Background norms of many blocks at once, each at its best for given predictions of everything else.

A block's norm b >= 0 minimises b*sum B - sum n*log(b*B + rest), so it solves T(b) = sum B with what the events
draw, T(b) = sum n/(b + rest/B). The weighted harmonic mean 1/T is concave and rises with b. Newton's method for
1/T = 1/sum B therefore approaches the root from below without ever passing it, from above passes it once, and
is nearly straight where one kind of event dominates: a few steps from anywhere.
"""

from dataclasses import dataclass

import numpy as np

MAX_STEPS = 200
# In units of the norm's own error; what is left is added to second order by whoever uses the sums.
DECREMENT_STOP = 1e-4
# Stands for predictions of zero and less: steep enough to turn every search around, and its square is finite.
NOTHING = 1e-150


@dataclass(frozen=True)
class SettledNorms:
    """Background norms and what the next derivatives need.

    Attributes
    ----------
    norms : float array (n_blocks,)
    prediction : float array (n_events,), of everything, at the cell of each event, at least `NOTHING`
    impossible : int array, numbers of the events where it would be less
    share : float array (n_events,), the background template over the prediction
    gradient, hessian : float arrays (n_blocks,)
        Of half the statistic in the norm; gradient 0 and Hessian infinite where the norm cannot move.
    """

    norms: np.ndarray
    prediction: np.ndarray
    impossible: np.ndarray
    share: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray


def settle_norms(terms, rest, start):
    """The `SettledNorms` of all blocks.

    Parameters
    ----------
    terms : `~tevcurve.kernels.terms.CashTerms`
    rest : float array (n_events,), prediction of everything but the background at the cell of each event
    start : float array (n_blocks,), where the search begins
    """
    total, block, background = terms.background_total, terms.event_block, terms.event_background
    free = total > 0
    # Lone events alone already draw the total here, so the root is not below.
    lowest = ratio(terms.lone_count, total)
    norms, moving, restarted = np.maximum(start, lowest), free, np.zeros_like(free)
    for _ in range(MAX_STEPS):
        prediction = rest + norms[block] * background
        impossible = np.flatnonzero(~(prediction > NOTHING))
        if len(impossible):
            again = np.zeros_like(free)
            again[block[impossible[background[impossible] > 0]]] = True
            again &= moving & ~restarted
            if again.any():
                norms, restarted = np.where(again, _leftmost(terms, rest, again), norms), restarted | again
                continue
            prediction[impossible] = NOTHING
        share = background / prediction
        pull = terms.event_count * share
        drawn = np.bincount(block, pull, terms.n_blocks) + ratio(terms.lone_count, norms)
        hessian = np.bincount(block, pull * share, terms.n_blocks) + ratio(terms.lone_count, norms**2)
        gradient = total - drawn
        held = (norms <= 0) & (gradient >= 0)
        small = np.abs(gradient) < DECREMENT_STOP * np.sqrt(hessian)
        following = np.maximum(norms - ratio(gradient, hessian) * ratio(drawn, total), lowest)
        following = np.where(drawn > 0, following, 0.0)
        moving = moving & ~(held | small | (following == norms)) & np.isfinite(following)
        if not moving.any():
            break
        norms = np.where(moving, following, norms)
    else:
        norms = np.where(moving, np.nan, norms)
    movable = free & ~held & (hessian > 0)
    gradient, hessian = np.where(movable, gradient, 0.0), np.where(movable, hessian, np.inf)
    return SettledNorms(norms, prediction, impossible, share, gradient, hessian)


def ratio(numerator, denominator):
    """numerator / denominator, 0 where the denominator is not above 0."""
    return np.divide(numerator, denominator, out=np.zeros(np.shape(denominator)), where=denominator > 0)


def _leftmost(terms, rest, blocks):
    """Norms (n_blocks,) of some blocks (bool) that are not above the root, where every prediction is positive.

    One event alone draws the total at -rest/B + n/(sum B); with the others the root can only be higher.
    """
    event = np.flatnonzero(blocks[terms.event_block] & (terms.event_background > 0))
    block = terms.event_block[event]
    alone = terms.event_count[event] / terms.background_total[block]
    norms = ratio(terms.lone_count, terms.background_total)
    np.maximum.at(norms, block, alone - rest[event] / terms.event_background[event])
    return norms
