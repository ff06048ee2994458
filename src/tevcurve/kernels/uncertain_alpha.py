"""The ON/OFF likelihood of many bins at once, with alpha known to a relative error only.

Each block of a bin (a run) has a factor eta on alpha of its own, with a Gaussian prior around 1 that adds
((eta - 1)/error)^2 to the statistic. For each flux factor every cell has its best background (`tevcurve.kernels.onoff`)
and every block its best factor; what is left is a function of the flux factor alone, whose curvature is a Schur
complement.

With F(m, q, mu) = m + q*mu - n_on*log(m + q*mu) + mu - n_off*log(mu) for a signal m and a ratio q = eta*alpha, and
lambda = m + q*mu, the derivatives of its minimum over mu are those of F at that mu, and of second order

    D*G_mm = A*B,    D*G_mq = A,    D*G_qq = mu^2*A*B - g^2 - 2*g*q*mu*A,

A = n_on/lambda^2, B = n_off/mu^2, D = q^2*A + B, g = 1 - n_on/lambda; and those of F itself where mu or lambda stays 0.
"""

from copy import copy
from dataclasses import dataclass

import numpy as np

from tevcurve.kernels.numbering import members_of
from tevcurve.kernels.onoff import profile_background, wstat
from tevcurve.kernels.onoff_beside import profile_beside
from tevcurve.kernels.onoff_profile import CellCounts

MAX_STEPS = 100
# In units of the factor's own error; what is left is added to second order.
STEP_STOP = 1e-5
LEAST_FACTOR = 1e-3


class UncertainAlphaLikelihood(CellCounts):
    """Half the sum of wstat over the cells of each bin, as a function of its flux factor; see the module.

    What `tevcurve.kernels.one_amplitude` calls a likelihood of amplitudes. Factors are searched for from 1.

    Parameters
    ----------
    cell_block : int array (n_cells,), sorted, the block of each cell
    block_bin : int array (n_blocks,), sorted, the bin of each block
    n_on, n_off, alpha : float arrays (n_cells,)
    signal : float array (n_cells,), ON counts expected from the source at flux factor 1
    error : float, standard deviation of each block's factor on alpha
    n : int, bins
    """

    def __init__(
        self,
        cell_block: np.ndarray,
        block_bin: np.ndarray,
        n_on: np.ndarray,
        n_off: np.ndarray,
        alpha: np.ndarray,
        signal: np.ndarray,
        error: float,
        n: int,
    ) -> None:
        super().__init__(block_bin[cell_block], n_on, n_off, alpha, signal, n)
        self.cell_block, self.block_bin, self.error = cell_block, block_bin, error

    def beside(self, known: tuple[np.ndarray, np.ndarray] | None) -> "UncertainAlphaLikelihood":
        """The likelihood with known counts of other sources.

        known: counts in the ON and in the OFF region (n_cells,), or None where there are no others.
        """
        made = copy(self)
        made.known = known
        return made

    def take(self, bins: np.ndarray, start: None = None) -> "tuple[UncertainAlphaLikelihood, None]":
        """(the likelihood of some bins (sorted int array), None).

        Parameters
        ----------
        bins : sorted int array, the bins that are kept
        start : not used
        """
        blocks, block_bin = members_of(bins, self.n, self.block_bin)
        cells, cell_block = members_of(blocks, len(self.block_bin), self.cell_block)
        likelihood = UncertainAlphaLikelihood(
            cell_block,
            block_bin,
            self.n_on[cells],
            self.n_off[cells],
            self.alpha[cells],
            self.signal[cells],
            self.error,
            len(bins),
        )
        known = None if self.known is None else (self.known[0][cells], self.known[1][cells])
        return likelihood.beside(known), None

    def evaluate(
        self, amplitudes: np.ndarray, start: None = None, value: bool = True
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], None]:
        """((half the statistic (n,), its gradient (n, 1), its Hessian (n, 1, 1)) at amplitudes (n, 1), None).

        Parameters
        ----------
        amplitudes : float array (n, 1), flux factors
        start : not used
        value : whether the statistic itself is wanted
        """
        a = amplitudes[:, 0]
        factor, tilt, bend = self._settle(a)
        ratio, signal = factor[self.cell_block] * self.alpha, a[self.cell_bin] * self.signal
        parts = self._derivatives(ratio, signal)
        if self.known is None:
            stat = self._sum(wstat(self.n_on, self.n_off, ratio, signal))
        else:
            stat = self._sum(profile_beside(self.n_on, self.n_off, ratio, signal, *self.known)[0])
        stat += self._sum_blocks(((factor - 1) / self.error) ** 2 - tilt**2 / bend)
        mixed = self._per_block(parts.mixed * self.alpha * self.signal)
        slope = self._sum(parts.slope * self.signal) - self._sum_blocks(mixed * tilt / bend)
        curvature = self._sum(parts.curvature * self.signal**2) - self._sum_blocks(mixed**2 / bend)
        return (0.5 * stat, slope[:, None], np.maximum(curvature, 0.0)[:, None, None]), None

    def factors(self, a: np.ndarray) -> np.ndarray:
        """Best factors (n_blocks,) on alpha at flux factors a, of shape (n,). a: float array (n,)."""
        factor, tilt, bend = self._settle(a)
        return factor - tilt / bend

    def ratios(self, a: np.ndarray) -> np.ndarray:
        """Ratios (n_cells,) of the acceptances with their best factors at a, of shape (n,). a: float array (n,)."""
        return self.factors(a)[self.cell_block] * self.alpha

    def _largest_ratio(self) -> np.ndarray:
        return (1 + 10 * self.error) * self.alpha

    def _settle(self, a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(factors, slope and curvature of half the statistic in them), each (n_blocks,).

        The slope is what is left of it; 0 with a curvature of infinity where a factor is held at its least.
        """
        signal, weight = a[self.cell_bin] * self.signal, self.error**-2
        n_blocks = len(self.block_bin)
        factor, low, high = np.ones(n_blocks), np.full(n_blocks, LEAST_FACTOR), np.full(n_blocks, np.inf)
        moving = np.ones(n_blocks, dtype=bool)
        for _ in range(MAX_STEPS):
            parts = self._derivatives(factor[self.cell_block] * self.alpha, signal)
            tilt = self._per_block(parts.ratio_slope * self.alpha) + weight * (factor - 1)
            bend = self._per_block(parts.ratio_curvature * self.alpha**2) + weight
            low, high = np.where(tilt < 0, factor, low), np.where(tilt < 0, high, factor)
            small = (bend > 0) & (np.abs(tilt) < STEP_STOP * np.sqrt(np.abs(bend)))
            held = (factor <= LEAST_FACTOR) & (tilt >= 0)
            moving &= ~(small | held | (high - low <= 4 * np.spacing(factor)))
            if not moving.any():
                break
            newton = factor - np.divide(tilt, bend, out=np.zeros(n_blocks), where=bend > 0)
            between = (bend > 0) & (newton > low) & (newton < high)
            middle = np.where(np.isfinite(high), 0.5 * (low + high), 2 * factor)
            factor = np.where(moving, np.where(between, newton, middle), factor)
        held |= bend <= 0
        return factor, np.where(held, 0.0, tilt), np.where(held, np.inf, bend)

    def _derivatives(self, ratio: np.ndarray, signal: np.ndarray) -> "_Derivatives":
        if self.known is None:
            return _derivatives(self.n_on, self.n_off, ratio, signal)
        return _derivatives_beside(self.n_on, self.n_off, ratio, signal, *self.known)

    def _per_block(self, per_cell: np.ndarray) -> np.ndarray:
        return np.bincount(self.cell_block, per_cell, len(self.block_bin))

    def _sum_blocks(self, per_block: np.ndarray) -> np.ndarray:
        return np.bincount(self.block_bin, per_block, self.n)


@dataclass(frozen=True)
class _Derivatives:
    """Of half of wstat in each cell, in the signal and in the ratio, arrays (n_cells,)."""

    slope: np.ndarray
    ratio_slope: np.ndarray
    curvature: np.ndarray
    mixed: np.ndarray
    ratio_curvature: np.ndarray


def _derivatives(n_on: np.ndarray, n_off: np.ndarray, ratio: np.ndarray, signal: np.ndarray) -> _Derivatives:
    off = profile_background(n_on, n_off, ratio, signal)
    # A signal so far below 0 leaves no ON counts, exactly and not up to rounding.
    bare = (n_on == 0) & (-(1 + ratio) * signal > ratio * n_off)
    on = np.where(bare, 0.0, signal + ratio * off)
    weight = on + ratio**2 * off
    delta = signal - (n_on - ratio * n_off)
    slope = np.divide(delta, weight, out=np.ones(weight.shape), where=weight > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = n_on / on**2, n_off / off**2
        pivot = ratio**2 * a + b
        curvature, mixed = a * b / pivot, a / pivot
        bent = (off**2 * a * b - slope**2 - 2 * slope * ratio * off * a) / pivot
        dry = off == 0
        curvature = np.where(dry, np.where(n_on > 0, a, 0.0), np.where(bare, n_off / signal**2, curvature))
        mixed = np.where(dry, 0.0, np.where(bare, ratio**-2.0, mixed))
        bent = np.where(dry, 0.0, np.where(bare, -(2 * signal / ratio + n_off) / ratio**2, bent))
    return _Derivatives(slope, off * slope, curvature, mixed, bent)


def _derivatives_beside(
    n_on: np.ndarray,
    n_off: np.ndarray,
    ratio: np.ndarray,
    signal: np.ndarray,
    on: np.ndarray,
    off: np.ndarray,
) -> _Derivatives:
    """As `_derivatives`, beside known counts of other sources in ON and OFF.

    It is that of the signal m + on - q*off and of both together in OFF (`tevcurve.kernels.onoff_beside`), so that the
    signal depends on the ratio, too. Where no background is left, nothing depends on the ratio.
    """
    shifted = signal + on - ratio * off
    parts = _derivatives(n_on, n_off, ratio, shifted)
    bare = profile_background(n_on, n_off, ratio, shifted) < off
    expected = np.maximum(signal + on, 0.0)
    per_count = np.divide(n_on, expected, out=np.zeros(len(n_on)), where=bare & (n_on > 0))
    bent = np.divide(per_count, expected, out=np.zeros(len(n_on)), where=bare & (n_on > 0))
    mixed = parts.mixed - off * parts.curvature
    return _Derivatives(
        np.where(bare, 1 - per_count, parts.slope),
        np.where(bare, 0.0, parts.ratio_slope - off * parts.slope),
        np.where(bare, bent, parts.curvature),
        np.where(bare, 0.0, mixed),
        np.where(bare, 0.0, parts.ratio_curvature - off * (parts.mixed + mixed)),
    )
