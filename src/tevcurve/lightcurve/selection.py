"""A light curve as a sequence of rows: some of its rows are a light curve again."""

from dataclasses import dataclass, is_dataclass, replace
from numbers import Integral

import numpy as np
from astropy import units as u

from tevcurve.bins.time_text import one_time
from tevcurve.errors import InputError
from tevcurve.lightcurve.joined_rows import INSTRUMENTS, names_in

# Seconds: a time that was an MJD in float64 in between is off by up to a microsecond.
TIME_TOLERANCE = 1e-5
INSTRUMENT = "instrument"


@dataclass(frozen=True)
class NoOrigin:
    """In place of the origin of a light curve that cannot be made again from its runs: the reason, in words."""

    reason: str


class RowSelection:
    """What `LightCurve` has of a sequence.

    A part of a light curve is a table of its own that shares no memory with the whole. Its ledger is that of the
    time bins that are left, over all bands: events and seconds of the others are outside the time bins there. It has
    no origin: to rebin, rebin the whole, and select from that.
    """

    def __len__(self):
        return len(self.table)

    def __iter__(self):
        """The rows of the table."""
        return iter(self.table)

    def __getitem__(self, rows):
        """The light curve of some rows, in their order.

        rows: int, slice, bool array (n,), or increasing int array. Raises `InputError` for anything else, `IndexError`
        for a row that is not there.
        """
        numbers = _row_numbers(rows, len(self))
        if len(numbers) == len(self):
            return self.copy()
        origin = self.origin
        if origin is not None:
            origin = NoOrigin("it is a part of another; rebin the whole one, then select from it")
        table = self.table[numbers].copy(copy_data=True)
        return replace(self, table=table, origin=origin, ledger=_ledger_of(self, numbers))

    def copy(self):
        """A light curve with a table of its own; ledger and origin, which nobody changes, are shared."""
        return replace(self, table=self.table.copy(copy_data=True))

    @property
    def instruments(self):
        """Names of the instruments whose rows these are, tuple of str; empty where the rows do not say."""
        if INSTRUMENTS in self.table.colnames:
            return instruments_together(self.table)
        return tuple(name for name in rows_of_instruments(self.table) if name)

    def select_time(self, start=None, stop=None):
        """The light curve of the rows whose time bins lie wholly between two moments.

        Parameters
        ----------
        start, stop : `Time`, text such as "2004-12-08" (UTC) or "53945.9 utc", or an MJD in TT; None for no bound. A
            time bin that reaches beyond one of them is left out; to cut it, rebin.
        """
        scale = self.meta["TIMESYS"].lower()
        low, high = (
            None if moment is None else getattr(one_time(moment, name), scale)
            for moment, name in ((start, "start"), (stop, "stop"))
        )
        if low is not None and high is not None and not high > low:
            raise InputError(f"stop is {high.iso}, which is not after start, {low.iso}.")
        kept, room = np.ones(len(self), dtype=bool), TIME_TOLERANCE * u.s
        if low is not None:
            kept &= self.time_start >= low - room
        if high is not None:
            kept &= self.time_stop <= high + room
        return self[kept]


def _row_numbers(rows, n_rows):
    """The numbers of the rows that a key asks for, increasing int array."""
    if isinstance(rows, Integral) and not isinstance(rows, bool):
        if not -n_rows <= rows < n_rows:
            raise IndexError(f"There is no row {rows}: the light curve has {n_rows}.")
        return np.array([rows % n_rows])
    if isinstance(rows, str):
        raise InputError(f"The rows are {rows!r}; a column is had by light_curve.table[{rows!r}].")
    if isinstance(rows, slice):
        numbers = np.arange(n_rows)[rows]
    else:
        mask = np.asarray(rows, dtype=None if np.iterable(rows) else object)
        if mask.dtype == bool and mask.shape != (n_rows,):
            raise InputError(f"The mask has the shape {mask.shape}; the light curve has {n_rows} rows.")
        if mask.ndim != 1 or (mask.dtype.kind not in "biu" and mask.size):
            raise InputError(
                f"The rows are {rows!r}; wanted is a number, a slice, a mask or an array of numbers."
            )
        if mask.size and mask.dtype != bool and not (-n_rows <= mask.min() and mask.max() < n_rows):
            raise IndexError(f"There is no row {mask.max()}: the light curve has {n_rows}.")
        numbers = np.arange(n_rows)[mask if mask.size else slice(0)]
    if np.any(np.diff(numbers) <= 0):
        raise InputError(
            "The rows of a light curve stay in their order, each once; wanted are increasing numbers."
        )
    return numbers


def _ledger_of(light_curve, numbers):
    """The ledger of the time bins of some rows; None where it does not know time bins, or not those of the rows."""
    ledger = light_curve.ledger
    if not (is_dataclass(ledger) and hasattr(ledger, "time_bins")):
        return None
    bins = bins_of_rows(light_curve.table)
    if len(bins) and bins[-1] + 1 != len(ledger.time_bins):
        return None
    return replace(ledger, bins=ledger.time_bins.select(np.unique(bins[numbers])))


def of_instrument(light_curve, name):
    """The light curve of one instrument: of its rows, or made of its runs where rows are of several together.

    It knows the runs of that instrument, where the whole one knows its runs, and can be rebinned then.

    Parameters
    ----------
    light_curve : `LightCurve`
    name : str, one of `instruments`. Raises `InputError` for another, and for rows of several together whose runs are
        not known
    """
    if INSTRUMENTS in light_curve.table.colnames:
        return _of_runs(light_curve, name)
    numbers = rows_of_instruments(light_curve.table).get(name)
    if numbers is None:
        raise _no_rows(light_curve, name)
    part = light_curve[numbers]
    if len(part) == len(light_curve) or not hasattr(light_curve.origin, "of_instrument"):
        return part
    origin = light_curve.origin.of_instrument(name)
    return replace(part, origin=origin, ledger=origin.ledger)


def of_band(light_curve, number):
    """The light curve of the rows of one energy band.

    Parameters
    ----------
    light_curve : `LightCurve`
    number : int, of the band, from 0 for that of the lowest energies. Raises `InputError` for another
    """
    return light_curve[rows_of_band(light_curve.table, number)]


def rows_of_band(table, number):
    """The numbers of the rows of one energy band, int array.

    Parameters
    ----------
    table : astropy Table of a light curve
    number : int, of the band. Raises `InputError` for one that is not there
    """
    n_bands, which = bands_of_rows(table)
    if number not in range(n_bands):
        there = "that has the number 0" if n_bands == 1 else f"those have the numbers 0 to {n_bands - 1}"
        raise InputError(f"band is {number!r}, which is no energy band of this light curve; {there}.")
    return np.flatnonzero(which == number)


def bands_of_rows(table):
    """(how many energy bands there are, the number of each row's, int array (n,)), by their edges.

    table: astropy Table of a light curve.
    """
    if "e_min" not in table.colnames:
        return 1, np.zeros(len(table), dtype=int)
    edges = np.stack([np.asarray(table[name], dtype=float) for name in ("e_min", "e_max")], axis=1)
    bands, which = np.unique(edges, axis=0, return_inverse=True)
    return len(bands), which.ravel()


def _of_runs(light_curve, name):
    """The light curve of the runs of one instrument, of one whose rows have runs of several."""
    if name not in light_curve.instruments:
        raise _no_rows(light_curve, name)
    if not hasattr(light_curve.origin, "of_instrument"):
        raise InputError(
            f"Rows have runs of several instruments together, and this light curve does not know its runs "
            f"({why_no_events(light_curve)}); wanted for {name!r} alone is one made by tevcurve.light_curve."
        )
    return light_curve.origin.of_instrument(name).light_curve()


def _no_rows(light_curve, name):
    there = ", ".join(map(repr, light_curve.instruments)) or "none"
    return InputError(f"The light curve has no rows of {name!r}; its instruments are {there}.")


def why_no_events(light_curve):
    """Why a light curve does not know its events, in words. light_curve: `LightCurve`."""
    return getattr(light_curve.origin, "reason", "it was read from a file, or made from counts without times")


def instruments_together(table):
    """Names of the instruments in rows of several together, tuple of str in order. table: with these as a column."""
    return tuple(sorted({name for text in set(table[INSTRUMENTS].tolist()) for name in names_in(text)}))


def rows_of_instruments(table):
    """Dict of the instruments of a light curve to the numbers of their rows, int arrays, in the order of their names.

    By "" where the table says none.

    table: astropy Table of a light curve.
    """
    if INSTRUMENT not in table.colnames:
        return {"": np.arange(len(table))}
    names = np.asarray(table[INSTRUMENT]).astype(str)
    return {name: np.flatnonzero(names == name) for name in np.unique(names).tolist()}


def bins_of_rows(table):
    """The number of each row's time bin, int array (n,).

    A new one starts where the time or the instrument changes, or where a band comes again.

    table: astropy Table of a light curve.
    """
    n_rows = len(table)
    names = [n for n in ("time_min", "time_max", "instrument", "phase_min") if n in table.colnames]
    new = np.zeros(n_rows, dtype=bool)
    for name in names:
        values = np.asarray(table[name])
        new[1:] |= values[1:] != values[:-1]
    if "e_min" in table.colnames:
        e_min = np.asarray(table["e_min"])
        new[1:] |= e_min[1:] <= e_min[:-1]
    else:
        new[1:] = True
    return np.cumsum(new)
