"""`tevcurve export`: a light curve as a file of another format."""

from pathlib import Path
from typing import Annotated

import typer

from tevcurve.cli.results import ACCEPT_CHANGED, OVERWRITE, SOURCE
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
    source: SOURCE = None,
    accept_changed: ACCEPT_CHANGED = False,
):
    """Write the light curve of a result, or of a file, in another format.

    \b
    tevcurve export crab crab.vot
    tevcurve export crab crab.fits --format gadf
    tevcurve export --formats
    tevcurve export --columns
    """
    from tevcurve.cli.on_results import export_to, print_lists

    if formats or columns:
        print_lists(formats, columns)
        return
    if result is None or file is None:
        raise InputError(
            "Wanted are a result and the file to be written, as `tevcurve export crab crab.vot`; `tevcurve export "
            "--formats` prints the formats."
        )
    export_to(result, file, overwrite, form, accept_changed, source)
