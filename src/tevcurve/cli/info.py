"""`tevcurve info`: what a data store has."""

from pathlib import Path
from typing import Annotated

from tevcurve.cli.job_options import changes_of, job_options
from tevcurve.cli.outputs import Outputs
from tevcurve.cli.parameters import Argument, Option
from tevcurve.cli.results import OVERWRITE


@job_options(only=("data_root", "irfs"))
def info(
    paths: Annotated[
        list[str],
        Argument(
            help="Folder of a data store or of DL3 files, an index file, or DL3 files with a run each.",
            metavar="PATH...",
            takes=("data",),
        ),
    ],
    target: Annotated[str | None, Option(help="List the runs of this target.")] = None,
    plot: Annotated[Path | None, Option(help="Draw the sky positions into this file.")] = None,
    overwrite: OVERWRITE = False,
    **options,
):
    """What a data store or DL3 files have: targets, runs, live time, zenith angles, and which HDUs can be used.

    \b
    tevcurve info $GAMMAPY_DATA/hess-dl3-dr1
    tevcurve info $GAMMAPY_DATA/hess-dl3-dr1 --target Crab
    tevcurve info $GAMMAPY_DATA/hess-dl3-dr1 --plot sky.png
    tevcurve info run_*.fits --irfs irfs.fits
    """
    outputs = Outputs.of(plot=plot, overwrite=overwrite)
    from tevcurve.cli.overview import print_overview

    print_overview(paths, target, outputs.plot, changes_of(options))
