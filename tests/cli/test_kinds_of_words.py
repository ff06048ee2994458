"""A word of one kind where another one is wanted: each command ends in one sentence that says what takes it."""

import re
import shutil

import pytest
from small_store import TARGET, make_store

from tevcurve import light_curve, write_result
from tevcurve.cli.commands import COMMANDS
from tevcurve.cli.kinds_of_words import KINDS, kind_of
from tevcurve.cli.main import main
from tevcurve.cli.parameters import ArgumentWithWords, parameters_of
from tevcurve.on_demand import found_at


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """The folder with a word of each kind, by the names of these."""
    folder = tmp_path_factory.mktemp("words")
    make_store(folder / "data")
    made = light_curve(folder / "data", TARGET, method="1d", norm_values=None)
    write_result(folder / "result", made)
    made.write(folder / "file.ecsv")
    (folder / "catalogue").mkdir()
    shutil.copy(folder / "result" / "provenance.json", folder / "catalogue" / "catalogue.json")
    (folder / "configuration.yaml").write_text("data: data\ntarget: Crab\n")
    (folder / "positions.csv").write_text("name,ra,dec\nCrab,83.63,22.01\n")
    (folder / "figure.png").write_bytes(b"\x89PNG")
    return folder


@pytest.fixture
def refused(words, monkeypatch, capsys):
    """Function of a line: what a command that ends with 2 says, after one word "Error"."""
    monkeypatch.chdir(words)

    def said(*line):
        assert main(list(line)) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        return captured.err.removeprefix("Error: ").strip()

    return said


def test_each_kind_is_known(words, monkeypatch):
    monkeypatch.chdir(words)
    for path in sorted(words.iterdir()):
        assert kind_of(path.name) == path.stem
    assert kind_of(words / "data" / "data" / "run_000001.fits.gz") in ("data", None)
    assert [kind_of(word) for word in ("Crab", "no/where", "1ES 1959+650", "3C 273")] == [
        "name",
        None,
        "name",
        "name",
    ]
    for place in ("166.0 38.0", "83.63,22.01", "11:04:00 38:00:00", "11h04m +38d00m", "galactic 180 50"):
        assert kind_of(place) == "position"
    assert set(KINDS) >= {path.stem for path in words.iterdir()}


@pytest.mark.parametrize(
    "command", ["light-curve", "show", "rebin", "report", "sed", "variability", "run", "make-index"]
)
def test_a_word_of_another_kind_is_told_with_what_takes_it(command, words, refused):
    (argument, *_) = (
        each
        for each in parameters_of(found_at(COMMANDS[command].place))
        if isinstance(each, ArgumentWithWords)
    )
    more = ["--time-bins", "night"] if command == "rebin" else []
    for path in sorted(words.iterdir()):
        if path.stem in argument.takes:
            continue
        told = refused(command, path.name, *more)
        assert told.startswith(f"{path.name} ")
        assert told.endswith(f"; wanted is {KINDS[argument.takes[0]].wanted}.")
        takes = re.search(r"`tevcurve ([\w-]+) .*?` takes", told)
        assert path.stem == "figure" or takes[1] in COMMANDS


def test_a_position_in_the_place_of_a_name_is_told_with_its_option(refused):
    for place in ("83.63 22.01", "83.63,22.01", "05:34:31 22:00:52", "05h34m31s +22d00m52s"):
        shown = f'"{place}"' if " " in place else place
        assert f"--position {shown}` takes; wanted is the name of a target" in refused(
            "light-curve", "data", place
        )
        assert f"--position {shown}` takes" in refused("light-curve", "data", *place.split())
        assert f"--position {shown}` takes" in refused("light-curves", "data", place, "-o", "field")
        assert f'wanted is position, on the command line --position "{place}".' in refused(
            "light-curve", "data", "--target", place
        )
    # A light curve is called by where it is, or by a name, and not by where it is not.
    assert "is a position and no name" in refused(
        "run", "configuration.yaml", "--target", "10 20", "--position", "83.63 22.01"
    )
    assert refused("light-curve", "data", "--position", "Crab").endswith("; a name is a target.")
    assert refused("light-curve", "data", "--position", "400 22.01").startswith("position is '400 22.01'")
    assert '--position "329.7 -30.2"' in refused("light-curve", "data", "--position", "83.63", "-22.01")


def test_a_target_before_its_data_is_told(refused):
    assert refused("light-curve", "Crab", "data").startswith(
        "There is no file or folder Crab; a target comes last, as `tevcurve light-curve PATH Crab`"
    )
    assert refused("init", "data", "Crab").endswith(
        "wanted is the name of a target, as `tevcurve info PATH` shows it."
    )
    # What is right is not told in place of what is wrong.
    assert "time_bins" in refused("light-curve", "data", "Crab", "--time-bins", "120")


def test_times_as_runs_are_told_with_what_chooses_by_time(refused):
    told = refused("light-curve", "data", "Crab", "--runs", "2024-03-10")
    assert told.endswith(
        "it has 1, 2, 3; runs since a time are chosen by after: 2024-03-10, those until one by before."
    )
    assert refused("light-curve", "data", "Crab", "--runs", "1-2").endswith(
        "where: OBS_ID >= 1 and OBS_ID <= 2."
    )


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("replay result --baseline-from data", "--baseline-from is the folder of a result"),
        ("replay result --baseline-from configuration.yaml", "--baseline-from is the folder of a result"),
        ("timing result --test time-lag --max-lag 1h --other data", "--other is a result, or a file"),
        ("light-curve data --runs configuration.yaml", "--runs is OBS_IDs, as 23523,23526, or a file"),
        ("light-curve data --irfs result", "--irfs is a FITS file with the responses"),
        ("light-curve data --models data", "--models is a YAML file of sky models"),
        ("run configuration.yaml --positions result", "--positions is a file with name, ra and dec"),
    ],
)
def test_a_file_of_another_kind_than_an_option_takes_is_told(line, wanted, refused):
    told = refused(*line.split())
    assert re.search(r"`tevcurve [\w-]+ .*?` takes; wanted for ", told)
    assert f"; wanted for {wanted}" in told


def test_options_that_have_what_they_take_are_not_told_of(words, refused):
    # A folder of one run may be called by its OBS_ID.
    (words / "1").symlink_to("data")
    told = refused("light-curve", "data", "--runs", "1", "--time-bins", "x")
    (words / "1").unlink()
    assert told.startswith("time_bins: The time bins are 'x'")
    told = refused("timing", "result", "--test", "time-lag", "--max-lag", "1h", "--other", "file.ecsv")
    assert "wanted for" not in told


def test_what_is_no_number_is_not_told_of_a_range(refused):
    assert "'abc' is not a valid integer." in refused("variability", "result", "--toys", "abc")
    assert "0" in refused("variability", "result", "--toys", "-1")
