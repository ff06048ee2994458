"""Figures of several tests of the time domain in one."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tevcurve.figures.style import new_figure
from tevcurve.lightcurve.plot import plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tevcurve.lightcurve.product import LightCurve

# Inches: of a panel; up to so many panels stand in one column.
WIDTH, HEIGHT, ONE_COLUMN = 7.2, 3.2, 2
# What is drawn over the light curve that it is of.
OVER_THE_CURVE = ("gregory_loredo",)


def plot_timing(
    results: dict[str, Any], n_axes: dict[str, int], light_curve: "LightCurve", rows: np.ndarray
) -> list["Axes"]:
    """List of the axes of a new figure, with what each result draws.

    Parameters
    ----------
    results : dict of name to a record with `plot`
    n_axes : dict of name to the number of axes that it draws on
    light_curve : that they are of
    rows : int array, the rows of its table that they are of
    """
    number = sum(n_axes[name] for name in results)
    n_columns = 1 if number <= ONE_COLUMN else 2
    n_rows = -(-number // n_columns)
    figure = new_figure(WIDTH * n_columns, HEIGHT * n_rows)
    axes = [figure.add_subplot(n_rows, n_columns, place + 1) for place in range(number)]
    left = iter(axes)
    for name, result in results.items():
        own = [next(left) for _ in range(n_axes[name])]
        if name in OVER_THE_CURVE:
            plot(replace(light_curve, table=light_curve.table[rows]), own[0])
        result.plot(own if len(own) > 1 else own[0])
        own[0].set_title(name.replace("_", " "), loc="left", fontsize="medium")
    return axes
