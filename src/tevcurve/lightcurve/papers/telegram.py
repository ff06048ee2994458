"""What an Astronomer's Telegram says of each night: a sentence or two to copy."""

from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Row, Table
from astropy.units import UnitBase

from tevcurve.errors import InputError
from tevcurve.files.columns import in_a_sentence
from tevcurve.leap_seconds import as_utc
from tevcurve.lightcurve.file_formats import FileFormat
from tevcurve.lightcurve.interval_words import limit_of_row_by
from tevcurve.lightcurve.joined_rows import INSTRUMENTS, names_in
from tevcurve.lightcurve.papers.paper_columns import Value, power_and_rest, value_of
from tevcurve.lightcurve.papers.shown import Shown
from tevcurve.lightcurve.papers.words import limit_rows, percent
from tevcurve.plot_options import TS_THRESHOLD
from tevcurve.rounding import sigma_text

if TYPE_CHECKING:
    from tevcurve.lightcurve.product import LightCurve

# Days: rows that are nearer than that are of one night.
NIGHT = 0.5
# What is called a detection.
DETECTED = 5.0


def to_telegram(light_curve: "LightCurve", shown: Shown) -> bytes:
    """Bytes of sentences, one paragraph for each night: what was observed when, how significant, and the flux.

    Rows that are shorter than a night are made anew by night, of the events that the light curve knows.

    Parameters
    ----------
    light_curve : LightCurve
    shown : with the threshold of the test statistic, below which the limit is told

    Rows without good time are left out. Raises `InputError` for a light curve in parts of nights that does not know
    its events, for one without good time, and for chosen columns.
    """
    if shown.columns is not None or shown.utc or shown.digits is not None:
        raise InputError("The sentences of a telegram have no columns; wanted is the format alone.")
    nights = by_night(light_curve)
    if "flux" not in nights.table.colnames:
        raise InputError("The light curve has no flux; a telegram is about one.")
    order = np.lexsort(
        [np.asarray(nights.table[name]) for name in ("e_min", "time_min") if name in nights.table.colnames]
    )
    limits = limit_rows(nights.table, "flux", shown)[0]
    # Live time that is not known is NaN.
    has_times = "livetime" in nights.table.colnames
    observed = ~(np.asarray(nights.table["livetime"]) <= 0) if has_times else np.ones(len(order), bool)
    if not observed.any():
        raise InputError("No row of the light curve has good time; a telegram is about one that has.")
    paragraphs = []
    for row in order[observed[order]].tolist():
        # Each night has a power of ten of its own.
        value = value_of(nights.table[row : row + 1], "flux", shown)
        paragraphs.append(_sentences(nights, row, value, bool(limits[row])))
    return ("\n\n".join([*paragraphs, _last(nights)]) + "\n").encode()


def by_night(light_curve: "LightCurve") -> "LightCurve":
    """The light curve with a row for each night: itself, or made anew.

    light_curve: LightCurve. Raises `InputError` where its rows are shorter and its events are not known.
    """
    if _is_nightly(light_curve.table):
        return light_curve
    if not hasattr(light_curve.origin, "rebin"):
        raise InputError(
            "The light curve has several rows in a night and does not know its events; wanted for a telegram is the "
            'folder of a result, or one in nights: light_curve.rebin("night").'
        )
    return light_curve.rebin("night")


def _is_nightly(table: Table) -> bool:
    names = [name for name in ("instrument", "e_min", "e_max") if name in table.colnames]
    kinds: dict[tuple, list[float]] = {}
    for row in table:
        kinds.setdefault(tuple(row[name] for name in names), []).append(
            float(row["time_min"] + row["time_max"]) / 2
        )
    return all(np.all(np.diff(np.sort(middles)) > NIGHT) for middles in kinds.values())


def _sentences(nights: "LightCurve", number: int, value: Value, is_limit: bool) -> str:
    """What was observed, and what was found. value: of this row alone."""
    texts, unit = {end: each[0] for end, each in value.texts.items()}, value.unit
    table, meta, row = nights.table, nights.meta, nights.table[number]
    start, stop = as_utc(nights.time_start[number]), as_utc(nights.time_stop[number])
    names = names_in(row[INSTRUMENTS]) if INSTRUMENTS in table.colnames else []
    names = [row["instrument"]] if "instrument" in table.colnames and row["instrument"] else names
    names = names or list(nights.instruments)
    who = " ".join(in_a_sentence(names).split()) if names else "We"
    known = "livetime" in table.colnames and np.isfinite(row["livetime"])
    live = f" for {row['livetime'] / 3600:.2g} h of live time" if known else ""
    name = " ".join(str(meta.get("source") or "the source").split())
    when = f"{start.isot[:16].replace('T', ' ')} to {stop.isot[:16].replace('T', ' ')} UTC"
    seen = (
        f"{who} observed {name} from {when} (MJD {row['time_min']:.3f} to "
        f"{row['time_max']:.3f}, {meta['TIMESYS'].upper()}){live}."
    )
    band = _band(row)
    if not is_limit and not texts[""]:
        return f"{seen} Its flux{band} could not be told."
    if is_limit:
        limit = texts.get("_ul_tot") or texts.get("_ul", "")
        level = (
            f" at {percent(float(meta['upper_limit']))} confidence level{limit_of_row_by(row)}"
            if meta.get("upper_limit") is not None
            else ""
        )
        told = f"its flux{band} is below {_with_unit(limit, unit)}{level}"
        return f"{seen} No significant signal was found{_beside(row)}: {told}."
    down, up = texts.get("_errn", ""), texts.get("_errp", "")
    both = texts.get("_err") or up
    errors = f"-{down} +{up}" if down and up and down != up else f"+/- {both}" if both else ""
    system = f" +/- {texts['_err_sys']} (syst)" if texts.get("_err_sys") else ""
    errors = f" {errors} (stat){system}" if errors and system else f" {errors}" if errors else ""
    measured = _with_unit(f"({texts['']}{errors})" if errors else texts[""], unit)
    flux = f"flux{band} is {measured}"
    found = _found(row)
    return f"{seen} {found}; its {flux}." if found else f"{seen} Its {flux}."


def _found(row: Row) -> str:
    """What was found, as far as the significance is known; below that of a limit no excess was."""
    if "sqrt_ts" not in row.colnames or not np.isfinite(row["sqrt_ts"]):
        return ""
    sigma = float(row["sqrt_ts"])
    if sigma < np.sqrt(TS_THRESHOLD):
        return f"No significant signal was found{_beside(row)}"
    found = "The source was detected" if sigma >= DETECTED else "An excess was found"
    return f"{found} with a significance of {sigma_text(sigma)} sigma"


def _beside(row: Row) -> str:
    known = "sqrt_ts" in row.colnames and np.isfinite(row["sqrt_ts"])
    return f" ({sigma_text(row['sqrt_ts'])} sigma)" if known else ""


def _band(row: Row) -> str:
    if not {"e_min", "e_max"} <= set(row.colnames):
        return ""
    return f" between {row['e_min']:.4g} and {row['e_max']:.4g} TeV"


def _with_unit(text: str, unit: UnitBase | None) -> str:
    power = 0 if unit is None else power_and_rest(unit)[0]
    return f"{text}{f' x 10^{power}' if power else ''} cm^-2 s^-1"


def _last(nights: "LightCurve") -> str:
    """What holds for all nights."""
    meta = nights.meta
    parts = []
    if meta.get("spectrum"):
        parts.append(f"Fluxes are for the spectrum {meta['spectrum']}")
    if "flux_err_sys" not in nights.table.colnames:
        parts.append("Errors are statistical only")
    parts.append("Significances are roots of the test statistic, for each night alone")
    return ". ".join(parts) + "."


ATEL = FileFormat(
    "atel",
    (".txt",),
    "sentences for an Astronomer's Telegram, one paragraph a night",
    loses="all",
    encode_rows=to_telegram,
)
