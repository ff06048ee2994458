"""Light curves as `stingray.Lightcurve`, for Fourier timing."""

from typing import TYPE_CHECKING, Any

import numpy as np

from tevcurve.errors import InputError
from tevcurve.lightcurve.interop.good_intervals import good_intervals
from tevcurve.lightcurve.interop.one_band import band_of
from tevcurve.lightcurve.interop.symmetric_errors import tell_missing_errors
from tevcurve.lightcurve.notebook_view import remarks
from tevcurve.lightcurve.provenance import place_of_times
from tevcurve.near_names import meant

if TYPE_CHECKING:
    from astropy.table import Table
    from astropy.time import Time
    from stingray import Lightcurve

    from tevcurve.lightcurve.product import LightCurve

SECONDS_PER_DAY = 86400


STATISTICAL = "Errors are without systematic ones, which rows have in common."


def to_stingray(light_curve: "LightCurve", band: int | None = None, quantity: str = "flux") -> "Lightcurve":
    """`stingray.Lightcurve` of one energy band, with the good time intervals.

    Times are seconds in TT since `mjdref`, the midnight before the first bin; bins keep their widths (`dt`). Rows
    without a value are left out.

    Rows without a symmetric error, as those at a bound, are left out too, and `notes` says how many: as a Gaussian
    error any number would be wrong there. `notes` also has what was assumed (spectrum, position, version), and how the
    time bins lie. "counts" has them all.

    With a flux ("flux", "dnde", "eflux", "e2dnde" or "norm") the count rate is the value in the light curve's unit, its
    errors are the symmetric, statistical ones, and they are Gaussian; `notes` says so where systematic errors are
    given, which rows have in common. With "counts" it is events with Poisson errors: those in the
    ON region with the OFF events as background (`bg_counts`, `bg_ratio` the ratio of the areas) for ON/OFF spectra, all
    events in the fit for cubes; `frac_exp` is live time over width.

    The intervals are what the runs' good time and the time bins have in common; a light curve that does not know its
    runs gives its time bins.

    Parameters
    ----------
    light_curve : with the band
    band : int, number of the energy band; needed where there are several
    quantity : str
    """
    import stingray

    light_curve = band_of(light_curve, band, "A stingray.Lightcurve")
    values, options = (_counts if quantity == "counts" else _rate)(light_curve.table, quantity)
    kept, notes = np.isfinite(values), ""
    if "err" in options:
        kept &= np.isfinite(options["err"])
        told = [tell_missing_errors(light_curve.table, quantity, "left out for stingray")]
        if f"{quantity}_err_tot" in light_curve.table.colnames:
            told.append(STATISTICAL)
        notes = "\n".join(each for each in told if each)
    if not kept.any():
        with_error = " with a symmetric error" if np.isfinite(values).any() else ""
        raise InputError(
            f"No row of the light curve has a value of {quantity}{with_error}; a stingray.Lightcurve needs one."
        )
    gti = good_intervals(light_curve)
    zero = float(np.floor(light_curve.time_start.tt.mjd.min()))
    start, stop = (
        seconds_since(times, zero)[kept] for times in (light_curve.time_start, light_curve.time_stop)
    )
    if np.any(start[1:] < stop[:-1] - 1e-5):
        raise InputError(
            "The time bins of the light curve share time; those of a stingray.Lightcurve follow each other."
        )
    made = stingray.Lightcurve(
        0.5 * (start + stop),
        values[kept],
        dt=_widths(start, stop),
        gti=np.column_stack([seconds_since(times, zero) for times in gti]),
        mjdref=zero,
        **{name: each[kept] if isinstance(each, np.ndarray) else each for name, each in options.items()},
    )
    # Its own arguments for these are not kept.
    made.timesys, made.timeref = "TT", place_of_times(light_curve.meta) or "LOCAL"
    made.notes = "\n".join([*remarks(light_curve), *([notes] if notes else [])])
    return made


def _rate(table: "Table", quantity: str) -> tuple[np.ndarray, dict[str, Any]]:
    """The values of a flux, and what stingray is told of them."""
    if quantity not in table.colnames:
        wanted = meant(quantity, table.colnames, f"it has {', '.join(table.colnames)}.")
        raise InputError(f"The light curve has no column {quantity!r}; {wanted}")
    options = {"input_counts": False, "err_dist": "gauss"}
    if f"{quantity}_err" in table.colnames:
        options["err"] = np.array(table[f"{quantity}_err"], dtype=float)
    return np.array(table[quantity], dtype=float), options


def _counts(table: "Table", quantity: str) -> tuple[np.ndarray, dict[str, Any]]:
    """The numbers of events, and what stingray is told of them."""
    name = _column(table, quantity)
    if name not in table.colnames:
        raise InputError("The light curve has no column n_on or counts, so it has no events.")
    options = {"input_counts": True, "err_dist": "poisson"}
    for theirs, ours in (("bg_counts", "n_off"), ("bg_ratio", "alpha")):
        if name == "n_on" and ours in table.colnames:
            options[theirs] = np.array(table[ours], dtype=float)
    if "livetime" in table.colnames:
        width = (np.asarray(table["time_max"]) - np.asarray(table["time_min"])) * SECONDS_PER_DAY
        options["frac_exp"] = np.asarray(table["livetime"], dtype=float) / width
    return np.array(table[name], dtype=float), options


def _column(table: "Table", quantity: str) -> str:
    """The column of a quantity: of counts those in the ON region, where all rows have one."""
    has_on = "n_on" in table.colnames and bool(np.all(np.isfinite(np.asarray(table["n_on"], dtype=float))))
    return "n_on" if quantity == "counts" and has_on else quantity


def seconds_since(times: "Time", zero: float) -> np.ndarray:
    """Seconds in TT since a midnight, float array.

    Parameters
    ----------
    times : of the same shape
    zero : MJD of the midnight
    """
    times = times.tt
    return ((times.jd1 - 2400000.5 - zero) + times.jd2) * SECONDS_PER_DAY


def _widths(start: np.ndarray, stop: np.ndarray) -> float | np.ndarray:
    """The widths of bins in s: one number where all are the same, up to the rounding of an MJD."""
    widths = stop - start
    return float(np.median(widths)) if np.ptp(widths) < 1e-5 else widths
