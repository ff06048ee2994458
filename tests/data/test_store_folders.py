"""Where an index may lead: into the folder of its store, or into the one that a person names."""

import shutil

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from dl3_files import RunFile, write_store

from tevcurve.data import DataStore
from tevcurve.errors import DataError, InputError

RUNS = (RunFile(4), RunFile(5))


def store_with(folder, file_dir, index=""):
    """Folder of the index of a store in a folder: it lies in a folder of it, and says a FILE_DIR for all files."""
    write_store(folder, RUNS)
    place = folder / index
    place.mkdir(parents=True, exist_ok=True)
    for name in ("hdu-index.fits.gz", "obs-index.fits.gz"):
        if index:
            shutil.move(folder / name, place / name)
    path = place / "hdu-index.fits.gz"
    table = Table.read(path)
    table["FILE_DIR"] = np.array([file_dir] * len(table))
    hdus = [fits.PrimaryHDU(), fits.BinTableHDU(table, name="HDU_INDEX")]
    fits.HDUList(hdus).writeto(path, overwrite=True)
    return place


def n_events(place, **options):
    return [len(one.events) for one in DataStore.from_dir(place, **options).get_observations()]


@pytest.mark.parametrize("index", ["index", "index/gps", "Index/gps/v2"])
def test_an_index_beside_the_data_leads_to_them(tmp_path, index):
    up = "/".join([".."] * len(index.split("/")))
    assert n_events(store_with(tmp_path / "store", f"{up}/data", index)) == [200, 200]


@pytest.mark.parametrize("index", ["gps", "tables/gps", "index/a/b/c"])
def test_other_layouts_need_the_root(tmp_path, index):
    up = "/".join([".."] * len(index.split("/")))
    place = store_with(tmp_path / "store", f"{up}/data", index)
    with pytest.raises(
        DataError, match=r"sends OBS_ID 4 to '\.\./.*wanted is a file inside .*data_root names"
    ):
        n_events(place)
    assert n_events(place, data_root=tmp_path / "store") == [200, 200]
    assert n_events(place, data_root=tmp_path) == [200, 200]


def test_the_top_of_a_store_is_not_left(tmp_path):
    place = store_with(tmp_path / "store", "../../../elsewhere", "index/gps")
    shutil.copytree(tmp_path / "store" / "data", tmp_path / "elsewhere")
    with pytest.raises(DataError, match="wanted is a file inside the folder of the store"):
        n_events(place)
    assert n_events(place, data_root=tmp_path) == [200, 200]


def test_links_out_of_the_top_are_not_followed(tmp_path):
    place = store_with(tmp_path / "store", "../../data/", "index/gps")
    shutil.move(tmp_path / "store" / "data", tmp_path / "elsewhere")
    (tmp_path / "store" / "data").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="is a link that leads out of the data store"):
        n_events(place)
    assert n_events(place, follow_links=True) == [200, 200]
    assert n_events(place, data_root=tmp_path) == [200, 200]


def test_an_absolute_folder_is_one_inside_the_root(tmp_path):
    place = store_with(tmp_path / "store", str(tmp_path / "store" / "data"))
    assert n_events(place) == n_events(place, data_root=tmp_path / "store") == [200, 200]
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match="wanted is a file inside the folder of the store"):
        n_events(place, data_root=tmp_path / "other")
    place = store_with(tmp_path / "again", str(tmp_path / "store" / "data"))
    with pytest.raises(DataError, match="wanted is a file inside the folder of the store"):
        n_events(place)
    assert n_events(place, data_root=tmp_path / "store") == [200, 200]


def test_files_may_lie_below_the_root_while_the_index_is_elsewhere(tmp_path, monkeypatch):
    write_store(tmp_path / "store", RUNS)
    (tmp_path / "index").mkdir()
    for name in ("hdu-index.fits.gz", "obs-index.fits.gz"):
        shutil.move(tmp_path / "store" / name, tmp_path / "index" / name)
    with pytest.raises(DataError, match="does not exist"):
        n_events(tmp_path / "index")
    monkeypatch.setenv("MY_STORE", str(tmp_path / "store"))
    assert n_events(tmp_path / "index", data_root="$MY_STORE") == [200, 200]
    monkeypatch.chdir(tmp_path)
    assert n_events("index", data_root="store") == [200, 200]


def test_a_root_that_is_no_folder_is_refused(tmp_path):
    write_store(tmp_path, RUNS)
    with pytest.raises(InputError, match=r"data_root is '.*nowhere'; wanted is a folder that is there"):
        DataStore.from_dir(tmp_path, data_root=tmp_path / "nowhere")


def test_the_dialect_of_the_first_data_challenge(other_stores):
    observations = DataStore.from_dir(other_stores / "ctao_1dc_dialect" / "index" / "gps").get_observations()
    # The number of events is that of the same simulation as another code wrote it.
    for one in observations:
        with fits.open(other_stores / "ctao_gammapy_written" / f"obs_{one.obs_id}.fits.gz") as hdus:
            assert len(one.events) == len(hdus["EVENTS"].data)
