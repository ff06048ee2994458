"""The time axis of light curves: what is drawn on it, its scale, ticks and label.

The data are drawn at their absolute time (MJD, or matplotlib's dates); what the axis subtracts is only in its
tick labels and said in its label. So further artists can be put at absolute times.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from astropy import units as u

from tevcurve.errors import InputError
from tevcurve.leap_seconds import as_utc
from tevcurve.lightcurve.plots.gaps import CUTS, CutTime, apply_cut, cut_nights, cut_time, mark_cuts
from tevcurve.lightcurve.plots.time_locator import time_locator
from tevcurve.lightcurve.plots.time_ticks import DateTicks, MjdTicks
from tevcurve.lightcurve.plots.value_label import ValueLabel
from tevcurve.plot_options import CUT, KEEP, TIMES

if TYPE_CHECKING:
    from astropy.time import Time
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.ticker import Locator

    from tevcurve.lightcurve.product import LightCurve

# An older word for dates.
ISO = "iso"
LONG = 40  # days: from here on whole MJD are short enough as tick labels
PHASE = "phase"
LABEL = 1.0  # inches: the least length of a piece of the axis, so that a date fits
MJD_OF_1970 = 40587
_RECORD = "_tevcurve_drawn"


@dataclass
class Drawn:
    """What the light curves already in an axes have laid down for those to come.

    Attributes
    ----------
    dates : whether the axis has dates, else MJD in `scale`, or phases where that is "phase"
    scale : of the times, or "phase"
    quantity, unit : of the value axis
    first : the first line, with which the record ends
    bands : those drawn
    start, stop : lists of float arrays, the time bins
    gaps : as given, None for what is the default
    in_gaps : whether something else was there before, which may lie in gaps
    n_series : number of series drawn
    limits : what the legend says of limits, in the order in which they came
    sources : names of the sources whose light curves are drawn, in that order
    title : text above the axes that names the only one, or None
    unnamed : (artist, source) of the series that the legend does not name
    without_band : (artist, band) of the series whose band is said beside the axis of values only
    label : of the axis of values, as `plot` has it
    not_drawn : number of rows that are at or below zero, where a logarithmic axis has no place
    """

    dates: bool
    scale: str
    quantity: str
    unit: u.UnitBase
    first: Any = None
    bands: set = field(default_factory=set)
    start: list = field(default_factory=list)
    stop: list = field(default_factory=list)
    gaps: Any = None
    in_gaps: bool = False
    n_series: int = 0
    limits: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    title: Any = None
    unnamed: list[tuple[Any, str]] = field(default_factory=list)
    without_band: list[tuple[Any, tuple[float, float]]] = field(default_factory=list)
    label: ValueLabel | None = None
    not_drawn: int = 0


def drawn_in(ax: "Axes") -> Drawn | None:
    """The `Drawn` of an axes, or None where no light curve is in it: clearing an axes removes it.

    ax: matplotlib axes.
    """
    record = getattr(ax, _RECORD, None)
    return record if record is not None and record.first in ax.get_children() else None


def prepare(
    ax: "Axes",
    quantity: str,
    unit: u.UnitBase,
    scale: str,
    time_format: str | None = None,
    gaps: str | u.Quantity | None = None,
) -> Drawn:
    """The `Drawn` of an axes, which is made if there is none yet.

    Parameters
    ----------
    ax : matplotlib axes
    quantity : what is to be drawn
    unit : of its values
    scale : of the times, or "phase"
    time_format : "mjd", "utc" (also "iso"), or None for that of the axes
    gaps : "cut", "keep", the longest that is not cut (str or Quantity), or None for what the axes has

    Raises `InputError` for an unknown time format, or if the axes holds another quantity or time format.
    """
    if time_format not in (None, *TIMES, ISO):
        raise InputError(f"time_format is {time_format!r}; wanted is 'mjd' or 'utc'.")
    neighbours = records(ax)
    if scale == PHASE and not (time_format is None and gaps is None):
        raise InputError("The rows are bins in phase, which have neither a time_format nor gaps.")
    if any((other.scale == PHASE) != (scale == PHASE) for other in neighbours):
        raise InputError("Bins in phase and bins in time do not go into one figure with one axis.")
    asked = time_format in ("utc", ISO)
    dates = neighbours[0].dates if neighbours else asked
    if time_format is not None and dates != asked:
        have = "utc" if dates else "mjd"
        raise InputError(
            f"time_format is {time_format!r}, but the axes already shows time as {have!r}; wanted is another axes, as "
            "ax=plt.figure().gca()."
        )
    there = drawn_in(ax)
    if there is not None:
        if quantity != there.quantity or not unit.is_equivalent(there.unit):
            have = f"{there.quantity} in {there.unit}" if str(there.unit) else there.quantity
            raise InputError(
                f"The axes already shows {have}; {quantity} should be drawn in its own axes, as ax=plt.figure().gca()."
            )
        there.gaps = there.gaps if gaps is None else gaps
        return there
    scale = neighbours[0].scale if neighbours else scale.lower()
    gaps = (
        next((other.gaps for other in neighbours if other.gaps is not None), None) if gaps is None else gaps
    )
    return Drawn(dates, scale, quantity, unit, gaps=gaps, in_gaps=_has_times(ax))


def keep(ax: "Axes", drawn: Drawn, start: np.ndarray, stop: np.ndarray, first: "Artist") -> None:
    """Remember the time bins that were drawn, float arrays (n,), and the first artist of them.

    Parameters
    ----------
    ax : matplotlib axes
    drawn : of the axes
    start, stop : ends of the bins in the numbers of the axis, float arrays (n,)
    first : the first artist of them
    """
    drawn.first = drawn.first or first
    drawn.start.append(np.asarray(start))
    drawn.stop.append(np.asarray(stop))
    setattr(ax, _RECORD, drawn)


def together(ax: "Axes") -> list["Axes"]:
    """The axes with light curves that share the time axis with this one. ax: matplotlib axes."""
    siblings = ax.get_shared_x_axes().get_siblings(ax)
    return [other for other in siblings if drawn_in(other) is not None]


def records(ax: "Axes") -> list[Drawn]:
    """The `Drawn` of each axes of `together`. ax: matplotlib axes."""
    return [record for record in map(drawn_in, together(ax)) if record is not None]


def axis_times(ax: "Axes", time: "Time") -> np.ndarray:
    """Times as the numbers of the time axis of an axes with a light curve: where to draw what else has a time.

    Parameters
    ----------
    ax : the axes
    time : `Time`

    Raises `InputError` if there is no light curve in the axes.
    """
    drawn = drawn_in(ax)
    if drawn is None:
        raise InputError("The axes has no light curve, so its time axis is not known; plot one first.")
    return numbers_of(time, drawn)


def edges_of(light_curve: "LightCurve", drawn: Drawn) -> tuple[np.ndarray, ...]:
    """(start, stop) of the rows as the numbers of the axis: of their phases, or of their times.

    Parameters
    ----------
    light_curve : `LightCurve`
    drawn : of the axes
    """
    if drawn.scale == PHASE:
        return tuple(np.asarray(light_curve.table[name], dtype=float) for name in ("phase_min", "phase_max"))
    return tuple(numbers_of(time, drawn) for time in (light_curve.time_start, light_curve.time_stop))


def rows_in(
    drawn: Drawn, rows: np.ndarray, span: tuple[np.ndarray, ...]
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """(rows, (start, stop)) as they are drawn: bins in phase come again a phase of 1 later.

    Parameters
    ----------
    drawn : of the axes
    rows : numbers of the rows, int array
    span : (start, stop) of all rows in the numbers of the axis, float arrays
    """
    if drawn.scale != PHASE:
        return rows, tuple(end[rows] for end in span)
    return np.tile(rows, 2), tuple(np.append(end[rows], end[rows] + 1) for end in span)


def scale_of(light_curve: "LightCurve") -> str:
    """What the axis of a light curve shows: its time scale, or "phase". light_curve: `LightCurve`."""
    return PHASE if "phase_min" in light_curve.table.colnames else light_curve.meta["TIMESYS"]


def numbers_of(time: "Time", drawn: Drawn) -> np.ndarray:
    """Times as the numbers of the axis: MJD in the scale of the axes, or matplotlib's days in UTC.

    Parameters
    ----------
    time : of any shape
    drawn : of the axes
    """
    if drawn.scale == PHASE:
        raise InputError("The axis shows phases, on which nothing that has a time can be drawn.")
    if not drawn.dates:
        return getattr(time, drawn.scale).mjd
    return as_utc(time).mjd - MJD_OF_1970 + _epoch()


def _epoch() -> float:
    from matplotlib.dates import date2num

    return float(date2num(np.datetime64("1970-01-01")))


def dress(ax: "Axes") -> None:
    """Scale, ticks and label of the time axis, the same in all axes that share it. ax: matplotlib axes."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    axes, there = together(ax), records(ax)
    drawn = there[0]
    start, stop = (
        np.concatenate([part for record in there for part in getattr(record, end)])
        for end in ("start", "stop")
    )
    if drawn.scale == PHASE:
        for other in axes:
            other.set_xlabel("Phase (drawn twice)")
            # Also where rows are in a part of the phases only.
            other.update_datalim([(0, 0), (2, 0)], updatey=False)
            other.autoscale_view(scaley=False)
        return
    cut = _cut(ax, drawn.gaps, start, stop)
    apply_cut(ax, cut)
    first, last = np.min(start, initial=np.inf), np.max(stop, initial=-np.inf)
    offset = float(np.floor(first)) if np.isfinite(first) and last - first < LONG else 0.0
    words = "UTC" if drawn.dates else f"MJD{f' − {offset:.0f}' if offset else ''}, {drawn.scale.upper()}"
    locator = time_locator(DateTicks(_epoch()) if drawn.dates else MjdTicks(offset), cut)
    ax.xaxis.set_major_locator(cast("Locator", locator))
    ax.xaxis.set_major_formatter(FuncFormatter(locator.label))
    if cut is not None:
        ax.xaxis.set_minor_locator(NullLocator())
    for other in ax.get_shared_x_axes().get_siblings(ax):
        mark_cuts(other, cut)
    for other in axes:
        if other.xaxis.get_tick_params().get("labelbottom", True):
            other.set_xlabel(f"Time [{words}]")


def hidden(ax: "Axes", times: np.ndarray) -> np.ndarray:
    """Whether numbers of the time axis (n,) are in a gap that is cut out.

    Parameters
    ----------
    ax : matplotlib axes
    times : numbers of the axis, float array (n,)
    """
    cut = getattr(ax.xaxis.get_major_locator(), "cut", None)
    return np.zeros(np.shape(times), dtype=bool) if cut is None else cut.hidden(np.asarray(times))


def _cut(ax: "Axes", gaps: Any, start: np.ndarray, stop: np.ndarray) -> CutTime | None:
    """The cut axis of the rows in an axes, or None for one in one piece.

    gaps: as `Drawn` has it. start, stop: float arrays (n,) in the numbers of the axis.
    """
    if isinstance(gaps, str) and gaps == KEEP:
        return None
    # What others have drawn beside the light curves may lie in the gaps.
    others = set(ax.get_shared_x_axes().get_siblings(ax)) - set(together(ax))
    if gaps is None and (any(one.in_gaps for one in records(ax)) or any(map(_has_times, others))):
        return None
    shortest = LABEL / (ax.get_window_extent().width / ax.figure.dpi)
    if gaps is None:
        return cut_nights(start, stop, shortest)
    return cut_time(start, stop, _longest(gaps), shortest=shortest)


def _has_times(ax: "Axes") -> bool:
    """Whether something is drawn at times, apart from the marks of cuts."""
    return any(
        artist.get_transform().contains_branch_seperately(ax.transData)[0]
        for artist in (*ax.lines, *ax.collections, *ax.patches, *ax.images)
        if artist.get_gid() != CUTS
    )


def _longest(gaps: str | u.Quantity) -> float | None:
    """Days that a gap may have, None where that is to be found; `InputError` for what is neither."""
    if isinstance(gaps, str) and gaps == CUT:
        return None
    try:
        days = u.Quantity(gaps).to_value(u.d)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"gaps is {gaps!r}; wanted is 'cut', 'keep', or a time such as '0.5 d', above which a gap is cut."
        ) from error
    if not days > 0:
        raise InputError(f"gaps is {gaps!r}; wanted is a time above zero.")
    return float(days)
