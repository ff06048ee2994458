"""The likelihood of lags, and cross-correlations, as figures."""

from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np

from tevcurve.figures.style import COLOURS, current_axes
from tevcurve.rounding import with_errors

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CORRELATIONS = {"dcf": "Discrete; errors are the scatter of pairs, and go together", "iccf": "Interpolated"}
PALE, DARK = 0.2, 0.35
LAG_UNITS = ((2 * 86400.0, u.d), (2 * 3600.0, u.h), (2 * 60.0, u.min), (0.0, u.s))


def lag_unit(longest: u.Quantity) -> u.UnitBase:
    """The unit in which lags are shown. longest: Quantity, the longest of them."""
    return next(unit for least, unit in LAG_UNITS if longest.to_value(u.s) >= least)


def plot_lag(result: Any, ax: "Axes | None" = None) -> "Axes":
    """The axes with the log likelihood of lags above that of two independent processes, and both intervals.

    Parameters
    ----------
    result : `LagResult`
    ax : matplotlib axes; default: the current ones
    """
    ax = current_axes() if ax is None else ax
    unit = lag_unit(result.max_lag)
    lag, gain = result.lag.to_value(unit), result.log_likelihood
    ax.plot(lag, gain, color=COLOURS[0], marker=".", markersize=3, linewidth=1)
    for interval, opacity, label in ((result.interval_95, PALE, "95 %"), (result.interval_68, DARK, "68 %")):
        ax.axvspan(*interval.to_value(unit), color=COLOURS[0], alpha=opacity, linewidth=0, label=label)
    ax.axhline(0, color="0.5", linewidth=0.8, label="as likely as two processes")
    value, errors = result.value.to_value(unit), np.abs((result.interval_68 - result.value).to_value(unit))
    ax.axvline(value, color=COLOURS[1], linewidth=1, label=with_errors(value, *errors, unit=str(unit)))
    ax.set_xlabel(f"Lag [{unit}], above 0: the light curve comes after the other")
    ax.set_ylabel("ln $L$, one process over two")
    ax.set_xlim(lag[0], lag[-1])
    ax.set_ylim(max(gain.min(), gain.max() - 30) - 1, max(gain.max(), 0) + 1)
    ax.legend(frameon=False, fontsize="small")
    return ax


def plot_correlation(result: Any, ax: "Axes | None" = None) -> "Axes":
    """The axes with a cross-correlation.

    Parameters
    ----------
    result : `CorrelationResult`
    ax : matplotlib axes; default: the current ones
    """
    ax = current_axes() if ax is None else ax
    table = result.table
    unit = lag_unit(np.max(np.abs(u.Quantity(table["lag"]))))
    ax.errorbar(
        u.Quantity(table["lag"]).to_value(unit),
        table["correlation"],
        table["error"] if "error" in table.colnames else None,
        color=COLOURS[0],
        marker=".",
        linewidth=1,
    )
    for level, style in ((0, "-"), (1, ":")):
        ax.axhline(level, color="0.5", linestyle=style, linewidth=0.8)
    ax.set_xlabel(f"Lag [{unit}], above 0: the light curve comes after the other")
    ax.set_ylabel("Correlation, noise taken out")
    ax.set_title(f"{CORRELATIONS[result.kind]}.\nNo test: red noise correlates by chance", fontsize="small")
    return ax
