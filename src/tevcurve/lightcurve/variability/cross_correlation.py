"""The cross-correlation of two series, as a description of them."""

from dataclasses import dataclass
from typing import Any

import astropy.units as u
import numpy as np
from astropy.table import QTable

from tevcurve.errors import InputError
from tevcurve.lightcurve.plots.lag import plot_correlation
from tevcurve.lightcurve.variability.lag_series import Measured
from tevcurve.lightcurve.variability.time_lag import pair_of, reach_of, shifted
from tevcurve.records import as_html

DCF, ICCF = "dcf", "iccf"
KINDS = DCF, ICCF
# Pairs of rows that a lag of the discrete function needs; the error of a correlation needs two.
LEAST_PAIRS = 5
NO_CHANCE = (
    "a description: no chance is told, as unrelated red noise correlates as highly; see time_lag for evidence"
)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CorrelationResult:
    """The cross-correlation of two series, with the noise taken out of their variances.

    Attributes
    ----------
    kind : "dcf" or "iccf"
    table : QTable with `lag`, `correlation`, and, for "dcf", `error` (scatter of its pairs) and `pairs`
    note : str, what a reader should know
    """

    kind: str
    table: Any
    note: str = NO_CHANCE

    @property
    def peak(self):
        """(lag, correlation) where the correlation is highest: (Quantity, float)."""
        k = int(np.nanargmax(self.table["correlation"]))
        return self.table["lag"][k], float(self.table["correlation"][k])

    def _words(self):
        lag, height = self.peak
        return {"highest": f"{height:.2f} at a lag of {lag.to_value(u.s):.4g} s", "note": self.note}

    def __str__(self):
        return "\n".join(
            [f"Cross-correlation ({self.kind})", *(f"  {k}: {v}" for k, v in self._words().items())]
        )

    __repr__ = __str__

    def _repr_html_(self):
        return as_html(f"Cross-correlation ({self.kind})", self._words())

    def plot(self, ax: Any = None):
        """The axes with the correlation against the lag. ax: matplotlib axes; default: the current ones."""
        return plot_correlation(self, ax)


def cross_correlation(light_curve, other=None, kind=DCF, bands=None, max_lag=None):
    """The cross-correlation of a light curve with another series, a `CorrelationResult`.

    The discrete correlation function (Edelson & Krolik 1988, ApJ 333, 646) is the mean over all pairs of rows so far
    apart, in steps of the more coarsely sampled series; its error is the scatter of these. The interpolated one
    (Gaskell & Sparke 1986, ApJ 305, 175) is the mean of both ways to hold one series against the other between its
    rows, where rows do overlap. From the variances of the fluxes the mean square of their errors is taken away, so that
    a correlation may be above 1.

    Neither is a test. Light curves of red noise that have nothing to do with each other correlate highly at some lag.
    Chances by simulated pairs are right only where these have the power at times longer than the light curve, too, and
    the spectrum is drawn from its posterior: with pairs that lack longer times 10 % of 1000 unrelated ones were
    below 5 %, and 4 % below 1 %. None is told here. What tells whether there is one process, and its lag with an
    interval, is `time_lag`.

    Parameters
    ----------
    light_curve, other, bands, max_lag : as in `tevcurve.lightcurve.variability.time_lag.time_lag`
    kind : "dcf" or "iccf"

    Raises `InputError` as that does, for another kind, and where errors explain all scatter of the fluxes.
    """
    if kind not in KINDS:
        raise InputError(f"kind is {kind!r}; wanted is 'dcf' or 'iccf'.")
    first, second = pair_of(light_curve, other, bands)
    pair = _Standard.of(first, "the light curve"), _Standard.of(second, "the other series", first)
    reach = reach_of(*(each.series for each in pair), max_lag)
    step = max(each.series.step for each in pair)
    if kind == DCF:
        return CorrelationResult(kind=kind, table=_discrete(*pair, reach, step))
    return CorrelationResult(kind=kind, table=_interpolated(*pair, reach, 0.5 * step))


@dataclass(frozen=True, eq=False)
class _Standard:
    """A series in units of its own standard deviation, that of the noise taken out."""

    series: Any
    value: np.ndarray

    @classmethod
    def of(cls, measured: Measured, name: str, reference: Measured | None = None):
        flux = measured.flux
        excess = float(np.var(flux) - np.mean(measured.err**2))
        if not excess > 0:
            raise InputError(
                f"The fluxes of {name} scatter no more than by their errors; nothing can correlate."
            )
        series = measured.series if reference is None else shifted(measured, reference)
        return cls(series, (flux - flux.mean()) / np.sqrt(excess))


def _discrete(one: _Standard, other: _Standard, reach: float, step: float) -> QTable:
    """The table of the discrete function, in bins of a step around multiples of it."""
    lag = (one.series.middle[:, None] - other.series.middle).ravel()
    product = (one.value[:, None] * other.value).ravel()
    n_side = int(reach / step)
    number = np.rint(lag / step).astype(int) + n_side
    inside = (number >= 0) & (number <= 2 * n_side)
    number, product = number[inside], product[inside]
    pairs = np.bincount(number, minlength=2 * n_side + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(number, product, 2 * n_side + 1) / pairs
        square = np.bincount(number, (product - mean[number]) ** 2, 2 * n_side + 1)
        error = np.sqrt(square) / (pairs - 1)
    kept = pairs >= LEAST_PAIRS
    columns = {"lag": (np.arange(-n_side, n_side + 1) * step)[kept] * u.s, "correlation": mean[kept]}
    return QTable(columns | {"error": error[kept], "pairs": pairs[kept]})


def _interpolated(one: _Standard, other: _Standard, reach: float, step: float) -> QTable:
    """The table of the interpolated function, at multiples of a step."""
    n_side = int(reach / step)
    lags = np.arange(-n_side, n_side + 1) * step
    first = [_against(one, other, lag) for lag in lags]
    second = [_against(other, one, -lag) for lag in lags]
    return QTable({"lag": lags * u.s, "correlation": 0.5 * (np.array(first) + np.array(second))})


def _against(rows: _Standard, between: _Standard, lag: float) -> float:
    """The mean product of rows with the other series so much earlier, between its rows; NaN of too few."""
    when, known = rows.series.middle - lag, between.series.middle
    inside = (when >= known[0]) & (when <= known[-1])
    if np.count_nonzero(inside) < LEAST_PAIRS:
        return np.nan
    return float(np.mean(rows.value[inside] * np.interp(when[inside], known, between.value)))
