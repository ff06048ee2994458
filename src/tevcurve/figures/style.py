"""Colours, markers and words that all figures share, and an axes divided into panels."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tevcurve.errors import InputError

if TYPE_CHECKING:
    from astropy.units import UnitBase
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

# Okabe & Ito, https://jfly.uni-koeln.de/color/: told apart with any colour vision; yellow is too pale.
# In this order neighbours also differ in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
# Where colours look alike in grey, markers do not.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def factors_of(unit: "UnitBase") -> list[tuple[str, Any]]:
    """(name, power) of the factors of a unit in the order of the field's papers. unit: of astropy."""
    factors = [(base.name, power) for base, power in zip(unit.bases, unit.powers, strict=True)]
    return sorted(factors, key=lambda factor: (factor[1] < 0, factor[0].lower()))


def unit_text(unit: "UnitBase") -> str:
    """A unit in the order of the field's papers, TeV cm-2 s-1 or cm-2 s-1 TeV-1, for matplotlib. unit: of astropy."""
    if unit.scale != 1:
        return unit.to_string("latex_inline")
    return " ".join(name if power == 1 else f"{name}$^{{{power}}}$" for name, power in factors_of(unit))


def band_text(low: float, high: float) -> str:
    """An energy band in TeV, or where it begins below 1 GeV in GeV, and below 1 MeV in keV.

    Parameters
    ----------
    low, high : edges, TeV
    """
    unit, size = next(
        (each for each in (("TeV", 1.0), ("GeV", 1e-3)) if low >= 1e-3 * each[1]), ("keV", 1e-9)
    )
    return f"{low / size:.4g}–{high / size:.4g} {unit}"


def with_default(name: str, value: Any) -> Any:
    """A value, or that of rcParams where the user has changed it there.

    Parameters
    ----------
    name : key of matplotlib's rcParams
    value : what holds where the user has not changed it
    """
    from matplotlib import rcParams, rcParamsDefault

    user: Any
    default: Any
    user, default = rcParams, rcParamsDefault
    return value if user[name] == default[name] else user[name]


def series_colours() -> tuple[str, ...]:
    """Colours of series that stand for themselves: `COLOURS`, or those of the user's own cycle in rcParams."""
    from matplotlib import rcParams, rcParamsDefault

    if rcParams["axes.prop_cycle"] == rcParamsDefault["axes.prop_cycle"]:
        return COLOURS
    return tuple(rcParams["axes.prop_cycle"].by_key().get("color", COLOURS))


def use_colours(ax: "Axes", colours: Sequence[str] | Sequence[tuple[float, ...]] = COLOURS) -> None:
    """Make the cycle of an axes these colours; one that the user has chosen in rcParams stays.

    Parameters
    ----------
    ax : matplotlib axes
    colours : in their order, as matplotlib takes them
    """
    from matplotlib import rcParams, rcParamsDefault

    if rcParams["axes.prop_cycle"] == rcParamsDefault["axes.prop_cycle"]:
        ax.set_prop_cycle(color=colours)


def colours_in_order(number: int) -> list[tuple[float, ...]]:
    """List of so many colours from dark to bright, also in grey: for lines that follow each other.

    number: how many.
    """
    import matplotlib as mpl

    return [mpl.colormaps["viridis"](value) for value in np.linspace(0, 0.88, number)]


def new_figure(width: float, height: float) -> "Figure":
    """A figure of pyplot with constrained layout, of a size in inches unless the user has chosen one in rcParams.

    Parameters
    ----------
    width, height : inches
    """
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=with_default("figure.figsize", (width, height)), layout="constrained")
    layout: Any = figure.get_layout_engine()
    # room for ticks that point outward, which a layout does not know of
    layout.set(w_pad=0.06, h_pad=0.07)
    return figure


def current_axes() -> "Axes":
    """The current axes of pyplot; where there is no figure yet, in one with constrained layout, which cuts no words."""
    import matplotlib.pyplot as plt

    if not plt.get_fignums():
        plt.figure(layout="constrained")
    return plt.gca()


def panels(
    ax: "Axes | Sequence[Axes] | np.ndarray | None", heights: Sequence[float], size: tuple[float, float]
) -> list["Axes"]:
    """List of axes below each other that share the x axis, with relative heights.

    Parameters
    ----------
    ax : None for a new figure of a size (width, height) in inches; one axes of `plt.subplots`, which is divided; or
        as many axes as there are heights
    heights : of the panels relative to each other, from above
    size : (width, height) of a new figure, inches

    Raises `InputError` for another number, or an axes that is not of a grid.
    """
    heights = list(heights)
    if ax is None:
        grid = new_figure(*size).subplots(len(heights), sharex=True, squeeze=False, height_ratios=heights)
        return list(grid[:, 0])
    given = list(np.atleast_1d(np.asarray(ax, dtype=object)).ravel())
    if len(given) == len(heights):
        return given
    if len(given) != 1:
        raise InputError(f"ax has {len(given)} axes; wanted are {len(heights)}, or one to be divided.")
    first = given[0]
    spec = first.get_subplotspec()
    if spec is None:
        raise InputError("Only an axes of a grid, as plt.subplots makes them, can be divided into panels.")
    parts = spec.subgridspec(len(heights), 1, height_ratios=heights)
    first.set_subplotspec(parts[0])
    first.tick_params(labelbottom=False)
    others = [first.figure.add_subplot(part, sharex=first) for part in list(parts)[1:]]
    for other in others[:-1]:
        other.tick_params(labelbottom=False)
    return [first, *others]


def label_energies(ax: "Axes", edges: np.ndarray) -> None:
    """Logarithmic energies in TeV below an axes, ticks at 1, 2 and 5 in each decade, or where there are many at 1.

    Parameters
    ----------
    ax : matplotlib axes
    edges : float array, TeV; their first and last are the ends of the axis
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    steps = (1, 2, 5) if edges[-1] < 300 * edges[0] else (1,)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=steps))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("Energy [TeV]")


def _width(ax: "Axes") -> float:
    """Width of an axes in inches; a layout that is still to come makes more of the figure."""
    width = ax.get_window_extent().width / ax.figure.dpi
    return width * (1.1 if ax.figure.get_layout_engine() is not None else 1.0)


def long_beside(ax: "Axes", words: str) -> bool:
    """Whether words in one line are longer than an axes is high.

    Parameters
    ----------
    ax : matplotlib axes
    words : of the label of its values
    """
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties

    plain = re.sub(r"\$.*?\$", lambda math: math.group()[: (len(math.group()) + 1) // 2], words)
    size = FontProperties(size=rcParams["axes.labelsize"]).get_size_in_points()
    return 0.55 * size * len(plain) > ax.get_window_extent().height / ax.figure.dpi * 72


def _fits(lengths: Sequence[float], columns: int, width: float) -> bool:
    """Whether entries of these lengths fit into a width, each column as wide as its longest; all in inches."""
    return sum(max(column) for column in np.array_split(lengths, columns)) <= width


def legend_above(
    ax: "Axes",
    last: Sequence[str] = (),
    beside: str = "",
    more: Mapping[str, Any] | None = None,
    **keywords: Any,
) -> "Legend | None":
    """The legend of an axes above it, where no data are, in as many columns as fit; None without entries.

    Parameters
    ----------
    ax : matplotlib axes
    last : labels of entries that come after all others, in their order
    beside : words that stand above the axes at its left
    more : entries that other axes have, a dict of label to handle
    keywords : for `matplotlib.axes.Axes.legend`
    """
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties

    handles, labels = (list(each) for each in ax.get_legend_handles_labels())
    for label, handle in (more or {}).items():
        if label not in labels:
            handles, labels = [*handles, handle], [*labels, label]
    if not labels:
        return None
    place = {label: number for number, label in enumerate(last, start=1)}
    order = sorted(range(len(labels)), key=lambda number: place.get(labels[number], 0))
    handles, labels = ([each[number] for number in order] for each in (handles, labels))
    size = FontProperties(size=rcParams["legend.fontsize"]).get_size_in_points() / 72
    # the power of ten of the value axis stands at the left
    title = FontProperties(size=rcParams["axes.titlesize"]).get_size_in_points() / 72
    width = _width(ax) - max(6 * size, 0.6 * title * len(beside))
    lengths = [size * (0.55 * len(label) + 4.5) for label in labels]
    columns = max(
        number for number in range(1, len(labels) + 1) if number == 1 or _fits(lengths, number, width)
    )
    style: dict[str, Any] = {
        "loc": "lower right",
        "bbox_to_anchor": (1.0, 1.0),
        "ncols": columns,
        "frameon": False,
        "borderaxespad": 0.2,
    }
    style |= keywords
    return ax.legend(handles, labels, **style)
