"""Data stores: index tables to observations, and sentences for every way in which they can mislead."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table, vstack
from dl3_files import RunFile, write_store

from tevcurve.data import DataStore, Observations
from tevcurve.data.targets import targets_of
from tevcurve.errors import DataError, InputError, MissingError
from tevcurve.problems import noted_remarks

RUNS = (RunFile(7, target="Crab"), RunFile(3, target="PKS 2155-304"), RunFile(5, target="Crab"))


@pytest.fixture(params=["folder, gzip", "folder", "one file, gzip", "one file"])
def store(request, tmp_path):
    """A store in each of the forms that stores come in."""
    one_file, compress = "one file" in request.param, "gzip" in request.param
    path = write_store(tmp_path / "store", RUNS, single_file=one_file, compress=compress)
    return DataStore.from_file(str(path)) if one_file else DataStore.from_dir(path)


def rewrite(path, name, change):
    """Change the columns (dict of arrays) of an index table in place."""
    table = Table.read(path)
    change(table)
    hdu = fits.BinTableHDU(table, name=name)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)


def test_the_tutorials_selection(store):
    mask = store.obs_table["TARGET_NAME"] == "Crab"
    assert mask.tolist() == [True, False, True]
    ids = store.obs_table["OBS_ID"][mask].data
    observations = store.get_observations(ids)
    assert isinstance(observations, Observations)
    assert observations.ids == [7, 5]
    assert [len(one.events) for one in observations] == [200, 200]


def test_tables_have_units_and_texts(store):
    assert isinstance(store.obs_table, Table)
    assert store.obs_table["RA_PNT"].unit == "deg"
    assert store.obs_table["TARGET_NAME"].dtype.kind == "U"
    assert set(store.hdu_table["HDU_TYPE"]) == {"events", "gti", "aeff", "edisp", "psf", "bkg"}
    assert len(store.hdu_table) == 18


def test_ids_in_any_form_and_order(store):
    assert store.get_observations().ids == store.obs_ids.tolist() == [7, 3, 5]
    assert store.get_observations(np.array([3, 7], dtype=np.int32)).ids == [3, 7]
    assert store.get_observations(one for one in (5,)).ids == [5]
    assert store.get_observations([]).ids == []
    assert store.obs(3).target_name == "PKS 2155-304"
    assert len(store) == 3


def test_ids_that_cannot_be_had_get_a_sentence(store):
    with pytest.raises(
        MissingError, match=r"OBS_ID 99 is not in the observation index of .*, which has 3 observations"
    ):
        store.get_observations([3, 99])
    with pytest.raises(InputError, match="OBS_ID 3 is asked for more than once"):
        store.get_observations([3, 5, 3])
    for ids in ([""], [3.0], [None], 3):
        with pytest.raises(InputError, match="wanted is a list of ints or texts"):
            store.get_observations(ids)


def test_it_says_what_it_holds(store):
    text, html = str(store), store._repr_html_()
    for words in ("DataStore", "3", "Crab (2), PKS 2155-304 (1)", "aeff_2d (3)", "bkg_3d (3)"):
        assert words in text
        assert words in html


def test_texts_are_escaped_in_the_notebook(tmp_path):
    store = DataStore.from_dir(write_store(tmp_path, [RunFile(target="<script>x</script>")]))
    assert "<script>" not in store._repr_html_()
    assert "<script>" not in store.get_observations()._repr_html_()


def test_environment_variables_are_put_in(tmp_path, monkeypatch):
    write_store(tmp_path / "store", RUNS)
    monkeypatch.setenv("MY_DATA", str(tmp_path))
    assert len(DataStore.from_dir("$MY_DATA/store")) == 3
    with pytest.raises(InputError, match=r"variable NO_DATA in the path .* is not set"):
        DataStore.from_dir("$NO_DATA/store")


def test_missing_files_get_a_sentence(tmp_path):
    with pytest.raises(DataError, match=r"The folder .*nowhere does not exist"):
        DataStore.from_dir(tmp_path / "nowhere")
    with pytest.raises(
        DataError, match=r"has neither hdu-index.fits.gz nor hdu-index.fits, and no FITS file\."
    ):
        DataStore.from_dir(tmp_path)
    with pytest.raises(DataError, match=r"The file .*nothing.fits does not exist"):
        DataStore.from_file(tmp_path / "nothing.fits")
    write_store(tmp_path)
    with pytest.raises(
        DataError, match=r"obs-index.fits.gz has no HDU_INDEX table .* it has the HDUs OBS_INDEX"
    ):
        DataStore.from_file(tmp_path / "obs-index.fits.gz")
    (tmp_path / "data" / "run_000001.fits.gz").unlink()
    observation = DataStore.from_dir(tmp_path).obs(1)
    with pytest.raises(DataError, match=r"The file .*run_000001.fits.gz does not exist"):
        observation.events  # noqa: B018


def test_an_index_table_is_told_by_its_columns(tmp_path):
    # Public MAGIC stores call the HDU index OBS_INDEX.
    write_store(tmp_path, RUNS)
    rewrite(tmp_path / "hdu-index.fits.gz", "OBS_INDEX", lambda table: None)
    assert len(DataStore.from_dir(tmp_path).obs(7).events) == 200


def test_an_index_without_a_column_gets_a_sentence(tmp_path):
    write_store(tmp_path, RUNS)
    rewrite(tmp_path / "hdu-index.fits.gz", "HDU_INDEX", lambda table: table.remove_column("HDU_CLASS"))
    with pytest.raises(
        DataError, match=r"hdu-index.fits.gz has no HDU_INDEX table with the columns .*HDU_CLASS"
    ):
        DataStore.from_dir(tmp_path)


def check_only_one_is_bad(folder, bad, words, good=(5,), **options):
    """The run of one OBS_ID cannot be read, for a reason; the others can."""
    observations = DataStore.from_dir(folder, **options).get_observations()
    with pytest.raises(DataError, match=words):
        _ = observations.by_id(bad).gti
    for obs_id in good:
        assert len(observations.by_id(obs_id).gti) == 1


def test_an_id_twice_in_the_index_costs_its_runs_only(tmp_path):
    write_store(tmp_path, [RunFile(4), RunFile(4, pointing=(80.0, 20.0)), RunFile(5)])
    assert DataStore.from_dir(tmp_path).obs_ids.tolist() == [4, 5]
    check_only_one_is_bad(tmp_path, 4, r"observation index of .* has OBS_ID 4 more than once")


def test_an_id_without_hdus_costs_its_run_only(tmp_path):
    write_store(tmp_path, RUNS)
    rewrite(
        tmp_path / "hdu-index.fits.gz", "HDU_INDEX", lambda table: table.remove_rows(table["OBS_ID"] == 3)
    )
    check_only_one_is_bad(tmp_path, 3, r"The HDU index of .* has no row for OBS_ID 3", good=(7, 5))


@pytest.mark.parametrize(
    ("folder", "file"), [("..", "x.fits"), ("data/../..", "x.fits"), ("/etc", "x.fits"), ("", "")]
)
def test_an_index_cannot_lead_out_of_the_store(tmp_path, folder, file):
    write_store(tmp_path, [RunFile(4), RunFile(5)])

    def change(table):
        for name, text in (("FILE_DIR", folder), ("FILE_NAME", file)):
            table[name] = np.where(table["OBS_ID"] == 4, text, table[name].astype(str))

    rewrite(tmp_path / "hdu-index.fits.gz", "HDU_INDEX", change)
    check_only_one_is_bad(
        tmp_path, 4, "sends OBS_ID 4 to .*; wanted is a file inside the folder of the store"
    )


def test_links_may_not_leave_the_store_unless_that_is_wanted(tmp_path):
    store, elsewhere = tmp_path / "store", tmp_path / "elsewhere"
    write_store(store, [RunFile(4), RunFile(5)], compress=False)
    elsewhere.mkdir()
    run = store / "data" / "run_000004.fits"
    run.rename(elsewhere / "run.fits")
    run.symlink_to(elsewhere / "run.fits")
    check_only_one_is_bad(
        store, 4, "run_000004.fits is a link that leads out of the data store .*follow_links=True"
    )
    assert len(DataStore.from_dir(store, follow_links=True).obs(4).gti) == 1
    # A link that stays inside is fine, and so is a store that is itself reached by a link.
    run.unlink()
    (elsewhere / "run.fits").rename(store / "moved.fits")
    run.symlink_to(store / "moved.fits")
    (tmp_path / "link").symlink_to(store)
    for folder in (store, tmp_path / "link"):
        assert len(DataStore.from_dir(folder).obs(4).gti) == 1


def test_an_index_that_leads_to_the_file_of_another_run(tmp_path):
    write_store(tmp_path, [RunFile(4, header={"OBS_ID": 9}), RunFile(5)])
    check_only_one_is_bad(tmp_path, 4, "has OBS_ID 9, and the index leads OBS_ID 4 to it")


def test_an_index_with_another_pointing_is_odd_and_noted(tmp_path, caplog):
    write_store(tmp_path, [RunFile(4), RunFile(5)])
    rewrite(tmp_path / "obs-index.fits.gz", "OBS_INDEX", lambda table: table["RA_PNT"].__setitem__(0, 80.0))
    observations = DataStore.from_dir(tmp_path).get_observations()
    for observation in observations:
        with noted_remarks() as first:
            assert observation.pointing.ra.deg == 83.63
        # Said once, and noted for everyone who reads.
        with noted_remarks() as again:
            assert observation.pointing.ra.deg == 83.63
        assert first == again
        assert [stage for stage, _ in first] == ["index"] * (observation.obs_id == 4)
    assert len(caplog.messages) == 1
    assert "has RA_PNT 80 and DEC_PNT 22.51 for OBS_ID 4" in caplog.messages[0]


@pytest.mark.parametrize("ids", [[4.5, 5.0], [np.nan, 5.0], [np.inf, 5.0]])
def test_an_obs_id_that_is_none_costs_its_row_only(tmp_path, ids):
    write_store(tmp_path, [RunFile(4), RunFile(5)])
    rewrite(
        tmp_path / "obs-index.fits.gz",
        "OBS_INDEX",
        lambda table: table.replace_column("OBS_ID", np.array(ids)),
    )
    assert DataStore.from_dir(tmp_path).obs_ids.tolist() == [5]


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("OBS_ID", [[1, 2]] * 6, "column OBS_ID of the HDU index of .* does not hold one number or text"),
        ("FILE_NAME", np.arange(6), "column FILE_NAME of the HDU index of .* does not hold one text"),
    ],
)
def test_index_columns_of_another_kind_get_a_sentence(tmp_path, name, values, words):
    write_store(tmp_path, [RunFile(4)])
    rewrite(
        tmp_path / "hdu-index.fits.gz",
        "HDU_INDEX",
        lambda table: table.replace_column(name, np.array(values)),
    )
    with pytest.raises(DataError, match=words):
        DataStore.from_dir(tmp_path).get_observations()


def test_the_hess_stores(hess_dl3_dr1):
    folder = DataStore.from_dir(hess_dl3_dr1)
    file = DataStore.from_file("$GAMMAPY_DATA/hess-dl3-dr1/hess-dl3-dr3-with-background.fits.gz")
    for store, bkg in ((folder, "bkg_3d"), (file, "bkg_2d")):
        assert len(store) == 105
        crab = store.obs_table["OBS_ID"][store.obs_table["TARGET_NAME"] == "Crab"].data
        assert crab.tolist() == [23523, 23526, 23559, 23592]
        rows = store.hdu_table[(store.hdu_table["OBS_ID"] == 23523) & (store.hdu_table["HDU_TYPE"] == "bkg")]
        assert rows["HDU_CLASS"].tolist() == [bkg]
    # The 2019 index sends the background to an HDU of the index file itself.
    address = file.obs(23523)._run._address("bkg")
    assert (address.path, address.hdu_name) == (
        hess_dl3_dr1 / "hess-dl3-dr3-with-background.fits.gz",
        "BKG0",
    )
    assert file.obs(23523).bkg is not None


def rewritten(folder, name, change):
    """The store in a folder with one of its index tables, an astropy `Table`, changed."""
    path = next(folder.glob(f"{name}-index.fits*"))
    with fits.open(path) as hdus:
        table = change(Table(hdus[1].data))
        made = fits.BinTableHDU(table, name=hdus[1].name)
        fits.HDUList([hdus[0].copy(), made]).writeto(path, overwrite=True)
    return DataStore.from_dir(folder)


def test_a_row_of_the_observation_index_may_be_repeated_word_for_word(tmp_path):
    write_store(tmp_path, [RunFile(1), RunFile(2)])
    store = rewritten(tmp_path, "obs", lambda table: vstack([table, table[:1]]))
    assert store.obs_ids.tolist() == [1, 2]
    with noted_remarks() as remarks:
        assert len(store.obs(1).events)
        assert len(store.obs(2).events)
    assert [
        stage for stage, words in remarks if "has the row of OBS_ID 1 more than once; once is" in words
    ] == ["index"]

    def other(table):
        again = table[:1].copy()
        again["RA_PNT"] += 1
        return vstack([Table(table[:2]), again])

    with pytest.raises(DataError, match="has OBS_ID 1 more than once"):
        rewritten(tmp_path, "obs", other).obs(1).events  # noqa: B018


@pytest.mark.parametrize("name", ["obs", "hdu"])
def test_numbers_of_runs_may_be_texts(tmp_path, name):
    write_store(tmp_path, [RunFile(1), RunFile(2)])

    def as_texts(table):
        table["OBS_ID"] = [f"{one:05d}" for one in table["OBS_ID"]]
        return table

    store = rewritten(tmp_path, name, as_texts)
    assert store.obs_ids.tolist() == [1, 2]
    assert len(store.obs(2).events) == len(DataStore.from_dir(tmp_path).obs(2).events) > 0


def test_runs_may_be_known_by_texts(tmp_path):
    # As CTAO has it; what is a whole number is one, in whatever row.
    runs = [RunFile("CTAO-North 10", seed=1), RunFile("CTAO-North 9", seed=2), RunFile("007", seed=3)]
    write_store(tmp_path, runs)
    store = DataStore.from_dir(tmp_path)
    assert store.obs_ids.tolist() == ["CTAO-North 10", "CTAO-North 9", 7]
    assert store.get_observations().ids == store.obs_ids.tolist()
    for obs_id, run in zip(store.obs_ids, runs, strict=True):
        observation = store.obs(obs_id)
        assert observation.obs_id == obs_id
        assert len(observation.events) == 200
        expected = DataStore.from_dir(tmp_path).get_observations([str(run.obs_id)])[0]
        np.testing.assert_array_equal(observation.events.time_s, expected.events.time_s)
        assert observation.run_id.obs_id == str(obs_id)
        assert store.get_observations().by_id(str(run.obs_id)).obs_id == obs_id
        assert store.obs(observation.run_id).obs_id == obs_id
    assert sorted(one.run_id.obs_id for one in store.get_observations())[0] == "7"
    ordered = sorted(one.run_id for one in store.get_observations())
    assert [one.obs_id for one in ordered] == ["7", "CTAO-North 9", "CTAO-North 10"]
    assert [target.obs_ids.tolist() for target in targets_of(store)] == [["CTAO-North 10", "CTAO-North 9", 7]]
    with pytest.raises(MissingError, match="OBS_ID CTAO-North 11 is not in the observation index"):
        store.obs("CTAO-North 11")
    with pytest.raises(InputError, match="OBS_ID CTAO-North 9 is asked for more than once"):
        store.get_observations(["CTAO-North 9", "CTAO-North 9 "])
    with pytest.raises(InputError, match="The OBS_IDs are 'CTAO-North 9'; wanted is a list"):
        store.get_observations("CTAO-North 9")


def test_a_file_of_another_run_is_refused_whatever_they_are_called(tmp_path):
    write_store(tmp_path, [RunFile("a 1", header={"OBS_ID": "a 2"}), RunFile("b", header={"OBS_ID": 5})])
    observations = DataStore.from_dir(tmp_path).get_observations()
    for observation, found in zip(observations, ("a 2", "5"), strict=True):
        with pytest.raises(
            DataError, match=f"has OBS_ID {found}, and the index leads OBS_ID {observation.obs_id}"
        ):
            observation.events  # noqa: B018


def test_runs_of_targets_where_the_index_has_rows_twice_or_without_a_number(tmp_path):
    write_store(tmp_path, [RunFile(1), RunFile(2, target="Mrk 421")])

    def twice(table):
        table = vstack([table, table[:1], table[:1]])
        table["OBS_ID"] = np.array([1.0, 2.0, 1.0, np.nan])
        table.remove_columns([name for name in ("TARGET_NAME", "OBJECT") if name in table.colnames])
        return table

    found = targets_of(rewritten(tmp_path, "obs", twice))
    assert {one.name: one.obs_ids.tolist() for one in found} == {"Crab": [1], "Mrk 421": [2]}


@pytest.mark.parametrize(
    ("column", "value", "altitude"),
    [("ALT_PNT", 61.5, 61.5), ("ZEN_PNT", 20.25, 69.75), ("ALT_PNT", np.nan, None), (None, 0.0, None)],
)
def test_what_a_header_does_not_say_of_the_pointing_the_index_does(tmp_path, column, value, altitude):
    # As in the files of FACT and MAGIC.
    missing = dict.fromkeys(("RA_PNT", "DEC_PNT", "ALT_PNT"))
    write_store(tmp_path, [RunFile(1, header=missing), RunFile(2)])

    def with_column(table):
        if column is not None:
            table[column] = [value, value]
        return table

    store = rewritten(tmp_path, "obs", with_column)
    with noted_remarks() as remarks:
        found = store.obs(1)
        assert (found.pointing.ra.deg, found.pointing.dec.deg) == RunFile().pointing
        if altitude is None:
            with pytest.raises(DataError, match="has no keyword ALT_PNT"):
                found.zenith  # noqa: B018
        else:
            assert found.zenith.to_value("deg") == 90 - altitude
    assert ["that of the observation index is taken" in words for _, words in remarks] == [True] * (
        2 + (altitude is not None)
    )
    # What the header says is not touched.
    assert store.obs(2).zenith.to_value("deg") == 25


def test_a_class_that_is_registered_later_is_found_in_an_index():
    from tevcurve.data.index_tables import _kind
    from tevcurve.irf.layout import RESPONSES

    assert _kind("PSF", "two_sigmas") == ("psf", "psf_two_sigmas")
    RESPONSES.register("two_sigmas", "somewhere:TwoSigmas")
    try:
        assert _kind("PSF", "two_sigmas") == ("psf", "two_sigmas")
    finally:
        RESPONSES.unregister("two_sigmas")
