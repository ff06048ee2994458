"""Figures of several tests of the time domain in one."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tevcurve.figures.style import band_text, new_figure
from tevcurve.lightcurve.plot import plot
from tevcurve.lightcurve.plots.rows import bands_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tevcurve.lightcurve.product import LightCurve

# Inches: of a panel; up to so many panels stand in one column.
WIDTH, HEIGHT, ONE_COLUMN = 7.2, 3.2, 2
# Inches before the name of the source.
LEFT = 0.1
# Points between a title and what is below it.
TITLE_PAD = 5.0
# What is drawn over the light curve that it is of.
OVER_THE_CURVE = ("gregory_loredo",)


def plot_timing(
    results: dict[str, Any], methods: dict[str, Any], light_curve: "LightCurve", rows: np.ndarray
) -> list["Axes"]:
    """List of the axes of a new figure, with what each result draws, the title of its method, and the source above all.

    Parameters
    ----------
    results : dict of name to a record with `plot`
    methods : dict of name to its `Method`
    light_curve : that they are of
    rows : int array, the rows of its table that they are of
    """
    number = sum(methods[name].n_axes for name in results)
    n_columns = 1 if number <= ONE_COLUMN else 2
    n_rows = -(-number // n_columns)
    figure = new_figure(WIDTH * n_columns, HEIGHT * n_rows)
    axes = [figure.add_subplot(n_rows, n_columns, place + 1) for place in range(number)]
    left, titles = iter(axes), {}
    for name, result in results.items():
        own = [next(left) for _ in range(methods[name].n_axes)]
        if name in OVER_THE_CURVE:
            plot(replace(light_curve, table=light_curve.table[rows]), own[0])
        result.plot(own if len(own) > 1 else own[0])
        titles[own[0]] = methods[name].title
    _entitle(figure, titles)
    bands = [band for band in bands_of(light_curve.table[rows]) if band is not None]
    words = [str(light_curve.meta.get("source") or ""), *(band_text(*band) for band in bands)]
    if title := ", ".join(filter(None, words)):
        figure.suptitle(title, x=LEFT / figure.get_figwidth(), ha="left", parse_math=False)
    return axes


def _entitle(figure: Any, titles: dict["Axes", str]) -> None:
    """Set titles above axes, and above legends that stand above these."""
    figure.draw_without_rendering()
    for ax, title in titles.items():
        legend = ax.get_legend()
        extent = None if legend is None else legend.get_window_extent()
        is_above = extent is not None and extent.y0 >= ax.bbox.y1 - 1
        height = extent.height * 72 / figure.dpi if extent is not None and is_above else 0.0
        # What an axes says above itself is the second line.
        note = ax.get_title()
        ax.set_title("")
        words, size = (f"{title}\n{note}", "small") if note else (title, "medium")
        ax.set_title(words, loc="left", fontsize=size, pad=TITLE_PAD + height)
