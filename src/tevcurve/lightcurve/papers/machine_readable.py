"""Light curves as machine-readable tables (MRT), which the AAS journals and the CDS take: byte by byte.

https://journals.aas.org/mrt-overview/ and "Standards for Astronomical Catalogues", version 2.0,
https://cdsarc.cds.unistra.fr/doc/catstd.htx: labels such as `e_Flux` for its error, `l_Flux` for the sign of a limit,
and "?" where a row may be blank. astropy reads them: `Table.read(path, format="ascii.mrt")`.
"""

import re
import textwrap
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from astropy.units import UnitBase

from tevcurve.lightcurve.columns import declared
from tevcurve.lightcurve.file_formats import FileFormat
from tevcurve.lightcurve.interval_words import limits_by
from tevcurve.lightcurve.papers.ascii_texts import ascii_text
from tevcurve.lightcurve.papers.paper_columns import (
    is_flux,
    merged,
    names_of,
    plain_texts,
    power_and_rest,
    unit_of,
    value_of,
)
from tevcurve.lightcurve.papers.shown import MADE, Shown, made_column
from tevcurve.lightcurve.papers.words import limit_rows, percent, threshold_words, whose

if TYPE_CHECKING:
    from tevcurve.lightcurve.product import LightCurve

WIDTH = 80
_LABELS = {
    "time_min": "MJDmin",
    "time_max": "MJDmax",
    "time_mean": "MJDmean",
    "time": "MJD",
    "utc_min": "UTCmin",
    "utc_max": "UTCmax",
    "utc": "UTC",
    "flux": "Flux",
    "eflux": "EFlux",
    "dnde": "dNdE",
    "e2dnde": "E2dNdE",
    "norm": "Norm",
    "index": "Index",
    "livetime": "LiveTime",
    "ontime": "OnTime",
    "sqrt_ts": "sqrtTS",
    "ts": "TS",
    "e_min": "Emin",
    "e_max": "Emax",
    "phase_min": "Phmin",
    "phase_max": "Phmax",
    "instrument": "Inst",
    "instruments": "Inst",
    "status": "Status",
    "counts": "Counts",
    "timesys": "TimeSys",
    "upper_limit": "CL",
}
# In place of a blank at which no line may end; wrapping knows it for a letter.
_HELD = "\x00"
_ENDS = {"_errn": "e_", "_errp": "E_", "_err": "e_", "_err_sys": "s_"}


class Field(NamedTuple):
    """A column of the table.

    Attributes
    ----------
    label : str
    unit : of astropy, or None
    texts : list of str, "" where a row is blank
    words : str, its explanation
    is_number : bool
    """

    label: str
    unit: UnitBase | None
    texts: list[str]
    words: str
    is_number: bool


def to_mrt(light_curve: "LightCurve", shown: Shown) -> bytes:
    """Bytes of a machine-readable table, of the usual columns and times in UTC, or those that are asked for.

    A value whose errors are not among the columns has these, and the sign of a limit, in columns beside it.

    Parameters
    ----------
    light_curve : LightCurve
    shown : what is asked for; digits as in papers unless it says "exact"
    """
    shown = replace(shown, utc=shown.utc or shown.columns is None)
    names = names_of(light_curve, shown)
    together = merged(light_curve.table, names)
    fields = [
        field
        for name in names
        for field in (
            _fields_of_value(light_curve, name, shown)
            if name in together
            else [_field(light_curve, name, shown)]
        )
    ]
    fields = [_with_numbers_alone(field) for field in fields]
    fields = [field for field in fields if any(field.texts) or not field.is_number]
    fields = _each_with_its_label(fields)
    title = ascii_text(whose(light_curve))
    lines = [
        *_wrapped("Title: ", title[:1].upper() + title[1:]),
        "Authors:",
        *_wrapped("Table: ", f"The {title}, times in {light_curve.meta['TIMESYS'].upper()}"),
        "=" * WIDTH,
        f"Byte-by-byte Description of file: {ascii_text(shown.file)}",
        "-" * WIDTH,
    ]
    columns = [_aligned(field) for field in fields]
    lines += _byte_by_byte(fields, [_width(column) for column in columns])
    lines += ["-" * WIDTH]
    lines += [" ".join(cells).rstrip() for cells in zip(*columns, strict=True)]
    return ("\n".join(lines) + "\n").encode("ascii")


def _fields_of_value(light_curve: "LightCurve", name: str, shown: Shown) -> list[Field]:
    """The sign of its limits, the value, and its errors."""
    table, meta = light_curve.table, light_curve.meta
    value = value_of(table, name, shown)
    is_upper, is_lower = (rows.tolist() for rows in limit_rows(table, name, shown))
    nothing = [""] * len(is_upper)
    label, words = _label(name), _words(light_curve, name)
    upper = value.texts.get("_ul", nothing)
    upper = [total or limit for total, limit in zip(value.texts.get("_ul_tot", nothing), upper, strict=True)]

    def instead(texts: list[str], others: list[str], where: list[bool]) -> list[str]:
        return [other if is_it else text for text, other, is_it in zip(texts, others, where, strict=True)]

    fields = []
    if any(is_upper) or any(is_lower):
        flags = instead(["<" if each else "" for each in is_upper], [">"] * len(is_lower), is_lower)
        told = _flag_words(meta, shown, any(is_upper), any(is_lower))
        fields.append(Field(f"l_{label}", None, flags, f"Limit flag on {label}: {told}", False))
    shown_values = instead(
        instead(value.texts[""], upper, is_upper), value.texts.get("_ll", nothing), is_lower
    )
    fields.append(Field(label, value.unit, shown_values, words, True))
    both = {"_errn", "_errp"} <= set(value.texts)
    for end in ("_errn", "_errp", "_err_sys") if both else ("_err", "_err_sys"):
        if end in value.texts:
            texts = instead(value.texts[end], nothing, is_upper)
            words = _error_words(label, end, meta.get("sigma"))
            fields.append(Field(f"{_ENDS[end]}{label}", value.unit, texts, words, True))
    return fields


def _with_numbers_alone(field: Field) -> Field:
    """The field with what is infinite left blank: these tables have no such number."""
    if not field.is_number:
        return field
    return field._replace(texts=["" if text.endswith("inf") else text for text in field.texts])


def _each_with_its_label(fields: list[Field]) -> list[Field]:
    """The fields, of those with one label all but the first with a number behind it."""
    times: Counter[str] = Counter()
    made = []
    for field in fields:
        times[field.label] += 1
        number = times[field.label]
        made.append(field if number == 1 else field._replace(label=f"{field.label}_{number}"))
    return made


def _flag_words(meta: Any, shown: Shown, has_upper: bool, has_lower: bool) -> str:
    """What the signs before limits are."""
    level = meta.get("upper_limit")
    level = f", of {percent(float(level))} confidence" if level is not None else ""
    told = [f"< for an upper limit{level}{limits_by(meta)}. {threshold_words(shown)}"] if has_upper else []
    return "; ".join([*(["> for a lower limit"] if has_lower else []), *told])


def _error_words(label: str, end: str, sigma: float | None) -> str:
    words = {
        "_errn": "Error of {} downwards",
        "_errp": "Error of {} upwards",
        "_err": "Error of {}",
        "_err_sys": "Systematic error of {}",
    }
    return words[end].format(label) + (f", {float(sigma):g} sigma" if sigma is not None else "")


def _field(light_curve: "LightCurve", name: str, shown: Shown) -> Field:
    table = light_curve.table
    number = name in ("time", "upper_limit") or (
        name in table.colnames and table[name].dtype.kind in "fiu" and table[name].ndim == 1
    )
    unit = unit_of(table, name)
    if is_flux(table, name):
        value = value_of(table, name, shown)
        return Field(_label(name), value.unit, value.texts[""], _words(light_curve, name), True)
    texts = plain_texts(table, name, shown)
    return Field(
        _label(name),
        unit,
        [" ".join(ascii_text(text).split()) for text in texts],
        _words(light_curve, name),
        number,
    )


def _label(name: str) -> str:
    for end, start in sorted(_ENDS.items(), key=lambda pair: -len(pair[0])):
        if name.endswith(end) and name.removesuffix(end) in _LABELS:
            return f"{start}{_LABELS[name.removesuffix(end)]}"
    base = name.removesuffix("_ul")
    return f"{_LABELS[base]}_ul" if base != name and base in _LABELS else _LABELS.get(name, name)


def _words(light_curve: "LightCurve", name: str) -> str:
    table = light_curve.table
    words = made_column(table, name).description if name in MADE else declared(name).words
    words = words or (table[name].description if name in table.colnames else "") or name
    scale = light_curve.meta["TIMESYS"].upper()
    return words.replace("time scale in TIMESYS", scale).split(": ")[0] if "MJD" in words else words


def _aligned(field: Field) -> list[str]:
    """Texts of one width, those of numbers with their points below each other."""
    if not field.is_number:
        width = max(1, *map(len, field.texts), 1)
        return [text.ljust(width) for text in field.texts]
    texts = _with_points(field.texts)
    behind = max(_behind(text) for text in texts)
    padded = [text + " " * (behind - _behind(text)) for text in texts]
    width = max(1, *map(len, padded))
    return [text.rjust(width) for text in padded]


def _with_points(texts: list[str]) -> list[str]:
    """Numbers, all with a point where one has: readers of Fortran would take 25 in a column F5.2 for 0.25."""
    if not any("." in text for text in texts):
        return texts
    return [f"{text}." if text.lstrip("-").isdigit() else text for text in texts]


def _behind(text: str) -> int:
    """How many characters are behind where the point is, with it."""
    place = text.find(".")
    return len(text) - place if place >= 0 else 0


def _width(column: list[str]) -> int:
    return len(column[0]) if column else 1


def _format(field: Field, width: int) -> str:
    if not field.is_number:
        return f"A{width}"
    if any("e" in text for text in field.texts):
        return f"E{width}.{max(len(text.partition('e')[0].partition('.')[2]) for text in field.texts)}"
    behind = max(0, max(_behind(text) for text in field.texts) - 1)
    return f"F{width}.{behind}" if any("." in text for text in field.texts) else f"I{width}"


def _byte_by_byte(fields: list[Field], widths: list[int]) -> list[str]:
    """The lines of the description."""
    rows, first = [], 1
    for field, width in zip(fields, widths, strict=True):
        blank = "? " if not all(field.texts) else ""
        unit = _unit_words(field.unit)
        rows.append((first, first + width - 1, _format(field, width), unit, field.label, blank + field.words))
        first += width + 1
    sizes = [max(len(str(row[column])) for row in rows) for column in range(5)]
    sizes = [max(size, least) for size, least in zip(sizes, (3, 3, 6, 5, 6), strict=True)]
    head = f"{'Bytes':>{sizes[0] + sizes[1] + 2}} {'Format':<{sizes[2]}} {'Units':<{sizes[3]}} {'Label':<{sizes[4]}} "
    lines = [f"{head}Explanations", "-" * WIDTH]
    for start, stop, form, unit, label, words in rows:
        bytes_ = (
            f"{start:>{sizes[0]}}-{stop:>{sizes[1]}}"
            if stop > start
            else f"{stop:>{sizes[0] + sizes[1] + 1}}"
        )
        front = f" {bytes_} {form:<{sizes[2]}} {unit:<{sizes[3]}} {label:<{sizes[4]}} "
        first_line, *more = _lines(words, max(WIDTH - len(front), 24))
        lines += [front + first_line, *(" " * len(front) + line for line in more)]
    return lines


def _lines(words: str, width: int) -> list[str]:
    """An explanation in lines, none but the first beginning with a digit: readers would take it for a column."""
    held = re.sub(r" (?=\d)", _HELD, words)
    return [line.replace(_HELD, " ") for line in textwrap.wrap(held, width)] or [""]


def _unit_words(unit: UnitBase | None) -> str:
    """A unit as the CDS writes it, lengths before times: "10-12cm-2.s-1"."""
    if unit is None or not str(unit):
        return "---"
    power, rest = power_and_rest(unit)
    parts = sorted(
        zip(rest.bases, rest.powers, strict=True), key=lambda part: (part[1] < 0, part[0].name.lower())
    )
    words = ".".join(f"{base.name}{'' if number == 1 else int(number)}" for base, number in parts)
    return f"10{power:+d}{words}" if power else words


def _wrapped(start: str, words: str) -> list[str]:
    return textwrap.wrap(start + words, WIDTH, subsequent_indent=" " * len(start))


CDS = FileFormat(
    "cds",
    (".mrt", ".dat", ".txt"),
    "a machine-readable table of journals (CDS, AAS)",
    loses="all but its columns, which columns= names",
    encode_rows=to_mrt,
)
