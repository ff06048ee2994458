"""What is near on the sky, against separations of all pairs."""

import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve.catalogue.neighbourhood import others_near


def test_numbers_are_those_of_all_pairs():
    rng = np.random.default_rng(3)
    # Also around the pole and over the turn of right ascension.
    lon = np.concatenate([rng.uniform(-0.5, 0.5, 40), rng.uniform(0, 360, 40)])
    lat = np.concatenate([rng.uniform(-1, 1, 40), rng.uniform(89, 90, 40)])
    places = SkyCoord(lon, lat, unit="deg")
    near = places[:, None].separation(places[None]).deg <= 0.5
    lonlats = np.column_stack([places.ra.rad, places.dec.rad])
    none = [[]] * len(lon)
    assert others_near(lonlats, none).tolist() == (near.sum(axis=1) - 1).tolist()
    fitted = [[(k + 1) % len(lon)] for k in range(len(lon))]
    wanted = near.sum(axis=1) - 1 - near[np.arange(len(lon)), (np.arange(len(lon)) + 1) % len(lon)]
    assert others_near(lonlats, fitted).tolist() == wanted.tolist()
