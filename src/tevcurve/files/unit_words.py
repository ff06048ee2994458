"""Units as people write them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astropy.units import UnitBase


def unit_of_text(text: str) -> "UnitBase":
    """The unit of a text, which may have several slashes: erg/cm2/s is erg / (cm2 s).

    text: as astropy has units, but for that. Raises `ValueError` for another one.
    """
    from astropy.units import Unit

    first, *below = text.split("/")
    if len(below) > 1 and "(" not in text:
        text = f"{first.strip() or 1} / ({' '.join(part.strip() for part in below)})"
    return Unit(text)
