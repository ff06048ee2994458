"""Ways to damage a FITS file; each takes a random generator and the HDUs, list of [header, data], and changes these."""

import re

import numpy as np

CARD = 80
BAD_VALUES = (
    "0",
    "-1",
    "1",
    "2147483648",
    "9223372036854775807",
    "99999999999999999999",
    "-9999999999",
    "1E308",
    "-1E400",
    "1E-320",
    "0.0",
    "1.5",
    "NaN",
    "inf",
    "T",
    "F",
    "",
    "''",
    "'NaN'",
    "'x'",
    "'../../etc/passwd'",
    "'\x1b[2J\n'",
    "'" + "9" * 66 + "'",
    "9" * 68,
    "'(1,2'",
    "(1.0, 2.0)",
    "1D5",
    "'it''s",
    "'\xff\xfe'",
)
BAD_UNITS = (
    "",
    "m",
    "deg",
    "TeV",
    "MeV",
    "erg",
    "s",
    "m2",
    "cm-2",
    "10**400 s",
    "s**99999",
    "1e-400 TeV",
    "$$",
    "deg/0",
)
BAD_UNITS += ("TeV TeV TeV", "a" * 60, "km2", "1/(s sr MeV)", "mag(AB)", "dex(TeV)", "0 TeV", "-1 s")
BAD_FORMS = (
    "D",
    "E",
    "J",
    "K",
    "I",
    "B",
    "A",
    "L",
    "X",
    "C",
    "M",
    "PD(9)",
    "QD(9)",
    "PE",
    "P",
    "0D",
    "-1D",
    "Z",
    "",
)
BAD_FORMS += ("9999999999D", "1PJ(999999999)", "8A", "2E", "4I", "2147483647E", "1E9D")
BAD_NAMES = ("", "EVENTS", "GTI", "AEFF", "BKG", "x", "A" * 60, "../x", "\x1b[2J", "TIME", "OBS_ID")
SIZES = ("NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "BITPIX", "TFIELDS", "THEAP")
TEXTS = (
    "..",
    "../..",
    "/etc/passwd",
    "/dev/zero",
    "",
    "data",
    "a" * 300,
    "\x00\x01",
    "%s%n",
    "$HOME",
    "~",
    "hdu-index.fits",
)
TEXTS += (
    "aeff",
    "gti",
    "bkg_2d",
    "bkg_3d",
    "psf_table",
    "EVENTS",
    "PRIMARY",
    "data/../../x",
    "./",
    "*",
    "\xff\xfe",
)


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


# Cards


def change_card(rng, hdus):
    """Another value of some card."""
    header = some_hdu(rng, hdus, tables=False)[0]
    number = pick(rng, cards(header))
    put(header, number, card(header, number)[:10].decode("latin-1") + f"{pick(rng, BAD_VALUES):>20}")


def change_known_card(rng, hdus):
    """Another value of a card that something depends on."""
    known = (
        "TSTART TSTOP RA_PNT DEC_PNT DEADC MJDREFI MJDREFF TIMESYS TIMEUNIT OBS_ID OBS_MODE RADECSYS ALT_PNT "
    )
    known += "GEOLON GEOLAT ALTITUDE FOVALIGN LO_THRES HI_THRES OBJECT RA_OBJ DEC_OBJ EXTNAME EXTVER HDUVERS "
    known += "CREATOR TIMEZERO"
    keyword = pick(rng, known.split())
    having = [header for header, _ in hdus if find(header, keyword) is not None]
    header = pick(rng, having) if having else some_hdu(rng, hdus)[0]
    set_value(header, keyword, pick(rng, BAD_VALUES))


def change_size(rng, hdus):
    """Another size of an HDU: none, negative, or terabytes."""
    header = some_hdu(rng, hdus, tables=False)[0]
    sizes = (
        "0",
        "-1",
        "1",
        "7",
        "99999999",
        "2147483647",
        "4294967296",
        "999999999999",
        "9223372036854775807",
        "9" * 40,
    )
    set_value(header, pick(rng, SIZES), pick(rng, sizes))


def drop_card(rng, hdus):
    """A card less."""
    header = some_hdu(rng, hdus, tables=False)[0]
    put(header, pick(rng, cards(header)), "COMMENT")


def swap_cards(rng, hdus):
    """Two cards in each other's place, of one or of two HDUs."""
    one, other = some_hdu(rng, hdus, tables=False)[0], some_hdu(rng, hdus, tables=False)[0]
    first, second = pick(rng, cards(one)), pick(rng, cards(other))
    text, further = card(one, first), card(other, second)
    one[first * CARD : (first + 1) * CARD], other[second * CARD : (second + 1) * CARD] = further, text


def repeat_card(rng, hdus):
    """A card twice, with another value."""
    header = some_hdu(rng, hdus)[0]
    first, second = pick(rng, cards(header)), pick(rng, cards(header))
    put(header, second, card(header, first)[:10].decode("latin-1") + pick(rng, BAD_VALUES))


def no_end(rng, hdus):
    """A header without END."""
    header = some_hdu(rng, hdus, tables=False)[0]
    number = cards(header)[-1] + 1
    put(header, number, "")


# HDUs


def drop_hdu(rng, hdus):
    """An HDU less."""
    hdus.pop(int(rng.integers(len(hdus))))


def swap_hdus(rng, hdus):
    """Two HDUs in each other's place."""
    one, other = rng.integers(0, len(hdus), 2)
    hdus[one], hdus[other] = hdus[other], hdus[one]


def repeat_hdu(rng, hdus):
    """An HDU twice."""
    header, data = some_hdu(rng, hdus)
    hdus.append([bytearray(header), bytearray(data)])


def rename_hdu(rng, hdus):
    """Another name of an HDU."""
    set_value(some_hdu(rng, hdus)[0], "EXTNAME", f"'{pick(rng, BAD_NAMES):<8}'")


def other_data(rng, hdus):
    """The header of one HDU with the data of another."""
    one, other = some_hdu(rng, hdus), some_hdu(rng, hdus)
    one[1], other[1] = other[1], one[1]


def other_kind(rng, hdus):
    """A table that says that it is an image or a table of text."""
    set_value(
        some_hdu(rng, hdus)[0],
        "XTENSION",
        pick(rng, ("'IMAGE   '", "'TABLE   '", "'A3DTABLE'", "'FOREIGN '", "5")),
    )


def cut_data(rng, hdus):
    """Data that stop early, in whole blocks or anywhere."""
    data = some_hdu(rng, hdus)[1]
    keep = int(rng.integers(0, len(data) + 1))
    del data[keep - keep % (2880 if rng.random() < 0.5 else 1) :]


# Columns


def rename_column(rng, hdus):
    """Another name of a column."""
    header = some_hdu(rng, hdus)[0]
    known = columns(header)
    if known:
        set_value(header, f"TTYPE{pick(rng, known)[0]}", f"'{pick(rng, (*BAD_NAMES, pick(rng, known)[1]))}'")


def change_unit(rng, hdus):
    """Another unit of a column."""
    header = some_hdu(rng, hdus)[0]
    known = columns(header)
    if known:
        set_value(header, f"TUNIT{pick(rng, known)[0]}", f"'{pick(rng, BAD_UNITS)}'")


def change_form(rng, hdus):
    """Another format of a column, of the same width or not."""
    header = some_hdu(rng, hdus)[0]
    known = columns(header)
    if known:
        number, _, letter, repeat, _ = pick(rng, known)
        same = {"E": "J", "D": pick(rng, "KM"), "J": "E", "K": pick(rng, "DP"), "A": "B", "B": "A", "I": "L"}
        form = f"{repeat}{same.get(letter, 'A')}" if rng.random() < 0.5 else pick(rng, BAD_FORMS)
        set_value(header, f"TFORM{number}", f"'{form:<8}'")


def change_scaling(rng, hdus):
    """A shape, a scale or a zero of a column."""
    header = some_hdu(rng, hdus)[0]
    known = columns(header)
    if known:
        number = pick(rng, known)[0]
        keyword = pick(rng, ("TDIM", "TSCAL", "TZERO", "TNULL"))
        shapes = ("'(1,2,3)'", "'(0)'", "'(99999999999,0)'", "'()'", "'(-1,-1)'", "5")
        set_value(header, f"{keyword}{number}", pick(rng, shapes if keyword == "TDIM" else BAD_VALUES))


def change_values(rng, hdus):
    """Other values in a column: one, some, or all of them."""
    header, data = some_hdu(rng, hdus)
    known = [one for one in columns(header) if one[2] in "EDJKIB"]
    width, rows = whole(header, "NAXIS1"), whole(header, "NAXIS2")
    if not known or not rows or len(data) < width * rows:
        return
    _, _, letter, repeat, offset = pick(rng, known)
    dtype = {"E": ">f4", "D": ">f8", "J": ">i4", "K": ">i8", "I": ">i2", "B": "u1"}[letter]
    size = np.dtype(dtype).itemsize
    values = np.ndarray((rows, repeat), dtype, data, offset, (width, size))
    share = pick(rng, (0.0, 0.01, 0.3, 1.0))
    where = rng.random(values.shape) < share
    where[int(rng.integers(rows)), int(rng.integers(repeat))] = True
    with np.errstate(all="ignore"):
        values[where] = _other_values(rng, values)[where]


def _other_values(rng, values):
    how = int(rng.integers(8))
    if how == 0:
        return values[::-1, ::-1].copy()
    if how == 1:
        return rng.permutation(values.ravel()).reshape(values.shape)
    if how == 2:
        return (values * pick(rng, (-1, 1e-9, 1e9, 2, 1e30))).astype(values.dtype)
    if how == 3:
        return np.frombuffer(rng.bytes(values.size * values.itemsize), values.dtype).reshape(values.shape)
    if how == 4:
        return np.full(values.shape, values.flat[int(rng.integers(values.size))])
    if values.dtype.kind != "f":
        return np.full(values.shape, pick(rng, (0, 1, 100, 127))).astype(values.dtype)
    return np.full(values.shape, pick(rng, (np.nan, np.inf, -np.inf, 0.0, -1.0, 1e30, -1e30, 1e-30))).astype(
        values.dtype
    )


def change_texts(rng, hdus):
    """Another text in a column of texts: in one row or in all."""
    header, data = some_hdu(rng, hdus)
    known = [one for one in columns(header) if one[2] == "A"]
    width, rows = whole(header, "NAXIS1"), whole(header, "NAXIS2")
    if not known or not rows or len(data) < width * rows:
        return change_values(rng, hdus)
    _, _, _, repeat, offset = pick(rng, known)
    text = pick(rng, TEXTS).encode("latin-1")[:repeat].ljust(repeat, b"\0")
    for row in range(rows) if rng.random() < 0.2 else [int(rng.integers(rows))]:
        data[row * width + offset : row * width + offset + repeat] = text
    return None


def change_rows(rng, hdus):
    """Rows in another order, one of them in place of another, or fewer."""
    header, data = some_hdu(rng, hdus)
    width, rows = whole(header, "NAXIS1"), whole(header, "NAXIS2")
    if rows < 2 or len(data) < width * rows:
        return
    table = np.frombuffer(bytes(data), np.uint8, width * rows).reshape(rows, width)
    how = int(rng.integers(4))
    if how == 0:
        order = rng.permutation(rows)
    elif how == 1:
        order = np.arange(rows)
        order[int(rng.integers(rows))] = int(rng.integers(rows))
    elif how == 2:
        order = np.arange(rows)[::-1]
    else:
        order = np.arange(int(rng.integers(rows)))
        set_value(header, "NAXIS2", str(len(order)))
    kept = table[order].tobytes()
    data[:] = kept + b"\0" * (-len(kept) % 2880)


STRUCTURE = (
    *(
        change_card,
        change_known_card,
        change_known_card,
        change_known_card,
        change_size,
        change_size,
        drop_card,
    ),
    *(
        swap_cards,
        repeat_card,
        no_end,
        drop_hdu,
        swap_hdus,
        repeat_hdu,
        rename_hdu,
        other_data,
        other_kind,
        cut_data,
    ),
    *(
        rename_column,
        change_unit,
        change_unit,
        change_form,
        change_form,
        change_scaling,
        change_values,
        change_values,
    ),
    *(change_values, change_values, change_texts, change_texts, change_rows),
)


# Bytes


def flip_bits(rng, content):
    """Some bits the other way round."""
    content = bytearray(content)
    for position in rng.integers(0, len(content), int(2 ** rng.integers(0, 9))):
        content[position] ^= 1 << int(rng.integers(8))
    return bytes(content)


def flip_bits_of_headers(rng, content):
    """Bits the other way round where headers are."""
    content = bytearray(content)
    starts = [m.start() for m in re.finditer(rb"SIMPLE  =|XTENSION=", bytes(content))] or [0]
    for _ in range(int(2 ** rng.integers(0, 6))):
        position = pick(rng, starts) + int(rng.integers(3000))
        if position < len(content):
            content[position] ^= 1 << int(rng.integers(8))
    return bytes(content)


def truncate(rng, content):
    """The end cut off: anywhere, or by a little."""
    return (
        content[: int(rng.integers(len(content)))]
        if rng.random() < 0.7
        else content[: -int(rng.integers(1, 9000))]
    )


def overwrite(rng, content):
    """A piece of zeros, ones, noise, or of another place."""
    start = int(rng.integers(len(content)))
    length = min(int(2 ** rng.integers(0, 16)), len(content) - start)
    other = int(rng.integers(len(content) - length + 1))
    piece = pick(rng, (bytes(length), b"\xff" * length, rng.bytes(length), content[other : other + length]))
    return content[:start] + piece + content[start + length :]


def insert(rng, content):
    """A piece more, or less."""
    start, length = int(rng.integers(len(content))), int(2 ** rng.integers(0, 13))
    return content[:start] + (
        rng.bytes(length) + content[start:] if rng.random() < 0.5 else content[start + length :]
    )


def something_else(rng, content):
    """No FITS file at all."""
    return pick(
        rng,
        (
            b"",
            b"\0",
            b"SIMPLE",
            b"\x1f\x8b",
            b"OBS_ID,TIME\n1,2\n",
            rng.bytes(5000),
            b"\x80\x04\x95cos\nsystem\n",
        ),
    )


BYTES = (
    flip_bits,
    flip_bits,
    flip_bits_of_headers,
    flip_bits_of_headers,
    truncate,
    overwrite,
    insert,
    something_else,
)
