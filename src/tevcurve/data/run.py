"""What the files of one run hold: each HDU is read when it is first asked for."""

from dataclasses import dataclass, replace
from pathlib import Path
from warnings import warn

from tevcurve import irf
from tevcurve.data.events import EventList
from tevcurve.data.gti import GTI
from tevcurve.data.hdus import FileCache
from tevcurve.data.header import RunHeader
from tevcurve.errors import DataError

# HDU_TYPE of the index: HDU_CLASS of the index: name of the class in tevcurve.irf.
_RESPONSES = {
    "aeff": {"aeff_2d": "EffectiveAreaTable2D"},
    "edisp": {"edisp_2d": "EnergyDispersion2D"},
    "psf": {"psf_table": "PSF3D"},
    "bkg": {"bkg_2d": "Background2D", "bkg_3d": "Background3D"},
    "rad_max": {"rad_max_2d": "RadMax2D"},
}


@dataclass(frozen=True)
class HduAddress:
    """One row of an HDU index: what an HDU is and where it lies."""

    hdu_type: str
    hdu_class: str
    path: Path
    hdu_name: str

    @property
    def where(self):
        """What to call the HDU in messages."""
        return f"HDU {self.hdu_name} of {self.path}"


class Run:
    """The HDUs of one run, read on first use and kept until `release`.

    obs_id: int. addresses: the rows of the index, list of `HduAddress`. files: `FileCache`.
    """

    def __init__(self, obs_id, addresses, files=None):
        self.obs_id = obs_id
        self.addresses = tuple(addresses)
        self._files = FileCache() if files is None else files
        self._kept = {}

    @property
    def header(self):
        """`RunHeader` of the EVENTS table."""
        return self._keep(
            "header", lambda: RunHeader(self._events_hdu().header, self._address("events").where)
        )

    @property
    def events(self):
        """`EventList` of all events in the file."""
        return self._keep("events", self._read_events)

    @property
    def gti(self):
        """`GTI` of the file, in the mission times of the events."""
        return self._keep("gti", self._read_gti)

    def response(self, hdu_type):
        """Response of a type: aeff, edisp, psf, bkg or rad_max; raises DataError where the run has none."""
        return self._keep(hdu_type, lambda: self._read_response(hdu_type))

    def has(self, hdu_type):
        """Whether the index has an HDU of a type for this run."""
        return any(address.hdu_type == hdu_type for address in self.addresses)

    def release(self):
        """Forget what was read; it is read anew when it is asked for again."""
        self._kept.clear()
        for address in self.addresses:
            # A file of events is the run's own; one of responses may be that of many runs.
            if address.hdu_type == "events":
                self._files.forget(address.path)

    def _keep(self, key, read):
        if key not in self._kept:
            self._kept[key] = read()
        return self._kept[key]

    def _address(self, hdu_type, classes=None):
        """The row of a type; where a run has several, the one of a supported class."""
        rows = [address for address in self.addresses if address.hdu_type == hdu_type]
        if not rows:
            types = ", ".join(sorted({address.hdu_type for address in self.addresses}))
            raise DataError(
                f"The HDU index has no {hdu_type} for OBS_ID {self.obs_id}; it has {types or 'no row'}."
            )
        usable = [address for address in rows if classes is None or address.hdu_class in classes]
        if not usable:
            raise DataError(
                f"The {hdu_type} of OBS_ID {self.obs_id} in {rows[0].path} is of the class {rows[0].hdu_class}, which "
                f"is not supported; wanted is {' or '.join(classes)}."
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

    def _read_events(self):
        events = EventList.from_hdu(self._events_hdu(), self.header.where, self.header.reference)
        # The list keeps the HDU for its further columns; one reference is enough.
        self._kept.pop("events_hdu", None)
        return events

    def _read_gti(self):
        if not self.has("gti"):
            warn(
                f"The HDU index has no gti for OBS_ID {self.obs_id}; its TSTART to TSTOP is taken.",
                stacklevel=2,
            )
            return GTI(*self.header.span_s, self.header.reference)
        address = self._address("gti")
        return GTI.from_hdu(self._open(address), address.where, self.header.reference)

    def _read_response(self, hdu_type):
        classes = _RESPONSES[hdu_type]
        address = self._address(hdu_type, classes)
        response = getattr(irf, classes[address.hdu_class]).from_hdu(self._open(address), address.where)
        # Which way its longitude goes is only known from the run.
        return replace(response, lon_sign=self.header.fov_lon_sign) if hdu_type == "bkg" else response

    def __getstate__(self):
        return {**self.__dict__, "_kept": {}}
