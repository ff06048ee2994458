"""What a run's own responses say: at a source in bins of true energy, and of the background in cells of the sky."""

import astropy.units as u
import numpy as np

from tevcurve.kernels.sphere import angular_separation


def source_responses(run, nodes, reco_edges, radius=None):
    """Effective area and dispersion at a source: (area (n_true,), dispersion (n_true, n_reco), middles (n_true,)).

    The area is in cm2; the middles are the mean energies in TeV of what is seen in each bin, at which responses that
    change slowly are taken.

    Parameters
    ----------
    run : with `aeff`, `edisp`, the `offset` of the source in radian, and `psf` at the source where there is a radius
    nodes : `TrueNodes`
    reco_edges : float array (n_reco + 1,), TeV
    radius : float or float array (n_true * n_nodes,), radian, of the region whose part of the photons counts; None
        for all photons, or where the responses hold for a region
    """
    area = nodes.each(lambda energies: run.aeff.effective_area(energies, run.offset))
    if radius is not None:
        area = area * nodes.each(lambda energies: run.psf.containment_fraction(energies, radius))
    dispersion = nodes.each(lambda energies: run.edisp.probabilities(energies, run.offset, reco_edges))
    return *nodes.mean(area, dispersion), nodes.middles(area)


def near_pixels(pointing, geom, offset_max):
    """Whether the centres of pixels are nearer to the pointing than an offset, bool array (nlat, nlon).

    pointing: (lon, lat), ICRS, radian. geom: `WcsGeom`. offset_max: float, radian.
    """
    return angular_separation(*pointing, *pixels_icrs(geom)) < offset_max


def background_in_cells(background, frames, geom, edges, inside):
    """Background rate in each cell (n_slices, n_reco, nlat, nlon), s-1 of on-time; zero outside some pixels.

    Parameters
    ----------
    background : background response
    frames : `BackgroundFrames` of the run
    geom : `WcsGeom` of the pixels
    edges : float array (n_reco + 1,), TeV
    inside : bool array (nlat, nlon), the pixels
    """
    solid_angle = np.where(inside, geom.solid_angle().to_value(u.sr), 0.0)
    lon, lat = pixels_icrs(geom)
    return np.stack(
        [background.rate_per_energy_bin(*at(lon, lat), edges) * solid_angle for at in frames.coordinates]
    )


def pixels_icrs(geom):
    """(lon, lat) of the pixel centres in ICRS, radian, (nlat, nlon)."""
    lon, lat = geom.pixel_lonlat()
    if geom.frame == "icrs":
        return lon, lat
    from astropy.coordinates import SkyCoord

    position = SkyCoord(lon, lat, unit="rad", frame=geom.frame).icrs
    return position.ra.rad, position.dec.rad
