"""What all plotly figures of the page have in common."""

from typing import Any

import numpy as np

# A second mark of a band, for those who see no colours and for print.
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "pentagon", "cross", "x")
SIGNS = ("●", "■", "◆", "▲", "⬟", "✚", "✖")
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
INK, GRID = "#1a1a1a", "#e8e8e8"


def base_layout(height: int) -> dict[str, Any]:
    """Layout of a figure without axes. height: pixels."""
    return {
        "height": height,
        "autosize": True,
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": 64, "r": 16, "t": 34, "b": 56},
        "showlegend": False,
        # a point for decimals, and nothing between thousands, which MJD have
        "separators": ".",
        "hovermode": "closest",
        "hoverlabel": {
            "align": "left",
            "bgcolor": "#ffffff",
            "bordercolor": "#666666",
            "font": {"family": FONT, "size": 13, "color": INK},
        },
    }


def axis(title: str) -> dict[str, Any]:
    """An axis with its title, outward ticks and a faint grid. title: with its unit."""
    return {
        "title": {"text": title, "standoff": 12},
        "showline": True,
        "linecolor": "#555555",
        "ticks": "outside",
        "tickcolor": "#555555",
        "gridcolor": GRID,
        "zeroline": False,
        "automargin": True,
        "exponentformat": "none",
        "minorloglabels": "complete",
    }


def error_bars(colour: str, up: np.ndarray, down: np.ndarray | None = None) -> dict[str, Any]:
    """Bars of these lengths (n,); symmetric where `down` is not given.

    Parameters
    ----------
    colour : as plotly takes it
    up : lengths above the points, float array (n,)
    down : lengths below them, float array (n,); None for those above
    """
    bars = {
        "type": "data",
        "array": shortened(up),
        "color": colour,
        "thickness": 1.2,
        "width": 0,
        "visible": True,
    }
    if down is not None:
        bars |= {"symmetric": False, "arrayminus": shortened(down)}
    return bars


def shortened(values: np.ndarray) -> list[float]:
    """Numbers (n,) as a list with six significant digits, which take half the place on a page.

    values: float array (n,).
    """
    return [float(f"{value:.6g}") for value in values]


def sizes_for(n: int) -> tuple[float, float]:
    """(marker size, thickness of bars) in pixels for so many points. n: number of points."""
    return next(((size, bar) for most, size, bar in ((150, 7, 1.2), (600, 5, 1.0)) if n <= most), (3.5, 0.6))


def plain(value: Any) -> Any:
    """The same with lists for arrays, and None for numbers that JSON does not know.

    value: dict, list, array, number or text.
    """
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
