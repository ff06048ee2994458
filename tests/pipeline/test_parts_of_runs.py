"""Parts of runs, files with one OBS_ID: what is expected of the whole run, in whatever parts and order it comes."""

import filecmp
import os
import shutil
from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from parts_of_runs import cut_run, night, values, write_night, write_run
from small_store import START, TARGET

from tevcurve import DataStore
from tevcurve.errors import DataError
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.lightcurve.variability.event_periods import z_n_search
from tevcurve.pipeline import light_curve
from tevcurve.pipeline.append import append_runs
from tevcurve.pipeline.given_data import open_stores
from tevcurve.store import Result, input_files, write_result

BANDS = [0.7, 2, 10] * u.TeV
NUMBERS = ("flux", "flux_err", "flux_errn", "flux_errp", "flux_ul", "sqrt_ts", "counts", "livetime")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_night(tmp_path_factory.mktemp("night"))


def curve(paths, method="1d", time_bins=None, **options):
    """(light curve of files, their observations)."""
    observations = [one for store in open_stores(list(paths)) for one in store.get_observations()]
    options = {"energy_edges": BANDS, "safe_energy": None} | options
    return light_curve(observations, TARGET, time_bins, method=method, **options), observations


def make(paths, folder, *args, **options):
    """A result of files in a folder."""
    made, observations = curve(paths, *args, **options)
    write_result(folder, made, inputs=input_files(observations))
    return made


def assert_same_folder(one, other, but=()):
    names = sorted(
        os.path.relpath(os.path.join(at, name), one) for at, _, names in os.walk(one) for name in names
    )
    names = [name for name in names if name not in but]
    assert filecmp.cmpfiles(one, other, names, shallow=False) == (names, [], [])


@pytest.mark.parametrize("time_bins", [by_run(), by_width("4 min")], ids=["run", "width"])
@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("3d", {}),
        ("3d", {"unbinned": True, "negative": True}),
        ("3d", {"background_error": 0.1}),
        ("1d", {}),
        ("1d", {"background": "shape"}),
        ("1d", {"background_error": 0.1, "negative": True}),
    ],
)
def test_parts_make_the_rows_of_the_whole_run(files, method, options, time_bins):
    """One background norm in a row, and ON and OFF counts of one run: as if it had come in one file."""
    others, parts, whole = files
    made, wanted = (
        curve(each, method, time_bins, **options)[0] for each in ([*others, *parts], [*others, whole])
    )
    assert len(made) == len(wanted)
    names = [name for name in NUMBERS if name in wanted.table.colnames]
    assert len(names) > 4
    assert values(made.table, ["time_min", "time_max"]) == pytest.approx(
        values(wanted.table, ["time_min", "time_max"]), abs=1e-12, rel=0
    )
    assert values(made.table, names) == pytest.approx(values(wanted.table, names), rel=1e-6, nan_ok=True)
    assert made.ledger.failed == ()
    assert np.sum(made.ledger.events["total"]) == np.sum(wanted.ledger.events["total"])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)], ids=["in order", "out of order"])
@pytest.mark.parametrize(
    ("method", "time_bins", "options"),
    [
        ("1d", by_run(), {}),
        ("3d", by_run(), {}),
        ("1d", by_width("4 min"), {}),
        ("3d", by_width("4 min"), {"systematics": [{"effect": "flux_scale", "sigma": 0.1, "by": "run"}]}),
        ("1d", by_width("4 min"), {"background": "shape"}),
    ],
)
def test_parts_one_by_one_are_all_at_once(files, tmp_path, method, time_bins, options, order):
    others, parts, _ = files
    make(others, tmp_path / "result", method, time_bins, **options)
    made = make([*others, *parts], tmp_path / "whole", method, time_bins, **options)
    for number in order:
        appended = append_runs(tmp_path / "result", [parts[number]]).appended
        assert [str(one) for one in appended.added] == ["2"]
        assert (appended.there, appended.left_out) == ((), ())
    assert_same_folder(tmp_path / "result", tmp_path / "whole")
    assert len(made.origin.runs) == 5
    if time_bins == by_run():
        assert len(made) == 2 * 3


def test_a_part_that_comes_twice_is_passed_over(files, tmp_path):
    others, parts, _ = files
    make([*others, parts[0]], tmp_path / "result")
    before = Result.read(tmp_path / "result")
    copy = shutil.copy(parts[0], tmp_path / "copy.fits")
    with open(copy, "ab") as stream:
        # Of another content: it has to be read.
        stream.write(bytes(2880))
    for path in (parts[0], copy):
        made = append_runs(tmp_path / "result", [path], strict=True)
        assert [str(one) for one in made.appended.there] == ["2"]
        assert made.appended.added == made.appended.left_out == ()
    assert Result.read(tmp_path / "result").provenance == before.provenance


@pytest.mark.parametrize("method", ["1d", "3d"])
def test_a_file_that_has_grown_takes_its_own_place(tmp_path, method):
    run = night()[1]
    path = tmp_path / "data" / "run.fits"
    for number, stop in enumerate((400.0, 900.0, 1680.0)):
        write_run(path, cut_run(run, START + 1800, START + 1800 + stop))
        if number == 0:
            make([path], tmp_path / "result", method, by_width("3 min"))
            continue
        made = append_runs(tmp_path / "result", [path])
        assert len(made.appended.added) == 1
        make([path], tmp_path / f"whole{number}", method, by_width("3 min"))
        assert_same_folder(tmp_path / "result", tmp_path / f"whole{number}")
    assert len(made.light_curve.origin.runs) == len(made.provenance["inputs"]) == 1


def test_good_time_of_a_growing_file_ends_with_its_last_event(tmp_path, caplog):
    """Also where that which is planned goes on; when it is whole, all of it counts, and nothing was said of a gap."""
    run, path = night()[1], tmp_path / "data" / "run.fits"
    first = cut_run(night()[0], START, START + 1680)
    make([write_run(tmp_path / "data" / "first.fits", first)], tmp_path / "result")
    some = replace(
        cut_run(run, run.tstart, run.tstart + 400), tstop=run.tstop, gti=((run.tstart, run.tstop),)
    )
    write_run(path, some)
    (observation,) = DataStore.from_events_files(path).get_observations()
    made = append_runs(tmp_path / "result", [observation.until_last_event()])
    good = made.light_curve.good_time
    assert list(good["stop"])[-1] == some.events["TIME"].max()
    assert made.light_curve.ledger.warnings == ()
    append_runs(tmp_path / "result", [write_run(path, run)])
    make([tmp_path / "data" / "first.fits", path], tmp_path / "whole")
    assert_same_folder(tmp_path / "result", tmp_path / "whole")


def test_of_all_parts_the_larger_ones_stay_in_whatever_order_they_come(files, tmp_path):
    others, parts, whole = files
    but = ("provenance.json", "checksums.sha256")
    make([*others, whole], tmp_path / "whole")
    make([*parts[:2], *others, whole, parts[2]], tmp_path / "together")
    make([*parts, *others], tmp_path / "result")
    append_runs(tmp_path / "result", [whole])
    for name in ("together", "result"):
        assert_same_folder(tmp_path / name, tmp_path / "whole", but)
    assert len(append_runs(tmp_path / "result", [parts[1]]).appended.there) == 1
    assert_same_folder(tmp_path / "result", tmp_path / "whole", but)


def test_parts_that_overlap_otherwise_are_a_problem(files, tmp_path, capsys):
    from tevcurve.cli.main import main

    others, parts, _ = files
    crossing = write_run(tmp_path / "crossing.fits", cut_run(night()[1], START + 2000, START + 2600))
    make([*others, parts[0]], tmp_path / "result")
    rows = (tmp_path / "result" / "light_curve.ecsv").read_bytes()
    for _ in range(2):
        assert main(["append", str(tmp_path / "result"), str(crossing), "--cache", "none"]) == 1
        said = capsys.readouterr()
        assert "added no run; left out 1 run (2)" in said.out
        assert "is there in parts that overlap" in said.err
    assert (tmp_path / "result" / "light_curve.ecsv").read_bytes() == rows
    (problem,) = Result.read(tmp_path / "result").light_curve.ledger.failed
    assert (problem.stage, problem.obs_id) == ("parts", "2")
    with pytest.raises(DataError, match="Run 2 cannot be used: OBS_ID 2 is there in parts that overlap"):
        append_runs(tmp_path / "result", [crossing], strict=True)
    # What overlapped others did so whatever else comes.
    made = append_runs(tmp_path / "result", [parts[1]])
    assert len(made.appended.added) == len(made.light_curve.ledger.failed) == 1
    curve_of_all, _ = curve([*others, parts[0], crossing])
    assert [one.stage for one in curve_of_all.ledger.failed] == ["parts"]


@pytest.mark.parametrize("cut", [5000, 40000])
def test_a_torn_part_is_told_and_taken_when_it_is_whole(files, tmp_path, cut):
    others, parts, _ = files
    torn = tmp_path / "data" / parts[1].name
    torn.parent.mkdir()
    content = parts[1].read_bytes()
    torn.write_bytes(content[:cut])
    make([others[0], parts[0]], tmp_path / "result")
    made = append_runs(tmp_path / "result", [parts[2], torn])
    assert len(made.appended.added) == 1
    assert len(made.appended.left_out) == len(made.light_curve.ledger.failed) == 1
    # A further part says nothing of the torn one.
    made = append_runs(tmp_path / "result", [others[1]])
    assert len(made.appended.added) == len(made.light_curve.ledger.failed) == 1
    torn.write_bytes(content)
    append_runs(tmp_path / "result", [torn])
    make([*others, parts[0], torn, parts[2]], tmp_path / "whole")
    assert_same_folder(tmp_path / "result", tmp_path / "whole")


def test_thousands_of_runs_with_parts(files, tmp_path, monkeypatch):
    """In files, part by part: larger parts that come later take the place of those that have rows already."""
    others, parts, whole = files
    wanted, _ = curve([*others, whole], "3d")
    monkeypatch.setattr("tevcurve.pipeline.engine.MANY", 1)
    monkeypatch.setattr("tevcurve.pipeline.engine.PART", 2)
    made, _ = curve([parts[0], parts[2], others[0], whole, parts[1], others[1]], "3d")
    assert values(made.table, ["flux"]).tobytes() == values(wanted.table, ["flux"]).tobytes()
    assert made.ledger.totals() == wanted.ledger.totals()


@pytest.mark.parametrize("method", ["1d", "3d"])
def test_what_is_asked_of_rows_of_parts(files, method):
    """Events, toys and rows put together again go by the same norms."""
    others, parts, whole = files
    made, wanted = (
        curve(each, method, by_width("6 min"))[0] for each in ([*others, *parts], [*others, whole])
    )
    name = "source_probability"
    one, other = (np.sort(np.asarray(each.events()[name])) for each in (made, wanted))
    assert one == pytest.approx(other, rel=1e-5)
    summaries = [each.variability(0, n_toys=20) for each in (made, wanted)]
    assert summaries[0].ts_var.value == pytest.approx(summaries[1].ts_var.value, rel=1e-5)
    # The level of a run is that of all of its parts: a period may be longer than one of these.
    powers = [
        z_n_search(each, np.array([1, 2, 3]) / 800 / u.s, band=0, n_toys=0).power for each in (made, wanted)
    ]
    assert powers[0] == pytest.approx(powers[1], rel=1e-4)
    blocks = [curve(each, method, "blocks")[0].table for each in ([*others, *parts], [*others, whole])]
    assert len(blocks[0]) > 6
    for name in ("time_min", "time_max", "counts"):
        np.testing.assert_array_equal(*(np.asarray(each[name]) for each in blocks))


def test_parts_of_one_run_that_are_nights_apart_are_told(files, tmp_path):
    """Perhaps other runs, all of OBS_ID 2."""
    others, parts, _ = files
    later = cut_run(night()[1], START + 1800, START + 2300)
    day = 86400.0
    later = replace(
        later,
        tstart=later.tstart + day,
        tstop=later.tstop + day,
        gti=((later.tstart + day, later.tstop + day),),
        events=later.events | {"TIME": later.events["TIME"] + day},
    )
    path = write_run(tmp_path / "later.fits", later)
    make([*others, parts[0]], tmp_path / "result")
    append_runs(tmp_path / "result", [path])
    for made in (Result.read(tmp_path / "result").light_curve, curve([*others, parts[0], path])[0]):
        (odd,) = made.ledger.warnings
        assert (str(odd.run_id), odd.stage) == ("2", "parts")
        # From the end of the first part to the beginning of the other.
        assert "are up to 24 h apart" in odd.reason
    assert curve([*others, *parts])[0].ledger.warnings == ()
