"""Light curves and tables to files and back. The same content always gives the same bytes."""

import os
import zlib
from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from tevcurve.atomic import replace_file
from tevcurve.bins.binning import say_of_older
from tevcurve.errors import DataError, InputError
from tevcurve.files import Checksums, expand_path
from tevcurve.lightcurve.columns import declared
from tevcurve.lightcurve.file_formats import check_suffix, format_of, format_of_text, format_to_write
from tevcurve.lightcurve.interop.gadf_table import from_gadf_table, is_gadf_table
from tevcurve.lightcurve.interop.named_columns import from_table, read_any_table
from tevcurve.lightcurve.papers.shown import Shown, named_columns
from tevcurve.lightcurve.product import LightCurve
from tevcurve.near_names import meant


def write_light_curve(light_curve, path, overwrite=False, format=None, **shown):
    """The path of the file written, in the format of its suffix; whole and on disk, or not there at all.

    `.ecsv`, `.fits`, `.fits.gz`, and as VOTable `.vot`, `.xml`: `read` loses nothing of it. `.csv` and `.json` are
    for other programs; `.tex` and `.mrt` are tables in papers, with digits by the rule of the Particle Data Group.

    Parameters
    ----------
    light_curve : `LightCurve`
    path : str or path
        Ends in a suffix of `tevcurve.lightcurve.file_formats.FORMATS`; environment variables are expanded.
    overwrite : bool
        Replace a file that is there. Otherwise it is an `InputError`.
    format : str
        "gadf" for an ECSV or FITS file that gammapy opens, too, by `FluxPoints.read(path, format="lightcurve")` (see
        `tevcurve.lightcurve.interop.gadf_table`); or the name of another format or layout. Default: the first one of
        the suffix. `InputError` where there is none.
    **shown
        `columns`, names in their order, or "all"; `digits`, "exact" or "pdg"; `utc`, whether start and end in UTC are
        added; `ts_threshold`: see `tevcurve.lightcurve.papers.shown.Shown`. Default: what the format has by itself.
    """
    path = expanded(path)
    form, asked = format_to_write(path, format), replace(asked_of(shown, light_curve), file=path.name)
    return write_parts(path, overwrite, lambda: form.parts_of(light_curve, asked))


def text_of_light_curve(light_curve, format="csv", **shown):
    """The text of a light curve in a format: what `write` would write, to be printed or copied.

    Parameters
    ----------
    light_curve : `LightCurve`
    format : str, such as "csv", "latex", "cds" or "atel"; `InputError` for one that is no text
    **shown
        As for `write`.
    """
    form = format_of_text(format)
    return b"".join(form.parts_of(light_curve, asked_of(shown, light_curve))).decode()


def asked_of(shown, light_curve):
    """The `Shown` of keywords, whose columns are a list, or a text: names with commas, or "all".

    Parameters
    ----------
    shown : dict of keywords
    light_curve : `LightCurve` that is shown
    """
    known = {each.name for each in fields(Shown) if each.compare}
    unknown = next((name for name in shown if name not in known), None)
    if unknown is not None:
        raise InputError(f"There is no {unknown} for what a file shows; {meant(unknown, sorted(known))}")
    columns = shown.get("columns")
    if isinstance(columns, str):
        columns = named_columns(columns, light_curve.table)
    return Shown(**{**shown, "columns": None if columns is None else tuple(columns)})


def write_table(table, path, overwrite=False):
    """The path of the file written from any astropy Table without masked values; otherwise as `write_light_curve`.

    Parameters
    ----------
    table : astropy Table
    path : str or path; its suffix says the format
    overwrite : bool, whether a file that is there is replaced
    """
    path = expanded(path)
    return write_parts(path, overwrite, lambda: table_parts(table, path))


def table_parts(table, path):
    """What a file has of any astropy Table without masked values, an iterator of parts of its bytes, not compressed.

    Parameters
    ----------
    table : astropy Table
    path : str or path; its suffix says the format

    Raises `InputError` for a table with masked values.
    """
    form = format_to_write(expanded(path), tables=True)
    masked = [name for name in table.colnames if np.any(getattr(table[name], "mask", False))]
    if masked:
        raise InputError(
            f"The column {masked[0]} has masked values, which a file cannot keep; fill them with NaN."
        )
    return form.parts_of_table(table)


def read_light_curve(path, spectrum=None, accept_changed=False, columns=None, **named):
    """The light curve in a file: of ours, of gammapy, of other telescopes, or any table whose columns are named.

    Known are files that `write` made, those of gammapy (`FluxPoints.write(path, format="lightcurve")`), of the
    Fermi-LAT Light Curve Repository (CSV and JSON), of Swift-XRT (QDP), and of the AAVSO; which of them it is, its
    suffix and what is in it say.

    Parameters
    ----------
    path : str or path
        Environment variables are expanded.
    spectrum : `SpectralModel`
        The reference model of a file of gammapy that says fluxes but no reference.
    accept_changed : bool
        Whether a file of a result that is not as it was written, by the list of checksums beside it, is taken all the
        same, with a warning.
    columns : dict, optional
        Names of the columns of any other table, as `{"time": "MJD", "flux": "F", "flux_err": "e_F"}`; FITS, VOTable,
        ECSV, MRT, or text that astropy reads.
    **named
        `units`, `time_format`, `time_scale`, `time_origin`, `meta`, with `columns`: see
        `tevcurve.lightcurve.interop.named_columns.from_table`.

    Raises `DataError` if there is no light curve, or a changed one.
    """
    path = expand_path(path)
    checksums = Checksums.of(path.parent, accept_changed)
    if columns is not None:
        return from_table(read_any_table(_bytes_of(path, checksums), path), columns, **named)
    if named:
        raise InputError(f"{', '.join(named)} go with columns=, the names of the columns of a table.")
    table = read_table(path, checksums)
    try:
        if is_gadf_table(table):
            return from_gadf_table(table, spectrum)
        say_of_older(table.meta)
        for name in table.colnames:
            table[name].info.format = declared(name).form
        return LightCurve(table)
    except InputError as error:
        raise DataError(f"{path} holds no light curve: {error}") from error


def read_table(path, checksums=None):
    """The astropy table in a file of `write_table`, with units, descriptions and metadata as they were.

    Of a FITS file in gammapy's layout it is the table of the HDU FLUXPOINTS, as it is there; of a VOTable of any origin
    its first table, with the times as MJD in the scale of its TIMESYS.

    Parameters
    ----------
    path : str or path; its suffix says the format
    checksums : `~tevcurve.files.Checksums` of its folder, with which it is compared; default: those beside it, if any

    Raises `DataError` if the file is missing, not as it was written, or holds no light-curve table.
    """
    path = expanded(path)
    check_suffix(path)
    data = _bytes_of(path, checksums or Checksums.of(path.parent))
    form = format_of(data, path)
    try:
        return form.decode(data, path)
    except Exception as error:
        # What names the file is said already.
        if isinstance(error, DataError) and str(path) in str(error):
            raise
        words = " ".join(str(error).split()).rstrip(".")
        raise DataError(f"{path} cannot be read as {form.words}: {words}.") from error


def _bytes_of(path, checksums):
    if not path.is_file():
        raise DataError(f"The light-curve file {path} is not there.")
    return checksums.read(path.name)


def expanded(path):
    """The `Path` with environment variables and ~ put in. path: str or path."""
    return Path(os.path.expandvars(path)).expanduser()


def write_parts(path, overwrite, encode):
    """The path, where what `encode` gives stands now, whole and on disk; compressed if it ends in .gz.

    Parameters
    ----------
    path : Path
    overwrite : bool, whether a file that is there is replaced. Otherwise it is an `InputError`
    encode : function() -> iterable of bytes, one part after the other; it may be called again
    """
    if path.exists() and not overwrite:
        raise InputError(f"{path} is already there; pass overwrite=True to replace it.")
    if not path.parent.is_dir():
        raise InputError(f"{path} cannot be written: the folder {path.parent} is not there.")
    is_compressed = path.name.lower().endswith(".gz")
    replace_file(path, (lambda: _compressed(encode())) if is_compressed else encode)
    return path


def _compressed(parts):
    """Iterator of parts of a gzip file without a time, as `gzip.compress(..., mtime=0)` makes it of all of them."""
    # 16 and the largest window: a gzip file (zlib's manual, deflateInit2).
    made = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    yield from map(made.compress, parts)
    yield made.flush()
