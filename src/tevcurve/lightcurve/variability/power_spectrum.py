"""The power spectrum of a light curve: a log-normal process behind the rows, from their own likelihoods."""

import numpy as np
from scipy.special import chdtrc

from tevcurve.errors import InputError
from tevcurve.kernels.damped_oscillators import Oscillators
from tevcurve.lightcurve.variability.log_normal_rows import LogNormalRows, band_of
from tevcurve.lightcurve.variability.process_fit import ProcessFit
from tevcurve.lightcurve.variability.process_posterior import posterior_of
from tevcurve.lightcurve.variability.rows import rows_of
from tevcurve.lightcurve.variability.spectrum_records import PowerSpectrum

POWER_LAW, BENDING = "power law", "bending"
MODELS = POWER_LAW, BENDING
# Slopes that are looked at first, first and last and number; coarser where no slope will be told.
SLOPES = {POWER_LAW: (0.0, 4.0, 9), BENDING: (1.0, 3.5, 6)}
N_BENDS, BELOW_BEND = 9, 1.0
LEAST_ROWS = 20
# Where TS_var's chance by formula is above this, or the evidence is below that, no slope is told.
CONSTANT, LEAST_EVIDENCE = 0.00135, 3.0
# Where walks along the amplitude begin at least: log of the amplitude squared.
FAINTEST = -7.0
# Two rows side by side see one frequency only; the band is taken to have this factor or more.
LEAST_BAND = 4.0


def power_spectrum(light_curve, model=POWER_LAW, band=None):
    """The power spectrum of the log flux of a light curve, a `PowerSpectrum`.

    The log flux is taken as a Gaussian process, that is the flux as log-normal, with the one-sided power

        P(f) = amplitude^2/pivot * (f/pivot)^-slope                                               "power law"
        P(f) ~ f^-1 / (1 + (f/bend)^(slope - 1)), amplitude^2/pivot at the pivot                  "bending",

    flat below 1/(30 T), T the length of the light curve; its log is averaged over each row, so that gaps, rows of
    unequal widths, aliasing and leakage from longer times are in it (a sum of damped oscillators, Foreman-Mackey et al.
    2017, AJ 154, 220). Rows enter with their likelihoods, by Laplace's approximation (Rasmussen & Williams 2006,
    algorithm 3.1), so that limits and empty rows count for what they are. Priors are flat, in the slope from 0 to 4 (1
    to 3.5 with a bend), in the log of the amplitude squared from 1e-6 to 100, in the log of the bend from 1/T to half
    of one over the narrowest row, and in the log of the constant flux. What is not known of instruments is in the
    covariance.

    The amplitude is the standard deviation of the log flux in a factor e of frequencies around the pivot, which is
    in the middle of the band in log: between 1/T and half of one over the median width of rows.

    Under 20 rows, where TS_var agrees with a constant flux (p of 0.00135 or more, by formula), or where the evidence
    over a constant flux is less than exp(3), no slope is told but the upper limit on the amplitude, for whatever slope.

    Parameters
    ----------
    light_curve : `LightCurve`
    model : str, "power law" or "bending"
    band : int, number of the energy band; needed where there are several

    Raises `InputError` for another model, rows that share time, a constant flux of 0 or less, or more than 1000 rows,
    but up to 20,000 where all have one width, nothing of instruments is unknown, and celerite2 is installed (extra
    `timing`).
    """
    if model not in MODELS:
        raise InputError(f"model is {model!r}; wanted is {POWER_LAW!r} or {BENDING!r}.")
    return spectrum_of(rows_of(light_curve, band, bounded=True), model)


def spectrum_of(rows, model=POWER_LAW):
    """The `PowerSpectrum` of `Rows`.

    Parameters
    ----------
    rows : `Rows`
    model : str, as in `power_spectrum`
    """
    process = LogNormalRows.of(rows)
    pivot, is_constant = pivot_of(rows), _is_constant(rows)
    first, last, n_slopes = SLOPES[model]
    coarse = is_constant or rows.n < LEAST_ROWS
    slopes = np.linspace(first, last, n_slopes // 2 + 1 if coarse else n_slopes)
    bends = _bends(rows) if model == BENDING else np.zeros(1)

    def weights(slope, bend):
        """Of the oscillators at an amplitude of 1."""
        return weights_of(process.frequency, pivot, slope, np.exp(bend) if model == BENDING else None)

    posterior = posterior_of(process, slopes, bends, weights, _start_level(rows))
    fit = ProcessFit(process, posterior)
    constant = process.fit(process.source(np.zeros(len(process.frequency))))
    gain = posterior.log_evidence - constant.log_evidence
    told = not coarse and gain > LEAST_EVIDENCE
    return PowerSpectrum.of(fit, model, pivot, gain, "" if told else _why_not(rows, is_constant, gain))


def check_process(process, rows):
    """Raises `InputError` where a `PowerSpectrum` is of other rows.

    Parameters
    ----------
    process : `PowerSpectrum`
    rows : `Rows`
    """
    own = process.fit.process.rows
    same = own.n == rows.n and own.reference == rows.reference
    for name in ("number", "start_s", "stop_s"):
        same = same and np.array_equal(getattr(own, name), getattr(rows, name))
    if not same or own.fits.constant[0] != rows.fits.constant[0]:
        raise InputError(
            "process is a power spectrum of other rows than these; wanted is the one that timing.power_spectrum gives "
            "of the same light curve and band."
        )


def weights_of(frequency, pivot, slope, bend=None):
    """Weights (m,) of oscillators whose power is 1/pivot at the pivot.

    Parameters
    ----------
    frequency : float array (m,), Hz, of the oscillators
    pivot : float, Hz
    slope : float
    bend : float, Hz; default: a power law
    """
    if bend is None:
        return Oscillators.power_law(slope, frequency).weight * pivot ** (slope - 1)
    power = (frequency / pivot) ** -BELOW_BEND / (1 + (frequency / bend) ** (slope - BELOW_BEND))
    return Oscillators.of(power * (1 + (pivot / bend) ** (slope - BELOW_BEND)) / pivot, frequency).weight


def pivot_of(rows):
    """The frequency in the middle of the band in log, Hz. rows: `Rows`."""
    lowest, highest = band_of(rows)
    return float(np.sqrt(lowest * highest))


def _is_constant(rows):
    """Whether TS_var agrees with a constant flux, by formula."""
    return bool(chdtrc(rows.n_free, rows.fits.ts_var[0]) >= CONSTANT)


def _bends(rows):
    """Logs of the bends that are looked at, float array (N_BENDS,)."""
    lowest, highest = band_of(rows, np.min)
    return np.log(np.geomspace(lowest, max(highest, LEAST_BAND * lowest), N_BENDS))


def _start_level(rows):
    """Where to begin: the variance of the fluxes beyond their errors, over the factors of e in the band."""
    norm, err, (lowest, highest) = rows.fits.norm[0], rows.fits.err[0], band_of(rows)
    excess = (np.var(norm) - np.mean(err**2)) / rows.fits.constant[0] ** 2
    factors = np.log(max(highest / lowest, LEAST_BAND))
    return max(float(np.log(max(excess, 1e-9) / factors)), FAINTEST)


def _why_not(rows, is_constant, gain):
    """Why the slope is not told, a sentence's part."""
    if rows.n < LEAST_ROWS:
        return f"{rows.n} rows are too few, wanted are {LEAST_ROWS}"
    if is_constant:
        return "the rows agree with a constant flux"
    return f"the evidence over a constant flux is exp({gain:.1f}) only"
