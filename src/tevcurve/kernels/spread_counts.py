"""Over how many counts what is known of a flux is spread: the effective counts of its interval.

(sum w^2)^2 / sum w^4 over all counts (Kish 1965), where w^2 is what a count says of the flux once the background has
followed: all counts of one cell, few where a few counts with hardly any background say more than thousands beside them.
"""

import numpy as np

from tevcurve.kernels.cash_profile import CashLikelihood
from tevcurve.kernels.numbering import sums_by_owner
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.onoff_profile import CellCounts


def spread_counts(profile: OneAmplitude, norm: np.ndarray) -> np.ndarray:
    """Effective counts (n,) of the rows of a profile, as the module says.

    Parameters
    ----------
    profile : `OneAmplitude` of a `CashLikelihood`, whose further amplitudes stay at their best, or of `CellCounts`
    norm : float array (n,), flux factors; ON and OFF counts stand for their own
    """
    likelihood = profile.likelihood
    if isinstance(likelihood, CashLikelihood):
        second, fourth = _of_cells(likelihood, profile.best(norm))
    else:
        second, fourth = _of_on_and_off(likelihood)
    return _divided(second**2, fourth)


def _of_cells(likelihood: CashLikelihood, amplitudes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums (n,) of w^2 and w^4: with p predicted, s of the source and B of the background at a count, w = s/p - k*B/p.

    k is such that the norm of the block follows; the source has no part in lone counts, whose w is -k over the norm.
    """
    terms, (settled, _) = likelihood.terms, likelihood.settled(amplitudes)
    own = amplitudes[terms.block_bin[terms.event_block]]
    predicted = (
        (own * terms.event_shared).sum(axis=1)
        + settled.norms[terms.event_block] * terms.event_background
        + terms.event_constant
    )
    lone = _divided(1.0, settled.norms)
    signal, background = (
        _divided(each, predicted) for each in (terms.event_shared[:, 0], terms.event_background)
    )
    coupling = terms.sums.of(terms.event_count * signal * background)
    stiffness = terms.sums.of(terms.event_count * background**2) + terms.lone_count * lone**2
    if terms.prior_weight is not None:
        stiffness = stiffness + terms.prior_weight
    follow = _divided(coupling, stiffness)
    weight, of_lone = signal - follow[terms.event_block] * background, follow * lone

    def summed(power: int) -> np.ndarray:
        of_blocks = terms.sums.of(terms.event_count * weight**power) + terms.lone_count * of_lone**power
        return sums_by_owner(of_blocks, terms.block_bin, likelihood.n)

    return summed(2), summed(4)


def _of_on_and_off(likelihood: CellCounts) -> tuple[np.ndarray, np.ndarray]:
    """Sums (n,) of w^2 and w^4: with the variance v of the excess of a cell, w is s/v for ON, alpha*s/v for OFF."""
    alpha, n = likelihood.alpha, likelihood.n
    variance = likelihood.n_on + alpha**2 * likelihood.n_off
    weight = _divided(likelihood.signal, variance)
    second = weight**2 * variance
    fourth = weight**4 * (likelihood.n_on + alpha**4 * likelihood.n_off)
    return np.bincount(likelihood.cell_bin, second, n), np.bincount(likelihood.cell_bin, fourth, n)


def _divided(above: np.ndarray | float, below: np.ndarray) -> np.ndarray:
    """The ratio (n,), 0 where it is divided by 0."""
    return np.divide(above, below, out=np.zeros(len(below)), where=below > 0)
