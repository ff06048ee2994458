"""The geometry of a map in a FITS header, to the last digit."""

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from tevcurve.errors import DataError, InputError
from tevcurve.maps.geometry import CTYPES, WcsGeom

COORDSYS = {"RA": "CEL", "GLON": "GAL"}
SAME_POSITION_DEG = 1e-9


def wcs_cards(geom: WcsGeom) -> list[fits.Card]:
    """Header cards of the sky axes of a WcsGeom. geom: `WcsGeom`; its further axes play no part."""
    cards = [fits.Card("WCSAXES", 2)]
    for axis in (0, 1):
        cards += [
            fits.Card(f"CTYPE{axis + 1}", CTYPES[geom.coordsys][axis] + geom.proj),
            fits.Card(f"CUNIT{axis + 1}", "deg"),
            _float_card(f"CRPIX{axis + 1}", geom.crpix[axis]),
            _float_card(f"CDELT{axis + 1}", geom.cdelt[axis]),
            _float_card(f"CRVAL{axis + 1}", geom.crval[axis]),
        ]
    # The pole's native position, the standard's default, for readers that do not know the defaults.
    cards += [_float_card("LONPOLE", geom.wcs.wcs.lonpole), _float_card("LATPOLE", geom.wcs.wcs.latpole)]
    return [*cards, fits.Card("RADESYS", "ICRS")] if geom.coordsys == "CEL" else cards


def geometry_from_header(header: fits.Header, where: str) -> WcsGeom:
    """The WcsGeom (without further axes) of an image header.

    Parameters
    ----------
    header : of an image HDU
    where : file and HDU, for messages

    Raises DataError when the header has no sky coordinates, or ones that a WcsGeom cannot hold: a rotated grid, a
    frame other than ICRS and galactic, distortions.
    """
    try:
        wcs = WCS(header, naxis=2)
    except (ValueError, KeyError) as error:
        raise DataError(f"{where} has no usable sky coordinates: {str(error).splitlines()[-1]}") from error
    coordsys = COORDSYS.get(wcs.wcs.ctype[0][:4].rstrip("-"))
    if coordsys is None or wcs.wcs.lng != 0 or wcs.wcs.lat != 1:
        raise DataError(
            f"{where} has the sky axes {list(wcs.wcs.ctype)}; RA and Dec or GLON and GLAT are wanted."
        )
    # The value in the header: what astropy fills in when it is missing depends on EQUINOX, which old files lack.
    system = str(header.get("RADESYS", header.get("RADECSYS", "ICRS"))).strip().upper()
    if coordsys == "CEL" and system != "ICRS":
        raise DataError(f"{where} has positions in {system}; tevcurve reads ICRS and galactic maps.")
    matrix = wcs.pixel_scale_matrix
    try:
        geom = WcsGeom(
            coordsys=coordsys,
            proj=wcs.wcs.ctype[0][-3:],
            crval=(float(wcs.wcs.crval[0]), float(wcs.wcs.crval[1])),
            crpix=(float(wcs.wcs.crpix[0]), float(wcs.wcs.crpix[1])),
            cdelt=(float(matrix[0, 0]), float(matrix[1, 1])),
            npix=(int(header["NAXIS1"]), int(header["NAXIS2"])),
        )
        same = _same_positions(geom, wcs)
    except InputError as error:
        raise DataError(f"{where} has no usable sky coordinates: {error}") from error
    if not same:
        raise DataError(f"{where} has a rotated or distorted pixel grid, which tevcurve does not read.")
    return geom


def _same_positions(geom: WcsGeom, wcs: WCS) -> bool:
    """Whether the geometry puts the pixels where the WCS of the header has them."""
    x, y = (axis.ravel() for axis in np.meshgrid(*(np.linspace(0, n - 1, 5) for n in geom.npix)))
    ours, theirs = geom.wcs.wcs_pix2world(x, y, 0), wcs.all_pix2world(x, y, 0)
    dlon = (ours[0] - theirs[0] + 180) % 360 - 180
    known = np.isfinite(ours[0]) == np.isfinite(theirs[0])
    shift = np.fmax.reduce(np.hypot(dlon * np.cos(np.deg2rad(ours[1])), ours[1] - theirs[1]), initial=0)
    return bool(np.all(known)) and shift < SAME_POSITION_DEG


def _float_card(key: str, value: float) -> fits.Card:
    """Card with every digit of a float: beyond 20 characters astropy's own cards round."""
    digits = repr(float(value)).upper()
    return fits.Card.fromstring(f"{key:8s}= {digits:>20s}")
