"""One observation: events, good time, responses and pointing of a run, or of a part of it."""

from dataclasses import replace
from functools import cached_property
from html import escape
from math import nan, radians
from operator import attrgetter

import astropy.units as u

from tevcurve.data.filters import ObservationFilter, time_pair
from tevcurve.errors import DataError, InputError
from tevcurve.irf.layout import RESPONSE_TYPES
from tevcurve.irf.roles import BackgroundRate, DirectionalCut, EffectiveArea, EnergyDispersion, PointSpread
from tevcurve.problems import at_stage

# How far the radius of an ON region may be off a cut in angle, relative.
SAME_RADIUS = 1e-3


def _of_run(name, doc):
    return property(attrgetter(f"_run.{name}"), doc=doc)


def _of_header(name, doc):
    def get(self):
        with at_stage("header"):
            return getattr(self._run.header, name)

    return property(get, doc=doc)


def _response(hdu_type, doc):
    return property(lambda self: self._run.response(hdu_type), doc=doc)


class Observation:
    """A run, or the part of it that passes filters. Everything is read when it is asked for.

    An observation counts events (`good_events`) and seconds (`ontime`, `livetime`) inside its good time only:
    inside a good time interval as the file has it, and inside its time filters.

    It has so many methods as everything that is asked of a run is asked here, by the tutorial's names.

    Parameters
    ----------
    run : `Run`
    filters : each an `ObservationFilter` that the observation has passed
    instrument : str, what its instrument is called; None for what its files say
    """

    def __init__(self, run, filters=(), instrument=None):
        self._run = run
        self._filters = tuple(filters)
        self._instrument = instrument

    # Each is read by its type; `tevcurve.irf.layout.RESPONSE_TYPES` says what they are.
    aeff: EffectiveArea
    edisp: EnergyDispersion
    psf: PointSpread
    bkg: BackgroundRate
    rad_max: DirectionalCut

    obs_id = _of_run("obs_id", "OBS_ID: int, or str where it is no whole number.")
    time_reference = _of_header("reference", "`TimeReference` of the mission times.")
    pointing = _of_header("pointing", "`SkyCoord` of the pointing, ICRS (FK5 is taken as ICRS).")
    pointing_lonlat = _of_header("pointing_lonlat", "Pointing: RA and Dec, two floats in radian.")
    deadc = _of_header("deadc", "Live time over on-time.")
    target_name = _of_header("target_name", "Name of the target.")
    subsystem = _of_header("subsystem", "INSTRUME where it says more than TELESCOP.")
    obs_mode = _of_header("obs_mode", "Observation mode, in capitals.")
    zenith = _of_header("zenith", "Mean zenith angle, Quantity in deg.")
    azimuth = _of_header("azimuth", "Mean azimuth, Quantity in deg.")
    location = _of_header("location", "`EarthLocation` of the observatory.")
    meta = _of_header("meta", "Keywords of the EVENTS header, a new dict.")
    check_tracking = _of_header("check_tracking", "Raises DataError, with the reason, unless the run tracks.")

    @property
    def run_id(self):
        """`RunId`; its instrument is what it is `called`, or that of the events, whose header is read for it."""
        return self._run.run_id if self._instrument is None else self.run_id_in_index

    @property
    def run_id_in_index(self):
        """`RunId` as far as it is known without reading a file."""
        run_id = self._run.run_id_in_index
        return run_id if self._instrument is None else replace(run_id, instrument=self._instrument)

    @property
    def instrument(self):
        """What its instrument was called by `called`, str; None where it is what the files say."""
        return self._instrument

    def called(self, instrument):
        """The same observation of an instrument that is called so in its `run_id`, whatever its files say.

        instrument: str, or None for what the files say.
        """
        return self if instrument == self._instrument else Observation(self._run, self._filters, instrument)

    @property
    def addresses(self):
        """Rows of the HDU index, tuple of `HduAddress`; none where the observation is not of files."""
        return tuple(getattr(self._run, "addresses", ()))

    def real_path(self, address):
        """`Path` of the file that is read for one of `addresses`, links followed.

        address: `HduAddress`.

        Raises DataError where that is not in the data store.
        """
        return self._run.real_path(address)

    @property
    def index_facts(self):
        """What the indices say of the run beside its files: pointing (RA and Dec in deg) or None, problem or None,
        TELESCOP or "", and altitude of the pointing in deg or None.
        """
        return getattr(self._run, "index_facts", (None, None, "", None))

    @property
    def index_row(self):
        """The row of the observation index that it is chosen by, `astropy.table.Row`; None where there is no index."""
        return getattr(self._run, "index_row", None)

    @property
    def filters(self):
        """Each `ObservationFilter` that the observation has passed, a tuple."""
        return self._filters

    def check_events(self):
        """None where the file of the run has events; raises DataError otherwise.

        A part of a run, or its good time, may well be without one; a whole run never is.
        """
        if self._run.events.is_empty:
            raise DataError(f"{self._run.events.where} has no events; wanted is the event list of a run.")

    def check_full_enclosure(self, or_else=""):
        """None where the responses hold for all events; raises DataError where they hold for a cut in angle.

        Such (point-like) responses are told by HDUCLAS3 or RAD_MAX of the effective area or of the dispersion, or by a
        table of RAD_MAX. Taken for full enclosure, fluxes come out 1.4 to 1.9 times too high.

        or_else: str, what else may be done, for the message.
        """
        told = [(one.table.where, one.table.directional_cut) for one in (self.aeff, self.edisp)]
        words = [f"{where} has {cut}" for where, cut in told if cut]
        if self.has("rad_max"):
            words.append(f"Observation {self.obs_id} has a table of RAD_MAX")
        if words:
            with at_stage("aeff"):
                raise DataError(
                    f"{words[0]}: its responses are point-like, they hold for events within a cut in angle; wanted are "
                    f"responses for full enclosure{or_else}."
                )

    @property
    def directional_cut(self):
        """The cut in angle that the responses hold for, which belongs to ON regions, or None where they hold for all.

        `RadMax2D`, one radius for each energy; or a radius in radian, float, of the header (RAD_MAX), NaN where they
        are point-like (HDUCLAS3) and do not say for which. Raises DataError where area and dispersion name two.
        """
        if self.has("rad_max"):
            return self.rad_max
        tables = [one.table for one in (self.aeff, self.edisp)]
        radii = [table.radius_of_cut for table in tables if table.radius_of_cut is not None]
        if radii and max(radii) > min(radii) * (1 + SAME_RADIUS):
            raise DataError(
                f"{tables[0].where} has RAD_MAX {radii[0]:g} deg and {tables[1].where} has {radii[1]:g} deg; wanted is "
                "one radius, of the cut in angle that both hold for."
            )
        if radii:
            return radians(radii[0])
        return nan if any(table.directional_cut for table in tables) else None

    @cached_property
    def events(self):
        """`EventList` in file order: all events of the file, or those that pass the filters.

        Without a time filter these include events outside the good time; `good_events` are the ones that count.
        """
        events = self._run.events
        for cut in self._filters:
            if cut.time is not None:
                start, stop = self._seconds(cut.time)
                events = events.select((events.time_s >= start) & (events.time_s < stop))
            if cut.cuts_events:
                events = events.select(cut.event_mask(events, self.pointing_lonlat))
        return events

    @cached_property
    def good_events(self):
        """`EventList` in file order of the events that count: those of `events` inside the good time `gti`."""
        return self.events.select(self.gti.contains(self.events.time_s))

    @cached_property
    def gti(self):
        """`GTI`: the good time of the file inside the time filters.

        TSTART and TSTOP do not cut it: they may have been rounded.
        """
        gti = self._run.gti
        for cut in self._filters:
            if cut.time is not None:
                gti = gti.intersect(self._seconds(cut.time))
            if cut.until_last_event:
                gti = gti.until_last_of(self._run.events.time_s)
        return gti

    @cached_property
    def span_s(self):
        """tstart and tstop, two floats in mission seconds; begin and end of the good time where the header has none."""
        with at_stage("header"):
            header = self._run.header
            good = () if header.has_span else self._run.gti.intervals
            start, stop = (float(good[0, 0]), float(good[-1, 1])) if len(good) else header.span_s
        for cut in self._filters:
            if cut.time is not None:
                first, last = self._seconds(cut.time)
                start, stop = max(start, first), min(stop, last)
        return start, max(start, stop)

    @property
    def tstart(self):
        """Start, `Time`: TSTART of the EVENTS header, or later where a time filter starts later."""
        return self.time_reference.to_time(self.span_s[0])

    @property
    def tstop(self):
        """Stop, `Time`: TSTOP of the EVENTS header, or earlier where a time filter stops earlier."""
        return self.time_reference.to_time(self.span_s[1])

    @property
    def ontime(self):
        """Sum of the good time, Quantity in s."""
        return self.gti.ontime

    @property
    def livetime(self):
        """On-time corrected for the dead time (DEADC), Quantity in s."""
        return self.gti.ontime * self.deadc

    def has(self, hdu_type):
        """Whether the index has an HDU of a type: events, gti, aeff, edisp, psf, bkg or rad_max.

        hdu_type: str.
        """
        return self._run.has(hdu_type)

    def select_time(self, interval):
        """Observation with the events and the good time in [start, stop), or None where no good time is in it.

        interval: pair of `Time`, or a `Time` of length 2. Nothing is read anew. Raises InputError where it is none.
        """
        return self.select(ObservationFilter(time=time_pair(interval)))

    @property
    def is_growing(self):
        """Whether it is what `until_last_event` gave, or a part of that."""
        return any(cut.until_last_event for cut in self._filters)

    def until_last_event(self):
        """Observation whose good time ends with its last event, or None where no good time is before that.

        For a file that still grows: its good time may be that which is planned. The last event itself is outside, so
        that the rate of those before it is not biased by where the good time ends.
        """
        return self.select(ObservationFilter(until_last_event=True))

    def select(self, observation_filter):
        """Observation that passes one more `ObservationFilter`, or None where no good time is left.

        observation_filter: the `ObservationFilter`.
        """
        if not isinstance(observation_filter, ObservationFilter):
            raise InputError(f"The filter is {observation_filter!r}; wanted is an ObservationFilter.")
        selected = Observation(self._run, (*self._filters, observation_filter), self._instrument)
        cuts_time = observation_filter.time is not None or observation_filter.until_last_event
        if cuts_time and not len(selected.gti):
            return None
        return selected

    def release(self):
        """Forget what was read of the run, here and in the other selections of it; it is read anew when needed."""
        self._run.release()
        for name in ("events", "good_events"):
            self.__dict__.pop(name, None)

    def _seconds(self, interval):
        return tuple(float(self.time_reference.to_seconds(time)) for time in time_pair(interval))

    def _summary(self):
        """What to tell a person, as pairs of words."""
        livetime, ontime = self.livetime, self.ontime
        intervals = f"{len(self.gti)} good time interval{'s' * (len(self.gti) != 1)}"
        events = f"{len(self.events)}, {len(self.good_events)} of them in good time"
        responses = [name for name in RESPONSE_TYPES if self.has(name)]
        return {
            "Target": self.target_name or "not named",
            "Pointing": f"RA {self.pointing.ra.deg:.4f} deg, Dec {self.pointing.dec.deg:.4f} deg (ICRS)",
            "Start": f"{self.tstart.iso} ({self.tstart.scale.upper()})",
            "Stop": f"{self.tstop.iso} ({self.tstop.scale.upper()})",
            "On-time": f"{ontime.to_value(u.s):.1f} s in {intervals}",
            "Live time": f"{livetime.to_value(u.s):.1f} s",
            "Events": events,
            "Responses": ", ".join(responses) or "none",
        }

    def __str__(self):
        lines = [f"  {key + ':':<11}{value}" for key, value in self._summary().items()]
        return "\n".join([f"Observation {self.obs_id}", *lines])

    def __repr__(self):
        return f"<Observation {self.obs_id}>"

    def _repr_html_(self):
        rows = "".join(
            f"<tr><th>{key}</th><td>{escape(value)}</td></tr>" for key, value in self._summary().items()
        )
        return f"<p>Observation {self.obs_id}</p><table>{rows}</table>"


for _hdu_type, _type in RESPONSE_TYPES.items():
    setattr(Observation, _hdu_type, _response(_hdu_type, _type.words))
