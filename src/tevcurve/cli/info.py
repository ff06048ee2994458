"""`tevcurve info`: what a data store has."""

from pathlib import Path
from typing import Annotated

import typer

from tevcurve.cli.outputs import Outputs


def info(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Folder of a data store or of DL3 files, an index file, or DL3 files with a run each.",
            metavar="PATH...",
        ),
    ],
    target: Annotated[str | None, typer.Option(help="List the runs of this target.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the sky positions into this file.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a figure that is there.")] = False,
):
    """What a data store has: targets, runs, live time, zenith angles.

    \b
    tevcurve info $GAMMAPY_DATA/hess-dl3-dr1
    tevcurve info $GAMMAPY_DATA/hess-dl3-dr1 --target Crab
    tevcurve info $GAMMAPY_DATA/hess-dl3-dr1 --plot sky.png
    """
    outputs = Outputs.of(plot=plot, overwrite=overwrite)
    from tevcurve.cli.overview import print_overview

    print_overview(paths, target, outputs.plot)
