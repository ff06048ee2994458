"""From units to plain numbers in TeV, cm, s and rad."""

from functools import lru_cache
from typing import Any

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.files.masked import without_masks


@lru_cache(maxsize=256)
def internal_unit(unit: u.UnitBase) -> u.UnitBase:
    """The unit of the same dimension made of TeV, cm, s and rad, in which the models compute.

    Mass goes into the energy: kg = TeV (s/cm)^2 up to its scale. Other base units (such as ph) stay.

    unit: of astropy.
    """
    si = unit.decompose()
    powers = dict(zip(si.bases, si.powers, strict=True))
    mass, length, second = (powers.pop(base, 0) for base in (u.kg, u.m, u.s))
    made = {u.TeV: mass, u.cm: length - 2 * mass, u.s: second + 2 * mass, **powers}
    result = u.dimensionless_unscaled
    for base, power in made.items():
        if power != 0:
            result = result * base**power
    return result


def as_quantity(value: Any, what: str) -> u.Quantity:
    """A Quantity from a number, a Quantity or a string such as "1 TeV"; `what` names it in the error.

    Parameters
    ----------
    value : number, Quantity or string
    what : names it in the error
    """
    try:
        quantity = u.Quantity(without_masks(value), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{what} is {value!r}; wanted is a number, a Quantity or a string such as '1 TeV'."
        ) from error
    return quantity


@lru_cache(maxsize=256)
def internal_factor(unit: u.UnitBase) -> float:
    """The float that takes a value in `unit` to TeV, cm, s, rad."""
    inside = internal_unit(unit)
    return 1.0 if unit == inside else float(unit.to(inside))
