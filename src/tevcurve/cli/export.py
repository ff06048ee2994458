"""`tevcurve export`: a light curve as a file of another format, as a table for a paper, or as sentences."""

from pathlib import Path
from typing import Annotated

from tevcurve.cli.parameters import Argument, Option
from tevcurve.cli.results import ACCEPT_CHANGED, BAND, INSTRUMENT, OVERWRITE, SOURCE
from tevcurve.errors import InputError
from tevcurve.plot_options import TS_THRESHOLD

LIST = "list"


def export(
    result: Annotated[
        Path | None,
        Argument(
            help="Folder of a result, or a file with a light curve, or of any table FILE:time=...,flux=..., the names "
            "of its columns.",
            metavar="RESULT",
            takes=("file", "result", "catalogue"),
        ),
    ] = None,
    file: Annotated[
        Path | None,
        Argument(help="The new file; its suffix says the format.", metavar="FILE"),
    ] = None,
    output: Annotated[
        Path | None, Option("--output", "-o", help="The same as FILE.", show_default=False)
    ] = None,
    form: Annotated[
        str | None,
        Option(
            "--format",
            help="csv, latex, cds, votable, ecsv, fits, gadf (that of gammapy), json, atel; default: that of the "
            "suffix. Without FILE it is printed.",
            show_default=False,
        ),
    ] = None,
    columns: Annotated[
        str | None,
        Option(
            help="Names of the columns, with commas, in their order, or all; utc_min, utc_max, utc and time are made. "
            f"{LIST} prints which there are.",
            metavar="NAMES",
            show_default=False,
        ),
    ] = None,
    digits: Annotated[
        str | None,
        Option(
            help="exact, or pdg: by the rule of the Particle Data Group; default: pdg in latex, cds and atel.",
            show_default=False,
        ),
    ] = None,
    utc: Annotated[bool, Option("--utc", help="Add start and end in UTC.")] = False,
    ts_threshold: Annotated[
        float,
        Option(help="In latex, cds and atel a row with a smaller test statistic is shown as its limit."),
    ] = TS_THRESHOLD,
    band: BAND = None,
    instrument: INSTRUMENT = None,
    formats: Annotated[bool, Option("--formats", help="Print which formats there are.")] = False,
    overwrite: OVERWRITE = False,
    source: SOURCE = None,
    accept_changed: ACCEPT_CHANGED = False,
):
    """Write the light curve of a result, or of a file, in another format, for a paper, or for a telegram.

    \b
    tevcurve export crab crab.vot
    tevcurve export crab crab.fits --format gadf
    tevcurve export crab --format latex --columns utc_min,livetime,flux,sqrt_ts
    tevcurve export crab crab.mrt
    tevcurve export crab --format atel
    tevcurve export --formats
    tevcurve export --columns list
    """
    from tevcurve.cli.on_results import export_to, print_export, print_lists

    if formats or columns == LIST:
        print_lists(formats, columns == LIST)
        return
    if result is None or (file is None and output is None and form is None):
        raise InputError(
            "Wanted are a result and the file to be written, as `tevcurve export crab crab.vot`, or a format to be "
            "printed, as `tevcurve export crab --format latex`; `tevcurve export --formats` prints the formats."
        )
    if file is not None and output is not None:
        raise InputError(f"The new file is {file} and {output}; wanted is one.")
    shown = {"columns": columns, "digits": digits, "utc": utc, "ts_threshold": ts_threshold}
    where, which = file if output is None else output, (source, instrument, band)
    if where is None:
        print_export(result, form, shown, accept_changed, which)
    else:
        export_to(result, where, overwrite, form, shown, accept_changed, which)
