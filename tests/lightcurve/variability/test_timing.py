"""The door to the time domain."""

import inspect

from light_curve_rows import make_rows

from tevcurve.lightcurve.variability.timing import METHODS, Timing
from tevcurve.on_demand import found_at


def test_a_light_curve_has_its_timing():
    light_curve = make_rows()
    timing = light_curve.timing
    assert isinstance(timing, Timing)
    assert timing.light_curve is light_curve
    assert repr(timing).startswith("Timing(")


def test_each_method_is_a_documented_function_of_a_light_curve():
    for name, method in METHODS.items():
        function = found_at(method.place)
        assert getattr(Timing, name) is function
        assert next(iter(inspect.signature(function).parameters)) == "light_curve"
        assert inspect.getdoc(function)
