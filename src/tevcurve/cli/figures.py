"""Figures into files."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tevcurve.figures import save_figure


def write_figure(
    path: str | os.PathLike[str],
    draw: Callable[..., Any],
    size: tuple[float, float] = (9, 5),
    about: str = "",
    **axes: Any,
) -> Path:
    """`Path` of the file into which draw(ax) has drawn.

    Parameters
    ----------
    path : of the file
    draw : function of `ax`
    size : (width, height), inches
    about : what it shows, for its metadata
    axes : keywords of the axes
    """
    plt = _pyplot()
    figure, ax = plt.subplots(figsize=size, layout="constrained", subplot_kw=axes)
    try:
        draw(ax=ax)
        return save_figure(figure, path, about=about)
    finally:
        plt.close(figure)


def write_panels(path: str | os.PathLike[str], draw: Callable[[], Sequence[Any]], about: str = "") -> Path:
    """`Path` of the file of the figure that draw() has made.

    Parameters
    ----------
    path : of the file
    draw : function that gives the axes of a new figure of pyplot
    about : what it shows, for its metadata
    """
    plt = _pyplot()
    figure = draw()[0].figure
    try:
        return save_figure(figure, path, about=about)
    finally:
        plt.close(figure)


def _pyplot() -> Any:
    """matplotlib.pyplot, which opens no window."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt
