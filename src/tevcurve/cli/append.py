"""`tevcurve append`: more runs for a result."""

from pathlib import Path
from typing import Annotated

import typer

from tevcurve.cli.outputs import Outputs
from tevcurve.cli.results import ACCEPT_CHANGED, PLOT, REPORT, RESULT


def append(
    result: RESULT,
    new: Annotated[
        list[Path], typer.Argument(help="Files with a run each, or data stores.", metavar="NEWFILES...")
    ],
    store: Annotated[
        str, typer.Option(help="Folder where reduced runs are kept; cache: in the user's cache; none.")
    ] = "cache",
    n_jobs: Annotated[int, typer.Option(help="Processes that read and reduce.", min=1)] = 1,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first run that cannot be used.")
    ] = False,
    plot: PLOT = None,
    report: REPORT = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a figure or page that is there.")
    ] = False,
    accept_changed: ACCEPT_CHANGED = False,
):
    """Add runs to a result, in place; what is there is not computed again. Runs that it has are passed over.

    Of a data store those runs are added that the job of the result would take: of its target's name, or else near its
    position. Which ones is printed, and on the standard error what is left out and why.

    \b
    tevcurve append crab new/obs_id_023559.fits.gz
    tevcurve append crab $DATA/tonight --plot crab.png --overwrite
    """
    outputs = Outputs.of(None, plot, report, overwrite)
    from tevcurve.cli.on_results import append_to

    options = {"n_jobs": n_jobs, "strict": strict, "accept_changed": accept_changed}
    return append_to(result, new, store, outputs, options)
