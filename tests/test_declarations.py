import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from tevcurve import declarations
from tevcurve.declarations import Declarations
from tevcurve.errors import InputError

TABLE = {"fraction": "fractions:Fraction", "path": "os:path.join"}


@pytest.fixture
def numbers():
    return Declarations("number", "tevcurve.test_numbers", TABLE)


def with_entry_points(monkeypatch, **places):
    points = [EntryPoint(name, place, "tevcurve.test_numbers") for name, place in places.items()]
    monkeypatch.setattr(declarations, "_points_of", lambda group: [p for p in points if p.group == group])


def test_names_are_known_without_importing():
    code = (
        "import sys; from tevcurve.declarations import Declarations\n"
        "t = Declarations('number', 'no.group', {'fraction': 'fractions:Fraction'})\n"
        "assert list(t) == ['fraction'] and 'fraction' in t and 'fractions' not in sys.modules\n"
        "assert t['fraction'](1, 2) == 0.5 and 'fractions' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_things_are_found_at_their_places(numbers):
    from fractions import Fraction
    from os.path import join

    assert numbers["fraction"] is Fraction
    assert numbers.things() == {"fraction": Fraction, "path": join}


def test_what_is_registered_is_found_until_it_is_taken_away(numbers):
    numbers.register("complex", complex)
    numbers.register("decimal", "decimal:Decimal")
    assert numbers["complex"] is complex
    assert numbers["decimal"].__name__ == "Decimal"
    assert list(numbers) == ["fraction", "path", "complex", "decimal"]
    assert len(numbers) == 4
    numbers.unregister("complex")
    assert "complex" not in numbers
    with pytest.raises(InputError, match="No number 'complex' was registered"):
        numbers.unregister("complex")


def test_a_name_is_there_once(numbers):
    with pytest.raises(InputError, match="There is a number 'path' already"):
        numbers.register("path", complex)


@pytest.mark.parametrize("name", ["", "two words", "a=b", "'a'", None, 3])
def test_names_are_words(numbers, name):
    with pytest.raises(InputError, match="wanted is a word"):
        numbers.register(name, complex)


@pytest.mark.parametrize("name", ["fractoin", "", None, 3])
def test_an_unknown_name_is_refused_with_what_is_meant_or_all_that_there_are(numbers, name):
    wanted = "did you mean 'fraction'?" if name == "fractoin" else "wanted is one of fraction, path."
    with pytest.raises(InputError) as caught:
        numbers[name]
    assert str(caught.value) == f"There is no number {name!r}; {wanted}"


@pytest.mark.parametrize("place", ["no_such_module_at_all:thing", "fractions:NoSuch", "fractions", ":x"])
def test_a_thing_that_is_not_at_its_place(numbers, place):
    numbers.register("lost", place)
    with pytest.raises(InputError, match="The number 'lost' is said to be at"):
        numbers["lost"]


def test_packages_add_by_entry_points(numbers, monkeypatch):
    with_entry_points(monkeypatch, decimal="decimal:Decimal")
    assert "decimal" in numbers
    assert numbers["decimal"].__name__ == "Decimal"
    assert list(numbers) == ["fraction", "path", "decimal"]


def test_entry_points_are_those_of_installed_packages():
    from importlib.metadata import entry_points

    scripts = Declarations("script", "console_scripts", {})
    assert set(scripts) == {point.name for point in entry_points(group="console_scripts")}


def test_all_things_are_there_again_after_one_was_added(numbers):
    before = numbers.things()
    numbers.register("complex", complex)
    assert set(numbers.things()) - set(before) == {"complex"}
    numbers.unregister("complex")
    assert numbers.things() == before


def test_a_package_takes_no_name_away(numbers, monkeypatch, caplog):
    with_entry_points(monkeypatch, path="decimal:Decimal")
    assert list(numbers) == ["fraction", "path"]
    assert numbers["path"].__name__ == "join"
    assert "The number 'path' of decimal:Decimal is left out" in caplog.text
