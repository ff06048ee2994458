"""The rows of one band of a light curve as likelihoods, and what these say before any test."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from astropy.time import Time, TimeDelta

from tevcurve.errors import InputError
from tevcurve.lightcurve.variability.extra_variance import ExtraVariance
from tevcurve.lightcurve.variability.not_known import NotKnown, without_nuisances
from tevcurve.lightcurve.variability.row_fits import RowFits

# Below this many counts in a row, or below this TS, chances are taken from toys.
FEW_COUNTS = 20
LIMIT_TS = 4.0
# Rows that expect less of the source than this share of the mean row are slivers, such as what a run leaves at its end.
LEAST_EXPOSURE = 0.2
# Above this share of rows at the lowest flux that they may have, sums of squares say nothing of chance.
MOST_AT_BOUND = 0.1
# Of the mean good time; rows with this share of it or more count alike.
FULL_TIME = 0.5


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of one band of a light curve, in the order of time, that have a likelihood.

    Attributes
    ----------
    fits : `RowFits` of the one light curve
    number : int array (n,), rows of the table
    reference : `Time` that seconds are counted from
    start_s, stop_s, middle_s : float arrays (n,), s: the time bins, and the live-time-weighted middle
    pieces : `Pieces` of good time
    flux : float, cm-2 s-1, of norm 1
    counts : float array (n,), events that a row's flux rests on
    good_s : float array (n,), s of good time
    exposure : float array (n,), above 0, to which the expected signal is proportional
    maker : what draws toys (`tevcurve.lightcurve.toys`), or None
    fits_more : bool, whether there is none because the rows have more that is fitted, such as the fluxes of neighbours
    n_bounded : int, fluxes that are held at zero; none where the events are at hand
    n_energy_ranges : int, different ranges of energy that rows are fitted in; the spectrum extrapolates from them
    n_at_bound : int, fluxes that are at the lowest value that leaves every prediction above zero
    notes : tuple of str
    unknown : `NotKnown`, scales of instruments and systematic errors that the rows have; None without
    make_plain : function without arguments to the `Rows` with all scales 1, where these are not; else None
    """

    fits: RowFits
    number: np.ndarray
    reference: Time
    start_s: np.ndarray
    stop_s: np.ndarray
    middle_s: np.ndarray
    pieces: Any
    flux: float
    counts: np.ndarray
    good_s: np.ndarray
    exposure: np.ndarray
    maker: Any = None
    fits_more: bool = False
    n_bounded: int = 0
    n_energy_ranges: int = 1
    n_at_bound: int = 0
    notes: tuple = ()
    unknown: NotKnown | None = None
    make_plain: Any = None

    @cached_property
    def plain(self):
        """The `Rows` with all scales of instruments 1 and no systematic errors; None where there are none."""
        if self.unknown is None:
            return None
        return without_nuisances(self) if self.make_plain is None else self.make_plain()

    @cached_property
    def extra(self):
        """The `ExtraVariance` of the rows in use, where there are nuisances."""
        return ExtraVariance.of(self.fits, self.ample, self.weight[self.ample])

    @property
    def n_free(self):
        """Degrees of freedom of the rows around a constant, with free scales of instruments."""
        return self.n - 1 - (0 if self.unknown is None else self.unknown.n_free)

    @property
    def in_order(self):
        """Whether rows follow each other in time; bins of a phase do not."""
        return not np.any(self.start_s[1:] < self.stop_s[:-1] - 1e-6)

    def check_order(self):
        """Raises `InputError` where rows do not follow each other in time."""
        if not self.in_order:
            raise InputError(
                "The rows of the light curve do not follow each other in time (bins in phase, for example), "
                "so there are no time scales to find."
            )

    @property
    def why_no_squares(self):
        """Why sums of squares of these fluxes are not offered, a sentence; empty where they are."""
        if self.n_at_bound <= MOST_AT_BOUND * self.n:
            return ""
        return (
            f"Chi-square is left out: {self.n_at_bound} of {self.n} fluxes are at the lowest value that leaves every "
            "prediction above zero, where they have no Gaussian errors; TS_var takes its chance from toys with the "
            "same bound."
        )

    @property
    def n(self):
        """Number of rows."""
        return len(self.number)

    @property
    def why_no_toys(self):
        """What to say where there is no `maker`, str."""
        if self.fits_more:
            return "no toys are drawn of rows in which neighbours, or a shape, are fitted with the flux"
        return "toys need the events, which a table has not"

    @cached_property
    def few(self):
        """Bool array (n,): rows with few counts, or that are limits."""
        norm, errn = self.fits.norm[0], self.fits.errn[0]
        return (self.counts < FEW_COUNTS) | ~(norm > np.sqrt(LIMIT_TS) * errn)

    @cached_property
    def ample(self):
        """Numbers of the rows that are no slivers (int array): with `LEAST_EXPOSURE` of the mean exposure, or more.

        The flux of a sliver says next to nothing and has an error that is hardly known, by which it would rule every
        sum of squares. All rows, where fewer than two would be left.
        """
        ample = np.flatnonzero(self.exposure >= LEAST_EXPOSURE * self.exposure.mean())
        return ample if len(ample) >= 2 else np.arange(self.n)

    @cached_property
    def weight(self):
        """Weights (n,) of rows in amplitudes: 1, but below half of the mean good time the square of the share of it."""
        return np.minimum(self.good_s / (FULL_TIME * self.good_s[self.ample].mean()), 1.0) ** 2

    @property
    def sliver_notes(self):
        """What is to be said of rows that were left out: a list of one sentence, or none."""
        n = self.n - len(self.ample)
        if not n:
            return []
        were = "was" if n == 1 else "were"
        return [
            f"{n} of {self.n} rows {were} left out of amplitudes and time scales, with less than {LEAST_EXPOSURE:.0%} "
            "of the mean exposure"
        ]

    def time(self, seconds):
        """`Time` of seconds since the reference. seconds: float or float array, s."""
        return self.reference + TimeDelta(seconds, format="sec")


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of good time, m in all.

    Attributes
    ----------
    row : int array (m,), number of the row
    start_s, stop_s : float arrays (m,), s since the reference of the rows
    weight : float array (m,), to which the signal is proportional that is expected in a piece
    """

    row: np.ndarray
    start_s: np.ndarray
    stop_s: np.ndarray
    weight: np.ndarray
