"""Maps in FITS files: an image HDU with the sky WCS, a table HDU with the edges of the further axis.

The layout is that of the GADF sky map format, https://gamma-astro-data-formats.readthedocs.io/en/latest/skymaps/,
so that gammapy and FITS viewers open the files too.
"""

import gzip
import io
import os
import re
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.io import fits

from tevcurve.atomic import replace_file
from tevcurve.errors import DataError, InputError
from tevcurve.files import FitsFile, read_bytes
from tevcurve.maps.axis import MapAxis
from tevcurve.maps.fits_wcs import geometry_from_header, wcs_cards
from tevcurve.maps.map import WcsNDMap
from tevcurve.maps.meta_json import meta_from_json, meta_to_json

AXIS_KEY = "AXNAME1"


def write_map(sky_map: WcsNDMap, path: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Write a map to a FITS file that gammapy reads too; the file is there whole or not at all.

    Parameters
    ----------
    sky_map : WcsNDMap with one further axis at most
    path : str or Path, gzipped when it ends in ".gz"
    overwrite : replace a file that is there

    Raises DataError when the file is there already or its folder is not, InputError when the map or its meta cannot
    be written, StoreError where the disk does not take it.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise DataError(f"The file {path} is there already; overwrite=True replaces it.")
    if not path.parent.is_dir():
        raise DataError(f"The folder {path.parent} for the map file {path.name} is not there.")
    buffer = io.BytesIO()
    fits.HDUList(map_to_hdus(sky_map)).writeto(buffer)
    content = buffer.getvalue()
    # No time stamp in the gzip header: the same map makes the same file.
    content = gzip.compress(content, mtime=0) if path.suffix == ".gz" else content
    replace_file(path, content)


def read_map(path: str | os.PathLike[str], hdu: str | int | None = None) -> WcsNDMap:
    """The map (WcsNDMap) of a FITS file.

    Parameters
    ----------
    path : str or Path, gzipped or not
    hdu : name or number of the image HDU; default the first with an image

    Raises DataError when the file holds no map that tevcurve can use.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"The map file {path} is not there.")
    content = read_bytes(path)
    # What the headers promise is there, before astropy believes them.
    FitsFile(content, path)
    try:
        with fits.open(io.BytesIO(content), memmap=False) as hdus:
            return map_from_hdus(hdus, hdu=hdu, where=str(path))
    except (OSError, EOFError) as error:
        raise DataError(f"The map file {path} cannot be read as FITS: {error}") from error


def map_to_hdus(
    sky_map: WcsNDMap, name: str = "PRIMARY"
) -> list[fits.PrimaryHDU | fits.ImageHDU | fits.BinTableHDU]:
    """HDUs of a map: the image (a PrimaryHDU if `name` is "PRIMARY"), and the table of edges if it has an axis.

    Parameters
    ----------
    sky_map : `WcsNDMap` with one further axis at most
    name : EXTNAME of the image
    """
    axes = sky_map.geom.axes
    if len(axes) > 1:
        names = [axis.name for axis in axes]
        raise InputError(f"A map file holds one axis besides the sky, but this map has {names}.")
    header = fits.Header(wcs_cards(sky_map.geom))
    header["WCSSHAPE"] = "(" + ",".join(str(n) for n in reversed(sky_map.geom.data_shape)) + ")"
    header["BUNIT"] = _unit_string(sky_map.unit)
    header["META"] = meta_to_json(sky_map.meta)
    data = sky_map.data
    if data.dtype == bool:
        header["DATATYPE"] = ("bool", "0 and 1 stand for False and True")
        data = data.astype(np.uint8)
    data = data.astype(_FITS_TYPES.get(data.dtype.str[1:], data.dtype), copy=False)
    hdu_type = fits.PrimaryHDU if name == "PRIMARY" else fits.ImageHDU
    if not axes:
        return [hdu_type(data, header)] if name == "PRIMARY" else [hdu_type(data, header, name=name)]
    bands = _bands_hdu(axes[0], f"{name}_BANDS")
    header["AXCOLS1"], header["INTERP1"] = bands.header["AXCOLS1"], bands.header["INTERP1"]
    header["BANDSHDU"] = bands.name
    image = hdu_type(data, header) if name == "PRIMARY" else hdu_type(data, header, name=name)
    return [image, bands]


# Kinds of numbers that FITS images do not have, and the next larger ones that they have.
_FITS_TYPES = {"f2": np.float32, "f16": np.float64, "i1": np.int16}


def map_from_hdus(hdus: fits.HDUList, hdu: str | int | None = None, where: str = "the file") -> WcsNDMap:
    """The map (WcsNDMap) in an open HDUList.

    Parameters
    ----------
    hdus : open list of HDUs
    hdu : name or number of the image HDU; default the first with an image
    where : words for error messages
    """
    image = _image_hdu(hdus, hdu, where)
    where = f"{where}[{image.name or 'PRIMARY'}]"
    header = image.header
    geom = geometry_from_header(header, where)
    axes: tuple[MapAxis, ...] = ()
    if image.data.ndim == 3:
        axes = (_axis_from_bands(_bands_table(hdus, image, where), image.data.shape[0], where),)
    elif image.data.ndim != 2:
        raise DataError(
            f"{where} has an image of shape {image.data.shape}; a map has two or three dimensions."
        )
    try:
        unit = u.Unit(header.get("BUNIT", ""))
    except ValueError as error:
        raise DataError(
            f"{where} has the unit BUNIT={header['BUNIT']!r}, which astropy does not know."
        ) from error
    # FITS is big-endian; native numbers compute faster.
    data = image.data.astype(bool if header.get("DATATYPE") == "bool" else image.data.dtype.newbyteorder("="))
    return WcsNDMap(geom.to_cube(axes), data, unit, meta=meta_from_json(header.get("META", "{}"), where))


def _image_hdu(hdus: fits.HDUList, hdu: str | int | None, where: str) -> fits.PrimaryHDU | fits.ImageHDU:
    """The image HDU asked for, or the first one that holds an image."""
    if hdu is not None:
        try:
            image = hdus[hdu]
        except (KeyError, IndexError) as error:
            raise DataError(f"{where} has no HDU {hdu!r}; it has {[h.name for h in hdus]}.") from error
        if not image.is_image or image.data is None:
            raise DataError(f"The HDU {hdu!r} of {where} holds no image.")
        return image
    for image in hdus:
        if image.is_image and image.header.get("NAXIS", 0) > 0:
            return image
    raise DataError(f"{where} holds no image, so no map; it has {[h.name for h in hdus]}.")


def _bands_hdu(axis: MapAxis, name: str) -> fits.BinTableHDU:
    """Table HDU with the number, centre and edges of each bin; GADF names the columns of energies E_MIN and E_MAX."""
    # FITS asks for letters, digits and underscores in the names of columns.
    stem = re.sub("[^A-Z0-9_]", "_", axis.name.upper()) or "AXIS"
    low, high = ("E_MIN", "E_MAX") if axis.name == "energy" else (f"{stem}_MIN", f"{stem}_MAX")
    unit = _unit_string(axis.unit) or None
    columns = [fits.Column("CHANNEL", "K", array=np.arange(axis.nbin))]
    for column, values in ((stem, axis.center), (low, axis.edges[:-1]), (high, axis.edges[1:])):
        columns.append(fits.Column(column, "D", unit=unit, array=values.value))
    table = fits.BinTableHDU.from_columns(columns, name=name)
    table.header["AXCOLS1"], table.header["INTERP1"] = f"{low},{high}", axis.interp
    table.header[AXIS_KEY] = axis.name
    return table


def _bands_table(hdus: fits.HDUList, image: fits.PrimaryHDU | fits.ImageHDU, where: str) -> fits.BinTableHDU:
    """The table HDU with the edges that belongs to an image."""
    name = image.header.get("BANDSHDU", f"{image.name or 'PRIMARY'}_BANDS")
    if name not in hdus:
        raise DataError(
            f"{where} is a cube without a table of its energy edges: the HDU {name!r} is missing."
        )
    return hdus[name]


def _axis_from_bands(table: fits.BinTableHDU, nbin: int, where: str) -> MapAxis:
    """The MapAxis in a table HDU, whose rows must be the `nbin` planes of the image."""
    where = f"{where}, table {table.name},"
    columns = table.header.get("AXCOLS1", "E_MIN,E_MAX").replace(" ", "").split(",")
    names = table.columns.names
    missing = [column for column in columns if column not in names]
    if len(columns) != 2 or missing:
        raise DataError(
            f"{where} needs a lower and an upper edge for each plane, but has the columns {names}."
        )
    low, high = (np.asarray(table.data[column], dtype=float) for column in columns)
    if low.shape != (nbin,):
        raise DataError(f"{where} has edges for {len(low)} planes, but the image has {nbin}.")
    if not np.allclose(low[1:], high[:-1], rtol=1e-6, atol=0):
        raise DataError(f"{where} has bins with gaps or overlaps, which an axis cannot have.")
    stem = columns[0].removesuffix("_MIN").lower()
    name = table.header.get(AXIS_KEY, "energy" if columns[0] == "E_MIN" else stem)
    unit = table.columns[columns[0]].unit or ""
    if not unit and name.startswith("energy"):
        raise DataError(f"{where} gives no unit for the column {columns[0]}.")
    try:
        return MapAxis(
            np.append(low, high[-1]) << u.Unit(unit), name, table.header.get("INTERP1", "lin").strip()
        )
    except ValueError as error:
        raise DataError(f"{where} is no axis: {error}") from error


def _unit_string(unit: u.UnitBase) -> str:
    """The unit as FITS writes it, or as astropy does where FITS has no such unit."""
    try:
        return unit.to_string("fits")
    except ValueError:
        return unit.to_string()
