"""What callers say of systematic errors, as records."""

import pytest

from tevcurve.asked_systematics import as_systematics, split_background
from tevcurve.errors import InputError
from tevcurve.systematics import Systematic


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
