"""`tevcurve append`: more runs for a result."""

from pathlib import Path
from typing import Annotated

from tevcurve.cli.job_options import changes_of, job_options
from tevcurve.cli.outputs import Outputs
from tevcurve.cli.parameters import Argument, Option
from tevcurve.cli.results import ACCEPT_CHANGED, RESULT


@job_options(only=("plot", "report", "overwrite", "n_jobs", "cache", "strict", "data_root", "irfs"))
def append(
    result: RESULT,
    new: Annotated[
        list[Path],
        Argument(
            help="Files with a run each, folders of these, or data stores.",
            metavar="NEWFILES...",
            takes=("data",),
        ),
    ],
    instrument: Annotated[
        str | None,
        Option(
            help="Which instrument of the result the runs are of; by default the one whose runs have their TELESCOP.",
            show_default=False,
        ),
    ] = None,
    accept_changed: ACCEPT_CHANGED = False,
    **options,
):
    """Add runs to a result, in place; what is there is not computed again. Runs that it has are passed over.

    Runs may come in parts, files with one OBS_ID. A file that has grown takes the place of what it was; a part that
    overlaps another otherwise is left out, and the exit code is 1.

    Of a data store those runs are added that the job of the result would take: of its target's name, or else near its
    position, and as it chose them (--zenith, --where, ...). Which ones is printed, and on the standard error what is
    left out and why.

    \b
    tevcurve append crab new/obs_id_023559.fits.gz
    tevcurve append crab $DATA/tonight --plot crab.png --overwrite
    """
    outputs = Outputs.of(None, options["plot"], options["report"], bool(options["overwrite"]))
    from tevcurve.cli.on_results import append_to

    of_data = {key: value for key, value in changes_of(options).items() if key in ("data_root", "irfs")}
    how = {"n_jobs": options["n_jobs"] or 1, "strict": bool(options["strict"])}
    cache = options["cache"] or "cache"
    how |= {"instrument": instrument, "accept_changed": accept_changed}
    return append_to(result, (new, of_data), cache, outputs, how)
