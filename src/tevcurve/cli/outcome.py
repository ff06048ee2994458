"""Where a light curve goes, and what a person and a shell are told of it."""

import sys

from tevcurve.cli.console import note, plain
from tevcurve.cli.figures import write_figure
from tevcurve.lightcurve.notebook_view import as_text, caption
from tevcurve.lightcurve.origin import LightCurveOrigin
from tevcurve.problems import alike
from tevcurve.progress import working
from tevcurve.store import Result, input_files, write_result
from tevcurve.store.result import provenance_of

DONE, PARTLY = 0, 1
# Rows in which the flux is not known, apart from those without any good time, which nobody can help.
FAILED = ("not_converged", "no_exposure", "outside_fov", "no_livetime")
MOST_NOTES = 10


def write(outputs, light_curve, config, text=None, observations=None, inputs=None):
    """None; the light curve is in all the places.

    Parameters
    ----------
    outputs : `Outputs`
    light_curve : `LightCurve`
    config : dict, or None
    text : YAML of it, with comments
    observations : list of those that it is made of, or None
    inputs : list of dicts of their files, where there are no observations
    """
    if inputs is None and (outputs.output or outputs.report):
        runs = getattr(light_curve.origin, "runs", ())
        inputs = input_files(observations, [run.run_id for run in runs])
    if outputs.output is not None:
        with working("Writing the result"):
            write_result(
                outputs.output, light_curve, config=text or config, inputs=inputs, overwrite=outputs.overwrite
            )
    if outputs.plot is not None:
        write_figure(outputs.plot, light_curve.plot, about=caption(light_curve))
    if outputs.report is not None:
        # Of the result as it was written, or of one that is not.
        written = outputs.output is not None
        result = (
            Result.read(outputs.output)
            if written
            else Result(light_curve, config, provenance_of(inputs), None)
        )
        write_page(outputs, result)


def write_page(outputs, result, **options):
    """None; the page about a result is written.

    Parameters
    ----------
    outputs : `Outputs`
    result : `Result`
    options : of `tevcurve.report.write_report`
    """
    # jinja2 is slow to import.
    from tevcurve.report import write_report

    with working("Writing the report"):
        write_report(result, outputs.report, overwrite=outputs.overwrite, **options)


def tell(light_curve, outputs=None):
    """Exit code of a light curve, printed, with what failed on the standard error.

    Parameters
    ----------
    light_curve : `LightCurve`
    outputs : `Outputs` that are told, too, or None
    """
    # Who reads a pipe or a file wants every row.
    print(plain(as_text(light_curve, whole=not sys.stdout.isatty())))
    if outputs is not None:
        outputs.tell()
    origin = light_curve.origin
    if (
        isinstance(origin, LightCurveOrigin)
        and origin.settings.first_cube is not None
        and origin.exclusion is not None
    ):
        note(f"By the exclusion {origin.said()['exclusion']}.")
    return tell_problems(light_curve)


def tell_problems(light_curve):
    """Exit code, 1 where runs or bins failed, with what failed on the standard error.

    light_curve: `LightCurve`.
    """
    ledger = light_curve.ledger
    failed = list(ledger.failed) if ledger is not None else []
    not_chosen = list(ledger.not_chosen) if ledger is not None else []
    odd = list(ledger.warnings) if ledger is not None else []
    statuses = light_curve.table["status"] if "status" in light_curve.table.colnames else []
    rows = [number for number, status in enumerate(statuses) if status in FAILED]
    names = {} if ledger is None else ledger.run_names()
    lines = _lines(failed, names, "left out", fewest=4)
    lines += [
        f"Row {number} ({_when(light_curve, number)}) is {statuses[number]}: "
        f"{light_curve.table['reason'][number]}"
        for number in rows
    ]
    _note_some(lines)
    _note_some(_lines(not_chosen, names, "not chosen", fewest=2))
    _note_some(_lines(odd, names, "odd", fewest=2))
    return PARTLY if lines else DONE


def _lines(problems, names, what, fewest):
    """A line for each problem, or for so many at least that are alike."""
    lines = []
    for group in alike(problems):
        told = group[:1] if len(group) >= fewest else group
        more = f", and so are {len(group) - 1} more in the same way" if len(group) > len(told) else ""
        lines += [f"Run {names[one.run_id]} is {what}{more}: {one.reason}" for one in told]
    return lines


def _when(light_curve, number):
    """The row's time or phase, as the printed table has it."""
    table = light_curve.table
    if "phase_min" in table.colnames:
        return f"phase {table['phase_min'][number]:.4f} to {table['phase_max'][number]:.4f}"
    return f"MJD {table['time_min'][number]:.6f} {light_curve.meta['TIMESYS'].upper()}"


def _note_some(lines):
    for line in lines[:MOST_NOTES]:
        note(line)
    if len(lines) > MOST_NOTES:
        note(f"... and {len(lines) - MOST_NOTES} more of this kind, which the ledger of the result has.")
