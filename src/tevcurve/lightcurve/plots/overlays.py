"""What belongs over the points of a light curve: good time, blocks, a fitted flare."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from astropy import units as u

from tevcurve.errors import InputError
from tevcurve.figures.style import current_axes, unit_text, use_colours
from tevcurve.lightcurve.plots.naming import draw_legend
from tevcurve.lightcurve.plots.rows import values_of
from tevcurve.lightcurve.plots.time_axis import Drawn, drawn_in, dress, hidden, keep, numbers_of, prepare

if TYPE_CHECKING:
    from astropy.table import Table
    from astropy.time import Time
    from matplotlib.axes import Axes

    from tevcurve.lightcurve.product import LightCurve

# Opacities on the colour of text, which is dark on paper and bright on a dark ground.
GOOD_TIME, BLOCK_ERRORS = 0.08, 0.2
FLARE = "#D55E00"
# Where a pulse is drawn finely, in e-folding times.
STEPS = np.linspace(0, 6, 121)


class GoodIntervals(Protocol):
    """What has good time: a `GTI`."""

    @property
    def start(self) -> "Time":
        """Starts (n,)."""

    @property
    def stop(self) -> "Time":
        """Stops (n,)."""


class HasBlocks(Protocol):
    """What `bayesian_blocks` gives."""

    @property
    def blocks(self) -> "Table":
        """A row for each block."""


class Pulse(Protocol):
    """What `flare_profile` gives."""

    t0: "Time"
    rise: u.Quantity
    decay: u.Quantity
    constant: u.Quantity
    amplitude: u.Quantity


def plot_exposure(
    exposure: "GoodIntervals | Iterable[GoodIntervals] | LightCurve",
    ax: "Axes | None" = None,
    label: str | None = "Good time",
) -> "Axes":
    """The axes of a light curve with its good time shaded in grey, so that what is white is a gap.

    Parameters
    ----------
    exposure : a `GTI`, a list of them, or a light curve: the good time of its runs, or, where it does not know them
        (it was read from a table), its time bins with good time in them
    ax : axes with a light curve in it
    label : entry for the legend, or None
    """
    from matplotlib import rcParams
    from matplotlib.collections import PolyCollection

    ax, drawn = _axes_with_curve(ax, "good time is shaded")
    spans = [numbers_of(time, drawn) for time in _good_time(exposure)]
    start, stop = _union(*spans)
    width = stop - start
    across = ax.get_xaxis_transform()
    for old in [one for one in ax.collections if one.get_gid() == "exposure"]:
        old.remove()
    corners = [[(a, 0), (a, 1), (a + w, 1), (a + w, 0)] for a, w in zip(start, width, strict=True)]
    shade = PolyCollection(
        corners,
        facecolor=rcParams["text.color"],
        alpha=GOOD_TIME,
        edgecolor="none",
        transform=across,
        zorder=0.3,
        label=label,
    )
    shade.set_gid("exposure")
    # added as an artist, so that it does not change the limits
    ax.add_artist(shade)
    draw_legend(ax)
    return ax


def plot_blocks(
    blocks: "HasBlocks | LightCurve",
    ax: "Axes | None" = None,
    label: str | None = "Blocks",
    quantity: str = "flux",
    time_format: str | None = None,
    **keywords: Any,
) -> "Axes":
    """The axes with blocks of constant flux: a line through them, and a band of their errors.

    Parameters
    ----------
    blocks : the result of `tevcurve.lightcurve.variability.bayesian_blocks`, or a light curve with the blocks as its
        time bins
    ax : where to draw, by default the current axes; with a light curve or without
    label : entry for the legend, or None
    quantity : column that is drawn
    time_format : "mjd" or "utc"; default: that of the axes, or MJD
    keywords : for the line
    """
    from matplotlib import rcParams

    start, stop, values, unit = _of_blocks(blocks, quantity)
    ax = current_axes() if ax is None else ax
    drawn = prepare(ax, quantity, unit, start.scale, time_format)
    start, stop = numbers_of(start, drawn), numbers_of(stop, drawn)
    factor = unit.to(drawn.unit)
    value, (down, up) = values["value"] * factor, values["errors"] * factor
    known = np.isfinite(value)
    start, stop, value, down, up = (array[known] for array in (start, stop, value, down, up))
    style = {"color": rcParams["text.color"], "linewidth": 1.2, "zorder": 2.4} | keywords
    (line,) = ax.plot(*_steps(start, stop, value, joined=True), label=label, **style)
    (x, low), (_, high) = (_steps(start, stop, end) for end in (value - down, value + up))
    ax.fill_between(
        x, low, high, color=line.get_color(), alpha=BLOCK_ERRORS, linewidth=0, zorder=line.get_zorder() - 1
    )
    first = drawn.first is None
    keep(ax, drawn, start, stop, line)
    dress(ax)
    if first:
        ax.set_ylabel(f"Flux [{unit_text(drawn.unit)}]" if quantity == "flux" else quantity)
        use_colours(ax)
    draw_legend(ax)
    return ax


def plot_flare(
    flare: "Pulse", ax: "Axes | None" = None, label: str | None = "Flare", **keywords: Any
) -> "Axes":
    """The axes of a light curve with the pulse that fits it, over its time bins.

    Parameters
    ----------
    flare : the result of `tevcurve.lightcurve.variability.flare_profile`
    ax : axes with a light curve of fluxes in it
    label : entry for the legend, or None
    keywords : for the line
    """
    ax, drawn = _axes_with_curve(ax, "the flare is drawn")
    if drawn.quantity != "flux":
        raise InputError(f"The axes shows {drawn.quantity}; a flare is drawn over the flux.")
    first, last = min(map(np.min, drawn.start)), max(map(np.max, drawn.stop))
    peak = float(numbers_of(flare.t0, drawn))
    rise, decay = flare.rise.to_value(u.d), flare.decay.to_value(u.d)
    time = np.unique(
        np.concatenate([np.linspace(first, last, 1000), peak + np.outer([-rise, decay], STEPS).ravel()])
    )
    time = time[(time >= first) & (time <= last)]
    since = time - peak
    pulse = np.exp(np.where(since < 0, since / rise, -since / decay))
    flux = (flare.constant + flare.amplitude * pulse).to_value(drawn.unit)
    flux[hidden(ax, time)] = np.nan
    style: dict[str, Any] = {"color": FLARE, "linewidth": 1.5, "zorder": 2.5} | keywords
    ax.plot(time, flux, label=label, **style)
    draw_legend(ax)
    return ax


def _axes_with_curve(ax: "Axes | None", what: str) -> tuple["Axes", Drawn]:
    ax = current_axes() if ax is None else ax
    drawn = drawn_in(ax)
    if drawn is None:
        raise InputError(f"There is no light curve in the axes on which {what}; plot one first.")
    return ax, drawn


def _good_time(exposure: Any) -> tuple["Time", ...]:
    """(start, stop), each a `Time` (n,)."""
    from astropy.time import Time

    if hasattr(exposure, "time_start"):
        runs = getattr(exposure.origin, "runs", None)
        if runs is None:
            good = np.ones(len(exposure), dtype=bool)
            if "ontime" in exposure.table.colnames:
                good = np.asarray(exposure.table["ontime"]) > 0
            return exposure.time_start[good], exposure.time_stop[good]
        exposure = [run.gti for run in runs]
    elif hasattr(exposure, "intervals"):
        exposure = [exposure]
    parts = list(exposure)
    if not parts or not all(hasattr(part, "start") and hasattr(part, "stop") for part in parts):
        raise InputError(
            f"exposure is {exposure!r}; wanted is a light curve, a GTI or a list of GTIs with any in it."
        )
    scale = parts[0].start.scale
    return tuple(
        Time(
            np.concatenate([getattr(getattr(part, end), scale).mjd for part in parts]),
            format="mjd",
            scale=scale,
        )
        for end in ("start", "stop")
    )


def _union(start: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intervals (n,), merged where they meet."""
    order = np.argsort(start, kind="stable")
    start, reach = start[order], np.maximum.accumulate(stop[order])
    fresh = np.append(True, start[1:] > reach[:-1])[: len(start)]
    return start[fresh], reach[np.append(np.flatnonzero(fresh)[1:] - 1, len(start) - 1)[: fresh.sum()]]


def _of_blocks(blocks: Any, quantity: str) -> tuple["Time", "Time", dict[str, np.ndarray], u.UnitBase]:
    """Start and stop (Time), values as `values_of` gives them, and their unit."""
    if hasattr(blocks, "time_start"):
        unit = blocks.table[quantity].unit or u.dimensionless_unscaled
        return blocks.time_start, blocks.time_stop, values_of(blocks.table, quantity, unit), unit
    table = getattr(blocks, "blocks", None)
    if table is None or quantity not in table.colnames:
        raise InputError(
            f"blocks is a {type(blocks).__name__} without {quantity}; wanted are blocks or a light curve."
        )
    unit = table[quantity].unit
    errors = [table[f"{quantity}_err{side}"].to_value(unit) for side in "np"]
    return table["start"], table["stop"], {"value": table[quantity].value, "errors": np.array(errors)}, unit


def _steps(
    start: np.ndarray, stop: np.ndarray, value: np.ndarray, joined: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Line through blocks (n,), two points each; with `joined`, one line through those with little between them, which
    changes its height where the next one begins."""
    length = stop - start
    near = start[1:] - stop[:-1] < np.minimum(length[1:], length[:-1])
    last = np.append(np.where(near & joined, start[1:], np.nan), np.nan)
    return np.column_stack([start, stop, last]).ravel(), np.repeat(value, 3)
