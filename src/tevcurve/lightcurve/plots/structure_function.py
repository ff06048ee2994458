"""A figure of a structure function, beside what light curves of the fitted process have."""

from typing import TYPE_CHECKING, Any

import numpy as np

from tevcurve.figures.style import series_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Opacities of the bands of 95 and of 68 %; what is below zero stands at this share of the lowest point above.
BROAD, NARROW, BELOW = 0.15, 0.3, 0.5


def plot_structure_function(structure: Any, ax: "Axes | None" = None) -> "Axes":
    """The axes with points, on logarithmic scales; those at zero or below are arrows at the lower edge.

    Parameters
    ----------
    structure : `StructureFunction`
    ax : matplotlib axes; default: those of a new figure
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
    table, (colour, other) = structure.table, series_colours()[:2]
    lag, value = table["lag"].value, np.asarray(table["value"])
    above = value > 0
    floor = BELOW * (value[above].min() if above.any() else 1e-3)
    if np.isfinite(table["band"]).any():
        bands = {
            name: np.maximum(np.asarray(table[name]), floor) for name in table.colnames if "band" in name
        }
        for content, alpha in (("95", BROAD), ("68", NARROW)):
            ends = (bands[f"band_{content}_{end}"] for end in ("low", "high"))
            ax.fill_between(
                lag, *ends, color=other, alpha=alpha, lw=0, label=f"the fitted process, {content} %"
            )
        ax.plot(lag, bands["band"], color=other, lw=1)
    width = lag - table["lag_low"].value, table["lag_high"].value - lag
    ax.errorbar(
        lag[above],
        value[above],
        xerr=[each[above] for each in width],
        fmt="o",
        ms=4,
        color=colour,
        label="the light curve",
    )
    ax.plot(lag[~above], np.full(np.count_nonzero(~above), floor), "v", color=colour, label="zero or below")
    ax.set(xscale="log", yscale="log", xlabel="Lag [s]", ylabel="Structure function / mean flux$^2$")
    if not above.all():
        ax.set_ylim(bottom=0.8 * floor)
    handles, labels = ax.get_legend_handles_labels()
    kept = [k for k, label in enumerate(labels) if label != "zero or below" or not above.all()]
    ax.legend([handles[k] for k in kept], [labels[k] for k in kept], frameon=False)
    return ax
