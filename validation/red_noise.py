"""Light curves of red noise: log fluxes by Timmer & Koenig 1995 (A&A 300, 707), and ON and OFF counts of them.

The log flux is drawn many times finer than the rows and many times longer than they last, so that what leaks into a
light curve from longer times, and what is smeared in its rows, is there as in nature. Nothing here knows of the
damped oscillators that tevcurve fits with.
"""

from dataclasses import dataclass

import numpy as np
from astropy.time import Time

from tevcurve.kernels.onoff_profile import onoff_profile
from tevcurve.lightcurve.variability.likelihood_rows import Pieces, Rows
from tevcurve.lightcurve.variability.row_fits import RowFits

# Samples of the log flux in the shortest row, and how many times the light curve's length they are drawn.
FINE, LONG = 8, 32
# ON over OFF acceptance, and ON counts of the background per count of the source at its mean.
ALPHA, BACKGROUND = 0.1, 0.2


@dataclass(frozen=True)
class PowerLawNoise:
    """One-sided power, `level` at `pivot`, of the log flux: level*(f/pivot)^-slope, or with a bend to a slope of `low`.

    With a bend it is level*(f/pivot)^-low*(1 + (pivot/bend)^(slope - low))/(1 + (f/bend)^(slope - low)).
    level: per unit of frequency; pivot, bend: cycles per time, in whatever unit the rows have.
    """

    slope: float
    level: float
    pivot: float
    bend: float | None = None
    low: float = 1.0

    def power(self, frequency):
        """The power at frequencies, float array."""
        if self.bend is None:
            return self.level * (frequency / self.pivot) ** -self.slope
        steeper, low = self.slope - self.low, self.level * (frequency / self.pivot) ** -self.low
        return low * (1 + (self.pivot / self.bend) ** steeper) / (1 + (frequency / self.bend) ** steeper)


def of_rms(slope, rms, lowest, highest, bend=None, low=1.0):
    """The `PowerLawNoise` whose power between two frequencies is the variance rms^2; its pivot is in their middle."""
    pivot = np.sqrt(lowest * highest)
    unit = PowerLawNoise(slope, 1.0, pivot, bend, low)
    grid = np.geomspace(lowest, highest, 2000)
    return PowerLawNoise(
        slope, rms**2 / np.trapezoid(unit.power(grid) * grid, np.log(grid)), pivot, bend, low
    )


def drawn_series(noise, n, step, rng, long=LONG):
    """Log fluxes (n,) at times `step` apart, a piece of a series `long` times their length."""
    total = 2 * ((long * n + 1) // 2)
    frequency = np.fft.rfftfreq(total, step)[1:]
    amplitude = np.sqrt(noise.power(frequency) * frequency[0]) * total / 2
    spectrum = amplitude * (rng.standard_normal(len(frequency)) + 1j * rng.standard_normal(len(frequency)))
    spectrum[-1] = spectrum[-1].real * 2**0.5
    return np.fft.irfft(np.append(0, spectrum), total)[:n]


def means_of_rows(series, step, start, stop):
    """Means (n_rows,) of a series, sampled in the middles of steps from time 0, over rows."""
    edges = np.append(0, np.cumsum(series)) * step
    times = np.arange(len(edges)) * step
    return (np.interp(stop, times, edges) - np.interp(start, times, edges)) / (stop - start)


def drawn_fluxes(noise, start, stop, rng, fine=FINE, long=LONG):
    """Fluxes (n_rows,) of red noise in rows, 1 in their geometric mean: of the flux, not of its log, the mean is seen.

    Parameters
    ----------
    noise : `PowerLawNoise`
    start, stop : float arrays (n_rows,), of the rows, from 0 on
    rng : numpy Generator
    fine : samples in the shortest row
    long : how many times the light curve's length the series has
    """
    step = np.min(stop - start) / fine
    series = drawn_series(noise, int(np.ceil(np.max(stop) / step)), step, rng, long)
    seen = means_of_rows(series, step, start, stop)
    return means_of_rows(np.exp(series - seen.mean()), step, start, stop)


def rows_of_nights(n_nights, per_night, width=120.0, gap=30.0, run=14, apart=86400.0):
    """(start, stop) of rows: runs of `run` rows with a gap between them, night after night; s."""
    number = np.arange(per_night)
    first = number * width + gap * (number // run)
    start = (np.arange(n_nights)[:, None] * apart + first).ravel()
    return start, start + width


def onoff_rows(flux, start, stop, counts, rng, alpha=ALPHA, background=BACKGROUND, seconds=None):
    """The `Rows` of ON and OFF counts.

    Parameters
    ----------
    flux : float array (n_rows,), 1 on average
    start, stop : float arrays (n_rows,), s
    counts : float, or array (n_rows,): ON counts of the source at a flux of 1
    rng : numpy Generator
    alpha : ON over OFF acceptance
    background : ON counts of the background per count of the source at a flux of 1
    seconds : float array (n_rows,), good time of each; default: all of it
    """
    n, signal = len(flux), np.broadcast_to(np.asarray(counts, dtype=float), np.shape(flux))
    seconds = stop - start if seconds is None else seconds
    on = rng.poisson(signal * (flux + background)).astype(float)
    off = rng.poisson(signal * background / alpha).astype(float)
    profile = onoff_profile(np.arange(n), on, off, np.full(n, alpha), signal, n)
    return Rows(
        fits=RowFits(profile),
        number=np.arange(n),
        reference=Time(53944.0, format="mjd", scale="tt"),
        start_s=start,
        stop_s=stop,
        middle_s=0.5 * (start + stop),
        pieces=Pieces(np.arange(n), start, stop, signal),
        flux=1e-11,
        counts=on,
        good_s=seconds,
        exposure=signal,
    )
