"""Keys tell apart what would be reduced to something else, and nothing else."""

import gzip
import hashlib
import os
import shutil

import astropy.units as u
import numpy as np
import pytest
from astropy.time import Time
from small_store import TARGET, make_store

from tevcurve import DataStore, ObservationFilter
from tevcurve.store import input_files
from tevcurve.store.inputs import RunKeys

SOURCE = TARGET.ra.rad, TARGET.dec.rad


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    make_store(folder)
    return folder


@pytest.fixture
def folder(original, tmp_path):
    """A copy of the small store that may be changed."""
    shutil.copytree(original, tmp_path / "dl3")
    return tmp_path / "dl3"


def run_file_in(folder):
    return folder / "data" / "run_000001.fits.gz"


def test_the_inputs_are_listed_with_their_checksums(folder):
    listed = input_files(DataStore.from_dir(folder).get_observations([2, 1]))
    assert [each["obs_id"] for each in listed] == ["2", "1"]
    path = run_file_in(folder)
    assert listed[1]["path"] == str(path)
    assert listed[1]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_is_not_there_has_no_checksum(folder):
    run_file_in(folder).unlink()
    assert input_files(DataStore.from_dir(folder).get_observations([1]))[0]["sha256"] is None


def key_of(folder, keys=None, cut=None):
    observation = DataStore.from_dir(folder).obs(1)
    if cut is not None:
        observation = observation.select(cut)
    return (RunKeys(SOURCE) if keys is None else keys).key(observation)


def test_the_same_content_elsewhere_has_the_same_key(original, folder):
    assert len(key_of(original).text) == 64
    assert key_of(original) == key_of(folder)
    os.utime(run_file_in(folder), (1e9, 1e9))
    assert key_of(original) == key_of(folder)


def test_other_content_has_another_key(original, folder):
    path = run_file_in(folder)
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[-3000] ^= 1
    path.write_bytes(gzip.compress(bytes(content)))
    assert key_of(original) != key_of(folder)


def test_other_runs_have_other_keys(original):
    store = DataStore.from_dir(original)
    assert len({RunKeys(SOURCE).key(observation) for observation in store.get_observations()}) == 3


def test_what_the_index_says_of_the_run_counts(original):
    observation = DataStore.from_dir(original).obs(1)
    before = RunKeys(SOURCE).key(observation)
    observation._run.addresses = observation._run.addresses[1:]
    assert RunKeys(SOURCE).key(observation) != before


def test_every_setting_that_matters_counts(original):
    start = Time(DataStore.from_dir(original).obs(1).tstart)
    cut = ObservationFilter(time=(start, start + 600 * u.s))
    settings = [
        RunKeys(SOURCE),
        RunKeys((SOURCE[0], np.nextafter(SOURCE[1], 9))),
        RunKeys(SOURCE, in_regions=True),
    ]
    keys = [key_of(original, each) for each in settings] + [key_of(original, cut=cut)]
    assert None not in keys
    assert len(set(keys)) == len(keys)


def test_another_version_has_other_keys(original, monkeypatch):
    before = key_of(original)
    monkeypatch.setattr("tevcurve.store.inputs.__version__", "99.0")
    assert key_of(original) != before


def test_what_cannot_be_told_has_no_key(folder):
    run_file_in(folder).unlink()
    assert key_of(folder) is None


def test_a_key_holds_as_long_as_the_files_do(folder):
    key = key_of(folder)
    assert key.still_holds()
    path = run_file_in(folder)
    path.write_bytes(path.read_bytes() + b"\0")
    assert not key.still_holds()
    path.unlink()
    assert not key.still_holds()
