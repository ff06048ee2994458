"""A light curve as one HTML page that needs nothing else: no network, no other file."""

import os
from dataclasses import replace
from pathlib import Path

import jinja2
import yaml
from markupsafe import Markup

from tevcurve.atomic import replace_file
from tevcurve.errors import InputError
from tevcurve.figures.style import COLOURS
from tevcurve.lightcurve import LightCurve
from tevcurve.problems import alike
from tevcurve.report import embedding, tables, words
from tevcurve.report.conclusion import conclude
from tevcurve.report.cuts import cuts_of
from tevcurve.report.field_figure import field_figure
from tevcurve.report.figure_style import SIGNS, plain
from tevcurve.report.light_curve_figure import light_curve_figure
from tevcurve.report.not_known import not_known
from tevcurve.report.quality_figures import quality_figures
from tevcurve.report.rows import ReportRows
from tevcurve.report.spectra import Spectra
from tevcurve.report.time_domain import TimeDomain, power_spectra
from tevcurve.report.visits import visits

# Toys take seconds to minutes. They are drawn where a chance by formula leaves a doubt, for not too many rows.
N_TOYS, DOUBT, MAX_TOY_ROWS = 1000, 1e-6, 100
# The tests of more rows than this take minutes without toys.
MAX_TESTED_ROWS = 5000
# In the order in which they run.
SCRIPTS = ("tables.js", "marks.js", "cuts.js", "report.js")


def write_report(result, path, overwrite=False, *, n_toys=None, spectra=None, timing=None):
    """The `Path` of the HTML page written: whole, or not there at all. The same input gives the same bytes.

    Parameters
    ----------
    result : a result with `light_curve`, `config` and `provenance` (dicts or None), or a `LightCurve`
    path : str or path
        Ends in .html; environment variables are expanded.
    overwrite : bool
        Replace a file that is there. Otherwise it is an `InputError`.
    n_toys : int, toys for the chances of variability; default: 1000 where the formula gives a chance above 1e-6
        and there are at most 100 rows (more take minutes), else none
    spectra : `FluxPoints`, spectra in time that the page shows, too, as `LightCurve.sed` makes them
    timing : bool, whether the page has the time domain: power spectra, the flux between rows, and periods; default:
        where the rows vary, and are enough and not so many that these take seconds (20 to 250 in a series)
    """
    path = Path(os.path.expandvars(path)).expanduser()
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{path} is no name for a report: it should end in .html.")
    if path.exists() and not overwrite:
        raise InputError(f"{path} is already there; pass overwrite=True to replace it.")
    if not path.parent.is_dir():
        raise InputError(f"{path} cannot be written: the folder {path.parent} is not there.")
    replace_file(path, report_html(result, n_toys=n_toys, spectra=spectra, timing=timing).encode())
    return path


def report_html(result, *, n_toys=None, spectra=None, timing=None):
    """The page of a result or a `LightCurve` as text; see `write_report`.

    Parameters
    ----------
    result : `Result` or `LightCurve`
    n_toys : int or None, as there
    spectra : `FluxPoints` or None, as there
    timing : bool or None, as there
    """
    light_curve = result if isinstance(result, LightCurve) else getattr(result, "light_curve", None)
    if not isinstance(light_curve, LightCurve):
        raise InputError(f"A report is made of a result or a LightCurve; this is a {type(result).__name__}.")
    config, provenance = (getattr(result, name, None) for name in ("config", "provenance"))
    rows = ReportRows.of(light_curve)
    variability = _variability(light_curve, rows, n_toys)
    figures, missing = _figures(light_curve, rows, variability)
    conclusion = conclude(light_curve, rows, variability, missing)
    found, why_not = power_spectra(light_curve, rows, [summary for _, summary, _ in variability], timing)
    time_domain = TimeDomain.of(rows, found)
    figures |= {} if time_domain is None else time_domain.figures
    unknown = not_known(light_curve, rows)
    if unknown is not None and unknown.figure is not None:
        figures["scales"] = ("Scales of instruments", unknown.figure)
    return _filled(
        conclusion=conclusion,
        rows=rows,
        figures=figures,
        bands=_band_choices(rows),
        visits=visits(rows),
        is_cut=cuts_of(rows) is not None,
        not_known=unknown,
        spectra=None if spectra is None else Spectra.of(spectra),
        time_domain=time_domain,
        no_time_domain=why_not,
        variability=[
            (name, summary and tables.variability_table(summary), s) for name, summary, s in variability
        ],
        failed=_named_problems(light_curve.ledger, "left_out"),
        odd=_named_problems(light_curve.ledger, "warnings"),
        ledger=tables.ledger_table(light_curve.ledger) if light_curve.ledger is not None else None,
        table=tables.light_curve_table(rows),
        settings=tables.settings_table(light_curve),
        config=None if config is None else yaml.safe_dump(config, sort_keys=False, allow_unicode=True),
        provenance=None if provenance is None else tables.provenance_tables(provenance),
    )


def _variability(light_curve, rows, n_toys):
    """For each series (its name, `VariabilitySummary` or None, why there is none or no toys)."""
    bands, told = sorted(set(rows.bands)), []
    for number, (instrument, band) in enumerate(zip(rows.instruments, rows.bands, strict=True)):
        name = rows.series_text(number) or "All energies"
        own = light_curve.of_instrument(instrument) if rows.of_several else light_curve
        try:
            summary, why = _summary(own, bands.index(band) if len(bands) > 1 else None, len(rows), n_toys)
            # Each series is one trial.
            told.append((name, summary and replace(summary, n_bands=len(rows.bands)), why))
        except InputError as error:
            told.append((name, None, str(error)))
    return told


def _summary(light_curve, band, n_rows, n_toys):
    """(`VariabilitySummary` or None, why there is none or no toys) of one band."""
    if n_rows > MAX_TESTED_ROWS:
        return None, f"Tests of {n_rows} rows take long; wider bins, or LightCurve.variability(), have them."
    summary = light_curve.variability(band, n_toys=n_toys or 0)
    if n_toys is not None or not summary.p_value > DOUBT:
        return summary, ""
    if n_rows <= MAX_TOY_ROWS:
        return light_curve.variability(band, n_toys=N_TOYS), ""
    return summary, f"Toys of {n_rows} rows take long; LightCurve.variability() draws them."


def _figures(light_curve, rows, variability):
    """({id: (title, figure)}, sentences about what is missing); the light curve comes first."""
    figures, missing = {}, []
    if rows.quantity and (rows.is_point | rows.is_limit).any():
        found = [
            (number, summary) for number, (_, summary, _) in enumerate(variability) if summary is not None
        ]
        blocks = {
            number: one.bayesian_blocks.blocks for number, one in found if one.bayesian_blocks is not None
        }
        figure = light_curve_figure(light_curve, rows, blocks)
        figures["light-curve"] = ("Light curve", plain(figure))
    else:
        missing.append("There is no figure, because no row has a flux or a limit.")
    why = getattr(light_curve.origin, "reason", "it was read from a table, or made from counts without times")
    quality, more = quality_figures(rows, light_curve.ledger, why)
    field = field_figure(light_curve.origin)
    quality = quality if field is None else [field, *quality]
    figures |= {one["id"]: (one["title"], plain(one["figure"])) for one in quality}
    return figures, missing + more


def _band_choices(rows):
    """(number, name, colour, sign) of each band that can be chosen."""
    return [
        (number, rows.series_text(number), COLOURS[number % len(COLOURS)], SIGNS[number % len(SIGNS)])
        for number in range(len(rows.bands))
        if rows.series_text(number)
    ]


def _named_problems(ledger, kind):
    """List of (words for the runs, `Problem`) of the problems of a kind, "failed" or "warnings", those alike as one."""
    if ledger is None:
        return []
    names = ledger.run_names()
    return [
        (words.listing([names[one.run_id] for one in group]), group[0])
        for group in alike(getattr(ledger, kind))
    ]


def _filled(figures, **parts):
    """The template with its parts, its scripts and the data of its figures."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(embedding.own_file("report.html.j2"))
    script = "".join(embedding.own_file(name) for name in SCRIPTS)
    packed, notice = embedding.deflated_plotly()
    data_type, data = embedding.data_element({name: figure for name, (_, figure) in figures.items()})
    return template.render(
        figures=figures,
        data_type=data_type,
        data=data,
        policy=embedding.policy([script, embedding.plotly_script()]),
        style=Markup(embedding.own_file("report.css")),
        script=Markup(script),
        plotly=Markup(packed),
        plotly_notice=notice,
        **parts,
    )
