"""Names and methods that are found when they are asked for."""

import inspect
import subprocess
import sys

import package_stubs
import pytest

import tevcurve
from tevcurve.on_demand import Elsewhere, MakerElsewhere, found_at, names_on_demand, offers


@offers({"textwrap_of": "textwrap:shorten"}, {"made": "fractions:Fraction"})
class Text(str):
    """A text that can be shortened."""


def test_a_function_elsewhere_is_a_method():
    assert Text("one two three").textwrap_of(8, placeholder="") == "one two"
    assert Text.textwrap_of is found_at("textwrap:shorten")
    assert "textwrap_of" in dir(Text)


@offers({"shortened": "textwrap:shorten"}, about="text")
class Note:
    """A note, whose methods are about its text."""

    def __init__(self, text):
        self.text = text


@offers({}, properties={"note": "fractions:Fraction"})
class Number(int):
    """A number that has a fraction."""


def test_methods_may_be_about_what_an_object_has():
    assert Note("one two three").shortened(8, placeholder="") == "one two"
    assert Note.shortened is found_at("textwrap:shorten")


def test_a_property_is_made_elsewhere_of_the_object():
    assert Number(3).note == found_at("fractions:Fraction")(3)
    assert "fractions:Fraction" in repr(Number.note)


def test_a_maker_is_called_without_an_object():
    assert Text.made(1, 2) == Text("any").made(1, 2) == 0.5


def test_nothing_is_imported_before_it_is_asked_for():
    code = (
        "import sys; from tevcurve.on_demand import MakerElsewhere, names_on_demand\n"
        "class Thing: half = MakerElsewhere('fractions:Fraction')\n"
        "get, names = names_on_demand('package', {'Fraction': 'fractions:Fraction'})\n"
        "assert names() == ['Fraction'] and 'fractions' not in sys.modules\n"
        "assert Thing.half(1, 2) == get('Fraction')(1, 2) == 0.5\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_rooms_are_found_where_users_look_for_them():
    code = "import tevcurve.lightcurve as rooms; rooms.bins.by_run(); rooms.variability.ts_var"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_name_that_is_not_there_is_an_attribute_error():
    get, _ = names_on_demand("some.package", {})
    with pytest.raises(AttributeError, match=r"module 'some.package' has no attribute 'nonsense'"):
        get("nonsense")


@pytest.mark.parametrize(
    "cls",
    [
        tevcurve.LightCurve,
        tevcurve.WcsNDMap,
        tevcurve.SpectrumDatasetOnOff,
        tevcurve.ReflectedRegionsBackgroundEstimator,
        tevcurve.WobbleRegionsBackgroundEstimator,
    ],
)
def test_every_method_elsewhere_is_a_documented_function(cls):
    found = {name: inspect.getattr_static(cls, name) for name in dir(cls)}
    methods = [name for name, value in found.items() if isinstance(value, (Elsewhere, MakerElsewhere))]
    assert methods
    for name in methods:
        function = getattr(cls, name)
        assert inspect.isfunction(function)
        assert inspect.getdoc(function)


def test_who_asks_sees_methods_and_static_methods():
    kinds = {each.name: each.kind for each in inspect.classify_class_attrs(tevcurve.LightCurve)}
    assert (kinds["plot"], kinds["read"]) == ("method", "static method")
    assert next(iter(inspect.signature(tevcurve.LightCurve.read).parameters)) == "path"


@pytest.mark.parametrize("package", package_stubs.stubs())
def test_type_checkers_are_told_what_a_package_offers(package):
    """`python tools/package_stubs.py` writes it anew."""
    assert package_stubs.stubs()[package].read_text("utf-8") == package_stubs.stub_of(package)
