"""Whether a fit to the points of a detector can have so many counts of the source, without making the fit.

A fit (`tevcurve.live.onset.fit_flux`) takes turns: the norms that fit best at a flux, then the flux that fits best at
these. The more flux, the less background, and the less background, the more flux: so a turn takes a higher flux to a
higher one, fluxes that go down go on to do so, and from one below a flux that a turn takes down, none comes above it.
One turn at the flux of the wanted counts, or some turns from above it, mostly tell that a fit has fewer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tevcurve.live.onset import (
    FIRST_FLUX,
    MOST_STEPS,
    Counted,
    Window,
    best_flux,
    best_norm,
    by_run,
    exposure_of,
)

# Fits end when they are closer to the best one than this by far.
_MARGIN = 1e-3


@dataclass(frozen=True)
class Wanted:
    """When a flux is known well enough.

    Attributes
    ----------
    counts : float, of the source, at least
    flux : float, a flux at which so many are expected is well enough known, too, whatever the fit says
    most : float, as long as so many are not expected at this flux, nothing is
    """

    counts: float
    flux: float
    most: float


def points_to_fit(
    windows: list[Window], first: int, wanted: Wanted, background_error: float
) -> Iterator[int]:
    """Numbers of points of the last window up to which the windows may have the counts that are wanted.

    Up to all others they have fewer.

    Parameters
    ----------
    windows : list of `Window`
    first : int, number of the point from which on they are looked at
    wanted : `Wanted`
    background_error : float, as of `tevcurve.live.onset.fit_flux`
    """
    *others, last = by_run(windows)
    known = [Counted.of(each, background_error) for each in others]
    n_known = sum(np.count_nonzero(each.signal) for each in known)
    growing, norms = _Growing(last, background_error), np.ones(len(others) + 1)
    least = (1 - _MARGIN) * wanted.counts
    exposure = exposure_of(windows[:-1]) + windows[-1].signal_rate * np.cumsum(windows[-1].points.wait)
    is_known = exposure * wanted.flux >= least
    may_be = (exposure * wanted.most >= least) & (is_known | (n_known + growing.n_signal >= least))
    for number in first + np.flatnonzero(may_be[first:]):
        runs = [*known, growing.until(number)]
        if is_known[number] or _may_have(runs, norms, float(exposure[number]), least):
            yield int(number)


class _Growing:
    """The `Counted` of windows of a run up to each point of the last one; some of it is made once for all."""

    def __init__(self, windows, error):
        self._whole, points = Counted.of(windows, error), windows[-1].points
        before = [each.points for each in windows[:-1]]
        seen = points.signal + points.background > 0
        self._n = sum(np.count_nonzero(each.signal + each.background > 0) for each in before) + np.cumsum(
            seen
        )
        self.n_signal = sum(np.count_nonzero(each.signal) for each in before) + np.cumsum(points.signal > 0)
        self._sums = [
            sum(getattr(each, name).sum() for each in before) + np.cumsum(getattr(points, name))
            for name in ("others", "expected")
        ]

    def until(self, number):
        whole, n = self._whole, self._n[number]
        others, expected = (float(each[number]) for each in self._sums)
        return Counted(whole.signal[:n], whole.background[:n], others, expected, whole.error)


def _may_have(runs, norms, exposure, least):
    """Whether a fit to runs may have so many counts. norms: float array (n_runs,), where to begin; changed in place."""
    if exposure == 0:
        return True
    wanted = least / exposure
    flux = max(FIRST_FLUX, wanted)
    for _ in range(MOST_STEPS):
        norms[:] = [best_norm(run, flux, norm) for run, norm in zip(runs, norms, strict=True)]
        if _counts(runs, norms, wanted) < least:
            # The next flux is below the wanted one.
            return False
        last, flux = flux, best_flux(runs, norms, exposure, flux)
        if flux >= (1 - _MARGIN) * last:
            break
    return True


def _counts(runs, norms, flux):
    """Counts of the source at a flux, as each event is of it or of the background."""
    found = 0.0
    for run, norm in zip(runs, norms, strict=True):
        source = flux * run.signal
        found += float(np.sum(source / (source + norm * run.background)))
    return found
