"""What `tevcurve watch` does."""

import signal
import threading
from contextlib import contextmanager
from time import sleep

import astropy.units as u

from tevcurve.cli.alert_file import AlertFile
from tevcurve.cli.console import plain
from tevcurve.cli.one_source import result_of
from tevcurve.cli.watching import Watch
from tevcurve.config.changes import with_changes
from tevcurve.config.model import Config
from tevcurve.errors import InputError
from tevcurve.live.replay import settings_of
from tevcurve.run_options import OF_CHOICE
from tevcurve.store.one_writer import only_writer

# Exit codes of --once.
NOTHING_STANDS, ALARM_STANDS = 0, 3
# What the result of a quiet time does not say of another one.
_OWN = ("data", "data_root", "irfs", "runs", "target", "position", "positions", "instruments", "reference")
_OWN += ("cross_calibration", "time_bins", "version", *OF_CHOICE)


def watch_folders(folders, changes, detector, outputs, poll_s, once, on_alert=None):
    """Exit code of `tevcurve watch`: with `once` whether an alarm stands, else 0 when it is told to end.

    Parameters
    ----------
    folders : list of Path, of the data; empty where each of the instruments has its own
    changes : dict of keys of the configuration
    detector : dict of keywords of `tevcurve.live.replay.replay`, and `baseline_from`, Path of a result or None
    outputs : `Outputs`
    poll_s : float, s between two looks
    once : bool, whether to look twice and end
    on_alert : str, a command, or None
    """
    given, place = detector["baseline_flux"], detector["baseline_from"]
    # What cannot be is said before the night begins.
    settings_of(
        given or "0 cm-2 s-1",
        *(detector[name] for name in ("baseline_error", "background_error", "alarms_per")),
    )
    quiet = None if place is None else result_of(place, None)
    values = {} if quiet is None else quiet.config or {}
    values = {name: value for name, value in values.items() if name not in _OWN}
    data = [str(folder) for folder in folders]
    values |= {"cache": None} | ({"data": data[0] if len(data) == 1 else data} if data else {})
    config = Config(**with_changes(values, changes))
    detector = detector | {"baseline_from": None if quiet is None else quiet.light_curve}
    # Two that go on writing one result, or one file of alerts, would each leave out what the other one has written.
    with only_writer(outputs.output), only_writer(outputs.alerts):
        watch = Watch(config, detector, AlertFile(outputs.alerts, on_alert), outputs)
        if once:
            watch.look()
            if watch.is_waiting:
                sleep(poll_s)
            watch.look(is_last=True)
            watch.show(at_once=True)
        else:
            with stopped_by_signals() as stop:
                stay(watch, poll_s, stop)
        print(plain(summary(watch, outputs, once)))
        return ALARM_STANDS if once and watch.standing else NOTHING_STANDS


def stay(watch, poll_s, stop):
    """None; looks until it is told to end.

    Parameters
    ----------
    watch : `Watch`
    poll_s : float, s between two looks
    stop : `threading.Event`, set when it shall end
    """
    while not stop.is_set():
        watch.look()
        watch.show()
        stop.wait(poll_s)
    watch.show(at_once=True)


@contextmanager
def stopped_by_signals():
    """A context that gives a `threading.Event` which INT and TERM set, so that what is begun is ended; the second one
    ends it at once.
    """
    stop, before = threading.Event(), {}

    def end(number, frame):
        stop.set()
        for each, handler in before.items():
            signal.signal(each, handler)

    if threading.current_thread() is threading.main_thread():
        before = {each: signal.signal(each, end) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def summary(watch, outputs, once):
    """A sentence on what is there at the end, str.

    Parameters
    ----------
    watch : `Watch`
    outputs : `Outputs`
    once : bool, whether it ends by itself
    """
    begin = "" if once else "Stopped. "
    if watch.result is None:
        return f"{begin}No run of the target has come, so that there is no result yet."
    n_runs, stands = len(watch.result.light_curve.origin.runs), watch.standing
    which = f" ({', '.join(one['id'] for one in stands)})" if stands else ""
    count = (
        f"{len(stands) or 'No'} alarm{'' if len(stands) == 1 else 's'} stand{'s' if len(stands) == 1 else ''}"
    )
    return (
        f"{begin}{count}{which}. Result of {n_runs} part{'' if n_runs == 1 else 's'} of runs in {outputs.output}, "
        f"alerts in {outputs.alerts}."
    )


def seconds_of(text):
    """Seconds of a text such as "1 s", float above 0. text: str; raises `InputError` for another."""
    try:
        seconds = float(u.Quantity(text).to_value("s"))
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 < seconds < 86400:
        raise InputError(f'--poll is {text!r}; wanted is a time above 0 and up to a day, such as "1 s".')
    return seconds
