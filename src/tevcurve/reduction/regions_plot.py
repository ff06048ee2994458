"""The picture of ON and OFF regions."""

import numpy as np

from tevcurve.errors import InputError
from tevcurve.figures.style import colours_in_order, new_figure
from tevcurve.kernels.sphere import angular_separation, directional_offset
from tevcurve.maps.plot import draw_colour_bar

PIXEL_DEG = 0.02
RIM = np.linspace(0, 2 * np.pi, 91)
ON = "#D55E00"
# Rows of the legend beside the picture.
MOST_ENTRIES = 22


def plot_regions(estimator, ax=None):
    """WCSAxes with the counts of all observations, the ON circle, each run's OFF circles, and the pointings.

    Raises InputError when there are no regions, or the axes know no sky coordinates.

    Parameters
    ----------
    estimator : of OFF regions, after its `run()`
    ax : WCSAxes to draw into, such as those of a counts map that is drawn already; counts are drawn into
        empty ones. By default a figure around the ON region is made, as wide as all OFF circles need
    """
    records = estimator.result
    if not records:
        raise InputError("There are no OFF regions to plot: call run() first, or look at `failed`.")
    is_new = ax is None
    if is_new:
        ax = new_figure(7.4, 5.4).add_subplot(projection=_projection(records))
    elif not hasattr(ax, "coords"):
        raise InputError(
            "Regions are drawn on axes with sky coordinates: plt.subplot(projection=map.geom.wcs)."
        )
    if not ax.images:
        _draw_counts(ax, records)
    world = ax.get_transform("world")
    for colour, record in zip(colours_in_order(len(records)), records, strict=True):
        label = f"{record.observation.obs_id}: {record.n_off} OFF"
        _draw_run(ax, world, record, color=colour, label=label)
    first = records[0]
    on = _draw_circle(ax, world, first.on_lon, first.on_lat, first.radius, color=ON, lw=2)
    _draw_legend(ax, on, len(records), beside=is_new)
    ax.coords[0].set_axislabel("Right ascension (ICRS)")
    ax.coords[1].set_axislabel("Declination (ICRS)")
    for coordinate in ax.coords:
        coordinate.set_ticklabel(exclude_overlapping=True)
    return ax


def _draw_run(ax, world, record, color, label):
    """The OFF circles of a run and its pointing, which has the label."""
    for lon, lat in zip(record.off_lon, record.off_lat, strict=True):
        _draw_circle(ax, world, lon, lat, record.radius, color=color, lw=1)
    pointing = np.degrees(record.observation.pointing_lonlat)
    ax.plot(*pointing, "+", color=color, ms=9, mew=1.8, transform=world, label=label, zorder=4)


def _draw_legend(ax, on, n_runs, beside):
    """The legend beside the picture or below it; of many runs the first and the number."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import ScaledTranslation

    handles, labels = ax.get_legend_handles_labels()
    if n_runs > MOST_ENTRIES:
        handles, labels = handles[: MOST_ENTRIES - 1], labels[: MOST_ENTRIES - 1]
        handles.append(Line2D([], [], linestyle="none"))
        labels.append(f"… {n_runs} runs in all")
    handles, labels = [on, *handles], ["ON", *labels]
    style = {"fontsize": "small", "frameon": False}
    if beside:
        ax.legend(handles, labels, loc="upper left", bbox_to_anchor=(1.0, 1.0), **style)
    else:
        # below the words of the axis, whose place is in inches
        below = ax.transAxes + ScaledTranslation(0, -0.6, ax.figure.dpi_scale_trans)
        anchor = {"bbox_to_anchor": (0.5, 0), "bbox_transform": below}
        ax.legend(handles, labels, loc="upper center", ncols=min(3, len(labels)), **anchor, **style)


def _projection(records):
    """TAN projection around the ON region."""
    from astropy.wcs import WCS

    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = np.degrees((records[0].on_lon, records[0].on_lat))
    wcs.wcs.crpix = [1, 1]
    wcs.wcs.cdelt = [-PIXEL_DEG, PIXEL_DEG]
    return wcs


def _draw_counts(ax, records):
    """The events of all runs in the pixels of an axes, as far as the regions reach."""
    from astropy.wcs.utils import proj_plane_pixel_scales
    from matplotlib.ticker import MaxNLocator

    on = records[0].on_lon, records[0].on_lat
    reach = max(
        np.max(angular_separation(*on, record.off_lon, record.off_lat)) + record.radius for record in records
    )
    size = float(np.mean(proj_plane_pixel_scales(ax.wcs)))
    half = int(np.ceil(1.08 * np.degrees(reach) / size))
    middle = np.round(ax.wcs.wcs_world2pix(*np.degrees(on), 0))
    x_edges, y_edges = (number + np.arange(-half, half + 2) - 0.5 for number in middle)
    counts = np.zeros((2 * half + 1, 2 * half + 1))
    for record in records:
        events = record.observation.events
        x, y = ax.wcs.wcs_world2pix(np.degrees(events.lon), np.degrees(events.lat), 0)
        counts += np.histogram2d(y, x, bins=(y_edges, x_edges))[0]
    extent = (x_edges[0], x_edges[-1], y_edges[0], y_edges[-1])
    # The brightest pixels, those of the source, would leave the rest white.
    highest = max(1, np.quantile(counts, 0.999))
    image = ax.imshow(
        counts, origin="lower", extent=extent, cmap="Greys", vmin=0, vmax=highest, interpolation="nearest"
    )
    extend = "max" if counts.max() > highest else "neither"
    label = f"Events per ({size:.2g}°)², all energies"
    bar = draw_colour_bar(image, ax, below=True, extend=extend)
    bar.set_label(label)
    # there is no half an event
    bar.locator = MaxNLocator("auto", integer=True)
    bar.update_ticks()
    ax.set(xlim=extent[:2], ylim=extent[2:])


def _draw_circle(ax, world, lon, lat, radius, **style):
    from matplotlib.patheffects import withStroke

    # to be seen on a dark picture, too
    style["path_effects"] = [withStroke(linewidth=style["lw"] + 1.2, foreground="white", alpha=0.8)]
    (line,) = ax.plot(*np.degrees(directional_offset(lon, lat, RIM, radius)), transform=world, **style)
    return line
