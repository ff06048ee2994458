"""Thresholds of alarms that were found before, so that a process that ends and begins again need not find them anew."""

import json
import logging
from collections.abc import MutableMapping
from math import isfinite

from tevcurve.atomic import write_file
from tevcurve.errors import StoreError
from tevcurve.store.small_files import as_json

log = logging.getLogger(__name__)

# Of a night that goes on there is one for each instrument, and more while its first run grows.
MOST = 64


class ThresholdFile(MutableMapping):
    """Thresholds by what they depend on, a text; what cannot be read is not there, and is found again.

    path: Path of the file, which need not be there.
    """

    def __init__(self, path):
        self._path, self._found = path, _read(path)

    def __getitem__(self, key):
        return self._found[key]

    def __setitem__(self, key, value):
        self._found.pop(key, None)
        kept = list(self._found.items())[1 - MOST :]
        self._write(dict([*kept, (key, float(value))]))

    def __delitem__(self, key):
        self._write({name: value for name, value in self._found.items() if name != key})

    def __iter__(self):
        return iter(self._found)

    def __len__(self):
        return len(self._found)

    def _write(self, found):
        self._found = found
        try:
            write_file(self._path, as_json(found).encode())
        except StoreError as error:
            log.warning("Thresholds are found anew the next time: %s", error)


def _read(path):
    """Dict of the thresholds in a file; empty where there are none."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    items = found.items() if isinstance(found, dict) else ()
    return {key: value for key, value in items if isinstance(value, float) and isfinite(value)}
