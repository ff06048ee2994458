"""Files of light curves in the layout of GADF and gammapy: ECSV, or FITS with the HDUs FLUXPOINTS and GTI."""

import io
from urllib.parse import quote

import numpy as np
from astropy.io import fits
from astropy.table import Table

from tevcurve.lightcurve.interop.gadf_table import to_gadf_table
from tevcurve.lightcurve.interop.good_intervals import good_intervals
from tevcurve.lightcurve.io import FLUX_POINTS_HDU, QUOTED, fits_text, write_table

FITS_CARD = 8


def write_gadf(light_curve, path, overwrite=False):
    """The path of the file written (.ecsv, .fits or .fits.gz), which gammapy opens with
    `FluxPoints.read(path, format="lightcurve")`.

    `LightCurve.read` has the columns back. Of the metadata FITS keeps numbers and short texts.
    Raises `InputError` where the file is there already, or the light curve does not fit the layout.
    """
    encoders = {".ecsv": _ecsv, ".fits": lambda table: _fits(table, good_intervals(light_curve))}
    return write_table(to_gadf_table(light_curve), path, overwrite=overwrite, encoders=encoders)


def _ecsv(table):
    stream = io.StringIO()
    table.write(stream, format="ascii.ecsv")
    return stream.getvalue().encode()


def _fits(table, good):
    meta = dict(table.meta)
    plain = Table(table, copy=False)
    plain.meta = {}
    hdu = fits.table_to_hdu(plain)
    hdu.name = FLUX_POINTS_HDU
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


def _gti_hdu(start, stop, place):
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
