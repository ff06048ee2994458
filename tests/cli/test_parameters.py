"""Parameters of functions as options and arguments of the line, and the page of help that tells them."""

from pathlib import Path
from typing import Annotated

import pytest
from click.testing import CliRunner

from tevcurve.cli.click_commands import Family, as_command
from tevcurve.cli.parameters import Argument, Option


def draw(
    files: Annotated[list[Path], Argument(help="Files [of runs].", metavar="FILE...")],
    number: Annotated[int | None, Option(help="How many.", min=1)] = None,
    share: Annotated[float, Option(help="Of all.", section="Numbers")] = 0.5,
    names: Annotated[list[str] | None, Option("--name", "-n", help="Of several.")] = None,
    fast: Annotated[bool | None, Option(help="At once.")] = None,
    loud: Annotated[int, Option("-l", count=True, help="Louder.")] = 0,
    older: Annotated[str | None, Option()] = None,
):
    """Draw what is in some files.

    All in one figure, whatever
    they have.

    \b
    draw a b
    draw a   --name [x]
    """
    raise ValueError((files, number, share, names, fast, loud, older))


def given(*words):
    """What the function was called with, or what was told of the words."""
    done = CliRunner().invoke(as_command("draw", draw), words)
    return done.exception.args[0] if isinstance(done.exception, ValueError) else done.output


def test_values_are_of_the_kinds_that_the_signature_has():
    assert given("a", "b/c") == ([Path("a"), Path("b/c")], None, 0.5, None, None, 0, None)
    words = [
        "--number",
        "3",
        "--share",
        "1e-2",
        "-n",
        "x",
        "--name",
        "y",
        "--no-fast",
        "-ll",
        "--older",
        "z",
        "a",
    ]
    assert given(*words) == ([Path("a")], 3, 0.01, ["x", "y"], False, 2, "z")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "Missing argument 'FILE...'"),
        (["a", "--number", "0"], "0 is not in the range"),
        (["a", "--number", "x"], "'x' is not a valid integer"),
        (["a", "--share", "x"], "'x' is not a valid float"),
        (["a", "--nam", "x"], "--name"),
    ],
)
def test_what_cannot_be_used_is_told(words, told):
    assert told in given(*words)


def test_an_argument_that_is_not_given_has_its_default():
    def drawn(file: Annotated[Path, Argument(help="A file.", metavar="FILE")] = Path("a.png")):
        raise ValueError(file)

    done = [CliRunner().invoke(as_command("drawn", drawn), words).exception for words in ([], ["b.png"])]
    assert [each.args for each in done] == [(Path("a.png"),), (Path("b.png"),)]


def test_an_argument_that_need_not_be_there_is_in_brackets():
    def look(result: Annotated[Path | None, Argument(help="A result.", metavar="RESULT")] = None):
        """Look."""
        raise ValueError((result,))

    page = CliRunner().invoke(as_command("look", look), ["--help"]).output
    assert "Usage: look [OPTIONS] [RESULT]" in page
    assert "[required]" not in page
    assert CliRunner().invoke(as_command("look", look), []).exception.args[0] == (None,)


def test_the_page_has_all_words_as_they_are_in_any_width():
    for width in (40, 80, 200):
        page = CliRunner().invoke(as_command("draw", draw), ["--help"], env={"COLUMNS": str(width)}).output
        assert max(map(len, page.splitlines())) <= width
        words = " ".join(page.replace("│", " ").split())
        for told in (
            "Files [of runs]. [required]",
            "How many. [x>=1]",
            "Of all. [default: 0.5]",
            "--no-fast At once.",
        ):
            assert told in words
        assert "All in one figure, whatever they have." in words
        assert "\n draw a b" in page
        assert "draw a   --name [x]" in page
        assert "--older" not in page
        headings = [page.index(f"─ {heading} ─") for heading in ("Arguments", "Options", "Numbers")]
        assert headings == sorted(headings)


def test_a_family_says_what_it_has_and_begins_with_the_name_it_was_called_by():
    called = []
    family = Family(called.append, {"draw": draw})
    done = CliRunner().invoke(as_command("old", family), ["draw", "a"])
    assert called == ["old"]
    assert isinstance(done.exception, ValueError)
    done = CliRunner().invoke(as_command("old", family), [])
    assert done.exit_code == 2
    assert "draw  Draw what is in some files." in done.output
    assert (
        "There is no command 'drew'; did you mean 'draw'?"
        in CliRunner().invoke(as_command("old", family), ["drew"]).output
    )
