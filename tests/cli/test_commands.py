"""The commands, one after the other as a person would call them, on a small store of three runs."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from astropy.time import Time
from click.testing import CliRunner
from dl3_files import write_store
from small_store import START, make_store, run_file
from two_instruments import make_stores

from tevcurve import LightCurve
from tevcurve.cli import commands
from tevcurve.cli.click_commands import Family, as_command
from tevcurve.cli.commands import app
from tevcurve.cli.main import main
from tevcurve.config import Config
from tevcurve.config.keys import KEYS
from tevcurve.errors import StoreError
from tevcurve.models import PowerLaw, SkyModel, SkyPointSource, write_models
from tevcurve.on_demand import found_at
from tevcurve.store import Result

COMMANDS = [name for name, command in commands.COMMANDS.items() if not command.hidden]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    make_store(folder)
    return str(folder)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def result(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "crab"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder.parent / "cache"))
        assert main(["light-curve", store, "--energy", "0.7TeV,10TeV", "-o", str(folder)]) == 0
    return folder


def fluxes(path):
    return np.asarray(LightCurve.read(path / "light_curve.ecsv").table["flux"])


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_examples(command):
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"tevcurve {command} " in result.output.split("Options")[0].replace("Usage: tevcurve", "", 1)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_list_says_of_a_command_what_it_says_of_itself(command):
    place = commands.COMMANDS[command]
    found = found_at(place.place)
    function = found.begin if isinstance(found, Family) else found
    assert place.words == function.__doc__.splitlines()[0]
    listed = " ".join(CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output.split())
    assert f"{command} {place.words}" in listed


def parameters():
    """(command, parameter of click) of all commands that are listed, but for families."""
    for name in COMMANDS:
        found = as_command(name, found_at(commands.COMMANDS[name].place))
        yield from ((name, one) for one in found.params if not hasattr(found, "commands"))


def test_the_commands_are_grouped():
    text = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "120"}).output
    places = [text.index(f"─ {group} ─") for group in commands.GROUPS]
    assert places == sorted(places)
    ends = [*places[1:], len(text)]
    for (group, named), low, high in zip(commands.GROUPS.items(), places, ends, strict=True):
        for name, command in named.items():
            assert command.hidden or f"│ {name} " in text[low:high], (group, name)


def test_an_option_means_the_same_with_every_command():
    words = {"--overwrite": {}, "--band": {}, "--source": {}, "--instrument": {}, "--accept-changed": {}}
    for command, one in parameters():
        for option in set(words) & set(one.opts):
            meant = one.help.split(" [default")[0], one.multiple
            words[option].setdefault(meant, []).append(command)
        if {"-o", "--output"} & set(one.opts):
            assert {"-o", "--output"} <= set(one.opts), command
    # which instrument is read, and to which of them runs are added, are two things
    words["--instrument"] = {key: on for key, on in words["--instrument"].items() if on != ["append"]}
    for option, meant in words.items():
        assert len(meant) == 1, (option, meant)
    assert {"show", "plot", "variability", "timing", "replay"} <= set(*words["--band"].values())


def test_what_is_written_can_be_replaced():
    can_overwrite = {command for command, one in parameters() if "--overwrite" in one.opts}
    writes = {command for command, one in parameters() if {"-o", "--plot", "--report"} & set(one.opts)}
    # a catalogue goes on with what is there, and so does a watch
    assert writes - can_overwrite <= {"light-curves", "watch"}


def test_what_a_command_makes_goes_to_its_output():
    has_output = {command for command, one in parameters() if {"-o", "--output"} & set(one.opts)}
    # Of the others `show` prints, `demo` and `info` look, `make-index` and `append` change a folder.
    assert has_output == {*COMMANDS} - {"show", "demo", "info", "make-index", "append", "cache"}


def test_a_result_comes_first():
    first = {}
    for command, one in parameters():
        if one.param_type_name == "argument":
            first.setdefault(command, []).append(one.metavar)
    with_result = {command for command, names in first.items() if "RESULT" in names}
    wanted = "rebin append show plot report replay variability timing sed export"
    assert with_result == set(wanted.split())
    assert {first[command][0] for command in with_result} == {"RESULT"}


def test_every_key_of_the_configuration_has_an_option():
    output = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200"}).output
    for name in {key.name for key in KEYS} - {"version"}:  # of files only
        assert f"--{name.replace('_', '-')}" in output


def test_the_demo_shows_its_truth_and_what_to_try(capsys, monkeypatch, tmp_path):
    import tevcurve.demo as night

    # A shorter night.
    monkeypatch.setattr(night, "N_RUNS", 2)
    assert main(["demo", "--folder", "my night"]) == 0
    out = capsys.readouterr().out
    assert "(flux - true) / error: mean" in out
    assert "  tevcurve info 'my night'\n" in out
    assert Path("demo_light_curve.png").read_bytes()[:4] == b"\x89PNG"
    Path("mine.png").write_text("mine")
    assert main(["demo", "--folder", "my night", "--plot", "mine.png"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["info", "my night"]) == 0
    assert "simulated AGN" in capsys.readouterr().out


def test_info_lists_targets_and_runs(store, capsys):
    assert main(["info", store, "--plot", "sky.png"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (row,) = (line.split() for line in lines if line.startswith("Crab"))
    assert row[1] == "3"
    assert Path("sky.png").read_bytes()[:4] == b"\x89PNG"
    assert main(["info", store, "--target", "Crab"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["1", "2", "3"]
    assert main(["info", store, "--target", "Vela"]) == 2


def test_init_then_run_then_the_rest(store, capsys):
    assert main(["init", "Crab", store]) == 0
    text = capsys.readouterr().out
    Path("crab.yaml").write_text(text)
    assert yaml.safe_load(text)["output"] == "crab-light-curve"
    assert main(["run", "crab.yaml", "--report", "crab.html", "--plot", "crab.pdf"]) == 0
    out = capsys.readouterr().out
    assert "Light curve of Crab: 3 rows, 0.3-9 TeV" in out
    assert "Result in crab-light-curve" in out
    assert Path("crab.pdf").read_bytes()[:4] == b"%PDF"
    assert "<html" in Path("crab.html").read_text()[:300]
    assert main(["rebin", "crab-light-curve", "--time-bins", "10min", "-o", "finer"]) == 0
    assert "Light curve of Crab: 9 rows" in capsys.readouterr().out
    assert main(["variability", "finer", "--toys", "0"]) == 0
    assert "Variability of Crab in 9 rows" in capsys.readouterr().out
    assert main(["timing", "finer", "--plot", "timing.png"]) == 0
    assert "not constrained, as 9 rows are too few" in capsys.readouterr().out
    assert Path("timing.png").read_bytes()[:4] == b"\x89PNG"
    assert main(["timing", "finer", "--model", "sine"]) == 2
    assert "model is 'sine'; wanted is 'power law' or 'bending'" in capsys.readouterr().err
    assert main(["report", "finer", "--toys", "0"]) == 0
    assert "<html" in Path("finer.html").read_text()[:300]


def test_the_line_is_before_the_file(store, tmp_path, capsys):
    main(["init", "Crab", store, "--method", "1d"])
    text = capsys.readouterr().out
    assert yaml.safe_load(text)["method"] == "1d"
    Path("crab.yaml").write_text(text)
    options = [
        "--time-bins",
        "2min",
        "--energy",
        "0.7TeV,10TeV",
        "--method",
        "3d",
        "--set",
        "spectrum.index=2.9",
    ]
    assert main(["run", "crab.yaml", *options, "--sigma-ul", "3", "--negative"]) == 0
    config = yaml.safe_load(Path("crab-light-curve/config.yaml").read_text())
    assert config["time_bins"] == "2min"
    assert config["energy_edges"] == ["0.7TeV", "10TeV"]
    assert (config["method"], config["spectrum"]["index"], config["negative"]) == ("3d", 2.9, True)
    assert (config["sigma_ul"], config["upper_limit"]) == (3, None)
    assert "output" not in config


def test_what_is_kept_says_where_it_is_from(result, store):
    provenance = json.loads((result / "provenance.json").read_text())
    assert {each["obs_id"] for each in provenance["inputs"]} == {"1", "2", "3"}
    assert all(len(each["sha256"]) == 64 for each in provenance["inputs"])
    # The configuration of a result makes the same result.
    assert main(["run", str(result / "config.yaml"), "-o", "again"]) == 0
    again = Path("again")
    for file in ("light_curve.fits", "light_curve.ecsv", "config.yaml", "provenance.json", "job.json"):
        assert (again / file).read_bytes() == (result / file).read_bytes(), file


def test_a_rebinned_result_says_what_would_make_it_from_the_data(result, capsys):
    assert (
        main(["rebin", str(result), "--energy", "0.7,2,10 TeV", "--time-bins", "night", "-o", "bands"]) == 0
    )
    assert main(["run", "bands/config.yaml", "-o", "bands-again"]) == 0
    np.testing.assert_array_equal(fluxes(Path("bands")), fluxes(Path("bands-again")))


def test_lists_may_be_as_the_help_has_them(store, result):
    given = ["light-curve", store, "--energy", "[0.7 TeV, 10 TeV]", "--runs", "[1, 2,3]", "-o", "lists"]
    assert main(given) == 0
    np.testing.assert_array_equal(fluxes(Path("lists")), fluxes(result))
    assert main(["rebin", "lists", "--energy", "[0.7TeV,2 TeV, 10 TeV]", "-o", "bands"]) == 0
    assert main(["rebin", "lists", "--energy", "0.7TeV,2TeV,10TeV", "-o", "others"]) == 0
    np.testing.assert_array_equal(fluxes(Path("bands")), fluxes(Path("others")))


def test_append_gives_what_a_run_of_all_gives(store, result, tmp_path):
    assert main(["light-curve", store, "--energy", "0.7TeV,10TeV", "--runs", "1,2", "-o", "part"]) == 0
    assert main(["append", "part", store]) == 0
    np.testing.assert_array_equal(fluxes(tmp_path / "part"), fluxes(result))


def test_reduced_runs_are_kept_and_can_be_listed_and_removed(store, capsys):
    main(["init", "Crab", store])
    Path("crab.yaml").write_text(capsys.readouterr().out)
    main(["run", "crab.yaml"])
    capsys.readouterr()
    assert main(["cache", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[0] for line in lines[1:4]) == ["1", "2", "3"]
    assert lines[4].startswith("3 reduced runs in ")
    assert main(["cache", "empty"]) == 0
    assert capsys.readouterr().out.startswith("Removed 3 reduced runs")
    assert main(["cache", "list"]) == 0
    assert capsys.readouterr().out.startswith("0 reduced runs")


def test_the_one_target_needs_no_name(store, capsys):
    assert main(["light-curve", store]) == 0
    assert "Light curve of Crab: 3 rows" in capsys.readouterr().out


def test_a_failed_run_is_told_and_the_others_are_there(tmp_path, capsys):
    runs = [
        run_file(1, 11, START, (83.63, 22.51)),
        run_file(2, 12, START + 1800, (83.63, 21.51), without_hdus=("aeff",)),
    ]
    folder = write_store(tmp_path / "data", runs)
    assert main(["light-curve", str(folder), "-o", "crab"]) == 1
    printed = capsys.readouterr()
    assert "Light curve of Crab: 1 row," in printed.out
    assert "Result in crab" in printed.out
    (line,) = printed.err.splitlines()
    assert line.startswith("Run 2 is left out: ")
    # Strict, it stops, and what was there stays.
    before = (tmp_path / "crab" / "light_curve.ecsv").read_bytes()
    assert main(["light-curve", str(folder), "-o", "crab", "--overwrite", "--strict"]) == 2
    assert capsys.readouterr().err.startswith("Error: Run 2 cannot be used: ")
    assert (tmp_path / "crab" / "light_curve.ecsv").read_bytes() == before


def test_a_failed_bin_is_told(store, capsys):
    bins = "intervals 2000-01-01T00:00 2000-01-01T01:00 2000-01-01T00:00 2030-01-01T00:00"
    assert main(["light-curve", store, "--time-bins", bins]) == 1
    printed = capsys.readouterr()
    assert "Light curve of Crab: 2 rows" in printed.out
    assert any(
        line.startswith("Row 0 (MJD ") and " TT) is " in line and "no_livetime" in line
        for line in printed.err.splitlines()
    )


def test_what_cannot_be_written_is_printed_all_the_same(store, capsys, monkeypatch):
    def full(*_, **__):
        raise StoreError("crab cannot be written: No space left on device.")

    monkeypatch.setattr("tevcurve.cli.written.write_result", full)
    assert main(["light-curve", store, "-o", "crab"]) == 2
    printed = capsys.readouterr()
    assert "Light curve of Crab: 3 rows" in printed.out
    assert "Result in" not in printed.out
    assert printed.err == "Error: crab cannot be written: No space left on device.\n"


def test_bands_are_asked_for(store, capsys):
    assert main(["light-curve", store, "--energy", "0.7,2,10 TeV", "-o", "bands"]) == 0
    assert main(["variability", "bands", "--toys", "0"]) == 2
    assert "band" in capsys.readouterr().err
    assert main(["variability", "bands", "--toys", "0", "--band", "1"]) == 0
    assert "2-10 TeV" in capsys.readouterr().out


def test_one_band_is_exported(store, capsys):
    assert main(["light-curve", store, "--energy", "0.7,2,10 TeV", "-o", "bands"]) == 0
    capsys.readouterr()
    assert main(["export", "bands", "--band", "1", "--format", "csv", "--columns", "e_min,e_max"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "e_min,e_max"
    assert set(lines[1:]) == {"2.0,10.0"}


@pytest.mark.parametrize("option", ["-o", "--plot", "--report"])
def test_what_cannot_be_written_is_told_before_the_work(store, capsys, tmp_path, monkeypatch, option):
    (tmp_path / "mine").mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: str(path) != str(tmp_path / "mine"))
    name = {"-o": "mine/a", "--plot": "mine/a.png", "--report": "mine/a.html"}[option]
    assert main(["light-curve", store, option, name]) == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert printed.err == (
        f"Error: {name} cannot be written: nothing may be written into the folder {tmp_path / 'mine'}.\n"
    )


def test_nothing_is_overwritten_unasked(store, capsys, tmp_path):
    for name in ("crab", "crab.png", "crab.html"):
        (tmp_path / name).write_text("mine")
    for option, name in (("-o", "crab"), ("--plot", "crab.png"), ("--report", "crab.html")):
        assert main(["light-curve", store, option, name]) == 2
        assert capsys.readouterr().err == f"Error: {name} is there already; --overwrite replaces it.\n"
        assert (tmp_path / name).read_text() == "mine"
    assert main(["light-curve", store, "--plot", "crab.png", "--overwrite"]) == 0
    assert (tmp_path / "crab.png").read_bytes().startswith(b"\x89PNG")


def test_runs_go_to_the_scheduler_that_is_named(store, capsys, monkeypatch):
    distributed = pytest.importorskip("distributed")
    addresses = []

    def connect(address):
        addresses.append(address)
        return distributed.Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None)

    monkeypatch.setattr("tevcurve.cli.cluster.connect", connect)
    assert main(["light-curve", store]) == 0
    alone = capsys.readouterr().out
    assert main(["light-curve", store, "--scheduler", "tcp://there:8786"]) == 0
    assert capsys.readouterr().out == alone
    assert addresses == ["tcp://there:8786"]


def test_how_responses_are_taken_is_kept(store, result, tmp_path):
    """Rebinned or appended, a result of responses at the centres of bins stays one."""
    common = ["light-curve", store, "--energy", "0.7TeV,10TeV", "--responses", "centre"]
    assert main([*common, "-o", "whole"]) == 0
    assert main([*common, "--runs", "1,2", "-o", "part"]) == 0
    whole = fluxes(tmp_path / "whole")
    assert np.all(np.abs(whole / fluxes(result) - 1) > 1e-4)
    assert main(["append", "part", store]) == 0
    np.testing.assert_array_equal(fluxes(tmp_path / "part"), whole)
    for name in ("whole", "part"):
        assert yaml.safe_load(Path(name, "config.yaml").read_text())["responses"] == "centre"
        assert main(["rebin", name, "--time-bins", "night", "-o", f"{name}-night"]) == 0
    nights = [fluxes(tmp_path / f"{name}-night") for name in ("whole", "part")]
    np.testing.assert_array_equal(*nights)
    assert main([*common, "--time-bins", "night", "-o", "direct"]) == 0
    np.testing.assert_allclose(nights[0], fluxes(tmp_path / "direct"), rtol=1e-12)


def test_off_regions_are_asked_for_on_the_command_line(store, tmp_path, capsys):
    line = ["light-curve", store, "--energy", "0.7TeV,10TeV", "--method", "1d"]
    options = ["--off-regions", "wobble", "--n-off", "2", "--angular-size", "grid"]
    assert main([*line, *options, "-o", "asked"]) == 0
    assert "OFF regions wobble, at most 2, of the size on a grid" in capsys.readouterr().out
    table = Result.read(tmp_path / "asked").light_curve.table
    np.testing.assert_array_equal(np.asarray(table["alpha"]), 0.5)
    config = yaml.safe_load(Path("asked", "config.yaml").read_text())
    assert [config[name] for name in ("off_regions", "n_off", "angular_size")] == ["wobble", 2, "grid"]
    assert main(["rebin", "asked", "--time-bins", "night", "--energy", "1TeV,10TeV", "-o", "night"]) == 0
    np.testing.assert_array_equal(np.asarray(Result.read(tmp_path / "night").light_curve.table["alpha"]), 0.5)


@pytest.mark.parametrize("method", ["3d", "1d"])
def test_models_are_asked_for_on_the_command_line(store, tmp_path, capsys, method):
    neighbour = SkyModel(
        SkyPointSource("83.8 deg", "22.1 deg"), PowerLaw(amplitude="1e-12 cm-2 s-1 TeV-1"), name="beside"
    )
    own = SkyModel(SkyPointSource("83.63 deg", "22.01 deg"), PowerLaw(index=2.9), name="Crab")
    write_models([own, neighbour], tmp_path / "models.yaml")
    line = ["light-curve", store, "--energy", "0.7TeV,10TeV", "--method", method, "--neighbours", "fixed"]
    assert main([*line, "--models", "models.yaml", "-o", "asked"]) == 0
    (tmp_path / "models.yaml").unlink()
    field = Result.read(tmp_path / "asked").light_curve.origin.field
    assert [model.name for model in (field.source, *field.others)] == ["Crab", "beside"]
    assert field.spectrum.index.value == 2.9
    # What is kept with the result makes the same light curve.
    assert main(["run", "asked/config.yaml", "-o", "again"]) == 0
    np.testing.assert_array_equal(fluxes(tmp_path / "again"), fluxes(tmp_path / "asked"))
    assert main(["rebin", "asked", "--time-bins", "night", "-o", "night"]) == 0
    assert Result.read(tmp_path / "night").light_curve.origin.field.others[0].name == "beside"
    capsys.readouterr()
    assert main([*line, "--models", "models.yaml"]) == 2
    assert "models: The file of models models.yaml cannot be read" in capsys.readouterr().err


def test_init_keeps_the_models_that_are_asked_for(store, tmp_path, capsys):
    write_models(
        [SkyModel(SkyPointSource("84 deg", "22 deg"), PowerLaw(), name="a")], tmp_path / "models.yaml"
    )
    assert main(["init", "Crab", store, "--models", "models.yaml"]) == 0
    written = capsys.readouterr().out
    assert f"models: {tmp_path / 'models.yaml'}" in written
    assert "# Sky models, a YAML file as gammapy has it or its components" in written


def test_a_light_curve_is_exported(result, tmp_path, capsys):
    assert main(["export", str(result), "curve.vot"]) == 0
    assert main(["export", "curve.vot", "curve.fits", "--format", "gadf"]) == 0
    np.testing.assert_array_equal(LightCurve.read("curve.vot").table["flux"], fluxes(result))
    assert "Light curve in curve.fits" in capsys.readouterr().out
    assert main(["export", str(result), "curve.vot"]) == 2
    assert "already there" in capsys.readouterr().err
    assert main(["export", str(result), "curve.xls"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "should end in .ecsv, .fits, .fits.gz, .vot, .xml, .csv, .json, .tex, .mrt" in said
    assert main(["export", str(result)]) == 2
    assert "Wanted are a result and the file" in capsys.readouterr().err


def test_a_light_curve_is_exported_for_a_paper_to_a_file_or_printed(result, tmp_path, capsys):
    from astropy.table import Table

    flux = fluxes(result)
    assert main(["export", str(result), "-o", "curve.mrt", "--columns", "time_min,time_max,flux"]) == 0
    capsys.readouterr()
    table = Table.read("curve.mrt", format="ascii.mrt")
    assert table.colnames[:2] == ["MJDmin", "MJDmax"]
    assert len(table) == len(flux)
    assert (
        main(["export", str(result), "--format", "csv", "--columns", "utc_min,flux", "--digits", "exact"])
        == 0
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "utc_min,flux"
    np.testing.assert_array_equal([float(line.split(",")[1]) for line in lines[1:]], flux)
    # Rows are made anew by night, of the events of the result.
    assert main(["export", str(result), "--format", "atel"]) == 0
    assert "observed" in capsys.readouterr().out
    for line, words in [
        (["curve.csv", "-o", "other.csv"], "wanted is one"),
        (["--format", "fits"], "wanted is one that is a text"),
        (["--format", "csv", "--columns", "flox"], "did you mean 'flux'"),
    ]:
        assert main(["export", str(result), *line]) == 2
        assert words in " ".join(capsys.readouterr().err.split())


def test_all_rows_are_shown(result, tmp_path, capsys):
    assert main(["rebin", str(result), "--time-bins", "1min", "-o", "minutes"]) == 0
    # whole in a pipe, whoever prints it
    rebinned = capsys.readouterr().out.splitlines()
    n_rows = len(LightCurve.read(tmp_path / "minutes" / "light_curve.ecsv"))
    assert n_rows > 40
    assert main(["show", "minutes"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown == rebinned[: len(shown)]
    assert len(shown) > n_rows
    assert "..." not in "\n".join(shown)


def test_chosen_columns_and_bands_are_shown(result, capsys):
    assert main(["rebin", str(result), "--energy", "0.7TeV,2TeV,10TeV", "-o", "bands"]) == 0
    capsys.readouterr()
    assert main(["show", "bands", "--band", "1", "--columns", "e_min,ts"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    rows = rows[rows.index(["e_min", "ts"]) :]
    table = LightCurve.read("bands/light_curve.ecsv").table
    numbers = [float(row[0]) for row in rows if row[0][0].isdigit()]
    assert numbers == [2.0] * (len(table) // 2)
    assert main(["show", "bands", "--columns", "all"]) == 0
    assert set(table.colnames) <= set(capsys.readouterr().out.split())
    assert main(["show", "bands", "--columns", "e_min,tss"]) == 2
    assert "no column 'tss'; did you mean 'ts'?" in capsys.readouterr().err
    # What an export makes is shown, too.
    assert main(["show", "bands", "--columns", "utc_min,flux", "--band", "0"]) == 0
    start = table["time_min"][0]
    assert f"{Time(start, format='mjd', scale='tt').utc.isot[:16]}" in capsys.readouterr().out
    assert main(["show", "bands", "--band", "2"]) == 2
    assert "band is 2, which is no energy band" in capsys.readouterr().err


def test_a_result_is_drawn_as_it_is_asked_for(result, tmp_path, capsys, monkeypatch):
    drawn = []

    def keep(figure, path, about):
        drawn.append((figure.axes, path, about))

    monkeypatch.setattr("tevcurve.cli.figures.save_figure", keep)
    assert main(["plot", str(result), "-o", "a.png", "--time-format", "utc", "--log", "--exposure"]) == 0
    assert main(["plot", str(result), "-o", "b.svg", "--quantity", "norm", "--ts-threshold", "1e9"]) == 0
    assert main(["plot", str(result), "-o", "c.pdf", "--panels", "--below", "sqrt_ts"]) == 0
    first, second, third = (axes for axes, _, _ in drawn)
    assert [path.name for _, path, _ in drawn] == ["a.png", "b.svg", "c.pdf"]
    assert all("Light curve of" in about for *_, about in drawn)
    assert (first[0].get_yscale(), first[0].get_xlabel()) == ("log", "Time [UTC]")
    assert first[0].get_title("left")
    assert second[0].get_ylabel() == "Norm"
    assert len(second[0].containers[0].lines[0].get_xdata()) == 0
    assert len(third) == 2
    assert "Figure in a.png" in capsys.readouterr().out


def test_light_curves_of_others_are_drawn_beside(result, tmp_path, capsys, monkeypatch):
    drawn = []

    def keep(figure, path, about):
        drawn.append((figure.axes, about))

    monkeypatch.setattr("tevcurve.cli.figures.save_figure", keep)
    Path("aavso.csv").write_text(
        "JD,Magnitude,Uncertainty,Band\n2453350.5,13.1,0.02,V\n2453351.5,13.2,0.02,V\n"
    )
    assert main(["plot", str(result), "aavso.csv", "-o", "all.png"]) == 0
    ((axes, about),) = drawn
    assert [ax.get_ylabel().split()[0] for ax in axes] == ["Flux", "Magnitude"]
    assert axes[0].get_xlim() == axes[1].get_xlim()
    assert about.count("Light curve") == 2
    assert main(["plot", str(result), "aavso.csv", "-o", "all.png", "--band", "0"]) == 2
    assert "go with one light curve" in capsys.readouterr().err


def test_a_figure_is_beside_its_result_and_is_not_replaced_unasked(result, tmp_path, capsys):
    copy = tmp_path / "copy.ecsv"
    copy.write_bytes((result / "light_curve.ecsv").read_bytes())
    assert main(["plot", str(copy)]) == 0
    before = (tmp_path / "copy.png").read_bytes()
    assert main(["plot", str(copy)]) == 2
    assert "copy.png is there already; --overwrite replaces it" in capsys.readouterr().err
    assert main(["plot", str(copy), "--overwrite"]) == 0
    assert (tmp_path / "copy.png").read_bytes() == before
    for words in (["--gaps", "often"], ["--ts-threshold", "much"], ["--time-format", "jd"]):
        assert main(["plot", str(copy), "--overwrite", *words]) == 2
        assert words[1] in capsys.readouterr().err


def test_init_writes_the_file_that_is_asked_for(store, tmp_path, capsys):
    assert main(["init", "Crab", store]) == 0
    printed = capsys.readouterr().out
    assert main(["init", "Crab", store, "-o", "a.yaml"]) == 0
    assert "Configuration in a.yaml" in capsys.readouterr().out
    assert (tmp_path / "a.yaml").read_text() == printed
    assert main(["init", "Crab", store, "-o", "a.yaml"]) == 2
    assert "a.yaml is there already" in capsys.readouterr().err
    assert main(["init", "Crab", store, "-o", "folder"]) == 2
    assert "one that ends in .yaml or .yml" in capsys.readouterr().err


def test_the_formats_are_listed(capsys):
    from tevcurve.lightcurve.file_formats import FORMATS

    assert main(["export", "--formats"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(FORMATS)
    assert all(
        suffix in line
        for line, form in zip(lines, FORMATS.things().values(), strict=True)
        for suffix in form.suffixes
    )


def test_what_is_odd_with_all_runs_is_told_once(tmp_path, capsys):
    target = {"RA_OBJ": 83.63, "DEC_OBJ": 22.01, "ALT_PNT": None}
    runs = [
        run_file(n, n, START + 1800 * n, (83.63, 22.51), header=target, n_background=300) for n in range(1, 6)
    ]
    write_store(tmp_path / "data", runs)
    options = ["--energy", "0.7TeV,10TeV", "--method", "1d", "-o", "crab", "--report", "crab.html"]
    assert main(["light-curve", str(tmp_path / "data"), *options]) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if "ALT_PNT" in line]
    assert len(lines) == 1
    assert lines[0].startswith("Run 1 is odd, and so are 4 more in the same way: HDU events of ")
    # The ledger has each, the report all their names.
    assert Path("crab/ledger_problems.ecsv").read_text().count("has no keyword ALT_PNT") == 5
    report = Path("crab.html").read_text()
    assert report.count("has no keyword ALT_PNT") == 1
    assert "<td>1, 2, 3, 4, 5</td>" in report


def test_what_is_odd_with_all_runs_of_a_result_is_told_once_too(tmp_path, capsys):
    runs = [
        run_file(n, n, START + 1800 * n, (83.63, 22.51), n_background=300, thresholds=(0.3, 0.0))
        for n in range(1, 6)
    ]
    write_store(tmp_path / "data", runs)
    options = ["--energy", "0.7TeV,10TeV", "--method", "1d", "-o", "crab"]
    commands = [["light-curve", str(tmp_path / "data"), *options]]
    commands += [["rebin", "crab", "--time-bins", "night"], ["report", "crab"], ["variability", "crab"]]
    for command in commands:
        assert main(command) == 0
        lines = [line for line in capsys.readouterr().err.splitlines() if "no HI_THRES" in line]
        assert len(lines) == 2
        assert lines[1].startswith("WARNING: The same holds 4 more times")


def test_several_stores_are_one_job(tmp_path, capsys):
    paths = [str(store_.base_dir) for store_ in make_stores(tmp_path / "data").values()]
    method = ["--energy", "0.7TeV,10TeV", "--method", "1d"]
    assert main(["info", *paths, "--target", "Crab"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[2:]] == [["HESS", "1"], ["HESS", "2"], ["HESS", "3"]] + [
        ["MAGIC", f"{number}"] for number in (1, 2, 3, 4)
    ]
    assert main(["light-curve", *paths, *method, "-o", "both"]) == 0
    assert "7 rows, 0.7-10 TeV, of HESS and MAGIC" in capsys.readouterr().out
    assert main(["init", "Crab", *paths, *method]) == 0
    Path("crab.yaml").write_text(capsys.readouterr().out)
    assert Config.read("crab.yaml").data == paths
    assert main(["run", "crab.yaml", "-o", "again"]) == 0
    assert fluxes(Path("both")).tolist() == fluxes(Path("again")).tolist()
    assert main(["light-curve", *paths, *method, "--runs", "[HESS 2, 4]", "-o", "few"]) == 0
    table = LightCurve.read(Path("few") / "light_curve.ecsv").table
    assert table["instrument"].tolist() == ["HESS", "MAGIC"]
    assert main(["append", "few", *paths]) == 0
    assert fluxes(Path("few")).tolist() == fluxes(Path("both")).tolist()
    assert main(["variability", "both", "--instrument", "MAGIC", "--toys", "10"]) == 0
    assert main(["variability", "both"]) == 2
    assert "of_instrument('MAGIC'), or --instrument" in capsys.readouterr().err
