"""The command `tevcurve timing`."""

from pathlib import Path
from typing import Annotated

import typer

from tevcurve.cli.outputs import Outputs
from tevcurve.cli.results import ACCEPT_CHANGED, BAND, INSTRUMENT, OVERWRITE, RESULT_OR_FILE, SOURCE


def timing(
    result: RESULT_OR_FILE,
    model: Annotated[
        str, typer.Option(help='Model of the power spectrum: "power law" or "bending".')
    ] = "power law",
    band: BAND = None,
    instrument: INSTRUMENT = None,
    plot: Annotated[
        Path | None, typer.Option(help="File of the figure, such as timing.png.", show_default=False)
    ] = None,
    overwrite: OVERWRITE = False,
    source: SOURCE = None,
    accept_changed: ACCEPT_CHANGED = False,
):
    """The time domain: the power spectrum of the flux, with what is not known of it, and a figure.

    \b
    tevcurve timing crab
    tevcurve timing crab --model bending --plot crab-timing.png
    tevcurve timing crab/light_curve.ecsv --band 1
    """
    outputs = Outputs.of(plot=plot, overwrite=overwrite)
    from tevcurve.cli.on_results import print_timing

    print_timing(result, model, band, instrument, outputs, accept_changed, source)
