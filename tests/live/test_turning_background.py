"""A background that turns with the horizon: what a detector sees of a run in parts is what it sees of the whole."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from parts_of_runs import night, parts_of, write_run

from tevcurve import light_curve
from tevcurve.live.rows import events_of, in_order, places_of, stretches_of
from tevcurve.pipeline.given_data import open_stores

TARGET = SkyCoord(83.63, 22.01, unit="deg")


def turning(path, run):
    """The path of a file with a run whose background is lopsided along the azimuth."""
    with fits.open(write_run(path, run), mode="update") as hdus:
        row = hdus["BKG"].data[0]
        x = 0.5 * (row["DETX_LO"] + row["DETX_HI"])
        hdus["BKG"].data["BKG"][0] *= np.clip(1 + 0.3 * x, 0.05, None)[:, None]
        hdus["BKG"].header["FOVALIGN"] = "ALTAZ"
    return path


@pytest.fixture(scope="module")
def curves(tmp_path_factory):
    """Light curves of a run in one file, and in three."""
    folder, run = tmp_path_factory.mktemp("night"), night()[0]
    parts = [turning(folder / f"part{k}.fits", part) for k, part in enumerate(parts_of(run))]
    made = []
    for paths in ([turning(folder / "whole.fits", run)], parts):
        observations = [one for store in open_stores(paths) for one in store.get_observations()]
        options = {"energy_edges": [0.7, 10] * u.TeV, "safe_energy": None, "norm_values": None}
        made.append(light_curve(observations, TARGET, "4 min", **options))
    return made


def test_stretches_and_places_are_the_same_to_the_last_digit(curves):
    found, places = [], []
    for curve in curves:
        instruments, band = events_of(curve, None)
        (joint,) = instruments.values()
        found.append(stretches_of(joint, in_order(joint), band, {}).runs)
        places.append(places_of(curve.origin, joint, in_order(joint)[0], band, {}))
    (whole,), (parts,) = found
    assert len(whole.background_rate) > 4
    assert parts.is_same_as(whole)
    for one, other in zip(*places, strict=True):
        np.testing.assert_array_equal(one, other)


def test_rows_differ_by_how_a_bin_is_averaged(curves):
    """A bin has the mean of the background over its good time, in each part that it has."""
    whole, parts = (np.asarray(curve.table["flux"], dtype=float) for curve in curves)
    inside = [k for k, size in enumerate(np.abs(parts - whole)) if size > 1e-12 * whole[k]]
    assert 0 < len(inside) <= 2
    np.testing.assert_allclose(parts, whole, rtol=2e-5)
