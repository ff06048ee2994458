import copy
import pickle

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import Longitude

from tevcurve.errors import InputError, MissingError
from tevcurve.models import Parameter, Parameters


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (2.5, None, 2.5 * u.one),
        (3, "GeV", 3 * u.GeV),
        ("1e-12 cm-2 s-1 TeV-1", None, 1e-12 / u.cm**2 / u.s / u.TeV),
        (Longitude("83.63 deg"), "rad", 83.63 * u.deg),
        (np.float32(0.5), "deg", 0.5 * u.deg),
    ],
)
def test_a_parameter_takes_numbers_quantities_and_strings(value, unit, expected):
    parameter = Parameter("index", value, unit)
    assert parameter.quantity.unit == expected.unit
    assert parameter.quantity == expected


def test_units_that_are_internal_already_stay_to_the_last_digit():
    assert Parameter("amplitude", "3.3e-11 cm-2 s-1 TeV-1").internal == 3.3e-11


def test_setting_converts_to_the_unit_of_the_parameter():
    parameter = Parameter("reference", "1 TeV")
    parameter.quantity = "300 GeV"
    assert (parameter.value, parameter.unit) == (pytest.approx(0.3), u.TeV)
    parameter.value = 2
    assert parameter.quantity == 2 * u.TeV
    parameter.error = 50 * u.GeV
    assert parameter.error == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.nan, "set to nan"),
        (np.inf, "set to inf"),
        ("1 m", "is 1 m; wanted is what converts to TeV"),
        ("much", "is 'much'"),
        (np.array([1.0, 2.0]), "wanted is one number"),
        (None, "wanted is one number"),
        (-1.0, "within its bounds 0 to 10"),
    ],
)
def test_what_a_parameter_does_not_take(value, words):
    parameter = Parameter("reference", "1 TeV", min=0, max=10)
    with pytest.raises(InputError, match=words):
        parameter.value = value
    assert parameter.value == 1


def test_what_a_parameter_is_not_made_from():
    with pytest.raises(InputError, match="finite"):
        Parameter("index", np.nan)
    with pytest.raises(InputError, match="converts to TeV"):
        Parameter("reference", "1 m", "TeV")
    with pytest.raises(InputError, match="wanted is a unit"):
        Parameter("reference", 1, "no such unit")
    with pytest.raises(InputError, match="name"):
        Parameter("two words", 1)
    with pytest.raises(InputError, match="True or False"):
        Parameter("index", 1, frozen="yes")
    with pytest.raises(InputError, match=">= 0"):
        Parameter("index", 1, error=-1)
    with pytest.raises(InputError, match="bounds around its value"):
        Parameter("index", 1, min=2)


def test_bounds_are_open_unless_set():
    parameter = Parameter("index", 2.0, max=3)
    assert (parameter.min, parameter.max) == (-np.inf, 3.0)
    parameter.min, parameter.max = 1, None
    assert (parameter.min, parameter.max) == (1.0, np.inf)
    parameter.min = np.nan
    assert parameter.min == -np.inf
    assert np.isnan(parameter.error)


def test_bounds_follow_a_value_in_another_unit():
    parameter = Parameter("reference", "1 TeV", min=0.5, max=2, frozen=True).like("800 GeV")
    assert parameter.quantity == 800 * u.GeV
    assert (parameter.min, parameter.max) == (pytest.approx(500), pytest.approx(2000))
    assert parameter.frozen


@pytest.mark.parametrize("make", [Parameter.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_copies_are_equal_and_independent(make):
    parameter = Parameter("sigma", "0.1 deg", min=0, error=0.01, frozen=True)
    new = make(parameter)
    assert str(new) == str(parameter) == "sigma = 0.100 +- 0.010 deg (frozen)"
    assert (new.min, new.max) == (0, np.inf)
    new.value, new.frozen = 0.2, False
    assert (parameter.value, parameter.frozen) == (0.1, True)


@pytest.fixture
def three():
    return Parameters(
        [Parameter("index", 2.0), Parameter("norm", 1.0, min=0), Parameter("tilt", 0.0, frozen=True)]
    )


def test_parameters_by_name_number_and_slice(three):
    assert three["norm"] is three[1] is list(three)[1]
    assert three[-1].name == "tilt"
    assert three[:2].names == ["index", "norm"]
    assert len(three) == 3
    assert "norm" in three
    assert three[0] in three
    assert "amplitude" not in three
    assert Parameter("norm", 1.0) not in three
    np.testing.assert_array_equal(three.values, [2, 1, 0])


def test_free_parameters_are_the_objects_themselves(three):
    three["index"].frozen = True
    assert three.free_parameters.names == ["norm"]
    assert three.free_parameters[0] is three["norm"]


def test_missing_parameters_are_named(three):
    with pytest.raises(MissingError, match="no parameter 'gamma'; there are index, norm, tilt") as error:
        three["gamma"]
    assert isinstance(error.value, KeyError)
    with pytest.raises(MissingError, match="number 3: there are 3"):
        three[3]
    with pytest.raises(InputError, match="name or its number"):
        three[1.5]
    with pytest.raises(InputError, match="Parameter objects"):
        Parameters([1.0])


def test_a_shared_parameter_stands_once_and_a_shared_name_is_refused(three):
    assert len(Parameters([*three, three[0]])) == 3
    double = three + Parameters([Parameter("norm", 3.0)])
    assert len(double) == 4
    with pytest.raises(InputError, match="belongs to 2 parameters"):
        double["norm"]
    assert double[3].value == 3


def test_copied_parameters_are_independent(three):
    new = three.copy()
    new["index"].value = 3
    assert three["index"].value == 2


def test_views_show_every_number(three):
    three["index"].error = 0.25
    table = three.to_table()
    assert table.colnames == ["name", "value", "unit", "error", "min", "max", "frozen"]
    assert list(table["name"]) == three.names
    assert list(table["frozen"]) == [False, False, True]
    assert table["error"][0] == 0.25
    assert "index = 2.00 +- 0.25" in str(three)
    assert all(f"<td>{text}</td>" in three._repr_html_() for text in ("index", "norm", "tilt", "0.25", "yes"))
    assert len(Parameters().to_table()) == 0
    assert str(Parameters()) == "no parameters"
