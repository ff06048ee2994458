"""The columns of a light curve: what is declared of each, and all that there are, in the order of the table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tevcurve.declarations import Declarations

FLUX_UNIT = "1 / (cm2 s)"
DNDE_UNIT = "1 / (TeV cm2 s)"
EFLUX_UNIT = "TeV / (cm2 s)"

QUANTITIES = {
    "flux": (FLUX_UNIT, "Integral flux between e_min and e_max"),
    "dnde": (DNDE_UNIT, "Differential flux at e_ref"),
    "eflux": (EFLUX_UNIT, "Energy flux between e_min and e_max"),
    "e2dnde": (EFLUX_UNIT, "e_ref squared times the differential flux at e_ref"),
}
# What is drawn, the first that is there, and what it is called.
TITLES = {
    "flux": "Flux",
    "dnde": "Differential flux",
    "eflux": "Energy flux",
    "e2dnde": "E² dN/dE",
    "norm": "Norm",
}
VARIANTS = {
    "": "",
    "_err": ": symmetric error, from the curvature of the likelihood; NaN at a bound or a kink",
    "_errn": ": distance down to the lower end of the interval",
    "_errp": ": distance up to the upper end of the interval",
    "_ul": ": upper limit, at the confidence level in the metadata",
}
# Where something is said of what is not known of instruments; apart from that, columns are statistical.
TOTALS = {
    "_err_sys": ": its standard deviation by the systematic errors and scales that are given, to first order",
    "_err_tot": ": symmetric error with systematic errors: the root of the sum of both squares",
    "_errn_tot": ": distance down to the lower end of the likelihood interval, with systematic errors at their best",
    "_errp_tot": ": distance up to the upper end of the likelihood interval, with systematic errors at their best",
    "_ul_tot": ": upper limit with systematic errors at their best, at the confidence level in the metadata",
}
# For planning, where it is asked for.
PLANNED = {
    "_sensitivity": ": at which a source would reach the significance in the metadata in half of all cases"
}
ENDINGS = {**VARIANTS, **TOTALS, **PLANNED}

SCALED, ADDED = "scaled_by", "added_flux"

Columns = Mapping[str, np.ndarray]
Fill = Callable[[Columns], np.ndarray | None]
NOWHERE: Mapping[str, int] = {}

# Who fills a column.
BINS, BANDS, FIT, COUNTS = "the time bins", "the energy bands", "the fit", "the counts in the fit"
EXPOSURE, REFERENCE = "the runs that entered the fit", "the reference spectrum"
OTHERS, ARITHMETIC = "other columns", "arithmetic with light curves"


@dataclass(frozen=True)
class LightCurveColumn:
    """A column of light curves.

    Attributes
    ----------
    name : str, as in `COLUMNS`
    unit : str, as astropy reads it, or "" for none
    form : str, the print format, for columns of numbers with a fraction; else None
    words : str, what it means
    filled_by : str, who fills it, in words
    fill : function(dict of the columns that there are, arrays by name) -> array (n, ...), or None where it cannot be
        told from these; of a column that follows from others, or None
    place : int, at which place it stands in what is printed and in the table of the report; 0: it does not
    is_flux : bool, whether it is multiplied where a light curve is
    is_shared : bool, whether one vector may be given for all rows
    """

    name: str
    unit: str = ""
    form: str | None = None
    words: str | None = None
    filled_by: str = OTHERS
    fill: Fill | None = None
    place: int = 0
    is_flux: bool = False
    is_shared: bool = False


def _spread(
    quantity: str,
    unit: str,
    words: str,
    filled_by: str,
    fill: Callable[[str], Fill] | None = None,
    places: Mapping[str, int] = NOWHERE,
    is_flux: bool = False,
) -> list[LightCurveColumn]:
    """The value, error and limit columns of one quantity.

    fill: function of an ending to what fills that column, or None. places: dict of endings to places
    """
    return [
        LightCurveColumn(
            quantity + end,
            unit,
            ".4g",
            words + more,
            filled_by,
            None if fill is None else fill(end),
            places.get(end, 0),
            is_flux,
        )
        for end, more in ENDINGS.items()
    ]


def _of_norm(quantity: str, places: Mapping[str, int] = NOWHERE) -> list[LightCurveColumn]:
    """The columns of one of the `QUANTITIES`: the norm's times the reference."""

    def fill(end: str) -> Fill:
        def times_reference(columns: Columns) -> np.ndarray | None:
            if f"ref_{quantity}" not in columns or f"norm{end}" not in columns:
                return None
            return np.asarray(columns[f"norm{end}"]) * np.asarray(columns[f"ref_{quantity}"])

        return times_reference

    return _spread(quantity, *QUANTITIES[quantity], OTHERS, fill, places, is_flux=True)


def _signed_root(columns: Columns) -> np.ndarray | None:
    """The root of the TS with the sign of the norm."""
    if "ts" not in columns:
        return None
    sign = np.sign(np.asarray(columns["norm"])) if "norm" in columns else 1.0
    return sign * np.sqrt(np.abs(np.asarray(columns["ts"], dtype=np.float64)))


def _reference(quantity: str, unit: str, words: str) -> LightCurveColumn:
    return LightCurveColumn(f"ref_{quantity}", unit, ".4g", words, REFERENCE, is_flux=True)


_ALL = (
    LightCurveColumn("time_min", "d", ".6f", "Start of the time bin (MJD, time scale in TIMESYS)", BINS),
    LightCurveColumn("time_max", "d", ".6f", "End of the time bin (MJD, time scale in TIMESYS)", BINS),
    LightCurveColumn(
        "time_mean", "d", ".6f", "Live-time-weighted mean time (MJD, time scale in TIMESYS)", EXPOSURE
    ),
    LightCurveColumn("instrument", "", None, "Instrument of the runs (TELESCOP, else INSTRUME)", BINS),
    LightCurveColumn(
        "instruments",
        "",
        None,
        "Instruments whose runs entered the fit, where they make rows together",
        EXPOSURE,
    ),
    LightCurveColumn("phase_min", "", ".4f", "Start of the phase bin", BINS),
    LightCurveColumn("phase_max", "", ".4f", "End of the phase bin", BINS),
    LightCurveColumn("e_ref", "TeV", ".4g", "Reference energy", BANDS),
    LightCurveColumn("e_min", "TeV", ".4g", "Lower edge of the energy band", BANDS),
    LightCurveColumn("e_max", "TeV", ".4g", "Upper edge of the energy band", BANDS),
    LightCurveColumn("e_min_fit", "TeV", ".4g", "Lowest energy that entered the fit", EXPOSURE),
    LightCurveColumn("e_max_fit", "TeV", ".4g", "Highest energy that entered the fit", EXPOSURE),
    *_of_norm("flux", {"": 1, "_err": 2, "_err_tot": 3, "_ul": 4, "_ul_tot": 5, "_sensitivity": 6}),
    LightCurveColumn("ts", "", ".4g", "Test statistic of the source against no source", FIT),
    LightCurveColumn(
        "sqrt_ts",
        "",
        ".4g",
        "Square root of the test statistic, with the sign of the norm",
        fill=_signed_root,
        place=7,
    ),
    LightCurveColumn("status", "", None, "Outcome of the fit", FIT, place=9),
    LightCurveColumn("reason", "", None, "The outcome in words, where it is not plainly ok", FIT),
    LightCurveColumn(
        "interval",
        "",
        None,
        "Whose errors and limit a row has, likelihood or feldman-cousins, where the latter are asked for",
        FIT,
    ),
    LightCurveColumn("counts", "", None, "Events in the fit", COUNTS, place=8),
    LightCurveColumn("npred", "", ".4g", "Predicted events at the minimum", COUNTS),
    LightCurveColumn("npred_excess", "", ".4g", "Predicted events of the source at the minimum", COUNTS),
    LightCurveColumn("n_on", "", None, "Events in the ON region", COUNTS),
    LightCurveColumn("n_off", "", None, "Events in the OFF regions", COUNTS),
    LightCurveColumn("alpha", "", ".4g", "ON exposure over OFF exposure", COUNTS),
    LightCurveColumn("excess", "", ".4g", "ON events minus alpha times OFF events", COUNTS),
    LightCurveColumn("n_runs", "", None, "Runs that entered the fit", EXPOSURE),
    LightCurveColumn(
        "livetime",
        "s",
        ".6g",
        "Live time of the runs that entered the fit: their good time in the bin, corrected for dead time",
        EXPOSURE,
    ),
    LightCurveColumn(
        "ontime", "s", ".6g", "Good time in the time bin of the runs that entered the fit", EXPOSURE
    ),
    LightCurveColumn(
        "simultaneous",
        "s",
        ".6g",
        "Good time in the time bin in which more than one instrument observed, of runs that entered the fit",
        EXPOSURE,
    ),
    *_of_norm("dnde"),
    *_of_norm("eflux"),
    *_of_norm("e2dnde"),
    *_spread("norm", "", "Flux in units of the reference model", FIT),
    _reference("flux", FLUX_UNIT, "Integral flux of the reference model between e_min and e_max"),
    _reference("dnde", DNDE_UNIT, "Differential flux of the reference model at e_ref"),
    _reference("eflux", EFLUX_UNIT, "Energy flux of the reference model between e_min and e_max"),
    _reference("e2dnde", EFLUX_UNIT, "Differential flux of the reference model at e_ref times e_ref squared"),
    LightCurveColumn("loglike", "", ".6g", "Fit statistic (-2 log likelihood) at the minimum", FIT),
    LightCurveColumn("norm_scan", "", ".4g", "Norms of the likelihood scan", FIT, is_shared=True),
    LightCurveColumn(
        "dloglike_scan",
        "",
        ".4g",
        "Fit statistic at each norm of the scan minus that at the minimum",
        FIT,
        is_shared=True,
    ),
    LightCurveColumn(SCALED, "", None, "Factor on all fluxes", ARITHMETIC),
    LightCurveColumn(ADDED, FLUX_UNIT, None, "Constant that was added to the flux", ARITHMETIC, is_flux=True),
)
COLUMNS: Declarations[LightCurveColumn] = Declarations(
    "column", "tevcurve.columns", {column.name: column for column in _ALL}
)


def declared(name: str) -> LightCurveColumn:
    """The `LightCurveColumn` of a name, or one that says nothing where it is not among `COLUMNS`. name: of a column."""
    return COLUMNS.things().get(name) or LightCurveColumn(name)


def first_look() -> list[str]:
    """Names of the columns that a person looks at first, a list of str in their order."""
    placed = [column for column in COLUMNS.things().values() if column.place]
    return [column.name for column in sorted(placed, key=lambda column: column.place)]


def filled(columns: Columns) -> dict[str, np.ndarray]:
    """{name: array} of the columns that follow from others and are not there, each from those before it, too.

    columns: dict of arrays (n, ...) by name
    """
    known, made = dict(columns), {}
    for name, column in COLUMNS.things().items():
        if column.fill is not None and name not in known:
            values = column.fill(known)
            if values is not None:
                known[name] = made[name] = values
    return made
