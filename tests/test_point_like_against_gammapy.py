"""Runs of FACT and MAGIC whose responses hold for a cut in angle: counts and fluxes of gammapy 2.1 on the same files.

The settings are those in the headers of its tables, which lie beside the data.
"""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve import DataStore, PowerLaw, light_curve

CRAB = SkyCoord(83.6333, 22.0145, unit="deg")
TRUE_EDGES = np.geomspace(0.03, 60, 61) * u.TeV
# As gammapy takes responses, and the size of regions.
SAME = {
    "method": "1d",
    "responses": "centre",
    "e_true": TRUE_EDGES,
    "angular_size": "grid",
    "safe_energy": None,
}
# Counts in the ON region and in the nine OFF regions of each run of FACT between 0.8 and 10 TeV.
FACT_ON = """
9 1 5 3 5 4 7 8 5 6 5 4 6 5 5 3 5 5 2 2 6 4 4 5 3 2 5 2 7 4 5 5 2 8 6 11 4 3 8 7 3 7 3 6 6 6 12 2 1 8 5
6 4 4 6 4 3 3 7 2 9 3 5 2 5 3 5 6 2 3 4 3 3 6 3 6 5 6 3 5 6 4 5 2 4 7 7 4 5 0 3 1 9 1 5 2 4 7 3 4 4 5 2
5 4 2 3 3 3 4 5 6 3 9 6 2 8 10 2 2 8 3 5 7 8
"""
FACT_OFF = """
19 24 13 16 19 22 12 15 19 17 15 13 13 15 21 19 6 19 17 16 16 17 12 9 16 11 17 10 18 15 14 14 13 20 14
16 17 21 17 18 21 17 21 28 24 24 20 15 16 18 25 19 15 18 16 16 14 9 15 12 21 14 15 16 11 14 18 19 11 16
11 11 18 19 21 11 16 15 16 17 18 19 15 30 28 20 10 12 17 13 17 20 15 20 11 14 16 16 19 20 10 14 11 10 12
10 5 7 9 11 14 11 10 14 26 23 12 12 9 7 26 19 14 20 21
"""


def curve_of(folder, reference, low, time_bins="run", **options):
    """(table of a light curve, that of gammapy) of the runs of a reference, in one band up to 10 TeV."""
    theirs = Table.read(reference)
    observations = DataStore.from_dir(folder).get_observations([int(each) for each in theirs["obs_id"]])
    reco = np.geomspace(low, 10, 11) * u.TeV
    given = {"spectrum": PowerLaw(2.6, "3e-11 cm-2 s-1 TeV-1", "1 TeV"), "e_reco": reco, **SAME, **options}
    return light_curve(observations, CRAB, time_bins, reco[[0, -1]], **given).table, theirs


@pytest.fixture(scope="module")
def fact(other_stores):
    return curve_of(other_stores / "fact", other_stores / "fact" / "gammapy21_fact_run.ecsv", 0.8)


def test_counts_of_fact_are_equal(fact):
    ours, _ = fact
    assert_array_equal(ours["n_on"], np.array(FACT_ON.split(), dtype=float))
    assert_array_equal(ours["n_off"], np.array(FACT_OFF.split(), dtype=float))
    assert_allclose(ours["alpha"], 1 / 9, rtol=1e-12)


def test_fluxes_of_fact_are_within_where_gammapy_stops(fact):
    ours, theirs = fact
    there = np.asarray(theirs["flux"]) > 1e-13
    pulls = (np.asarray(ours["flux"]) - theirs["flux"]) / theirs["flux_err"]
    assert np.abs(pulls[there]).max() < 0.02
    seen = np.asarray(ours["ts"]) > 4
    assert abs(np.median(ours["flux"][seen] / theirs["flux"][seen]) - 1) < 1e-3
    assert np.max(ours["flux"][~there]) < 1e-12


# One event of the second night is on the rim of the ON region: a position 0.2 arc seconds off has it.
@pytest.mark.parametrize(
    ("position", "fluxes"),
    [(CRAB, [2.2026, 1.6951, 1.8922]), (SkyCoord(83.63333, 22.01444, unit="deg"), [2.204, 1.715, 1.895])],
)
def test_the_three_nights_of_fact(other_stores, position, fluxes):
    ids = [int(each) for each in Table.read(other_stores / "fact" / "gammapy21_fact_run.ecsv")["obs_id"]]
    observations = DataStore.from_dir(other_stores / "fact").get_observations(ids)
    ours = light_curve(observations, position, "night", [1, 10] * u.TeV, spectrum=PowerLaw(2.5), **SAME).table
    assert_allclose(np.asarray(ours["flux"]) / 1e-11, fluxes, rtol=1.1e-3)


def test_a_fixed_cut_of_magic(other_stores):
    folder = other_stores / "magic_fixed_cut"
    ours, theirs = curve_of(folder, folder / "gammapy21_jc_magic_run.ecsv", 0.3)
    assert (ours["n_on"][0], ours["n_off"][0], 1 / ours["alpha"][0]) == (130, 37, pytest.approx(7))
    assert_allclose(ours["flux"], theirs["flux"], rtol=1e-4)


def test_a_table_of_radii_of_magic(other_stores, gammapy_data):
    reference = other_stores / "magic_radmax_reference" / "gammapy21_run.ecsv"
    folder = gammapy_data / "magic" / "rad_max" / "data"
    ours, theirs = curve_of(folder, reference, 0.3, off_regions="wobble", n_off=1)
    assert_array_equal(ours["n_on"], [157, 126])
    assert_array_equal(ours["n_off"], [7, 3])
    assert_allclose(ours["flux"], theirs["flux"], rtol=1e-4)
    # Its counts at three wobble positions, which are those of a run where nothing is said.
    ours, _ = curve_of(folder, reference, 0.3)
    assert_array_equal(ours["n_on"], [157, 126])
    assert_array_equal(ours["n_off"], [23, 10])
    assert_allclose(ours["alpha"], 1 / 3, rtol=1e-12)
