"""`tevcurve demo`: a simulated night with a flare, its light curve and its truth."""

from pathlib import Path
from typing import Annotated

from tevcurve.cli.outputs import Outputs
from tevcurve.cli.parameters import Option
from tevcurve.cli.results import OVERWRITE

FIGURE = Path("demo_light_curve.png")
FOLDER = Option(help="Where to keep the data store; default: in the user's cache.", show_default=False)
CUT = Option(
    help="Files with point-like responses, for a cut in angle: fixed, or table for one of each energy (RAD_MAX).",
    metavar="TEXT",
    show_default=False,
)


def demo(
    folder: Annotated[Path | None, FOLDER] = None,
    plot: Annotated[Path, Option(help="File to draw the light curve into.")] = FIGURE,
    cut: Annotated[str | None, CUT] = None,
    overwrite: OVERWRITE = False,
):
    """A simulated night with a flare: print its light curve beside the truth, and draw both.

    The data store that it makes at the first call is there to try the other commands on.

    \b
    tevcurve demo
    tevcurve demo --folder night --plot night.pdf
    tevcurve info night
    tevcurve light-curve night --time-bins 2min --energy 0.5TeV,10TeV
    tevcurve demo --cut table
    """
    # Its own figure it may replace.
    Outputs.of(plot=plot, overwrite=overwrite or plot == FIGURE)
    from tevcurve.cli.demo_night import print_demo

    print_demo(folder, plot, cut)
