"""What kinds of responses there are and how each lies in its table, declared once.

A class of responses has a `Layout`; reading, writing, the HDU index and the cache of reduced runs go by that. A
package adds a class with an entry point of the group `tevcurve.responses`, a process with `RESPONSES.register`. What a
class of a type has to offer stands in `tevcurve.irf.roles`.

Format: https://gamma-astro-data-formats.readthedocs.io/en/v0.3/irfs/
"""

from dataclasses import dataclass
from typing import Any

from tevcurve.declarations import Declarations


@dataclass(frozen=True)
class ResponseType:
    """A kind of response, of which a run has one.

    Attributes
    ----------
    words : what it is
    kinds : HDUCLAS2, and what earlier versions of GADF and the first data challenge of CTA have in its place
    names : how EXTNAME may begin
    """

    words: str
    kinds: tuple[str, ...]
    names: tuple[str, ...]


# HDU_TYPE of the index.
RESPONSE_TYPES = {
    "aeff": ResponseType("Effective area.", ("EFF_AREA",), ("EFFECTIVE AREA", "EFF AREA", "AEFF")),
    "edisp": ResponseType("Energy dispersion.", ("EDISP",), ("ENERGY DISPERSION", "EDISP")),
    "psf": ResponseType("Point spread function.", ("PSF", "RPSF"), ("POINT SPREAD FUNCTION", "PSF", "RPSF")),
    "bkg": ResponseType(
        "Background rate; raises DataError where the run has none.", ("BKG",), ("BACKGROUND", "BKG")
    ),
    "rad_max": ResponseType(
        "Radius of the directional cut; raises DataError where the run has none.", ("RAD_MAX",), ("RAD MAX",)
    ),
}
# Those that a light curve needs of either method; of these, what only responses for full enclosure need; and those
# that a cube needs beside them.
NEEDED, FULL_ENCLOSURE, NEEDED_BY_CUBES = ("aeff", "edisp", "psf"), ("psf",), ("bkg",)

# HDU_CLASS of the index.
RESPONSES: Declarations[Any] = Declarations(
    "response class",
    "tevcurve.responses",
    {
        "aeff_2d": "tevcurve.irf.effective_area:EffectiveAreaTable2D",
        "edisp_2d": "tevcurve.irf.energy_dispersion:EnergyDispersion2D",
        "psf_table": "tevcurve.irf.psf:PSF3D",
        "psf_3gauss": "tevcurve.irf.parametric_psf:EnergyDependentMultiGaussPSF",
        "psf_king": "tevcurve.irf.parametric_psf:PSFKing",
        "bkg_2d": "tevcurve.irf.background:Background2D",
        "bkg_3d": "tevcurve.irf.background:Background3D",
        "rad_max_2d": "tevcurve.irf.rad_max:RadMax2D",
    },
)
# What GADF calls a column, and what other files call the same (its 0.1 and 0.2, the first data challenge of CTA).
_OTHER_NAMES = {"ENERG": ("ETRUE",), "BKG": ("BGD",), "SIGMA_1": ("SIGMA1",), "SIGMA_2": ("SIGMA2",)}
_OTHER_NAMES |= {"SIGMA_3": ("SIGMA3",)}
# Units inside, and those that files have in their place.
_FILE_UNITS = {"rad": "deg", "cm2": "m2", "TeV-1 s-1 sr-1": "s-1 sr-1 MeV-1"}


def file_unit(unit: str) -> str:
    """The unit in files of what has a unit inside, str. unit: as inside."""
    return _FILE_UNITS.get(unit, unit)


def names_of(name: str) -> tuple[str, ...]:
    """What a column or an axis may be called, tuple of str: its name in GADF first. name: that name."""
    return (name, *_OTHER_NAMES.get(name, ()))


@dataclass(frozen=True)
class ValueColumn:
    """A column of a response's values.

    Attributes
    ----------
    name : str
    unit : str, inside ("" for a number)
    signed : bool, whether values below 0 are taken as they are
    usual_unit : str, of files whose column has no unit, which is remarked; "" where one without is refused
    is_used : bool, whether anything depends on its numbers, apart from whether they are above 0; where nothing does and
        it is missing, they are 1
    """

    name: str
    unit: str
    signed: bool = False
    usual_unit: str = ""
    is_used: bool = True


@dataclass(frozen=True)
class Layout:
    """How a kind of response lies in its HDU.

    Attributes
    ----------
    hdu_type, hdu_class : str, as in the HDU index and, in capitals, in HDUCLAS4: such as "psf" and "psf_table"
    kind : str, HDUCLAS2
    axes : tuple of (name, unit, logarithmic), in the order of the response, e.g. ("ENERG", "TeV", True); energy first
    columns : tuple of `ValueColumn`, each with these axes
    orders : tuple of tuples of axis names, the orders in which numpy may see the values, by preference; default: the
        last axis first, as in FITS. Written is the first.
    hdu : str, the usual name of its HDU; default: the type in capitals
    """

    hdu_type: str
    hdu_class: str
    kind: str
    axes: tuple[tuple[str, str, bool], ...]
    columns: tuple[ValueColumn, ...]
    orders: tuple[tuple[str, ...], ...] = ()
    hdu: str = ""

    def __post_init__(self) -> None:
        if not self.orders:
            object.__setattr__(self, "orders", (tuple(name for name, _, _ in reversed(self.axes)),))
        if not self.hdu:
            object.__setattr__(self, "hdu", self.hdu_type.upper())


def type_of(hdu_class: str) -> str | None:
    """HDU_TYPE of a class of responses, one of `RESPONSE_TYPES`; None where there is no such class.

    hdu_class: HDU_CLASS of the index.
    """
    return RESPONSES[hdu_class].layout.hdu_type if hdu_class in RESPONSES else None


def classes_of(hdu_type: str) -> list[str]:
    """HDU_CLASSes of a type, a list of str. hdu_type: one of `RESPONSE_TYPES`."""
    return [name for name in RESPONSES if type_of(name) == hdu_type]
