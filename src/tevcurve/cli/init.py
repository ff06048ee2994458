"""`tevcurve init`: a configuration with sensible values for a target."""

from pathlib import Path
from typing import Annotated

from tevcurve.cli.job_options import changes_of, job_options
from tevcurve.cli.outputs import Outputs
from tevcurve.cli.parameters import Argument, Option
from tevcurve.cli.results import OVERWRITE


# Where the result of the job goes is a key of the file: --set output=FOLDER.
@job_options(without=("data", "target", "positions", "output", "overwrite"))
def init(
    target: Annotated[
        str,
        Argument(
            help="Name of the target, as `tevcurve info PATH` shows it.", metavar="TARGET", takes=("name",)
        ),
    ],
    paths: Annotated[
        list[str],
        Argument(
            help="Folder of a data store or of DL3 files, an index file, or DL3 files with a run each.",
            metavar="PATH...",
            takes=("data",),
        ),
    ],
    output: Annotated[
        Path | None,
        Option(
            "--output", "-o", help="File to write it into, .yaml; default: it is printed.", show_default=False
        ),
    ] = None,
    overwrite: OVERWRITE = False,
    **options,
):
    """Print a commented configuration with sensible values for a target.

    Energies are from the thresholds of the runs, the method is one that their responses allow.

    \b
    tevcurve init Crab $GAMMAPY_DATA/hess-dl3-dr1 > crab.yaml
    tevcurve init Crab $GAMMAPY_DATA/hess-dl3-dr1 --method 1d -o crab.yaml
    tevcurve run crab.yaml
    """
    outputs = Outputs.of(config=output, overwrite=overwrite)
    from tevcurve.cli.configs import print_config

    print_config(target, paths, changes_of(options), outputs)
