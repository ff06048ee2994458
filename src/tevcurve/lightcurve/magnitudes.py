"""Magnitudes, which grow as a source gets fainter: how they are known, so that none is taken for a flux."""

import re
from typing import Any

import numpy as np
from astropy import units as u

from tevcurve.errors import InputError

_NAME = re.compile(r"(^|[^a-z]|^[a-z]{1,2})mag(nitude)?s?$", re.IGNORECASE)
# No star is so faint: 99.99 and the like stand for nothing.
_FAINTEST = 60.0


def check_sizes(values: np.ndarray, what: str) -> None:
    """Raises `InputError` for numbers that are no magnitudes, but stand for one that is not known.

    Parameters
    ----------
    values : magnitudes, NaN where there is none
    what : name of their column
    """
    wrong = values[np.abs(values) > _FAINTEST]
    if len(wrong):
        raise InputError(
            f"The column {what} has the magnitude {wrong[0]:g}; wanted is an empty cell where none is known."
        )


def is_magnitude(unit: Any) -> bool:
    """Whether a unit is one of magnitudes: mag, mmag, or magnitudes of a system such as mag(AB).

    unit: astropy unit, or None.
    """
    if isinstance(unit, u.function.FunctionUnitBase):
        return isinstance(unit, u.MagUnit)
    # A dex is one, too, of another sign.
    return unit is not None and unit.is_equivalent(u.mag) and unit.to(u.mag) > 0


def in_magnitudes(unit: Any, name: str) -> Any:
    """The unit itself. Raises `InputError` for logarithms of something, such as mag(AB), whose system no table keeps.

    Parameters
    ----------
    unit : astropy unit, or None
    name : str, of the column, for the message
    """
    if isinstance(unit, u.function.FunctionUnitBase):
        raise InputError(
            f'The unit of {name} is {unit}; wanted is units={{"{name}": "mag"}} for magnitudes, their system among the '
            'words of meta, such as {"instrument": "ATOM, B (AB)"}.'
        )
    return unit


def check_unit_said(names: tuple[str, str], unit: Any) -> None:
    """Raises `InputError` for magnitudes whose column has no unit: they would be drawn upside down.

    Parameters
    ----------
    names : (str, str), of the column in a light curve and in a table
    unit : astropy unit, or None
    """
    if unit is None and any(_NAME.search(name) for name in names):
        raise InputError(
            f'The column {names[1]} has no unit; wanted is one, as units={{"{names[0]}": "mag"}} if these are '
            f'magnitudes, which grow downwards, or units={{"{names[0]}": ""}}.'
        )
