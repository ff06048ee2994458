"""The rows of a light curve as plain arrays and words, for the figures and the tables of a page."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from astropy.table import Table
from astropy.time import Time

from tevcurve.leap_seconds import as_if_none_were_to_come, as_utc
from tevcurve.lightcurve.columns import ENDINGS, TITLES, declared, first_look
from tevcurve.lightcurve.faint import is_faint
from tevcurve.lightcurve.fitted_energies import extrapolating
from tevcurve.lightcurve.joined_rows import INSTRUMENTS
from tevcurve.lightcurve.plots.rows import errors_of, floats_of, series_of
from tevcurve.lightcurve.product import LightCurve
from tevcurve.report import words
from tevcurve.report.runs_of_rows import RunsOfRows, runs_of_rows
from tevcurve.rounding import decimals_in_row, power_of

MJD_OF_1970, DAY_MS = 40587, 86_400_000
# Of the columns that are looked at first, those that the page has in its own words.
SHOWN = (
    *(name + end for name in TITLES for end in ENDINGS),
    "ts",
    "sqrt_ts",
    "counts",
    "status",
    "reason",
)
# Clocks that no leap seconds lead to UTC from: ut1 would need a table from the network.
WITHOUT_UTC = ("local", "ut1")


@dataclass(frozen=True, eq=False, repr=False)
class ReportRows:
    """The rows (n,) of a light curve; numbers that are not known are NaN.

    Attributes
    ----------
    scale : str, time scale of `start` and `stop`, in capitals
    start, stop : float arrays, MJD in the time scale `scale`
    start_ms, stop_ms : float arrays, milliseconds since 1970 (UTC), or None where the time scale has no UTC
    phase : (start, stop) float arrays for folded bins, else None
    bands : list of (e_min, e_max) in TeV of each series, [None] where there are no bands; a series is what is drawn and
        tested as one, the rows of an energy band of an instrument
    instruments : list of str, of each series
    band : int array, the number of each row's series
    quantity : str, the column that is drawn, or None
    unit : str, of the values, with the power of ten that they are divided by
    exponent : int, that power
    value, errn, errp, limit : float arrays, in `unit`, which has the power of ten that they are divided by
    total : float array (3, n), `errn`, `errp` and `limit` with systematic errors; NaN where there are none
    ts, counts, livetime : float arrays (s)
    status, reason : lists of str
    level : str, the confidence of limits
    is_hollow : bool array, rows that were fitted in a part of their band only
    runs : `RunsOfRows`, or None where the light curve does not know its runs
    together : list of str, the instruments of each row where a row may have several, else ""
    others : dict of headings to texts (n,), of further columns that are to be looked at first
    """

    scale: str
    start: np.ndarray
    stop: np.ndarray
    start_ms: np.ndarray | None
    stop_ms: np.ndarray | None
    phase: tuple[np.ndarray, np.ndarray] | None
    bands: list[tuple[float, float] | None]
    instruments: list[str]
    band: np.ndarray
    quantity: str | None
    unit: str
    exponent: int
    value: np.ndarray
    errn: np.ndarray
    errp: np.ndarray
    limit: np.ndarray
    total: np.ndarray
    ts: np.ndarray
    counts: np.ndarray
    livetime: np.ndarray
    status: list[str]
    reason: list[str]
    level: str
    is_hollow: np.ndarray
    runs: RunsOfRows | None
    together: list[str]
    others: dict[str, list[str]]

    @classmethod
    def of(cls, light_curve: LightCurve) -> "ReportRows":
        """The rows of a `LightCurve`. light_curve: with one row or more."""
        table, meta = light_curve.table, light_curve.meta
        start, stop = (floats_of(table, name) for name in ("time_min", "time_max"))
        folded = {"phase_min", "phase_max"} <= set(table.colnames)
        series = series_of(table)
        band = np.zeros(len(table), dtype=int)
        for number, own in enumerate(series.values()):
            band[own] = number
        quantity = next((name for name in TITLES if name in table.colnames), None)
        level = f"{100 * meta['upper_limit']:.4g}\u00a0%" if meta.get("upper_limit") else ""
        return cls(
            scale=str(meta["TIMESYS"]).upper(),
            start=start,
            stop=stop,
            start_ms=utc_ms(light_curve.time_start),
            stop_ms=utc_ms(light_curve.time_stop),
            phase=(floats_of(table, "phase_min"), floats_of(table, "phase_max")) if folded else None,
            bands=[each for _, each in series] or [None],
            instruments=[name for name, _ in series] or [""],
            band=band,
            quantity=quantity,
            **_values(table, quantity),
            ts=floats_of(table, "ts"),
            counts=floats_of(table, "counts"),
            livetime=floats_of(table, "livetime"),
            status=_texts(table, "status"),
            reason=_texts(table, "reason"),
            level=level,
            is_hollow=extrapolating(table),
            runs=runs_of_rows(light_curve),
            together=_texts(table, INSTRUMENTS),
            others=_others(table),
        )

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def is_limit(self) -> np.ndarray:
        """Bool array (n,): rows that are drawn as an upper limit, as `LightCurve.plot` does it."""
        return is_faint(self.value, self.ts) & np.isfinite(self.limit)

    @cached_property
    def drawn_limit(self) -> np.ndarray:
        """Upper limits (n,) as they are drawn: with systematic errors where there are any."""
        return np.where(np.isfinite(self.total[2]), self.total[2], self.limit)

    @cached_property
    def has_total(self) -> np.ndarray:
        """Bool array (n,): rows that have errors or limits with systematic errors."""
        return np.isfinite(self.total).any(axis=0)

    @cached_property
    def is_point(self) -> np.ndarray:
        """Bool array (n,): rows that are drawn as a point."""
        return np.isfinite(self.value) & ~self.is_limit

    @property
    def name(self) -> str:
        """What the quantity is called, with its energies where there is one band, and its unit in brackets."""
        return " ".join(self.name_and_unit)

    @property
    def name_and_unit(self) -> list[str]:
        """What the quantity is called, with its energies where there is one band; and its unit, if it has one."""
        band = f", {words.band_text(self.bands[0])}" if self.bands[0] and self.n_bands == 1 else ""
        return [f"{TITLES[str(self.quantity)]}{band}", *([f"[{self.unit}]"] if self.unit else [])]

    @property
    def n_bands(self) -> int:
        """Number of the energy bands."""
        return len(set(self.bands))

    @property
    def of_several(self) -> bool:
        """Whether rows are of several instruments."""
        return len(set(self.instruments)) > 1

    def series_text(self, number: int) -> str:
        """A series in words: its instrument, where there are several, and its energies. number: of the series."""
        band = self.bands[number]
        told = [self.instruments[number]] if self.of_several else []
        return ", ".join([*told, *([words.band_text(band)] if band else [])])

    @cached_property
    def marks(self) -> list[str]:
        """What tells marks of one series from each other: the instruments that rows have together, sorted."""
        return sorted(set(self.together))

    @cached_property
    def time_digits(self) -> tuple[int, int]:
        """(decimals of MJD, decimals of a UTC second) that tell the time bins from each other."""
        shortest = np.min((self.stop - self.start)[self.stop > self.start], initial=1.0)
        return (6, 0) if shortest > 10 / 86400 else (9, 3)

    def time_text(self, row: int) -> tuple[str, str]:
        """The time bin of a row in words: (MJD, UTC), or (phase, "") for folded bins."""
        if self.phase is not None:
            return f"{words.DASH}".join(words.fixed(edge[row], 4) for edge in self.phase), ""
        day, second = self.time_digits
        mjd = f"{self.start[row]:.{day}f}{words.DASH}{self.stop[row]:.{day}f}"
        if self.start_ms is None:
            return mjd, ""
        edges = (self.start_ms, self.stop_ms)
        start, stop = (words.utc_text(edge[row], second) for edge in edges if edge is not None)
        return mjd, f"{start} {words.DASH} {stop[11:] if start[:10] == stop[:10] else stop}"

    def total_texts(self, row: int) -> tuple[str, ...]:
        """(error down, error up, limit) of a row with systematic errors in words, as `value_texts`.

        row: its number.
        """
        decimals = decimals_in_row(self.value[row], (self.errn[row], self.errp[row]), self.limit[row])
        return tuple(words.fixed(each, decimals) for each in self.total[:, row])

    def value_texts(self, row: int) -> tuple[str, ...]:
        """(value, error down, error up, limit) of a row in words, to the same decimals, in `unit`.

        row: its number.
        """
        decimals = decimals_in_row(self.value[row], (self.errn[row], self.errp[row]), self.limit[row])
        return tuple(
            words.fixed(each[row], decimals) for each in (self.value, self.errn, self.errp, self.limit)
        )


def _values(table: Table, quantity: str | None) -> dict[str, Any]:
    """Value, errors and limit, divided by a power of ten that makes the numbers easy to read."""
    value, limit = floats_of(table, quantity), floats_of(table, f"{quantity}_ul")
    exponent = power_of(np.where(np.isfinite(value) & (value != 0), value, limit))
    errn, errp = errors_of(table, quantity)
    arrays = {"value": value, "errn": errn, "errp": errp, "limit": limit}
    arrays["total"] = np.stack([*errors_of(table, quantity, "_tot"), floats_of(table, f"{quantity}_ul_tot")])
    unit = words.unit_text(table[quantity].unit, exponent) if quantity else ""
    return {name: array / 10.0**exponent for name, array in arrays.items()} | {
        "unit": unit,
        "exponent": exponent,
    }


def utc_ms(time: Time) -> np.ndarray | None:
    """Milliseconds since 1970 (UTC), float array, of a `Time`; None where its scale has no UTC.

    They are those of a clock on the wall, as browsers have it: a leap second is the first moment of the next day.

    time: of any shape.
    """
    if time.scale in WITHOUT_UTC:
        return None
    mjd = np.asarray(as_utc(time).mjd, dtype=float)
    days, which = np.unique(np.floor(mjd), return_inverse=True)
    with as_if_none_were_to_come():
        midnight = Time(np.append(days, days + 1), format="mjd", scale="utc").tai.mjd
    # MJD in UTC counts parts of a day that may be 86401 s long.
    length = np.round((midnight[len(days) :] - midnight[: len(days)]) * DAY_MS)[which]
    return np.round((days[which] - MJD_OF_1970) * DAY_MS + np.minimum((mjd - days[which]) * length, DAY_MS))


def _others(table: Table) -> dict[str, list[str]]:
    """Headings to texts of the columns that are looked at first and that the page does not have already."""
    texts = {}
    for name in first_look():
        if name in table.colnames and name not in SHOWN and table[name].ndim == 1:
            unit = words.unit_text(table[name].unit, 0)
            form = declared(name).form or ""
            texts[f"{name}{f' [{unit}]' if unit else ''}"] = [
                format(value, form) for value in table[name].tolist()
            ]
    return texts


def _texts(table: Table, name: str) -> list[str]:
    return [str(text) for text in table[name]] if name in table.colnames else [""] * len(table)
