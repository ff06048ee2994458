"""Time bins in the phase of a periodic source."""

from dataclasses import dataclass
from itertools import pairwise

import astropy.units as u
import numpy as np
from astropy.coordinates import EarthLocation, SkyCoord

from tevcurve.bins.binning import Binning
from tevcurve.bins.ephemeris import Ephemeris, barycentric_delay, check_sky
from tevcurve.bins.good_time import good_time
from tevcurve.bins.time_bins import TimeBins, expand_ranges
from tevcurve.bins.time_text import number_word
from tevcurve.bins.width import MAX_BINS
from tevcurve.errors import InputError

# Between points so far apart the delay is straight to 0.3 microseconds.
_NODE_STEP_S = 120.0
_MAX_ITERATIONS = 20


@dataclass(frozen=True)
class ByPhase(Binning):
    """See `by_phase`. ephemeris, n, site: as there. position: `SkyCoord`, or None for times as at the observatory."""

    name = "phase"
    forms = ("phase 10 period=3.906d epoch=2004-03-01T00:00:00",)
    looks_at_events = False
    once_scale = "tdb"

    ephemeris: Ephemeris
    n: int
    position: SkyCoord | None = None
    site: EarthLocation | None = None

    def lay(self, runs):
        """`TimeBins`, one for each phase bin that meets good time, in the order of phase. runs: as for `bins`."""
        good = good_time(runs)
        nodes, since, limits = self._clock(good)
        parts = [
            self._cut(good.start_s[k], good.stop_s[k], nodes[low:high], since[low:high])
            for k, (low, high) in enumerate(pairwise(limits))
        ]
        edges, phase_bin = zip(*parts, strict=True)
        length = [len(each) for each in phase_bin]
        run = np.repeat(good.run, length)
        start, stop = (
            np.concatenate(parts) for parts in ([each[:-1] for each in edges], [each[1:] for each in edges])
        )
        phase_bin = np.concatenate(phase_bin)
        start, stop, run, phase_bin = (array[stop > start] for array in (start, stop, run, phase_bin))
        order = np.argsort(phase_bin, kind="stable")
        start, stop, run, phase_bin = (array[order] for array in (start, stop, run, phase_bin))
        found, bin_ = np.unique(phase_bin, return_inverse=True)
        begin, end = good.instants(start, run), good.instants(stop, run)
        order = np.lexsort((begin.seconds, bin_))
        return TimeBins(
            begin[order],
            end[order],
            bin_[order],
            len(found),
            run=run[order],
            phase_min=found / self.n,
            phase_max=(found + 1) / self.n,
            kind=self._kind(),
        )

    def _kind(self):
        place = "" if self.position is None else ", at the barycentre"
        return f"{self.n} bins of phase, {self.ephemeris.sentence()}{place}"

    def text(self):
        """Its text, such as "phase 10 period=3.906d epoch=53000.0 scale=tt"; the position is the source's own."""
        options = self.ephemeris.words()
        if self.position is not None:
            options["barycentre"] = "yes"
        if self.site is not None:
            lon, lat, height = self.site.to_geodetic()
            # To a micrometre.
            degrees = (number_word(round(float(angle.deg), 12)) for angle in (lon, lat))
            options["site"] = "{}deg,{}deg,{}m".format(*degrees, number_word(round(height.to_value(u.m), 6)))
        return " ".join([self.name, str(self.n), *(f"{name}={word}" for name, word in options.items())])

    @classmethod
    def from_text(cls, given):
        """The binning of "phase N period=|frequency= epoch= [derivatives=A,B] [barycentre=yes] [site=LON,LAT,HEIGHT]".

        given: `GivenText`.
        """
        number = given.number("the number of bins")
        barycentre = given.option("barycentre", "no").lower()
        if barycentre not in ("yes", "no", "true", "false"):
            raise given.wrong(f"barycentre is {barycentre!r}, and may be yes or no")
        there = barycentre in ("yes", "true")
        epoch = given.time("epoch", "tdb" if there else "tt")
        if epoch is None:
            raise given.wrong("epoch= is missing")
        derivatives = given.option("derivatives", "")
        try:
            derivatives = tuple(float(word) for word in derivatives.split(",") if word)
        except ValueError as error:
            raise given.wrong(f"derivatives is {derivatives!r}") from error
        ephemeris = Ephemeris(epoch, given.option("period"), given.option("frequency"), derivatives)
        site = given.option("site")
        if not there or not given.to_use:
            return by_phase(ephemeris, number)
        return by_phase(ephemeris, number, True, given.position, None if site is None else _site(given, site))

    def _cut(self, low, high, nodes, since):
        """Edges (m + 1,) in mission seconds that cut a good time interval, and the phase bins of the parts (m,).

        nodes, since: see `_clock`, in this interval.
        """
        ends = self.ephemeris.cycles(since[[0, -1]]) * self.n
        if np.any(self.ephemeris.frequency_at(since[[0, -1]]) <= 0):
            raise InputError(f"The frequency of {self.ephemeris} is not above 0 at all times of the runs.")
        if ends[1] - ends[0] > MAX_BINS:
            raise InputError(
                f"A good time interval has {ends[1] - ends[0]:.3g} phase bins in it; at most {MAX_BINS:.0e} are made."
            )
        steps = np.arange(np.floor(ends[0]) + 1, np.ceil(ends[1]))
        crossing = np.interp(self._seconds_at(steps / self.n, since[[0, -1]]), since, nodes)
        edges = np.concatenate([[low], np.clip(crossing, low, high), [high]])
        return edges, (np.floor(ends[0]) + np.arange(len(steps) + 1)).astype(int) % self.n

    def _clock(self, good):
        """Times in mission seconds (m,) in all good time intervals, and the seconds since the epoch there (m,).

        As the ephemeris counts them. Third the limits (n + 1,) of each interval's part of the arrays.
        """
        length = good.stop_s - good.start_s
        straight = self.position is None
        number = np.full(len(length), 2) if straight else np.ceil(length / _NODE_STEP_S).astype(int) + 1
        owner, k = expand_ranges(np.zeros(len(number), dtype=int), number)
        nodes = good.start_s[owner] + length[owner] * (k / (number[owner] - 1))
        since, clock = np.empty(len(nodes)), good.clock[good.run][owner]
        for which, reference in enumerate(good.references):
            mine = clock == which
            time = reference.to_time(nodes[mine])
            if self.position is None:
                since[mine] = (time.tt - self.ephemeris.epoch.tt).sec
            else:
                since[mine] = (time.tdb - self.ephemeris.epoch.tdb).sec + self._delay(time, reference.place)
        return nodes, since, np.append(0, np.cumsum(number))

    def _delay(self, time, place):
        """How much later the light is at the barycentre than where its time was told, s: nothing where it was there."""
        if place == "solarsystem":
            return 0.0
        if place == "heliocentric":
            raise InputError(
                "The times of the runs are told at the Sun (TIMEREF); wanted for phases at the barycentre are times "
                "at the observatory, or at the barycentre."
            )
        return barycentric_delay(time, self.position, self.site if place == "local" else None)

    def _seconds_at(self, cycles, between):
        """Seconds since the epoch at which the ephemeris has turned by `cycles` (m,), by Newton's method."""
        ends = self.ephemeris.cycles(between)
        seconds = between[0] + (cycles - ends[0]) / np.diff(ends) * np.diff(between)
        for _ in range(_MAX_ITERATIONS):
            step = (cycles - self.ephemeris.cycles(seconds)) / self.ephemeris.frequency_at(seconds)
            seconds = seconds + step
            if not np.any(np.abs(step) > 1e-9 * (1 + np.abs(seconds))):
                break
        return seconds


def by_phase(ephemeris, n, barycentre=False, position=None, site=None):
    """A binning into n bins of phase: each is the union of the parts of good time with its phase.

    The bins carry `phase_min` and `phase_max`. Phase bins without good time are not made.

    Parameters
    ----------
    ephemeris : `Ephemeris`
    n : int, 1 or more
    barycentre : bool, whether the ephemeris is for times at the barycentre of the solar system; else times are as the
        files have them. Those that the files have at the barycentre (TIMEREF) stay as they are
    position : `SkyCoord` of the source, wanted for the barycentre
    site : `EarthLocation` of the observatory for the barycentre, else the centre of the Earth is taken, and times are
        off by up to 0.021 s

    Raises InputError where an argument cannot be used.
    """
    if not isinstance(ephemeris, Ephemeris):
        raise InputError(f"The ephemeris is {ephemeris!r}; wanted is an Ephemeris.")
    if int(n) != n or n < 1:
        raise InputError(f"by_phase has n = {n!r}; wanted is a whole number of bins, 1 or more.")
    if not barycentre:
        if position is not None or site is not None:
            raise InputError("A position or a site is for barycentre=True only; leave it out, or set that.")
        return ByPhase(ephemeris, int(n))
    check_sky(position, site)
    return ByPhase(ephemeris, int(n), position, site)


def _site(given, text):
    """The `EarthLocation` of a text such as "16.5deg,-23.3deg,1800m"."""
    try:
        lon, lat, height = (u.Quantity(part) for part in text.split(","))
        return EarthLocation.from_geodetic(lon, lat, height)
    except (TypeError, ValueError, u.UnitsError) as error:
        raise given.wrong(f"site is {text!r}, and may be such as 16.5deg,-23.3deg,1800m") from error
