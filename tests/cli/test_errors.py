"""Whatever goes wrong: one sentence, an exit code, no traceback."""

import gc
import logging
import signal
import time

import pytest
from small_store import make_store

from tevcurve.cli import main as command
from tevcurve.cli.console import plain, print_table
from tevcurve.cli.logs import logs_on_stderr, set_level
from tevcurve.cli.main import main


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    make_store(folder)
    return str(folder)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


CASES = [
    (["nonsense"], "There is no command 'nonsense'; wanted is one of demo, info"),
    (["variabilty"], "There is no command 'variabilty'; did you mean 'variability'?"),
    (["watch", "STORE", "--bnad", "1"], "There is no option '--bnad'; did you mean '--band'?"),
    (["info", "STORE", "--xyz"], "There is no option '--xyz'. (tevcurve info --help has more.)"),
    (["info"], "Missing argument"),
    (["info", "nowhere"], "nowhere"),
    (["info", "."], "hdu-index.fits"),
    (["light-curve", "STORE", "--enrgy", "1TeV,2TeV"], "--energy"),
    (["light-curve", "STORE", "--target", "crabb"], "did you mean 'Crab'?"),
    (["light-curve", "STORE", "--target", "Vela"], "it has Crab"),
    (["light-curve", "STORE", "--method", "2d"], "method is '2d'; wanted is 3d or 1d."),
    (["light-curve", "STORE", "--time-bins", "nigth"], "did you mean 'night'?"),
    (["light-curve", "STORE", "--energy", "3TeV"], "wanted are two or more"),
    (["light-curve", "STORE", "--runs", "9"], "has no run 9 of Crab; it has 1, 2, 3."),
    (["light-curve", "STORE", "--plot", "a.bmp"], "wanted is one that ends in .png or .svg or .pdf"),
    (["light-curve", "STORE", "--plot", "no/a.png"], "there is no folder no"),
    (["light-curve", "STORE", "--report", "a.txt"], "wanted is one that ends in .html"),
    (["light-curve", "STORE", "--set", "sigma"], "wanted is KEY=VALUE"),
    (["light-curve", "STORE", "--set", "sigam=2"], "There is no key 'sigam'; did you mean 'sigma'?"),
    (["light-curve", "STORE", "--exclusion", "blob"], "no region and no file"),
    (["light-curve", "STORE", "--unbinned", "--stacked"], "wanted is one of them"),
    (["run", "nowhere.yaml"], "No such file or directory"),
    (["rebin", "nowhere", "--time-bins", "run"], "There is no folder nowhere; wanted is that of a result"),
    (["rebin", "nowhere"], "wanted is --time-bins or --energy"),
    (
        ["rebin", "nowhere", "--time-bins", "run", "--time-bins=night"],
        "Error: --time-bins is given twice, as run and night; wanted is it once, with all that is meant.",
    ),
    (
        ["show", "nowhere", "--columns", "ts", *["--columns", "flux"] * 2],
        "is given 3 times, as ts, flux and flux;",
    ),
    (["cache", "list", "--cache", "a", "--cache", "b"], "--cache is given twice, as a and b;"),
    (
        ["light-curve", "STORE", "--negative", "--no-negative"],
        "--negative is given twice, as --negative and --no-negative;",
    ),
    (
        ["export", "nowhere", "-o", "a.vot", "--output", "b.vot"],
        "--output is given twice, as a.vot and b.vot;",
    ),
    (
        ["light-curve", "STORE", "--set", "method=1d", "--set", "method=3d"],
        "method is 1d by --set and 3d by --set; wanted is it once",
    ),
    (
        ["light-curve", "STORE", "--method", "1d", "--set", "method=3d"],
        "method is 3d by --set and 1d by its option; wanted is it once",
    ),
    (
        ["light-curve", "STORE", "--sigma", "2", "--set", "sigma=2", "--set", "sigma=2", "--set", "sgma=2"],
        "There is no key 'sgma'; did you mean 'sigma'?",
    ),
    # The same again, as an alias and a line may have it, loses nothing.
    (["show", "nowhere", *["--columns", "flux"] * 2], "There is no folder nowhere"),
    (["light-curve", "STORE", "--time-bins", "week"], "did you mean '1 week'?"),
    (
        ["light-curve", "STORE", "--time-bins", "blocks 5"],
        "The p0 of Bayesian blocks is 5.0; wanted is a probability",
    ),
    (
        ["light-curve", "STORE", "--time-bins", "phase 4 period=3 epoch=53000"],
        "wanted is a duration with its unit",
    ),
    (["light-curve", "STORE", "--after", "2005"], "(2005 is no MJD but looks like a year); wanted is a date"),
    (["light-curve", "STORE", "--spectrum", "2.4"], "such as PowerLaw index=2.5"),
    (["run", "STORE"], "has data, which"),
    (["report", "."], "is not a result of tevcurve"),
    (["report", ".", "--toys", "-1"], "-1 is not in the range x>=0"),
    (["variability", "nowhere"], "There is no folder nowhere; wanted is that of a result"),
    (["append", "nowhere", "STORE"], "There is no folder nowhere; wanted is that of a result"),
    (["cache", "list", "--cache", "STORE"], "is no cache of tevcurve"),
    (["init", "Crab", "nowhere"], "nowhere"),
]


@pytest.mark.parametrize(("arguments", "words"), CASES, ids=[" ".join(case[0]) for case in CASES])
def test_a_mistake_is_one_sentence(store, capsys, arguments, words):
    assert main([store if word == "STORE" else word for word in arguments]) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert len(printed.err.splitlines()) == 1
    assert printed.out == ""


def failing(error):
    def fail(*_, **__):
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
        (
            PermissionError(13, "Permission denied", "result/a.fits"),
            2,
            "Error: result/a.fits: Permission denied.\n",
        ),
        (OSError(28, "No space left on device"), 2, "Error: A file: No space left on device.\n"),
        (MemoryError(), 2, "Error: The memory does not suffice.\n"),
        (
            ZeroDivisionError("why"),
            2,
            "Error: An internal error, ZeroDivisionError: why (--debug shows where.)\n",
        ),
    ],
)
def test_whatever_comes_up(store, capsys, monkeypatch, error, code, words):
    monkeypatch.setattr("tevcurve.cli.overview.open_stores", failing(error))
    assert main(["info", store]) == code
    assert capsys.readouterr().err == words


def test_debug_shows_where(store, monkeypatch):
    monkeypatch.setattr("tevcurve.cli.overview.open_stores", failing(ZeroDivisionError("why")))
    with pytest.raises(ZeroDivisionError):
        main(["info", store, "--debug"])


def test_a_word_after_two_dashes_is_no_option(capsys):
    assert main(["info", "--", "--debug"]) == 2
    assert "--debug does not exist" in capsys.readouterr().err


def test_without_anything_it_helps(capsys):
    assert main([]) == 2
    printed = capsys.readouterr()
    assert "Usage: tevcurve" in printed.out + printed.err
    assert "Error" not in printed.err
    assert main(["--version"]) == 0


def test_what_is_done_is_logged_when_asked(store, capsys):
    assert main(["light-curve", store, "-v"]) == 0
    assert "INFO: 3 runs of Crab at 05h34m31.2s +22d00m36.0s" in capsys.readouterr().err
    assert main(["light-curve", store]) == 0
    assert capsys.readouterr().err == ""
    # The program leaves the logging of others as it was.
    assert not any(
        type(handler).__module__.startswith("tevcurve") for handler in logging.getLogger("tevcurve").handlers
    )


def test_logs_are_one_line_each_and_runs_are_told_once(capsys):
    log = logging.getLogger("tevcurve.somewhere")
    with logs_on_stderr():
        set_level(0, False)
        log.info("small things")
        log.warning("The store \x1b[31mcannot be written.")
        logging.getLogger("tevcurve.problems").warning("odd")
        log.warning("Run %s is left out: %s", 3, "bad")
        try:
            raise ValueError("deep inside")
        except ValueError:
            log.exception("It broke:")
    assert capsys.readouterr().err == "WARNING: The store ?[31mcannot be written.\nERROR: It broke:\n"


def test_texts_of_files_cannot_draw_on_a_terminal(capsys):
    assert plain("a\x1b[2J\x07b\u202ec") == "a?[2J?b?c"
    print_table(["name", "n"], [["\x1b[31mred", "1"], ["b", "10"]])
    assert capsys.readouterr().out == "name       n\n?[31mred   1\nb         10\n"


def test_how_often_python_collects_is_left_as_it_was(capsys):
    before = gc.get_threshold()
    main(["--help"])
    main(["light-curve", "nowhere"])
    capsys.readouterr()
    assert gc.get_threshold() == before


@pytest.mark.parametrize(
    ("number", "code", "begin"),
    [(signal.SIGINT, 130, "Interrupted. "), (signal.SIGTERM, 143, "Stopped. ")],
)
@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ([], "The same command begins anew; with --cache cache it goes on with the runs that were reduced."),
        (["--cache", "own"], "Runs that were reduced are in the cache: the same command goes on with them."),
    ],
)
def test_an_interruption_says_what_goes_on(store, capsys, monkeypatch, number, code, begin, options, kept):
    error = KeyboardInterrupt() if number == signal.SIGINT else command.Stopped(number)
    monkeypatch.setattr("tevcurve.cli.jobs.light_curve", failing(error))
    assert main(["light-curve", store, *options]) == code
    assert capsys.readouterr().err == f"{begin}{kept}\n"


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
        (command.Stopped(signal.SIGTERM), 128 + signal.SIGTERM, "Stopped.\n"),
    ],
)
@pytest.mark.parametrize("soon", [0, 0.01])
def test_an_interruption_where_python_passes_no_error_on_comes_again(
    soon, error, code, words, monkeypatch, capsys
):
    class Last:
        def __del__(self):
            raise error

    def called(arguments):
        Last()
        # It ends here, however long the machine takes for that.
        time.sleep(30)

    monkeypatch.setattr(command, "_SOON", soon)
    monkeypatch.setattr(command, "_called", called)
    assert main(["info"]) == code
    assert capsys.readouterr().err == words
