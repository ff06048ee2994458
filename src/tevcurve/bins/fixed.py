"""Time bins that do not look at the events: one for each run, or for each night."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np
from astropy.coordinates import Longitude

from tevcurve.bins.binning import Binning
from tevcurve.bins.good_time import good_time
from tevcurve.bins.time_bins import TimeBins
from tevcurve.bins.time_text import duration_s, number_word, seconds_word
from tevcurve.errors import InputError
from tevcurve.run_id import parts_together, words_of


@dataclass(frozen=True)
class ByRun(Binning):
    """See `by_run`."""

    name = "run"
    forms = ("run",)
    looks_at_events = False

    def lay(self, runs):
        """`TimeBins`, one for each run that has good time, in the order of time. runs: as for `bins`.

        Parts of one run, which have one `RunId`, are intervals of one bin.
        """
        good = good_time(runs)
        numbers, first, last = good.spans()
        bin_, first_of = np.arange(len(numbers)), np.arange(len(numbers))
        start, stop = good.instants(first, numbers), good.instants(last, numbers)
        together = parts_together([good.run_ids[number] for number in numbers])
        if together is not None:
            # Intervals of a bin stand together, in the order of time.
            _, bin_ = np.unique(together, return_inverse=True)
            order = np.lexsort((start.rest, start.seconds, bin_))
            bin_, numbers, start, stop = bin_[order], numbers[order], start[order], stop[order]
            first_of = np.searchsorted(bin_, np.arange(bin_[-1] + 1))
        names = words_of(good.run_ids)
        labels = tuple(names[number] for number in numbers[first_of].tolist())
        made = TimeBins(start, stop, bin_, len(first_of), numbers, labels=labels, kind="by run")
        return made.in_order_of_time()

    def text(self):
        """Its text: "run"."""
        return self.name

    @classmethod
    def from_text(cls, given):
        """The binning of "run". given: `GivenText`."""
        return by_run()


# Without good time for longer than this, another night begins.
GAP_S = 6 * 3600.0


@dataclass(frozen=True)
class ByNight(Binning):
    """See `by_night`. lon_rad: longitude to the east in radian, or None; gap_s: in s, None where nothing was said."""

    name = "night"
    forms = ("night", "night 16.5deg", "night gap=6h")
    looks_at_events = False

    lon_rad: float | None
    gap_s: float | None

    def lay(self, runs):
        """`TimeBins`, one for each night with good time, in the order of time. runs: as for `bins`."""
        good = good_time(runs)
        start, stop = good.start, good.stop
        order = np.argsort(start.seconds, kind="stable")
        reach = np.maximum.accumulate(stop.seconds[order])
        if self.lon_rad is None:
            new = start.seconds[order][1:] - reach[:-1] > (GAP_S if self.gap_s is None else self.gap_s)
        else:
            # A minute between TT and UT does not matter at noon.
            days = start.time[order].tt.mjd + self.lon_rad / (2 * np.pi)
            new = np.diff(np.floor(days - 0.5)) > 0
        first = np.append(0, np.flatnonzero(new) + 1)
        last = np.array([part[np.argmax(stop.seconds[part])] for part in np.split(order, first[1:])])
        return TimeBins.in_order(start[order[first]], stop[last], kind="by night")

    def at_longitude(self, lon_rad):
        """The same with noons of a longitude, where neither a site nor a gap was said. lon_rad: radian, or None."""
        is_said = self.lon_rad is not None or self.gap_s is not None
        return self if is_said or lon_rad is None else ByNight(float(lon_rad), 0.0)

    def text(self):
        """Its text, such as "night gap=10800s"."""
        if self.lon_rad is None:
            return self.name if self.gap_s is None else f"{self.name} gap={seconds_word(self.gap_s)}"
        return f"{self.name} {number_word(self.lon_rad)}rad"

    @classmethod
    def from_text(cls, given):
        """The binning of "night", "night LONGITUDE" or "night gap=DURATION". given: `GivenText`."""
        site = given.quantities()
        if len(site) > 1:
            raise given.wrong("there is more than one longitude")
        return by_night(site[0] if site else None, given.option("gap"))


def by_run():
    """A binning with one bin for each run, from the start of its first good time to the stop of its last.

    A bin has the events of its run only, also where another run overlaps it in time. Parts of a run, files with the
    same instrument and OBS_ID, are one run.
    """
    return ByRun()


def by_night(site=None, gap=None):
    """A binning with one bin for each night, from its first to its last good time.

    Parameters
    ----------
    site : `EarthLocation` or longitude (Quantity or string, to the east); a night goes from local mean noon to noon
    gap : Quantity or string; without a site, a new night starts after more than this without good time. Where neither
        is given it is 6 h, and of several instruments together nights go from noon to noon at the reference

    Raises InputError where both are given, or one cannot be used.
    """
    if site is None:
        return ByNight(None, None if gap is None else duration_s(gap, "gap"))
    if gap is not None:
        raise InputError("by_night takes a site or a gap; wanted is one of them.")
    try:
        lon = Longitude(getattr(site, "lon", site), wrap_angle=180 * u.deg)
    except (TypeError, ValueError, u.UnitsError) as error:
        raise InputError(
            f"The site is {site!r}; wanted is an EarthLocation or a longitude such as '16.5 deg'."
        ) from error
    return ByNight(float(lon.rad), 0.0)
