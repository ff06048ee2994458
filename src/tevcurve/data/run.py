"""What the files of one run hold: each HDU is read when it is first asked for."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tevcurve.data.events import EventList
from tevcurve.data.gti import GTI
from tevcurve.data.header import RunHeader, instrument_of, letters
from tevcurve.data.time_zero import good_time_has_zero, with_time_zero
from tevcurve.errors import DataError
from tevcurve.files import FileCache, number_of
from tevcurve.irf.layout import RESPONSES, classes_of, type_of
from tevcurve.kernels.sphere import angular_separation
from tevcurve.problems import at_stage, note_again, noted_remarks, remark
from tevcurve.run_id import RunId, run_number

_STAGES = {"header": "events", "events_hdu": "events"}
_POINTING_TOLERANCE = 0.1  # deg between the pointing in the index and that in the file


@dataclass(frozen=True, slots=True)
class HduAddress:
    """One row of an HDU index: what an HDU is and where it lies.

    Attributes
    ----------
    hdu_type : str, HDU_TYPE: events, gti, aeff, edisp, psf, bkg or rad_max
    hdu_class : str, HDU_CLASS
    path : of the file
    hdu_name : str, the HDU in the file
    """

    hdu_type: str
    hdu_class: str
    path: Path
    hdu_name: str

    @property
    def where(self):
        """What to call the HDU in messages."""
        return f"HDU {self.hdu_name} of {self.path}"


def _rounding(seconds):
    """What a mission time may be off by where it was written in 32 bits, s."""
    return max(1.0, float(np.spacing(np.float32(abs(seconds)))))


class Run:
    """The HDUs of one run, read on first use and kept until `release`.

    It has so many methods as each kind of HDU is read in its own way, and what they say is compared where all are.

    Parameters
    ----------
    obs_id : int, or str where it is no whole number
    addresses : the rows of the index, list of `HduAddress`
    files : `FileCache`
    pointing_deg : RA and Dec in deg as the index has them, or None
    problem : why the index cannot be used for this run, a sentence that is raised as DataError by all that
        reads, or None
    odd : what the index says that is odd, a sentence that is remarked, or None
    telescope : what the index says of TELESCOP, "" where it does not
    alt_deg : altitude of the pointing in deg as the index has it, or None

    Attributes
    ----------
    row : function of nothing to the row of the observation index, set by its store; None where there is no index. Other
        processes do not have it
    """

    row = None

    def __init__(
        self,
        obs_id,
        addresses,
        files=None,
        pointing_deg=None,
        problem=None,
        odd=None,
        telescope="",
        alt_deg=None,
    ):
        self.obs_id = obs_id
        self.addresses = tuple(addresses)
        self._files = FileCache() if files is None else files
        self._pointing_deg, self._problem, self._odd = pointing_deg, problem, odd
        self._telescope, self._alt_deg, self._read_instrument = telescope, alt_deg, None
        self._kept = {}

    @property
    def run_id(self):
        """`RunId`: the instrument is that of the EVENTS header, which is read for it once, or else of the index."""
        if self._read_instrument is None:
            try:
                # Without holding on to the events: whoever asks may not want to read the run.
                events = self._open(self._address("events"))
                self._read_instrument = instrument_of(events.header)
            except Exception:
                # Why it cannot be read is told to who reads the run.
                return self.run_id_in_index
        return RunId.of(self.obs_id, self._read_instrument or self._telescope)

    @property
    def run_id_in_index(self):
        """`RunId` without reading for it: the instrument is what was read before, or TELESCOP of the index, or ""."""
        return RunId.of(self.obs_id, self._read_instrument or self._telescope)

    @property
    def index_facts(self):
        """What the indices say of the run beside its files: pointing (RA and Dec in deg) or None, problem or None,
        TELESCOP or "", and altitude of the pointing in deg or None.
        """
        return self._pointing_deg, self._problem, self._telescope, self._alt_deg

    @property
    def index_row(self):
        """The row of the observation index, `astropy.table.Row`, or None where there is no index."""
        return None if self.row is None else self.row()

    @property
    def header(self):
        """`RunHeader` of the EVENTS table; raises DataError where it is that of another run."""
        return self._keep("header", self._read_header)

    @property
    def events(self):
        """`EventList` of all events in the file."""
        return self._keep("events", self._read_events)

    @property
    def gti(self):
        """`GTI` of the file, in the mission times of the events."""
        return self._keep("gti", self._read_gti)

    def response(self, hdu_type):
        """Response of a type: aeff, edisp, psf, bkg or rad_max; raises DataError where the run has none.

        hdu_type: str.
        """
        return self._keep(hdu_type, lambda: self._read_response(hdu_type))

    def has(self, hdu_type):
        """Whether the index has an HDU of a type for this run. hdu_type: str."""
        return any(address.hdu_type == hdu_type for address in self.addresses)

    def release(self):
        """Forget what was read; it is read anew when it is asked for again."""
        self._kept.clear()
        for address in self.addresses:
            # A file of events is the run's own; one of responses may be that of many runs.
            if address.hdu_type == "events":
                self._files.forget(address.path)

    def real_path(self, address):
        """Path of the file that is read for an address; raises DataError where it is not in the data store.

        address: `HduAddress`.
        """
        return self._files.real_path(address.path)

    def _keep(self, key, read):
        if key not in self._kept:
            with at_stage(_STAGES.get(key, key)), noted_remarks() as noted:
                self._kept[key] = read(), noted
        value, noted = self._kept[key]
        note_again(noted)
        return value

    def _address(self, hdu_type, is_response=False):
        """The row of a type; where a run has several responses of it, the one of a supported class."""
        if self._problem:
            with at_stage("index"):
                raise DataError(self._problem)
        rows = [address for address in self.addresses if address.hdu_type == hdu_type]
        if not rows:
            types = ", ".join(sorted({address.hdu_type for address in self.addresses}))
            with at_stage("index"):
                spared = "; method='1d' needs none" if hdu_type == "bkg" else ""
                raise DataError(
                    f"OBS_ID {self.obs_id} has no {hdu_type}; it has {types or 'no table'}{spared}."
                )
        usable = [address for address in rows if not is_response or type_of(address.hdu_class) == hdu_type]
        if len(set(usable)) < len(usable):
            usable = list(dict.fromkeys(usable))
            with at_stage("index"):
                remark(
                    f"The HDU index has the {hdu_type} of OBS_ID {self.obs_id} more than once; once is enough."
                )
        if not usable:
            raise DataError(
                f"The {hdu_type} of OBS_ID {self.obs_id} in {rows[0].path} is of the class {rows[0].hdu_class}, which "
                f"is not supported; wanted is {' or '.join(classes_of(hdu_type))}."
            )
        if len(usable) > 1:
            names = " and ".join(f"{address.hdu_name} of {address.path.name}" for address in usable)
            raise DataError(
                f"The HDU index sends the {hdu_type} of OBS_ID {self.obs_id} to {names}; wanted is one."
            )
        return usable[0]

    def _open(self, address):
        return self._files.open(address.path).table(address.hdu_name)

    def _events_hdu(self):
        return self._keep("events_hdu", lambda: self._open(self._address("events")))

    def _read_header(self):
        """The header, compared with the index."""
        header, where = self._events_hdu().header, self._address("events").where
        found = header.get("OBS_ID")
        if found is not None and str(found).strip() and run_number(found) != self.obs_id:
            with at_stage("index"):
                raise DataError(
                    f"{where} has OBS_ID {found}, and the index leads OBS_ID {self.obs_id} to it."
                )
        header = RunHeader(self._with_index(header, where), where)
        self._read_instrument = header.instrument
        with suppress(DataError):
            if header.time_zero_s:
                header = with_time_zero(header, self._events_hdu(), self._gti_hdu())
        # What cannot be used is told when it is asked for; what is odd is noted here, once.
        with suppress(DataError):
            _ = header.reference
        with suppress(DataError):
            _ = header.deadc
        if self._odd:
            with at_stage("index"):
                remark(self._odd)
        contradiction = header.date_contradiction()
        if contradiction:
            with at_stage("header"):
                remark(contradiction)
        with suppress(DataError):
            self._compare_pointing(header.pointing_lonlat)
        self._compare_telescope(header)
        return header

    def _with_index(self, header, where):
        """The header, with the pointing of the index where it has none."""
        lon, lat = self._pointing_deg or (None, None)
        told = {"RA_PNT": lon, "DEC_PNT": lat, "ALT_PNT": self._alt_deg}
        added = {
            key: one for key, one in told.items() if header.get(key) is None and number_of(one) is not None
        }
        for key, value in added.items():
            with at_stage("header"):
                remark(f"{where} has no {key}; that of the observation index is taken, {value:.6g} deg.")
        return {**header, **added} if added else header

    def _compare_telescope(self, header):
        """Notes where index and file name two telescopes; "H.E.S.S." is HESS."""
        if header.instrument and letters(self._telescope) not in ("", letters(header.instrument)):
            with at_stage("index"):
                remark(
                    f"The observation index has TELESCOP {self._telescope!r} for OBS_ID {self.obs_id}, and its file "
                    f"{header.instrument!r}; that of the file is taken."
                )

    def _compare_pointing(self, lonlat):
        if self._pointing_deg is None:
            return
        lon, lat = self._pointing_deg
        known = abs(lon) <= 720 and abs(lat) <= 90
        if (
            not known
            or np.rad2deg(angular_separation(*np.deg2rad((lon, lat)), *lonlat)) > _POINTING_TOLERANCE
        ):
            with at_stage("index"):
                remark(
                    f"The observation index has RA_PNT {lon:.5g} and DEC_PNT {lat:.5g} for OBS_ID {self.obs_id}, "
                    "which is not the pointing in its file; that of the file is taken."
                )

    def _read_events(self):
        events = EventList.from_hdu(self._events_hdu(), self.header.where, self.header.reference)
        # The list keeps the HDU for its further columns; one reference is enough.
        self._kept.pop("events_hdu", None)
        return events

    def _read_gti(self):
        if not self.has("gti"):
            remark(f"OBS_ID {self.obs_id} has no gti; its TSTART to TSTOP is taken.")
            return GTI(*self.header.span_s, self.header.reference)
        address = self._address("gti")
        hdu = self._open(address)
        zero = good_time_has_zero(self.header, hdu, address.where)
        gti = GTI.from_hdu(hdu, address.where, self.header.reference, zero)
        self._compare_times(gti)
        return gti

    def _gti_hdu(self):
        """The table of good time, None where there is none that can be read."""
        with suppress(DataError):
            return self._open(self._address("gti")) if self.has("gti") else None
        return None

    def _compare_times(self, gti):
        """Notes where the good time is not between TSTART and TSTOP, or has not the seconds that the header says."""
        try:
            start, stop = self.header.span_s
        except DataError as error:
            words = (
                f"{self.header.where} has no TSTART or no TSTOP; the good time says when it starts and stops."
            )
            with at_stage("header"):
                remark(str(error) if self.header.has_span else words)
        else:
            if len(gti):
                self._compare_span(*gti.intervals[[0, -1], [0, 1]], start, stop)
        with suppress(DataError), at_stage("header"):
            for words in self.header.contradictions(gti.ontime_s):
                remark(words)

    def _compare_span(self, first, last, start, stop):
        """Notes where good time from first to last leaves TSTART to TSTOP; raises DataError where it is elsewhere."""
        low, high = start - _rounding(start), stop + _rounding(stop)
        span, good = f"from TSTART {start} to TSTOP {stop}", f"its good time from {first} to {last} s"
        words = f"{self.header.where} goes {span}, and {good}"
        if last <= low or first >= high:
            raise DataError(f"{words}; wanted is good time in between.")
        if first < low or last > high:
            with at_stage("header"):
                remark(f"{words}; the good time is taken as it is written.")

    def _read_response(self, hdu_type):
        address = self._address(hdu_type, is_response=True)
        safe_tev = None if hdu_type == "aeff" else self._safe_tev
        response = RESPONSES[address.hdu_class].from_hdu(self._open(address), address.where, safe_tev)
        # Which way its longitude goes is only known from the run.
        return replace(response, lon_sign=self.header.fov_lon_sign) if hdu_type == "bkg" else response

    def _safe_tev(self):
        """LO_THRES and HI_THRES of the effective area in TeV, None for one that is not there."""
        try:
            aeff = self.response("aeff")
        except DataError:
            return None, None
        return tuple(
            None if one is None else float(one.value) for one in (aeff.low_threshold, aeff.high_threshold)
        )

    def __getstate__(self):
        return {**self.__dict__, "_kept": {}, "row": None}
