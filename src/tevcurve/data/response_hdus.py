"""Responses as GADF tables: the bytes from which a response is read back as it is.

Format: https://gamma-astro-data-formats.readthedocs.io/en/v0.3/irfs/full_enclosure/index.html
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import astropy.units as u
import numpy as np

from tevcurve.data.table_bytes import table_bytes
from tevcurve.errors import InputError
from tevcurve.irf.layout import Layout, file_unit
from tevcurve.irf.table import Response

CLASSIFICATION = {
    "HDUCLASS": "GADF",
    "HDUDOC": "https://github.com/open-gamma-ray-astro/gamma-astro-data-formats",
    "HDUVERS": "0.3",
}
# Keywords of a response that mean something to those who use it.
_KEPT = ("LO_THRES", "HI_THRES", "FOVALIGN", "RAD_MAX", "HDUCLAS3")


def response_table(
    layout: Layout,
    axes: Sequence[tuple[str, np.ndarray, np.ndarray, str]],
    columns: Mapping[str, np.ndarray],
    keywords: Mapping[str, Any] | None = None,
) -> bytes:
    """Bytes of the table of a response in the units of files; 32 bits for numbers that need no more.

    Parameters
    ----------
    layout : `~tevcurve.irf.layout.Layout`
    axes : list of (name, low, high, unit), float arrays (n,), in the order of the axes of the layout
    columns : dict of the name of each column of values and these, float array with these axes, in the unit of files
    keywords : dict of further header keywords
    """
    names = [name for name, _, _, _ in axes]
    order = [names.index(name) for name in layout.orders[0]]
    written = []
    # The first column of a table is that of the axis that runs fastest.
    for index in reversed(order):
        name, low, high, unit = axes[index]
        for end, edge in (("LO", low), ("HI", high)):
            written.append((f"{name}_{end}", unit, _narrow(edge)[None]))
    for each in layout.columns:
        values = _narrow(np.transpose(columns[each.name], order))
        written.append((each.name, file_unit(each.unit), values[None]))
    region = "POINT-LIKE" if layout.hdu_type == "rad_max" else "FULL-ENCLOSURE"
    classes = {"HDUCLAS1": "RESPONSE", "HDUCLAS2": layout.kind, "HDUCLAS3": region}
    classes |= {"HDUCLAS4": layout.hdu_class.upper()}
    return table_bytes(layout.hdu_type.upper(), written, CLASSIFICATION | classes | dict(keywords or {}))


def _narrow(values: np.ndarray) -> np.ndarray:
    """The values in 32 bits where these hold them exactly."""
    with np.errstate(over="ignore"):
        narrow = np.asarray(values, dtype=np.float32)
    return narrow if np.array_equal(narrow, values) else np.asarray(values, dtype=float)


def response_bytes(response: Response) -> bytes:
    """Bytes of the table of a response of `tevcurve.irf`; read again it is the same, to the last digit as a rule.

    (Numbers that came from a file in its usual units come back exactly; others may change in the last digit.)
    Field-of-view longitude is written as GADF has it, against right ascension.
    Raises InputError for what is no response.

    response: of `tevcurve.irf`, or one of a package.
    """
    if not isinstance(response, Response):
        raise InputError(f"{response!r} is no response that can be written; wanted is one of tevcurve.irf.")
    table, layout = response.file_table(), response.layout
    axes = []
    for axis in table.axes:
        unit = file_unit(axis.unit)
        low, high = (_converted(edges, axis.unit, unit) for edges in (axis.low, axis.high))
        axes.append((axis.name, low, high, unit))
    columns = {
        each.name: _converted(table.columns[each.name], each.unit, file_unit(each.unit))
        for each in layout.columns
    }
    keywords = {key: table.header[key] for key in _KEPT if table.header.get(key) is not None}
    return response_table(layout, axes, columns, keywords)


@lru_cache(maxsize=32)
def _factor(text: str, wanted: str) -> float:
    return u.Unit(text).to(u.Unit(wanted))


def _converted(values: np.ndarray, unit: str, written: str) -> np.ndarray:
    """Values for a file such that the reader, which multiplies by a factor, gets back the ones inside where it can."""
    values = np.asarray(values, dtype=float)
    if unit == written:
        return values
    factor = _factor(written, unit)
    nearest = result = values / factor
    # What came from 32 bits goes back there; else the neighbours in 64 bits are tried.
    with np.errstate(over="ignore"):
        narrow = nearest.astype(np.float32).astype(float)
    for candidate in (np.nextafter(nearest, -np.inf), np.nextafter(nearest, np.inf), narrow):
        result = np.where(candidate * factor == values, candidate, result)
    return result
