"""Where a light curve goes, and what a person and a shell are told of it."""

from dataclasses import dataclass
from pathlib import Path

from tevcurve.cli.console import note, plain
from tevcurve.errors import InputError
from tevcurve.progress import working

DONE, PARTLY = 0, 1
# Rows in which the flux is not known, apart from those without any good time, which nobody can help.
FAILED = ("not_converged", "no_exposure", "outside_fov", "no_livetime")
MOST_NOTES = 10
FIGURES, PAGES = (".png", ".svg", ".pdf"), (".html", ".htm")


@dataclass(frozen=True)
class Outputs:
    """The places that a job writes to: folder of the result, figure and page, each a Path or None."""

    output: Path | None
    plot: Path | None
    report: Path | None
    overwrite: bool

    @classmethod
    def of(cls, output=None, plot=None, report=None, overwrite=False):
        """The outputs at some paths; raises `InputError`, before anything is computed, where one is there already."""
        paths = [None if path is None else Path(path).expanduser() for path in (output, plot, report)]
        for path in filter(None, paths):
            if path.exists() and not overwrite:
                raise InputError(f"{path} is there already; --overwrite replaces it.")
        for path, endings in zip(paths[1:], (FIGURES, PAGES), strict=True):
            if path is not None and not path.parent.is_dir():
                raise InputError(f"{path} cannot be written: there is no folder {path.parent}.")
            if path is not None and path.suffix.lower() not in endings:
                raise InputError(
                    f"{path} is no name for this file; wanted is one that ends in {' or '.join(endings)}."
                )
        return cls(*paths, overwrite)

    def write(self, light_curve, config, text=None, observations=None, inputs=None):
        """None; the light curve is in all the places.

        config: dict, or None. text: YAML of it, with comments. observations: list of those that it is made of; or
        inputs, list of dicts of their files.
        """
        if inputs is None and (self.output or self.report):
            from tevcurve.store import input_files

            inputs = input_files(observations)
        if self.output is not None:
            from tevcurve.store import write_result

            with working("Writing the result"):
                write_result(
                    self.output, light_curve, config=text or config, inputs=inputs, overwrite=self.overwrite
                )
        if self.plot is not None:
            from tevcurve.cli.figures import write_figure
            from tevcurve.lightcurve.notebook_view import caption

            write_figure(self.plot, light_curve.plot, about=caption(light_curve))
        if self.report is not None:
            from tevcurve.report import write_report

            with working("Writing the report"):
                write_report(
                    self._reported(light_curve, config, inputs), self.report, overwrite=self.overwrite
                )

    def _reported(self, light_curve, config, inputs):
        """What the report is of: the result as it was written, or one that is not."""
        from tevcurve.store import Result

        if self.output is not None:
            return Result.read(self.output)
        from tevcurve.store.result import provenance_of

        return Result(light_curve, config, provenance_of(inputs), None)

    def tell(self):
        """None; printed where everything is."""
        for what, path in (("Result", self.output), ("Figure", self.plot), ("Report", self.report)):
            if path is not None:
                print(plain(f"{what} in {path}"))


def tell(light_curve, outputs=None):
    """Exit code of a light curve, printed, with what failed on the standard error."""
    print(plain(light_curve))
    meta = light_curve.meta
    if outputs is not None:
        outputs.tell()
    if meta.get("method") == "3d" and meta.get("exclusion"):
        note(f"By the exclusion {meta['exclusion']}.")
    return tell_problems(light_curve)


def tell_problems(light_curve):
    """Exit code, 1 where runs or bins failed, with what failed on the standard error."""
    ledger = light_curve.ledger
    failed = list(ledger.failed) if ledger is not None else []
    odd = list(ledger.warnings) if ledger is not None else []
    statuses = light_curve.table["status"] if "status" in light_curve.table.colnames else []
    rows = [number for number, status in enumerate(statuses) if status in FAILED]
    lines = [f"Run {one.obs_id} is left out: {one.reason}" for one in failed]
    lines += [
        f"Row {number} ({_when(light_curve, number)}) is {statuses[number]}: "
        f"{light_curve.table['reason'][number]}"
        for number in rows
    ]
    _note_some(lines)
    _note_some([f"Run {one.obs_id} is odd: {one.reason}" for one in odd])
    return PARTLY if lines else DONE


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
