"""Pictures of maps on sky coordinates."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tevcurve.errors import InputError
from tevcurve.figures.style import new_figure, unit_text

if TYPE_CHECKING:
    from astropy.visualization.wcsaxes import WCSAxes
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.cm import ScalarMappable
    from matplotlib.colorbar import Colorbar
    from matplotlib.transforms import Bbox

    from tevcurve.maps.axis import MapAxis
    from tevcurve.maps.geometry import WcsGeom
    from tevcurve.maps.map import WcsNDMap

LABELS = {
    "CEL": ("Right ascension (ICRS)", "Declination (ICRS)"),
    "GAL": ("Galactic longitude", "Galactic latitude"),
}
# Looks alike to all kinds of colour vision (Nunez, Anderton and Renslow 2018, PLoS ONE 13, e0199239).
COLOR_MAP = "cividis"
# Maps wider than this many times their height have the colour bar below.
WIDE = 1.6
POLES = np.array([-np.pi / 2, np.pi / 2])


def plot_map(
    sky_map: "WcsNDMap",
    ax: "WCSAxes | None" = None,
    index: int | tuple[int, ...] | None = None,
    **imshow: Any,
) -> "WCSAxes":
    """The matplotlib axes (WCSAxes) with a picture of one plane of a map, or of the sum over its axes.

    Parameters
    ----------
    sky_map : `WcsNDMap`
    ax : WCSAxes, as `plt.subplot(projection=sky_map.geom.wcs)` gives; default: those of a new figure
    index : number of the plane, one for each axis; default: the sum over all axes
    imshow : keywords for matplotlib's imshow, such as vmin, vmax, norm, cmap

    Raises InputError when there is no such plane, or the axes know no sky coordinates.
    """
    image, words = _plane(sky_map, index)
    geom = sky_map.geom
    wide = geom.npix[0] > WIDE * geom.npix[1]
    if ax is None:
        aspect = geom.npix[0] / geom.npix[1]
        size = (6.4, 5.4 / aspect + 1.9) if wide else (min(6.4, 4.6 * aspect + 1.8), 5.2)
        ax = new_figure(*size).add_subplot(projection=geom.wcs)
    elif not hasattr(ax, "coords"):
        raise InputError("A map is drawn on axes with sky coordinates: plt.subplot(projection=map.geom.wcs).")
    image = np.where(np.isfinite(geom.pixel_lonlat()[0]), image, np.nan)
    defaults = {"origin": "lower", "cmap": COLOR_MAP, "interpolation": "nearest"}
    picture = ax.imshow(image, **(defaults | imshow))
    bar = draw_colour_bar(picture, ax, below=wide)
    bar.set_label(unit_text(sky_map.unit) if str(sky_map.unit) else "Value per pixel")
    ax.set_title(words)
    _label_sky(ax, geom)
    return ax


def draw_colour_bar(
    picture: "ScalarMappable", ax: "Axes", below: bool = False, **keywords: Any
) -> "Colorbar":
    """The colour bar beside an image or below it, as long as the image is; keywords are those of `Figure.colorbar`.

    Parameters
    ----------
    picture : what `imshow` gives
    ax : axes that the image is drawn on
    below : whether the bar is below the image, not beside it
    keywords : for `matplotlib.figure.Figure.colorbar`
    """
    from matplotlib.colorbar import make_axes

    # below there are the words of the axis; a layout makes room for them by itself
    pad = 0.02 if ax.figure.get_layout_engine() is not None else 0.15 if below else 0.04
    bar_ax, place = make_axes(ax, location="bottom" if below else "right", fraction=0.05, pad=pad)
    bar_ax.set_axes_locator(_AlongImage(ax, below))
    return ax.figure.colorbar(picture, cax=bar_ax, **place, **keywords)


@dataclass(frozen=True)
class _AlongImage:
    """Where a colour bar is: as long as the image, which does not fill the room of its axes."""

    image_ax: "Axes"
    below: bool

    def __call__(self, bar_ax: Any, renderer: "RendererBase") -> "Bbox":
        from matplotlib.transforms import Bbox

        if bar_ax.get_box_aspect() is not None:
            # a layout gives the bar a shape of its own each time
            bar_ax.set_box_aspect(None)
        room, slot = self.image_ax.get_position(original=True), bar_ax.get_position(original=True)
        image = self.image_ax.get_position()
        if self.below:
            up = image.y0 - room.y0
            return Bbox([[image.x0, slot.y0 + up], [image.x1, slot.y1 + up]])
        left = image.x1 - room.x1
        return Bbox([[slot.x0 + left, image.y0], [slot.x1 + left, image.y1]])


def _label_sky(ax: "WCSAxes", geom: "WcsGeom") -> None:
    """Write the sky coordinates on the frame, or into the picture where the frame is off the sky."""
    from matplotlib.patheffects import withStroke

    for coordinate, label in zip(ax.coords, LABELS[geom.coordsys], strict=True):
        coordinate.set_axislabel(label)
        coordinate.set_ticks(number=5)
        coordinate.set_ticklabel(exclude_overlapping=True)
    framed = np.all(np.isfinite(geom.pixel_lonlat()[0][[0, 0, -1, -1], [0, -1, 0, -1]]))
    if framed and not np.any(_on_grid(geom, 0, POLES)):
        return
    # Around a pole and on the whole sky the frame alone does not tell where things are.
    ax.coords.grid(color="white", alpha=0.5, linewidth=0.6)
    if framed:
        return
    ax.coords.frame.set_color("none")
    outline = [withStroke(linewidth=1.5, foreground="black")]
    middle = geom.crval[0]
    # Not at the seam, where a label would be cut.
    longitudes = [(lon, 0) for lon in range(0, 360, 60) if abs((lon - middle) % 360 - 180) > 10]
    for lon, lat in [*longitudes, *((middle, lat) for lat in (-60, -30, 30, 60))]:
        x, y = geom.lonlat_to_pix(*np.deg2rad((lon, lat)))
        if _on_grid(geom, *np.deg2rad((lon, lat))):
            words = f"{lat if lat else lon:g}°"
            ax.text(
                float(x),
                float(y),
                words,
                color="white",
                size=8,
                ha="center",
                va="bottom",
                path_effects=outline,
            )


def _on_grid(geom: "WcsGeom", lon: float, lat: float | np.ndarray) -> np.ndarray:
    """Whether positions in radian lie on a pixel."""
    return geom.lonlat_to_idx(lon, lat)[0] >= 0


def _plane(sky_map: "WcsNDMap", index: int | tuple[int, ...] | None) -> tuple[np.ndarray, str]:
    """The image to draw (lat, lon), and the words that say which it is."""
    axes = sky_map.geom.axes
    if index is None:
        words = [f"sum over {axis.name or 'axis'} {_range(axis.squash(), 0)}" for axis in axes]
        return sky_map.sum_over_axes().data, ", ".join(words)
    numbers = tuple(int(number) for number in np.atleast_1d(index))
    nbins = tuple(axis.nbin for axis in axes)
    if len(numbers) != len(nbins) or not all(-n <= i < n for i, n in zip(numbers, nbins, strict=True)):
        raise InputError(f"The map has no plane {index!r}: the numbers of planes along its axes are {nbins}.")
    words = [f"{axis.name} {_range(axis, number)}" for axis, number in zip(axes, numbers, strict=True)]
    return sky_map.data[tuple(reversed(numbers))], ", ".join(words)


def _range(axis: "MapAxis", number: int) -> str:
    """Words for a bin of an axis."""
    return axis.label(number).replace(" - ", "–")
