"""Pictures of maps on sky coordinates."""

import numpy as np

from ..errors import InputError

LABELS = {
    "CEL": ("Right ascension (ICRS)", "Declination (ICRS)"),
    "GAL": ("Galactic longitude", "Galactic latitude"),
}
# Looks alike to all kinds of colour vision (Nunez, Anderton and Renslow 2018, PLoS ONE 13, e0199239).
COLOR_MAP = "cividis"


def plot_map(sky_map, ax=None, index=None, **imshow):
    """The matplotlib axes (WCSAxes) with a picture of one plane of a map, or of the sum over its axes.

    ax: WCSAxes, as `plt.subplot(projection=sky_map.geom.wcs)` gives; default: those of a new figure.
    index: number of the plane, one for each axis; default: the sum over all axes.
    imshow: keywords for matplotlib's imshow, such as vmin, vmax, norm, cmap.

    Raises InputError when there is no such plane, or the axes know no sky coordinates.
    """
    import matplotlib.pyplot as plt

    image, words = _plane(sky_map, index)
    if ax is None:
        figure = plt.figure(figsize=(6.4, 5.2), layout="constrained")
        ax = figure.add_subplot(projection=sky_map.geom.wcs)
    elif not hasattr(ax, "coords"):
        raise InputError("A map is drawn on axes with sky coordinates: plt.subplot(projection=map.geom.wcs).")
    defaults = {"origin": "lower", "cmap": COLOR_MAP, "interpolation": "nearest"}
    picture = ax.imshow(image.astype(float), **(defaults | imshow))
    bar = ax.figure.colorbar(picture, ax=ax)
    bar.set_label(sky_map.unit.to_string("latex_inline") if str(sky_map.unit) else "Value per pixel")
    ax.set_title(words)
    for coordinate, label in zip(ax.coords, LABELS[sky_map.geom.coordsys], strict=True):
        coordinate.set_axislabel(label)
        coordinate.set_ticks(number=5)
        coordinate.set_ticklabel(exclude_overlapping=True)
    ax.set_facecolor("0.85")
    return ax


def _plane(sky_map, index):
    """The image to draw (lat, lon), and the words that say which it is."""
    axes = sky_map.geom.axes
    if index is None:
        words = [f"sum over {axis.name or 'axis'} {_range(axis)}" for axis in axes]
        return sky_map.sum_over_axes().data, ", ".join(words)
    numbers = tuple(int(number) for number in np.atleast_1d(index))
    nbins = tuple(axis.nbin for axis in axes)
    if len(numbers) != len(nbins) or not all(-n <= i < n for i, n in zip(numbers, nbins, strict=True)):
        raise InputError(f"The map has no plane {index!r}: the numbers of planes along its axes are {nbins}.")
    words = [f"{axis.name} {axis.label(number)}" for axis, number in zip(axes, numbers, strict=True)]
    return sky_map.data[tuple(reversed(numbers))], ", ".join(words)


def _range(axis):
    """Words for the whole axis."""
    return axis.squash().label(0)
