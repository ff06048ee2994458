"""Simulated runs of fields with several sources, and sums over points that stand for a source that is extended."""

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.kernels.sphere import angular_separation, directional_offset
from tevcurve.models import PowerLaw, SkyModel, SkyPointSource
from tevcurve.simulation import ResponseSet, simulate_observation

TARGET = SkyCoord(83.63, 22.01, unit="deg")
REFERENCE = TimeReference(51910, 0.000742870370370241, "tt")
START = 2.4e8
BAND = [1, 10] * u.TeV


def spectrum_of(factor=1.0, index=2.5):
    """A power law, 1e-11 cm-2 s-1 TeV-1 times a factor at 1 TeV."""
    return PowerLaw(index=index, amplitude=f"{1e-11 * factor} cm-2 s-1 TeV-1", reference="1 TeV")


def sky_model(name, place=TARGET, factor=1.0, index=2.5, shape=SkyPointSource, **size):
    """A `SkyModel` at a place, of a shape with its size."""
    return SkyModel(shape.from_position(place, **size), spectrum_of(factor, index), name=name)


def beside(angle, separation):
    """`SkyCoord` at an angle (deg) and a separation (deg) from the target."""
    return TARGET.directional_offset_by(angle * u.deg, separation * u.deg)


def runs_of(models, n_runs=2, seconds=1500, seed=0, irfs=None):
    """List of `SimulatedObservation`, of pointings 0.5 deg from the target on alternating sides."""
    irfs, made = ResponseSet.analytic() if irfs is None else irfs, []
    for number in range(n_runs):
        start = START + 2000 * number
        gti = GTI([start], [start + seconds], REFERENCE)
        pointing = TARGET.directional_offset_by((0, 180, 90, 270)[number % 4] * u.deg, 0.5 * u.deg)
        made.append(simulate_observation(pointing, gti, irfs, models, 100 * seed + number, obs_id=number + 1))
    return made


def points_of(model, n_rings=60, n_turns=40):
    """(lon, lat, weight) of points on rings that stand for a round model; one for a point source."""
    spatial = model.spatial_model
    centre = spatial.lonlat_in("icrs")
    if spatial.is_point:
        return np.array([centre[0]]), np.array([centre[1]]), np.ones(1)
    radius = np.deg2rad(spatial.evaluation_radius.value)
    ring = radius * (np.arange(n_rings) + 0.5) / n_rings
    separation, turn = (each.ravel() for each in np.meshgrid(ring, 2 * np.pi * np.arange(n_turns) / n_turns))
    lon, lat = directional_offset(*centre, turn, separation)
    weight = spatial.evaluate(lon, lat) * np.sin(separation)
    return lon, lat, weight / weight.sum()


def expected_at(run, position, model, places, per_decade=128, points=None):
    """Events expected of a model per s, TeV and sr at places, and per s in `BAND`, summed point by point.

    Parameters
    ----------
    run : with `aeff`, `pointing_lonlat`; position : `SkyPart` or run, whose psf and edisp are those of the centre
    model : `SkyModel`
    places : (energy, lon, lat), TeV and radian
    """
    reco, lon, lat = places
    energies = np.geomspace(0.1, 100, 3 * per_decade + 1)
    middle = np.sqrt(energies[1:] * energies[:-1])
    flux = model.spectral_model.photon_flux(energies)
    points = points_of(model) if points is None else points
    offsets = angular_separation(*run.pointing_lonlat, points[0], points[1])
    area = run.aeff.effective_area(middle[:, None], offsets) * points[2]
    there = np.zeros((len(middle), len(reco)))
    for number in range(len(points[0])):
        separation = angular_separation(points[0][number], points[1][number], lon, lat)
        there += area[:, number, None] * position.psf.densities(middle, separation)
    migra = position.edisp.normalised_density(middle, reco[:, None] / middle, position.offset) / middle
    density = np.einsum("t,te,et->e", flux, there, migra)
    low, high = BAND.to_value("TeV")
    part = position.edisp.probabilities(middle, position.offset, np.array([low, high]))[:, 0]
    return density, float(np.sum(flux * area.sum(axis=1) * part))
