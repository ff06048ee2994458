"""The picture of ON and OFF regions."""

import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.sphere import angular_separation, directional_offset

PIXEL_DEG = 0.02
RIM = np.linspace(0, 2 * np.pi, 91)


def plot_reflected_regions(estimator, ax=None):
    """WCSAxes with the counts of all observations, the ON circle, each run's OFF circles, and the pointings.

    ax: WCSAxes to draw into; without one, a figure around the ON region is made, as wide as all OFF circles
    need.
    """
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    if not estimator.result:
        raise InputError("There are no OFF regions to plot: call run() first, or look at `failed`.")
    if ax is None:
        wcs, npix = _image_around(estimator.result)
        _, ax = plt.subplots(subplot_kw={"projection": wcs}, figsize=(7, 6.2))
        _draw_counts(ax, wcs, npix, estimator.result)
    handles = []
    world = ax.get_transform("world")
    for color, record in zip(_colors(len(estimator.result)), estimator.result, strict=True):
        for lon, lat in zip(record.off_lon, record.off_lat, strict=True):
            _draw_circle(ax, world, lon, lat, record.radius, color=color, lw=1)
        pointing = np.degrees(record.observation.pointing_lonlat)
        ax.plot(*pointing, "+", color=color, ms=9, mew=1.8, transform=world)
        label = f"{record.observation.obs_id}: {record.n_off} OFF"
        handles.append(Line2D([], [], color=color, marker="+", ms=9, mew=1.8, lw=1, label=label))
    first = estimator.result[0]
    _draw_circle(ax, world, first.on_lon, first.on_lat, first.radius, color="tab:red", lw=2)
    handles.insert(0, Line2D([], [], color="tab:red", lw=2, label="ON"))
    if len(handles) <= 13:
        ax.legend(handles=handles, loc="upper left", fontsize="small", framealpha=0.8)
    ax.set_xlabel("Right ascension")
    ax.set_ylabel("Declination")
    return ax


def _image_around(records):
    """TAN projection around the ON region that holds all OFF circles, and its size in pixels."""
    from astropy.wcs import WCS

    on = records[0].on_lon, records[0].on_lat
    reach = max(
        np.max(angular_separation(*on, record.off_lon, record.off_lat)) + record.radius for record in records
    )
    npix = int(np.ceil(2.15 * np.degrees(reach) / PIXEL_DEG))
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = np.degrees(on)
    wcs.wcs.crpix = [(npix + 1) / 2] * 2
    wcs.wcs.cdelt = [-PIXEL_DEG, PIXEL_DEG]
    return wcs, npix


def _draw_counts(ax, wcs, npix, records):
    edges = np.arange(npix + 1) - 0.5
    counts = np.zeros((npix, npix))
    for record in records:
        events = record.observation.events
        x, y = wcs.wcs_world2pix(np.degrees(events.lon), np.degrees(events.lat), 0)
        counts += np.histogram2d(y, x, bins=(edges, edges))[0]
    # The brightest pixels, those of the source, would leave the rest white.
    image = ax.imshow(counts, origin="lower", cmap="Greys", vmax=max(1, np.quantile(counts, 0.999)))
    ax.figure.colorbar(
        image, ax=ax, fraction=0.046, pad=0.03, label=f"Events per ({PIXEL_DEG} deg)², all energies"
    )
    ax.set_xlim(-0.5, npix - 0.5)
    ax.set_ylim(-0.5, npix - 0.5)


def _draw_circle(ax, world, lon, lat, radius, **style):
    rim = directional_offset(lon, lat, RIM, radius)
    ax.plot(*np.degrees(rim), transform=world, **style)


def _colors(number):
    import matplotlib as mpl

    return [mpl.colormaps["viridis"](value) for value in np.linspace(0, 0.85, number)]
