"""Rise and decay times of a flare: a pulse fitted to the likelihoods of the rows."""

from dataclasses import dataclass, field
from typing import Any

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.exponentials import pulse_means
from tevcurve.leap_seconds import utc_text
from tevcurve.lightcurve.variability.chances import chances
from tevcurve.lightcurve.variability.flare_search import FlareSearch
from tevcurve.lightcurve.variability.not_known import ignoring
from tevcurve.lightcurve.variability.records import VariabilityResult
from tevcurve.lightcurve.variability.rows import rows_of
from tevcurve.rounding import statistic_text, with_errors

PARAMETERS = ("t0", "log_rise", "log_decay", "amplitude", "constant")
FLUX = u.Unit("cm-2 s-1")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class FlareResult(VariabilityResult):
    """A `VariabilityResult` whose `value` is the TS of the flare against a constant flux, and the pulse that fits.

    Each parameter of the pulse has its _errn and _errp, the distances to the ends of the likelihood interval (an end
    at a bound is the distance to it).

    Attributes
    ----------
    t0 : `Time` of the peak
    rise, decay : Quantity, s, e-folding times
    amplitude : Quantity, cm-2 s-1, flux at the peak above the constant one
    constant : Quantity, cm-2 s-1, the constant flux
    t0_errn, t0_errp : Quantity, s
    rise_errn, rise_errp, decay_errn, decay_errp : Quantity, s
    amplitude_errn, amplitude_errp, constant_errn, constant_errp : Quantity, cm-2 s-1
    stat : float, fit statistic
    valid : bool, whether the fit converged
    """

    t0: Any = None
    rise: u.Quantity = field(default=np.nan * u.s)
    decay: u.Quantity = field(default=np.nan * u.s)
    amplitude: u.Quantity = field(default=np.nan * FLUX)
    constant: u.Quantity = field(default=np.nan * FLUX)
    t0_errn: u.Quantity = field(default=np.nan * u.s)
    t0_errp: u.Quantity = field(default=np.nan * u.s)
    rise_errn: u.Quantity = field(default=np.nan * u.s)
    rise_errp: u.Quantity = field(default=np.nan * u.s)
    decay_errn: u.Quantity = field(default=np.nan * u.s)
    decay_errp: u.Quantity = field(default=np.nan * u.s)
    amplitude_errn: u.Quantity = field(default=np.nan * FLUX)
    amplitude_errp: u.Quantity = field(default=np.nan * FLUX)
    constant_errn: u.Quantity = field(default=np.nan * FLUX)
    constant_errp: u.Quantity = field(default=np.nan * FLUX)
    stat: float = np.nan
    valid: bool = False

    def measured(self):
        """The TS and both time scales, in words."""
        scales = (
            f"{name} {with_errors(*(getattr(self, name + end).value for end in ('', '_errn', '_errp')), unit='s')}"
            for name in ("rise", "decay")
        )
        return f"TS {statistic_text(self.value)}, {', '.join(scales)}, peak at {utc_text(self.t0)} UTC"


def flare_profile(light_curve, band=None, starts=4, n_toys=1000, random_state=0):
    """The pulse on a constant flux that fits a light curve best, a `FlareResult`.

        F(t) = constant + amplitude * exp((t - t0)/rise) before t0, exp(-(t - t0)/decay) after it:

    the pulse of Norris et al. 1996, ApJ 459, 393, equation 1, with a peakedness of 1. A row expects its mean over the
    row's good time, in closed form, and the statistic is the sum of the rows' own likelihoods, so that limits count
    for what they are. Fluxes are at or above 0. MIGRAD of iminuit is started from the best pulses of a grid, the best
    result kept, and its errors are those of MINOS.

    Peak and time scales are searched for, so that the chance is that of the highest score of a grid of pulses in a
    constant light curve (Davies 1987, Biometrika 74, 33): from toys where a row has under 20 counts or is a limit, else
    from Gaussian scores.

    Parameters
    ----------
    light_curve : `LightCurve`
    band : int, number of the energy band; needed where there are several
    starts : int, number of starting points
    n_toys : int, toys for the chance where they are needed; 0 for none
    random_state : int seed or numpy Generator

    Raises `InputError` for fewer than 6 rows: the pulse has 5 parameters.
    """
    if int(starts) != starts or starts < 1:
        raise InputError(f"starts is {starts!r}; wanted is a number of starting points, 1 or more.")
    rows = rows_of(light_curve, band, least=6, bounded=True)
    rows.check_order()
    search = FlareSearch(rows)
    fit = PulseFit(rows, search).run(search.best(int(starts)))
    found = chances(rows, {"": search.test()}, n_toys, random_state)[""]
    return _result(rows, fit, search, found)


class PulseFit:
    """The statistic of all rows as a function of the pulse's parameters, and its fit by iminuit.

    The pulse's parameters are t0 in s, the logs of rise and decay in s, amplitude and constant as norms.

    Parameters
    ----------
    rows : `Rows`
    search : `FlareSearch` of the rows
    """

    def __init__(self, rows, search):
        self.rows, self.profile = rows, rows.fits.profile
        pieces = rows.pieces
        self.pieces = pieces.row, pieces.start_s, pieces.stop_s, pieces.weight
        span = rows.stop_s[-1] - rows.start_s[0]
        times = np.log(0.2 * search.shortest), np.log(5 * span)
        highest = 100 * np.abs(rows.fits.norm[0]).max() + 100 * rows.fits.errp[0].max()
        self.limits = [(rows.start_s[0], rows.stop_s[-1]), times, times, (0, highest), (0, highest)]

    def norms(self, parameters):
        """Norm expected in each row (n_rows,), and its derivatives (5, n_rows).

        parameters: the 5 of the pulse, float.
        """
        t0, log_rise, log_decay, amplitude, constant = parameters
        rise, decay = np.exp(log_rise), np.exp(log_decay)
        mean, slopes = pulse_means(t0, rise, decay, *self.pieces, n_rows=self.rows.n)
        scale = amplitude * np.array([[1.0], [rise], [decay]])
        return constant + amplitude * mean, np.concatenate([slopes * scale, [mean, np.ones_like(mean)]])

    def stat(self, *parameters):
        """Fit statistic. parameters: the 5 of the pulse, float."""
        return float(self._evaluated(self.norms(parameters)[0])[0].sum())

    def gradient(self, *parameters):
        """Its derivatives (5,). parameters: the 5 of the pulse, float."""
        norms, slopes = self.norms(parameters)
        return slopes @ self._evaluated(norms)[1]

    def _evaluated(self, norms):
        """(stat, slope, curvature) of the rows at norms (n_rows,): the same at the same norms, whatever came before."""
        return self.profile.evaluate(norms, self.rows.fits.start)[0]

    def run(self, starts):
        """The best `iminuit.Minuit` of all starts, with MINOS errors.

        starts: list of the 5 parameters of each, float.
        """
        from iminuit import Minuit

        fits = []
        for start in starts:
            low, high = np.array(self.limits, dtype=float).T
            minuit = Minuit(self.stat, *np.clip(start, low, high), grad=self.gradient, name=PARAMETERS)
            minuit.errordef, minuit.limits, minuit.strategy = Minuit.LEAST_SQUARES, self.limits, 1
            minuit.migrad(ncall=2000)
            fits.append(minuit)
        best = min(fits, key=lambda fit: fit.fval)
        if best.valid:
            best.minos()
        return best


def _result(rows, fit, search, found):
    value = dict(zip(PARAMETERS, fit.values, strict=True))
    low, high = _interval(fit)
    seconds = {"t0_errn": value["t0"] - low["t0"], "t0_errp": high["t0"] - value["t0"]}
    fluxes = {}
    for name in ("rise", "decay"):
        best, ends = np.exp(value[f"log_{name}"]), np.exp([low[f"log_{name}"], high[f"log_{name}"]])
        seconds |= {name: best, f"{name}_errn": best - ends[0], f"{name}_errp": ends[1] - best}
    for name in ("amplitude", "constant"):
        fluxes |= {name: value[name], f"{name}_errn": value[name] - low[name]}
        fluxes[f"{name}_errp"] = high[name] - value[name]
    notes = [] if fit.valid else ["the fit of the pulse did not converge"]
    notes += ignoring(rows, found)
    return found.record(
        FlareResult,
        rows,
        notes,
        name="flare",
        trials=search.n_pulses,
        value=max(float(rows.fits.constant_minimum.stat[0] - fit.fval), 0.0),
        t0=rows.time(value["t0"]),
        stat=float(fit.fval),
        valid=bool(fit.valid),
        **{name: float(number) * u.s for name, number in seconds.items()},
        **{name: float(number * rows.flux) * FLUX for name, number in fluxes.items()},
    )


def _interval(fit):
    """Lower and upper ends of each parameter's interval, two dicts; NaN where MINOS found none."""
    low, high = {}, {}
    for name, limits in zip(PARAMETERS, fit.limits, strict=True):
        low[name] = high[name] = np.nan
        if name in fit.merrors:
            minos, best = fit.merrors[name], fit.values[name]
            low[name] = (
                limits[0] if minos.at_lower_limit else best + minos.lower if minos.lower_valid else np.nan
            )
            high[name] = (
                limits[1] if minos.at_upper_limit else best + minos.upper if minos.upper_valid else np.nan
            )
    return low, high
