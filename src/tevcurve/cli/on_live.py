"""What the commands on changes as they come do."""

from tevcurve.atomic import replace_file
from tevcurve.cli.console import note, plain
from tevcurve.cli.figures import write_panels
from tevcurve.cli.one_source import result_of
from tevcurve.errors import InputError
from tevcurve.live.alerts import line_of
from tevcurve.live.baseline import Baseline
from tevcurve.live.replay import replay
from tevcurve.progress import working


def replay_result(path, baseline, options, outputs, accept_changed, source=None):
    """None; `tevcurve replay` of a result.

    Parameters
    ----------
    path : Path of the result
    baseline : (text of the quiet flux or None, Path of a result with it or None)
    options : dict of further keywords of `tevcurve.live.replay.replay`
    outputs : `Outputs`
    accept_changed : bool
    source : str, of a catalogue, or None
    """
    given, folder = baseline
    if (given is None) == (folder is None):
        raise InputError(
            "How often there are false alarms depends on the flux of the quiet source; wanted is either "
            '--baseline-flux, such as "4e-12 cm-2 s-1" ("0 cm-2 s-1" where there is no source), or --baseline-from '
            "with a result of a quiet time."
        )
    light_curve = result_of(path, source, accept_changed).light_curve
    if folder is not None:
        quiet = result_of(folder, None, accept_changed).light_curve
        given = Baseline.of(quiet, light_curve, options["band"])
        note(f"The constant flux of {folder} is {given}; its error is added to that of --baseline-error.")
    with working("Following the events"):
        found = replay(light_curve, given, **options)
    if outputs.plot is not None:
        write_panels(outputs.plot, found.plot, about=str(found))
    if outputs.alerts is not None:
        replace_file(outputs.alerts, "".join(f"{line_of(one)}\n" for one in found.alerts).encode())
    print(plain(found))
    outputs.tell()
