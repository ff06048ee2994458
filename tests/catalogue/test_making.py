"""Catalogues made, gone on with after kills, and made anew: the same bytes, and each source as its own light curve."""

import gzip
import os
import shutil
import signal

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table
from dl3_files import write_store
from parts_of_runs import cut_run, night, values, write_night, write_run
from small_store import START, TARGET, run_file

import tevcurve
from tevcurve import DataStore
from tevcurve.catalogue import entries, making
from tevcurve.errors import DataError, InputError, MissingError, StoreError

OPTIONS = {"energy_edges": [0.7, 10] * u.TeV, "safe_energy": None}
NAMES = ["Crab", "η <b>north</b>", "far away"]
PLACES = {"name": NAMES, "ra": [TARGET.ra.deg] * 3, "dec": TARGET.dec.deg + np.array([0, 0.4, 20])}


def made(store, folder, **options):
    return tevcurve.light_curves(
        DataStore.from_dir(store), Table(PLACES), folder=folder, **(OPTIONS | options)
    )


def bytes_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def whole(kept_store, tmp_path_factory):
    """A catalogue that was made without a break, as bytes by name."""
    return made(kept_store, tmp_path_factory.mktemp("catalogue") / "whole")


@pytest.fixture
def counted(monkeypatch):
    """The runs that were worked on, in order."""
    ids, function = [], making.catalogue_run
    monkeypatch.setattr(
        making,
        "catalogue_run",
        lambda plan, group, strict: (ids.append(group.observations[0].obs_id), function(plan, group, strict))[
            1
        ],
    )
    return ids


def test_what_is_chosen_by_offset_stands_with_its_source_and_is_another_catalogue(
    kept_store, tmp_path, counted
):
    curves = made(kept_store, tmp_path / "chosen", choose={"offset": "<0.7 deg", "after": "2000-01-01"})
    told = curves.problems[np.asarray(curves.problems["kind"]) == "not chosen"]
    assert len(told)
    assert set(told["source"]) == {NAMES[1]}
    assert all(
        "deg beside the target; chosen are runs with offset <0.7 deg" in reason for reason in told["reason"]
    )
    assert int(curves.sources["n_rows"][1]) == int(curves.sources["n_rows"][0]) - len(told)
    page = (tmp_path / "chosen" / "index.html").read_text()
    assert f"{len(told)} run{'s are' if len(told) > 1 else ' is'} not chosen for one source" in page
    assert "is not chosen for η &lt;b&gt;north&lt;/b&gt;: It points" in page
    # The same goes on and reads nothing; another choice is another catalogue.
    n_read = len(counted)
    made(kept_store, tmp_path / "chosen", choose={"offset": "<0.7 deg"})
    assert len(counted) == n_read
    with pytest.raises(StoreError, match="a catalogue of other sources or settings"):
        made(kept_store, tmp_path / "chosen", choose={"offset": "<0.8 deg"})


def test_each_source_is_as_its_own_light_curve(kept_store, whole):
    assert list(whole) == NAMES
    for number, name in enumerate(NAMES[:2]):
        place = SkyCoord(PLACES["ra"][number], PLACES["dec"][number], unit="deg")
        own = tevcurve.light_curve(
            DataStore.from_dir(kept_store), place, unbinned=True, norm_values=None, **OPTIONS
        )
        curve = whole[name]
        assert curve.meta["source"] == name
        assert set(curve.table.colnames) == set(own.table.colnames)
        assert curve.table["time_min"].tolist() == own.table["time_min"].tolist()
        assert curve.table["status"].tolist() == own.table["status"].tolist()
        assert str(curve.table["flux"].unit) == str(own.table["flux"].unit)
        np.testing.assert_allclose(
            curve.table["norm"], own.table["norm"], atol=0.01 * np.max(own.table["norm_errp"])
        )
    row = whole.sources[0]
    assert row["n_rows"] == row["n_fluxes"] == 3
    assert row["livetime"] == pytest.approx(np.sum(whole["Crab"].table["livetime"]))
    assert row["n_near"] == 1


def test_a_source_outside_of_every_field_has_no_row(whole):
    assert len(whole["far away"]) == 0
    row = whole.sources[2]
    assert (row["n_rows"], row["livetime"]) == (0, 0)
    assert np.isnan(row["flux"])


def test_the_rows_of_all_are_one_table(whole):
    assert whole.table["source_name"].tolist() == [NAMES[0]] * 3 + [NAMES[1]] * 3
    with pytest.raises(MissingError, match="There is no source 'Vela'"):
        whole["Vela"]


def test_names_are_of_sources_in_any_spelling(whole):
    alike = whole.result(NAMES[0].upper().replace(" ", "_"))
    assert alike.light_curve.meta["source"] == NAMES[0]
    np.testing.assert_array_equal(alike.light_curve.table["flux"], whole[NAMES[0]].table["flux"])


def test_the_second_time_nothing_is_read(kept_store, whole, tmp_path, counted):
    shutil.copytree(whole.folder, tmp_path / "copy")
    made(kept_store, tmp_path / "copy")
    assert counted == []
    assert bytes_of(tmp_path / "copy") == bytes_of(whole.folder)


def test_processes_make_the_same(kept_store, whole, tmp_path):
    made(kept_store, tmp_path / "out", n_jobs=2)
    assert bytes_of(tmp_path / "out") == bytes_of(whole.folder)


def killed(store, folder, monkeypatch, module, name, after):
    """Whether a process that made the catalogue was killed in its call number `after` of a function."""
    child = os.fork()
    if not child:
        calls, function = [], getattr(module, name)

        def dying(*arguments, **options):
            calls.append(1)
            if len(calls) > after:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        try:
            monkeypatch.setattr(module, name, dying)
            made(store, folder)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.skipif(not hasattr(os, "fork"), reason="A process is forked to be killed.")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_kills_leave_nothing_that_shows(kept_store, whole, tmp_path, monkeypatch, counted):
    folder = tmp_path / "out"
    places = [
        (making, "write_file", 0),  # before anything
        (entries, "write_file", 1),  # with one entry
        (os, "replace", 1),  # an entry that is written and not in place
        (making, "write_long_table", 0),
        (making, "write_site", 0),
        (making, "checksums_text", 0),
    ]
    for place in places:
        assert killed(kept_store, folder, monkeypatch, *place), place
        if folder.exists():
            with pytest.raises(DataError, match=r"not finished|not a catalogue"):
                tevcurve.LightCurves.read(folder)
    # All entries were there: the last kills were behind them.
    made(kept_store, folder)
    assert counted == []
    assert bytes_of(folder) == bytes_of(whole.folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_a_changed_file_is_read_anew(store_copy, tmp_path, counted):
    made(store_copy, tmp_path / "out")
    before = bytes_of(tmp_path / "out")
    counted.clear()
    path = store_copy / "data" / "run_000002.fits.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[-3000] ^= 1
    path.write_bytes(gzip.compress(bytes(content)))
    made(store_copy, tmp_path / "out")
    assert counted == [2]
    names = [
        {name for name in each if name.suffix == ".rows"} for each in (before, bytes_of(tmp_path / "out"))
    ]
    assert list(map(len, names)) == [3, 3]
    assert len(names[0] & names[1]) == 2


def test_a_run_that_cannot_be_read_costs_itself_only(store_copy, tmp_path):
    (store_copy / "data" / "run_000002.fits.gz").write_bytes(b"no FITS")
    curves = made(store_copy, tmp_path / "out")
    assert curves.problems["obs_id"].tolist() == ["2"]
    assert "not a FITS file" in curves.problems["reason"][0]
    assert curves.sources["n_rows"].tolist() == [2, 2, 0]
    with pytest.raises(DataError, match="Run 2 cannot be used"):
        made(store_copy, tmp_path / "other", strict=True)
    shutil.rmtree(store_copy / "data")
    with pytest.raises(DataError, match="No run can be used"):
        made(store_copy, tmp_path / "other")


def test_a_damaged_entry_is_made_anew(kept_store, whole, tmp_path, counted):
    shutil.copytree(whole.folder, tmp_path / "out")
    path = sorted((tmp_path / "out" / "entries").iterdir())[1]
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    made(kept_store, tmp_path / "out")
    assert counted == [2]
    assert bytes_of(tmp_path / "out") == bytes_of(whole.folder)


def test_other_settings_do_not_replace_a_catalogue(kept_store, whole, tmp_path):
    shutil.copytree(whole.folder, tmp_path / "out")
    with pytest.raises(StoreError, match="has a catalogue of other sources or settings"):
        made(kept_store, tmp_path / "out", negative=True)
    assert bytes_of(tmp_path / "out") == bytes_of(whole.folder)
    other = made(kept_store, tmp_path / "out", negative=True, overwrite=True)
    assert np.min(other.table["flux"]) < 0
    assert len(list((tmp_path / "out" / "entries").iterdir())) == 3


def test_what_else_is_in_the_folder_stays(kept_store, whole, tmp_path):
    shutil.copytree(whole.folder, tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    made(kept_store, tmp_path / "out")
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


def test_another_folder_is_not_touched(kept_store, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="is no catalogue of tevcurve"):
        made(kept_store, tmp_path / "out")


def test_without_a_folder_the_files_go_with_the_record(kept_store):
    curves = made(kept_store, None)
    folder = curves.folder
    assert len(curves["Crab"]) == 3
    del curves
    assert not folder.exists()


def test_changed_files_are_refused(kept_store, whole, tmp_path):
    shutil.copytree(whole.folder, tmp_path / "out")
    path = tmp_path / "out" / "light_curves.fits"
    content = bytearray(path.read_bytes())
    content[9000] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"light_curves\.fits is not as it was written"):
        tevcurve.LightCurves.read(tmp_path / "out")
    tevcurve.LightCurves.read(tmp_path / "out", accept_changed=True)


def test_a_light_curve_says_what_makes_it_from_events(whole):
    with pytest.raises(
        InputError, match=r"one of the catalogue .* keeps rows and no events; `tevcurve light-curve DATA"
    ):
        whole["Crab"].rebin("5 min")


def test_a_catalogue_that_nothing_was_seen_of_is_refused(kept_store, tmp_path):
    far = Table({"name": ["far"], "ra": [0.0], "dec": [-50.0]})
    with pytest.raises(DataError, match=r"has a source of the catalogue in its field of view\.$"):
        tevcurve.light_curves(DataStore.from_dir(kept_store), far, folder=tmp_path / "out")


def test_what_is_odd_about_a_run_is_not_why_nothing_was_seen(tmp_path):
    late = ((START, START + 3360),)
    write_store(tmp_path / "dl3", [run_file(1, 11, START, (83.63, 22.51), gti=late, tstop=START + 3360)])
    far = Table({"name": ["far"], "ra": [0.0], "dec": [-50.0]})
    with pytest.raises(DataError, match=r"has a source of the catalogue in its field of view\.$"):
        tevcurve.light_curves(DataStore.from_dir(tmp_path / "dl3"), far, folder=tmp_path / "out")


def test_what_cannot_be_done_is_refused(kept_store, tmp_path):
    with pytest.raises(InputError, match="n_jobs is 0"):
        made(kept_store, tmp_path / "out", n_jobs=0)
    with pytest.raises(InputError, match="light_curves takes no method"):
        made(kept_store, tmp_path / "out", method="1d")
    assert not (tmp_path / "out").exists()


def test_entries_do_not_depend_on_where_the_data_lie(kept_store, tmp_path):
    """Not in what they say of odd runs, either."""
    folders = [tmp_path / "a" / "dl3", tmp_path / "b" / "somewhere" / "else"]
    shutil.copytree(kept_store, folders[0])
    with fits.open(folders[0] / "data" / "run_000003.fits.gz", mode="update") as hdus:
        hdus["EVENTS"].data["ENERGY"][:5] = -1
    (folders[0] / "data" / "run_000002.fits.gz").write_bytes(b"no FITS")
    shutil.copytree(*folders)
    for folder in folders:
        made(folder, folder.parent / "out")
    one, other = (bytes_of(folder.parent / "out") for folder in folders)
    assert {name.suffix for name in one if one[name] != other[name]} <= {".json", ".sha256"}
    problems = tevcurve.LightCurves.read(folders[0].parent / "out").problems
    assert {"2", "3"} == set(problems["obs_id"].tolist())
    assert not any(str(tmp_path) in reason for reason in problems["reason"])


def test_neighbours_are_fitted_with_a_source_and_told(kept_store, whole):
    """Neighbours of 0.25 deg: the fluxes are those of a light curve with both in its models."""
    places = Table(
        {
            "name": ["Crab", 'beside; "it"'],
            "ra": [TARGET.ra.deg] * 2,
            "dec": TARGET.dec.deg + np.array([0, 0.25]),
        }
    )
    places["neighbours"] = ["near", ""]
    curves = tevcurve.light_curves(DataStore.from_dir(kept_store), places, **OPTIONS)
    crab, beside = curves["Crab"], curves['beside; "it"']
    assert crab.meta["other_sources"] == 'beside; "it" (free in each row)'
    assert crab.meta["models"][0].startswith('beside; "it": SkyPointSource at 83.63')
    assert "not_in_the_model" not in crab.meta
    assert beside.meta["not_in_the_model"] == "1 other of the catalogue within 0.5 deg"
    with pytest.raises(
        InputError, match=r'--models FILE` makes it from .* its neighbours beside; "it" in FILE'
    ):
        crab.rebin("5 min")
    assert curves.sources["n_near"].tolist() == [0, 1]
    assert "1 source has others of the catalogue" in curves.table.meta["not_in_the_model"]
    models = [
        tevcurve.SkyModel(tevcurve.SkyPointSource(*place), tevcurve.PowerLaw(index=2.5), name=name)
        for name, place in (
            ("Crab", (TARGET.ra, TARGET.dec)),
            ("beside", (TARGET.ra, TARGET.dec + 0.25 * u.deg)),
        )
    ]
    own = tevcurve.light_curve(
        DataStore.from_dir(kept_store),
        TARGET,
        name="Crab",
        models=models,
        unbinned=True,
        norm_values=None,
        **OPTIONS,
    )
    np.testing.assert_allclose(
        crab.table["norm"], own.table["norm"], atol=0.02 * np.max(own.table["norm_errp"])
    )


def test_parts_of_a_run_make_the_rows_of_the_whole_one_and_no_event_counts_twice(tmp_path):
    others, parts, whole = write_night(tmp_path / "files")
    run = night()[1]
    copy = shutil.copy(parts[1], tmp_path / "copy.fits")
    larger = write_run(tmp_path / "larger.fits", cut_run(run, run.tstart, run.tstart + 1000))
    across = write_run(tmp_path / "across.fits", cut_run(run, run.tstart + 700, run.tstart + 1300))

    def of(*paths, time_bins="10 min"):
        observations = DataStore.from_events_files([*others[:1], *paths]).get_observations()
        return tevcurve.light_curves(observations, Table(PLACES), time_bins=time_bins, **OPTIONS)

    def check(found, wanted, n_problems=0):
        names = ["livetime", "counts", "flux", "flux_err", "flux_ul", "ts"]
        for name in NAMES[:2]:
            tables = (values(each[name].table, names) for each in (found, wanted))
            np.testing.assert_allclose(*tables, rtol=1e-6, atol=1e-14)
        chances = (np.asarray(each.sources["p_in_runs"]) for each in (found, wanted))
        np.testing.assert_allclose(*chances, rtol=1e-9)
        assert len(found.problems) == n_problems

    check(of(*parts, time_bins=None), of(whole, time_bins=None))
    wanted = of(whole)
    check(of(*parts, larger), wanted)
    for more in (copy, across):
        check(of(*parts, more), wanted, 1)
