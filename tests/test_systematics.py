"""Records of what is not known of instruments."""

import numpy as np
import pytest

from tevcurve.errors import InputError
from tevcurve.systematics import (
    CrossCalibration,
    Scales,
    Systematic,
    Systematics,
    as_systematics,
    split_background,
)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"effect": "flux"}, "The effect is 'flux'; wanted is one of flux_scale, background, energy_scale"),
        ({"by": "week"}, "by is 'week'; wanted is one of row, run, night"),
        ({"sigma": 0}, "sigma of the systematic flux_scale is 0; wanted is a number above 0"),
        ({"sigma": "10 %"}, "sigma of the systematic flux_scale is '10 %'"),
        ({"by": "period"}, "wanted are ascending MJD for by='period'"),
        ({"periods": (53000.0,)}, "and none otherwise"),
        ({"by": "run", "shared": True}, "shared is for nights and periods"),
    ],
)
def test_what_is_no_systematic_is_refused(fields, words):
    with pytest.raises(InputError, match=words):
        Systematic(**{"effect": "flux_scale", "sigma": 0.1, "by": "night"} | fields)


def test_dicts_are_systematics():
    (made,) = as_systematics({"effect": "background", "sigma": 0.03, "by": "run", "instruments": "fact"})
    assert made == Systematic(effect="background", sigma=0.03, by="run", instruments=("fact",))
    assert made.name == "background"
    assert made.acts_on("fact")
    assert not made.acts_on("hess")
    assert made.text() == "background 0.03 by run, of fact"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("flux_scale", "systematics is 'flux_scale'"),
        (
            {"effect": "flux_scale", "sigma": 0.1, "by": "period", "periods": 3},
            "periods of the .* is 3; wanted",
        ),
        (
            {"effect": "flux_scale", "sigma": 0.1, "by": "period", "periods": "x"},
            "periods of the .* is 'x'; wanted",
        ),
        (
            {"effect": "flux_scale", "sigma": 0.1, "by": "all", "instruments": 3},
            "instruments of the .* is 3; wanted",
        ),
        (
            {"effect": "flux_scale", "sigma": 0.1, "by": "all", "name": {}},
            "name of the .* is {}; wanted are texts",
        ),
        ([{"effect": "background", "sigma": 0.1}], "says nothing of by"),
        ([{"effect": "background", "sigma": 0.1, "by": "run", "law": 1}], "has the key 'law'"),
        (
            [
                {"effect": "flux_scale", "sigma": 0.1, "by": "run"},
                {"effect": "flux_scale", "sigma": 0.1, "by": "all"},
            ],
            "which makes them one parameter",
        ),
        ([{"effect": "flux_scale", "sigma": 0.1, "by": "run"}] * 2, "wanted is one, or another name"),
        ([Systematic(effect="flux_scale", sigma=0.1, by="run")] * 2, "wanted is one, or another name"),
        (
            [
                {"effect": "flux_scale", "sigma": 0.1, "by": "run", "instruments": own}
                for own in (("hess",), ("fact",), ("magic", "fact"))
            ],
            "Two systematics are flux_scale called 'flux_scale'",
        ),
    ],
)
def test_what_are_no_systematics_is_refused(given, words):
    with pytest.raises(InputError, match=words):
        as_systematics(given)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"from_": "rows"}, "wanted is one of overlap, constant"),
        ({"sigma": {}}, "wanted is a dict of instruments"),
        ({"sigma": {"hess": 0.1}}, "is the reference of the cross-calibration"),
        ({"sigma": {"fact": -0.1}}, "sigma of the scale of fact is -0.1"),
        ({"sigma": {"fact": "fre"}}, "'fre'; wanted is a number above 0, or 'free'"),
    ],
)
def test_what_is_no_cross_calibration_is_refused(fields, words):
    with pytest.raises(InputError, match=words):
        CrossCalibration(**{"reference": "hess", "sigma": {"fact": "free"}} | fields)


def test_an_instrument_without_a_scale_sees_the_flux_as_it_is():
    scales = Scales(("magic", "fact"), np.array([0.1, -0.3]), np.eye(2), 4, np.array([100.0, 200.0]))
    assert (scales.of("fact"), scales.of("hess")) == (-0.3, 0.0)
    assert not Systematics()
    assert Systematics(calibration=CrossCalibration(reference="a", sigma={"b": 0.1}))


def test_a_background_by_row_is_background_error():
    by_row = Systematic(effect="background", sigma=0.05, by="row")
    by_night = Systematic(effect="background", sigma=0.03, by="night", name="sky")
    assert split_background((by_row, by_night), None) == ((by_night,), 0.05)
    assert split_background((by_night,), 0.02) == ((by_night,), 0.02)
    with pytest.raises(InputError, match=r"background_error \(0.05\) is given, too"):
        split_background((by_row,), 0.05)
    of_one = Systematic(effect="background", sigma=0.05, by="row", instruments="FACT")
    with pytest.raises(InputError, match="for all instruments"):
        split_background((of_one,), None)
    flux = Systematic(effect="flux_scale", sigma=0.1, by="row", name="background")
    with pytest.raises(InputError, match="a name of its own"):
        split_background((by_row, flux), None)
