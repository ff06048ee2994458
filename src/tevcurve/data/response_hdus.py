"""Responses as GADF tables: the bytes from which a response is read back as it is.

Format: https://gamma-astro-data-formats.readthedocs.io/en/v0.3/irfs/full_enclosure/index.html
"""

from dataclasses import dataclass
from functools import lru_cache

import astropy.units as u
import numpy as np

from tevcurve import irf
from tevcurve.data.table_bytes import table_bytes
from tevcurve.errors import InputError

CLASSIFICATION = {
    "HDUCLASS": "GADF",
    "HDUDOC": "https://github.com/open-gamma-ray-astro/gamma-astro-data-formats",
    "HDUVERS": "0.3",
}
# Keywords of a response that mean something to those who use it.
_KEPT = ("LO_THRES", "HI_THRES", "FOVALIGN")


@dataclass(frozen=True)
class ResponseFormat:
    """How a kind of response lies in its table.

    hdu_type, hdu_class: as in the HDU index. kind: HDUCLAS2. column, unit: of the values. order: of their axes as numpy
    sees them, indices of the axes of the response.
    """

    hdu_type: str
    hdu_class: str
    kind: str
    column: str
    unit: str
    order: tuple


FORMATS = {
    irf.EffectiveAreaTable2D: ResponseFormat("aeff", "aeff_2d", "EFF_AREA", "EFFAREA", "m2", (1, 0)),
    irf.EnergyDispersion2D: ResponseFormat("edisp", "edisp_2d", "EDISP", "MATRIX", "", (1, 2, 0)),
    irf.PSF3D: ResponseFormat("psf", "psf_table", "RPSF", "RPSF", "sr-1", (2, 1, 0)),
    irf.Background2D: ResponseFormat("bkg", "bkg_2d", "BKG", "BKG", "s-1 sr-1 MeV-1", (0, 1)),
    irf.Background3D: ResponseFormat("bkg", "bkg_3d", "BKG", "BKG", "s-1 sr-1 MeV-1", (0, 1, 2)),
    irf.RadMax2D: ResponseFormat("rad_max", "rad_max_2d", "RAD_MAX", "RAD_MAX", "deg", (1, 0)),
}
# Units inside, and those that go with them in files.
_FILE_UNITS = {"rad": "deg", "cm2": "m2", irf.background.RATE_UNIT: "s-1 sr-1 MeV-1"}
_VALUE_UNITS = {"m2": "cm2", "s-1 sr-1 MeV-1": irf.background.RATE_UNIT, "deg": "rad"}


def response_table(response_class, axes, values, keywords=None):
    """Bytes of the table of a response in the units of files; 32 bits for numbers that need no more.

    Parameters
    ----------
    response_class : class of `tevcurve.irf`
    axes : list of (name, low, high, unit), float arrays (n,), in the order of the axes of the class
    values : float array with these axes, in the format's unit
    keywords : dict of further header keywords
    """
    form = FORMATS[response_class]
    columns = []
    # The first column of a table is that of the axis that runs fastest.
    for index in reversed(form.order):
        name, low, high, unit = axes[index]
        for end, edge in (("LO", low), ("HI", high)):
            columns.append((f"{name}_{end}", unit, _narrow(edge)[None]))
    columns.append((form.column, form.unit, _narrow(np.transpose(values, form.order))[None]))
    region = "POINT-LIKE" if form.hdu_type == "rad_max" else "FULL-ENCLOSURE"
    classes = {"HDUCLAS1": "RESPONSE", "HDUCLAS2": form.kind, "HDUCLAS3": region}
    classes |= {"HDUCLAS4": form.hdu_class.upper()}
    return table_bytes(form.hdu_type.upper(), columns, CLASSIFICATION | classes | (keywords or {}))


def _narrow(values):
    """The values in 32 bits where these hold them exactly."""
    with np.errstate(over="ignore"):
        narrow = np.asarray(values, dtype=np.float32)
    return narrow if np.array_equal(narrow, values) else np.asarray(values, dtype=float)


def response_bytes(response):
    """Bytes of the table of a response of `tevcurve.irf`; read again it is the same, to the last digit as a rule.

    (Numbers that came from a file in its usual units come back exactly; others may change in the last digit.)
    Field-of-view longitude is written as GADF has it, against right ascension.
    Raises InputError for what is no response.
    """
    form = FORMATS.get(type(response))
    if form is None:
        raise InputError(f"{response!r} is no response that can be written; wanted is one of tevcurve.irf.")
    axes, values = list(response.table.axes), response.table.values
    edges = [(axis.name, axis.low, axis.high, axis.unit) for axis in axes]
    if getattr(response, "lon_sign", -1) == 1 and form.hdu_class == "bkg_3d":
        name, low, high, unit = edges[1]
        edges[1], values = (name, -high[::-1], -low[::-1], unit), values[:, ::-1]
    in_file = []
    for name, low, high, unit in edges:
        written = _FILE_UNITS.get(unit, unit)
        in_file.append((name, _converted(low, unit, written), _converted(high, unit, written), written))
    values = _converted(values, _VALUE_UNITS.get(form.unit, form.unit), form.unit)
    header = response.table.header
    keywords = {key: header[key] for key in _KEPT if header.get(key) is not None}
    return response_table(type(response), in_file, values, keywords)


@lru_cache(maxsize=32)
def _factor(text, wanted):
    return u.Unit(text).to(u.Unit(wanted))


def _converted(values, unit, written):
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
