"""The modules import one way, and imports inside functions are for what is slow."""

import re
from pathlib import Path

import pytest
from structure import BARS, CIRCLES, INSIDE, LARGE, LONG, WIDE, measured_in
from structure_source import Source


@pytest.fixture(scope="module")
def source():
    return Source(Path(__file__).resolve().parents[1])


def test_no_modules_import_each_other_in_a_circle(source):
    """Imports inside functions count."""
    assert source.circles() == []
    assert BARS[CIRCLES].most == 0


def test_few_imports_of_the_package_stand_inside_functions(source):
    """Each for something slow that its command or its option alone needs."""
    inside = source.inside_functions
    assert len(inside) <= BARS[INSIDE].most, inside


def test_functions_and_classes_keep_to_their_sizes(source):
    """Nine have many arguments: two have the options of a light curve; a figure, a simulated run, append, commands."""
    measured = measured_in(source)
    for name in (LARGE, LONG, WIDE):
        figure, counted = measured[name]
        assert figure <= BARS[name].most, counted


def test_circles_and_imports_inside_functions_are_found(tmp_path):
    folder = tmp_path / "src" / "tevcurve"
    folder.mkdir(parents=True)
    modules = {
        "__init__": "",
        "a": "from tevcurve import b\n",
        "b": "def f():\n    from tevcurve.c import g\n",
        "c": "import tevcurve.a\n",
        "d": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tevcurve.e import x\n",
        "e": "import tevcurve.d\n",
    }
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    made = Source(tmp_path)
    assert made.circles() == [["tevcurve.a", "tevcurve.b", "tevcurve.c"]]
    assert made.circles(with_types=True)[1:] == [["tevcurve.d", "tevcurve.e"]]
    assert made.inside_functions == [("tevcurve.b", 2)]


def test_lines_of_code_are_without_docstrings_comments_and_blanks(tmp_path):
    folder = tmp_path / "src" / "tevcurve"
    folder.mkdir(parents=True)
    text = (
        '"""Words.\n\nMore."""\n\n# A remark.\nx = """a\n\nb"""\n\n\n'
        'def f(a):\n    """Words."""\n    return (\n        a\n    )\n'
    )
    (folder / "__init__.py").write_text(text)
    assert Source(tmp_path).lines_of_code() == {"tevcurve": 7}


def test_every_place_that_the_architecture_names_is_there():
    root = Path(__file__).resolve().parents[1]
    text = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    places = re.findall(r"`([\w/]+(?:\.py|/))(?:::(\w+))?`", text)
    assert len(places) > 40
    for place, name in places:
        path = next(
            (base / place for base in (root / "src" / "tevcurve", root) if (base / place).exists()), None
        )
        assert path is not None, place
        if name:
            assert re.search(rf"^(class |def )?{name}\b", path.read_text(encoding="utf-8"), re.M), (
                place,
                name,
            )
