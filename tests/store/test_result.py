"""Results on disk: nothing is lost, nothing depends on when they were written, nothing is there by halves."""

import filecmp
import json
import logging
import os
import shutil
from dataclasses import fields
from itertools import pairwise

import astropy.units as u
import numpy as np
import pytest
from kept_runs import assert_same
from small_store import TARGET, make_store

from tevcurve import LightCurve, PowerLaw, light_curve
from tevcurve.errors import DataError, InputError, StoreError
from tevcurve.files import CHECKSUMS
from tevcurve.lightcurve.bins import by_counts, by_night, by_width
from tevcurve.lightcurve.interop.good_intervals import good_intervals
from tevcurve.lightcurve.io import read_table
from tevcurve.models import SpectralModel
from tevcurve.store import Result, input_files, write_result
from tevcurve.store.result_files import FORMAT

BANDS = [0.7, 2, 10] * u.TeV


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    return make_store(folder)


@pytest.fixture(scope="module", params=["3d", "1d"])
def made(request, store):
    """A light curve of three runs."""
    return make(store, request.param)


def make(store, method="1d", **options):
    options = {"energy_edges": BANDS, "safe_energy": None} | options
    return light_curve(store.get_observations(), TARGET, method=method, **options)


def assert_same_tables(one, other):
    assert one.colnames == other.colnames
    for name in one.colnames:
        np.testing.assert_array_equal(np.asarray(one[name]), np.asarray(other[name]), name)
        for word in ("unit", "description", "format"):
            assert getattr(one[name].info, word) == getattr(other[name].info, word), (name, word)


def same_files(one, other):
    names = sorted(str(path.relative_to(one)) for path in one.rglob("*") if path.is_file())
    return names and filecmp.cmpfiles(one, other, names, shallow=False) == (names, [], [])


def test_nothing_is_lost(made, tmp_path, store):
    config = {
        "target": "Crab",
        "energy_edges": "0.7 TeV, 10 TeV",
        "binsz": 0.1 + 0.2,
        "list": [1, None, True],
    }
    inputs = input_files(store.get_observations())
    folder = write_result(tmp_path / "result", made, config=config, inputs=inputs)
    result = Result.read(folder)
    back = result.light_curve
    assert_same_tables(back.table, made.table)
    assert list(back.meta.items()) == list(made.meta.items())
    for name in ("events", "seconds", "problems"):
        assert_same_tables(getattr(back.ledger, name), getattr(made.ledger, name))
    assert str(back.ledger) == str(made.ledger)
    assert (back.ledger.failed, back.ledger.warnings) == (made.ledger.failed, made.ledger.warnings)
    assert result.config == config
    assert result.provenance["inputs"] == inputs
    assert result.folder == folder
    assert len(back.origin.runs) == 3
    for number, run in enumerate(made.origin.runs):
        assert_same(back.origin.runs.read(number), run)


def test_both_formats_hold_the_light_curve(made, tmp_path):
    folder = write_result(tmp_path / "result", made)
    for name in ("light_curve.ecsv", "light_curve.fits"):
        assert_same_tables(LightCurve.read(folder / name).table, made.table)


def test_the_good_times_are_part_of_it(made, tmp_path):
    folder = write_result(tmp_path / "result", made)
    table = read_table(folder / "good_times.ecsv")
    expected = [(run.run_id.obs_id, *interval) for run in made.origin.runs for interval in run.gti.intervals]
    assert [tuple(row) for row in table["obs_id", "start", "stop"]] == expected
    assert len(expected) == 4
    reference = made.origin.runs[0].gti.reference
    assert set(table["mjdreff"]) == {reference.mjdreff}
    assert table["start"].unit == u.s


@pytest.mark.parametrize(
    "binning",
    [{"time_bins": by_width("3 min")}, {"time_bins": by_counts(40)}, {"energy_edges": [1, 3, 8] * u.TeV}],
)
def test_rebinned_from_disk_is_rebinned_from_memory(made, tmp_path, binning):
    folder = write_result(tmp_path / "result", made)
    one, other = made.rebin(**binning), Result.read(folder).light_curve.rebin(**binning)
    assert_same_tables(one.table, other.table)
    assert_same_tables(one.ledger.events, other.ledger.events)
    assert one.meta == other.meta


def test_what_else_asks_for_the_runs_gets_the_same(made, tmp_path):
    back = Result.read(write_result(tmp_path / "result", made)).light_curve
    assert_same_tables(back.hardness(), made.hardness())
    assert str(back.variability(band=0, n_toys=20)) == str(made.variability(band=0, n_toys=20))


def test_written_twice_it_is_the_same(made, tmp_path):
    one = write_result(tmp_path / "one", made, config={"a": 1})
    assert same_files(one, write_result(tmp_path / "two", made, config={"a": 1}))
    assert same_files(one, write_result(tmp_path / "three", Result.read(one).light_curve, config={"a": 1}))
    again = write_result(tmp_path / "one", made, config={"a": 1}, overwrite=True)
    assert same_files(again, tmp_path / "two")


def test_where_the_files_lie_makes_no_difference(store, tmp_path):
    shutil.copytree(store.base_dir, tmp_path / "elsewhere")
    moved = type(store).from_dir(tmp_path / "elsewhere")
    one, two = write_result(tmp_path / "one", make(store)), write_result(tmp_path / "two", make(moved))
    assert same_files(one, two)


def test_nothing_of_when_or_where_is_in_it(made, tmp_path):
    folder = write_result(tmp_path / "result", made, config={"a": 1})
    provenance = json.loads((folder / "provenance.json").read_text())
    assert sorted(provenance) == ["format", "inputs", "versions"]
    assert sorted(provenance["versions"]) == ["astropy", "numpy", "scipy", "tevcurve"]
    for path in folder.rglob("*"):
        assert path.is_dir() or str(tmp_path).encode() not in path.read_bytes()


def test_reading_a_result_reads_no_run(made, tmp_path):
    folder = write_result(tmp_path / "result", made)
    shutil.rmtree(folder / "runs")
    back = Result.read(folder).light_curve
    assert len(back) == len(made)
    with pytest.raises(DataError, match="of run 1 is not there"):
        back.rebin(by_night())


def test_runs_that_cannot_be_used_are_told(store, tmp_path):
    shutil.copytree(store.base_dir, tmp_path / "dl3")
    (tmp_path / "dl3" / "data" / "run_000002.fits.gz").write_bytes(b"no FITS")
    broken = type(store).from_dir(tmp_path / "dl3")
    lc = make(broken)
    result = Result.read(write_result(tmp_path / "result", lc, inputs=input_files(broken.get_observations())))
    assert [one.obs_id for one in result.light_curve.ledger.failed] == ["2"]
    assert result.light_curve.ledger.failed == lc.ledger.failed
    assert result.light_curve.origin.failed == lc.ledger.failed
    assert len(result.provenance["inputs"]) == 3


def test_a_light_curve_without_runs_is_kept_as_it_is(made, tmp_path):
    plain = LightCurve(made.table)
    result = Result.read(write_result(tmp_path / "result", plain))
    assert_same_tables(result.light_curve.table, made.table)
    assert result.light_curve.origin is None
    assert result.light_curve.ledger is None
    assert result.config is None


def test_runs_may_be_left_out(made, tmp_path):
    folder = write_result(tmp_path / "result", made, keep_runs=False)
    assert not (folder / "runs").exists()
    assert str(Result.read(folder).light_curve.ledger) == str(made.ledger)


class Hump(SpectralModel):
    """A spectrum of the user's own."""

    default_parameters = PowerLaw.default_parameters
    evaluate = staticmethod(
        lambda energy, index, amplitude, reference: amplitude * np.exp(-energy / reference)
    )


def test_what_cannot_be_written_is_said_and_leaves_nothing(store, tmp_path):
    lc = make(store, spectrum=Hump())
    with pytest.raises(InputError, match=r"spectral_model is a Hump, .*keep_runs=False"):
        write_result(tmp_path / "result", lc)
    assert os.listdir(tmp_path) == []
    assert len(Result.read(write_result(tmp_path / "result", lc, keep_runs=False)).light_curve) == len(lc)


def test_a_folder_that_is_there_is_not_replaced_unasked(made, tmp_path):
    (tmp_path / "result").mkdir()
    (tmp_path / "result" / "thesis.tex").write_text("...")
    with pytest.raises(StoreError, match="already there"):
        write_result(tmp_path / "result", made)
    with pytest.raises(StoreError, match="is no result of tevcurve; wanted is a new folder or a result"):
        write_result(tmp_path / "result", made, overwrite=True)
    assert os.listdir(tmp_path / "result") == ["thesis.tex"]


def test_what_else_lies_in_the_folder_stays(made, tmp_path):
    folder = write_result(tmp_path / "result", made)
    (folder / "notes.txt").write_text("mine")
    (folder / "talk").mkdir()
    (folder / "talk" / "figure.png").write_bytes(b"...")
    (folder / "talk" / "link").symlink_to("nowhere")
    write_result(folder, made, keep_runs=False, overwrite=True)
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "talk" / "figure.png").read_bytes() == b"..."
    assert os.readlink(folder / "talk" / "link") == "nowhere"
    assert not (folder / "runs").exists()


def test_what_is_no_light_curve_is_refused(tmp_path):
    with pytest.raises(InputError, match="wanted is a LightCurve"):
        write_result(tmp_path / "result", 3)


def test_what_is_no_result_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"is not a result of tevcurve: it has no file provenance\.json"):
        Result.read(tmp_path)
    (tmp_path / "provenance.json").write_text(f'{{"format": {FORMAT + 1}}}')
    with pytest.raises(
        DataError, match=f"is of the format {FORMAT + 1}; this version of tevcurve reads 1 to {FORMAT}"
    ):
        Result.read(tmp_path)


DAMAGE = {
    "provenance.json": [b"", b"[]", b'{"format": 2}', b"\xff"],
    "runs.json": [b"", b"{}", b'{"runs": [{}], "failed": []}', b'{"runs": 3, "failed": 0}'],
    "job.json": [
        b"",
        b"{}",
        b'{"format": 2}',
        b'{"format": 3, "plan": {}}',
        b'{"format": 3, "plan": {"$kind": "plan", "source": 1}}',
        b'{"format": 3, "plan": {"$kind": "setting rule", "default": 1, "of_instrument": [2]}}',
    ],
    "config.yaml": [b"a: [", b"- a", b"!!python/object/apply:os.getcwd []", b"\xff\xfe\x00"],
    "light_curve.fits": [b"", b"SIMPLE"],
    "ledger_events.ecsv": [b"", b"obs_id\n1\n"],
    "ledger_problems.ecsv": [b"# %ECSV 1.0\n"],
}


@pytest.mark.parametrize(
    ("name", "content"), [(name, each) for name, all_ in DAMAGE.items() for each in all_]
)
def test_damage_is_said_in_a_sentence(small_result, tmp_path, name, content):
    folder = tmp_path / "result"
    shutil.copytree(small_result, folder)
    (folder / CHECKSUMS).unlink()
    (folder / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        Result.read(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def small_result(store, tmp_path_factory):
    return write_result(tmp_path_factory.mktemp("small") / "result", make(store), config={"a": 1})


@pytest.mark.parametrize(
    "file", ["../../secret.run", "/etc/passwd.run", "a/b.run", "..", "", "x.txt", 3, None, "a\\b.run"]
)
def test_the_list_of_runs_does_not_lead_out_of_the_folder(small_result, tmp_path, file):
    folder = tmp_path / "result"
    shutil.copytree(small_result, folder)
    (folder / CHECKSUMS).unlink()
    listed = json.loads((folder / "runs.json").read_text())
    listed["runs"][0]["file"] = file
    (folder / "runs.json").write_text(json.dumps(listed))
    with pytest.raises(DataError, match="has an entry that cannot be used"):
        Result.read(folder)


def test_a_run_that_was_changed_is_not_taken(small_result, tmp_path):
    folder = tmp_path / "result"
    shutil.copytree(small_result, folder)
    (folder / CHECKSUMS).unlink()
    first, second = sorted((folder / "runs").iterdir())[:2]
    shutil.copy(second, first)
    with pytest.raises(DataError, match="is not the one that was written for run 1"):
        Result.read(folder).light_curve.rebin(by_night())


def test_the_result_says_what_it_is(small_result):
    words = repr(Result.read(small_result))
    assert "6 rows" in words
    assert len(words) < 300
    names = {"light_curve", "config", "provenance", "folder", "appended"}
    assert {field.name for field in fields(Result)} == names


def test_nothing_is_logged_for_a_good_result(small_result, caplog):
    with caplog.at_level(logging.DEBUG, logger="tevcurve"):
        Result.read(small_result)
    assert not caplog.records


def test_a_part_of_the_rows_has_its_ledger(made, tmp_path):
    back = Result.read(write_result(tmp_path / "result", made)).light_curve
    assert str(back[2:4].ledger) == str(made[2:4].ledger)
    assert_same_tables(back[2:4].ledger.seconds, made[2:4].ledger.seconds)


def test_the_good_time_is_known_without_reading_a_run(made, tmp_path):
    folder = write_result(tmp_path / "result", made)
    shutil.rmtree(folder / "runs")
    back = Result.read(folder).light_curve
    assert [run.gti for run in back.origin.runs] == [run.gti for run in made.origin.runs]
    assert [str(run.run_id) for run in back.ledger.runs] == ["1", "2", "3"]
    for one, other in zip(good_intervals(back), good_intervals(made), strict=True):
        assert np.array_equal(one.jd1, other.jd1)
        assert np.array_equal(one.jd2, other.jd2)


@pytest.mark.parametrize("binning", [by_counts(40), by_width("9 min")])
def test_the_time_bins_of_a_result_are_there_again(made, tmp_path, binning):
    lc = made.rebin(binning)
    back = Result.read(write_result(tmp_path / "result", lc)).light_curve
    bins, expected = back.ledger.time_bins, lc.ledger.time_bins
    assert (len(bins), bins.kind, bins.note) == (len(expected), expected.kind, expected.note)
    assert np.array_equal(bins.start_s, expected.start_s)
    assert np.array_equal(bins.pieces(back.ledger.runs).stop_s, expected.pieces(lc.ledger.runs).stop_s)


def test_a_result_that_is_replaced_while_it_is_read_is_read_whole(store, made, tmp_path, monkeypatch):
    folder = write_result(tmp_path / "result", made)
    other = made.rebin(by_night())
    read, calls = LightCurve.read, []

    def replaced_meanwhile(path, **options):
        calls.append(path)
        if len(calls) == 1:
            write_result(folder, other, overwrite=True)
        return read(path, **options)

    monkeypatch.setattr(LightCurve, "read", staticmethod(replaced_meanwhile))
    back = Result.read(folder).light_curve
    assert len(calls) == 2
    assert_same_tables(back.table, other.table)
    assert back.origin.time_bins == by_night()


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join(9 * ['*' + a])}]\n" for a, b in pairwise("abcdefghi")
)


@pytest.mark.parametrize(
    ("text", "words"), [("a: " + "[" * 10_000 + "]" * 10_000, "nested too deep"), (BOMB, "100000 values")]
)
def test_a_configuration_that_takes_all_memory_is_refused(small_result, tmp_path, text, words):
    folder = shutil.copytree(small_result, tmp_path / "result")
    (folder / CHECKSUMS).unlink()
    (folder / "config.yaml").write_text(text)
    with pytest.raises(DataError, match=words):
        Result.read(folder)
