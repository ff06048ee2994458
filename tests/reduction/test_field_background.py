"""Sums of a background from its grid, against sums over pixels."""

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.time import Time

from tevcurve.data import GTI
from tevcurve.irf.field_rotation import background_frames
from tevcurve.kernels.sphere import angular_separation
from tevcurve.maps import WcsGeom
from tevcurve.reduction.field_background import FieldBackground
from tevcurve.reduction.run_in_cells import background_in_cells, pixels_icrs
from tevcurve.reduction.source_run import source_run
from tevcurve.simulation import ResponseSet, simulate_observation

EDGES = np.geomspace(0.5, 20, 9)


def test_sums_are_those_over_pixels():
    pointing = SkyCoord(40, -20, unit="deg")
    gti = GTI(Time(["2024-03-01T00:00:00"]), Time(["2024-03-01T00:28:00"]))
    observation = simulate_observation(pointing, gti, ResponseSet.analytic("3d"), random_state=1)
    run = source_run(observation, observation.pointing_lonlat)
    frames = background_frames(run.pointing_lonlat, run.gti, run.location)
    made = FieldBackground.of(run, frames, EDGES, np.deg2rad(2))
    for separation in (0.0, 0.7, 1.7):
        source = pointing.directional_offset_by(50 * u.deg, separation * u.deg)
        geom = WcsGeom.create(skydir=source, binsz=0.04, width=2, proj="TAN")
        lon, lat = pixels_icrs(geom)
        inside = angular_separation(*run.pointing_lonlat, lon, lat) < np.deg2rad(2)
        own, _ = background_in_cells(run, geom, EDGES, inside)
        cos_lat = np.cos(lat[inside])
        vectors = np.stack(
            [cos_lat * np.cos(lon[inside]), cos_lat * np.sin(lon[inside]), np.sin(lat[inside])]
        )
        sums = made.summed(vectors, geom.solid_angle().to_value(u.sr)[inside])
        np.testing.assert_allclose(sums, own.sum(axis=(-2, -1)), rtol=3e-4)
