"""The sources of a catalogue: names and positions from a file, a table, or the targets of an index."""

import csv
import io
import logging
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import astropy.units as u
import numpy as np
from astropy.coordinates import Angle, SkyCoord
from astropy.table import Table

from tevcurve.catalogue.neighbourhood import neighbours_of
from tevcurve.config.spectra import DEFAULT, spectral_model, spectrum_values
from tevcurve.data import DataStore
from tevcurve.data.target_position import usable_position
from tevcurve.data.targets import NAMELESS, targets_of
from tevcurve.errors import DataError, InputError, TevcurveError
from tevcurve.files import FitsFile, expand_path, read_bytes
from tevcurve.files.astropy_table import as_table
from tevcurve.files.columns import listed
from tevcurve.files.masked import table_without_masks
from tevcurve.models import SpectralModel
from tevcurve.pipeline.catalogue_plan import CatalogueSource
from tevcurve.pipeline.targets import observations_of

log = logging.getLogger(__name__)

TARGETS = "targets"
# What columns are called, in this order of preference, whatever their capitals.
COLUMNS = {
    "name": ("name", "source_name", "source"),
    "ra": ("ra", "raj2000", "_raj2000", "ra_deg"),
    "dec": ("dec", "dej2000", "decj2000", "_dej2000", "dec_deg"),
    "spectrum": ("spectrum",),
    "neighbours": ("neighbours", "neighbors"),
}
NEEDED = ("name", "ra", "dec")
SUFFIXES = (".csv", ".ecsv", ".fits", ".fit", ".fits.gz")
LARGEST = 2**26  # bytes of a file
LONGEST_NAME = 100
# Right ascensions that somebody may have meant, deg.
LEAST_RA, MOST_RA = -180.0, 360.0


def catalogue_sources(
    positions: Any, stores: Sequence[Any] = (), spectrum: Any = None
) -> list[CatalogueSource]:
    """The `CatalogueSource`s of what a person gave, a list.

    Parameters
    ----------
    positions : path of a CSV, ECSV or FITS file, or astropy Table, with the columns name, ra and dec (numbers in deg,
        or texts such as "5h34m31.9s" and "22d00m52s", ICRS), and, where wanted, spectrum (a text such as "PowerLaw
        index=2.3") and neighbours (names of others, with ";" between them, or "near" for all within 0.5 deg); or
        "targets", all targets of the indices; or `CatalogueSource`s
    stores : what the observations are from, `DataStore`s for "targets"
    spectrum : of the sources that have none of their own, `SpectralModel`, text or dict; default: that of
        `tevcurve.light_curve`

    Raises `InputError` for names that are empty, alike or unknown and positions that are none, in a sentence with the
    row; `DataError` for a file that cannot be read.
    """
    common = _spectrum(DEFAULT if spectrum is None else spectrum, "spectrum")
    if isinstance(positions, str) and positions == TARGETS:
        return _of_targets([one for one in stores if isinstance(one, DataStore)], common)
    if isinstance(positions, str | os.PathLike):
        path = expand_path(positions)
        return _of_table(_read(path), str(path), common)
    if isinstance(positions, Table):
        return _of_table(positions, "The table of positions", common)
    sources = list(positions) if isinstance(positions, Iterable) else []
    if not sources or not all(isinstance(one, CatalogueSource) for one in sources):
        raise InputError(
            f"positions is a {type(positions).__name__}; wanted is the path of a file, a Table with name, ra and dec, "
            "or 'targets'."
        )
    return sources


def _read(path: Path) -> Table:
    """The Table in a file."""
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise InputError(
            f"{path} is no file of positions by its name; wanted is one of {', '.join(SUFFIXES)}."
        )
    content = bytes(read_bytes(path, LARGEST))
    try:
        if name.endswith(".csv"):
            return _from_csv(content.decode("utf-8-sig"), path)
        if name.endswith(".ecsv"):
            return Table.read(content.decode().split("\n"), format="ascii.ecsv")
        table = next(FitsFile(content, path).tables(), None)
        if table is None:
            raise DataError("it has no table")
        return as_table(table)
    except InputError:
        raise
    except Exception as error:
        words = " ".join(str(error).split()).rstrip(".")
        raise DataError(f"{path} cannot be read as a table of positions: {words}.") from error


def _from_csv(text: str, path: Path) -> Table:
    """The Table of texts of a CSV file, whose first line that is no comment has the names of the columns."""
    lines = (line for line in io.StringIO(text) if line.strip() and not line.startswith("#"))
    rows = list(csv.reader(lines, skipinitialspace=True))
    if not rows:
        raise DataError("it is empty")
    head = [name.strip() for name in rows[0]]
    if len(set(head)) < len(head):
        raise DataError("two of its columns have one name")
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(head):
            raise InputError(
                f"{path}, row {number}: it has {len(row)} values; wanted are {len(head)}, as the columns are."
            )
    return Table(
        [[row[k].strip() for row in rows[1:]] for k in range(len(head))], names=head, dtype=["U"] * len(head)
    )


def _of_table(table: Table, where: str, common: SpectralModel) -> list[CatalogueSource]:
    """The sources of the rows of a table. where: names it in errors."""
    columns = _columns(table, where)
    if not len(table):
        raise InputError(f"{where} has no row; wanted is a source or more.")
    names = _names(_texts(columns["name"]), where)
    places = [f"{where}, row {number} ({name})" for number, name in enumerate(names, start=1)]
    lon = [
        _angle(value, columns["ra"], "ra", place) for value, place in zip(columns["ra"], places, strict=True)
    ]
    lat = [
        _angle(value, columns["dec"], "dec", place)
        for value, place in zip(columns["dec"], places, strict=True)
    ]
    lonlats = [_on_sky(x, y, place) for x, y, place in zip(lon, lat, places, strict=True)]
    spectra = _spectra(columns, places, common)
    neighbours: list[tuple[str, ...]] = [()] * len(names)
    if "neighbours" in columns:
        neighbours = neighbours_of(_texts(columns["neighbours"]), names, np.array(lonlats), places)
    made = zip(names, lonlats, spectra, neighbours, strict=True)
    return [CatalogueSource(*each) for each in made]


def _columns(table: Table, where: str) -> dict[str, Any]:
    """The columns that are used, by what they are."""
    there = {name.strip().lower(): name for name in reversed(table.colnames)}
    table = table_without_masks(table)
    found = {}
    for what, words in COLUMNS.items():
        known = next((there[word] for word in words if word in there), None)
        if known is not None:
            found[what] = table[known]
        elif what in NEEDED:
            raise InputError(f"{where} has no column {what}; it has {listed(table.colnames)}.")
    for what, column in found.items():
        if column.ndim != 1:
            raise InputError(f"{where} has several values in each row of {what}; wanted is one.")
    return found


def _texts(column: Any) -> list[str]:
    values = np.asarray(column)
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    return [str(value).strip() for value in values.tolist()]


def _names(names: list[str], where: str) -> list[str]:
    first: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        place = f"{where}, row {number}"
        if name in ("", "nan", "None"):
            raise InputError(f"{place}: the source has no name; wanted is one.")
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise InputError(
                f"{place}: the name {name[:LONGEST_NAME]!r} is no line of {LONGEST_NAME} printable letters or fewer, "
                "which is wanted."
            )
        if name in first:
            raise InputError(
                f"{place}: the name {name!r} is that of row {first[name]}, too; each is wanted once."
            )
        first[name] = number
    return names


def _angle(value: Any, column: Any, what: str, place: str) -> float:
    """A coordinate in deg of a cell: a number in the unit of the column or deg, or a text with its own."""
    unit = getattr(column, "unit", None) or u.deg
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    text = str(text) if isinstance(text, str) else text
    try:
        if isinstance(text, str):
            try:
                text = float(text)
            except ValueError:
                return float(Angle(text).deg)
        angle = float((float(text) * u.Unit(unit)).to_value(u.deg))
    except (ValueError, TypeError, u.UnitsError):
        angle = np.nan
    if not np.isfinite(angle):
        shown = repr(text) if isinstance(text, str) else "none"
        raise InputError(
            f"{place}: its {what} is {shown}; wanted is a number in deg, or an angle such as '5h34m31.9s' or "
            "'22.01 deg'."
        )
    return angle


def _on_sky(lon: float, lat: float, place: str) -> tuple[float, float]:
    """(lon, lat) in radian."""
    if not LEAST_RA <= lon <= MOST_RA or abs(lat) > 90:
        raise InputError(
            f"{place}: ra {lon:g} deg and dec {lat:g} deg are no position on the sky; wanted are {LEAST_RA:g} to "
            f"{MOST_RA:g} deg and -90 to 90 deg."
        )
    return float(np.deg2rad(lon % 360.0)), float(np.deg2rad(lat))


def _spectra(columns: dict[str, Any], places: list[str], common: SpectralModel) -> list[SpectralModel]:
    """The spectrum of each row; those of one text are one object, and rows without one have the common one."""
    if "spectrum" not in columns:
        return [common] * len(places)
    known = {"": common, "nan": common}
    for text, place in zip(_texts(columns["spectrum"]), places, strict=True):
        if text not in known:
            known[text] = _spectrum(text, f"{place}: spectrum")
    return [known[text] for text in _texts(columns["spectrum"])]


def _spectrum(value: Any, what: str) -> SpectralModel:
    if isinstance(value, SpectralModel):
        return value
    try:
        return spectral_model(spectrum_values(value))
    except InputError as error:
        of = "".join(f"{name}: " for name in error.path)
        raise InputError(f"{what} {str(value)!r} cannot be used: {of}{str(error).rstrip('.')}.") from error


def _of_targets(stores: list[DataStore], common: SpectralModel) -> list[CatalogueSource]:
    """The targets of stores whose position is known, in the order of their names."""
    if not stores:
        raise InputError(
            "positions is 'targets', which an index has; wanted are data stores, or a file of positions."
        )
    made, unknown = [], []
    for target in sorted(targets_of(*stores), key=lambda one: one.name):
        if target.name == NAMELESS:
            continue
        place = usable_position(*target.position_deg)
        try:
            # Where the index does not say, the headers of its runs may.
            where = observations_of(stores, target.name)[1] if place is None else SkyCoord(*place, unit="deg")
        except TevcurveError as error:
            unknown.append((target.name, str(error)))
            continue
        made.append(
            CatalogueSource(target.name, (float(where.icrs.ra.rad), float(where.icrs.dec.rad)), common)
        )
    for name, reason in unknown if made else ():
        log.warning("The target %s is left out: %s", name, reason)
    if not made:
        more = f": {unknown[0][1]}" if unknown else "."
        raise InputError(f"There is no target with a position; wanted is a file of positions{more}")
    return made
