"""The picture of an ON/OFF spectrum with its residuals."""

import numpy as np

from tevcurve.figures.style import COLOURS, label_energies, legend_above, panels
from tevcurve.kernels.onoff import wstat

BACKGROUND, SIGNAL = COLOURS[:2]
# Predicted counts of a bin without counts that still says something.
LEAST = 0.1


def plot_onoff(dataset, ax=None):
    """List of two axes: excess and predicted signal above, the residuals in standard deviations below.

    Bins that are not fitted are grey. A residual is the root of the bin's wstat with the sign of excess minus signal.

    Parameters
    ----------
    dataset : SpectrumDatasetOnOff; without a model only the excess and the background are drawn
    ax : two matplotlib axes, above and below, or one that is divided; by default those of a new figure
    """
    from matplotlib.ticker import MaxNLocator

    top, bottom = axes = panels(ax, [3, 1.1], (6.4, 5.2))
    edges = dataset.energy_edges.to_value("TeV")
    _draw_excess(top, dataset, edges)
    if dataset.model is not None:
        signal = dataset.npred_signal()
        top.stairs(signal, edges, color=SIGNAL, lw=1.5, label="Predicted signal")
        _draw_residuals(bottom, dataset, edges, signal)
    for place in axes:
        place.axhline(0, color="0.6", lw=0.8, zorder=0.5)
        label_energies(place, edges)
        place.set_xlim(*_informative(dataset, edges))
    top.set_xlabel("")
    top.tick_params(labelbottom=False)
    top.set_ylabel("Counts per bin")
    legend_above(top)
    bottom.set_ylabel("Residual [σ]")
    bottom.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    top.figure.align_ylabels(axes)
    return axes


def _informative(dataset, edges):
    """First and last energy in TeV: of the bins with counts, and those that are fitted and expect some."""
    shown = (dataset.counts.data > 0) | (dataset.counts_off.data > 0)
    if dataset.model is not None:
        shown |= dataset.mask & (dataset.npred_signal() > LEAST)
    numbers = np.flatnonzero(shown) if shown.any() else np.arange(len(shown))
    return edges[max(numbers[0] - 1, 0)], edges[min(numbers[-1] + 2, len(edges) - 1)]


def _draw_points(ax, edges, values, errors, mask, label=None):
    centers = np.sqrt(edges[:-1] * edges[1:])
    widths = np.array([centers - edges[:-1], edges[1:] - centers])
    for chosen, color, words in ((mask, "black", label), (~mask, "0.7", label and f"{label}, not fitted")):
        if chosen.any():
            ax.errorbar(
                centers[chosen],
                values[chosen],
                errors[chosen],
                widths[:, chosen],
                fmt="o",
                ms=4,
                lw=1,
                color=color,
                label=words,
            )


def _draw_excess(ax, dataset, edges):
    variance = dataset.counts.data + dataset.alpha**2 * dataset.counts_off.data
    _draw_points(ax, edges, dataset.excess, np.sqrt(variance), dataset.mask, "Excess")
    background = dataset.alpha * dataset.counts_off.data
    ax.stairs(background, edges, color=BACKGROUND, lw=1.2, ls="--", label="Background from OFF")


def _draw_residuals(ax, dataset, edges, signal):
    stat = wstat(dataset.counts.data, dataset.counts_off.data, dataset.alpha, signal)
    residuals = np.sign(dataset.excess - signal) * np.sqrt(stat)
    _draw_points(ax, edges, residuals, np.ones(len(residuals)), dataset.mask)
    reach = max(3.0, 1.1 * np.max(np.abs(residuals[dataset.mask]) + 1, initial=0))
    ax.set_ylim(-reach, reach)
