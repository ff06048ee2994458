"""Background norms of many blocks at once, each at its best for given predictions of everything else.

A block's norm b >= 0 minimises b*sum B - sum n*log(b*B + rest), so it solves T(b) = sum B with what the events
draw, T(b) = sum n/(b + rest/B). The weighted harmonic mean 1/T is concave and rises with b. Newton's method for
1/T = 1/sum B therefore approaches the root from below without ever passing it, from above passes it once, and
is nearly straight where one kind of event dominates: a few steps from anywhere.

With a Gaussian prior of weight w around 1 the total is sum B + w*(b - 1), a rising straight line. The step then goes to
where the straight line that stands for 1/T meets the inverse of that total, the root of a quadratic equation. As 1/T
lies below its tangent, the steps still never pass the root from below.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tevcurve.kernels.terms import CashTerms

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

    def last_norms(self) -> np.ndarray:
        """The norms (n_blocks,) after one more of Newton's steps."""
        return np.maximum(self.norms - self.gradient / self.hessian, 0.0)


def settle_norms(
    terms: CashTerms, rest: np.ndarray, start: np.ndarray, stop: float = DECREMENT_STOP
) -> SettledNorms:
    """The `SettledNorms` of all blocks.

    Parameters
    ----------
    terms : `~tevcurve.kernels.terms.CashTerms`
    rest : float array (n_events,), prediction of everything but the background at the cell of each event
    start : float array (n_blocks,), where the search begins
    stop : float, the distance to the root, in units of the norm's own error, at which it ends
    """
    total, block, background = terms.background_total, terms.event_block, terms.event_background
    free, weight = total > 0, terms.prior_weight
    # Lone events alone already draw the total here, so the root is not below.
    lowest = ratio(terms.lone_count, total) if weight is None else _root_of_lone(terms)
    norms, moving, restarted = np.maximum(start, lowest), free, np.zeros_like(free)
    none = np.zeros(0, dtype=int)
    for _ in range(MAX_STEPS):
        prediction = terms.sums.spread(norms)
        prediction *= background
        prediction += rest
        impossible = none
        if not prediction.min(initial=np.inf) > NOTHING:
            impossible = np.flatnonzero(~(prediction > NOTHING))
            again = np.zeros_like(free)
            again[block[impossible[background[impossible] > 0]]] = True
            again &= moving & ~restarted
            if again.any():
                norms, restarted = np.where(again, _leftmost(terms, rest, again), norms), restarted | again
                continue
            prediction[impossible] = NOTHING
        share = background / prediction
        pull = terms.event_count * share
        drawn = terms.sums.of(pull) + ratio(terms.lone_count, norms)
        hessian = terms.sums.of(pull * share) + ratio(terms.lone_count, norms**2)
        if weight is not None:
            total, hessian = terms.background_total + weight * (norms - 1), hessian + weight
        gradient = total - drawn
        held = (norms <= 0) & (gradient >= 0)
        small = np.abs(gradient) < stop * np.sqrt(hessian)
        if weight is None:
            following = norms - ratio(gradient, hessian) * ratio(drawn, total)
        else:
            following = norms + _step_with_prior(drawn, hessian - weight, total, weight)
        following = np.where(drawn > 0, np.maximum(following, lowest), lowest)
        moving = moving & ~(held | small | (following == norms)) & np.isfinite(following)
        if not moving.any():
            break
        norms = np.where(moving, following, norms)
    else:
        norms = np.where(moving, np.nan, norms)
    movable = free & ~held & (hessian > 0)
    gradient, hessian = np.where(movable, gradient, 0.0), np.where(movable, hessian, np.inf)
    return SettledNorms(norms, prediction, impossible, share, gradient, hessian)


def _root_of_lone(terms: CashTerms) -> np.ndarray:
    """Norms (n_blocks,) that lone events and the prior alone would have."""
    weight: Any = terms.prior_weight
    return _root_of_one(weight, terms.background_total - weight, terms.lone_count)


def _root_of_one(weight: np.ndarray, linear: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The x >= 0 with weight*x^2 + linear*x = count."""
    root = np.sqrt(linear**2 + 4 * weight * count)
    return np.where(linear > 0, ratio(2 * count, linear + root), ratio(root - linear, 2 * weight))


def _step_with_prior(
    drawn: np.ndarray, steepness: np.ndarray, total: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Steps (n_blocks,) to where 1/T as a straight line meets 1/(total + weight*step).

    drawn, steepness : T and minus its derivative; total : what is to be drawn at the present norm
    """
    level, slope = ratio(np.ones_like(drawn), drawn), ratio(steepness, drawn**2)
    # slope*weight*x^2 + linear*x + constant = 0, the larger root.
    square, linear, constant = slope * weight, level * weight + slope * total, level * total - 1
    root = np.sqrt(np.maximum(linear**2 - 4 * square * constant, 0.0))
    forward = ratio(-2 * constant, linear + root)
    return np.where(linear > 0, forward, ratio(root - linear, 2 * square))


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """numerator / denominator, 0 where the denominator is not above 0.

    Parameters
    ----------
    numerator, denominator : float arrays of one shape
    """
    return np.divide(numerator, denominator, out=np.zeros(np.shape(denominator)), where=denominator > 0)


def _leftmost(terms: CashTerms, rest: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Norms (n_blocks,) of some blocks (bool) that are not above the root, where every prediction is positive.

    One event alone draws the total at -rest/B + n/(sum B); with the others the root can only be higher.
    """
    event = np.flatnonzero(blocks[terms.event_block] & (terms.event_background > 0))
    block, zero = terms.event_block[event], -rest[event] / terms.event_background[event]
    if terms.prior_weight is None:
        alone = terms.event_count[event] / terms.background_total[block]
        norms = ratio(terms.lone_count, terms.background_total)
    else:
        weight = terms.prior_weight[block]
        linear = terms.background_total[block] + weight * (zero - 1)
        alone, norms = _root_of_one(weight, linear, terms.event_count[event]), _root_of_lone(terms)
    np.maximum.at(norms, block, alone + zero)
    return norms
