"""Light curves as CSV files, a line of names and a line for each row, and back.

The numbers are in a light curve's own units (`tevcurve export --columns list` prints them). The time scale and the
confidence level of limits stand in each row, so that nothing but rows is in the file.
"""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table
from astropy.time import Time

from tevcurve.errors import DataError
from tevcurve.lightcurve.file_formats import FileFormat
from tevcurve.lightcurve.interop.read_texts import first_line, rows_of_csv
from tevcurve.lightcurve.interval_words import INTERVAL, meta_of_rows
from tevcurve.lightcurve.papers.rounded import decimals_of_shown, number_text
from tevcurve.lightcurve.papers.shown import MADE, PDG, TIMES, Shown, chosen_table, with_utc
from tevcurve.lightcurve.table_making import light_curve_table

if TYPE_CHECKING:
    from tevcurve.lightcurve.product import LightCurve

SAID = ("timesys", "upper_limit")
TEXTS = ("status", "reason", "interval", "instrument", "instruments")


def to_csv(light_curve: "LightCurve", shown: Shown) -> bytes:
    """Bytes of a CSV file: of all columns but vectors, and times in UTC, or those that are asked for.

    Parameters
    ----------
    light_curve : LightCurve
    shown : what is asked for; digits are all, unless it says "pdg"
    """
    columns = shown.columns
    if columns is None:
        plain = [name for name in light_curve.table.colnames if light_curve.table[name].ndim == 1]
        columns = (*with_utc([*(name for name in plain if name not in SAID), *SAID]),)
    # Rounded as texts, so that zeros at the end stand there.
    table = chosen_table(light_curve.table, Shown(columns, utc=shown.utc))
    places = decimals_of_shown(light_curve.table, table) if shown.digits == PDG else {}
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.colnames)
    writer.writerows(zip(*(_cells(table[name], places.get(name)) for name in table.colnames), strict=True))
    return stream.getvalue().encode()


def _cells(column: Any, places: np.ndarray | None) -> list[str]:
    """Texts of a column; an empty one for what is not known."""
    if column.ndim > 1:
        return [" ".join(map(str, np.ravel(value).tolist())) for value in column]
    values = column.tolist()
    if column.dtype.kind != "f":
        return [str(value) for value in values]
    if places is None:
        return ["" if np.isnan(value) else repr(float(value)) for value in values]
    return [number_text(value, place) for value, place in zip(values, places.tolist(), strict=True)]


def from_csv(data: bytes, path: Path) -> Table:
    """The table of a light curve in bytes of a CSV file of `to_csv`.

    Parameters
    ----------
    data : of the file
    path : it is not needed

    Raises `DataError` where rows are in several time scales, or it has no such rows.
    """
    names, rows = rows_of_csv(data)
    cells = {name: [row[number] for row in rows] for number, name in enumerate(names)}
    scales = {scale.lower() for scale in cells["timesys"]}
    if len(scales) != 1 or not scales <= set(Time.SCALES):
        raise DataError(
            f"its rows are in the time scales {', '.join(sorted(scales)) or 'none'}; wanted is one"
        )
    values = {name: _values(name, texts) for name, texts in cells.items()}
    start, stop = (Time(values.pop(name), format="mjd", scale=scales.copy().pop()) for name in TIMES)
    levels = set(values.get("upper_limit", np.zeros(0)).tolist())
    meta = {"upper_limit": levels.pop()} if len(levels) == 1 and not any(map(np.isnan, levels)) else {}
    meta |= meta_of_rows(cells.get(INTERVAL, ()))
    return light_curve_table(
        start, stop, {name: each for name, each in values.items() if name not in MADE}, meta
    )


def _values(name: str, texts: list[str]) -> np.ndarray:
    """The array of a column: of texts, or where all that is there are numbers or truths, of these."""
    if name in TEXTS:
        return np.array(texts, dtype=str)
    for kind in (int, float):
        try:
            return np.array([np.nan if not text and kind is float else kind(text) for text in texts])
        except ValueError:
            continue
    if set(texts) <= {"True", "False"}:
        return np.array([text == "True" for text in texts])
    return np.array(texts, dtype=str)


def _is_own(data: bytes) -> bool:
    return {*TIMES, "timesys"} <= {name.strip() for name in first_line(data).split(",")}


CSV = FileFormat(
    "csv",
    (".csv",),
    "a CSV table",
    loses="metadata but the time scale and the confidence level of limits, vectors, and units that are not a light "
    "curve's own",
    encode_rows=to_csv,
    decode=from_csv,
    knows=_is_own,
)
