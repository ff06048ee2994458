"""What the fit of a power spectrum says."""

from dataclasses import dataclass, field

import astropy.units as u
import numpy as np
from astropy.table import QTable

from tevcurve.errors import InputError
from tevcurve.lightcurve.plots.power_spectrum import plot_power_spectrum
from tevcurve.lightcurve.variability.log_normal_rows import band_of
from tevcurve.lightcurve.variability.process_fit import ProcessFit
from tevcurve.records import as_html, as_text
from tevcurve.rounding import statistic_text, with_errors

FLUX = u.Unit("cm-2 s-1")
ONE, TWO, LIMIT = 0.6827, 0.9545, 0.95
CENTRAL = (0.15865, 0.5, 0.84135)
TAILS = (0.02275, 0.15865, 0.5, 0.84135, 0.97725)
# What the validation found.
TRIED = (
    "of 6,000 simulated light curves of log-normal red noise, 70 rows with 3 to 100 counts each and slopes from 1 to "
    "2.8, intervals of 68 and 95 % covered the slope in 69 and 95 %, and slopes were off by a quarter of their error "
    "or less on average"
)
TRIED_WITH_BEND = (
    "with a bend, intervals were tried on 150 simulated light curves only, where those of the slope covered it in 72 "
    "and 99 %, and amplitudes were too small by six tenths of their error on average"
)
ASSUMED = "the flux is taken as log-normal, which fluxes that touch zero are not, and its log is averaged over each row"
UNFINISHED = "the search for the log fluxes that fit best did not end, so that all of this may be off"
# Instants in each row with both its ends, and between it and the next, at which the flux is told.
IN_ROW, BETWEEN = 3, 3
# Frequencies at which the power is told.
FINE = 120
# Of the density at its highest, what an end of the prior may have where it is no limit.
AT_END = 0.05


@dataclass(frozen=True, eq=False, repr=False)
class PowerSpectrum:
    """A power spectrum of the log flux, with what is not known of it.

    Each parameter is where its marginal posterior is highest, and has its shortest intervals with 68 and 95 % of it.

    Attributes
    ----------
    model : "power law" or "bending"
    slope, slope_68, slope_95 : float and (low, high); NaN where it is not constrained
    amplitude, amplitude_68, amplitude_95 : float and (low, high), standard deviation of the log flux in a factor e of
        frequencies around the pivot; NaN where the slope is not constrained
    amplitude_ul : float, upper limit of 95 %, with a prior that is flat in the amplitude itself
    pivot : Quantity, Hz
    bend, bend_68, bend_95 : Quantity and (low, high), Hz; NaN without a bend, and where only a limit is known
    bend_limits : (lower, upper) Quantity, Hz, limits of 95 % where the posterior reaches an end of the prior; NaN else
    log_evidence : float, log of the evidence over that of a constant flux, with the priors' volumes
    why_not : str, why the slope is not constrained, part of a sentence; empty where it is
    n_rows : int
    notes : tuple of str
    fit : `ProcessFit`
    """

    model: str
    pivot: u.Quantity
    log_evidence: float
    amplitude_ul: float
    n_rows: int
    fit: ProcessFit
    slope: float = np.nan
    slope_68: tuple = (np.nan, np.nan)
    slope_95: tuple = (np.nan, np.nan)
    amplitude: float = np.nan
    amplitude_68: tuple = (np.nan, np.nan)
    amplitude_95: tuple = (np.nan, np.nan)
    bend: u.Quantity = field(default=np.nan * u.Hz)
    bend_68: u.Quantity = field(default=(np.nan, np.nan) * u.Hz)
    bend_95: u.Quantity = field(default=(np.nan, np.nan) * u.Hz)
    bend_limits: u.Quantity = field(default=(np.nan, np.nan) * u.Hz)
    why_not: str = ""
    notes: tuple = ()

    @classmethod
    def of(cls, fit, model, pivot, log_evidence, why_not):
        """That of a fitted process.

        Parameters
        ----------
        fit : `ProcessFit`
        model : str
        pivot : float, Hz
        log_evidence : float, over a constant flux
        why_not : str, why the slope is not told, or nothing
        """
        posterior, rows, fields = fit.posterior, fit.process.rows, {}
        if not why_not:
            fields = _told("slope", posterior.of_slope, lambda value: value)
            fields |= _told("amplitude", posterior.of_level, lambda value: np.exp(0.5 * value))
            if len(posterior.bend) > 1:
                fields |= _bend(posterior.of_bend)
        level = posterior.of_level
        flat = level.density * np.exp(0.5 * (level.value - level.value[-1]))
        with np.errstate(divide="ignore"):
            limit = type(level).of(level.value, np.log(flat)).quantile(LIMIT)
        return cls(
            model=model,
            pivot=pivot * u.Hz,
            log_evidence=log_evidence,
            amplitude_ul=float(np.exp(0.5 * limit)),
            n_rows=rows.n,
            fit=fit,
            why_not=why_not,
            notes=(*rows.notes, *([] if fit.best.converged else [UNFINISHED])),
            **fields,
        )

    def power(self, frequency=None):
        """A QTable of the one-sided power of the log flux: `frequency`, `power_95_low` to `power_95_high`, in s.

        The median is `power`, and 68 and 95 % of the posterior are between the columns beside it.

        frequency: Quantity (k,), Hz; default: 120 in equal factors over the band that the rows see.
        """
        frequency = (
            np.geomspace(*band_of(self.fit.process.rows), FINE) * u.Hz if frequency is None else frequency
        )
        frequency = np.atleast_1d(u.Quantity(frequency, u.Hz))
        found = np.quantile(self.fit.powers(frequency.value), TAILS, axis=0) * u.s
        names = ("power_95_low", "power_68_low", "power", "power_68_high", "power_95_high")
        return QTable([frequency, *found], names=["frequency", *names])

    def flux(self, time=None):
        """A QTable of the flux at instants, between rows and inside of them: `time`, `flux`, `flux_low`, `flux_high`.

        The median and 68 % of the posterior, with what is not known of the power spectrum.

        time: Time (k,); default: some instants in each row and between rows.
        """
        rows = self.fit.process.rows
        seconds = _instants(rows) if time is None else np.atleast_1d((time - rows.reference).sec)
        low, middle, high = self.fit.flux(seconds, CENTRAL) * rows.flux * FLUX
        names = ("time", "flux", "flux_low", "flux_high")
        return QTable([rows.time(seconds), middle, low, high], names=names)

    def tables(self):
        """What a file for programs has besides the attributes, dict of name to `QTable`: the power over frequency."""
        return {"power": self.power()}

    def simulate(self, n, random_state=0):
        """A QTable of n light curves of the fitted process, with the exposure and the background of its rows.

        A row of the table is a light curve: `true_flux`, `flux`, `flux_errn` and `flux_errp`, each (n_rows,). Powers
        are drawn from the posterior; the geometric mean of the true fluxes is that of the fitted light curve.

        Parameters
        ----------
        n : int
        random_state : int seed or numpy Generator

        Raises `InputError` for a light curve that does not know its events.
        """
        if int(n) != n or n < 1:
            raise InputError(f"n is {n!r}; wanted is a number of light curves, 1 or more.")
        norms, fits = self.fit.simulated(int(n), np.random.default_rng(random_state))
        scale = self.fit.process.rows.flux * FLUX
        columns = [each * scale for each in (norms, fits.norm, fits.errn, fits.errp)]
        return QTable(columns, names=["true_flux", "flux", "flux_errn", "flux_errp"])

    def plot(self, axes=None):
        """Two axes, with the power spectrum and with the light curve and the band of the process.

        axes: two of matplotlib; default: those of a new figure.
        """
        return plot_power_spectrum(self, axes)

    def _words(self):
        words = {}
        if self.why_not:
            words["slope"] = f"not constrained, as {self.why_not}"
            words["amplitude"] = f"< {self.amplitude_ul:.2g} (95 %, any slope) at {self.pivot.value:.3g} Hz"
        else:
            words["slope"] = _with_interval(self.slope, self.slope_68, self.slope_95)
            words["amplitude"] = (
                f"{_with_interval(self.amplitude, self.amplitude_68, self.amplitude_95)}, of the log flux in a factor "
                f"e around {self.pivot.value:.3g} Hz"
            )
        if len(self.fit.posterior.bend) > 1 and not self.why_not:
            words["bend"] = self._bend_words()
        words["evidence"] = f"exp({statistic_text(self.log_evidence)}) over a constant flux"
        tried = TRIED if len(self.fit.posterior.bend) == 1 else TRIED_WITH_BEND
        words["note"] = "; ".join((ASSUMED, tried, *self.notes)) + "."
        return words

    def _bend_words(self):
        lower, upper = self.bend_limits.value
        if np.isfinite(lower) and np.isfinite(upper):
            return "not constrained"
        if np.isfinite(lower):
            return f"> {lower:.2g} Hz (95 %)"
        if np.isfinite(upper):
            return f"< {upper:.2g} Hz (95 %)"
        return f"{_with_interval(self.bend.value, self.bend_68.value, self.bend_95.value)} Hz"

    @property
    def _title(self):
        return f"Power spectrum of the log flux, {self.model}, {self.n_rows} rows"

    def __str__(self):
        return as_text(self._title, self._words())

    __repr__ = __str__

    def _repr_html_(self):
        return as_html(self._title, self._words())


def _told(name, marginal, value):
    """The mode and both intervals of a parameter, dict. value: function of what the marginal is of."""
    intervals = (tuple(value(end) for end in marginal.interval(content)) for content in (ONE, TWO))
    values = (value(marginal.mode), *intervals)
    return dict(zip((name, f"{name}_68", f"{name}_95"), values, strict=True))


def _bend(marginal):
    """Those of the bend, or its limits."""
    reached = marginal.density[[0, -1]] > AT_END * marginal.density.max()
    # At the lowest bend the posterior is at an end: only an upper limit is known.
    upper, lower = reached
    limits = [
        float(np.exp(marginal.quantile(1 - LIMIT))) if lower else np.nan,
        float(np.exp(marginal.quantile(LIMIT))) if upper else np.nan,
    ]
    told = {} if reached.any() else _told("bend", marginal, lambda value: float(np.exp(value)))
    return {name: np.array(each) * u.Hz for name, each in told.items()} | {"bend_limits": limits * u.Hz}


def _with_interval(value, one, two):
    """A value with both intervals, in words."""
    return f"{with_errors(value, value - one[0], one[1] - value)} (95 %: {two[0]:.3g} to {two[1]:.3g})"


def _instants(rows):
    """Instants in rows and between them, s, ascending. rows: `Rows`."""
    inside = rows.start_s[:, None] + (rows.stop_s - rows.start_s)[:, None] * np.linspace(0, 1, IN_ROW)
    gap = (rows.start_s[1:] - rows.stop_s[:-1])[:, None] * np.linspace(0, 1, BETWEEN + 2)[1:-1]
    wide = gap[:, 0] > 0.01 * (rows.stop_s - rows.start_s)[:-1]
    between = (rows.stop_s[:-1, None] + gap)[wide]
    # Where a row begins as the last one ends, once will do.
    return np.unique(np.round(np.append(inside.ravel(), between.ravel()), 6))
