"""Which response a table holds: by its classes, or else by its name and its columns.

Format: https://gamma-astro-data-formats.readthedocs.io/en/v0.3/general/hduclass.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tevcurve.irf.layout import RESPONSE_TYPES, RESPONSES, Layout, classes_of, names_of, type_of

_KINDS = {kind: hdu_type for hdu_type, one in RESPONSE_TYPES.items() for kind in one.kinds}
_NAMES = {name: hdu_type for hdu_type, one in RESPONSE_TYPES.items() for name in one.names}


def response_class_of(name: str, header: Mapping[str, Any], columns: Iterable[str]) -> tuple[str, str] | None:
    """(HDU_TYPE, HDU_CLASS) of a table, two str as in an HDU index; None where it holds no response.

    HDUCLAS2 and HDUCLAS4 decide, the latter also where it is cut short ("2D", "3GAUSS"). Where HDUCLAS1 is missing the
    name does, and where HDUCLAS4 is missing the columns: a class whose columns are all there. The class of a response
    that is not known is what the table calls it.

    Parameters
    ----------
    name : EXTNAME
    header : keywords and values
    columns : names of the columns, in any case
    """
    first, second, fourth = (str(header.get(f"HDUCLAS{n}") or "").strip() for n in (1, 2, 4))
    if first.upper() not in ("", "RESPONSE"):
        return None
    told = full_class("", fourth)
    hdu_type = type_of(told) or _KINDS.get(second.upper()) or _type_of_class(told)
    if hdu_type is None:
        hdu_type = _type_of_name(name)
    if hdu_type is None:
        return None
    if not told:
        own = {column.upper() for column in columns}
        told = next((one for one in classes_of(hdu_type) if _has_all(RESPONSES[one].layout, own)), name)
    return hdu_type, full_class(hdu_type, told)


def full_class(hdu_type: str, text: str) -> str:
    """The HDU_CLASS of a type that a text stands for, str: "2D" of an aeff is "aeff_2d".

    Parameters
    ----------
    hdu_type : one of `RESPONSE_TYPES`; others, and "", leave the text as it is
    text : HDUCLAS4 or HDU_CLASS, in any case
    """
    name = text.strip().lower()
    if hdu_type not in RESPONSE_TYPES or not name or name.startswith(f"{hdu_type}_") or " " in name:
        return name
    # Asked last: for a name that is not ours it looks through what packages are installed.
    return name if name in RESPONSES else f"{hdu_type}_{name}"


def _type_of_class(hdu_class: str) -> str | None:
    """The type that a class which is not known names, None where it names none."""
    return next((each for each in RESPONSE_TYPES if hdu_class.startswith(f"{each}_")), None)


def _type_of_name(name: str) -> str | None:
    """The type that an EXTNAME tells, None where it tells none."""
    words = " ".join(name.upper().replace("_", " ").replace("-", " ").split())
    found = (
        hdu_type for start, hdu_type in _NAMES.items() if words == start or words.startswith(f"{start} ")
    )
    return next(found, None)


def _has_all(layout: Layout, columns: set[str]) -> bool:
    """Whether a table with some columns, in capitals, has all that a layout asks for."""
    wanted = [[f"{one}_LO" for one in names_of(axis)] for axis, _, _ in layout.axes]
    wanted += [list(names_of(column.name)) for column in layout.columns if column.is_used]
    return all(columns.intersection(names) for names in wanted)
