"""How far below zero the flux factors of bins may go: to where the prediction of some cell of the fit reaches zero."""

from typing import Protocol

import numpy as np

from tevcurve.kernels.amplitudes import AmplitudeLikelihood, Settled, Start
from tevcurve.kernels.bound_cells import BoundCells
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.terms import CashTerms

MAX_STEPS = 100
# A search ends with a step of this size, relatively.
STEP_STOP = 1e-10
# The statistic has risen so much that neither a minimum nor the end of an interval lies below.
FAR = 400.0
# As long as no end is known, no step leads further than this many times as far down.
LONGEST_STEP = 16.0


class OfCells(AmplitudeLikelihood, Protocol):
    """A likelihood of amplitudes that knows its cells. terms: `CashTerms` of the bins."""

    terms: CashTerms


def lowest_factors(likelihood: OfCells) -> np.ndarray:
    """The lowest flux factor (n,) of each bin of a `CashLikelihood`, at most 0.

    It is where the first cell of the fit, with or without an event, would be predicted to have nothing, backgrounds
    and further amplitudes being at their best at that very factor: they grow as the source falls. Where events keep
    every such cell from that, it is a factor far below the minimum.

    Newton's steps for the root of what the first cell has left, in a bracket: that falls with the factor, but by
    no more than the factor itself.

    likelihood: the `CashLikelihood` of n bins.
    """
    profile, number = OneAmplitude(likelihood), np.arange(likelihood.n)
    start: Start = None
    cells, without = cells_of(likelihood.terms), None
    low, high, at = np.full(profile.n, -np.inf), np.zeros(profile.n), np.zeros(profile.n)
    for _ in range(MAX_STEPS):
        a = at[number]
        settled, start = profile.settled(a, start)
        stat, (room, slope) = settled.stat, _room(profile.likelihood.terms, cells, settled)
        without = stat if without is None else without
        inside = room >= 0
        low[number], high[number] = np.where(inside, low[number], a), np.where(inside, a, high[number])
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = a - room / slope
            small = np.abs(newton - a) <= STEP_STOP * np.abs(a)
            narrow = np.isfinite(low[number]) & (
                high[number] - low[number] <= STEP_STOP * np.abs(low[number])
            )
            far = (a < 0) & ~(stat - without < FAR)
        done = narrow | (inside & (small | far | (room == 0) | ~np.isfinite(room)))
        at[number] = np.where(done, a, _next(newton, room, low[number], high[number]))
        if done.all():
            break
        if 2 * np.count_nonzero(done) > len(done):
            going = np.flatnonzero(~done)
            profile, start = profile.take(going, start)
            number, without, cells = number[going], without[going], cells_of(profile.likelihood.terms)
    return high


def cells_of(terms: CashTerms) -> BoundCells:
    """The `BoundCells` of `CashTerms`, of its events, which may have a place of their own, and of all cells together.

    Raises `ValueError` for terms that know nothing of the cells without events.

    terms: `CashTerms` of the bins.
    """
    known = terms.bounds
    if known is None:
        raise ValueError(
            "These terms do not tell their cells without events, so no flux below zero can be fitted."
        )
    events = BoundCells.of(
        terms.event_block,
        terms.event_shared[:, 0],
        terms.event_background,
        terms.event_constant,
        terms.event_shared[:, 1:],
    )
    together = BoundCells.of(
        np.arange(terms.n_blocks),
        terms.shared_total[:, 0],
        terms.background_total,
        terms.constant_total,
        terms.shared_total[:, 1:],
    )
    parts = known, events, together
    return BoundCells(*(np.concatenate([getattr(part, name) for part in parts]) for name in vars(known)))


def _next(newton: np.ndarray, room: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The next factors: Newton's, a hair on the side where cells are above zero, in the bracket; else its middle."""
    bracketed = np.isfinite(low)
    reach = LONGEST_STEP * np.where(high < 0, high, -room)
    hair = newton * (1 - 0.25 * STEP_STOP)
    wanted = np.where(bracketed, hair, np.maximum(hair, reach))
    with np.errstate(invalid="ignore"):
        middle = np.where(bracketed, 0.5 * (low + high), reach / 8)
    return np.where((wanted > low) & (wanted < high) & np.isfinite(wanted), wanted, middle)


def _room(terms: CashTerms, cells: BoundCells, settled: Settled) -> tuple[np.ndarray, np.ndarray]:
    """(first cell's prediction over the source's own there, its slope) of bins with all else `Settled`."""
    bins = terms.block_bin[cells.block]
    rest = settled.norms[cells.block] * cells.background + cells.constant
    rest = rest + np.einsum("cs,cs->c", settled.amplitudes[bins, 1:], cells.shared)
    least, slope = np.full((2, terms.n_bins), np.inf)
    with np.errstate(invalid="ignore"):
        # Where a search for the norms did not end it is NaN, which is no room.
        np.minimum.at(least, bins, rest)
    first = np.flatnonzero(rest == least[bins])
    rates = 1 + settled.response[cells.block[first]] * cells.background[first]
    np.minimum.at(slope, bins[first], rates)
    return settled.amplitudes[:, 0] + least, slope
