"""Panels below each other that share the time axis: energy bands, and what goes with them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tevcurve.errors import InputError
from tevcurve.figures.style import MARKERS, band_text, panels, series_colours
from tevcurve.lightcurve.plot import plot
from tevcurve.lightcurve.plots.beside import label_in, plot_beside, share_axis, write_beside
from tevcurve.lightcurve.plots.naming import draw_legend
from tevcurve.lightcurve.plots.rows import bands_of
from tevcurve.lightcurve.selection import rows_of_instruments

if TYPE_CHECKING:
    from astropy.table import Table
    from matplotlib.axes import Axes

    from tevcurve.lightcurve.product import LightCurve

# Inches: width of the figure, height of its first panel, of a panel more, of the time axis.
WIDTH, FIRST, MORE, AXIS = 7.2, 3.0, 1.5, 0.7
# Half way to the panel above, in panels.
BETWEEN = 1.15


def plot_panels(
    light_curve: "LightCurve | list[LightCurve] | tuple[LightCurve, ...]",
    ax: "Axes | Sequence[Axes] | None" = None,
    quantity: Any = None,
    below: Any = (),
    blocks: Any = None,
    flare: Any = None,
    **keywords: Any,
) -> list["Axes"]:
    """List of axes: the light curve with a panel for each energy band, and further quantities under it.

    Several light curves, of several telescopes, are drawn below each other, each in its own unit: see
    `tevcurve.lightcurve.plots.beside.plot_beside`, which then takes `ax`, `quantity` and the keywords, `labels` among
    them.

    Parameters
    ----------
    light_curve : LightCurve, or a list of them
    ax : matplotlib axes, optional
        One axes, which is divided; or as many as there are panels; by default those of a new figure.
    quantity : str
        What the panels of the bands show; default: the flux.
    below : str, table or pair, or a list of these
        A panel for each: the name of a column, such as "index"; or another table with its own values at the same
        times, such as `light_curve.hardness()`, whose first column with errors is drawn; or another light curve and the
        name of its column, such as `(in_longer_bins, "index")`.
    blocks : optional
        What `plot_blocks` takes: for the only band, or a list with one for each.
    flare : optional
        What `plot_flare` takes, in the same way.
    **keywords
        `time_format`, `gaps` and all others as in `tevcurve.lightcurve.plot.plot`.

    Raises `InputError` for another number of axes, blocks or flares than there are bands.
    """
    from matplotlib import rcParams

    if isinstance(light_curve, (list, tuple)):
        if below != () or blocks is not None or flare is not None:
            raise InputError("below, blocks and flare go with one light curve; here is a list of them.")
        return plot_beside(light_curve, ax, quantity, **keywords)
    quantity = "flux" if quantity is None else quantity
    bands = bands_of(light_curve.table)
    below = _listed(below)
    blocks, flare = (
        _for_each(given, len(bands), name) for given, name in ((blocks, "blocks"), (flare, "flare"))
    )
    heights = [FIRST if len(bands) == 1 else MORE] * len(bands) + [MORE] * len(below)
    # as high as the words beside the panels are long
    axes = panels(ax, heights, (WIDTH, (sum(heights) + AXIS) * max(1.0, rcParams["font.size"] / 10)))
    colours = series_colours()
    for number, rows in enumerate(bands.values()):
        own = {"marker": MARKERS[number % len(MARKERS)], "color": colours[number % len(colours)]}
        # In a panel of several instruments these are what is told apart.
        own = {} if len(rows_of_instruments(light_curve.table)) > 1 else own
        own |= {"quantity": quantity, "blocks": blocks[number], "flare": flare[number]}
        plot(replace(light_curve, table=light_curve.table[rows]), axes[number], **(own | keywords))
    if len(bands) > 1:
        _share_label(axes[: len(bands)], [band for band in bands if band is not None])
    for place, one in zip(axes[len(bands) :], below, strict=True):
        _plot_below(place, light_curve, one, keywords)
    _tidy(axes)
    return axes


def _listed(below: Any) -> list[Any]:
    """A list of what goes below, from one of its kinds or several."""
    is_pair = isinstance(below, tuple) and len(below) == 2 and hasattr(below[0], "time_start")
    return [below] if is_pair or isinstance(below, str) or hasattr(below, "colnames") else list(below)


def _for_each(given: Any, number: int, name: str) -> list[Any]:
    """A list with one for each band, from one for the only band, a list of them, or None."""
    each = list(given) if isinstance(given, (list, tuple)) else [given]
    if given is None:
        each = [None] * number
    if len(each) != number:
        raise InputError(
            f"{name} has {len(each)}, and the light curve has {number} energy bands; wanted is one for each."
        )
    return each


def _plot_below(
    ax: "Axes",
    light_curve: "LightCurve",
    one: "str | Table | tuple[LightCurve, str]",
    style: dict[str, Any],
) -> None:
    """A column of the light curve, another light curve, or a table at the same times."""
    from matplotlib import rcParams

    if isinstance(one, str):
        plot(light_curve, ax, quantity=one, **style)
    elif isinstance(one, tuple):
        curve, quantity = one
        plot(curve, ax, quantity=quantity, **style)
    else:
        measured = [name for name in one.colnames if {f"{name}_err", f"{name}_errn"} & set(one.colnames)]
        if not measured:
            raise InputError(
                f"A table below has the columns {', '.join(one.colnames)}; wanted is one with its errors."
            )
        curve = type(light_curve)(one)
        plot(curve, ax, quantity=measured[0], **({"color": rcParams["text.color"]} | style))
        # the bands stand at the right, where there is more room for words
        label = label_in(ax)
        ax.set_ylabel(replace(label, energies="").text())
        write_beside(ax, label.energies.replace(" / ", " /\n"))


def _share_label(axes: Sequence["Axes"], bands: Sequence[tuple[float, float]]) -> None:
    """One label for the values of all panels, at their middle, and the band of each at its right."""
    # of several panels together, beside which there is room for one line
    words = label_in(axes[0]).without_band().text()
    for ax, band in zip(axes, bands, strict=True):
        ax.set_ylabel("")
        write_beside(ax, band_text(*band))
    middle = axes[len(axes) // 2]
    # of an even number, between the two in the middle
    middle.set_ylabel(words, y=0.5 if len(axes) % 2 else BETWEEN, ha="center")


def _tidy(axes: Sequence["Axes"]) -> None:
    """The time axis below the last panel only, legends above the first only, and labels in line."""
    for ax in axes[1:]:
        legend = ax.get_legend()
        if legend is not None:
            legend.remove()
    draw_legend(axes[0], axes[1:])
    share_axis(axes)
