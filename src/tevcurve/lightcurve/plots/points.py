"""Points with their time span and errors, and limits as arrows."""

import numpy as np

ARROW_LENGTH = 11  # points
HOLLOW = "hollow: fitted in a part of the band"


def draw_points(ax, span, values, kinds, label, style):
    """The line of the points of one series, which is there even if all of its rows are limits.

    span: (start, stop), float arrays (n,), numbers of the time axis. values: as `rows.values_of` gives them.
    kinds: (is_upper, is_lower, is_hollow), bool arrays (n,): rows that are limits, and those whose mark is hollow.
    label: str or None. style: dict of keywords for errorbar.
    """
    from matplotlib import rcParams

    (start, stop), (is_upper, is_lower, is_hollow) = span, kinds
    middle, half = start + (stop - start) / 2, (stop - start) / 2
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
        xerr=half[points],
        yerr=np.where(np.isfinite(values["errors"]), values["errors"], 0.0)[:, points],
        **{**style, "label": label},
    )
    line = bars.lines[0]
    arrows = _arrow_style(style, line.get_color())
    for chosen, name, sign in ((is_upper, "upper", -1), (is_lower, "lower", 1)):
        if chosen.any():
            ax.errorbar(
                middle[chosen], values[name][chosen], xerr=half[chosen], marker=_arrow(sign), **arrows
            )
    heights = np.where(is_upper, values["upper"], np.where(is_lower, values["lower"], values["value"]))
    marked = is_hollow & np.isfinite(heights)
    if marked.any():
        _draw_hollow(ax, middle[marked], heights[marked], line)
    return line


def _draw_hollow(ax, x, y, line):
    """Hollow marks over the points of a series; the first ones of an axes have the entry in the legend."""
    label = None if HOLLOW in ax.get_legend_handles_labels()[1] else HOLLOW
    colour = line.get_color()
    marker = line.get_marker() if line.get_marker() not in ("", "None", "none", None, " ") else "o"
    ax.plot(
        x,
        y,
        marker=marker,
        markersize=line.get_markersize(),
        markerfacecolor=ax.get_facecolor(),
        markeredgecolor=colour,
        linestyle="none",
        zorder=line.get_zorder() + 0.1,
        label=label,
    )


def _arrow_style(style, colour):
    kept = ("elinewidth", "alpha", "zorder", "ecolor", "clip_on", "rasterized", "visible", "transform")
    arrows = {key: style[key] for key in kept if key in style}
    arrows |= {"color": colour, "linestyle": "none", "markerfacecolor": "none"}
    return arrows | {"markersize": 2 * ARROW_LENGTH, "markeredgewidth": style["elinewidth"]}


def _arrow(sign):
    """A marker that points up (1) or down (-1) from its place, as long on paper at every scale of the axis."""
    from matplotlib.path import Path

    strokes = [(-0.2, 0), (0.2, 0)], [(0, 0), (0, sign)], [(-0.2, sign * 0.72), (0, sign), (0.2, sign * 0.72)]
    codes = [code for stroke in strokes for code in (Path.MOVETO, *[Path.LINETO] * (len(stroke) - 1))]
    return Path(np.concatenate(strokes), codes)


def make_room_for_arrows(ax):
    """Widen the margin below the lowest limit to the length of its arrow."""
    height = ax.get_window_extent().height / ax.figure.dpi * 72  # points
    share = min(1.2 * ARROW_LENGTH / height, 0.2)
    ax.margins(y=max(ax.margins()[1], share / (1 - 2 * share)))
