"""Tables to ECSV, FITS and VOTable files and back, value by value. The same content always gives the same bytes."""

import gzip
import io
import os
import secrets
from pathlib import Path
from urllib.parse import unquote

import numpy as np
from astropy.io import fits
from astropy.table import Table

from tevcurve.errors import DataError, InputError
from tevcurve.files import Checksums, FitsFile
from tevcurve.files.masked import table_without_masks
from tevcurve.lightcurve.ecsv_text import ecsv_text
from tevcurve.lightcurve.provenance import SAID
from tevcurve.lightcurve.table_details import apart, is_text, put_back, set_values, without_formats

SUFFIXES = (".ecsv", ".fits", ".fits.gz", ".vot", ".xml")
TABLE_HDU = "LIGHTCURVE"
DETAILS_HDU = "DETAILS"
FLUX_POINTS_HDU = "FLUXPOINTS"
# Ends the name of a header keyword that has the text of another, percent-encoded.
QUOTED = "_quoted"
# Characters of a text that one card of a header holds; the whole text is in the details.
MOST_OF_A_CARD = 68
TEXTS_KEY = "exact_texts"
SHAPES_KEY = "shapes_of_rows"


def write_table(table, path, overwrite=False, encoders=None):
    """The path of the file written from a table: whole and on disk, or not there at all.

    Parameters
    ----------
    table : astropy.table.Table
    path : str or path
        Ends in .ecsv, .fits, .fits.gz, .vot or .xml (both VOTable); environment variables are expanded.
    overwrite : bool
        Replace a file that is there. Otherwise it is an `InputError`.
    encoders : dict of ".ecsv", ".fits" and ".vot" to functions from the table to bytes; default: our own layout. One
        that has not all of these is of a layout that the others are not written in.
    """
    path = _expanded(path)
    encode = _encoder(path, encoders or {".ecsv": _to_ecsv, ".fits": _to_fits, ".vot": _to_votable})
    if path.exists() and not overwrite:
        raise InputError(f"{path} is already there; pass overwrite=True to replace it.")
    if not path.parent.is_dir():
        raise InputError(f"{path} cannot be written: the folder {path.parent} is not there.")
    masked = [name for name in table.colnames if np.any(getattr(table[name], "mask", False))]
    if masked:
        raise InputError(
            f"The column {masked[0]} has masked values, which a file cannot keep; fill them with NaN."
        )
    _replace_atomically(path, encode(table))
    return path


def read_table(path, checksums=None):
    """The astropy table in a file of `write_table`, with units, descriptions and metadata as they were.

    Of a FITS file in gammapy's layout it is the table of the HDU FLUXPOINTS, as it is there; of a VOTable of any origin
    its first table, with the times as MJD in the scale of its TIMESYS.

    checksums : `~tevcurve.files.Checksums` of its folder, with which it is compared; default: those beside it, if any

    Raises `DataError` if the file is missing, not as it was written, or holds no light-curve table.
    """
    path = _expanded(path)
    suffix = _suffix(path)
    if not path.is_file():
        raise DataError(f"The light-curve file {path} is not there.")
    try:
        data = (checksums or Checksums.of(path.parent)).read(path.name)
        if suffix == ".ecsv":
            return _from_ecsv(data)
        if suffix == ".vot":
            return _from_votable(data, path)
        FitsFile(data, path)  # what the headers promise is there, before astropy believes them
        return _from_fits(data, path)
    except DataError:
        raise
    except Exception as error:
        kind = {".ecsv": "an ECSV table", ".vot": "a VOTable"}.get(suffix, "a FITS table")
        words = " ".join(str(error).split()).rstrip(".")
        raise DataError(f"{path} cannot be read as {kind}: {words}.") from error


def _expanded(path):
    return Path(os.path.expandvars(path)).expanduser()


def _suffix(path):
    """The suffix of the kind of a file: of a VOTable .vot, whichever it has."""
    for suffix in SUFFIXES:
        if path.name.lower().endswith(suffix):
            return ".vot" if suffix == ".xml" else suffix
    raise InputError(f"{path} is no name for a light-curve file: it should end in {', '.join(SUFFIXES)}.")


def _replace_atomically(path, data):
    """Write bytes beside the file, force them to disk, then put them in its place."""
    path = path.resolve()
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _to_ecsv(table):
    plain = without_formats(table)
    texts = {n: table[n].tolist() for n in table.colnames if is_text(table[n]) and not _is_plain(table[n])}
    if texts:
        # readers strip blanks and stumble over line breaks, so such texts also stand in the metadata
        plain.meta[TEXTS_KEY] = texts
        for name, values in texts.items():
            set_values(plain, name, np.array([_one_line(value) for value in values], dtype=str))
    shapes = {n: list(table[n].shape[1:]) for n in table.colnames if not len(table) and table[n].ndim > 1}
    if shapes:
        # the reader takes no vector columns without rows
        plain.meta[SHAPES_KEY] = shapes
        for name in shapes:
            set_values(plain, name, np.zeros(0, table[name].dtype))
    return ecsv_text(plain).encode()


def _from_ecsv(data):
    # an empty text is a text, and an empty number a masked one
    table = table_without_masks(Table.read(data.decode().split("\n"), format="ascii.ecsv"))
    for name, values in table.meta.pop(TEXTS_KEY, {}).items():
        set_values(table, name, np.array(values, dtype=str))
    for name, shape in table.meta.pop(SHAPES_KEY, {}).items():
        set_values(table, name, np.zeros((0, *shape), table[name].dtype))
    return table


def _is_plain(column):
    """Whether every text of a column is one printable line without blanks around it, and no comment to a reader."""
    return all(
        value.isprintable() and value == value.strip() and not value.startswith("#")
        for value in column.tolist()
    )


def _one_line(text):
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()).lstrip("# ")


def _encoder(path, encoders):
    """The function from a table to the bytes of a file of this name, or `InputError`."""
    suffix = _suffix(path)
    kind = suffix.removesuffix(".gz")
    if kind not in encoders:
        wanted = [name for name in SUFFIXES if name.removesuffix(".gz") in encoders]
        raise InputError(
            f"{path} is no name for a file in this layout: it should end in {', '.join(wanted)}."
        )
    if suffix == ".fits.gz":
        return lambda table: gzip.compress(encoders[kind](table), mtime=0)
    return encoders[kind]


def _to_votable(table):
    from tevcurve.lightcurve.votable import to_votable  # only who has such files needs what reads them

    return to_votable(table)


def _from_votable(data, path):
    from tevcurve.lightcurve.votable import from_votable

    return from_votable(data, path)


def _to_fits(table):
    """FITS bytes: the table, and beside it what FITS columns and cards cannot hold, as YAML."""
    plain, details = apart(table, fits_text)
    hdu = fits.table_to_hdu(plain)
    hdu.name = TABLE_HDU
    if "TIMESYS" in table.meta:
        hdu.header["TIMESYS"] = (str(table.meta["TIMESYS"]).upper(), "scale of time_min and time_max (MJD)")
    for key, (_, keyword) in SAID.items():
        if table.meta.get(key):
            hdu.header[keyword] = fits_text(str(table.meta[key]))[:MOST_OF_A_CARD]
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


def _from_fits(data, path):
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
