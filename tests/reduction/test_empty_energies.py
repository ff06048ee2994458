"""Responses that are empty among the safe energies are told, with the response and the energies."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from dl3_files import ENERGY_EDGES, RunFile, write_store

from tevcurve import DataStore, light_curve

CRAB = SkyCoord(83.63, 22.01, unit="deg")
NODES = np.sqrt(ENERGY_EDGES[:-1] * ENERGY_EDGES[1:])


def warnings(folder, kind, column, energies, method):
    write_store(folder, [RunFile(1, n_events=500)])
    path = folder / "data" / "run_000001.fits.gz"
    with fits.open(path) as hdus:
        values = np.array(hdus[kind].data[column])
        values[..., energies] = 0
        hdus[kind].data[column] = values
        hdus.writeto(path, overwrite=True)
    options = {"energy_edges": [1, 10] * u.TeV} | ({"binsz": "0.1 deg"} if method == "3d" else {})
    curve = light_curve(DataStore.from_dir(folder), CRAB, method=method, norm_values=None, **options)
    return [(one.stage, one.reason) for one in curve.ledger.warnings]


@pytest.mark.parametrize("method", ["1d", "3d"])
@pytest.mark.parametrize(("kind", "column"), [("aeff", "EFFAREA"), ("psf", "RPSF"), ("edisp", "MATRIX")])
def test_empty_energies_are_told(tmp_path, kind, column, method):
    ((stage, words),) = warnings(tmp_path, kind, column, slice(12, 15), method)
    assert stage == kind
    assert f"is empty at 3 of its energies, {NODES[12]:.3g} to {NODES[14]:.3g} TeV, at 0.50 deg off" in words


@pytest.mark.parametrize(("kind", "column"), [("aeff", "EFFAREA"), ("psf", "RPSF"), ("edisp", "MATRIX")])
def test_below_the_safe_energies_nothing_needs_to_be_there(tmp_path, kind, column):
    # The safe energies begin at 0.3 TeV.
    assert warnings(tmp_path, kind, column, slice(0, 3), "1d") == []
