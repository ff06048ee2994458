"""Cards of FITS headers, read and put as bytes: what is damaged is no longer what a library would write."""

import re

import numpy as np

CARD = 80


def cards(header):
    """Numbers of the cards before END."""
    count = len(header) // CARD
    for number in range(count):
        if header[number * CARD : number * CARD + 8].rstrip() == b"END":
            return list(range(number))
    return list(range(count))


def card(header, number):
    """Bytes of one card."""
    return bytes(header[number * CARD : (number + 1) * CARD])


def put(header, number, text):
    """Another card at a place, cut or filled to its length."""
    header[number * CARD : (number + 1) * CARD] = text.encode("latin-1")[:CARD].ljust(CARD)


def find(header, keyword):
    """Number of the card with a keyword, or None."""
    for number in cards(header):
        if card(header, number)[:8].rstrip() == keyword.encode():
            return number
    return None


def value(header, keyword):
    """Text of a card's value without quotes, or None."""
    number = find(header, keyword)
    if number is None:
        return None
    text = card(header, number)[10:].decode("latin-1")
    quoted = re.match(r" *'([^']*)'", text)
    return quoted[1].strip() if quoted else text.split("/")[0].strip()


def whole(header, keyword):
    """Value of a card as int, 0 where it is none."""
    text = value(header, keyword) or ""
    return int(text) if text.isdecimal() else 0


def set_value(header, keyword, text):
    """Another value of a keyword; a new card in place of an unimportant one where there is none."""
    number = find(header, keyword)
    number = cards(header)[-1] if number is None else number
    put(header, number, f"{keyword:<8}= {text:>20}")


def pick(rng, things):
    """One of a sequence."""
    return things[int(rng.integers(len(things)))]


def some_hdu(rng, hdus, tables=True):
    """[header, data] of one HDU; a table as a rule."""
    return hdus[int(rng.integers(1 if tables and len(hdus) > 1 else 0, len(hdus)))]


def columns(header):
    """List of (number, name, letter, values in a row, offset in the row) of a table."""
    made, offset = [], 0
    for number in range(1, min(whole(header, "TFIELDS"), 99) + 1):
        form = re.match(r"(\d*)([A-Z])", value(header, f"TFORM{number}") or "")
        if form is None:
            break
        repeat, letter = int(form[1] or 1), form[2]
        width = {
            "X": 0.125,
            "L": 1,
            "B": 1,
            "I": 2,
            "J": 4,
            "K": 8,
            "A": 1,
            "E": 4,
            "D": 8,
            "P": 8,
            "Q": 16,
        }.get(letter, 8)
        made.append((number, value(header, f"TTYPE{number}") or "", letter, repeat, offset))
        offset += int(np.ceil(width * repeat))
    return made
