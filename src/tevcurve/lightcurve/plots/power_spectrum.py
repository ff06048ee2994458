"""A figure of a fitted power spectrum, and of the flux that its process has between and inside rows."""

from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.figures.style import legend_above, series_colours, unit_text
from tevcurve.lightcurve.plots.time_axis import axis_times, dress, hidden, keep, numbers_of, prepare

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FLUX = u.Unit("cm-2 s-1")
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
    rows, (of_rows, of_process) = spectrum.fit.process.rows, series_colours()[:2]
    drawn = prepare(ax, "flux", FLUX, rows.reference.scale)
    start, stop = (numbers_of(rows.time(each), drawn) for each in (rows.start_s, rows.stop_s))
    flux, errn, errp = (rows.flux * each[0] for each in (rows.fits.norm, rows.fits.errn, rows.fits.errp))
    bars = ((errn, errp), 0.5 * (stop - start))
    made = ax.errorbar(0.5 * (start + stop), flux, *bars, fmt=".", ms=3, lw=0.8, color=of_rows, label="Rows")
    keep(ax, drawn, start, stop, made.lines[0])
    dress(ax)
    found = spectrum.flux()
    time = axis_times(ax, found["time"])
    shown = ~hidden(ax, time)
    low, middle, high = (
        np.where(shown, found[each].value, np.nan) for each in ("flux_low", "flux", "flux_high")
    )
    ax.fill_between(
        time, low, high, color=of_process, alpha=NARROW, lw=0, label="The process, 68 %", zorder=3
    )
    ax.plot(time, middle, color=of_process, lw=1, zorder=3)
    ax.ticklabel_format(axis="y", useMathText=True, scilimits=(-3, 4))
    ax.set_ylabel(f"Flux [{unit_text(FLUX)}]")
    ax.set_ylim(0, top_of(flux + errp, high[shown]))
    legend_above(ax)


def top_of(points: np.ndarray, band: np.ndarray) -> float:
    """The top of an axis for points and a band: where rows say next to nothing, a band of a log has no end.

    Parameters
    ----------
    points : float array, upper ends of the errors of rows
    band : float array, upper end of the band
    """
    highest = float(np.max(points[np.isfinite(points)]))
    return MARGIN * min(float(np.max(band, initial=highest)), MOST_OVER * highest)
