"""What of a light curve a file shows: chosen columns, times in UTC among them, and their digits."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Column, Table
from astropy.time import Time

from tevcurve.errors import InputError
from tevcurve.leap_seconds import as_utc
from tevcurve.lightcurve.columns import COLUMNS
from tevcurve.lightcurve.papers.rounded import days_decimals, rounded
from tevcurve.near_names import meant
from tevcurve.plot_options import TS_THRESHOLD

if TYPE_CHECKING:
    from tevcurve.lightcurve.product import LightCurve

TIMES = ("time_min", "time_max")
UTC = {"utc_min": "Start", "utc_max": "End", "utc": "Middle"}
# In the place of names.
ALL = "all"
# What is made when a file is to have it.
MADE = (*UTC, "time", "timesys", "upper_limit")
EXACT, PDG = "exact", "pdg"


@dataclass(frozen=True)
class Shown:
    """What a file is to show.

    Attributes
    ----------
    columns : names of columns in their order, among them "utc_min", "utc_max", "utc" and "time" (the middle, MJD);
        None: those that the format has by itself
    digits : "exact", all of them; "pdg", as in papers; None: as the format has by itself
    utc : whether start and end in UTC are added
    ts_threshold : in tables of papers, a row with a smaller test statistic is shown as its upper limit; None for no
        limits in place of values
    file : name of the file that is written, which tables of the CDS have in them
    """

    columns: tuple[str, ...] | None = None
    digits: str | None = None
    utc: bool = False
    ts_threshold: float | None = TS_THRESHOLD
    file: str = field(default="light_curve.txt", compare=False)

    def __post_init__(self) -> None:
        if self.digits not in (None, EXACT, PDG):
            raise InputError(f"digits is {self.digits!r}; wanted is {EXACT!r} or {PDG!r}.")

    @property
    def is_whole(self) -> bool:
        """Whether nothing in particular is asked for."""
        return self == Shown(ts_threshold=self.ts_threshold)


def chosen(light_curve: "LightCurve", shown: Shown, needs: tuple[str, ...] = TIMES) -> "LightCurve":
    """The light curve with the columns and digits that are asked for.

    Parameters
    ----------
    light_curve : LightCurve
    shown : what is asked for
    needs : columns that are kept in any case, where it has them: those without which it is no light curve in a file

    Raises `InputError` for a column that it has not.
    """
    if shown.is_whole:
        return light_curve
    return replace(light_curve, table=chosen_table(light_curve.table, shown, needs))


def chosen_table(table: Table, shown: Shown, needs: tuple[str, ...] = ()) -> Table:
    """The table with the columns and digits that are asked for; see `chosen`.

    Parameters
    ----------
    table : of a light curve
    shown : what is asked for
    needs : columns that are kept in any case
    """
    names = table.colnames if shown.columns is None else list(shown.columns)
    check_names(table, names)
    names = [*(name for name in needs if name in table.colnames and name not in names), *names]
    names = names if not shown.utc else with_utc(names)
    rows = rounded(table) if shown.digits == PDG else table
    columns = [made_column(table, name) if name in MADE else rows[name] for name in dict.fromkeys(names)]
    return Table(columns, meta=dict(table.meta))


def named_columns(text: str, table: Table) -> list[str]:
    """The names in a text with commas, which may be in brackets, or those of all columns for "all".

    Parameters
    ----------
    text : as it was typed
    table : of a light curve
    """
    text = text.strip().removeprefix("[").removesuffix("]").strip()
    return (
        table.colnames if text.lower() == ALL else [name.strip() for name in text.split(",") if name.strip()]
    )


def with_utc(names: list[str]) -> list[str]:
    """The names with those of start and end in UTC after the times. names: of columns."""
    named = [name for name in names if name not in ("utc_min", "utc_max")]
    place = max((named.index(name) + 1 for name in TIMES if name in named), default=0)
    return [*named[:place], "utc_min", "utc_max", *named[place:]]


def check_names(table: Table, names: list[str]) -> None:
    """Raises `InputError` where a table has not the columns of some names.

    Parameters
    ----------
    table : of a light curve
    names : of columns
    """
    missing = next((name for name in names if name not in table.colnames and name not in MADE), None)
    if missing is not None:
        wanted = f"it has {', '.join(table.colnames)}, and {', '.join(MADE)} can be made."
        # One that other light curves have is spelled rightly.
        wanted = wanted if missing in COLUMNS else meant(missing, (*table.colnames, *MADE), wanted)
        raise InputError(f"The light curve has no column {missing!r}; {wanted}")
    if not names:
        raise InputError("No column is named; wanted are some, as time_min,time_max,flux.")


def made_column(table: Table, name: str) -> Column:
    """A column that is made of the time bins and of the metadata.

    Start, end and middle in UTC are texts (ISO 8601, with Z), to a hundredth of a bin, at least to seconds.

    Parameters
    ----------
    table : of a light curve
    name : one of `MADE`
    """
    if name == "timesys":
        return _constant(table, name, str(table.meta["TIMESYS"]).upper(), "Scale of the times that are MJD")
    if name == "upper_limit":
        level = table.meta.get("upper_limit")
        level = np.nan if level is None else float(level)
        return _constant(table, name, level, "Confidence level of the upper limits")
    fraction = {"utc_min": 0.0, "utc_max": 1.0}.get(name, 0.5)
    start, stop = (np.asarray(table[end], dtype=float) for end in TIMES)
    scale = str(table.meta["TIMESYS"]).lower()
    moments = Time(start, fraction * (stop - start), format="mjd", scale=scale)
    if name == "time":
        words = "Middle of the time bin (MJD, time scale in TIMESYS)"
        return Column(moments.mjd, name=name, unit="d", description=words)
    moments = Time(as_utc(moments), format="isot", precision=int(np.clip(days_decimals(table) - 5, 0, 3)))
    texts = [f"{text}Z" for text in moments.value.tolist()]
    return Column(np.array(texts, dtype=str), name=name, description=f"{UTC[name]} of the time bin (UTC)")


def _constant(table: Table, name: str, value: str | float, words: str) -> Column:
    return Column(np.array([value] * len(table)), name=name, description=words)
