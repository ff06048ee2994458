"""`tevcurve demo`: a simulated night with a flare, its light curve and its truth."""

from pathlib import Path
from typing import Annotated

import typer

FOLDER = typer.Option(help="Where to keep the data store; default: in the user's cache.", show_default=False)
FIGURE = typer.Option("--plot", help="File to draw the light curve into.")


def demo(
    folder: Annotated[Path | None, FOLDER] = None,
    plot: Annotated[Path, FIGURE] = Path("demo_light_curve.png"),
):
    """A simulated night with a flare: print its light curve beside the truth, and draw both.

    The data store that it makes at the first call is there to try the other commands on.

    \b
    tevcurve demo
    tevcurve demo --folder night --plot night.pdf
    tevcurve info night
    tevcurve light-curve night --time-bins 2min --energy 0.5TeV,10TeV
    """
    import tevcurve.demo as night

    arguments = ["--figure", str(plot)]
    night.main(arguments + ([] if folder is None else ["--folder", str(folder)]))
