"""Which runs a name or a position means, in a store whose pointings are known."""

from contextlib import nullcontext

import astropy.units as u
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table
from dl3_files import START, RunFile, write_store

from tevcurve import DataStore
from tevcurve.data import Observations
from tevcurve.errors import InputError, MissingError
from tevcurve.pipeline.given_data import open_stores
from tevcurve.pipeline.targets import observations_of, runs_of_target, spelled_target
from tevcurve.problems import noted_remarks

CRAB = SkyCoord(83.63, 22.01, unit="deg")
HERE = {"RA_OBJ": 83.63, "DEC_OBJ": 22.01}


def run(obs_id, target, distance, **changes):
    """A run that points so far away from the Crab, in deg."""
    pointing = CRAB.directional_offset_by(40 * u.deg, distance * u.deg)
    start = START + 2000 * obs_id
    place = {"pointing": (pointing.ra.deg, pointing.dec.deg), "tstart": start, "tstop": start + 1000}
    return RunFile(obs_id, target, n_events=3, **place, **changes)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    runs = (
        run(1, "Crab Nebula", 0.5, header=HERE),
        run(2, "Crab Nebula", 2.49, header=HERE),
        run(3, "Crab Nebula", 2.51, header=HERE),
        run(4, "Geminga", 10),
        run(5, "PKS 2155-304", 100),
    )
    return DataStore.from_dir(write_store(tmp_path_factory.mktemp("store"), runs))


def ids(observations):
    return [one.obs_id for one in observations]


def test_a_position_means_the_runs_that_point_near_it(store):
    found, position = observations_of(store, CRAB.galactic)
    assert ids(found) == [1, 2]
    assert position.separation(CRAB) < 1e-9 * u.deg
    with pytest.raises(
        MissingError, match=r"^No observation of the store points within 2.5 deg of the target\.$"
    ):
        observations_of(store, SkyCoord(10, -60, unit="deg"))


def test_who_gives_observations_gets_them_all(store):
    runs = store.get_observations([5, 1])
    for given in (runs, Observations(runs), iter(runs)):
        found, _ = observations_of(given, CRAB)
        assert ids(found) == [5, 1]
    assert ids(observations_of(runs[0], CRAB)[0]) == [5]


def test_a_name_means_the_runs_of_the_index_and_their_position(store):
    found, position = observations_of(store, "Crab Nebula")
    assert ids(found) == [1, 2, 3]
    assert position.separation(CRAB) < 1e-9 * u.deg


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("crab", "did you mean 'Crab Nebula'?"),
        ("PKS 2155+304", "did you mean 'PKS 2155-304'?"),
        ("M 87", "it has Crab Nebula, Geminga, PKS 2155-304."),
    ],
)
def test_a_name_that_is_not_there_gets_those_that_it_may_be(store, name, words):
    with pytest.raises(MissingError) as caught:
        runs_of_target(store, name)
    assert str(caught.value) == f"The index has no target {name!r}; {words}"


@pytest.mark.parametrize("name", ["crab nebula", "CRAB_NEBULA", "CrabNebula", " crab  nebula "])
def test_case_and_blanks_of_a_name_make_no_difference(store, name):
    assert ids(runs_of_target(store, name)) == [1, 2, 3]
    assert spelled_target([store], name) == "Crab Nebula"


def test_a_hyphen_is_a_hyphen_and_no_plus(store):
    assert ids(runs_of_target(store, "pks2155\u2212304")) == [5]
    assert spelled_target([store], "pks2155\u2013304") == "PKS 2155-304"
    assert spelled_target([store], "pks2155+304") == "pks2155+304"


def test_short_names_are_those_of_the_index_only(tmp_path):
    folder = write_store(tmp_path, [run(1, "RX J1713.7-3946", 0.5, header=HERE), run(2, "Geminga", 10)])
    path = folder / "obs-index.fits.gz"
    table = Table.read(path)
    table["TARGET_TAG"] = ["rxj1713", "geminga"]
    table.write(path, overwrite=True)
    store = DataStore.from_dir(folder)
    assert ids(runs_of_target(store, "RXJ1713")) == [1]
    with pytest.raises(MissingError, match="has no target 'Sgr A'"):
        runs_of_target(store, "Sgr A")


def test_headers_may_say_more_than_the_name(store):
    runs = store.get_observations()
    assert ids(runs_of_target(runs, "Crab")) == [1, 2, 3]
    assert ids(runs_of_target(runs, "gem")) == [4]
    with pytest.raises(
        MissingError, match="they have Crab Nebula, Geminga, PKS 2155-304; or give a position"
    ):
        runs_of_target(runs, "M 87")
    with pytest.raises(MissingError, match=r"has the target 'Nebula'; did you mean 'Crab Nebula'\?$"):
        runs_of_target(runs, "Nebula")


@pytest.mark.parametrize("single_file", [False, True])
def test_a_path_is_a_store(tmp_path, monkeypatch, single_file):
    monkeypatch.setenv("DL3_FOLDER", str(tmp_path))
    path = write_store(tmp_path, (run(1, "Crab", 0.5),), single_file=single_file)
    for given in (path, str(path), str(path).replace(str(tmp_path), "$DL3_FOLDER")):
        assert ids(observations_of(given, CRAB)[0]) == [1]
        assert list(open_stores(given)[0].obs_table["OBS_ID"]) == [1]


@pytest.mark.parametrize(
    ("given", "target", "words"),
    [
        (3, CRAB, "observations is a int; wanted are Observations, a DataStore or its path"),
        ([], None, "target is None; wanted is one SkyCoord, or the name of a target in the index"),
        ([], SkyCoord([1, 2], [3, 4], unit="deg"), "wanted is one SkyCoord"),
    ],
)
def test_what_is_neither_is_refused(given, target, words):
    with pytest.raises(InputError, match=words):
        observations_of(given, target)


@pytest.mark.parametrize(
    "header",
    [
        {"RA_OBJ": CRAB.ra.deg + 360, "DEC_OBJ": CRAB.dec.deg},
        {"RA_OBJ": CRAB.ra.deg, "DEC_OBJ": CRAB.dec.deg},
        {"RA_OBJ": 0, "DEC_OBJ": 0},
        {},
    ],
)
def test_the_position_of_a_target_is_the_headers_or_that_of_the_index(tmp_path, header):
    write_store(tmp_path, [run(1, "Crab", 0.5, header=header)])
    path = tmp_path / "obs-index.fits.gz"
    table = Table.read(path)
    table["RA_PNT"] += 360
    missing = not header or header["RA_OBJ"] == 0
    with pytest.raises(InputError, match="wanted is a SkyCoord") if missing else nullcontext():
        assert observations_of(DataStore.from_dir(tmp_path), "Crab")[1].separation(CRAB) < 1e-9 * u.deg
    table["RA_OBJ"], table["DEC_OBJ"] = [CRAB.ra.deg + 360], [CRAB.dec.deg]
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(table, name="OBS_INDEX")]).writeto(path, overwrite=True)
    store = DataStore.from_dir(tmp_path)
    assert observations_of(store, "Crab")[1].separation(CRAB) < 1e-9 * u.deg
    with noted_remarks() as remarks:
        assert ids(observations_of(store, CRAB)[0]) == [1]
        assert observations_of(store, CRAB)[0][0].pointing_lonlat
    assert not remarks


def test_stores_that_do_not_know_a_name_are_searched_at_its_position(tmp_path, caplog):
    known = write_store(tmp_path / "known", [RunFile(1, target="Crab", header=HERE)])
    called = write_store(
        tmp_path / "called", [RunFile(1, target="M1 nebula"), RunFile(2, target="M1 nebula")]
    )
    far = write_store(tmp_path / "far", [RunFile(7, target="Vela", pointing=(128.8, -45.2))])
    observations, position = observations_of([known, called, far], "Crab")
    assert [one.obs_id for one in observations] == [1, 1, 2]
    assert position.separation(CRAB) < 1e-6 * u.deg
    assert "'Crab' is not known to " in caplog.text
    assert "which is searched at the position that the others have for it" in caplog.text
    assert "Nothing is taken of" in caplog.text
    # Single observations among them, as well.
    singles = [*DataStore.from_dir(called).get_observations(), *DataStore.from_dir(far).get_observations()]
    observations, _ = observations_of([DataStore.from_dir(known), *singles], "Crab")
    assert [one.obs_id for one in observations] == [1, 1, 2]
    with pytest.raises(MissingError, match=r"no target 'Geminga'.*no target 'Geminga'"):
        observations_of([known, far], "Geminga")


def test_an_index_beside_files_that_are_given_themselves_is_left_out(tmp_path, caplog):
    folder = write_store(tmp_path, (run(1, "Crab", 0.5), run(2, "Crab", 0.5)))
    for path in (folder / "data").iterdir():
        path.rename(folder / path.name)
    (one,) = open_stores(sorted(folder.glob("*.fits.gz")))
    assert one.obs_ids.tolist() == [1, 2]
    assert [path.name for path, _ in one.left_out] == ["hdu-index.fits.gz", "obs-index.fits.gz"]
    assert "hdu-index.fits.gz (it is an index; the data store is its folder)" in caplog.text
