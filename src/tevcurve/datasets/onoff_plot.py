"""The picture of an ON/OFF spectrum with its residuals."""

import numpy as np

from tevcurve.kernels.onoff import wstat


def plot_onoff(dataset, axes=None):
    """Two axes: excess and predicted signal above, the residuals in standard deviations below.

    dataset: SpectrumDatasetOnOff; without a model only the excess is drawn, in one axes of the two.
    axes: two matplotlib axes, above and below; made where None. Bins that are not fitted are grey. A residual is the
    root of the bin's wstat with the sign of excess minus signal.
    """
    import matplotlib.pyplot as plt

    if axes is None:
        _, axes = plt.subplots(2, sharex=True, figsize=(7, 6), layout="constrained", height_ratios=[3, 1])
    top, bottom = axes
    edges = dataset.energy_edges.to_value("TeV")
    _draw_excess(top, dataset, edges)
    if dataset.model is not None:
        signal = dataset.npred_signal()
        top.stairs(signal, edges, color="tab:orange", lw=1.5, label="Predicted signal")
        _draw_residuals(bottom, dataset, edges, signal)
    bottom.axhline(0, color="0.4", lw=0.8)
    top.set_xscale("log")
    top.set_ylabel("Counts per bin")
    top.set_title(dataset.name)
    top.legend()
    bottom.set_xscale("log")
    _label_energies(bottom, edges)
    bottom.set_xlabel("Energy [TeV]")
    bottom.set_ylabel("Residual [σ]")
    return axes


def _label_energies(ax, edges):
    """Ticks at 1, 2 and 5 in each decade, or where there are many at 1, as plain numbers."""
    from matplotlib.ticker import LogLocator, NullFormatter

    steps = (1, 2, 5) if edges[-1] < 300 * edges[0] else (1,)
    ax.xaxis.set_major_locator(LogLocator(subs=steps))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())


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
    ax.stairs(background, edges, color="tab:blue", lw=1, ls="--", label="Background from OFF")


def _draw_residuals(ax, dataset, edges, signal):
    stat = wstat(dataset.counts.data, dataset.counts_off.data, dataset.alpha, signal)
    residuals = np.sign(dataset.excess - signal) * np.sqrt(stat)
    _draw_points(ax, edges, residuals, np.ones(len(residuals)), dataset.mask)
    reach = max(3.0, 1.1 * np.max(np.abs(residuals[dataset.mask]) + 1, initial=0))
    ax.set_ylim(-reach, reach)
