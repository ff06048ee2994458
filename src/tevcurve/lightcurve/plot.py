"""Light curves on matplotlib axes: points with their time span, limits as arrows, several curves together.

The data are drawn at their absolute time (MJD, or matplotlib's dates); what the axis subtracts is only in its
tick labels and said in its label. So further artists can be put at absolute times.
"""

from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np
from astropy import units as u

from tevcurve.errors import InputError

# Okabe & Ito, https://jfly.uni-koeln.de/color/: told apart with any colour vision; yellow is too pale.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
NAMES = {
    "flux": "Flux",
    "dnde": "Differential flux",
    "eflux": "Energy flux",
    "e2dnde": r"$E^2\,\mathrm{d}N/\mathrm{d}E$",
    "norm": "Norm",
}
ARROW_LENGTH = 11  # points
LONG = 40  # days: from here on whole MJD are short enough as tick labels
MJD_OF_1970 = 40587
NARROW = 3.5  # inches: width of axes where date labels get tight


@dataclass
class _Drawn:
    """What the light curves already in an axes have laid down for those to come."""

    dates: bool
    scale: str
    quantity: str
    unit: u.UnitBase
    first: object
    bands: set = field(default_factory=set)
    start: float = np.inf
    stop: float = -np.inf


_DRAWN = WeakKeyDictionary()


def plot(
    light_curve,
    ax=None,
    label=None,
    marker="o",
    time_format=None,
    ts_threshold=4,
    quantity="flux",
    **keywords,
):
    """The axes with a light curve drawn: points with their time span and errors, limits as arrows.

    Errors are asymmetric where the table has both sides, else symmetric. Rows without a value are left out.
    Several energy bands get one colour and one legend entry each.

    Parameters
    ----------
    light_curve : LightCurve
    ax : matplotlib axes, optional
        Where to draw, by default the current axes. A light curve that is already there sets
        the time scale, the time format and the unit for the others.
    label : str, optional
        Entry for the legend, which the caller makes (`plt.legend()`).
    marker : str
        Marker of the points.
    time_format : "mjd" or "iso", optional
        MJD in the time scale of the table (the default), or dates in UTC.
    ts_threshold : float or None
        A row with a smaller test statistic, or with a negative value, is drawn as its upper limit where it
        has one; None draws every row as a point.
    quantity : str
        Column to draw: flux, dnde, eflux, e2dnde, norm, or any other with its errors in `_err`.
    **keywords
        Go to `matplotlib.axes.Axes.errorbar`.

    Raises `InputError` for an unknown column or time format, or if the axes holds another quantity.
    """
    import matplotlib.pyplot as plt

    table = light_curve.table
    if quantity not in table.colnames:
        known = [name for name in NAMES if name in table.colnames]
        raise InputError(f"The light curve has no column {quantity!r} to plot; it has {', '.join(known)}.")
    if time_format not in (None, "mjd", "iso"):
        raise InputError(f"time_format is {time_format!r}; it should be 'mjd' or 'iso'.")
    ax = plt.gca() if ax is None else ax
    drawn = _prepare(ax, light_curve, quantity, time_format)
    start = _axis_time(light_curve.time_start, drawn)
    stop = _axis_time(light_curve.time_stop, drawn)
    values = _values(table, quantity, drawn.unit)
    limits = _is_limit(table, values, ts_threshold)
    bands = _bands(table)
    if drawn.first is None and ax.get_yscale() == "linear":
        ax.axhline(0, color="0.6", linewidth=0.8, zorder=0.5)
        ax.ticklabel_format(axis="y", useMathText=True, scilimits=(-3, 4))
    for band, rows in bands.items():
        name = label
        if len(bands) > 1:
            name = _band_text(band) if label is None else f"{label}, {_band_text(band)}"
        chosen = {key: value[..., rows] for key, value in values.items()}
        line = _draw(ax, start[rows], stop[rows], chosen, limits[rows], name, marker, keywords)
        drawn.first = drawn.first or line
    drawn.bands |= set(bands)
    drawn.start, drawn.stop = min([drawn.start, *start]), max([drawn.stop, *stop])
    _DRAWN[ax] = drawn
    if limits.any():
        _make_room_for_arrows(ax)
    _dress_time_axis(ax, drawn)
    _label_values(ax, drawn)
    return ax


def _prepare(ax, light_curve, quantity, time_format):
    """The record of what is in the axes, which is made if this is the first light curve in it."""
    from matplotlib import rcParams, rcParamsDefault

    unit = light_curve.table[quantity].unit or u.dimensionless_unscaled
    neighbours = [_DRAWN[other] for other in _together(ax)]
    dates = neighbours[0].dates if neighbours else time_format == "iso"
    if time_format is not None and dates != (time_format == "iso"):
        have = "iso" if dates else "mjd"
        raise InputError(f"time_format is {time_format!r}, but the axes already shows time as {have!r}.")
    if ax in _DRAWN and _is_current(ax):
        there = _DRAWN[ax]
        if quantity != there.quantity or not unit.is_equivalent(there.unit):
            have = f"{there.quantity} in {there.unit}" if str(there.unit) else there.quantity
            raise InputError(f"The axes already shows {have}; {quantity} should be drawn in its own axes.")
        return there
    if rcParams["axes.prop_cycle"] == rcParamsDefault["axes.prop_cycle"]:
        # a cycle that the user has chosen stays
        ax.set_prop_cycle(color=COLOURS)
    scale = neighbours[0].scale if neighbours else light_curve.meta["TIMESYS"].lower()
    return _Drawn(dates, scale, quantity, unit, first=None)


def _is_current(ax):
    """Whether the first light curve drawn in an axes is still there: clearing the axes removes it."""
    return _DRAWN[ax].first in ax.lines


def _together(ax):
    """The axes with light curves that share the time axis with this one."""
    siblings = ax.get_shared_x_axes().get_siblings(ax)
    return [other for other in siblings if other in _DRAWN and _is_current(other)]


def _axis_time(time, drawn):
    """Times as the numbers of the axis: MJD in the scale of the axes, or matplotlib's days in UTC."""
    if not drawn.dates:
        return getattr(time, drawn.scale).mjd
    from matplotlib.dates import date2num

    return time.utc.mjd - MJD_OF_1970 + date2num(np.datetime64("1970-01-01"))


def _values(table, quantity, unit):
    """The value, its errors (2, n) and upper limit as float64 in the unit of the axes; NaN where unknown."""

    def column(name):
        if name not in table.colnames:
            return np.full(len(table), np.nan)
        array = np.ma.filled(np.ma.asarray(table[name], dtype=np.float64), np.nan)
        return array * (table[name].unit or u.dimensionless_unscaled).to(unit)

    symmetric = column(f"{quantity}_err")
    errors = np.array([column(f"{quantity}_errn"), column(f"{quantity}_errp")])
    errors = np.where(np.isfinite(errors).all(axis=0), errors, symmetric)
    return {"value": column(quantity), "errors": errors, "limit": column(f"{quantity}_ul")}


def _is_limit(table, values, ts_threshold):
    """The rows that are drawn as an upper limit."""
    if ts_threshold is None:
        return np.zeros(len(table), dtype=bool)
    value, limit = values["value"], values["limit"]
    faint = ~np.isfinite(value) | (value < 0)
    if "ts" in table.colnames:
        faint |= np.ma.filled(np.ma.asarray(table["ts"], dtype=np.float64), np.nan) < ts_threshold
    return faint & np.isfinite(limit)


def _bands(table):
    """The rows of each energy band, by its edges in TeV."""
    if not {"e_min", "e_max"} <= set(table.colnames):
        return {None: np.arange(len(table))}
    edges = list(zip(table["e_min"].tolist(), table["e_max"].tolist(), strict=True))
    return {band: np.flatnonzero([pair == band for pair in edges]) for band in sorted(set(edges))}


def _band_text(band):
    return f"{band[0]:.4g}–{band[1]:.4g} TeV"


def _draw(ax, start, stop, values, limits, label, marker, keywords):
    """The line of the points of one series, which is there even if all of its rows are limits."""
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    middle, half = start + (stop - start) / 2, (stop - start) / 2
    points = np.isfinite(values["value"]) & ~limits
    style = normalize_kwargs(keywords, Line2D)
    if "fmt" not in style:
        style = {"marker": marker, "linestyle": "none", **style}
    # caps too small to see: without them a legend does not know where the bars end, and covers them
    style = {"markersize": 4, "elinewidth": 1.2, "capsize": 0.01, **style}
    bars = ax.errorbar(
        middle[points],
        values["value"][points],
        xerr=half[points],
        yerr=values["errors"][:, points],
        **{**style, "label": label},
    )
    if not limits.any():
        return bars.lines[0]
    colour = bars.lines[0].get_color()
    kept = ("elinewidth", "alpha", "zorder", "ecolor", "clip_on", "rasterized", "visible", "transform")
    arrows = {key: style[key] for key in kept if key in style}
    arrows |= {"color": colour, "linestyle": "none", "markerfacecolor": "none"}
    arrows |= {"marker": _arrow(), "markersize": 2 * ARROW_LENGTH, "markeredgewidth": style["elinewidth"]}
    ax.errorbar(middle[limits], values["limit"][limits], xerr=half[limits], **arrows)
    return bars.lines[0]


def _arrow():
    """A marker that points down from its place, as long on paper at every scale of the axis."""
    from matplotlib.path import Path

    strokes = [(-0.2, 0), (0.2, 0)], [(0, 0), (0, -1)], [(-0.2, -0.72), (0, -1), (0.2, -0.72)]
    codes = [code for stroke in strokes for code in (Path.MOVETO, *[Path.LINETO] * (len(stroke) - 1))]
    return Path(np.concatenate(strokes), codes)


def _dress_time_axis(ax, drawn):
    """Ticks and label of the time axis, the same in all axes that share it."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import MaxNLocator, ScalarFormatter

    together = [_DRAWN[other] for other in _together(ax)]
    start, stop = min(d.start for d in together), max(d.stop for d in together)
    width = ax.get_window_extent().width / ax.figure.dpi  # inches
    if drawn.dates:
        # with less between minimum and maximum, the locator finds no interval for some spans
        minticks, maxticks = (3, 7) if width > NARROW else (2, 5)
        locator = AutoDateLocator(minticks=minticks, maxticks=maxticks)
        formatter = ConciseDateFormatter(locator)
        label = "Time [UTC]"
    else:
        offset = float(np.floor(start)) if np.isfinite(start) and stop - start < LONG else 0.0
        locator = MaxNLocator(nbins=int(np.clip(1.8 * width, 3, 9)), steps=[1, 2, 2.5, 5, 10], min_n_ticks=3)
        formatter = ScalarFormatter(useOffset=offset)
        formatter.set_scientific(False)
        label = f"Time [MJD{f' − {offset:.0f}' if offset else ''}, {drawn.scale.upper()}]"
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(formatter)
    for other in _together(ax):
        # what the MJD axis subtracts is in its label
        other.xaxis.offsetText.set_visible(drawn.dates)
        if other.xaxis.get_tick_params().get("labelbottom", True):
            # the date stands at the right, at the height of the label
            other.set_xlabel(label, loc="left" if drawn.dates and width <= NARROW else "center")


def _make_room_for_arrows(ax):
    """Widen the margin below the lowest limit to the length of its arrow."""
    height = ax.get_window_extent().height / ax.figure.dpi * 72  # points
    share = min(1.2 * ARROW_LENGTH / height, 0.2)
    ax.margins(y=max(ax.margins()[1], share / (1 - 2 * share)))


def _label_values(ax, drawn):
    """Say on the value axis what it shows: the quantity, the band where there is only one, and the unit."""
    bands = drawn.bands - {None}
    single = len(bands) == 1 and drawn.quantity in ("flux", "eflux")
    band = f" ({_band_text(next(iter(bands)))})" if single else ""
    unit = f" [{_unit_text(drawn.unit)}]" if str(drawn.unit) else ""
    ax.set_ylabel(f"{NAMES.get(drawn.quantity, drawn.quantity)}{band}{unit}")


def _unit_text(unit):
    """A unit in the order of the field's papers, TeV cm-2 s-1 or cm-2 s-1 TeV-1, for matplotlib."""
    if unit.scale != 1:
        return unit.to_string("latex_inline")
    parts = sorted(
        zip(unit.bases, unit.powers, strict=True), key=lambda part: (part[1] < 0, part[0].name.lower())
    )
    return " ".join(base.name if power == 1 else f"{base.name}$^{{{power}}}$" for base, power in parts)
