"""Pictures and words of a map dataset."""

import numpy as np


def plot_counts(dataset, ax=None, **keywords):
    """The axes with the counts, summed over energy."""
    return _titled(dataset.counts.plot(ax=ax, **keywords), dataset, "counts")


def plot_npred(dataset, ax=None, **keywords):
    """The axes with the predicted counts, summed over energy."""
    return _titled(dataset.npred().plot(ax=ax, **keywords), dataset, "predicted counts")


def _titled(ax, dataset, words):
    """The axes, whose title says besides the energies what they show, and of what."""
    what = f"{dataset.name}: {words}" if dataset.name else words.capitalize()
    ax.set_title(f"{what}, {ax.get_title()}")
    return ax


def plot_residuals(dataset, ax=None, **keywords):
    """The axes with (counts - prediction) / sqrt(prediction), each summed over energy, on a symmetric scale."""
    predicted = dataset.npred().sum_over_axes().data
    counts = dataset.counts.copy(data=np.where(dataset.cells, dataset.counts.data, 0.0)).sum_over_axes()
    root = np.sqrt(predicted)
    data = np.divide(counts.data - predicted, root, out=np.zeros_like(root), where=root > 0)
    reach = max(3.0, float(np.abs(data).max()))
    keywords = {"cmap": "RdBu_r", "vmin": -reach, "vmax": reach} | keywords
    ax = counts.copy(data=data).plot(ax=ax, **keywords)
    ax.set_title("(counts − prediction) / √prediction")
    return ax


def summary(dataset):
    """What to tell a person of a dataset, a dict of words."""
    geom = dataset.counts.geom
    shape = " x ".join(str(number) for number in geom.data_shape)
    rows = {"Cells": f"{shape} (energy, lat, lon), {np.count_nonzero(dataset.cells)} of them in the fit"}
    rows["Counts"] = f"{np.sum(dataset.counts.data, where=dataset.cells):.0f}"
    if dataset.background_model is not None:
        background = dataset.background_model.evaluate().data
        rows["Background"] = f"{np.sum(background, where=dataset.cells):.1f}"
    if dataset.runs:
        rows["Runs"] = ", ".join(str(run.obs_id) for run in dataset.runs)
        rows["Live time"] = f"{dataset.livetime.value:.1f} s"
    names = [model.name or model.spectral_model.name or "unnamed" for model in dataset.models]
    return rows | {"Models": ", ".join(names) or "none"}
