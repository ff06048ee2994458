"""The command `tevcurve replay`."""

from pathlib import Path
from typing import Annotated

from tevcurve.cli.outputs import Outputs
from tevcurve.cli.parameters import Option, OptionOfFile
from tevcurve.cli.results import ACCEPT_CHANGED, BAND, OVERWRITE, RESULT, SOURCE

BASELINE_FLUX = Annotated[
    str | None,
    Option(
        help='Flux of the source while it is quiet, in the energy band: "4e-12 cm-2 s-1"; "0 cm-2 s-1" for none.',
        show_default=False,
    ),
]
BASELINE_FROM = Annotated[
    Path | None,
    OptionOfFile(
        help="Folder of a result whose constant flux is that, in the same energy band; its error is added.",
        metavar="RESULT",
        show_default=False,
        takes=("result",),
    ),
]
BASELINE_ERROR = Annotated[float, Option(help="How far the quiet flux may be from that, over itself.")]
BACKGROUND_ERROR = Annotated[
    float, Option(help="How far the background of a run may be from what is expected, over itself.")
]
ALARMS_PER = Annotated[str, Option(help="Good time in which one alarm is wanted while nothing changes.")]
_ALERTS = "File of the alerts, a line of JSON each, .jsonl."
ALERTS = Annotated[Path | None, Option(help=_ALERTS, show_default=False)]


def replay(
    result: RESULT,
    baseline_flux: BASELINE_FLUX = None,
    baseline_from: BASELINE_FROM = None,
    baseline_error: BASELINE_ERROR = 0.2,
    background_error: BACKGROUND_ERROR = 0.1,
    alarms_per: ALARMS_PER = "1000 h",
    band: BAND = None,
    plot: Annotated[
        Path | None, Option(help="File of the figure, such as replay.png.", show_default=False)
    ] = None,
    alerts: Annotated[
        Path | None,
        Option("--output", "-o", "--alerts", help=_ALERTS, show_default=False),
    ] = None,
    overwrite: OVERWRITE = False,
    source: SOURCE = None,
    accept_changed: ACCEPT_CHANGED = False,
):
    """Would there have been an alarm? The detector of changes over the events of a result, in their order.

    How often it alarms while nothing changes is a matter of the quiet flux, which it has to be told.

    \b
    tevcurve replay crab --baseline-flux "2e-11 cm-2 s-1"
    tevcurve replay night --baseline-from quiet-runs -o alerts.jsonl --plot replay.png
    tevcurve replay night --baseline-flux "3e-12 cm-2 s-1" --baseline-error 0.1 --alarms-per "100 h"
    """
    outputs = Outputs.of(plot=plot, overwrite=overwrite, alerts=alerts)
    from tevcurve.cli.on_live import replay_result

    options = {
        "baseline_error": baseline_error,
        "background_error": background_error,
        "alarms_per": alarms_per,
        "band": band,
    }
    replay_result(result, (baseline_flux, baseline_from), options, outputs, accept_changed, source)
