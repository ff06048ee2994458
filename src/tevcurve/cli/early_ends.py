"""Files whose events end before their good time does, by no chance: those that still grow, and those that stay so."""

from contextlib import suppress
from time import time

from tevcurve.data.event_rates import seconds_after_last
from tevcurve.errors import DataError
from tevcurve.leap_seconds import as_utc

# A file to which nothing was written for so long, and whose good time is over, is as it will stay.
SETTLED_S = 600.0


class EarlyEnds:
    """Tells which of the files whose events end early may still grow; the others are as any other tool sees them."""

    def __init__(self):
        self._until = {}

    def seconds_to_come(self, observation):
        """Good time after the last event that chance does not leave, s, of a file that may still grow; else 0.

        observation: the `Observation`.
        """
        path = next(each.path for each in observation.addresses if each.hdu_type == "events")
        self._until.pop(path, None)
        with suppress(DataError, OSError):
            gti = observation.gti
            seconds = seconds_after_last(observation.events.time_s, gti)
            end = float(as_utc(gti.reference.to_time(gti.intervals[-1, 1])).unix) if seconds else 0.0
            until = max(path.stat().st_mtime + SETTLED_S, end)
            if seconds and until > time():
                self._until[path] = until
                return seconds
        return 0.0

    def settled(self):
        """List of the paths of files that were told of, and have not grown until now; each is told once."""
        now = time()
        found = [path for path, until in self._until.items() if until <= now and path.exists()]
        for path in found:
            del self._until[path]
        return found
