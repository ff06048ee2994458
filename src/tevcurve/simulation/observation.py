"""Draws the events of an observation of known sources."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import astropy.units as u
import numpy as np
from astropy.coordinates import EarthLocation, SkyCoord

from tevcurve.data import GTI, EventList, Observation
from tevcurve.data.filters import ObservationFilter
from tevcurve.data.header import RunHeader
from tevcurve.data.run_times import span_keywords
from tevcurve.data.table_bytes import primary_bytes
from tevcurve.data.time import TimeReference
from tevcurve.data.write import events_table
from tevcurve.errors import DataError, InputError
from tevcurve.files import FitsFile
from tevcurve.irf.field_rotation import horizontal_lonlat
from tevcurve.irf.table import Response
from tevcurve.kernels.sphere import directional_offset
from tevcurve.models import SkyModel
from tevcurve.run_id import RunId, run_number
from tevcurve.simulation.background_events import draw_background
from tevcurve.simulation.reconstruction import angle_draw
from tevcurve.simulation.responses import ResponseSet
from tevcurve.simulation.sources import SimulatedSource, draw_photons

# Good time is cut into pieces for the bound on a source's factor.
LONGEST_PIECE = 60.0  # s


def simulate_observation(
    pointing: SkyCoord,
    gti: GTI,
    irfs: ResponseSet,
    models: SkyModel | SimulatedSource | Sequence[SkyModel | SimulatedSource] = (),
    random_state: int | np.random.Generator = 0,
    *,
    obs_id: int | str = 1,
    deadc: float = 0.95,
    target: str = "",
    location: EarthLocation | None = None,
) -> "SimulatedObservation":
    """A `SimulatedObservation`: the events that sources and background leave in an observation.

    Exact for the responses as the analysis interpolates them: a Poisson number of photons of each source, through
    effective area, dead time and light curve, then energy dispersion and point spread function, photon by photon; and
    events of the background per on-time. What is drawn for one source or for the background does not change with the
    others. The events have the further columns MC_ID (0: background, then the models in their order) and ENERGY_TRUE
    (NaN for background).

    Parameters
    ----------
    pointing : SkyCoord
    gti : GTI, good time, with the reference of the mission times
    irfs : ResponseSet, which knows the place of the instrument, too
    models : list of `SimulatedSource`; a `SkyModel` is taken as a constant source
    random_state : int seed, or `numpy.random.Generator`; the same seed gives the same events
    obs_id : int or str
    deadc : float, live time over on-time
    target : str, name of the target; the position of the model of that name, or of the first one, is that of the target
    location : EarthLocation, where the instrument stands; default: as the responses say

    Raises `InputError` for arguments that cannot be used.
    """
    _check(pointing, gti, irfs, deadc)
    irfs = irfs if location is None else replace(irfs, location=location)
    several = [models] if isinstance(models, SkyModel | SimulatedSource) else models
    sources = tuple(_as_source(model) for model in several)
    streams = np.random.default_rng(random_state).spawn(len(sources) + 1)
    # Degrees are what is written, and so what the events have.
    icrs = pointing.reshape(()).icrs
    lonlat = float(np.deg2rad(icrs.ra.deg)), float(np.deg2rad(icrs.dec.deg))
    columns = [_background_columns(irfs, lonlat, gti, streams[0])]
    pieces = _pieces(gti)
    for number, (source, rng) in enumerate(zip(sources, streams[1:], strict=True), start=1):
        columns.append(_source_columns(source, number, irfs, lonlat, gti, pieces, deadc, rng))
    times, energies, lon, lat, origin, true_energies = (np.concatenate(c) for c in zip(*columns, strict=True))
    order = np.argsort(times, kind="stable")
    table = [
        ("EVENT_ID", None, np.arange(1, len(order) + 1)),
        ("TIME", "s", times[order]),
        ("RA", "deg", np.rad2deg(lon[order])),
        ("DEC", "deg", np.rad2deg(lat[order])),
        ("ENERGY", "TeV", energies[order]),
        ("MC_ID", None, origin[order].astype(np.int32)),
        ("ENERGY_TRUE", "TeV", true_energies[order]),
    ]
    run = SimulatedRun.of_events(table, obs_id, icrs, gti, irfs, deadc, _target(target, sources))
    return SimulatedObservation(run, sources)


class SimulatedObservation(Observation):
    """An `Observation` whose events were drawn: everything is in memory, and its truth is known.

    Parameters
    ----------
    run : `SimulatedRun`
    sources : tuple of `SimulatedSource`, as they were drawn from
    filters : each an `ObservationFilter` that the observation has passed
    """

    def __init__(
        self,
        run: "SimulatedRun",
        sources: Sequence[SimulatedSource] = (),
        filters: Sequence[ObservationFilter] = (),
    ) -> None:
        super().__init__(run, filters)
        self.sources = tuple(sources)

    def __repr__(self) -> str:
        return f"<SimulatedObservation {self.obs_id}>"


@dataclass(frozen=True, eq=False)
class SimulatedRun:
    """What `Run` is for files, in memory. The events and their header are those of the table that would be written.

    Attributes
    ----------
    obs_id : int or str
    header : of the table of events that would be written
    events : all of them
    gti : good time
    irfs : what they were drawn through
    """

    obs_id: int | str
    header: RunHeader
    events: EventList
    gti: GTI
    irfs: ResponseSet

    @property
    def run_id(self) -> RunId:
        """`RunId`."""
        return RunId.of(self.obs_id, self.header.instrument)

    @property
    def run_id_in_index(self) -> RunId:
        """`RunId`; the header is in memory."""
        return self.run_id

    @classmethod
    def of_events(
        cls,
        columns: Sequence[tuple[str, str | None, np.ndarray]],
        obs_id: int | str,
        pointing: SkyCoord,
        gti: GTI,
        irfs: ResponseSet,
        deadc: float,
        target: dict[str, Any],
    ) -> "SimulatedRun":
        """The run of the columns of a table of events.

        Parameters
        ----------
        columns : list of (name, unit or None, array) of the table of events
        obs_id : int or str
        pointing : SkyCoord, ICRS
        gti : good time
        irfs : what the events were drawn through, and where the instrument stands
        deadc : live time over on-time
        target : dict of OBJECT, RA_OBJ and DEC_OBJ
        """
        number = run_number(obs_id)
        if number is None:
            raise InputError(f"obs_id is {obs_id!r}; wanted is a whole number or a text.")
        where, location = f"the simulated observation {number}", irfs.location
        times = _Times(gti, deadc)
        middle = gti.reference.to_time(0.5 * sum(times.span_s))
        azimuth, altitude = horizontal_lonlat(pointing.ra.rad, pointing.dec.rad, middle, location)
        keywords = {"OBS_ID": number} | target | span_keywords(times)
        keywords |= {
            "OBS_MODE": "POINTING",
            "RA_PNT": pointing.ra.deg,
            "DEC_PNT": pointing.dec.deg,
            "ALT_PNT": float(np.rad2deg(altitude)),
            "AZ_PNT": float(np.rad2deg(azimuth) % 360),
            "RADECSYS": "ICRS",
            "EQUINOX": 2000.0,
            "GEOLON": location.lon.deg,
            "GEOLAT": location.lat.deg,
            "ALTITUDE": location.height.to_value(u.m),
            "ORIGIN": "tevcurve",
            "TELESCOP": irfs.instrument,
            "INSTRUME": irfs.instrument,
            "OBSERVER": "nobody",
            "EV_CLASS": "SIMULATED",
        }
        hdu = FitsFile(primary_bytes() + events_table(columns, keywords), where).table("EVENTS")
        header = RunHeader(hdu.header, where)
        return cls(number, header, EventList.from_hdu(hdu, where, gti.reference), gti, irfs)

    def response(self, hdu_type: str) -> Response:
        """Response of a type: aeff, edisp, psf, bkg or rad_max; raises DataError where the run has none.

        hdu_type: one of these.
        """
        if not self.has(hdu_type):
            raise DataError(f"The simulated observation {self.obs_id} has no {hdu_type}.")
        return self.irfs.given[hdu_type]

    def has(self, hdu_type: str) -> bool:
        """Whether there is such an HDU. hdu_type: events, gti, aeff, edisp, psf, bkg or rad_max."""
        return hdu_type in ("events", "gti") or hdu_type in self.irfs.given

    def release(self) -> None:
        """Nothing is forgotten: it could not be read anew."""


@dataclass(frozen=True)
class _Times:
    """The times of an observation, as `span_keywords` wants them."""

    gti: GTI
    deadc: float

    @property
    def span_s(self) -> tuple[float, float]:
        return float(self.gti.intervals[0, 0]), float(self.gti.intervals[-1, 1])

    @property
    def time_reference(self) -> TimeReference:
        return self.gti.reference


def _check(pointing: Any, gti: Any, irfs: Any, deadc: float) -> None:
    if not isinstance(pointing, SkyCoord) or pointing.size != 1:
        raise InputError(f"pointing is {pointing!r}; wanted is one SkyCoord.")
    if not isinstance(gti, GTI) or not len(gti):
        raise InputError(f"gti is {gti!r}; wanted is a GTI with good time.")
    if not isinstance(irfs, ResponseSet):
        raise InputError(f"irfs is a {type(irfs).__name__}; wanted is a ResponseSet.")
    if not 0 < deadc <= 1:
        raise InputError(f"deadc is {deadc!r}; wanted is live time over on-time, above 0 and up to 1.")


def _as_source(model: SkyModel | SimulatedSource) -> SimulatedSource:
    return model if isinstance(model, SimulatedSource) else SimulatedSource(model)


def _target(name: str, sources: Sequence[SimulatedSource]) -> dict[str, Any]:
    """OBJECT, and RA_OBJ and DEC_OBJ where there is a source."""
    named = [source for source in sources if source.sky_model.name == name] or list(sources[:1])
    if not named:
        return {"OBJECT": name}
    position = named[0].sky_model.position.icrs
    return {"OBJECT": name or named[0].sky_model.name, "RA_OBJ": position.ra.deg, "DEC_OBJ": position.dec.deg}


def _pieces(gti: GTI) -> np.ndarray:
    """Good time (n, 2) in mission seconds, cut into equal pieces of at most `LONGEST_PIECE`."""
    pieces = []
    for start, stop in gti.intervals:
        edges = np.linspace(start, stop, max(1, int(np.ceil((stop - start) / LONGEST_PIECE))) + 1)
        pieces.append(np.column_stack([edges[:-1], edges[1:]]))
    return np.concatenate(pieces)


def _background_columns(
    irfs: ResponseSet,
    lonlat: tuple[float, float],
    gti: GTI,
    rng: "np.random.Generator",
) -> tuple[np.ndarray, ...]:
    if irfs.background is None:
        return (np.zeros(0),) * 6
    time_s, energy, lon, lat = draw_background(irfs.background, lonlat, gti, irfs.location, rng)
    return time_s, energy, lon, lat, np.zeros(len(time_s)), np.full(len(time_s), np.nan)


def _source_columns(
    source: SimulatedSource,
    number: int,
    irfs: ResponseSet,
    lonlat: tuple[float, float],
    gti: GTI,
    pieces: np.ndarray,
    deadc: float,
    rng: "np.random.Generator",
) -> tuple[np.ndarray, ...]:
    photons = draw_photons(source, lonlat, pieces, gti.reference, irfs.aeff, deadc, rng)
    energy = irfs.energies.draw(photons.energy_tev, photons.offset, rng)
    is_point = source.spatial_model.is_point and len(photons.offset)
    angles = angle_draw(irfs.psf, float(photons.offset[0])) if is_point else irfs.angles
    separation = angles.draw(photons.energy_tev, photons.offset, rng)
    angle = 2 * np.pi * rng.random(len(separation))
    seen = np.flatnonzero(np.isfinite(energy) & np.isfinite(separation))
    lon, lat = directional_offset(photons.lon[seen], photons.lat[seen], angle[seen], separation[seen])
    return photons.time_s[seen], energy[seen], lon, lat, np.full(len(seen), number), photons.energy_tev[seen]
