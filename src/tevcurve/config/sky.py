"""Places on the sky as texts: positions, and regions to be left out."""

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tevcurve.config.quantities import NUMBER
from tevcurve.errors import InputError, Unwanted

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord
    from regions import SkyRegion

    from tevcurve.maps import WcsNDMap

_FRAMES = ("icrs", "fk5", "galactic")
_DEGREES = re.compile(rf"({NUMBER})\s*(?:deg|d)?\s*[, ]\s*({NUMBER})\s*(?:deg|d)?")
_TURN = 360.0  # deg; a larger number is something else
_DS9_FRAME = re.compile(
    r"\s*(icrs|fk5|fk4|galactic|ecliptic|j2000|b1950|image|physical|global)\b", re.IGNORECASE
)
MAX_REGION_BYTES = 10_000_000
MAX_INLINE = 20_000  # bytes of a region file that is put into a configuration


def position_text(value: Any) -> str:
    """Text of a position: as it came, or "RA deg, Dec deg" of a SkyCoord. Raises `InputError` for what is none.

    value: text or SkyCoord.
    """
    if hasattr(value, "icrs"):
        icrs = value.icrs
        value = f"{float(icrs.ra.deg)!r} deg, {float(icrs.dec.deg)!r} deg"
    if not isinstance(value, str):
        raise _no_position(value)
    as_position(value)
    return value.strip()


def as_position(text: str) -> "SkyCoord":
    """`SkyCoord` of "83.633 deg, 22.014 deg", "05h34m32s +22d00m52s" or "galactic 184.56 -5.78".

    text: in one of these forms.
    """
    from astropy.coordinates import SkyCoord

    words = text.strip()
    first = words.split(maxsplit=1)[0].lower() if words else ""
    frame = first if first in _FRAMES else "icrs"
    words = words[len(first) :].strip() if first in _FRAMES else words
    found = _DEGREES.fullmatch(words)
    try:
        if found:
            if abs(float(found[1])) > _TURN:
                raise _no_position(text)
            return SkyCoord(float(found[1]), float(found[2]), unit="deg", frame=frame)
        # Without letters the first of two times of arc is in hours.
        units = {} if re.search("[dh]", words) else {"unit": ("hourangle", "deg")}
        return SkyCoord(words.replace(",", " "), frame=frame, **units)
    except (ValueError, TypeError) as error:
        raise _no_position(text) from error


def place_in_words(words: str) -> "SkyCoord | None":
    """`SkyCoord` of words that are a position, None for others; those that begin as names do are names.

    words: as they came, where the name of a target is wanted.
    """
    first = words.split()[0].lower() if words.split() else ""
    if first[:1].isalpha() and first not in _FRAMES:
        return None
    try:
        return as_position(words)
    except InputError:
        return None


def exclusion_texts(value: Any) -> list[str] | None:
    """List of texts, each a region as DS9 writes it or the path of a file; None for none.

    value: one text, several, or None.
    """
    if value is None:
        return None
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
        raise Unwanted(f"{value!r}; wanted are regions such as 'circle(83.63, 22.01, 0.3)' or files")
    for text in texts:
        if "(" in text:
            _regions_of(text)
        elif not Path(text).expanduser().is_file():
            raise Unwanted(
                f"{text!r}, which is no region and no file; wanted is 'circle(83.63, 22.01, 0.3)' or a path"
            )
    return [text.strip() for text in texts] or None


def without_files(texts: Sequence[str] | None) -> list[str] | None:
    """The same with what stands in region files in place of their names; maps and long files stay names.

    texts: as `exclusion_texts` gives them.
    """
    if texts is None:
        return None
    found = []
    for text in texts:
        path = Path(text).expanduser()
        is_short = "(" not in text and not _is_map(path) and path.stat().st_size < MAX_INLINE
        found.append(path.read_text(encoding="utf-8", errors="replace").strip() if is_short else text)
    return found


def as_exclusion(texts: Sequence[str] | None) -> list["SkyRegion | WcsNDMap"] | None:
    """List of sky regions and maps of what `exclusion_texts` gives, or None.

    A file is one of DS9 regions, or a FITS map that is not 0 where background may be taken. Raises `InputError` for
    a file that is neither.

    texts: as `exclusion_texts` gives them.
    """
    if texts is None:
        return None
    return [item for text in texts for item in (_regions_of(text) if "(" in text else _of_file(text))]


def _of_file(name: str) -> Sequence["SkyRegion | WcsNDMap"]:
    path = Path(name).expanduser()
    if _is_map(path):
        from tevcurve.maps import WcsNDMap

        mask: WcsNDMap = WcsNDMap.read(path)  # type: ignore[attr-defined]
        return [WcsNDMap(mask.geom, mask.data != 0)]
    if path.stat().st_size > MAX_REGION_BYTES:
        raise InputError(f"The region file {path} has more than {MAX_REGION_BYTES // 10**6} MB.")
    return _regions_of(path.read_text(encoding="utf-8", errors="replace"), f"The region file {path}")


def _is_map(path: Path) -> bool:
    return path.name.endswith((".fits", ".fits.gz", ".fit"))


def _regions_of(text: str, what: str | None = None) -> list["SkyRegion"]:
    """Sky regions of DS9's text; degrees in ICRS where it names no frame."""
    from regions import Regions, SkyRegion

    what = what or f"The exclusion {text!r}"
    lines = text if "\n" in text or _DS9_FRAME.match(text) else f"icrs; {text}"
    try:
        with warnings.catch_warnings():
            # A line that cannot be read is one that would be left out in silence.
            warnings.simplefilter("error")
            found = list(Regions.parse(lines, format="ds9"))
    except Exception as error:
        # The parser raises whatever its regular expressions run into.
        raise InputError(
            f"{what} is no region; wanted is one such as circle(83.63, 22.01, 0.3) in degrees."
        ) from error
    if not found or not all(isinstance(region, SkyRegion) for region in found):
        raise InputError(
            f"{what} has no sky region; wanted is one such as circle(83.63, 22.01, 0.3) in degrees."
        )
    return found


def _no_position(value: Any) -> InputError:
    name = "; a name is a target" if isinstance(value, str) and value[:1].isalpha() else ""
    return Unwanted(f"{value!r}, which is no position; wanted is one such as '83.633 deg, 22.014 deg'{name}")
