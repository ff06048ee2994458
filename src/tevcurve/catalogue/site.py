"""The pages of a catalogue: a list of all sources, and one page that shows each; nothing is loaded from elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from astropy.table import Table

from tevcurve import __version__
from tevcurve.catalogue.folder import LightCurves, neighbours_of_row
from tevcurve.catalogue.source_table import alone_words
from tevcurve.catalogue.sparkline import sparkline
from tevcurve.lightcurve.faint import is_faint
from tevcurve.problems import FAILED, NOT_CHOSEN, WARNING
from tevcurve.report.embedding import as_json
from tevcurve.report.figure_style import plain, shortened
from tevcurve.report.words import UNKNOWN, band_text, bins_facts, count, duration, fixed, listing, number

INDEX, PAGE, ASSETS = "index.html", "source.html", "assets"
SITE = (INDEX, PAGE, ASSETS)
# Sources whose rows are in one file.
PER_FILE = 50
MOST_PROBLEMS = 20
# Columns of rows that the pages show.
_NUMBERS = ("time_min", "time_max", "e_min", "flux", "flux_errn", "flux_errp", "flux_ul", "ts", "counts")
_TEXTS = ("status", "reason")
_FATES = {FAILED: "left out", NOT_CHOSEN: "not chosen", WARNING: "odd"}
# What of the source table is in the list: heading, words, kind of its column (up: the least first).
_HEADINGS = (
    ("Source", "Name, which leads to the light curve", "short up"),
    ("Light curve", "Rows in the order of time, one after the other; the line is their mean", "spark"),
    ("RA [deg]", "Right ascension, ICRS", "number up"),
    ("Dec [deg]", "Declination, ICRS", "number up"),
    ("Live time [h]", "Sum over the rows", "number"),
    ("Rows", "Rows with a flux", "number"),
    ("Flux [10⁻¹² cm⁻² s⁻¹]", "The one flux that fits all rows best", "number"),
    ("TS", "Test statistic of a constant source, of all rows", "number"),
    ("TS var", "Test statistic of a source that varies from row to row against a constant one", "number"),
    ("p var", "Chance of TS var for a constant source; – where a flux is held at zero", "number up"),
    ("p in runs", "Chance of a constant source to vary so inside its runs", "number up"),
    ("Index", "Fractional variability; 0 where errors explain the scatter", "number"),
    ("Group", "Sources each within 0.5 deg of another of the group", "number up"),
)
_NOTE = (
    "A small picture has the rows one after the other, in the order of time, with their errors (means of several where "
    "there are more than 40); grey marks are upper limits, the grey line is zero, the orange one the mean. Index: "
    "fractional variability of the fluxes. p var: chance of TS var, where no flux is held at zero; p in runs: chance "
    "of a constant source to vary so inside its runs. Headings sort."
)


@dataclass(frozen=True, eq=False)
class _Rows:
    """What the pages have of the rows of one source.

    Attributes
    ----------
    columns : dict of arrays (n_rows,) by name
    band : int array (n_rows,)
    """

    columns: dict[str, np.ndarray]
    band: np.ndarray

    def of(self, rows: slice) -> "_Rows":
        """Those of some of the rows. rows: which."""
        return _Rows({name: values[rows] for name, values in self.columns.items()}, self.band[rows])


def write_site(folder: Path) -> None:
    """None; the pages of the light curves in a folder are there; the same light curves make the same bytes.

    folder: with the tables, as `LightCurves.read` reads it.
    """
    curves = LightCurves.read(folder)
    assets = folder / ASSETS
    assets.mkdir()
    for name in ("site.css", "index.js", "source.js"):
        (assets / name).write_bytes(_own(name).encode())
    edges = curves.sources.meta["energy_edges_TeV"]
    tables: list[list[dict[str, Any]]] = [[] for _ in edges[1:]]
    ends = np.append(0, np.cumsum(curves.sources["n_rows"]))
    meta: dict[str, Any] = {}
    for part, first in enumerate(range(0, len(curves), PER_FILE)):
        stop, shown = min(first + PER_FILE, len(curves)), []
        table = curves.rows(first, stop)
        meta = table.meta
        columns = {name: np.asarray(table[name], dtype=float) for name in _NUMBERS}
        columns |= {name: np.asarray(table[name]).astype(str) for name in _TEXTS}
        rows = _Rows(columns, np.searchsorted(edges, columns["e_min"] * (1 + 1e-9)) - 1)
        for place in range(first, stop):
            source = dict(zip(curves.sources.colnames, curves.sources[place], strict=True))
            own = rows.of(slice(ends[place] - ends[first], ends[place + 1] - ends[first]))
            for band, listed in enumerate(tables):
                listed.append(_line(source, own, place, band))
            shown.append(_page_data(source, own, len(tables)))
        text = f"window.tevcurveRows({part}, {as_json(plain(shown))});\n"
        (assets / f"rows-{part:04d}.js").write_bytes(text.encode())
    common = _common(curves, meta)
    (assets / "sources.js").write_bytes(f"window.tevcurveSources = {as_json(common)};\n".encode())
    _write_pages(folder, curves, tables, common["bands"], meta)


def _common(curves: LightCurves, meta: dict[str, Any]) -> dict[str, Any]:
    """What all pages of sources have in common."""
    edges = curves.sources.meta["energy_edges_TeV"]
    level, sigma = float(meta.get("upper_limit", np.nan)), float(meta.get("sigma", 1.0))
    level_text = f"{level:.4g}" if np.isfinite(level) else UNKNOWN
    return {
        "names": curves.names,
        "per_file": PER_FILE,
        "bands": [band_text(pair) for pair in pairwise(edges)],
        "scale": str(meta.get("TIMESYS", "tt")).upper(),
        "level": level_text,
        "caption": (
            f"Fluxes with errors of {sigma:g} standard deviation{'' if sigma == 1 else 's'} from the likelihood; bars "
            f"across are the time bins. Rows with a TS below 4 are upper limits (confidence {level_text}). The line "
            "and its band are the one flux that fits all rows best, with its error."
        ),
    }


def _write_pages(
    folder: Path,
    curves: LightCurves,
    tables: list[list[dict[str, Any]]],
    bands: list[str],
    meta: dict[str, Any],
) -> None:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    problems = [
        f"Run {' '.join(filter(None, (row['instrument'], row['obs_id'], row['part'])))} is "
        f"{_FATES[str(row['kind'])]}{' for ' if row['source'] else ''}{row['source']}: {row['reason']}"
        for row in curves.problems
    ]
    page = environment.from_string(_own("index.html.j2")).render(
        n_sources=len(curves),
        count=count,
        facts=_facts(curves, bands, meta),
        problems=problems[:MOST_PROBLEMS],
        problems_summary=_summary(curves.problems),
        bands=bands,
        headings=_HEADINGS,
        tables=tables,
        note=_NOTE,
        alone=alone_words(curves.sources),
        version=__version__,
    )
    (folder / INDEX).write_bytes(page.encode())
    page = environment.from_string(_own("source.html.j2")).render(version=__version__)
    (folder / PAGE).write_bytes(page.encode())


def _facts(curves: LightCurves, bands: list[str], meta: dict[str, Any]) -> list[tuple[str, str]]:
    sources, inputs = curves.sources, curves.provenance.get("inputs") or []
    runs = {(one.get("instrument"), one["obs_id"], one.get("part")) for one in inputs}
    facts = [("Sources", str(len(sources))), ("Rows", str(int(np.sum(sources["n_rows"]))))]
    facts += [("Runs", str(len(runs)))] if runs else []
    facts += [("Energies", listing(bands))]
    facts += bins_facts(meta)
    spectra = sorted(set(sources["spectrum"].tolist()))
    return [*facts, ("Reference spectrum" if len(spectra) == 1 else "Reference spectra", listing(spectra, 3))]


def _summary(problems: Table) -> str:
    """How many runs are left out or odd, in words."""
    kinds, sources = (np.asarray(problems[name]).astype(str) for name in ("kind", "source"))
    of_one = (kinds == NOT_CHOSEN) & (sources != "")
    told = [
        (kinds == FAILED, "run is left out", "runs are left out"),
        ((kinds == NOT_CHOSEN) & ~of_one, "run is not chosen", "runs are not chosen"),
        (of_one, "run is not chosen for one source", "runs are not chosen for one source each"),
        (kinds == WARNING, "thing is odd", "things are odd"),
    ]
    words = [count(int(np.count_nonzero(own)), *one_or_more) for own, *one_or_more in told if own.any()]
    more = f"; the first {MOST_PROBLEMS}, all in problems.ecsv" if len(kinds) > MOST_PROBLEMS else ""
    return listing(words) + more


def _line(source: Any, rows: _Rows, place: int, band: int) -> dict[str, Any]:
    """A line of the list."""
    own = rows.band == band
    flux = _of_band(source, "flux", band)
    drawn = {name: rows.columns[name][own] for name in ("flux", "flux_errn", "flux_errp", "flux_ul", "ts")}
    spark = sparkline(drawn, flux)
    values = [
        (fixed(source["ra"], 4), source["ra"]),
        (fixed(source["dec"], 4), source["dec"]),
        (number(_of_band(source, "livetime", band) / 3600, 3), _of_band(source, "livetime", band)),
        (str(int(_of_band(source, "n_fluxes", band))), _of_band(source, "n_fluxes", band)),
        (_flux_text(source, band), flux),
        *(
            (_statistic(_of_band(source, name, band)), _of_band(source, name, band))
            for name in ("ts", "ts_var")
        ),
        (number(_of_band(source, "p_var", band), 2), _of_band(source, "p_var", band)),
        (number(source["p_in_runs"], 2), source["p_in_runs"]),
        (number(_of_band(source, "variability_index", band), 2), _of_band(source, "variability_index", band)),
        (str(int(source["group"])), source["group"]),
    ]
    cells = [(text, f"{float(value):.9g}" if np.isfinite(value) else "") for text, value in values]
    return {"number": place, "name": str(source["name"]), "spark": spark, "cells": cells}


def _of_band(source: Any, name: str, band: int) -> float:
    values = np.atleast_1d(source[name])
    return float(values[band])


def _flux_text(source: Any, band: int) -> str:
    """The mean flux in 1e-12 cm-2 s-1 with its error, or its limit where the source is not seen."""
    flux, error, limit, ts = (_of_band(source, name, band) for name in ("flux", "flux_err", "flux_ul", "ts"))
    if np.isfinite(limit) and is_faint(flux, ts):
        return f"< {number(limit / 1e-12, 2)}"
    return _with_error(flux, error)


def _statistic(value: float) -> str:
    return fixed(value, 0 if value >= 100 else 1)


def _with_error(flux: float, error: float) -> str:
    if not (np.isfinite(flux) and np.isfinite(error) and error > 0):
        return UNKNOWN
    decimals = int(np.clip(1 - np.floor(np.log10(error / 1e-12)), 0, 6))
    return f"{fixed(flux / 1e-12, decimals)} ± {fixed(error / 1e-12, decimals)}"


def _source_facts(source: Any, n_bands: int) -> list[tuple[str, str]]:
    """(name, text) of what a person looks for of a source at a glance, one of each energy band after the other."""

    def of_bands(text: Callable[[int], str]) -> str:
        return "; ".join(map(text, range(n_bands)))

    facts = [
        ("Position (ICRS)", f"{fixed(source['ra'], 5)} deg, {fixed(source['dec'], 5)} deg"),
        ("Live time", duration(max(_of_band(source, "livetime", band) for band in range(n_bands)))),
        ("Mean flux [10⁻¹² cm⁻² s⁻¹]", of_bands(lambda band: _flux_text(source, band))),
        ("TS", of_bands(lambda band: _statistic(_of_band(source, "ts", band)))),
        (
            "TS of variability / degrees of freedom",
            of_bands(
                lambda band: (
                    f"{_statistic(_of_band(source, 'ts_var', band))} / {_of_band(source, 'n_free', band):.0f}"
                )
            ),
        ),
        (
            "Fractional variability",
            of_bands(lambda band: number(_of_band(source, "variability_index", band), 2)),
        ),
        ("p of TS of variability", of_bands(lambda band: number(_of_band(source, "p_var", band), 2))),
        ("p of constancy inside runs", number(source["p_in_runs"], 2)),
        ("Spectrum", str(source["spectrum"])),
    ]
    fitted = neighbours_of_row(source)
    facts += [("Fitted with", ", ".join(fitted))] if fitted else []
    n_near = int(source["n_near"])
    facts += [("Not in its model", f"{count(n_near, 'other source')} within 0.5 deg")] if n_near else []
    return facts


def _page_data(source: Any, rows: _Rows, n_bands: int) -> dict[str, Any]:
    """What the page of a source is drawn from."""
    words, codes = _coded({name: rows.columns[name] for name in _TEXTS})
    columns = {
        "flux": "flux",
        "errn": "flux_errn",
        "errp": "flux_errp",
        "limit": "flux_ul",
        "ts": "ts",
        "counts": "counts",
    }
    return {
        "facts": _source_facts(source, n_bands),
        **{name: [_of_band(source, name, band) for band in range(n_bands)] for name in ("flux", "flux_err")},
        "words": words,
        "rows": {
            "start": [round(value, 6) for value in rows.columns["time_min"].tolist()],
            "stop": [round(value, 6) for value in rows.columns["time_max"].tolist()],
            "band": rows.band.tolist(),
            **{name: shortened(rows.columns[column]) for name, column in columns.items()},
            **codes,
        },
    }


def _coded(columns: dict[str, np.ndarray]) -> tuple[list[str], dict[str, list[int]]]:
    """(texts, the number of that of each row in columns of texts)."""
    words = np.unique(np.concatenate([*columns.values(), [""]]))
    return words.tolist(), {name: np.searchsorted(words, values).tolist() for name, values in columns.items()}


def _own(name: str) -> str:
    return resources.files("tevcurve.catalogue").joinpath(name).read_text(encoding="utf-8")
