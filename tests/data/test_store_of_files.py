"""Data stores of files that no index leads to, or only half of one: they are what an index would make of them."""

import pickle

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table, vstack
from dl3_files import START, RunFile, write_store
from found_files import EVENTS, RESPONSES, RUNS, assert_same, write

from tevcurve.data import DataStore
from tevcurve.errors import DataError, MissingError
from tevcurve.pipeline.targets import observations_of
from tevcurve.run_id import RunId


@pytest.fixture
def indexed(tmp_path):
    return DataStore.from_dir(write_store(tmp_path / "indexed", RUNS))


def test_a_folder_of_files_is_what_its_index_would_make_of_it(tmp_path, indexed):
    for run in RUNS:
        write(tmp_path / "files" / f"night{run.obs_id}" / "run.fits.gz", run)
    store = DataStore.from_dir(tmp_path / "files")
    assert_same(store, indexed)
    names = ["OBS_ID", "TARGET_NAME", "RA_PNT", "DEC_PNT", "TSTART", "TSTOP"]
    for name in names:
        assert store.obs_table[name].tolist() == indexed.obs_table[name].tolist()
    assert store.obs_table["EVENT_COUNT"].tolist() == [200, 200]
    assert set(store.hdu_table["FILE_DIR"]) == {"night3", "night5"}
    assert "Crab (2)" in str(store)
    assert store.left_out == []
    assert not store.has_obs_index


def test_files_come_in_the_order_in_which_they_are_named(tmp_path):
    paths = [write(tmp_path / f"{name}.fits", run) for name, run in zip("ba", RUNS, strict=True)]
    assert DataStore.from_events_files(paths).obs_ids.tolist() == [3, 5]
    assert DataStore.from_events_files(paths[::-1]).obs_ids.tolist() == [5, 3]
    # Those of a folder in the order of their names.
    assert DataStore.from_dir(tmp_path).obs_ids.tolist() == [5, 3]


def test_other_files_are_left_out_with_a_word(tmp_path, caplog):
    write(tmp_path / "a.fits", RUNS[0])
    fits.PrimaryHDU(np.zeros((3, 3))).writeto(tmp_path / "skymap.fits")
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(Table({"E": [1.0]}), name="SPECTRUM")]).writeto(
        tmp_path / "spectrum.fits.gz"
    )
    (tmp_path / "notes.txt").write_text("no FITS file")
    (tmp_path / ".hidden.fits").write_text("no FITS file")
    store = DataStore.from_dir(tmp_path)
    assert store.obs_ids.tolist() == [3]
    assert [path.name for path, _ in store.left_out] == ["skymap.fits", "spectrum.fits.gz"]
    (message,) = caplog.messages
    assert (
        "2 are left out: skymap.fits (it has no table), spectrum.fits.gz (it has no table of events"
        in message
    )


def test_a_folder_without_runs_is_refused(tmp_path):
    write(tmp_path / "irf.fits", RUNS[0], RESPONSES)
    with pytest.raises(DataError, match=r"and none of its 1 FITS files has events \(irf.fits: no run needs"):
        DataStore.from_dir(tmp_path)


def test_responses_lie_beside_the_events_for_all(tmp_path, indexed):
    for run in RUNS:
        write(tmp_path / "files" / f"run_{run.obs_id}.fits", run, EVENTS)
    write(tmp_path / "files" / "caldb" / "aeff.fits", RUNS[0], RESPONSES[:1])
    write(tmp_path / "files" / "caldb" / "others.fits", RUNS[0], RESPONSES[1:])
    store = DataStore.from_dir(tmp_path / "files")
    assert_same(store, indexed)
    assert set(store.hdu_table["FILE_DIR"]) == {".", "caldb"}


@pytest.mark.parametrize("told_by", ["OBS_ID", "name", "TELESCOP"])
def test_each_run_has_the_responses_that_name_it(tmp_path, told_by):
    for obs_id, telescope, area in ((3, "HESS", 1e5), (5, "MAGIC", 2e5)):
        run = RunFile(obs_id, aeff_m2=area, telescope=telescope)
        write(tmp_path / f"run_{obs_id}.fits", run, EVENTS)
        header = {"OBS_ID": {"OBS_ID": f"{obs_id:04d}"}, "name": {}, "TELESCOP": {"TELESCOP": telescope}}[
            told_by
        ]
        name = f"irf_{obs_id:05d}_v7" if told_by == "name" else f"irf_{telescope}"
        write(tmp_path / f"{name}.fits", run, RESPONSES, header)
    areas = [float(one.aeff.table.values.max()) for one in DataStore.from_dir(tmp_path).get_observations()]
    assert areas == pytest.approx([1e9, 2e9])


def test_responses_that_may_be_of_any_run_are_asked_for(tmp_path, indexed):
    folder = tmp_path / "files"
    paths = [write(folder / f"run_{run.obs_id}.fits", run, EVENTS) for run in RUNS]
    irfs = [write(folder / "irf" / f"{name}.fits", RUNS[0], RESPONSES) for name in "ab"]
    for observation in DataStore.from_dir(folder).get_observations():
        with pytest.raises(
            DataError, match=r"Several files have an aeff, .* OBS_ID \d: a.fits, b.fits; wanted is one"
        ):
            _ = observation.aeff
    assert_same(DataStore.from_dir(folder, irfs=irfs[0]), indexed)
    assert_same(DataStore.from_events_files(paths, irfs=irfs[1]), indexed)
    (first, _) = DataStore.from_events_files(paths).get_observations()
    with pytest.raises(
        DataError, match=r"run_3.fits has no responses, .* wanted is one that is named \(irfs\)"
    ):
        _ = first.aeff
    with pytest.raises(DataError, match=r"run_3.fits has no responses"):
        DataStore.from_events_files(paths, irfs=paths[0])


def test_an_index_is_known_by_its_name_too(tmp_path):
    write(tmp_path / "run.fits", RUNS[0])
    index = fits.BinTableHDU(Table({"OBS_ID": [1], "RA_PNT": [83.6]}), name="OBS INDEX")
    index.writeto(tmp_path / "runs.fits")
    ((path, reason),) = DataStore.from_dir(tmp_path).left_out
    assert (path.name, reason) == ("runs.fits", "it is an index; the data store is its folder")


def test_runs_that_cannot_be_read_say_why_where_their_target_is_asked_for(tmp_path):
    for run in RUNS:
        write(tmp_path / f"run_{run.obs_id}.fits", run, EVENTS)
    with pytest.raises(MissingError, match=r"the first, 3: .*run_3.fits has no responses, .*irfs"):
        observations_of(tmp_path, "Crab")


def test_responses_that_are_named_are_taken_in_place_of_those_of_an_index(tmp_path, indexed):
    irf = write(tmp_path / "irf.fits", RunFile(aeff_m2=7e5), RESPONSES)
    store = DataStore.from_dir(tmp_path / "indexed", irfs=irf)
    assert [float(one.aeff.table.values.max()) for one in store.get_observations()] == pytest.approx(
        [7e9, 7e9]
    )
    # Other files outside of the store stay closed.
    with pytest.raises(DataError, match="leads out of the data store"):
        store.files.open(write(tmp_path / "other.fits", RUNS[0]))


def test_responses_that_are_named_are_read_in_other_processes_too(tmp_path, indexed):
    irf = write(tmp_path / "irf.fits", RunFile(aeff_m2=7e5), RESPONSES)
    store = DataStore.from_dir(tmp_path / "indexed", irfs=irf)
    copies = pickle.loads(pickle.dumps(list(store.get_observations())))
    assert [float(one.aeff.table.values.max()) for one in copies] == pytest.approx([7e9, 7e9])


def test_a_file_that_cannot_be_read_costs_itself_only(tmp_path):
    paths = [write(tmp_path / f"run_{run.obs_id}.fits", run) for run in RUNS]
    paths[0].write_bytes(paths[0].read_bytes()[:5000])
    store = DataStore.from_dir(tmp_path)
    first, second = store.get_observations()
    assert len(second.events) == 200
    with pytest.raises(DataError, match=r"run_3.fits is cut off"):
        _ = first.events
    assert first.run_id == RunId("", "run_3.fits")


def test_without_an_observation_index_the_headers_say_what_it_would(tmp_path, indexed):
    (tmp_path / "indexed" / "obs-index.fits.gz").unlink()
    store = DataStore.from_dir(tmp_path / "indexed")
    assert_same(store, indexed)
    assert not store.has_obs_index
    assert store.obs_table["TARGET_NAME"].tolist() == ["Crab", "Crab"]
    assert_same(DataStore.from_file(tmp_path / "indexed" / "hdu-index.fits.gz"), indexed)


def test_the_index_in_a_folder_of_the_folder_is_taken(tmp_path, indexed):
    assert_same(DataStore.from_dir(tmp_path), indexed)
    write_store(tmp_path / "again", RUNS)
    with pytest.raises(DataError, match="has HDU indices in again, indexed; wanted is one of these folders"):
        DataStore.from_dir(tmp_path)
    # Files beside the folder with the index are not overlooked.
    write(tmp_path / "run.fits", RunFile(9))
    assert DataStore.from_dir(tmp_path / ".").obs_ids.tolist() == [3, 5, 9]


def test_pieces_of_a_run_in_files_of_their_own_are_all_there(tmp_path):
    for number in range(3):
        start = START + 75 * number
        write(
            tmp_path / f"chunk_{number}.fits", RunFile(7, tstart=start, tstop=start + 75, n_events=number + 5)
        )
    store = DataStore.from_dir(tmp_path)
    assert store.obs_ids.tolist() == [7]
    assert [len(one.events) for one in store.get_observations()] == [5, 6, 7]
    assert [len(one.events) for one in store.get_observations([7])] == [5, 6, 7]


@pytest.mark.parametrize("column", [True, False])
def test_one_number_of_two_instruments_in_one_index_is_two_runs(tmp_path, column):
    for name, n_events in (("HESS", 20), ("MAGIC", 30)):
        write_store(
            tmp_path / name, [RunFile(4, telescope=name, n_events=n_events), RunFile(5, telescope="HESS")]
        )
    tables = {}
    for kind in ("hdu", "obs"):
        each = [Table.read(tmp_path / name / f"{kind}-index.fits.gz") for name in ("HESS", "MAGIC")]
        each[1] = each[1][each[1]["OBS_ID"] == 4]
        for name, table in zip(("HESS", "MAGIC"), each, strict=True):
            table.meta.clear()
            if kind == "hdu":
                table["FILE_DIR"] = [f"{name}/data"] * len(table)
            if kind == "obs" or column:
                table["TELESCOP"] = [name] * len(table)
        tables[kind] = vstack(each)
    store = DataStore(tables["hdu"], tables["obs"], tmp_path)
    assert len(store) == 3
    runs = store.get_observations()
    assert [one.run_id for one in runs] == [RunId("HESS", "4"), RunId("HESS", "5"), RunId("MAGIC", "4")]
    assert [len(one.events) for one in runs] == [20, 200, 30]
    assert len(store.obs(RunId("MAGIC", "4")).events) == 30
    assert [len(one.events) for one in store.get_observations([4])] == [20, 30]
    with pytest.raises(MissingError, match="OBS_ID 4 is there 2 times"):
        store.obs(4)


def test_the_stores_of_other_instruments(other_stores):
    def events_of(pattern):
        paths = sorted(other_stores.glob(pattern))
        return [len(fits.getdata(path, "EVENTS")) for path in paths]

    fact = DataStore.from_dir(other_stores / "fact")
    again = DataStore.from_events_files(
        sorted((other_stores / "fact").glob("2013*.fits")), other_stores / "fact" / "fact_irf.fits"
    )
    assert len(fact) == 125
    assert sorted(fact.obs_ids.tolist()) == sorted(again.obs_ids.tolist())
    assert all(one.has("aeff") and one.has("edisp") for one in again.get_observations())
    for folder, pattern in (("ctao_gammapy_written", "obs_*.fits.gz"), ("lst_like/point", "dl3*.fits")):
        paths = sorted((other_stores / folder).glob(pattern))
        store = DataStore.from_events_files(paths)
        assert [len(one.events) for one in store.get_observations()] == events_of(f"{folder}/{pattern}")
    top = DataStore.from_dir(other_stores / "ctao_1dc_dialect")
    assert [len(one.events) for one in top.get_observations()] == events_of("ctao_1dc_dialect/data/*")
