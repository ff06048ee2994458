"""What a search for periods found at each frequency."""

import math
from typing import TYPE_CHECKING, Any

from tevcurve.figures.style import COLOURS, unit_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# How far marks are above their peaks, of the highest.
ABOVE = 0.04


def plot_periods(search: Any, ax: "Axes | None" = None) -> "Axes":
    """Matplotlib axes: the statistic over frequency, with the highest, and its aliases where these are known.

    Parameters
    ----------
    search : `PeriodSearch`
    ax : optional
    """
    from matplotlib import rcParams

    if ax is None:
        from matplotlib import pyplot as plt

        _, ax = plt.subplots(figsize=(7.2, 3.3), layout="constrained")
    frequency, top = search.frequencies.value, float(search.value)
    ax.plot(frequency, search.power, color=COLOURS[0], lw=0.8, label=search.name, zorder=3)
    window = getattr(search, "window", None)
    if window is not None:
        told = "what a sinusoid at the highest makes"
        ax.fill_between(frequency, top * window, color=COLOURS[5], alpha=0.45, lw=0, label=told)
    if math.isfinite(search.threshold):
        ink = rcParams["text.color"]
        ax.axhline(search.threshold, color=ink, lw=0.8, ls="--", label="highest of 1 % of toys")
    aliases = getattr(search, "aliases", None)
    if aliases is not None and len(aliases):
        place, height = aliases["frequency"].value, aliases["power"] + ABOVE * top
        ax.plot(place, height, COLOURS[2], marker="v", ms=4, ls="", label="aliases")
    label = f"period {search.period:.5g}"
    ax.plot(search.frequency.value, (1 + ABOVE) * top, COLOURS[1], marker="v", ls="", label=label)
    ax.set(xlabel=f"Frequency [{unit_text(search.frequencies.unit)}]", ylabel=search.symbol, ylim=(0, None))
    ax.ticklabel_format(axis="x", useMathText=True, scilimits=(-2, 4))
    ax.margins(y=0.1)
    ax.legend(fontsize="small", ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    return ax
