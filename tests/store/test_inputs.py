"""Keys tell apart what would be reduced to something else, and nothing else."""

import gzip
import hashlib
import os

import astropy.units as u
import numpy as np
from astropy.time import Time
from small_store import TARGET

from tevcurve import DataStore, ObservationFilter
from tevcurve.store import input_files
from tevcurve.store.inputs import RunKeys

SOURCE = TARGET.ra.rad, TARGET.dec.rad


def run_file_in(folder):
    return folder / "data" / "run_000001.fits.gz"


def test_the_inputs_are_listed_with_their_checksums(store_copy):
    listed = input_files(DataStore.from_dir(store_copy).get_observations([2, 1]))
    assert [each["obs_id"] for each in listed] == ["2", "1"]
    path = run_file_in(store_copy)
    assert listed[1]["path"] == str(path)
    assert listed[1]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_is_not_there_has_no_checksum(store_copy):
    run_file_in(store_copy).unlink()
    assert input_files(DataStore.from_dir(store_copy).get_observations([1]))[0]["sha256"] is None


def key_of(folder, keys=None, cut=None):
    observation = DataStore.from_dir(folder).obs(1)
    if cut is not None:
        observation = observation.select(cut)
    return (RunKeys(SOURCE) if keys is None else keys).key(observation)


def test_the_same_content_elsewhere_has_the_same_key(kept_store, store_copy):
    assert len(key_of(kept_store).text) == 64
    assert key_of(kept_store) == key_of(store_copy)
    os.utime(run_file_in(store_copy), (1e9, 1e9))
    assert key_of(kept_store) == key_of(store_copy)


def test_other_content_has_another_key(kept_store, store_copy):
    path = run_file_in(store_copy)
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[-3000] ^= 1
    path.write_bytes(gzip.compress(bytes(content)))
    assert key_of(kept_store) != key_of(store_copy)


def test_other_runs_have_other_keys(kept_store):
    store = DataStore.from_dir(kept_store)
    assert len({RunKeys(SOURCE).key(observation) for observation in store.get_observations()}) == 3


def test_what_the_index_says_of_the_run_counts(kept_store):
    observation = DataStore.from_dir(kept_store).obs(1)
    before = RunKeys(SOURCE).key(observation)
    observation._run.addresses = observation._run.addresses[1:]
    assert RunKeys(SOURCE).key(observation) != before


def test_every_setting_that_matters_counts(kept_store):
    start = Time(DataStore.from_dir(kept_store).obs(1).tstart)
    cut = ObservationFilter(time=(start, start + 600 * u.s))
    settings = [
        RunKeys(SOURCE),
        RunKeys((SOURCE[0], np.nextafter(SOURCE[1], 9))),
        RunKeys(SOURCE, in_regions=True),
    ]
    keys = [key_of(kept_store, each) for each in settings] + [key_of(kept_store, cut=cut)]
    assert None not in keys
    assert len(set(keys)) == len(keys)


def test_another_version_has_other_keys(kept_store, monkeypatch):
    before = key_of(kept_store)
    monkeypatch.setattr("tevcurve.store.inputs.__version__", "99.0")
    assert key_of(kept_store) != before


def test_what_cannot_be_told_has_no_key(store_copy):
    run_file_in(store_copy).unlink()
    assert key_of(store_copy) is None


def test_a_key_holds_as_long_as_the_files_do(store_copy):
    key = key_of(store_copy)
    assert key.still_holds()
    path = run_file_in(store_copy)
    path.write_bytes(path.read_bytes() + b"\0")
    assert not key.still_holds()
    path.unlink()
    assert not key.still_holds()
