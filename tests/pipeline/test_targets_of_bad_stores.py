"""Runs are found for a target though some of them, or of their index rows, cannot be read."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from dl3_files import START, RunFile, write_store

from tevcurve import DataStore
from tevcurve.errors import DataError, InputError, MissingError
from tevcurve.pipeline.targets import observations_of

CRAB = SkyCoord(83.63, 22.01, unit="deg")
OBJECT = {"RA_OBJ": 83.63, "DEC_OBJ": 22.01}


def store_of(folder, *runs):
    return DataStore.from_dir(write_store(folder, runs))


def with_index(folder, name, values):
    """The store with other values of a column of the observation index."""
    path = folder / "obs-index.fits.gz"
    table = Table.read(path)
    table[name] = values
    table.write(path, overwrite=True)
    return DataStore.from_dir(folder)


def ids(observations):
    return [one.obs_id for one in observations]


def test_a_run_without_a_pointing_in_the_index_is_not_lost(tmp_path):
    runs = [RunFile(n, tstart=START + 2000 * n, tstop=START + 2000 * n + 1000) for n in (1, 2, 3)]
    store_of(tmp_path, *runs)
    store = with_index(tmp_path, "RA_PNT", [83.63, np.nan, 120.0])
    assert ids(observations_of(store, CRAB)[0]) == [1, 2]
    store = with_index(tmp_path, "DEC_PNT", [22.5, 1e30, 22.5])
    assert ids(observations_of(store, CRAB)[0]) == [1, 2]
    with pytest.raises(MissingError, match="No observation of the store points within"):
        observations_of(store, SkyCoord(10 * u.deg, 0 * u.deg))


def test_an_index_without_pointings_gets_a_sentence(tmp_path):
    store_of(tmp_path, RunFile(1))
    store = with_index(tmp_path, "RA_PNT", ["a"])
    with pytest.raises(DataError, match="no column RA_PNT of numbers"):
        observations_of(store, CRAB)


def test_a_run_that_cannot_be_read_stays_with_those_of_its_name(tmp_path):
    runs = (
        RunFile(1, header=OBJECT),
        RunFile(2),
        RunFile(3, target="Vela"),
        RunFile(4, header={"RA_OBJ": "x"}),
    )
    store = store_of(tmp_path, *runs)
    (tmp_path / "data" / "run_000002.fits.gz").write_bytes(b"nothing")
    found, position = observations_of(store.get_observations(), "Crab")
    assert ids(found) == [1, 2, 4]
    assert position.separation(CRAB) < 1e-6 * u.deg
    with pytest.raises(MissingError, match="they have Crab, Vela"):
        observations_of(store.get_observations(), "M 87")
    with pytest.raises(InputError, match="No observation of 'Vela' has the position of its target"):
        observations_of(store.get_observations([3]), "Vela")


def test_one_bad_header_does_not_move_the_target(tmp_path):
    bad = RunFile(1, header={"RA_OBJ": 283.63, "DEC_OBJ": 22.01})
    store = store_of(tmp_path, bad, RunFile(2, header=OBJECT), RunFile(3, header=OBJECT))
    for observations in (store, store.get_observations()):
        assert observations_of(observations, "Crab")[1].separation(CRAB) < 1e-6 * u.deg
    # With one other run it is the index that decides, where it has positions.
    for name, value in OBJECT.items():
        store = with_index(tmp_path, name, [value] * 3)
    (tmp_path / "data" / "run_000003.fits.gz").unlink()
    assert observations_of(store, "Crab")[1].separation(CRAB) < 1e-6 * u.deg
    assert abs(observations_of(store.get_observations([1]), "Crab")[1].ra.deg - 283.63) < 1e-9


def test_the_position_in_the_index_is_taken_where_no_file_has_one(tmp_path):
    store_of(tmp_path, RunFile(1), RunFile(2, tstart=START + 2000, tstop=START + 3000))
    with_index(tmp_path, "RA_OBJ", [83.63, 83.63])
    store = with_index(tmp_path, "DEC_OBJ", [22.01, 22.01])
    found, position = observations_of(store, "Crab")
    assert ids(found) == [1, 2]
    assert position.separation(CRAB) < 1e-6 * u.deg
    for file in (tmp_path / "data").iterdir():
        file.unlink()
    # The target is known; what each file lacks is told when it is reduced.
    assert observations_of(DataStore.from_dir(tmp_path), "Crab")[1].separation(CRAB) < 1e-6 * u.deg


def test_files_that_are_not_there_are_the_reason_that_is_told(tmp_path):
    store = store_of(tmp_path, RunFile(1, header=OBJECT))
    for file in (tmp_path / "data").iterdir():
        file.unlink()
    with pytest.raises(
        DataError, match=r"can be read, and the index has no position of it: 1: .* does not exist"
    ):
        observations_of(store, "Crab")


def test_zeros_are_no_position(tmp_path):
    store = store_of(tmp_path, RunFile(1, header={"RA_OBJ": 0.0, "DEC_OBJ": 0.0}))
    with pytest.raises(InputError, match="has the position of its target"):
        observations_of(store, "Crab")


def test_a_store_says_why_its_runs_cannot_be_used(tmp_path):
    write_store(tmp_path, [RunFile(1)])
    path = tmp_path / "hdu-index.fits.gz"
    table = Table.read(path)
    table.replace_column("FILE_DIR", ["../elsewhere"] * len(table))
    table.write(path, overwrite=True)
    assert "1 of 1 observations; the first: The HDU index" in str(DataStore.from_dir(tmp_path))
