"""Pictures and words of a map dataset."""

from html import escape

import numpy as np


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


def as_text(title, rows):
    """Lines of words, str."""
    return "\n".join([title, *(f"  {key + ':':<12}{value}" for key, value in rows.items())])


def as_html(title, rows):
    """A table of words for a notebook, str."""
    cells = "".join(f"<tr><th>{key}</th><td>{escape(value)}</td></tr>" for key, value in rows.items())
    return f"<p>{escape(title)}</p><table>{cells}</table>"
