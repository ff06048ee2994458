"""`tevcurve export`: a light curve as a file of another format."""

from pathlib import Path
from typing import Annotated

import typer

from tevcurve.cli.results import ACCEPT_CHANGED, OVERWRITE, light_curve_of
from tevcurve.errors import InputError


def export(
    result: Annotated[
        Path | None,
        typer.Argument(help="Folder of a result, or a file with a light curve.", metavar="RESULT"),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Argument(help="The new file; its suffix says the format.", metavar="FILE"),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="Where the suffix does not say it: gadf (that of gammapy) ...",
            show_default=False,
        ),
    ] = None,
    formats: Annotated[bool, typer.Option("--formats", help="Print which formats there are.")] = False,
    columns: Annotated[
        bool, typer.Option("--columns", help="Print which columns light curves have, and who fills them.")
    ] = False,
    overwrite: OVERWRITE = False,
    accept_changed: ACCEPT_CHANGED = False,
):
    """Write the light curve of a result, or of a file, in another format.

    \b
    tevcurve export crab crab.vot
    tevcurve export crab crab.fits --format gadf
    tevcurve export --formats
    tevcurve export --columns
    """
    from tevcurve.cli.console import plain

    if formats or columns:
        for line in (*(_formats() if formats else ()), *(_columns() if columns else ())):
            print(plain(line))
        return
    if result is None or file is None:
        raise InputError(
            "Wanted are a result and the file to be written, as `tevcurve export crab crab.vot`; `tevcurve export "
            "--formats` prints the formats."
        )
    path = light_curve_of(result, accept_changed).write(file, overwrite, form)
    print(plain(f"Light curve in {path}"))


def _columns():
    """A line for each column, str."""
    from tevcurve.lightcurve.columns import COLUMNS

    known = COLUMNS.things()
    width = max(map(len, known))
    for name, column in known.items():
        unit = f" [{column.unit}]" if column.unit else ""
        yield f"{name:<{width}}  {column.words}{unit}; by {column.filled_by}"


def _formats():
    """A line for each format that can be written, str."""
    from tevcurve.lightcurve.file_formats import FORMATS

    known = FORMATS.things()
    width = max(map(len, known))
    for name, form in known.items():
        if form.is_written:
            lost = f"; not read back: {form.loses}" if form.loses else ""
            yield f"{name:<{width}}  {form.words} ({', '.join(form.suffixes)}){lost}"
