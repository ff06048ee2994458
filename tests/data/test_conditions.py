"""Conditions on a number: what a text means, checked number by number."""

import numpy as np
import pytest

from tevcurve.data.conditions import condition_of
from tevcurve.errors import InputError


@pytest.mark.parametrize(
    ("text", "holds", "fails"),
    [
        ("<50 deg", (0, 49.999), (50, 51, np.nan)),
        ("<= 50deg", (50,), (50.001,)),
        (">20 deg", (20.1,), (20, 0)),
        ("\u226520 deg", (20,), (19.9,)),
        ("below 30 arcmin", (0.49,), (0.5,)),
        ("20-50 deg", (20, 35, 50), (19.9, 50.1)),
        ("20 deg to 3000 arcmin", (20, 50), (51,)),
    ],
)
def test_angles(text, holds, fails):
    condition = condition_of(text, "deg", "an angle")
    assert all(condition.holds(each) for each in holds)
    assert not any(condition.holds(each) for each in fails)


@pytest.mark.parametrize(
    ("text", "holds"),
    [("0", {0}), ("0, 2", {0, 2}), ("=1", {1}), ("<=1", {0, 1}), (">=3", {3, 4}), ("2-3", {2, 3})],
)
def test_numbers(text, holds):
    condition = condition_of(text, "", "a number")
    assert {each for each in range(5) if condition.holds(each)} == holds


@pytest.mark.parametrize(
    "text", ["<50", "50 deg", "<50 s", "50-20 deg", "<nan deg", "good", "", "<", "10-20-30 deg"]
)
def test_what_is_none_is_refused_with_what_is_wanted(text):
    with pytest.raises(InputError, match="wanted is an angle such as"):
        condition_of(text, "deg", "an angle such as '<50 deg'")
