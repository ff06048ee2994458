"""Texts in ASCII, as tables of journals have them."""

import re
import unicodedata

_GREEK = re.compile(r"GREEK (?:SMALL|CAPITAL) LETTER (\w+)")


def ascii_text(text: str) -> str:
    """A text in ASCII, as these tables are: without accents, Greek letters by their names. text: any."""
    return "".join(sign if sign.isascii() else _in_ascii(sign) for sign in text)


def _in_ascii(sign: str) -> str:
    greek = _GREEK.fullmatch(unicodedata.name(sign, ""))
    if greek:
        return greek[1].lower()
    if sign == "\u2212" or unicodedata.category(sign) == "Pd":
        return "-"
    return unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode() or "?"
