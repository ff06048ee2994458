"""Files of light curves in the layout of GADF and gammapy: ECSV, or FITS with the HDUs FLUXPOINTS and GTI.

gammapy opens them with `FluxPoints.read(path, format="lightcurve")`, and `LightCurve.read` has the columns back.
"""

import io
from urllib.parse import quote

import numpy as np
from astropy.io import fits
from astropy.table import Table
from astropy.time import Time

from tevcurve.lightcurve.ecsv_text import written
from tevcurve.lightcurve.file_formats import FileFormat
from tevcurve.lightcurve.fits_files import FLUX_POINTS_HDU, QUOTED, fits_text
from tevcurve.lightcurve.interop.gadf_table import to_gadf_table
from tevcurve.lightcurve.interop.good_intervals import good_intervals
from tevcurve.lightcurve.product import LightCurve

# Columns without which there is no such file.
NEEDS = ("time_min", "time_max", "e_ref", "e_min", "e_max")


def to_gadf_ecsv(light_curve: LightCurve) -> bytes:
    """Bytes of an ECSV file of a light curve. Raises `InputError` for one that does not fit the layout.

    light_curve: with energies.
    """
    return ecsv_bytes(to_gadf_table(light_curve))


def ecsv_bytes(table: Table) -> bytes:
    """Bytes of an ECSV file of a table. table: in the layout of `to_gadf_table`."""
    return written(table).encode()


def to_gadf_fits(light_curve: LightCurve) -> bytes:
    """Bytes of a FITS file of a light curve. Raises `InputError` for one that does not fit the layout.

    light_curve: with energies.
    """
    return fits_bytes(to_gadf_table(light_curve), good_intervals(light_curve))


def fits_bytes(table: Table, good: tuple[Time, Time]) -> bytes:
    """Bytes of a FITS file of a table and of good times.

    Parameters
    ----------
    table : in the layout of `to_gadf_table`
    good : (starts, stops), `Time` (n,)
    """
    meta = dict(table.meta)
    plain = Table(table, copy=False)
    plain.meta = {}
    for name in plain.colnames:
        if plain[name].dtype.kind == "U":
            texts = [fits_text(text) for text in plain[name].ravel().tolist()]
            plain[name] = np.array(texts, dtype=str).reshape(plain[name].shape)
    hdu = fits.table_to_hdu(plain)
    hdu.name = FLUX_POINTS_HDU
    # Said where texts go over several cards: https://fits.gsfc.nasa.gov/registry/continue_keyword.html.
    hdu.header["LONGSTRN"] = "OGIP 1.0"
    for name, value in meta.items():
        if isinstance(value, (bool, int, float, str, np.generic)):
            text = str(value)
            # Short names would lose their lower case.
            card = f"HIERARCH {name}" if name != name.upper() else name
            hdu.header[card] = fits_text(text) if isinstance(value, str) else value
            if isinstance(value, str) and fits_text(text) != text:
                # Letters that a card cannot hold, for those who know them.
                hdu.header[f"HIERARCH {name}{QUOTED}"] = quote(text)
    stream = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu, _gti_hdu(*good, meta.get("TIMEREF"))]).writeto(stream)
    return stream.getvalue()


def _gti_hdu(start: Time, stop: Time, place: str | None) -> fits.BinTableHDU:
    """The GTI table of times, in seconds from midnight before the first. place: their TIMEREF, or None."""
    whole = float(np.floor(start[0].mjd)) if len(start) else 0.0
    columns = []
    for name, times in (("START", start), ("STOP", stop)):
        seconds = ((times.jd1 - 2400000.5 - whole) + times.jd2) * 86400
        columns.append(fits.Column(name, "D", unit="s", array=seconds))
    hdu = fits.BinTableHDU.from_columns(columns, name="GTI")
    hdu.header["MJDREFI"], hdu.header["MJDREFF"] = int(whole), 0.0
    hdu.header["TIMESYS"], hdu.header["TIMEUNIT"] = start.scale.upper(), "s"
    if place:
        hdu.header["TIMEREF"] = place
    return hdu


GADF_ECSV = FileFormat(
    "gadf-ecsv",
    (".ecsv",),
    "an ECSV table that gammapy opens",
    layout="gadf",
    loses="good times, and the scale UTC, which becomes TT",
    encode=to_gadf_ecsv,
    needs=NEEDS,
)
GADF_FITS = FileFormat(
    "gadf-fits",
    (".fits", ".fits.gz"),
    "a FITS table that gammapy opens",
    layout="gadf",
    loses="metadata that are neither numbers nor texts, letters of columns that ASCII has not, good times (gammapy "
    "reads these), and the scale UTC, which becomes TT",
    encode=to_gadf_fits,
    needs=NEEDS,
)
