"""Points with their time span and errors, and limits as arrows."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.path import Path

ARROW_LENGTH = 11  # points
HOLLOW = "fitted in a part of the band"
PALE = "pale, and limits: with systematic errors"
# Entries of a legend that are of no series and no limit, in their order.
LAST = (PALE, HOLLOW)
OPACITY, CAPS = 0.45, 2.5


def draw_points(
    ax: "Axes",
    span: tuple[np.ndarray, np.ndarray],
    values: dict[str, np.ndarray],
    kinds: tuple[np.ndarray, np.ndarray, np.ndarray],
    label: str | None,
    style: dict[str, Any],
    middle: np.ndarray | None = None,
    limits: tuple[str | None, str | None] = (None, None),
) -> "Line2D":
    """The line of the points of one series, which is there even if all of its rows are limits.

    Errors with systematic errors, where there are any, are pale bars with caps behind the others.

    Parameters
    ----------
    ax : matplotlib axes
    span : (start, stop), float arrays (n,), numbers of the axis of times, or of energies
    values : as `rows.values_of` gives them
    kinds : (is_upper, is_lower, is_hollow), bool arrays (n,): rows that are limits, and those whose mark is hollow
    label : str or None
    style : dict of keywords for errorbar
    middle : float array (n,), where between start and stop the mark is; default: half way
    limits : entries in the legend of upper and of lower limits, of which the first ones of an axes have it
    """
    from matplotlib import rcParams

    (start, stop), (is_upper, is_lower, is_hollow) = span, kinds
    half = (stop - start) / 2
    reach = np.array([half, half] if middle is None else [middle - start, stop - middle])
    middle = start + half if middle is None else middle
    points = np.isfinite(values["value"]) & ~is_upper & ~is_lower
    # caps too small to see: without them a legend does not know where the bars end, and covers them
    style = {
        "markersize": 0.7 * rcParams["lines.markersize"],
        "elinewidth": 0.8 * rcParams["lines.linewidth"],
        "capsize": max(rcParams["errorbar.capsize"], 0.01),
        **style,
    }
    bars = ax.errorbar(
        middle[points],
        values["value"][points],
        xerr=reach[:, points],
        yerr=np.where(np.isfinite(values["errors"]), values["errors"], 0.0)[:, points],
        **{**style, "label": label},
    )
    line = bars.lines[0]
    _draw_totals(ax, (middle, points, is_upper), values, style, line)
    arrows = _arrow_style(style, line.get_color())
    for chosen, name, sign, words in (
        (is_upper, "upper", -1, limits[0]),
        (is_lower, "lower", 1, limits[1]),
    ):
        if chosen.any():
            points_to = -sign if ax.yaxis_inverted() else sign
            ends: dict[str, Any] = {"xerr": reach[:, chosen], "marker": _arrow(points_to)}
            ax.errorbar(middle[chosen], values[name][chosen], **ends, **arrows)
            _name_limits(ax, words, points_to, arrows)
    heights = np.where(is_upper, values["upper"], np.where(is_lower, values["lower"], values["value"]))
    marked = is_hollow & np.isfinite(heights)
    if marked.any():
        _draw_hollow(ax, middle[marked], heights[marked], line)
    return line


def _name_limits(ax: "Axes", words: str | None, sign: int, arrows: dict[str, Any]) -> None:
    """An entry in the legend for limits, where there is none yet: a short arrow, which stays in its line."""
    if words is None or words in ax.get_legend_handles_labels()[1]:
        return
    own = {key: arrows[key] for key in ("color", "markerfacecolor", "markeredgewidth")}
    short: dict[str, Any] = {"marker": _arrow(sign, from_end=0.5), "markersize": 0.8 * ARROW_LENGTH}
    ax.plot([], [], linestyle="none", label=words, **short, **own)


def _draw_totals(
    ax: "Axes",
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray],
    values: dict[str, np.ndarray],
    style: dict[str, Any],
    line: "Line2D",
) -> None:
    """Pale bars with caps of errors with systematic errors; the first ones of an axes have the entry in the legend.

    drawn: middle, is_point and is_upper, arrays (n,).
    """
    middle, is_point, is_upper = drawn
    points = is_point & np.isfinite(values["total"]).all(axis=0)
    if not (points.any() or (is_upper & values["is_total"]).any()):
        return
    style = _bar_style(style, line.get_color(), but=("alpha", "zorder"))
    style |= {"alpha": OPACITY, "zorder": line.get_zorder() - 0.1, "capsize": CAPS, "marker": "none"}
    label = None if PALE in ax.get_legend_handles_labels()[1] else PALE
    ends = values["total"][:, points]
    ax.errorbar(middle[points], values["value"][points], yerr=ends, label=label, **style)


def _draw_hollow(ax: "Axes", x: np.ndarray, y: np.ndarray, line: "Line2D") -> None:
    """Hollow marks over the points of a series; the first ones of an axes have the entry in the legend."""
    label = None if HOLLOW in ax.get_legend_handles_labels()[1] else HOLLOW
    colour = line.get_color()
    marker = line.get_marker() if line.get_marker() not in ("", "None", "none", None, " ") else "o"
    # a line without a colour of its own would take that of the next series
    ax.plot(
        x,
        y,
        color=colour,
        marker=marker,
        markersize=line.get_markersize(),
        markerfacecolor=ax.get_facecolor(),
        markeredgecolor=colour,
        linestyle="none",
        zorder=line.get_zorder() + 0.1,
        label=label,
    )


def _bar_style(style: dict[str, Any], colour: Any, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """What bars without a mark have of the style of a series."""
    kept = ("elinewidth", "alpha", "zorder", "ecolor", "clip_on", "rasterized", "visible", "transform")
    bars = {key: style[key] for key in kept if key in style and key not in but}
    return bars | {"color": colour, "linestyle": "none"}


def _arrow_style(style: dict[str, Any], colour: Any) -> dict[str, Any]:
    arrows = _bar_style(style, colour) | {"markerfacecolor": "none"}
    return arrows | {"markersize": 2 * ARROW_LENGTH, "markeredgewidth": style["elinewidth"]}


def _arrow(sign: int, from_end: float = 0.0) -> "Path":
    """A marker that points up (1) or down (-1) from its place, as long on paper at every scale of the axis.

    from_end: how far its place is from its beginning, in its length.
    """
    from matplotlib.path import Path

    strokes = [(-0.2, 0), (0.2, 0)], [(0, 0), (0, sign)], [(-0.2, sign * 0.72), (0, sign), (0.2, sign * 0.72)]
    codes = [code for stroke in strokes for code in (Path.MOVETO, *[Path.LINETO] * (len(stroke) - 1))]
    return Path(np.concatenate(strokes) - [0, sign * from_end], codes)


def make_room_for_arrows(ax: "Axes") -> None:
    """Widen the margin below the lowest limit to the length of its arrow. ax: matplotlib axes."""
    height = ax.get_window_extent().height / ax.figure.dpi * 72  # points
    share = min(1.2 * ARROW_LENGTH / height, 0.2)
    margins: Any = ax.margins()
    ax.margins(y=max(margins[1], share / (1 - 2 * share)))
