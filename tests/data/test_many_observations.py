"""Stores of thousands of runs: what one leaves in memory, and how it is found."""

import gc
import tracemalloc

import numpy as np
import pytest
from astropy.table import Table

from tevcurve import DataStore
from tevcurve.errors import MissingError
from tevcurve.run_id import RunId

KINDS = {"events": "events", "gti": "gti"} | {
    "aeff": "aeff_2d",
    "edisp": "edisp_2d",
    "psf": "psf_table",
    "bkg": "bkg_3d",
}


def store_of(n_runs, folder):
    ids = np.arange(1, n_runs + 1)
    columns = {name: np.zeros(n_runs) for name in ("RA_PNT", "DEC_PNT", "TSTART", "TSTOP")}
    rows = {
        "OBS_ID": np.repeat(ids, len(KINDS)),
        "HDU_TYPE": np.tile(list(KINDS), n_runs),
        "HDU_CLASS": np.tile(list(KINDS.values()), n_runs),
        "FILE_DIR": np.full(n_runs * len(KINDS), "data"),
        "FILE_NAME": np.repeat([f"obs_id_{number:06d}.fits.gz" for number in ids], len(KINDS)),
        "HDU_NAME": np.tile([kind.upper() for kind in KINDS], n_runs),
    }
    return DataStore(Table(rows), Table({"OBS_ID": ids} | columns), folder)


def kept_by(n_runs, folder):
    """(observations, bytes that they and their store have)."""
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    observations = store_of(n_runs, folder).get_observations()
    gc.collect()
    return observations, tracemalloc.get_traced_memory()[0] - before


def test_an_observation_takes_a_few_kilobytes_before_it_is_read(tmp_path):
    store_of(3, tmp_path).get_observations()
    tracemalloc.start()
    try:
        few, many = kept_by(100, tmp_path)[1], kept_by(600, tmp_path)[1]
    finally:
        tracemalloc.stop()
    assert (many - few) / 500 < 5500


def test_many_obs_ids_are_found_without_a_look_at_all_runs_for_each(tmp_path):
    store = store_of(50, tmp_path)
    wanted = [7, "9", RunId.of(3)]
    assert store.get_observations(wanted).ids == [7, 9, 3]
    observations = store.get_observations()
    assert observations.select_ids([50, "1"]).ids == [50, 1]
    assert len(observations._of_obs_id("12")) == len(observations._of_obs_id(RunId.of(12))) == 1
    for wrong in (51, "x", RunId.of(51)):
        with pytest.raises(MissingError):
            observations.by_id(wrong)
        with pytest.raises(MissingError):
            store.get_observations([wrong])
