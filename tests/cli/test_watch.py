"""`tevcurve watch`: a night in parts, in any order, torn, twice, and after kills, is one call at the end."""

import json
import os
import shutil
import signal
import sys
import threading
from dataclasses import replace
from time import monotonic, sleep

import numpy as np
import pytest
from astropy.io import fits
from parts_of_runs import cut_run, night, parts_of, write_run
from small_store import START, run_file

from tevcurve.cli import on_watch, watching
from tevcurve.cli.alert_file import AlertFile
from tevcurve.cli.main import main
from tevcurve.cli.page_process import PageProcess
from tevcurve.live.alerts import standing
from tevcurve.live.replay import replay
from tevcurve.store import Result
from tevcurve.store.one_writer import only_writer

FLUX = "4e-12 cm-2 s-1"
CURVE = ["--energy", "0.7TeV,10TeV", "--method", "1d", "--time-bins", "5min", "--safe-energy", "none"]
LINE = ["--position", "83.63 22.01", "--baseline-flux", FLUX, "--alarms-per", "100 h", "--poll", "0.01 s"]
EDGES = (0.0, 560.0, 1120.0, 1680.0)


@pytest.fixture(autouse=True)
def in_own_folder(tmp_path, monkeypatch):
    """Thresholds of simulations take seconds; one that is given is as good for what is tested here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tevcurve.live.replay._log_threshold", lambda settings, *places: np.log(1e5))


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Paths of the parts of three runs, in the order of time; the source is there in the first third of each."""
    folder = tmp_path_factory.mktemp("night")
    cut = [part for run in night() for part in parts_of(run, EDGES)]
    return [write_run(folder / f"part{number}.fits", one) for number, one in enumerate(cut)]


@pytest.fixture(scope="module")
def at_once(parts, tmp_path_factory):
    """(rows as bytes, records of alerts) of a light curve of all parts, made and replayed without any watching."""
    folder = tmp_path_factory.mktemp("whole")
    words = ["light-curve", *map(str, parts), "--target", "83.63 22.01", "--position", "83.63 22.01", *CURVE]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setattr("tevcurve.live.replay._log_threshold", lambda settings, *places: np.log(1e5))
        assert main([*words, "-o", str(folder / "result")]) == 0
        found = replay(Result.read(folder / "result").light_curve, FLUX, alarms_per="100 h")
    return rows(folder / "result"), found.records(is_recent=True)


def rows(result):
    return (result / "light_curve.ecsv").read_bytes()


def told(tmp_path, name="result"):
    return [json.loads(line) for line in (tmp_path / f"{name}.alerts.jsonl").read_text().splitlines()]


def instead(options, more):
    """Options, each with its value, with more of these in place of those of the same names."""
    pairs = zip(options[::2], options[1::2], strict=True)
    return [word for pair in pairs if pair[0] not in more for word in pair] + list(more)


def once(*more):
    return main(["watch", "data", *instead(["-o", "result", *LINE, *CURVE], more), "--once"])


def come(path, *paths):
    path.mkdir(exist_ok=True)
    for one in paths:
        shutil.copy(one, path / one.name)


def test_parts_in_the_order_of_time_are_one_call_at_the_end_byte_for_byte(parts, at_once, tmp_path, capsys):
    for k in range(0, 9, 3):
        come(tmp_path / "data", *parts[k : k + 3])
        assert once() == 3
    assert rows(tmp_path / "result") == at_once[0]
    assert told(tmp_path) == at_once[1]
    assert len(standing(at_once[1])) >= 2
    # Nothing new: nothing is told, the file is the same, and it still says that an alarm stands.
    before = (tmp_path / "result.alerts.jsonl").read_bytes()
    capsys.readouterr()
    assert once() == 3
    assert (tmp_path / "result.alerts.jsonl").read_bytes() == before
    out = capsys.readouterr().out
    assert "stand" in out
    assert "initial" not in out


def test_parts_out_of_order_have_the_same_rows_and_standing_alerts(parts, at_once, tmp_path):
    order = (8, 3, 5, 0, 1, 7, 2, 4, 6)
    for k in range(0, 9, 3):
        come(tmp_path / "data", *(parts[number] for number in order[k : k + 3]))
        once()
    assert rows(tmp_path / "result") == at_once[0]
    assert standing(told(tmp_path)) == standing(at_once[1])


def test_a_part_that_is_torn_is_told_and_taken_when_it_is_whole(parts, at_once, tmp_path, capsys):
    come(tmp_path / "data", *parts)
    torn = tmp_path / "data" / parts[3].name
    content = torn.read_bytes()
    torn.write_bytes(content[: len(content) // 2])
    once()
    assert str(parts[3].name) in capsys.readouterr().err
    assert len(Result.read(tmp_path / "result").light_curve.origin.runs) == 8
    torn.write_bytes(content)
    # The same part twice, under another name.
    shutil.copy(parts[2], tmp_path / "data" / "twice.fits")
    assert once() == 3
    assert rows(tmp_path / "result") == at_once[0]
    assert standing(told(tmp_path)) == standing(at_once[1])


@pytest.mark.parametrize(
    ("place", "name"), [(watching, "new_records"), (AlertFile, "_hand_on")], ids=["alerts", "command"]
)
def test_killed_and_begun_again_tells_the_same(parts, at_once, tmp_path, monkeypatch, place, name):
    """Between the result and its alerts, and between these and the command."""
    command = f"{sys.executable} -S -c 'import sys; sys.stdout.write(sys.stdin.read())' >> handed.jsonl"
    come(tmp_path / "data", *parts[:4])
    once("--on-alert", command)
    come(tmp_path / "data", *parts[4:])

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(place, name, killed)
        assert once("--on-alert", command) == 130
    assert once("--on-alert", command) == 3
    assert rows(tmp_path / "result") == at_once[0]
    assert told(tmp_path) == at_once[1]
    assert (tmp_path / "handed.jsonl").read_bytes() == (tmp_path / "result.alerts.jsonl").read_bytes()


def test_a_process_that_stays_takes_what_comes_until_it_is_told_to_end(parts, at_once, tmp_path, capsys):
    come(tmp_path / "data")

    def write_and_end():
        for part in parts:
            shutil.copy(part, tmp_path / "data" / f".{part.name}")
            os.rename(tmp_path / "data" / f".{part.name}", tmp_path / "data" / part.name)
            sleep(0.05)
        end = monotonic() + 200
        while monotonic() < end and not is_there():
            sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    def is_there():
        path = tmp_path / "result.alerts.jsonl"
        # The last part brings no alert, and is waited for, too.
        all_told = path.exists() and len(path.read_text().splitlines()) == len(at_once[1])
        return all_told and rows(tmp_path / "result") == at_once[0]

    writer = threading.Thread(target=write_and_end)
    writer.start()
    code = main(["watch", "data", "-o", "result", *LINE, *CURVE])
    writer.join()
    assert code == 0
    assert "Stopped. " in capsys.readouterr().out
    assert rows(tmp_path / "result") == at_once[0]
    assert told(tmp_path) == at_once[1]


def test_a_file_that_grows_is_taken_up_to_its_last_event(tmp_path, monkeypatch):
    run = night()[0]
    path, shown, good = tmp_path / "data" / "run.fits", [], []
    monkeypatch.setattr(watching, "write_page", lambda outputs, result: shown.append(len(good)))
    monkeypatch.setattr(PageProcess, "begin", lambda process: shown.append(len(good)))

    def written(seconds):
        some = cut_run(run, run.tstart, run.tstart + seconds)
        # The good time of the file is that which is planned.
        write_run(path, replace(some, tstop=run.tstop, gti=((run.tstart, run.tstop),)))
        return some.events["TIME"].max()

    def stay(watch, poll_s, stop):
        written(300)
        watch.look()
        assert watch.result is None
        for seconds in (600, 900):
            last = written(seconds)
            watch.look()
            watch.show()
            good.append(watch.result.light_curve.good_time["stop"][-1] - last)
        write_run(path, run)
        for _ in range(2):
            watch.look()
        good.append(watch.result.light_curve.good_time["stop"][-1] - run.tstop)
        watch.show(at_once=True)

    come(tmp_path / "data")
    monkeypatch.setattr(on_watch, "stay", stay)
    assert main(["watch", "data", "-o", "result", *LINE, *CURVE, "--report", "page.html"]) == 0
    assert good == pytest.approx([0, 0, 0], abs=1e-6)
    # Pages are made at most every 30 s, and at the end.
    assert shown == [0, 3]


def test_a_file_that_grows_seldom_is_taken_up_to_its_last_event(tmp_path, capsys):
    """It is the same in many looks, and says from the beginning which good time is planned."""
    run = night()[0]
    path = tmp_path / "data" / "run.fits"
    come(tmp_path / "data")
    for seconds in (300, 600, 1680):
        some = cut_run(run, run.tstart, run.tstart + seconds)
        write_run(path, replace(some, tstop=run.tstop, gti=((run.tstart, run.tstop),)))
        once()
        told = capsys.readouterr().err
        assert ("The events in run.fits end" in told) == (seconds < 1680)
        good = Result.read(tmp_path / "result").light_curve.good_time["stop"][-1]
        assert good == (run.tstop if seconds == 1680 else some.events["TIME"].max())
    write_run(tmp_path / "whole" / "run.fits", run)
    assert main(["watch", "whole", "-o", "other", *LINE, *CURVE, "--once"]) in (0, 3)
    assert rows(tmp_path / "result") == rows(tmp_path / "other")


def test_a_file_whose_events_end_early_is_in_the_end_what_any_call_makes_of_it(tmp_path, capsys, monkeypatch):
    """As long as more may come its good time ends with the last event, and then where it says."""
    run = night()[0]
    some = cut_run(run, run.tstart, run.tstart + 600)
    path = write_run(
        tmp_path / "data" / "run.fits", replace(some, tstop=run.tstop, gti=((run.tstart, run.tstop),))
    )
    words = ["light-curve", str(path), "--target", "83.63 22.01", "--position", "83.63 22.01", *CURVE]
    assert main([*words, "-o", "once"]) == 0

    def stops():
        return Result.read(tmp_path / "result").light_curve.good_time["stop"]

    once()
    assert "until nothing was written for 10 min" in capsys.readouterr().err
    assert stops() == [some.events["TIME"].max()]
    before = path.stat().st_mtime

    def stay(watch, poll_s, stop):
        """The process of before goes on: looks until the file has been as it is for long enough."""
        for seconds, end in (
            (0, some.events["TIME"].max()),
            (599, some.events["TIME"].max()),
            (601, run.tstop),
        ):
            monkeypatch.setattr("tevcurve.cli.early_ends.time", lambda seconds=seconds: before + seconds)
            watch.look()
            watch.look()
            assert stops() == [end]

    monkeypatch.setattr(on_watch, "stay", stay)
    assert main(["watch", "data", "-o", "result", *LINE, *CURVE]) == 0
    assert rows(tmp_path / "result") == rows(tmp_path / "once")
    # Begun anew, and at once.
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tevcurve.live.replay._log_threshold", lambda settings, *places: np.log(1e5))
    os.utime(path, (before - 700, before - 700))
    assert main(["watch", "data", "-o", "other", *LINE, *CURVE, "--once"]) in (0, 3)
    assert rows(tmp_path / "other") == rows(tmp_path / "once")
    # Of a run that is not over, more may come whatever the time of its file.
    late = replace(some, mjdref=(80000, 0.0), tstop=run.tstop, gti=((run.tstart, run.tstop),))
    path = write_run(tmp_path / "tonight" / "run.fits", late)
    os.utime(path, (before - 700, before - 700))
    assert main(["watch", "tonight", "-o", "late", *LINE, *CURVE, "--once"]) in (0, 3)
    assert Result.read(tmp_path / "late").light_curve.good_time["stop"] == [some.events["TIME"].max()]


def test_a_run_that_cannot_be_used_is_told(parts, tmp_path, capsys):
    come(tmp_path / "data", parts[0])
    with fits.open(parts[1]) as hdus:
        del hdus["EVENTS"].header["RA_PNT"]
        hdus.writeto(tmp_path / "data" / "lost.fits")
    assert once() in (0, 3)
    assert "Run 1 is left out: HDU EVENTS of data/lost.fits has no keyword RA_PNT" in capsys.readouterr().err
    # The same for one that comes later.
    shutil.rmtree(tmp_path / "result")
    os.rename(tmp_path / "data" / "lost.fits", tmp_path / "later.fits")
    assert once() in (0, 3)
    capsys.readouterr()
    come(tmp_path / "data", tmp_path / "later.fits")
    assert once() in (0, 3)
    assert "Run 1 is left out: HDU EVENTS of data/later.fits has no keyword RA_PNT" in capsys.readouterr().err
    assert len(Result.read(tmp_path / "result").light_curve.origin.runs) == 1


def test_a_part_that_is_there_twice_from_the_beginning_is_no_problem(parts, at_once, tmp_path):
    come(tmp_path / "data", *parts)
    # Before the others in the order of names.
    shutil.copy(parts[2], tmp_path / "data" / "a.fits")
    assert once() == 3
    assert rows(tmp_path / "result") == at_once[0]
    assert told(tmp_path) == at_once[1]
    assert not Result.read(tmp_path / "result").light_curve.origin.failed


def test_a_page_is_made_by_another_process_while_runs_come(parts, tmp_path, monkeypatch):
    """What comes meanwhile is taken."""
    pages, page = [], tmp_path / "page.html"

    def stay(watch, poll_s, stop):
        come(tmp_path / "data", *parts[:3])
        for _ in range(2):
            watch.look()
        watch.show()
        assert not page.exists()
        come(tmp_path / "data", parts[3])
        for _ in range(2):
            watch.look()
        assert len(watch.result.light_curve.origin.runs) == 4
        watch.show()
        # What was begun is waited for, before the last page is made.
        monkeypatch.setattr(watching, "write_page", lambda outputs, result: pages.append(page.read_bytes()))
        watch.show(at_once=True)

    come(tmp_path / "data")
    monkeypatch.setattr(on_watch, "stay", stay)
    assert main(["watch", "data", "-o", "result", *LINE, *CURVE, "--report", "page.html"]) == 0
    (made,) = pages
    assert b"</html>" in made[-20:]


def test_a_page_that_cannot_be_made_is_no_end_of_it(tmp_path):
    page = PageProcess(tmp_path / "none", tmp_path / "page.html")
    page.begin()
    assert page.is_busy
    page.wait()
    assert not page.is_busy
    assert page.has_failed


def test_what_cannot_be_asked_is_said_before_the_night(parts, tmp_path, capsys):
    def said(*words):
        assert main(["watch", "data", *instead(CURVE, words), "--once"]) == 2
        return capsys.readouterr().err

    there = ["-o", "result", *LINE]
    assert "The folder data does not exist" in said(*there)
    come(tmp_path / "data", parts[0])
    assert "Wanted are --target" in said("-o", "result")
    assert "Wanted is either --baseline-flux or --baseline-from" in said(*there[:4])
    assert "--poll is '0 s'" in said(*instead(there, ["--poll", "0 s"]))
    assert "The error of the quiet flux is 0" in said(*there, "--baseline-error", "0")
    (tmp_path / "result.alerts.jsonl").write_text("words")
    assert "has no lines of alerts" in said(*there)
    (tmp_path / "result.alerts.jsonl").unlink()
    assert once() in (0, 3)
    assert "was made with another time_bins" in said(*there, "--time-bins", "2min")


def test_energies_without_an_end_go_up_to_where_the_responses_of_the_first_run_end(parts, tmp_path, capsys):
    with fits.open(parts[0]) as file:
        end = file["AEFF"].data["ENERG_HI"].max()
    low = ("--energy", ">0.7 TeV")
    come(tmp_path / "data", parts[0])
    once(*low)
    err = capsys.readouterr().err
    assert (
        f"energy_edges is '>0.7 TeV': it goes up to {end:.6g} TeV, where the responses of run 1 end." in err
    )
    assert Result.read(tmp_path / "result").config["energy_edges"] == ["0.7 TeV", f"{end:.6g} TeV"]
    # What is gone on with says it afterwards.
    come(tmp_path / "data", *parts[1:3])
    once(*low)
    assert f"it goes up to {end:.6g} TeV, as in the result that is there." in capsys.readouterr().err
    words = ["light-curve", *map(str, parts[:3]), "--target", "83.63 22.01", "--position", "83.63 22.01"]
    assert main([*words, *instead(CURVE, low), "-o", "whole"]) == 0
    assert rows(tmp_path / "result") == rows(tmp_path / "whole")
    # A quiet flux is that of its own band.
    quiet = [*instead([*LINE, *CURVE], low)]
    del quiet[2:4]
    assert main(["watch", "data", *quiet, "--baseline-from", "whole", "-o", "other", "--once"]) in (0, 3)
    assert f"it goes up to {end:.6g} TeV, as in the quiet result." in capsys.readouterr().err
    assert rows(tmp_path / "other") == rows(tmp_path / "whole")
    assert (
        main(
            [
                "watch",
                "data",
                *instead(quiet, ["--energy", ">1 TeV"]),
                "--baseline-from",
                "whole",
                "-o",
                "other",
                "--once",
            ]
        )
        == 2
    )
    assert "was made with another energy_edges" in capsys.readouterr().err


def test_alerts_are_of_one_detector(parts, tmp_path, capsys):
    come(tmp_path / "data", *parts[:3])
    assert once() == 3
    there = (tmp_path / "result.alerts.jsonl").read_bytes()
    # What is said in other words is the same.
    assert once("--baseline-flux", "0.4e-7 m-2 s-1", "--alarms-per", "6000 min") == 3
    capsys.readouterr()
    for words, told in (
        (("--baseline-flux", "5e-12 cm-2 s-1"), "baseline_flux 4e-12, and now 5e-12"),
        (("--baseline-error", "0.1"), "baseline_error 0.2, and now 0.1"),
        (("--background-error", "0.2"), "background_error 0.1, and now 0.2"),
        (("--alarms-per", "10 h"), "seconds_per_alarm 360000, and now 36000"),
    ):
        assert once(*words) == 2
        assert told in capsys.readouterr().err
    assert (tmp_path / "result.alerts.jsonl").read_bytes() == there
    assert once("--baseline-error", "0.1", "--alerts", "others.jsonl") in (0, 3)
    # Alerts that are older than their settings are of their source all the same.
    (tmp_path / "result.alerts.jsonl.settings").unlink()
    crab = ["--target", "Crab", "-o", "crab", "--alerts", "result.alerts.jsonl"]
    assert once(*crab) == 2
    assert "source 83.63 22.01, and now Crab" in capsys.readouterr().err


def test_two_that_watch_for_one_result_are_told(parts, tmp_path, capsys):
    come(tmp_path / "data", parts[0])
    with only_writer(tmp_path / "result"):
        assert once() == 2
        assert "result is written by another process that watches" in capsys.readouterr().err
    with only_writer(tmp_path / "result.alerts.jsonl"):
        assert once() == 2
        assert "result.alerts.jsonl is written by another process" in capsys.readouterr().err
        assert once("--alerts", "others.jsonl") in (0, 3)


def test_what_is_settled_for_all_rows_is_that_of_the_quiet_result(parts, tmp_path, capsys):
    curve = [*CURVE[:-1], "common"]
    high = run_file(7, 7, START - 9 * 86400, (83.63, 22.51), thresholds=(1.9, 50.0), telescope="HESS")
    write_run(tmp_path / "quiet.fits", high)
    line = ["light-curve", "quiet.fits", "--target", "Crab", "--position", "83.63 22.01", *curve]
    assert main([*line, "-o", "quiet"]) == 0
    come(tmp_path / "data", parts[0])
    line = ["watch", "data", "--position", "83.63 22.01", "--poll", "0.01 s", "--once"]
    assert main([*line, "-o", "result", "--baseline-from", "quiet"]) in (0, 3)
    assert (
        "For all rows hold, as the quiet result has them: safe energies 1.9 to 50 TeV."
        in capsys.readouterr().err
    )
    least = Result.read(tmp_path / "quiet").light_curve.table["e_min_fit"][0]
    assert least > 1
    found = Result.read(tmp_path / "result").light_curve.table["e_min_fit"]
    assert np.all(np.asarray(found) == least)
    assert main([*line, *curve, "-o", "other", "--baseline-flux", FLUX]) in (0, 3)
    assert "For all rows hold, as the first night has them" in capsys.readouterr().err
    assert Result.read(tmp_path / "other").light_curve.table["e_min_fit"][0] < least


def test_where_no_run_has_come_nothing_stands(tmp_path, capsys):
    come(tmp_path / "data")
    assert once() == 0
    assert "No run of the target has come" in capsys.readouterr().out
    assert not (tmp_path / "result").exists()
