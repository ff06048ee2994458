"""From observations to cubes: counts, exposure and background, with the times of the events kept."""

import astropy.units as u
import numpy as np

from tevcurve.datasets import ReducedCube
from tevcurve.errors import InputError
from tevcurve.irf.field_rotation import background_frames
from tevcurve.kernels.sphere import angular_separation
from tevcurve.maps import WcsNDMap


class MapMaker:
    """Makes the maps of counts, exposure and background of observations.

    Parameters
    ----------
    geom : `WcsGeom` with an axis of reconstructed energy
    offset_max : Quantity, string or float in deg
        Pixels whose centre is that far from the pointing, or farther, are outside the fit.
    geom_true : `WcsGeom` with the same pixels and an axis of true energy; default: `geom`

    Raises `InputError` if the geometries do not fit.
    """

    def __init__(self, geom, offset_max, geom_true=None):
        self.geom, self.geom_true = geom, geom if geom_true is None else geom_true
        self.offset_max = _angle(offset_max, "offset_max")
        for what, each in (("geom", self.geom), ("geom_true", self.geom_true)):
            if len(each.axes) != 1 or not each.axes[0].unit.is_equivalent(u.TeV):
                names = [axis.name for axis in each.axes]
                raise InputError(f"{what} has the axes {names}; wanted is one axis, of energy.")
        if self.geom.to_image() != self.geom_true.to_image():
            raise InputError(
                "geom_true has other pixels than geom; wanted are the same, with another energy axis."
            )

    def run(self, observations):
        """The maps "counts", "exposure" and "background" of one observation or of the sum of several, a dict.

        The counts remember the reduced runs (`WcsNDMap.origin`), so that they can be cut in time without
        another reduction. Without observations: `InputError`. Raises `DataError` for a run that cannot be used.
        """
        observations = list(observations) if hasattr(observations, "__iter__") else [observations]
        if not observations:
            raise InputError("There are no observations to make maps of; wanted is one or more.")
        true_edges = self.geom_true.axes[0].edges.to_value(u.TeV)
        runs = tuple(reduce_cube(obs, self.geom, true_edges, self.offset_max) for obs in observations)
        return {
            "counts": WcsNDMap(self.geom, sum(run.counts() for run in runs), origin=runs),
            "exposure": WcsNDMap(self.geom_true, sum(exposure_of(run) for run in runs), unit="cm2 s"),
            "background": WcsNDMap(self.geom, sum(run.background() for run in runs)),
        }


def _angle(angle, name):
    """One angle above 0 as Quantity in deg, of a Quantity, a string or a float in deg; InputError otherwise."""
    try:
        plain = not isinstance(angle, str | u.Quantity)
        value = u.Quantity(angle, u.deg if plain else None).to_value(u.deg)
    except (TypeError, ValueError, u.UnitsError) as error:
        raise InputError(f"{name} is {angle!r}; wanted is an angle above 0, such as '2 deg'.") from error
    if np.ndim(value) or not value > 0:
        raise InputError(f"{name} is {angle!r}; wanted is an angle above 0, such as '2 deg'.")
    return value * u.deg


def reduce_cube(observation, geom, true_edges, offset_max):
    """The `ReducedCube` of one observation.

    Parameters
    ----------
    observation : `Observation`
    geom : `WcsGeom` with an axis of reconstructed energy
    true_edges : float array (n_true + 1,), TeV
    offset_max : Quantity or string, largest offset of a pixel's centre from the pointing (exclusive)

    Raises `DataError` if the run does not track a position or has no events, or if a response is missing or point-like.
    """
    observation.check_tracking()
    observation.check_events()
    observation.check_full_enclosure()
    pointing, gti = observation.pointing_lonlat, observation.gti
    lon, lat = pixels_icrs(geom)
    inside = angular_separation(*pointing, lon, lat) < u.Quantity(offset_max).to_value(u.rad)
    events, cell = _events_in_cube(observation.good_events, geom, inside)
    rate, slice_edges = _background_rate(observation, geom, lon, lat, inside)
    return ReducedCube(
        obs_id=observation.obs_id,
        geom=geom,
        true_edges=np.asarray(true_edges, dtype=float),
        gti=gti,
        deadc=observation.deadc,
        pointing=pointing,
        inside=inside,
        time_s=events.time_s,
        energy_tev=events.energy_tev,
        lon=events.lon,
        lat=events.lat,
        cell=cell,
        background_rate=rate,
        slice_edges=slice_edges,
        aeff=observation.aeff,
        psf=observation.psf,
        edisp=observation.edisp,
    )


def _events_in_cube(events, geom, inside):
    """The events whose cell is in the fit, in the order of their times, and the flat indices of these cells."""
    lon, lat = (events.lon, events.lat) if geom.frame == "icrs" else geom.lonlat(events.radec)
    ix, iy = geom.lonlat_to_idx(lon, lat)
    energy = geom.axes[0].coord_to_idx(events.energy_tev * u.TeV)
    kept = np.flatnonzero((ix >= 0) & (energy >= 0) & inside[iy, ix])
    kept = kept[np.argsort(events.time_s[kept], kind="stable")]
    return events.select(kept), np.ravel_multi_index((energy[kept], iy[kept], ix[kept]), geom.data_shape)


def _background_rate(observation, geom, lon, lat, inside):
    """Background rate in each cell (n_slices, n_reco, nlat, nlon) in s-1, and the slices' edges in mission seconds."""
    background, edges = observation.bkg, geom.axes[0].edges.to_value(u.TeV)
    if not len(observation.gti.intervals):
        return np.zeros((1, *geom.data_shape)), np.zeros(2)
    location = observation.location if background.turns_with_horizon else None
    frames = background_frames(observation.pointing_lonlat, observation.gti, location)
    solid_angle = np.where(inside, geom.solid_angle().to_value(u.sr), 0.0)
    rates = [background.rate_per_energy_bin(*at(lon, lat), edges) * solid_angle for at in frames.coordinates]
    return np.stack(rates), frames.slice_edges


def pixels_icrs(geom):
    """(lon, lat) of the pixel centres in ICRS, radian, (nlat, nlon)."""
    lon, lat = geom.pixel_lonlat()
    if geom.frame == "icrs":
        return lon, lat
    from astropy.coordinates import SkyCoord

    position = SkyCoord(lon, lat, unit="rad", frame=geom.frame).icrs
    return position.ra.rad, position.dec.rad


def exposure_of(run):
    """Exposure of a run in each pixel (n_true, nlat, nlon), cm2 s; zero outside the largest offset."""
    offset = run.offset_of(*pixels_icrs(run.geom))
    area = run.aeff.effective_area_grid(run.true_centers, offset)
    return np.where(run.inside, area, 0.0) * run.livetime_s
