"""Light curves in the layout of GADF flux points with a time axis, which gammapy reads and writes.

One row per time bin, and in it a value for each energy band: columns `time_min` and `time_max` (in TIMEUNIT after
MJDREFI + MJDREFF in the scale TIMESYS), and vectors `e_ref`, `e_min`, `e_max`, `ref_dnde`, `ref_flux`, `ref_eflux`,
`norm` and what belongs to it, as in
https://gamma-astro-data-formats.readthedocs.io/en/v0.3/spectra/flux_points/index.html and
https://gamma-astro-data-formats.readthedocs.io/en/v0.3/lightcurves/index.html. Where gammapy goes beyond these pages:

- `stat` is our `loglike`, `stat_scan` the statistic itself at each norm, so our `dloglike_scan` plus `stat`;
- `counts`, `npred` and `npred_excess` have one more axis, of datasets; our columns are their sums;
- `is_ul` says which rows are shown as limits, `success` whether the fit ended well;
- `n_sigma` and `n_sigma_ul` in the metadata are our `sigma` and `sigma_ul`. The GADF keyword UL_CONF is read with
  gammapy's meaning, two-sided: 1 - 2 * (1 - Phi(n_sigma_ul)).

Times in UTC are written in TT: readers add days to the reference as if no leap second had been since.
All further columns of a light curve are written, too; gammapy passes them over, and `from_gadf_table` has them back.
"""

import logging
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np
from astropy.table import Column, Table
from astropy.time import Time

from tevcurve.errors import DataError, InputError
from tevcurve.files.masked import table_without_masks
from tevcurve.files.texts import of_one_width
from tevcurve.lightcurve.columns import ENDINGS, QUANTITIES
from tevcurve.lightcurve.interop.gadf_kind import NORMS, kind_of
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.provenance import place_of_times
from tevcurve.lightcurve.selection import bins_of_rows

if TYPE_CHECKING:
    from tevcurve.models import SpectralModel

log = logging.getLogger(__name__)

# gammapy calls a row a limit below this test statistic.
LIMIT_BELOW_TS = 4
DATASET_COLUMNS = ("counts", "npred", "npred_excess")
TIME_COLUMNS = ("time_min", "time_max")
# Outcomes of a fit that found the best flux.
FOUND = ("ok", "at_zero", "at_bound", "no_events", "shape_fixed", "confused")
TIME_KEYS = ("MJDREFI", "MJDREFF", "TIMESYS", "TIMEUNIT", "TIMEREF")
NAMES_OF_META = {"n_sigma": "sigma", "n_sigma_ul": "sigma_ul"}


def is_gadf_table(table: Table) -> bool:
    """Whether a table has this layout: energies that are vectors in each row. table: of any kind."""
    return {*TIME_COLUMNS, "e_ref"} <= set(table.colnames) and table["e_ref"].ndim == 2


def to_gadf_table(light_curve: LightCurve) -> Table:
    """The astropy Table of a light curve in this layout.

    light_curve: with energies. Raises `InputError` for time bins that share time, that are folded or that have not
    all the same bands: the layout has none of these; and for rows without values.
    """
    table = by_time_bin(light_curve)
    if shares_time(table):
        raise InputError(
            "The time bins of the light curve share time or are folded; the layout of GADF has no such. The rows "
            "of one of several instruments are had by light_curve.of_instrument(name)."
        )
    return table


def by_time_bin(light_curve: LightCurve, of_norms: bool = False) -> Table:
    """The same, for time bins that share time or are folded, too, which gammapy does not read.

    Parameters
    ----------
    light_curve : with energies
    of_norms : whether a reader is to start from norms, which it has dN/dE of, as spectra are, also where it makes other
        fluxes of them

    Raises `InputError` for time bins that have not all the same bands.
    """
    n_bands = _check_bands(light_curve)
    source = light_curve.table
    kind = NORMS if of_norms else kind_of(source, n_bands)
    table = Table()
    scale = _uniform(light_curve)
    for name, times in zip(TIME_COLUMNS, (light_curve.time_start, light_curve.time_stop), strict=True):
        table[name] = getattr(times[::n_bands], scale).mjd
    left_out = {*TIME_COLUMNS, "loglike", "dloglike_scan", "is_ul", "success"}
    for name in source.colnames:
        if name not in left_out:
            table[name] = _by_bin(source[name], n_bands)
    for name in DATASET_COLUMNS:
        if name in table.colnames:
            table[name] = np.asarray(table[name], dtype=float)[..., np.newaxis]
    if "loglike" in source.colnames:
        table["stat"] = _by_bin(source["loglike"], n_bands)
        if "dloglike_scan" in source.colnames:
            scan = np.asarray(source["dloglike_scan"]) + np.asarray(source["loglike"])[:, None]
            table["stat_scan"] = _by_bin(scan, n_bands)
    table["is_ul"] = _by_bin(_limits(source), n_bands)
    table["success"] = _by_bin(_successes(source), n_bands)
    table.meta = _meta(light_curve, kind)
    return table


def from_gadf_table(table: Table, spectrum: "SpectralModel | None" = None) -> LightCurve:
    """The `LightCurve` in a table of this layout.

    Parameters
    ----------
    table : astropy.table.Table
        Of any kind: "likelihood" (norms and the fluxes of the reference model), or one of flux, dnde, eflux, e2dnde.
    spectrum : `SpectralModel`, the reference model of a table that has no reference fluxes; without it the light
        curve has the fluxes of the table only

    Raises `DataError` where the table has not this layout.
    """
    if not is_gadf_table(table):
        raise DataError(
            f"The table has the columns {', '.join(table.colnames[:6])} ...; wanted are time_min, time_max, and "
            "e_ref with a value for each energy band."
        )
    table = table_without_masks(table)
    n_times, n_bands = table["e_ref"].shape
    columns = {name: _flat(table[name], n_bands) for name in table.colnames if name not in TIME_COLUMNS}
    if "TIMESYS" not in {str(key).upper() for key in table.meta}:
        log.warning("The table has no TIMESYS; its times are taken as MJD in TT.")
    start, stop = (_times(table, name) for name in TIME_COLUMNS)
    row = np.repeat(np.arange(n_times), n_bands)
    meta = _read_meta(table.meta)
    return LightCurve.from_arrays(
        start[row], stop[row], **_arguments(columns, n_times * n_bands, spectrum), meta=meta
    )


def _uniform(light_curve: LightCurve) -> str:
    """The time scale of the table: that of the light curve, or TT for UTC, whose days have not all the same length."""
    scale = light_curve.meta["TIMESYS"].lower()
    return "tt" if scale == "utc" else scale


def _check_bands(light_curve: LightCurve) -> int:
    """The number of bands of each time bin; raises `InputError` where the light curve does not fit the layout."""
    table = light_curve.table
    if not len(table):
        raise InputError("The light curve has no rows; the layout of GADF needs one or more.")
    if "e_ref" not in table.colnames:
        raise InputError("The light curve has no energies; the layout of GADF needs e_ref, e_min and e_max.")
    counted = np.bincount(bins_of_rows(table))
    n_bands = counted[0]
    bands = np.column_stack([np.asarray(table[name]) for name in ("e_min", "e_max")])
    if np.any(counted != n_bands) or np.any(bands.reshape(-1, n_bands, 2) != bands[:n_bands]):
        raise InputError(
            "The time bins of the light curve have not all the same energy bands; the layout of GADF needs the same."
        )
    if "norm_scan" in table.colnames and np.any(np.asarray(table["norm_scan"]) != table["norm_scan"][0]):
        raise InputError(
            "The rows of the light curve were scanned at different norms; the layout of GADF has one scan."
        )
    return n_bands


def shares_time(table: Table) -> bool:
    """Whether rows of a table in this layout start before the one above stops. table: as `by_time_bin` makes it."""
    start, stop = (np.asarray(table[name]) for name in TIME_COLUMNS)
    return bool(np.any(start[1:] < stop[:-1]))


def _by_bin(column: Any, n_bands: int) -> Column:
    # Writers, and gammapy, want texts of one width.
    values = np.asarray(of_one_width(column))
    values = values.reshape(-1, n_bands, *values.shape[1:])
    return Column(
        values, unit=getattr(column, "unit", None), description=getattr(column, "description", None)
    )


def _limits(table: Table) -> np.ndarray:
    """Which rows are shown as upper limits, bool array (n_rows,)."""
    if "is_ul" not in table.colnames:
        return _weak(table)
    said = np.asarray(table["is_ul"], dtype=float)
    # NaN where the table does not say.
    return np.where(np.isfinite(said), said != 0, _weak(table))


def _weak(table: Table) -> np.ndarray:
    """Which rows have a limit and no flux that is significant, bool array (n_rows,)."""
    names = [name for name in ("norm", *QUANTITIES) if {name, f"{name}_ul"} <= set(table.colnames)]
    if not names:
        return np.zeros(len(table), dtype=bool)
    known, value = np.isfinite(table[f"{names[0]}_ul"]), np.isfinite(table[names[0]])
    weak = np.asarray(table["ts"]) < LIMIT_BELOW_TS if "ts" in table.colnames else False
    return known & (weak | ~value)


def _successes(table: Table) -> np.ndarray:
    if "status" not in table.colnames:
        return np.ones(len(table), dtype=bool)
    return np.isin(table["status"], FOUND)


def _meta(light_curve: LightCurve, kind: str) -> dict[str, Any]:
    """The metadata: those that gammapy knows, then the light curve's own."""
    meta = {"MJDREFI": 0, "MJDREFF": 0.0, "TIMESYS": _uniform(light_curve), "TIMEUNIT": "d"}
    meta |= {"TIMEREF": place_of_times(light_curve.meta)} if place_of_times(light_curve.meta) else {}
    meta |= {"SED_TYPE": kind}
    for theirs, ours in NAMES_OF_META.items():
        if light_curve.meta.get(ours) is not None:
            meta[theirs] = float(light_curve.meta[ours])
    own = light_curve.copy().meta
    return meta | {name: value for name, value in own.items() if name not in (*meta, *NAMES_OF_META.values())}


def _flat(column: Column, n_bands: int) -> Column:
    """A column with one row per time bin and band."""
    values = np.asarray(column)
    if values.ndim < 2 or values.shape[1] != n_bands:
        raise DataError(
            f"The column {column.name} has the shape {values.shape}; wanted are {n_bands} bands in a row."
        )
    return Column(values.reshape(-1, *values.shape[2:]), unit=column.unit, description=column.description)


def _times(table: Table, name: str) -> Time:
    """A column of times, Time."""
    meta = {str(key).upper(): value for key, value in table.meta.items()}
    scale = str(meta.get("TIMESYS", "tt")).lower()
    unit = u.Unit(table[name].unit or str(meta.get("TIMEUNIT", "d")).strip())
    values = np.asarray(table[name], dtype=float) * unit.to("d")
    whole, rest = float(meta.get("MJDREFI", 0)), float(meta.get("MJDREFF", 0.0))
    if scale not in Time.SCALES:
        raise DataError(f"TIMESYS is {scale!r}; wanted is one of {', '.join(Time.SCALES)}.")
    if not whole:
        return Time(values + rest, format="mjd", scale=scale)
    # Not in one number: days since 1858 would cost the times their microseconds.
    return Time(whole, rest, format="mjd", scale=scale) + values * u.d


def _read_meta(meta: Any) -> dict[str, Any]:
    """The metadata of a light curve from those of a table."""
    known = {str(name).lower(): name for name in meta}
    read = {theirs: ours for theirs, ours in NAMES_OF_META.items() if theirs in known}
    said: dict[str, Any] = {ours: float(meta[known[theirs]]) for theirs, ours in read.items()}
    if "ul_conf" in known and "sigma_ul" not in said:
        said["sigma_ul"] = NormalDist().inv_cdf(0.5 + 0.5 * float(meta[known["ul_conf"]]))
    skipped = {*TIME_KEYS, "SED_TYPE", "UL_CONF", "EXTNAME", "LONGSTRN", *(known[name] for name in read)}
    place = str(meta.get(known.get("timeref"), "LOCAL")).strip().upper()
    said |= {} if place == "LOCAL" else {"TIMEREF": place}
    return said | {name: value for name, value in meta.items() if name not in skipped}


def _arguments(columns: dict[str, Any], n_rows: int, spectrum: "SpectralModel | None") -> dict[str, Any]:
    """The arguments of `LightCurve.from_arrays` other than times and metadata."""
    energies = {name: columns.pop(name).quantity.to_value("TeV") for name in ("e_ref", "e_min", "e_max")}
    for name in DATASET_COLUMNS:
        if name in columns and columns[name].ndim == 2:
            columns[name] = _sum_of_known(columns[name])
    if "stat" in columns:
        columns["loglike"] = columns.pop("stat")
        if "stat_scan" in columns:
            columns["dloglike_scan"] = (
                np.asarray(columns.pop("stat_scan")) - np.asarray(columns["loglike"])[:, None]
            )
    success = np.asarray(columns.pop("success", np.ones(n_rows)), dtype=float)
    status = columns.pop("status", np.where(success == 1, "ok", "not_converged"))
    words = np.where(
        np.isnan(success),
        "the file does not say whether the fit succeeded",
        "the fit did not succeed, as the file says",
    )
    reason = columns.pop("reason", np.where(success == 1, "", words))
    reference = _references(columns, energies, spectrum)
    norms = {name: values if values.unit is None else values.quantity for name, values in _columns(columns)}
    norms |= {"status": np.asarray(status), "reason": np.asarray(reason)}
    return {**energies, "reference": reference, "norms": norms}


def _columns(columns: dict[str, Any]) -> list[tuple[str, Column]]:
    return [
        (name, values if isinstance(values, Column) else Column(values)) for name, values in columns.items()
    ]


def _sum_of_known(column: Column) -> np.ndarray:
    """Sums over the datasets of those that took part; NaN where none did."""
    values = np.asarray(column, dtype=float)
    known = np.isfinite(values)
    return np.where(known.any(axis=1), np.sum(values, axis=1, where=known), np.nan)


def _references(
    columns: dict[str, Any], energies: dict[str, np.ndarray], spectrum: "SpectralModel | None"
) -> dict[str, u.Quantity]:
    """The reference fluxes, taken out of the columns or from a spectrum; norms are added where fluxes need them."""
    names = [f"ref_{quantity}" for quantity in QUANTITIES]
    found = {name: columns.pop(name).quantity for name in names if name in columns}
    if spectrum is not None and not found:
        found = _references_of(spectrum, energies)
        quantity = next((q for q in QUANTITIES if q in columns), None)
        if quantity is not None and "norm" not in columns:
            for end in ENDINGS:
                if quantity + end in columns:
                    norm = columns.pop(quantity + end).quantity / found[f"ref_{quantity}"]
                    columns[f"norm{end}"] = Column(norm.to_value(""))
    if "ref_dnde" in found and "ref_e2dnde" not in found:
        found["ref_e2dnde"] = found["ref_dnde"] * (energies["e_ref"] * u.TeV) ** 2
    return found


def _references_of(spectrum: "SpectralModel", energies: dict[str, np.ndarray]) -> dict[str, u.Quantity]:
    e_ref, e_min, e_max = (energies[name] * u.TeV for name in ("e_ref", "e_min", "e_max"))
    return {
        "ref_flux": spectrum.integral(e_min, e_max),
        "ref_dnde": spectrum(e_ref),
        "ref_eflux": spectrum.energy_flux(e_min, e_max),
        "ref_e2dnde": spectrum(e_ref) * e_ref**2,
    }
