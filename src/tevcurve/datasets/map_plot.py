"""Pictures and words of a map dataset."""

import numpy as np

from tevcurve.errors import InputError
from tevcurve.figures.style import band_text, new_figure

RADIUS = "0.1 deg"
# Standard deviations at the ends of the scale of residuals, unless one is larger.
REACH = 5.0


def plot_maps(dataset, ax=None, radius=RADIUS):
    """List of three axes: counts and prediction on the same scale of colours, and the significance of their difference.

    All three are of the cells that are fitted.

    Raises `InputError` for another number of axes.

    Parameters
    ----------
    dataset : `MapDataset`
    ax : three WCSAxes (`projection=dataset.counts.geom.wcs`); by default those of a new figure
    radius : see `plot_residuals`
    """
    if ax is None:
        geom = dataset.counts.geom
        height = 3.1 * geom.npix[1] / geom.npix[0] + 0.8
        figure = new_figure(13.2, height)
        ax = [figure.add_subplot(1, 3, number, projection=geom.wcs) for number in (1, 2, 3)]
    axes = list(np.ravel(np.asarray(ax, dtype=object)))
    if len(axes) != 3:
        raise InputError(f"ax has {len(axes)} axes; wanted are three, for counts, prediction and residuals.")
    cubes = [
        cube.copy(data=np.where(dataset.cells, cube.data, 0.0)) for cube in (dataset.counts, dataset.npred())
    ]
    highest = max(1.0, *(cube.sum_over_axes().data.max() for cube in cubes))
    for cube, place in zip(cubes, axes, strict=False):
        _pixels(cube, dataset, "counts", place, {"norm": _root_norm(highest)})
    plot_residuals(dataset, axes[2], radius)
    # what and at which energies says the first
    for place, words in zip(axes[1:], ("Predicted counts", f"Residuals, {_circles(radius)}"), strict=True):
        place.set_title(words)
        place.coords[1].set_axislabel(" ")
    return axes


def plot_counts(dataset, ax=None, **keywords):
    """The axes with the counts, summed over energy.

    Parameters
    ----------
    dataset : `MapDataset`
    ax : WCSAxes; default: those of a new figure
    keywords : for matplotlib
    """
    return _pixels(dataset.counts, dataset, "counts", ax, keywords)


def plot_npred(dataset, ax=None, **keywords):
    """The axes with the predicted counts, summed over energy.

    Parameters
    ----------
    dataset : `MapDataset`
    ax : WCSAxes; default: those of a new figure
    keywords : for matplotlib
    """
    return _pixels(dataset.npred(), dataset, "predicted counts", ax, keywords)


def plot_residuals(dataset, ax=None, radius=RADIUS, **keywords):
    """The axes with the significance, in standard deviations, of counts against prediction in circles on the sky.

    At each pixel counts n and prediction m are summed over energy and over the pixels around it: the significance is
    the root of 2 (n log(n/m) - n + m) with the sign of n - m (the likelihood ratio of a Poisson mean, Cash 1979, ApJ
    228, 939). Of a prediction that is right it is normally distributed where counts are many; neighbours share counts.

    Parameters
    ----------
    dataset : `MapDataset`
    ax : WCSAxes; default: those of a new figure
    radius : of the circles; None for single pixels
    keywords : for matplotlib's imshow
    """
    data = residual_significance(dataset, radius)
    reach = max(REACH, float(np.nanmax(np.abs(data), initial=0)))
    keywords = {"cmap": "RdBu_r", "vmin": -reach, "vmax": reach} | keywords
    image = dataset.counts.sum_over_axes()
    ax = image.copy(data=data).plot(ax=ax, **keywords)
    ax.set_title(_title(dataset, f"residuals, {_circles(radius)}"))
    ax.images[-1].colorbar.set_label("Significance [σ]")
    return ax


def residual_significance(dataset, radius=RADIUS):
    """Significance (nlat, nlon) of counts against prediction, NaN where there is none; see `plot_residuals`.

    Parameters
    ----------
    dataset : `MapDataset`
    radius : of the circles; None for single pixels
    """
    counts, predicted = _image(dataset, dataset.counts), _image(dataset, dataset.npred())
    fitted = np.any(dataset.cells, axis=0) & (predicted > 0)
    if radius is not None:
        from scipy.ndimage import convolve

        disk = _disk(dataset.counts.geom, _degrees(radius))
        counts, predicted = (convolve(image, disk, mode="constant") for image in (counts, predicted))
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.where(counts > 0, counts * np.log(counts / predicted), 0.0)
        root = np.sqrt(2 * np.maximum(logarithm - counts + predicted, 0.0))
    return np.where(fitted, np.sign(counts - predicted) * root, np.nan)


def _image(dataset, cube):
    """The sum over energy (nlat, nlon) of a map's cells that are fitted."""
    return np.sum(np.where(dataset.cells, cube.data, 0.0), axis=0, dtype=float)


def _disk(geom, radius):
    """The pixels within a radius in degrees of the one in the middle, as 1 and 0."""
    size = np.degrees(np.sqrt(geom.solid_angle().to_value("sr").max()))
    reach = int(radius // size)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return (np.hypot(x, y) * size <= radius).astype(float)


def _circles(radius):
    return "pixel by pixel" if radius is None else f"circles of {_degrees(radius):.3g}°"


def _degrees(radius):
    from astropy.coordinates import Angle

    return Angle(radius).deg


def _root_norm(highest):
    """A scale on which a bright source leaves the background to be seen."""
    from matplotlib.colors import PowerNorm

    return PowerNorm(0.5, vmin=0, vmax=highest)


def _pixels(cube, dataset, words, ax, keywords):
    highest = max(float(cube.sum_over_axes().data.max()), 1.0)
    given = {"norm", "vmin", "vmax"} & set(keywords)
    ax = cube.plot(ax=ax, **(({} if given else {"norm": _root_norm(highest)}) | keywords))
    ax.set_title(_title(dataset, words))
    ax.images[-1].colorbar.set_label("Counts per pixel")
    return ax


def _title(dataset, words):
    """What a picture shows, of what, and at which energies."""
    what = f"{dataset.name}: {words}" if dataset.name else words.capitalize()
    edges = dataset.counts.geom.axes[0].edges.to_value("TeV")
    return f"{what}, {band_text(edges[0], edges[-1])}"


def summary(dataset):
    """What to tell a person of a dataset, a dict of words. dataset: `MapDataset`."""
    geom = dataset.counts.geom
    shape = " x ".join(str(number) for number in geom.data_shape)
    rows = {"Cells": f"{shape} (energy, lat, lon), {np.count_nonzero(dataset.cells)} of them in the fit"}
    rows["Counts"] = f"{np.sum(dataset.counts.data, where=dataset.cells):.0f}"
    if dataset.background_model is not None:
        background = dataset.background_model.evaluate().data
        rows["Background"] = f"{np.sum(background, where=dataset.cells):.1f}"
    if dataset.runs:
        rows["Runs"] = ", ".join(str(run.run_id) for run in dataset.runs)
        rows["Live time"] = f"{dataset.livetime.value:.1f} s"
    names = [model.name or model.spectral_model.name or "unnamed" for model in dataset.models]
    return rows | {"Models": ", ".join(names) or "none"}
