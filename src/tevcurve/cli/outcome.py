"""What a person and a shell are told of a light curve."""

import sys

from tevcurve.cli.console import note, plain
from tevcurve.cli.exit_codes import DONE, PARTLY
from tevcurve.lightcurve.notebook_view import as_text, whole_text
from tevcurve.lightcurve.origin import LightCurveOrigin
from tevcurve.problems import alike

# Rows in which the flux is not known, apart from those without any good time, which nobody can help.
FAILED = ("not_converged", "no_exposure", "outside_fov", "no_livetime")
MOST_NOTES = 10


def tell(light_curve, outputs=None):
    """Exit code of a light curve, printed, with what failed on the standard error.

    Parameters
    ----------
    light_curve : `LightCurve`
    outputs : `Outputs` that are told, too, or None
    """
    # Who reads a pipe or a file wants every row.
    for part in [as_text(light_curve)] if sys.stdout.isatty() else whole_text(light_curve):
        print(plain(part))
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
        others = len(group) - len(told)
        more = f", and so {'is' if others == 1 else 'are'} {others} more in the same way" if others else ""
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
