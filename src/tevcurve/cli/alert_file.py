"""The file of alerts of a process that watches: a line each, none twice, and each handed to a command of the user."""

import json
import logging
import subprocess
from math import isclose

from tevcurve.atomic import write_file
from tevcurve.cli.console import note
from tevcurve.errors import DataError, InputError
from tevcurve.live.alerts import line_of
from tevcurve.store.small_files import as_json

log = logging.getLogger(__name__)

# A command that takes longer would hold up the alerts after it.
LONGEST_S = 60.0
# Settings that differ by less are the same, computed elsewhere.
_SAME = 1e-9


class AlertFile:
    """Records of alerts on disk, whole at any moment; what was handed on is known after a restart, too, and so is with
    which settings they were found: both are in files beside it.

    A command that is killed before its end, or whose process is, is run once more: receivers tell by the id.

    Parameters
    ----------
    path : Path of the file, which need not be there
    command : str, what a shell runs for each new line, which it has on its standard input; None for nothing

    Raises `DataError` where what is there are no lines of alerts.
    """

    def __init__(self, path, command=None):
        self.path, self.command = path, command
        self._content = path.read_bytes() if path.exists() else b""
        self.records = _records(path, self._content)
        self._handed_path = path.with_name(f"{path.name}.handed")
        self._settings_path = path.with_name(f"{path.name}.settings")
        if command is not None and not self._handed_path.exists():
            # What was there before any command was asked for is not news.
            self._write_handed(len(self.records))

    def check(self, settings):
        """None; alerts that are there were found with these settings, and those that will come are.

        settings: dict of plain values, as `tevcurve.live.alerts.told_with` gives it.

        Raises `InputError` where alerts are there that were found with others.
        """
        before = _settings(self._settings_path)
        if self.records and not before:
            # They are older than files of settings.
            before = {"source": self.records[-1].get("event_name", "")}
        others = [name for name in settings if name in before and not _is_same(before[name], settings[name])]
        if others and self.records:
            told = ", ".join(
                f"{name} {_word(before[name])}, and now {_word(settings[name])}" for name in others
            )
            raise InputError(
                f"The alerts in {self.path} were found with other settings ({told}); wanted are the same, or another "
                "file for --alerts."
            )
        if others or set(before) != set(settings):
            write_file(self._settings_path, as_json(settings).encode())

    def add(self, new):
        """None; new records are on disk, and then handed on with those that a kill has held up.

        new: list of dicts.
        """
        if new:
            content = self._content + "".join(f"{line_of(one)}\n" for one in new).encode()
            write_file(self.path, content)
            self._content, self.records = content, [*self.records, *new]
        if self.command is None:
            return
        for number in range(self._handed(), len(self.records)):
            self._hand_on(self.records[number])
            self._write_handed(number + 1)

    def _hand_on(self, record):
        line = f"{line_of(record)}\n".encode()
        try:
            ended = subprocess.run(self.command, shell=True, input=line, timeout=LONGEST_S, check=False)
        except subprocess.TimeoutExpired:
            note(
                f"The command for the alert {record['id']} has not ended in {LONGEST_S:.0f} s; it was ended."
            )
            return
        if ended.returncode:
            note(f"The command for the alert {record['id']} has ended with the exit code {ended.returncode}.")

    def _handed(self):
        try:
            return int(self._handed_path.read_text())
        except (OSError, ValueError):
            return len(self.records)

    def _write_handed(self, number):
        write_file(self._handed_path, f"{number}\n".encode())


def _settings(path):
    """The settings of a file, a dict, empty where there is none."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DataError(f"The file {path} has no settings of alerts: {error}.") from error
    if not isinstance(found, dict):
        raise DataError(f"The file {path} has no settings of alerts: it is {type(found).__name__}.")
    return found


def _is_same(one, other):
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return isinstance(one, int | float) and isclose(one, other, rel_tol=_SAME)


def _word(value):
    return f"{value:.6g}" if isinstance(value, float) else f"{value}"


def _records(path, content):
    """The records of the lines of a file, list of dicts."""
    try:
        records = [json.loads(line) for line in content.decode().splitlines()]
    except ValueError as error:
        raise DataError(f"The file {path} has no lines of alerts: {error}.") from error
    if not all(isinstance(one, dict) and {"id", "alert_type"} <= set(one) for one in records):
        raise DataError(f"The file {path} has no lines of alerts, which have an id and an alert_type.")
    return records
