"""The command `tevcurve watch`."""

from pathlib import Path
from typing import Annotated

from tevcurve.cli.job_options import changes_of, job_options
from tevcurve.cli.outputs import Outputs
from tevcurve.cli.parameters import Argument, Option
from tevcurve.cli.replay import (
    ALARMS_PER,
    ALERTS,
    BACKGROUND_ERROR,
    BASELINE_ERROR,
    BASELINE_FLUX,
    BASELINE_FROM,
)
from tevcurve.cli.results import BAND
from tevcurve.errors import InputError

# Where data and results are is said otherwise, and a run that comes is reduced at once.
NO_USE = ("data", "positions", "runs", "output", "overwrite", "scheduler", "n_jobs", "strict", "cache")


# --background-error is the detector's; that of rows is a systematic error of the background by row.
@job_options(without=(*NO_USE, "background_error"))
def watch(
    folders: Annotated[
        list[Path] | None,
        Argument(
            help="Folder into which files with a run, or a part of one, each come; several for several telescopes; "
            "none where each of --instruments has its own.",
            metavar="FOLDER...",
            takes=("data",),
        ),
    ] = None,
    output: Annotated[
        Path | None,
        Option(
            "--output",
            "-o",
            help="Folder of the result; what is there is gone on with.",
            metavar="DIR",
            show_default=False,
        ),
    ] = None,
    baseline_flux: BASELINE_FLUX = None,
    baseline_from: BASELINE_FROM = None,
    baseline_error: BASELINE_ERROR = 0.2,
    background_error: BACKGROUND_ERROR = 0.1,
    alarms_per: ALARMS_PER = "1000 h",
    band: BAND = None,
    poll: Annotated[str, Option(help="Time between two looks at the folder.")] = "1 s",
    once: Annotated[
        bool,
        Option("--once", help="Take what is there and end: exit code 3 where an alarm stands, else 0."),
    ] = False,
    alerts: ALERTS = None,
    on_alert: Annotated[
        str | None,
        Option(
            help="Command that is run for each new line of the alerts, which it has on its standard input.",
            metavar="COMMAND",
            show_default=False,
        ),
    ] = None,
    **options,
):
    """Follow a night as it comes: runs of folders into a result, and alarms on changes of the flux.

    Files are taken when they are whole, those that grow up to their last event. What is said of the light curve is for
    a new result; with --baseline-from it is by default as in that result. Alerts are in DIR.alerts.jsonl.

    \b
    tevcurve watch tonight --target "PKS 2155-304" -o pks --baseline-flux "4e-12 cm-2 s-1"
    tevcurve watch tonight --target Crab -o crab --baseline-from quiet --report crab.html --on-alert "mail me"
    tevcurve watch tonight --target Crab -o crab --baseline-from quiet --once
    tevcurve watch --instruments "{hess: {data: tonight/hess}, magic: {data: tonight/magic}}" --target Crab ...
    """
    if output is None or (options["target"] is None and options["position"] is None):
        raise InputError("Wanted are --target (or --position) and --output, the folder of the result.")
    if (baseline_flux is None) == (baseline_from is None):
        raise InputError(
            "Wanted is either --baseline-flux or --baseline-from, which says how bright the quiet source is."
        )
    places = {"plot": options.pop("plot"), "report": options.pop("report")}
    changes = changes_of(options)
    given = {key.partition(".")[0] for key in changes}
    if vain := sorted(given.intersection((*NO_USE, *places))):
        raise InputError(
            f"--set has {vain[0]}, for which `tevcurve watch` has no use; wanted is what `tevcurve watch --help` lists."
        )
    if not folders and "instruments" not in given:
        raise InputError("There is no FOLDER; wanted is one of data, or --instruments, each with its own.")
    alerts = (
        output.absolute().with_name(f"{output.absolute().name}.alerts.jsonl") if alerts is None else alerts
    )
    outputs = Outputs.of(output, **places, alerts=alerts, overwrite=True)
    from tevcurve.cli.on_watch import seconds_of, watch_folders

    detector = {
        "baseline_flux": baseline_flux,
        "baseline_from": baseline_from,
        "baseline_error": baseline_error,
        "background_error": background_error,
        "alarms_per": alarms_per,
        "band": band,
    }
    changes = {"target": changes.get("position")} | changes
    folders = [folder.expanduser() for folder in folders or ()]
    return watch_folders(folders, changes, detector, outputs, seconds_of(poll), once, on_alert)
