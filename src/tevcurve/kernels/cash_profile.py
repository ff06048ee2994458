"""The Poisson likelihood of many bins at once, with the background norms profiled out.

A bin has a flux factor ``a`` shared by its blocks, further amplitudes ``c`` (shared too) if other sources are
free, and one background norm ``b`` per block. With the templates summed over all cells beforehand, cash (Cash
1979, ApJ 228, 939) needs them only at the cells where events are:

    cash = 2 * [a*sum S + c*sum O + sum_blocks b*sum B + sum C - sum_events n*log(a*s + c*o + b*B + C)]

A norm may be known beforehand, by a Gaussian prior that adds ((b - 1)/sigma)^2.

It is jointly convex in all amplitudes, and blocks couple only through the shared ones: the Hessian is an
arrowhead. So for given shared amplitudes each block finds its norm alone (`tevcurve.kernels.block_norms`), and
what is left for the shared ones is the Schur complement, one small matrix per bin (Boyd & Vandenberghe 2004,
"Convex Optimization", appendix A.5.5). What is done with the shared amplitudes is said elsewhere: one of them with the
others taken out in `tevcurve.kernels.one_amplitude`, all of them in `tevcurve.kernels.all_amplitudes`.

Every sum runs over the events of its own block in their order, and every bin stops at its own convergence: a
bin's numbers do not depend on which other bins are in the batch.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tevcurve.kernels.amplitudes import Settled
from tevcurve.kernels.block_norms import SettledNorms, ratio, settle_norms
from tevcurve.kernels.columns import columns_of
from tevcurve.kernels.lowest_factors import lowest_factors
from tevcurve.kernels.newton_descent import dot
from tevcurve.kernels.numbering import sums_by_owner
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.terms import CashTerms


def cash_profile(terms: CashTerms) -> OneAmplitude:
    """The cash statistic of each bin of `CashTerms` as a function of its flux factor alone, an `OneAmplitude`.

    terms: `CashTerms` of the bins.
    """
    return OneAmplitude(CashLikelihood(terms))


# What had reached its bound must be able to come back.
LEAST = 1e-3


class CashLikelihood:
    """Half the cash statistic of every bin as a function of its amplitudes, the background norms at their best.

    What `tevcurve.kernels.one_amplitude` calls a likelihood of amplitudes. It has no state: a search for norms begins
    where a `NormStart` says, and the one where it ended is returned.

    Parameters
    ----------
    terms : `~tevcurve.kernels.terms.CashTerms`
        Backgrounds with a fixed norm are among the constant parts; a block without any has no norm to fit.

    Attributes
    ----------
    n, n_amplitudes : int, bins and amplitudes in each; the source's is the first
    counts : float array (n,), counts that something free has a part in
    total : float array (n, n_amplitudes), counts expected over all cells at amplitude 1
    """

    def __init__(self, terms: CashTerms, *, _are_normalized: bool = False) -> None:
        counts = terms.block_counts()
        self._norm_scale = ratio(counts, terms.background_total)
        # What was taken of a likelihood has its templates normalised already.
        self.terms = terms if _are_normalized else terms.normalized(self._norm_scale)
        self.n, self.n_amplitudes = terms.n_bins, terms.n_shared
        self.counts = np.bincount(terms.block_bin, counts, terms.n_bins)
        columns = [np.bincount(terms.block_bin, column, terms.n_bins) for column in terms.shared_total.T]
        self.total = np.stack(columns, axis=1)
        self._event_bin = terms.block_bin[terms.event_block]
        self._columns = columns_of(self.terms, self._event_bin)

    def start(self) -> "NormStart":
        """The `NormStart` of a search that knows nothing: all norms as if there were nothing but backgrounds."""
        amplitudes = np.ones((self.n, self.n_amplitudes))
        amplitudes[:, 0] = 0
        return NormStart(amplitudes, self._norm_scale, np.zeros((self.terms.n_blocks, self.n_amplitudes)))

    def take(
        self, bins: np.ndarray, start: "NormStart | None" = None
    ) -> "tuple[CashLikelihood, NormStart | None]":
        """(the likelihood of some bins (sorted int array), the start cut with them).

        Parameters
        ----------
        bins : sorted int array, the bins that are kept
        start : where a search began, of all bins; None: nowhere yet
        """
        if start is not None:
            wanted = np.zeros(self.n, dtype=bool)
            wanted[bins] = True
            blocks = wanted[self.terms.block_bin]
            start = NormStart(start.amplitudes[bins], start.norms[blocks], start.response[blocks])
        return CashLikelihood(self.terms.take(bins), _are_normalized=True), start

    def with_columns(self, columns: np.ndarray) -> "CashLikelihood":
        """The same with these amplitudes only, in this order.

        Where another one comes first, it is not known how far below zero it may go: the cells that decide that are of
        the one that was first.

        columns: int array, numbers of the amplitudes that are kept; the others must be of sources that no row sees.
        """
        if np.array_equal(columns, np.arange(self.n_amplitudes)):
            return self
        return CashLikelihood(self.terms.with_columns(columns), _are_normalized=True)

    def pieces(self) -> "tuple[CashLikelihood, np.ndarray]":
        """(the likelihood whose rows are the blocks of this one's, the row (n_blocks,) that each belongs to)."""
        terms = self.terms
        own = replace(terms, n_bins=terms.n_blocks, block_bin=np.arange(terms.n_blocks))
        return CashLikelihood(own, _are_normalized=True), terms.block_bin

    def evaluate(
        self, amplitudes: np.ndarray, start: "NormStart | None" = None, value: bool = True
    ) -> "tuple[tuple[np.ndarray | None, np.ndarray, np.ndarray], NormStart]":
        """((half the statistic (n,), its gradient (n, n_amplitudes), its Hessian), where the search ended).

        The statistic is infinite where an event is predicted impossible.

        Parameters
        ----------
        amplitudes : float array (n, n_amplitudes)
        start : `NormStart`, where the search for the norms begins; default: `start()`
        value : bool; without it the statistic, which costs a logarithm per event, is None
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            settled = self._settle(amplitudes, start)
            coupling, gradient, hessian = self._arrowhead(settled)
            half_stat = self._half_stat(amplitudes, settled) if value else None
            end = NormStart(amplitudes, settled.norms, -coupling / settled.hessian[:, None])
        return (half_stat, gradient, hessian), end

    def slopes(
        self, amplitudes: np.ndarray, start: "NormStart | None" = None
    ) -> "tuple[np.ndarray, NormStart]":
        """(the gradient of half the statistic (n, n_amplitudes), where the search ended), see `evaluate`.

        Parameters
        ----------
        amplitudes : float array (n, n_amplitudes)
        start : `NormStart`, where the search for the norms begins; default: `start()`
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            settled = self._settle(amplitudes, start)
            coupling, gradient, _ = self._arrowhead(settled, bend=False)
            return gradient, NormStart(amplitudes, settled.norms, -coupling / settled.hessian[:, None])

    def settled(
        self, amplitudes: np.ndarray, start: "NormStart | None" = None
    ) -> "tuple[Settled, NormStart]":
        """(everything but the amplitudes at its best, a `Settled`; where the search ended). See `evaluate`.

        Parameters
        ----------
        amplitudes : float array (n, n_amplitudes)
        start : where the search begins; None: nowhere yet
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            settled = self._settle(amplitudes, start)
            response = -self._arrowhead(settled)[0] / settled.hessian[:, None]
            half_stat = self._half_stat(amplitudes, settled)
        end = NormStart(amplitudes, settled.norms, response)
        return Settled(2 * half_stat, settled.last_norms(), response[:, 0], amplitudes), end

    def effective_counts(self, amplitudes: np.ndarray) -> np.ndarray:
        """Counts (n,) that the first amplitude of each row rests on, all at given amplitudes (n, n_amplitudes).

        Events weighted with how much they say: an event's weight w is that of the likelihood's slope, and the number
        (sum w)^2 / sum w^2 (Kish 1965): all events where there is no background, those under the source's image where
        there is.

        amplitudes: float array (n, n_amplitudes).
        """
        terms, (settled, _) = self.terms, self.settled(amplitudes)
        signal = terms.event_shared[:, 0]
        expected = self._rest(amplitudes) + settled.norms[terms.event_block] * terms.event_background
        weight = np.divide(signal, expected, out=np.zeros(len(expected)), where=expected > 0)
        first = np.bincount(self._event_bin, terms.event_count * weight, self.n)
        second = np.bincount(self._event_bin, terms.event_count * weight**2, self.n)
        return np.divide(first**2, second, out=np.zeros(self.n), where=second > 0)

    def expected(self, amplitudes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(the row of each block, its counts of background and of all else but the first amplitude), (n_blocks,).

        amplitudes: float array (n, n_amplitudes).
        """
        terms, (settled, _) = self.terms, self.settled(amplitudes)
        others = terms.constant_total
        if self.n_amplitudes > 1:
            others = others + (amplitudes[terms.block_bin, 1:] * terms.shared_total[:, 1:]).sum(axis=1)
        return terms.block_bin, settled.norms * terms.background_total, others

    def lower_bound(self) -> np.ndarray:
        """The lowest flux factor of each bin: where a prediction would reach zero, in any cell of the fit.

        See `tevcurve.kernels.lowest_factors`.
        """
        return lowest_factors(self)

    def possible(self, amplitudes: np.ndarray) -> np.ndarray:
        """The amplitudes (n, n_amplitudes) with further ones raised where events would be predicted impossible.

        Where a negative first one needs it, or where they are zero and alone predict an event.

        amplitudes: float array (n, n_amplitudes).
        """
        a, terms = amplitudes[:, 0], self.terms
        if self.n_amplitudes == 1:
            return amplitudes
        bare = (terms.event_background == 0) & (terms.event_constant == 0)
        if not (bare.any() or (a < 0).any()):
            return amplitudes
        is_bare = np.bincount(self._event_bin[bare], minlength=self.n) > 0
        raised = (amplitudes <= 0) & (is_bare | (a < 0))[:, None]
        lifting = np.where(raised, LEAST, amplitudes)
        lifting[:, 0] = 0
        short = -self._rest(amplitudes * (np.arange(self.n_amplitudes) == 0))
        lift = self._rest(lifting) - terms.event_constant
        lacking = (terms.event_background == 0) & (short > 0) & (lift > 0)
        factor = np.ones(self.n)
        np.maximum.at(factor, self._event_bin[lacking], 1.1 * short[lacking] / lift[lacking])
        lifting *= factor[:, None]
        lifting[:, 0] = a
        return lifting

    def _settle(self, amplitudes: np.ndarray, start: "NormStart | None") -> SettledNorms:
        """The `SettledNorms` at amplitudes."""
        start = self.start() if start is None else start
        step = amplitudes - start.amplitudes
        moved = start.norms + dot(start.response, step[self.terms.block_bin])
        return settle_norms(self.terms, self._rest(amplitudes), np.fmax(moved, 0.1 * start.norms))

    def _rest(self, amplitudes: np.ndarray) -> np.ndarray:
        """Prediction of everything but the background at the cell of each event, (n_events,)."""
        rest = self._columns.predicted(amplitudes)
        rest += self.terms.event_constant
        return rest

    def _arrowhead(self, settled: SettledNorms, bend: bool = True) -> tuple[np.ndarray, np.ndarray, Any]:
        """(coupling of the norms to the amplitudes (n_blocks, n_amplitudes), gradient and Hessian in these).

        The norms follow the amplitudes (Schur complement in each bin). Without `bend` the Hessian is None.
        """
        drawn, coupling, hessian = self._columns.sums(settled.prediction, settled.share, bend)
        follow = coupling / settled.hessian[:, None]
        expected = self.terms.shared_total - follow * settled.gradient[:, None]
        gradient = sums_by_owner(expected, self.terms.block_bin, self.n) - drawn
        if hessian is not None:
            hessian = hessian - sums_by_owner(
                follow[:, :, None] * coupling[:, None, :], self.terms.block_bin, self.n
            )
        return coupling, gradient, hessian

    def _half_stat(self, amplitudes: np.ndarray, settled: SettledNorms) -> np.ndarray:
        terms = self.terms
        lone = np.where(terms.lone_count > 0, terms.lone_count * np.log(settled.norms), 0.0)
        block = settled.norms * terms.background_total + terms.constant_total - lone - terms.lone_log
        for j in range(self.n_amplitudes):
            block += amplitudes[:, j][terms.block_bin] * terms.shared_total[:, j]
        block -= terms.sums.of(terms.event_count * np.log(settled.prediction))
        if terms.prior_weight is not None:
            block += 0.5 * terms.prior_weight * (settled.norms - 1) ** 2
        # What the last steps of the norms, too small to be worth making, would still take away.
        block -= 0.5 * settled.gradient**2 / settled.hessian
        half_stat = sums_by_owner(block, terms.block_bin, self.n)
        half_stat[self._event_bin[settled.impossible]] = np.inf
        return half_stat


@dataclass(frozen=True, eq=False)
class NormStart:
    """Where a search for background norms ended, and the next one begins.

    Attributes
    ----------
    amplitudes : float array (n, n_amplitudes), at which it was
    norms : float array (n_blocks,), those there
    response : float array (n_blocks, n_amplitudes), their derivatives in the amplitudes
    """

    amplitudes: np.ndarray
    norms: np.ndarray
    response: np.ndarray
