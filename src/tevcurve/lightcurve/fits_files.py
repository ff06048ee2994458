"""Tables as the bytes of FITS files and back, value by value, and what FITS has no place for beside them as YAML."""

import io
from functools import lru_cache
from urllib.parse import unquote

import numpy as np
from astropy.io import fits
from astropy.table import Table

from tevcurve.errors import DataError
from tevcurve.files import FitsFile
from tevcurve.files.masked import table_without_masks
from tevcurve.files.texts import is_text, width_of
from tevcurve.lightcurve.file_formats import FileFormat
from tevcurve.lightcurve.provenance import SAID, in_words
from tevcurve.lightcurve.table_details import (
    apart,
    details_of,
    held_texts,
    put_back,
    set_values,
    with_few_texts,
)
from tevcurve.lightcurve.table_outline import REMEMBERED, TableOutline

TABLE_HDU = "LIGHTCURVE"
DETAILS_HDU = "DETAILS"
FLUX_POINTS_HDU = "FLUXPOINTS"
# Ends the name of a header keyword that has the text of another, percent-encoded.
QUOTED = "_quoted"
# Characters of a text that one card of a header holds; the whole text is in the details.
MOST_OF_A_CARD = 68
_BLOCK = 2880
# The card of a header that says how many rows there are.
_ROWS = b"NAXIS2  = %20d /"
_ONE_ROW = _ROWS % 1
# Rows whose bytes are made at a time.
ROWS_AT_ONCE = 2**13


def to_fits(table):
    """FITS bytes: the table, and beside it what FITS columns and cards cannot hold, as YAML.

    table: astropy Table.
    """
    return b"".join(fits_parts(table))


def fits_parts(table):
    """Iterator of parts of the bytes of `to_fits`. table: astropy Table."""
    outline = TableOutline.of(table)
    if outline is None or not len(table):
        yield _written(*apart(table, fits_text), table.meta)
        return
    values = {name: np.asarray(table[name]) for name in table.colnames}
    texts = {name: held_texts(values[name], fits_text) for name in table.colnames if is_text(table[name])}
    details = details_of(table, texts)
    values |= texts
    head, rest = _known_head(outline.with_texts(texts), details)
    yield head.replace(_ONE_ROW, _ROWS % len(table), 1)
    yield from _rows(values)
    yield rest


@lru_cache(maxsize=REMEMBERED)
def _known_head(outline, details):
    """(bytes before the rows, bytes after them) of the file of a table of one row."""
    row = outline.row()
    meta, row.meta = row.meta, {}
    content = _written(row, details, meta)
    sizes = [one.nbytes for one in FitsFile(content, "").outlines()]
    width = sum(np.asarray(row[name]).nbytes // (4 if is_text(row[name]) else 1) for name in row.colnames)
    after = sum(sizes[:2])
    return content[: after - width - -width % _BLOCK], content[after:]


def _rows(values):
    """Iterator of parts of the rows of a FITS table of columns, dict of name to array (n_rows, ...), and the blanks."""
    arrays, length = list(values.values()), 0
    widths = [width_of(array) if is_text(array) else None for array in arrays]
    for first in range(0, len(arrays[0]), ROWS_AT_ONCE):
        part = slice(first, first + ROWS_AT_ONCE)
        stored = [_stored(array[part], width) for array, width in zip(arrays, widths, strict=True)]
        rows = np.empty(len(stored[0]), [(f"{k}", one.dtype, one.shape[1:]) for k, one in enumerate(stored)])
        for k, one in enumerate(stored):
            rows[f"{k}"] = one
        length += rows.nbytes
        yield rows.tobytes()
    yield bytes(-length % _BLOCK)


def _stored(array, width):
    """The array as FITS has it: texts as bytes, booleans as letters, numbers with their highest byte first.

    width: int, letters of a text; None for what is none.
    """
    if width is not None:
        return array.astype(f"S{width}")
    if array.dtype.kind == "b":
        return np.where(array, np.uint8(ord("T")), np.uint8(ord("F")))
    return array.astype(array.dtype.newbyteorder(">"))


def _written(plain, details, meta):
    """What astropy writes of a table that FITS can hold, and of the details beside it, with some words of `meta`."""
    hdu = fits.table_to_hdu(plain)
    hdu.name = TABLE_HDU
    if "TIMESYS" in meta:
        hdu.header["TIMESYS"] = (str(meta["TIMESYS"]).upper(), "scale of time_min and time_max (MJD)")
    for key, (_, keyword) in SAID.items():
        if meta.get(key):
            hdu.header[keyword] = fits_text(in_words(meta[key]))[:MOST_OF_A_CARD]
    text = np.frombuffer(details.encode("ascii"), dtype=np.uint8)[np.newaxis]
    column = fits.Column(name="yaml", format=f"{text.shape[1]}B", array=text)
    beside = fits.BinTableHDU.from_columns([column], name=DETAILS_HDU)
    stream = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu, beside]).writeto(stream)
    return stream.getvalue()


def fits_text(text):
    """What a FITS text column can hold of a text: printable ASCII without blanks at the end."""
    return "".join(c if " " <= c <= "~" else "?" for c in text).rstrip()


def _with_quoted(table):
    """The table with the texts of its metadata that FITS cards could not hold as they are."""
    for name in [name for name in table.meta if str(name).lower().endswith(QUOTED)]:
        table.meta[name[: -len(QUOTED)]] = unquote(str(table.meta.pop(name)))
    return table


def from_fits(data, path):
    """The astropy table in bytes of a FITS file: of one in gammapy's layout that of the HDU FLUXPOINTS, as it is there.

    Parameters
    ----------
    data : bytes of the file
    path : of the file, for messages

    Raises `DataError` where there is none.
    """
    FitsFile(data, path)  # what the headers promise is there, before astropy believes them
    with fits.open(io.BytesIO(data)) as hdus:
        if FLUX_POINTS_HDU in hdus and TABLE_HDU not in hdus:
            return _native(
                _with_quoted(table_without_masks(Table.read(hdus[FLUX_POINTS_HDU], mask_invalid=False)))
            )
        for name in (TABLE_HDU, DETAILS_HDU):
            if name not in hdus:
                raise DataError(f"{path} has no HDU {name}; a light curve written by tevcurve has one.")
        table = table_without_masks(Table.read(hdus[TABLE_HDU], mask_invalid=False))
        details = hdus[DETAILS_HDU].data["yaml"].tobytes().decode("ascii")
    return with_few_texts(put_back(_native(table), details, fits_text))


def _native(table):
    """The table with its numbers in the byte order of the machine."""
    for name in table.colnames:
        if not table[name].dtype.isnative:
            set_values(table, name, table[name].data.astype(table[name].dtype.newbyteorder("=")))
    return table


FITS = FileFormat(
    "fits",
    (".fits", ".fits.gz"),
    "a FITS table",
    layout="tevcurve",
    encode_table=fits_parts,
    decode=from_fits,
)
