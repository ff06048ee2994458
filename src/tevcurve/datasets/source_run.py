"""One observation as a light curve keeps it: events, good time, and the responses at the source."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tevcurve.data import GTI
from tevcurve.records import short_repr
from tevcurve.run_id import TELESCOPE, RunId


@dataclass(frozen=True, eq=False)
class SkyPart:
    """The responses of a run at another source than that of its light curve.

    Attributes
    ----------
    position : (lon, lat), ICRS, radian
    offset : float, from the pointing, radian
    psf : `~tevcurve.irf.source_psf.SourcePSF` there; None where it is not needed
    edisp : `EnergyDispersion2D`, at least around this offset
    """

    position: tuple[float, float]
    offset: float
    psf: Any
    edisp: Any

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class SourceRun:
    """What any binning in time and energy can be made from, without going back to the files.

    Attributes
    ----------
    run_id : `RunId`
    gti : `GTI`
    deadc : float, live time over on-time
    pointing_lonlat : (lon, lat), ICRS, radian
    offset : float, of the source from the pointing, radian
    time_s, energy_tev, lon, lat : float arrays (n,), all events in good time, in the order of time: mission seconds,
        TeV, ICRS radian
    n_outside_gti : int, events of the file that are not in good time
    aeff : `EffectiveAreaTable2D`
    psf : `~tevcurve.irf.source_psf.SourcePSF` at the source; None where it is not needed
    edisp : `EnergyDispersion2D`, at least around the offset of the source
    bkg : background response, or None
    cut : the cut in angle that the responses hold for: `RadMax2D`, or one radius in radian for all energies, NaN where
        they do not tell it; None where they hold for all events
    location : `EarthLocation`, for a background that turns with the horizon, else None
    facts : dict of what a person asks about a run (target, zenith angle in deg, INSTRUME where it says more
        than TELESCOP, and TELESCOP where the instrument is called otherwise)
    others : tuple of `SkyPart`, at each other source of the field
    remarks : tuple of (stage, reason), two str each, of what is odd about the run
    """

    run_id: RunId
    gti: GTI
    deadc: float
    pointing_lonlat: tuple[float, float]
    offset: float
    time_s: np.ndarray
    energy_tev: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    n_outside_gti: int
    aeff: Any
    psf: Any
    edisp: Any
    bkg: Any = None
    cut: Any = None
    location: Any = None
    facts: dict = field(default_factory=dict)
    remarks: tuple = ()
    others: tuple[SkyPart, ...] = ()

    __repr__ = short_repr

    def area(self, energies_tev: np.ndarray) -> np.ndarray:
        """Effective area in cm2 at the source, at energies (n,) in TeV. energies_tev: float array (n,)."""
        return self.aeff.effective_area(energies_tev, self.offset)

    @property
    def telescope(self) -> str:
        """What the files say of the instrument, whatever it is called in `run_id`."""
        return self.facts.get(TELESCOPE, self.run_id.instrument)

    def called(self, instrument: str) -> "SourceRun":
        """The same run of an instrument that is called so. instrument: str."""
        facts = self.facts | {TELESCOPE: self.telescope}
        return replace(self, run_id=replace(self.run_id, instrument=instrument), facts=facts)

    @property
    def livetime_s(self) -> float:
        """Live time in s."""
        return self.gti.ontime_s * self.deadc
