"""Tables as the bytes of FITS files and back, value by value, and what FITS has no place for beside them as YAML."""

import io
from urllib.parse import unquote

import numpy as np
from astropy.io import fits
from astropy.table import Table

from tevcurve.errors import DataError
from tevcurve.files import FitsFile
from tevcurve.files.masked import table_without_masks
from tevcurve.lightcurve.file_formats import FileFormat
from tevcurve.lightcurve.provenance import SAID, in_words
from tevcurve.lightcurve.table_details import apart, put_back, set_values

TABLE_HDU = "LIGHTCURVE"
DETAILS_HDU = "DETAILS"
FLUX_POINTS_HDU = "FLUXPOINTS"
# Ends the name of a header keyword that has the text of another, percent-encoded.
QUOTED = "_quoted"
# Characters of a text that one card of a header holds; the whole text is in the details.
MOST_OF_A_CARD = 68


def to_fits(table):
    """FITS bytes: the table, and beside it what FITS columns and cards cannot hold, as YAML.

    table: astropy Table.
    """
    plain, details = apart(table, fits_text)
    hdu = fits.table_to_hdu(plain)
    hdu.name = TABLE_HDU
    if "TIMESYS" in table.meta:
        hdu.header["TIMESYS"] = (str(table.meta["TIMESYS"]).upper(), "scale of time_min and time_max (MJD)")
    for key, (_, keyword) in SAID.items():
        if table.meta.get(key):
            hdu.header[keyword] = fits_text(in_words(table.meta[key]))[:MOST_OF_A_CARD]
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
    return put_back(_native(table), details, fits_text)


def _native(table):
    """The table with its numbers in the byte order of the machine."""
    for name in table.colnames:
        if not table[name].dtype.isnative:
            set_values(table, name, table[name].data.astype(table[name].dtype.newbyteorder("=")))
    return table


FITS = FileFormat(
    "fits", (".fits", ".fits.gz"), "a FITS table", layout="tevcurve", encode_table=to_fits, decode=from_fits
)
