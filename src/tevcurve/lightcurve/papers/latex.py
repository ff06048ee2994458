"""Light curves as tables of LaTeX: a value with its errors in a cell, or its limit.

What is longer than a page is a longtable, which goes on with its heads on the next one.
"""

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
from astropy.units import UnitBase

from tevcurve.figures.style import unit_text
from tevcurve.files.texts import is_text
from tevcurve.lightcurve.file_formats import FileFormat
from tevcurve.lightcurve.papers.ascii_texts import ascii_text
from tevcurve.lightcurve.papers.paper_columns import (
    Value,
    is_flux,
    merged,
    names_of,
    plain_texts,
    power_and_rest,
    unit_of,
    value_of,
)
from tevcurve.lightcurve.papers.rounded import MOMENTS
from tevcurve.lightcurve.papers.shown import UTC, Shown
from tevcurve.lightcurve.papers.words import (
    error_level,
    limit_level,
    limit_rows,
    threshold_words,
    whose,
    whose_intervals,
)

if TYPE_CHECKING:
    from tevcurve.lightcurve.product import LightCurve

# Rows that a page of a journal holds.
PAGE = 50
_NUMBER = re.compile(r"(-?\d+\.?\d*)(?:e([-+]?\d+))?")
_LABEL = r"\label{tab:light_curve}"
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
} | {sign: f"\\{sign}" for sign in "&%$#_{}"}
# Letters and signs beyond ASCII that LaTeX sets without further packages, and what stands for others.
_AS_THEY_ARE, _LAST_LATIN = "\u2013\u2014\u2019", "\u017e"
_SIGNS = {
    "\u2212": "-",
    "\u00b1": r"\pm",
    "\u00d7": r"\times",
    "\u00b0": r"^\circ",
    "\u2264": r"\leq",
    "\u2265": r"\geq",
    "\u2248": r"\approx",
    "\u221a": r"\surd",
}
_GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "mu",
        "nu",
        "xi",
        "pi",
        "rho",
        "sigma",
        "tau",
        "upsilon",
        "phi",
        "chi",
        "psi",
        "omega",
    ]
)
_HEADS = {
    "time_min": "Start",
    "time_max": "End",
    "time_mean": "Mean time",
    "time": "Middle",
    "utc_min": "Start",
    "utc_max": "End",
    "utc": "Middle",
    "livetime": "Live time",
    "ontime": "On-time",
    "sqrt_ts": r"$\sqrt{\mathrm{TS}}$",
    "ts": "TS",
    "flux": "Flux",
    "eflux": "Energy flux",
    "dnde": r"$\mathrm{d}N/\mathrm{d}E$",
    "e2dnde": r"$E^2\,\mathrm{d}N/\mathrm{d}E$",
    "norm": "Norm",
    "index": "Photon index",
    "phase_min": "Phase from",
    "phase_max": "Phase to",
    "instrument": "Instrument",
    "instruments": "Instruments",
    "e_min": r"$E_\mathrm{min}$",
    "e_max": r"$E_\mathrm{max}$",
    "n_on": r"$N_\mathrm{on}$",
    "n_off": r"$N_\mathrm{off}$",
    "alpha": r"$\alpha$",
}


def to_latex(light_curve: "LightCurve", shown: Shown) -> bytes:
    """Bytes of a table environment, or of a longtable: of the usual columns, or those that are asked for; digits as in
    papers.

    A value whose errors are not among the columns has these beside it, and is its upper limit where a figure draws
    that. What is not known is a dash.

    Parameters
    ----------
    light_curve : LightCurve
    shown : what is asked for
    """
    table = light_curve.table
    names = names_of(light_curve, shown)
    together = merged(table, names)
    heads, columns = [], []
    for name in names:
        if name in together:
            value = value_of(table, name, shown)
            heads.append(_head(name, value.unit, light_curve))
            columns.append(_value_cells(value, *limit_rows(table, name, shown)))
        elif is_flux(table, name):
            value = value_of(table, name, shown)
            heads.append(_head(name, value.unit, light_curve))
            columns.append([f"${text}$" if text else "--" for text in value.texts[""]])
        else:
            heads.append(_head(name, unit_of(table, name), light_curve))
            columns.append([_cell(text) for text in plain_texts(table, name, shown)])
    rows = [f"{' & '.join(cells)} \\\\" for cells in zip(*columns, strict=True)]
    caption = rf"\caption{{{_caption(light_curve, names, together, shown)}}}"
    kinds = "".join("l" if _is_text(light_curve, name) else "r" for name in names)
    around = _over_pages if len(rows) > PAGE else _on_a_page
    return ("\n".join(around(caption, kinds, rf"{' & '.join(heads)} \\", rows)) + "\n").encode()


def _on_a_page(caption: str, kinds: str, heads: str, rows: list[str]) -> list[str]:
    """Lines of a table that floats."""
    return [
        r"\begin{table}",
        r"\centering",
        caption,
        _LABEL,
        rf"\begin{{tabular}}{{{kinds}}}",
        r"\hline",
        heads,
        r"\hline",
        *rows,
        r"\hline",
        r"\end{tabular}",
        r"\end{table}",
    ]


def _over_pages(caption: str, kinds: str, heads: str, rows: list[str]) -> list[str]:
    """Lines of a table that goes on over pages."""
    return [
        rf"% {len(rows)} rows: wanted are \usepackage{{longtable}} and pages of one column. Journals take such a table",
        "% rather in machine-readable form: tevcurve export RESULT FILE.mrt",
        rf"\begin{{longtable}}{{{kinds}}}",
        rf"{caption}{_LABEL} \\",
        r"\hline",
        heads,
        r"\hline",
        r"\endfirsthead",
        r"\hline",
        heads,
        r"\hline",
        r"\endhead",
        r"\hline",
        r"\endfoot",
        *rows,
        r"\end{longtable}",
    ]


def _is_text(light_curve: "LightCurve", name: str) -> bool:
    table = light_curve.table
    return name in UTC or (name in table.colnames and is_text(table[name]))


def escaped(text: str) -> str:
    """A text as LaTeX shows it, in one line. text: any."""
    return "".join(_ESCAPED.get(sign) or _set_up(sign) for sign in " ".join(text.split()))


def _set_up(sign: str) -> str:
    """A sign as every LaTeX sets it: Latin letters and dashes as they are, small Greek letters in mathematics."""
    name = unicodedata.name(sign, "")
    if sign.isascii() or sign in _AS_THEY_ARE or (name.startswith("LATIN") and sign <= _LAST_LATIN):
        return sign
    if sign in _SIGNS:
        return f"${_SIGNS[sign]}$"
    greek = name.removeprefix("GREEK SMALL LETTER ").lower()
    if greek in _GREEK:
        return f"$\\{greek}$"
    return "".join(_ESCAPED.get(each, each) for each in ascii_text(sign))


def _cell(text: str) -> str:
    if not text:
        return "--"
    words = text.split()
    numbers = [_NUMBER.fullmatch(word) for word in words]
    if not all(numbers):
        return escaped(text)
    return " ".join(
        rf"${found[1]} \times 10^{{{int(found[2])}}}$"
        if found[2]
        else f"${word}$"
        if word[0] == "-"
        else word
        for word, found in zip(words, numbers, strict=True)
        if found
    )


def _value_cells(value: Value, limits: np.ndarray, lower: np.ndarray) -> list[str]:
    """Cells of a value with its errors, statistical and systematic, or its upper or lower limit."""
    nothing = [""] * len(limits)
    texts = {end: value.texts.get(end, nothing) for end in ("", "_err", "_errn", "_errp", "_err_sys", "_ul")}
    total = value.texts.get("_ul_tot", nothing)
    least, made = value.texts.get("_ll", nothing), []
    for row, is_limit in enumerate(limits.tolist()):
        best, both, down, up, system, limit = (texts[end][row] for end in texts)
        if is_limit:
            made.append(f"$< {total[row] or limit}$")
            continue
        if not best:
            made.append(f"$> {least[row]}$" if lower[row] else "--")
            continue
        errors = (
            f"^{{+{up}}}_{{-{down}}}"
            if up and down and up != down
            else f" \\pm {both or up}"
            if both or up
            else ""
        )
        made.append(f"${best}{errors}{f' {chr(92)}pm {system}' if system else ''}$")
    return made


def _head(name: str, unit: UnitBase | None, light_curve: "LightCurve") -> str:
    head = _HEADS.get(name, escaped(name))
    if name in UTC:
        return f"{head} [UTC]"
    if name in MOMENTS:
        return f"{head} [MJD, {light_curve.meta['TIMESYS'].upper()}]"
    if unit is None or not str(unit):
        return head
    power, rest = power_and_rest(unit)
    words = " ".join([*([f"$10^{{{power}}}$"] if power else []), *([unit_text(rest)] if str(rest) else [])])
    return f"{head} [{words}]"


def _caption(light_curve: "LightCurve", names: list[str], together: list[str], shown: Shown) -> str:
    words = whose(light_curve)
    sentences = [words[:1].upper() + words[1:]]
    if together:
        has_limits = any(limit_rows(light_curve.table, name, shown)[0].any() for name in together)
        sentences += [error_level(light_curve.meta)]
        sentences += [limit_level(light_curve.meta), threshold_words(shown)] if has_limits else []
        sentences += [whose_intervals(light_curve.meta)]
        if any(f"{name}_err_sys" in light_curve.table.colnames for name in together):
            sentences.append("The first errors are statistical, the second ones systematic")
    return escaped(". ".join(filter(None, sentences))) + "."


LATEX = FileFormat("latex", (".tex",), "a table of LaTeX", loses="all", encode_rows=to_latex)
