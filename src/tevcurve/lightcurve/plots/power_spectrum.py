"""A figure of a fitted power spectrum, and of the flux that its process has between and inside rows."""

from typing import TYPE_CHECKING, Any

import numpy as np

from tevcurve.errors import InputError
from tevcurve.figures.style import series_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# From so many times the lowest frequency on, a decade has one tick.
MANY = 100
# Of what is drawn, the height of an axis; a band is drawn to so many times the highest point.
MARGIN, MOST_OVER = 1.05, 1.5
# Opacities of the bands of 95 and of 68 %.
BROAD, NARROW = 0.15, 0.3


def plot_power_spectrum(spectrum: Any, axes: "tuple[Axes, Axes] | None" = None) -> "tuple[Axes, Axes]":
    """The two axes: frequency times power, with its 68 and 95 %, and the light curve with the flux of the process.

    Parameters
    ----------
    spectrum : `PowerSpectrum`
    axes : where to draw, two; default: those of a new figure

    Raises `InputError` for another number of axes.
    """
    import matplotlib.pyplot as plt

    given: Any = axes
    if given is None:
        _, given = plt.subplots(2, 1, figsize=(8, 6.5), layout="constrained")
    given = np.ravel(given)
    if len(given) != 2:
        raise InputError(f"Here are {len(given)} axes; a power spectrum is drawn in two.")
    _draw_power(spectrum, given[0])
    _draw_flux(spectrum, given[1])
    return given[0], given[1]


def _draw_power(spectrum: Any, ax: "Axes") -> None:
    found = spectrum.power()
    frequency, colour = found["frequency"].value, series_colours()[0]
    values = {name: frequency * found[name].value for name in found.colnames[1:]}
    label = "68 and 95 %, not constrained" if spectrum.why_not else "68 and 95 %"
    ax.fill_between(
        frequency, values["power_95_low"], values["power_95_high"], color=colour, alpha=BROAD, lw=0
    )
    ax.fill_between(
        frequency,
        values["power_68_low"],
        values["power_68_high"],
        color=colour,
        alpha=NARROW,
        lw=0,
        label=label,
    )
    ax.plot(frequency, values["power"], color=colour, lw=1.4, label=spectrum.model)
    ax.set(xscale="log", yscale="log", xlabel="Frequency [Hz]", ylabel="Frequency × power of ln flux")
    _tick_frequencies(ax, frequency)
    ax.legend(frameon=False)


def _tick_frequencies(ax: "Axes", frequency: np.ndarray) -> None:
    """Set ticks at 1, 2 and 5 in each decade, or where there are many at 1: those between would touch each other."""
    from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullFormatter

    if frequency[-1] < MANY * frequency[0]:
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter(LogFormatterSciNotation(minor_thresholds=(np.inf, np.inf)))
    ax.xaxis.set_minor_formatter(NullFormatter())


def _draw_flux(spectrum: Any, ax: "Axes") -> None:
    rows = spectrum.fit.process.rows
    long = rows.stop_s[-1] - rows.start_s[0] > 3 * 86400
    unit, name = (86400.0, "d") if long else (60.0, "min")
    found = spectrum.flux()
    time, colour = (found["time"] - rows.reference).sec / unit, series_colours()[1]
    low, middle, high = (found[each].value for each in ("flux_low", "flux", "flux_high"))
    power = 10.0 ** np.floor(np.log10(np.median(middle)))
    flux, errn, errp = (
        rows.flux * each[0] / power for each in (rows.fits.norm, rows.fits.errn, rows.fits.errp)
    )
    centre, half = 0.5 * (rows.start_s + rows.stop_s) / unit, 0.5 * (rows.stop_s - rows.start_s) / unit
    ax.errorbar(
        centre, flux, (errn, errp), half, fmt=".", ms=3, lw=0.8, color=series_colours()[0], label="Rows"
    )
    ax.fill_between(
        time, low / power, high / power, color=colour, alpha=NARROW, lw=0, label="The process, 68 %", zorder=3
    )
    ax.plot(time, middle / power, color=colour, lw=1, zorder=3)
    ax.set_xlabel(f"Time after {rows.reference.utc.isot[:19]} UTC [{name}]")
    ax.set_ylabel(f"Flux [10$^{{{int(np.log10(power))}}}$ cm$^{{-2}}$ s$^{{-1}}$]")
    ax.set_ylim(0, top_of(flux + errp, high / power))
    ax.legend(frameon=False)


def top_of(points: np.ndarray, band: np.ndarray) -> float:
    """The top of an axis for points and a band: where rows say next to nothing, a band of a log has no end.

    Parameters
    ----------
    points : float array, upper ends of the errors of rows
    band : float array, upper end of the band
    """
    highest = float(np.max(points[np.isfinite(points)]))
    return MARGIN * min(float(np.max(band, initial=highest)), MOST_OVER * highest)
