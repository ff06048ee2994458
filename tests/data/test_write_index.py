"""Index files for folders without: what they lead to is what is there, and other packages can read them."""

import shutil

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from dl3_files import RunFile
from found_files import EVENTS, RESPONSES, RUNS, assert_same, write

from tevcurve.data import DataStore
from tevcurve.data.write_index import write_index
from tevcurve.errors import DataError, InputError


def test_the_index_leads_to_what_is_found_without_it(tmp_path):
    for run in RUNS:
        write(tmp_path / f"night{run.obs_id}" / "run.fits", run, EVENTS)
    write(tmp_path / "irf.fits.gz", RUNS[0], RESPONSES)
    found = DataStore.from_dir(tmp_path)
    assert write_index(tmp_path) == ([], [])
    store = DataStore.from_dir(tmp_path)
    assert store.has_obs_index
    assert_same(store, found)
    first = [(tmp_path / f"{kind}-index.fits.gz").read_bytes() for kind in ("hdu", "obs")]
    with pytest.raises(InputError, match=r"has hdu-index.fits.gz and obs-index.fits.gz; overwrite replaces"):
        write_index(tmp_path)
    write_index(tmp_path, overwrite=True)
    assert first == [(tmp_path / f"{kind}-index.fits.gz").read_bytes() for kind in ("hdu", "obs")]


def test_what_is_not_in_it_is_told(tmp_path):
    write(tmp_path / "a.fits", RUNS[0])
    cut = write(tmp_path / "b.fits", RUNS[1])
    cut.write_bytes(cut.read_bytes()[:5000])
    fits.PrimaryHDU(np.zeros((3, 3))).writeto(tmp_path / "skymap.fits")
    left_out, failed = write_index(tmp_path)
    assert left_out == [(tmp_path / "skymap.fits", "it has no table")]
    assert [path for path, _ in failed] == [tmp_path / "b.fits"]
    assert DataStore.from_dir(tmp_path).obs_ids.tolist() == [3]


def test_what_an_index_cannot_say_is_refused(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        write_index(tmp_path / "nowhere")
    with pytest.raises(DataError, match="has no FITS file with events"):
        write_index(tmp_path)
    irf = write(tmp_path / "irf.fits", RUNS[0], RESPONSES)
    for name in "ab":
        write(tmp_path / "runs" / f"{name}.fits", RUNS[0], EVENTS)
    with pytest.raises(
        InputError, match=r"irf.fits is not in .*runs; wanted is one that an index there can lead to"
    ):
        write_index(tmp_path / "runs", irfs=irf)
    with pytest.raises(DataError, match=r"OBS_ID 3 is that of a.fits, b.fits; wanted is one file for each"):
        write_index(tmp_path / "runs")
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["a.fits", "b.fits"]


def test_two_instruments_may_share_a_number(tmp_path):
    for name, n_events in (("HESS", 20), ("MAGIC", 30)):
        write(tmp_path / f"{name}.fits", RunFile(4, telescope=name, n_events=n_events))
    write_index(tmp_path)
    store = DataStore.from_dir(tmp_path)
    assert [one.run_id.full_text() for one in store.get_observations()] == ["HESS 4", "MAGIC 4"]
    assert [len(one.events) for one in store.get_observations()] == [20, 30]


# What only an analysis knows, or is not in the files.
NOT_IN_FILES = {"QUALITY", "TARGET_TAG", "TARGET_OFFSET", "SAFE_ENERGY_LO", "SAFE_ENERGY_HI"}


def test_it_says_what_the_index_of_the_first_release_says(hess_dl3_dr1, tmp_path):
    runs = [23523, 23526, 33787]
    for obs_id in runs:
        shutil.copy(hess_dl3_dr1 / "data" / f"hess_dl3_dr1_obs_id_{obs_id:06d}.fits.gz", tmp_path)
    write_index(tmp_path)
    theirs, mine = (Table.read(folder / "obs-index.fits.gz") for folder in (hess_dl3_dr1, tmp_path))
    theirs = theirs[np.isin(theirs["OBS_ID"], runs)]
    assert set(theirs.colnames) - set(mine.colnames) <= NOT_IN_FILES
    for name in set(theirs.colnames) & set(mine.colnames):
        assert theirs[name].unit == mine[name].unit, name
        if theirs[name].dtype.kind in "if":
            np.testing.assert_allclose(mine[name], theirs[name], rtol=1e-6, atol=1e-4, err_msg=name)
    assert mine.meta["TIMESYS"] == theirs.meta["TIMESYS"]
    theirs, mine = (Table.read(folder / "hdu-index.fits.gz") for folder in (hess_dl3_dr1, tmp_path))
    theirs = theirs[np.isin(theirs["OBS_ID"], runs)]
    assert mine.colnames == theirs.colnames
    names = ("OBS_ID", "HDU_TYPE", "HDU_CLASS", "FILE_NAME", "SIZE")
    rows = [
        sorted(zip(*(table[name].astype(str) for name in names), strict=True)) for table in (mine, theirs)
    ]
    # The sizes of events there are those of an earlier release.
    assert [row for row in rows[0] if row[1] != "events"] == [row for row in rows[1] if row[1] != "events"]
    assert [row[:4] for row in rows[0]] == [row[:4] for row in rows[1]]
    for row in mine:
        with fits.open(tmp_path / row["FILE_DIR"] / row["FILE_NAME"]) as hdus:
            assert hdus[row["HDU_NAME"]].filebytes() == row["SIZE"]


# One of the simulations is of a year for which nobody knows the leap seconds.
@pytest.mark.filterwarnings("ignore:.*dubious year")
@pytest.mark.parametrize("folder", ["ctao_gammapy_written", "lst_like/full", "fact", "../magic/rad_max/data"])
def test_another_package_finds_the_same_runs(other_stores, tmp_path, folder):
    gammapy = pytest.importorskip("gammapy.data")
    for path in list((other_stores / folder).glob("*.fits*"))[:12]:
        if "index" not in path.name:
            shutil.copy(path, tmp_path)
    if folder == "fact":
        shutil.copy(other_stores / folder / "fact_irf.fits", tmp_path)
    assert write_index(tmp_path) == ([], [])
    ours, theirs = DataStore.from_dir(tmp_path), gammapy.DataStore.from_dir(tmp_path)
    assert theirs.obs_ids.tolist() == ours.obs_ids.tolist()
    for one in ours.get_observations():
        other = theirs.obs(one.obs_id, required_irf=[])
        assert len(other.events.table) == len(one.events)
        assert other.gti.time_sum.to_value("s") == pytest.approx(one.ontime.to_value("s"), abs=1e-3)
        assert other.aeff is not None
