"""Commands that look at a light curve: `tevcurve show` and `tevcurve plot`."""

from pathlib import Path
from typing import Annotated

from tevcurve.cli.job_options import options_of
from tevcurve.cli.named_file import file_of
from tevcurve.cli.outputs import Outputs
from tevcurve.cli.parameters import Argument, Option
from tevcurve.cli.results import ACCEPT_CHANGED, BAND, INSTRUMENT, OVERWRITE, RESULT_OR_FILE, SOURCE
from tevcurve.plot_options import PANEL_OPTIONS, PLOT_OPTIONS
from tevcurve.run_id import safe_name


def show(
    result: RESULT_OR_FILE,
    columns: Annotated[
        str | None,
        Option(
            help="Columns in place of those that are looked at first, as time_min,time_max,flux; all: all of them.",
            metavar="NAMES",
            show_default=False,
        ),
    ] = None,
    band: BAND = None,
    instrument: INSTRUMENT = None,
    source: SOURCE = None,
    accept_changed: ACCEPT_CHANGED = False,
):
    """Print a light curve again: what it is, all of its rows, and on the standard error what failed.

    \b
    tevcurve show crab
    tevcurve show crab --band 1 | grep upper
    tevcurve show crab --columns time_min,time_max,flux,flux_errn,flux_errp
    tevcurve show crab/light_curve.ecsv --columns all | less -S
    """
    from tevcurve.cli.on_looking import show_light_curve

    show_light_curve(result, columns, (source, instrument, band), accept_changed)


@options_of((*PLOT_OPTIONS, *PANEL_OPTIONS))
def plot(
    results: Annotated[
        list[Path],
        Argument(
            help="Folder of a result, or a file with a light curve. Of several, those of other telescopes too, each "
            "has a panel with its own unit on one time axis; of any table the columns are named behind it.",
            metavar="RESULT",
            takes=("file", "result", "catalogue"),
        ),
    ],
    output: Annotated[
        Path | None,
        Option(
            "--output", "-o", help="The figure, .png, .pdf or .svg; default: RESULT.png.", show_default=False
        ),
    ] = None,
    band: BAND = None,
    instrument: INSTRUMENT = None,
    overwrite: OVERWRITE = False,
    source: SOURCE = None,
    accept_changed: ACCEPT_CHANGED = False,
    **options,
):
    """Draw a light curve: points with their errors and time spans, limits as arrows.

    \b
    tevcurve plot crab
    tevcurve plot crab -o crab.pdf --time-format utc --log
    tevcurve plot crab --panels --below index --gaps keep
    tevcurve plot crab --quantity eflux --band 1 --ts-threshold 9
    tevcurve plot mrk421 4FGL_J1104.4+3812_weekly.csv xrt.qdp aavso.csv -o all.png
    tevcurve plot mrk421 "radio.txt:time=MJD,radio=S,radio_err=dS,radio_unit=Jy,time_scale=utc" -o both.png
    """
    if output is None:
        place = file_of(results[0])
        place = place if place.name not in ("", "..") else place.absolute()
        name = (place.stem if place.is_file() else place.name) + (f"-{safe_name(source)}" if source else "")
        output = place.with_name(f"{name}.png")
    outputs = Outputs.of(plot=output, overwrite=overwrite)
    from tevcurve.cli.on_looking import draw

    draw(results, outputs, options, (source, instrument, band), accept_changed)
