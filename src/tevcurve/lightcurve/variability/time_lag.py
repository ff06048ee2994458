"""The lag between two series: bands of a light curve, light curves of two instruments, or another table."""

from dataclasses import dataclass
from typing import Any

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.lightcurve.plots.lag import plot_lag
from tevcurve.lightcurve.variability.lag_search import best_lag, first_lags, search_lag, shortest_interval
from tevcurve.lightcurve.variability.lag_series import FEW, MOST, measured_series, n_bands
from tevcurve.records import as_html
from tevcurve.rounding import with_errors

# Log evidence that unrelated pairs exceed in 1 %: of red noise by Timmer & Koenig with slopes of 1 to 2.5, 20 to 100
# rows, 5 to 100 counts a row and variances of 0.1 to 1 of the log flux, half of them with gaps, within a quarter of the
# rows. It is not 0, as a coherence and a lag that are free find something in common by chance. The tail of the first
# 500 pairs of `python -m validation timing-lags` has its 99 % there; the others are counted.
THRESHOLD = 1.5
# Lags times products of rows of both series, in which a lag costs as much as some of these: a minute or two.
MOST_WORK, WORK_OF_LAG = 1e9, 20_000
NAMES = "the light curve", "the other series"
ASSUMES = "it assumes a log-normal flux, with one power law for both series"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LagResult:
    """The lag between two series, and how likely one process is behind both.

    Attributes
    ----------
    value : Quantity, s, the most likely lag; above 0 the light curve comes after the other
    interval_68, interval_95 : Quantity (2,), s, the shortest with these shares of the posterior
    coherence : float, the share of the variance that is common for which the data speak most
    coherence_68 : float array (2,), quantiles of its posterior; a third of the prior is at 1
    scale : float, standard deviation of the log flux of the other over that of the light curve, by the mean of its log
    slope : float, of the power spectrum that both have, mean of its posterior
    log_evidence : float, log of the odds for one process against two independent ones, alike before
    threshold : float, that unrelated pairs exceed in 1 %
    lag : Quantity (n,), s, at which the likelihood is known
    log_likelihood : float array (n,), of these lags, above that of two independent processes, over all coherences
    max_lag : Quantity, s, largest lag that was looked at, to both sides
    n_rows : (int, int), of both series
    note : str, what a reader should know
    """

    value: u.Quantity
    interval_68: u.Quantity
    interval_95: u.Quantity
    coherence: float
    coherence_68: np.ndarray
    scale: float
    slope: float
    log_evidence: float
    threshold: float
    lag: u.Quantity
    log_likelihood: np.ndarray
    max_lag: u.Quantity
    n_rows: tuple
    note: str = ""

    @property
    def is_common(self):
        """Whether the evidence for one process is above the threshold; if it is not, the lag says nothing."""
        return self.log_evidence > self.threshold

    def measured(self):
        """The lag with its errors, in words."""
        low, high = np.abs((self.interval_68 - self.value).to_value(u.s))
        return with_errors(self.value.to_value(u.s), low, high, unit="s")

    def evidence(self):
        """The evidence in words."""
        told = f"log evidence for one process {self.log_evidence:.1f}, threshold {self.threshold:.1f}"
        return (
            told
            if self.is_common
            else f"{told}: not told from two unrelated ones, and then a lag says nothing"
        )

    def _words(self):
        low, high = self.interval_95.to_value(u.s)
        return {
            "lag": f"{self.measured()}, 95 %: {low:.3g} to {high:.3g} s (of +-{self.max_lag.to_value(u.s):.3g} s)",
            "evidence": self.evidence(),
            "coherence": f"{self.coherence:.2f} ({self.coherence_68[0]:.2f} to {self.coherence_68[1]:.2f})",
            "scale": f"{self.scale:.2f}, slope {self.slope:.1f}",
            "rows": f"{self.n_rows[0]} and {self.n_rows[1]}",
            "note": self.note,
        }

    def __str__(self):
        return "\n".join(["Time lag", *(f"  {name + ':':<11}{text}" for name, text in self._words().items())])

    def __repr__(self):
        return f"<time lag: {self.measured()}; {self.evidence()}>"

    def _repr_html_(self):
        return as_html("Time lag", self._words())

    def plot(self, ax: Any = None):
        """The axes with the likelihood of lags. ax: matplotlib axes; default: the current ones."""
        return plot_lag(self, ax)


def time_lag(light_curve, other=None, bands=None, max_lag=None):
    """The lag of a light curve behind another series, a `LagResult`: above 0 where the light curve comes later.

    Both series are seen as one log-normal process with a power law for its spectrum, a part of it being common to both
    and one lag later in the first, the rest being independent with the same spectrum. Means, amplitudes, slope and
    the common share are free. Each row enters with its own likelihood (of Laplace's approximation around the best fit
    of two independent processes); it is the log of the flux that is averaged over a row. The likelihood of a lag is
    integrated over all that is free: a third of the prior of the common share is at 1, the rest is even from 0 to 1;
    that of the slope is flat from 0 to 4, and that of the amplitudes in their log. Intervals are a little wide: on
    1000 simulated pairs those of 68 % held the lag in 73 %, those of 95 % in 96 %.

    The evidence for one process, all lags within `max_lag` and all shares being alike before, is to be above the
    threshold, which unrelated red noise exceeds in 1 %. The usual chance of a peak of the cross-correlation is below
    1 % in half of such pairs.

    Parameters
    ----------
    light_curve : `LightCurve` of one instrument, with 10 rows or more, that follow each other
    other : `LightCurve`, of another instrument or read from a file; or an astropy Table with columns `time` (and
        `width`), or `time_min` and `time_max` (`Time`, or MJD in TT), `flux` and `flux_err` in any unit, whose errors
        are taken as Gaussian in flux; default: the light curve itself, in another band
    bands : (int, int), numbers of the energy bands of the light curve and of the other; default: (0, 1) of one light
        curve; not needed of two with a band each. None in it for a series that has one.
    max_lag : Quantity or str, largest lag to both sides; default: half of the time of the shorter series

    Raises `InputError` where rows are fewer than 10, or more than 1000 together, mean fluxes are not above 0, or there
    are more lags than are looked at in a minute or two.
    """
    first, second = pair_of(light_curve, other, bands)
    one, two = first.series, shifted(second, first)
    n_rows = len(one.middle), len(two.middle)
    if sum(n_rows) > MOST:
        raise InputError(
            f"The series have {n_rows[0]} and {n_rows[1]} rows, and a lag is found of {MOST} together at most; wanted "
            "are longer time bins."
        )
    reach = reach_of(one, two, max_lag)
    _check_lags(one, two, reach)
    found = search_lag(one, two, reach)
    share, weight = found.coherence
    ratios = [np.log(each.variances[1] / each.variances[0]) for each in found.processes]
    return LagResult(
        value=best_lag(found.lag, found.gain) * u.s,
        interval_68=shortest_interval(found.lag, found.gain, 0.6827) * u.s,
        interval_95=shortest_interval(found.lag, found.gain, 0.95) * u.s,
        coherence=float(share[np.argmax(found.of_coherence.max(axis=0)[::-1])]),
        coherence_68=np.interp([0.1587, 0.8413], np.cumsum(weight), share),
        scale=float(np.exp(0.5 * found.weights @ ratios)),
        slope=float(found.weights @ [each.slope for each in found.processes]),
        log_evidence=found.log_evidence,
        threshold=THRESHOLD,
        lag=found.lag * u.s,
        log_likelihood=found.gain,
        max_lag=reach * u.s,
        n_rows=n_rows,
        note="; ".join(_notes(first, second, n_rows)),
    )


def pair_of(light_curve, other, bands):
    """Two `Measured` series; see `time_lag`.

    Parameters
    ----------
    light_curve : `LightCurve`
    other : `LightCurve`, Table, or None
    bands : (int, int), or None
    """
    if bands is None:
        bands = (0, 1) if other is None else (None, None)
    if not (isinstance(bands, tuple | list) and len(bands) == 2):
        raise InputError(f"bands is {bands!r}; wanted are two numbers of energy bands, such as (0, 1).")
    if other is None and bands[0] == bands[1]:
        raise InputError(
            f"bands is {bands!r}; a lag is that of two different bands, or of another light curve."
        )
    if other is None and n_bands(light_curve.table) == 1:
        raise InputError(
            "A lag is between two energy bands, or two light curves, and this light curve has one band: wanted is "
            "other, or a light curve made in two bands."
        )
    second = light_curve if other is None else other
    return tuple(
        measured_series(source, band, name)
        for source, band, name in zip((light_curve, second), bands, NAMES, strict=True)
    )


def shifted(measured, reference):
    """The `Series` of a `Measured` one in seconds since the reference of another.

    Parameters
    ----------
    measured, reference : `Measured`
    """
    return measured.series.moved(float((measured.reference - reference.reference).sec))


def reach_of(one, two, max_lag):
    """The largest lag, s.

    Parameters
    ----------
    one, two : `Series`
    max_lag : Quantity, str, or None
    """
    span = min(each.span for each in (one, two))
    if max_lag is None:
        return 0.5 * span
    lag = u.Quantity(max_lag)
    if not (lag.unit.is_equivalent(u.s) and lag.isscalar and lag.to_value(u.s) > 0):
        raise InputError(f"max_lag is {max_lag!r}; wanted is a time above 0, such as '10 min'.")
    reach = float(lag.to_value(u.s))
    if reach < min(one.step, two.step):
        raise InputError(
            f"max_lag is {max_lag}, less than the {min(one.step, two.step):.4g} s between rows; wanted is more."
        )
    return reach


def _check_lags(one, two, reach):
    """Raises `InputError` for more lags than can be looked at in minutes, as of years in which rows take minutes."""
    n_lags = len(first_lags(one, two, reach))
    most = int(MOST_WORK / (len(one.middle) * len(two.middle) + WORK_OF_LAG))
    if n_lags > most:
        longest = _about(_below(reach * most / n_lags), 1)
        raise InputError(
            f"There are {n_lags} lags up to {_about(reach, 3)}, as rows are so short, and at most {most} are looked "
            f"at; wanted are longer time bins, or max_lag, such as '{longest}'."
        )


def _about(seconds, digits):
    """A time in words, such as "2.5 d"."""
    unit, length = _unit_of(seconds)
    return f"{float(f'{seconds / length:.{digits}g}'):g} {unit}"


def _below(seconds):
    """The next time below, s, that has one digit in its own unit."""
    _, length = _unit_of(seconds)
    digit = length * 10.0 ** np.floor(np.log10(seconds / length))
    return digit * np.floor(seconds / digit)


def _unit_of(seconds):
    """(name, s) of the unit in which a time is told."""
    return next((each for each in (("d", 86400), ("h", 3600)) if seconds >= each[1]), ("min", 60))


def _notes(first, second, n_rows):
    """What is to be said, list of str."""
    notes = [ASSUMES]
    if min(n_rows) < FEW:
        notes.append(f"the threshold was found with {FEW} rows and more")
    both = [each for each in first.notes if each in second.notes]
    for name, measured in zip(NAMES, (first, second), strict=True):
        notes += [each if each in both else f"of {name}, {each}" for each in measured.notes]
    return list(dict.fromkeys(notes))
