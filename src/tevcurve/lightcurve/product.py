"""The light curve: a table with one row per time bin and energy band, and what a person does with it."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np
from astropy.table import Column, Table
from astropy.time import Time
from astropy.units import Quantity, Unit

from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.columns import COLUMNS, QUANTITIES, VARIANTS


@dataclass(frozen=True, eq=False, repr=False)
class LightCurve:
    """A record around an astropy table with one row per time bin and energy band.

    Parameters
    ----------
    table : astropy.table.Table
        At least the columns `time_min` and `time_max` (float64, MJD), and in `table.meta` the time scale as
        "TIMESYS". `tevcurve.lightcurve.columns.COLUMNS` has the name, unit and meaning of every column.
    origin : object, optional
        What the light curve was made from. It is not written to files.
    ledger : `~tevcurve.lightcurve.ledger.Ledger`, optional
        Where every event and every second went.

    Raises `InputError` if a time column or the time scale is missing.
    """

    table: Table
    origin: Any = field(default=None)
    ledger: Any = field(default=None)

    def __post_init__(self):
        for name in ("time_min", "time_max"):
            if name not in self.table.colnames:
                raise InputError(
                    f"A light curve needs a column {name}; this table has {self.table.colnames}."
                )
        scale = str(self.table.meta.get("TIMESYS", "nothing")).lower()
        if scale not in Time.SCALES:
            raise InputError(f"The table's TIMESYS is {scale}; it should be one of {', '.join(Time.SCALES)}.")

    @classmethod
    def from_arrays(
        cls,
        time_min,
        time_max,
        e_ref,
        e_min,
        e_max,
        reference,
        norms,
        status="ok",
        reason="",
        meta=None,
        origin=None,
        ledger=None,
    ):
        """A light curve of n rows from plain arrays; a scalar stands for the same value in every row.

        Parameters
        ----------
        time_min, time_max : Time of shape (n,)
            Start and end of the time bins. The scale of `time_min` is that of the table.
        e_ref, e_min, e_max : float or array of shape (n,)
            Reference energy and edges of the bands in TeV.
        reference : mapping or record
            `ref_flux` (1 / (cm2 s)), `ref_dnde` (1 / (TeV cm2 s)), `ref_eflux` and `ref_e2dnde`
            (TeV / (cm2 s)) of the reference model, floats or arrays of shape (n,); any may be missing.
        norms : mapping of str to array
            Any of `norm` with `_err`, `_errn`, `_errp`, `_ul`, `ts`, `norm_scan` and `dloglike_scan` of shape
            (n, m), `loglike`, `counts`, `livetime` (s) and the like, in the units of `COLUMNS`; what is not
            among them becomes a column as it is. Arrays of shape (n,), or Quantities.
        status, reason : str or sequence of n str
        meta : mapping, optional
            Metadata. Of `sigma_ul` and `upper_limit` (confidence level), the one that is missing is derived.
        """
        time_min, time_max = Time(time_min).reshape(-1), Time(time_max).reshape(-1)
        scale = time_min.scale
        if time_min.shape != time_max.shape:
            raise InputError(f"time_min has {time_min.size} values and time_max has {time_max.size}.")
        values = {"time_min": time_min.mjd, "time_max": getattr(time_max, scale).mjd}
        if np.any(values["time_max"] < values["time_min"]):
            raise InputError("A time bin ends before it begins: time_max should not be before time_min.")
        values |= {"e_ref": e_ref, "e_min": e_min, "e_max": e_max, "status": status, "reason": reason}
        values |= _references(reference)
        values |= norms
        n_rows = time_min.size
        columns = {name: _column(name, value, n_rows) for name, value in values.items()}
        columns = _derived(columns) | columns
        order = [*(name for name in COLUMNS if name in columns), *(n for n in columns if n not in COLUMNS)]
        table = Table([columns[name] for name in order], meta=_metadata(meta, scale), copy=False)
        return cls(table, origin, ledger)

    @property
    def meta(self):
        """The metadata of the table."""
        return self.table.meta

    @property
    def time_start(self):
        """Start of each row's time bin, a Time."""
        return self._time(0)

    @property
    def time_stop(self):
        """End of each row's time bin, a Time."""
        return self._time(1)

    @property
    def time(self):
        """Middle of each row's time bin, a Time."""
        return self._time(0.5)

    def _time(self, fraction):
        start, stop = _mjd(self.table, "time_min"), _mjd(self.table, "time_max")
        if fraction == 1:
            return Time(stop, format="mjd", scale=self.meta["TIMESYS"].lower())
        return Time(start, fraction * (stop - start), format="mjd", scale=self.meta["TIMESYS"].lower())

    def __len__(self):
        return len(self.table)

    def __iter__(self):
        """The rows of the table."""
        return iter(self.table)

    def plot(self, ax=None, **keywords):
        """The axes with the light curve drawn; `tevcurve.lightcurve.plot.plot` has all the keywords."""
        from tevcurve.lightcurve.plot import plot

        return plot(self, ax=ax, **keywords)

    def rebin(self, time_bins=None, energy_edges=None, **axes):
        """The light curve in other time bins or energy bands, from the events and responses that it keeps.

        Parameters
        ----------
        time_bins : a binning of `tevcurve.lightcurve.bins`, such as by_width("1 min"); default: the present one
        energy_edges : Quantity, edges of the energy bands; default: the present ones
        axes : `e_reco`, `e_true`, Quantities: edges of the energy bins, as in `tevcurve.light_curve`

        Raises `InputError` for a light curve that was not made by `tevcurve.light_curve`.
        """
        if not hasattr(self.origin, "rebin"):
            raise InputError(
                "This light curve does not know its events (it was read from a file, or made from datasets); "
                "one made by tevcurve.light_curve can be rebinned."
            )
        return self.origin.rebin(time_bins=time_bins, energy_edges=energy_edges, **axes)

    def hardness(self, band_low=0, band_high=1, **levels):
        """The ratio of the fluxes of two energy bands, an astropy Table with a row per time bin.

        `hardness` is the flux of `band_high` over that of `band_low`, both at or above zero, with the reference's
        shape in each band. `hardness_errn` and `_errp` lead to the ends of its likelihood interval, `_ll` and `_ul` are
        limits, all by the profile over the common scale of both fluxes. An end is infinite where the lower band may
        be without flux.

        Parameters
        ----------
        band_low, band_high : int, numbers of the bands
        levels : `sigma`, and `upper_limit` or `sigma_ul`, as in `tevcurve.light_curve`; default: the light curve's own

        Raises `InputError` for a light curve that was not made by `tevcurve.light_curve`, or bands that it has not.
        """
        if not hasattr(self.origin, "hardness"):
            raise InputError(
                "This light curve does not know its events (it was read from a file, or made from datasets); "
                "the hardness of one made by tevcurve.light_curve can be asked for."
            )
        return self.origin.hardness(self, band_low, band_high, **levels)

    def variability(self, band=None, n_toys=1000, random_state=0):
        """What a person wants to know first: did the source vary, how much and how fast; a record that prints itself.

        The single tests, and a fit of a flare, are functions in `tevcurve.lightcurve.variability`.

        Parameters
        ----------
        band : int, number of the energy band; needed where there are several
        n_toys : int, toys for the chances where rows have few counts; 0 for none
        random_state : int seed or numpy Generator
        """
        from tevcurve.lightcurve.variability.summary import summarize

        return summarize(self, band, n_toys, random_state)

    def write(self, path, overwrite=False):
        """The path of the file written (.ecsv, .fits or .fits.gz), from which `read` loses nothing."""
        from tevcurve.lightcurve.io import write_table

        return write_table(self.table, path, overwrite=overwrite)

    @classmethod
    def read(cls, path):
        """The light curve in a file that `write` made. Raises `DataError` if there is none."""
        from tevcurve.lightcurve.io import read_table

        table = read_table(path)
        for name in table.colnames:
            table[name].info.format = COLUMNS.get(name, ("", None))[1]
        try:
            return cls(table)
        except InputError as error:
            raise DataError(f"{path} holds no light curve: {error}") from error

    def __repr__(self):
        return f"<{self._summary()}>"

    def __str__(self):
        return "\n".join([self._summary(), *self._overview().pformat(max_lines=25, max_width=-1, align=">")])

    def _repr_html_(self):
        rows = "".join(
            self._overview().pformat(max_lines=25, max_width=-1, html=True, tableclass="light-curve")
        )
        return f"<p>{html.escape(self._summary())}</p>{rows}"

    def _summary(self):
        """One line: source, rows, bands and time span."""
        source = f" of {self.meta['source']}" if self.meta.get("source") else ""
        method = f", {str(self.meta['method']).upper()}" if self.meta.get("method") else ""
        bands = _bands(self.table)
        if len(bands) > 1:
            energies = f" in {len(bands)} energy bands"
        else:
            energies = "".join(f", {low:.4g}-{high:.4g} TeV" for low, high in bands)
        if not len(self):
            return f"Light curve{source}: no rows"
        span = f", MJD {min(self.table['time_min']):.5f} to {max(self.table['time_max']):.5f}"
        plural = "" if len(self) == 1 else "s"
        scale = self.meta["TIMESYS"].upper()
        return f"Light curve{source}: {len(self)} row{plural}{energies}{span} ({scale}){method}"

    def _overview(self):
        """The columns that a person looks at first."""
        energies = ["e_min", "e_max"] if len(_bands(self.table)) > 1 else []
        names = [
            "time_min",
            "time_max",
            *energies,
            "flux",
            "flux_err",
            "flux_ul",
            "sqrt_ts",
            "counts",
            "status",
        ]
        return self.table[[name for name in names if name in self.table.colnames]]


def _mjd(table, name):
    return np.asarray(table[name], dtype=np.float64)


def _bands(table):
    """The energy bands of a table, as sorted pairs of edges."""
    if not {"e_min", "e_max"} <= set(table.colnames):
        return []
    return sorted(set(zip(table["e_min"].tolist(), table["e_max"].tolist(), strict=True)))


def _references(reference):
    names = [f"ref_{quantity}" for quantity in QUANTITIES]
    if isinstance(reference, Mapping):
        return {name: reference[name] for name in names if name in reference}
    return {name: getattr(reference, name) for name in names if hasattr(reference, name)}


def _column(name, value, n_rows):
    """A table column of n rows, with the unit, print format and description that belong to the name."""
    unit, form, description = COLUMNS.get(name, ("", None, None))
    if isinstance(value, Quantity):
        # a column that is not among ours keeps the unit that it came with
        unit = unit if name in COLUMNS else value.unit
        value = value.to_value(unit)
    value = np.array(value, dtype=np.float64 if form else None)
    if value.ndim == 0 or (name in ("norm_scan", "dloglike_scan") and value.ndim == 1):
        value = np.repeat(value[np.newaxis], n_rows, axis=0)
    if len(value) != n_rows:
        raise InputError(f"The column {name} has {len(value)} values for a light curve of {n_rows} rows.")
    return Column(value, name=name, unit=_parsed(unit), format=form, description=description)


@lru_cache(maxsize=64)
def _parsed(unit):
    # Reading a unit from its text takes longer than all the rest of a column.
    return Unit(unit) if unit else None


def _derived(columns):
    """The columns that follow from others, where they are not given: sqrt_ts, and fluxes as norm times reference."""
    derived = {}
    if "ts" in columns:
        sign = np.sign(np.asarray(columns["norm"])) if "norm" in columns else 1.0
        ts = np.asarray(columns["ts"], dtype=np.float64)
        derived["sqrt_ts"] = sign * np.sqrt(np.abs(ts))
    for quantity in QUANTITIES:
        for end in VARIANTS:
            if f"ref_{quantity}" in columns and f"norm{end}" in columns:
                reference, norm = columns[f"ref_{quantity}"], columns[f"norm{end}"]
                derived[quantity + end] = np.asarray(norm) * np.asarray(reference)
    return {name: _column(name, value, len(value)) for name, value in derived.items()}


def _metadata(meta, scale):
    """The metadata with the time scale, and the limit's confidence both as sigma and as a level."""
    full = {**(meta or {}), "TIMESYS": scale}
    if full.get("sigma_ul") is not None and full.get("upper_limit") is None:
        full["upper_limit"] = NormalDist().cdf(full["sigma_ul"])
    elif full.get("upper_limit") is not None and full.get("sigma_ul") is None:
        full["sigma_ul"] = NormalDist().inv_cdf(full["upper_limit"])
    return full
