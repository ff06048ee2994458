"""Event lists."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import Table
from astropy.time import Time

from tevcurve.data.event_checks import single_rows, usable_rows
from tevcurve.data.header import check_frame
from tevcurve.data.time import TimeReference
from tevcurve.data.time_keywords import mission_seconds
from tevcurve.errors import DataError
from tevcurve.figures.style import current_axes
from tevcurve.files import row_values
from tevcurve.files.astropy_table import as_table
from tevcurve.kernels.sphere import angular_separation
from tevcurve.problems import remark

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tevcurve.files.bintable import BinTable

_COARSE_S = 0.5


@dataclass(frozen=True, eq=False)
class EventList:
    """Events: when, how energetic and from where, as float64 arrays (n,) in file order.

    Attributes
    ----------
    time_s : mission seconds of `reference`
    energy_tev : TeV
    lon, lat : right ascension and declination (ICRS), radian
    reference : what the mission seconds count from
    where : what to call the events in messages
    """

    time_s: np.ndarray
    energy_tev: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    reference: TimeReference
    where: str = "the event list"
    _hdu: Any = field(default=None, repr=False)
    _rows: np.ndarray | None = field(default=None, repr=False)

    @classmethod
    def from_hdu(cls, hdu: "BinTable", where: str, reference: TimeReference | None = None) -> "EventList":
        """Events of a GADF EVENTS table, all of them, in file order.

        Parameters
        ----------
        hdu : `BinTable` with the columns TIME, ENERGY, RA and DEC
        where : file and HDU, for messages
        reference : of the mission times; the header's where None. Coordinates in FK5 (J2000) are taken as ICRS: they
            differ by 0.02 arcsec. Left out, with a remark, are events without numbers that can be (up to 1 %), and
            those that repeat another one.

        Raises DataError where a column or a unit is missing, where more values cannot be, or where events of one
        EVENT_ID and time differ.
        """
        check_frame(hdu.header, where)
        reference = reference or TimeReference.from_header(hdu.header, where)
        time_s = mission_seconds(hdu, "TIME", where)
        _remark_coarse_times(hdu, time_s, where)
        _remark_others(hdu, where)
        energy_tev = row_values(hdu, "ENERGY", "TeV", where, str(hdu.header.get("EUNIT") or "").strip())
        ra, dec = (row_values(hdu, name, "deg", where) for name in ("RA", "DEC"))
        usable = usable_rows({"TIME": time_s, "RA": ra, "DEC": dec, "ENERGY": energy_tev}, where)
        rows = None if usable is None else np.flatnonzero(usable)
        if rows is not None:
            time_s, energy_tev, ra, dec = (values[rows] for values in (time_s, energy_tev, ra, dec))
        # Some count on beyond a turn.
        ra = np.where(ra > 360, ra - 360, ra) if np.any(ra > 360) else ra
        events = cls(time_s, energy_tev, np.deg2rad(ra), np.deg2rad(dec), reference, where, hdu, rows)

        def event_id() -> np.ndarray | None:
            if "EVENT_ID" not in [name.upper() for name in hdu.columns.names]:
                return None
            ids = np.asarray(hdu.data["EVENT_ID"])
            return ids if rows is None else ids[rows]

        single = single_rows(time_s, energy_tev, ra, dec, event_id, where)
        return events if single is None else events.select(single)

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def is_empty(self) -> bool:
        """Whether there is no event."""
        return len(self) == 0

    @property
    def time(self) -> Time:
        """`Time` (n,) in the scale of the file."""
        return self.reference.to_time(self.time_s)

    @property
    def energy(self) -> u.Quantity:
        """Quantity (n,) in TeV."""
        return self.energy_tev * u.TeV

    @property
    def radec(self) -> SkyCoord:
        """`SkyCoord` (n,), ICRS."""
        return SkyCoord(self.lon, self.lat, unit="rad", frame="icrs")

    @property
    def table(self) -> Table:
        """`Table` with all columns of the file and their units, of these events."""
        if self._hdu is None:
            columns = {"TIME": self.time_s * u.s, "ENERGY": self.energy}
            return Table({**columns, "RA": np.rad2deg(self.lon) * u.deg, "DEC": np.rad2deg(self.lat) * u.deg})
        rows = slice(None) if self._rows is None else self._rows
        return as_table(self._hdu, rows)

    def offset(self, lonlat: tuple[float, float]) -> np.ndarray:
        """Separation of the events from a direction, float array (n,) in radian.

        lonlat: right ascension and declination, two floats in radian.
        """
        return angular_separation(lonlat[0], lonlat[1], self.lon, self.lat)

    def separation(self, position: SkyCoord) -> u.Quantity:
        """Separation of the events from a `SkyCoord`, Quantity (n,) in deg. position: one, or one for each event."""
        position = position.icrs
        return np.rad2deg(self.offset((position.ra.rad, position.dec.rad))) * u.deg

    def select(self, mask: np.ndarray) -> "EventList":
        """EventList of the events of a boolean mask (n,) or of an array of indices.

        mask: bool array (n,), or int array of their numbers.
        """
        rows = np.arange(len(self))[mask]
        own_rows = rows if self._rows is None else self._rows[rows]
        arrays = (self.time_s[rows], self.energy_tev[rows], self.lon[rows], self.lat[rows])
        return EventList(*arrays, self.reference, self.where, self._hdu, own_rows)

    def plot_energy(self, ax: "Axes | None" = None, bins: int = 50, **kwargs: Any) -> "Axes":
        """Axes with the histogram of the energies in TeV, both axes logarithmic.

        Parameters
        ----------
        ax : matplotlib axes; default: the current ones
        bins : their number, log-spaced over the energies of the events
        kwargs : for matplotlib's `stairs`
        """
        if self.is_empty:
            raise DataError(f"{self.where} has no event to plot.")
        ax = current_axes() if ax is None else ax
        low, high = self.energy_tev.min(), self.energy_tev.max()
        edges = np.geomspace(low, high if high > low else 1.01 * low, bins + 1)
        ax.stairs(np.histogram(self.energy_tev, edges)[0], edges, **kwargs)
        ax.set(xscale="log", yscale="log", xlabel="Energy [TeV]", ylabel="Events per bin")
        return ax

    def __str__(self) -> str:
        if self.is_empty:
            return "EventList: no events"
        low, high = self.energy_tev.min(), self.energy_tev.max()
        first, last = self.reference.to_time(np.array([self.time_s.min(), self.time_s.max()])).iso
        return (
            f"EventList: {len(self)} events, {low:.3g} to {high:.3g} TeV, "
            f"{first} to {last} ({self.reference.scale.upper()})"
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<p>{self}</p>"


def _remark_coarse_times(hdu: "BinTable", time_s: np.ndarray, where: str) -> None:
    """Notes times in 32 bits that are mission seconds of years: these are known to many seconds only."""
    times = hdu.data["TIME"]
    if times.dtype.kind != "f" or times.dtype.itemsize > 4 or not len(time_s):
        return
    step = float(np.spacing(np.float32(np.nanmax(np.abs(time_s)))))
    if step > _COARSE_S:
        remark(
            f"The column TIME of {where} has numbers of 32 bits, of which the next ones are {step:g} s apart; events "
            "are put into good time and time bins to that only, and fluxes are off by what falls out."
        )


def _remark_others(hdu: "BinTable", where: str) -> None:
    """Notes events that a file marks as none of gamma rays, as those of VERITAS may: its responses are not theirs."""
    if "IS_GAMMA" not in [name.upper() for name in hdu.columns.names]:
        return
    marks = np.asarray(hdu.data["IS_GAMMA"])
    others = int(np.sum(~marks)) if marks.dtype.kind == "b" else 0
    if others:
        remark(
            f"{where} marks {others} of {len(marks)} events as not those of gamma rays (IS_GAMMA); all are taken, and "
            "fluxes are off where the responses hold for the others only."
        )
