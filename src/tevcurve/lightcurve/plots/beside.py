"""Light curves of several telescopes below each other on one time axis, each in its own unit."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from tevcurve.errors import InputError
from tevcurve.figures.style import MARKERS, band_text, panels, series_colours
from tevcurve.lightcurve.plot import NAMES, plot
from tevcurve.lightcurve.plots.rows import Band, bands_of
from tevcurve.lightcurve.plots.time_axis import drawn_in, scale_of
from tevcurve.lightcurve.plots.value_label import ValueLabel
from tevcurve.lightcurve.selection import rows_of_instruments

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tevcurve.lightcurve.product import LightCurve

# Inches: width of the figure, height of each panel, of the time axis.
WIDTH, EACH, AXIS = 7.2, 1.9, 0.7


class Panel(NamedTuple):
    """What one panel shows.

    Attributes
    ----------
    curve : `LightCurve`, the rows of one band
    quantity : str, the column
    words : str, whose rows these are, and their band
    number : int, of its curve among all
    """

    curve: "LightCurve"
    quantity: str
    words: str
    number: int


def plot_beside(
    light_curves: "Sequence[LightCurve]",
    ax: "Axes | Sequence[Axes] | None" = None,
    quantity: str | Sequence[str | None] | None = None,
    labels: Sequence[str | None] | None = None,
    **keywords: Any,
) -> list["Axes"]:
    """List of axes, one for each light curve and energy band, which share the time axis; each has its own unit.

    Beside each panel stands whose it is, and its band: nothing of different bands is in one panel. All times are on
    the axis in the scale of the first light curve.

    Parameters
    ----------
    light_curves : list of LightCurve, from above; those of others are had by `LightCurve.read`
    ax : matplotlib axes, optional
        One axes, which is divided; or as many as there are panels; by default those of a new figure.
    quantity : str, or a list with one for each light curve
        The column that is drawn; default: the flux, else what was measured, such as a rate or a magnitude.
    labels : list of str, one for each light curve
        Whose they are; default: what they say of their instrument or file.
    **keywords
        `time_format`, `gaps` and all others as in `tevcurve.lightcurve.plot.plot`.

    Raises `InputError` where there is nothing to draw, or quantities or labels for another number of light curves.
    """
    curves = list(light_curves)
    if not curves:
        raise InputError("There is no light curve in the list; wanted is one or more to be drawn.")
    chosen = _for_each(quantity, len(curves), "quantity")
    names = _for_each(labels, len(curves), "labels")
    shown = [
        panel
        for number, curve in enumerate(curves)
        for panel in _panels_of(curve, chosen[number], names[number], number)
    ]
    folded = {scale_of(panel.curve) == "phase" for panel in shown}
    if len(folded) > 1:
        raise InputError(
            "Bins in phase and bins in time do not go onto one axis; wanted are all of one kind."
        )
    axes = panels(ax, [EACH] * len(shown), (WIDTH, EACH * len(shown) + AXIS))
    colours = series_colours()
    for place, panel in zip(axes, shown, strict=True):
        own: dict[str, Any] = {"marker": MARKERS[panel.number % len(MARKERS)]}
        own["color"] = colours[panel.number % len(colours)]
        # What is of several instruments is told apart by colours and a legend.
        own = {} if len(rows_of_instruments(panel.curve.table)) > 1 else own
        plot(panel.curve, place, **({"quantity": panel.quantity} | own | keywords))
        _tidy_label(place, panel)
    share_axis(axes)
    return axes


def _panels_of(curve: "LightCurve", quantity: str | None, name: str | None, number: int) -> list[Panel]:
    """A panel for each band of a light curve."""
    quantity = quantity or measured(curve)
    name = name or _whose(curve)
    return [
        Panel(
            replace(curve, table=curve.table[rows]),
            quantity,
            "\n".join(word for word in (name, _band_words(band)) if word),
            number,
        )
        for band, rows in bands_of(curve.table).items()
    ]


def measured(curve: "LightCurve") -> str:
    """Name of the column that was measured: the flux, else the first of those known, else the first with errors.

    curve: `LightCurve`. Raises `InputError` where there is none.
    """
    names = curve.table.colnames
    known = [name for name in NAMES if name in names]
    with_errors = [name for name in names if {f"{name}_err", f"{name}_errn"} & set(names)]
    if not known + with_errors:
        raise InputError(
            f"The light curve has the columns {', '.join(names)}; wanted is a flux, or a column with its errors."
        )
    return (known + with_errors)[0]


def _whose(curve: "LightCurve") -> str:
    """What a light curve says of who measured it, in a word or two."""
    names = [name for name in curve.instruments if name]
    # Several have a legend of their own.
    return names[0] if len(names) == 1 else "" if names else str(curve.meta.get("instrument", ""))


def _band_words(band: Band) -> str:
    return "" if band is None else band_text(*band)


def label_in(ax: "Axes") -> ValueLabel:
    """The label of the values of an axes. ax: matplotlib axes, into which `plot` drew."""
    drawn = drawn_in(ax)
    # Without any row there is none.
    return ValueLabel(ax.get_ylabel()) if drawn is None or drawn.label is None else drawn.label


def _tidy_label(ax: "Axes", panel: Panel) -> None:
    """The band stands at the right, where there is more room for words than in the label of the values."""
    ax.set_ylabel(label_in(ax).without_band().text("\n"))
    write_beside(ax, panel.words)


def _for_each(given: Any, number: int, name: str) -> list[Any]:
    """A list with one for each light curve, of one for all or a list."""
    each = list(given) if isinstance(given, (list, tuple)) else [given] * number
    if len(each) != number:
        raise InputError(f"{name} has {len(each)} for {number} light curves; wanted is one for each.")
    return each


def write_beside(ax: "Axes", words: str) -> None:
    """Write at the right of an axes.

    Parameters
    ----------
    ax : matplotlib axes
    words : lines of text
    """
    beside: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "rotation": -90}
    ax.annotate(words, (1, 0.5), (6, 0), va="center", ha="left", multialignment="center", **beside)


def share_axis(axes: "Sequence[Axes]") -> None:
    """Show the time axis below the last panel only, and labels in line. axes: from above."""
    for ax in axes[:-1]:
        ax.set_xlabel("")
        ax.tick_params(labelbottom=False)
    axes[0].figure.align_ylabels(axes)
