"""The responses that events are drawn through: those of an observation, or a small analytic set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import astropy.units as u
import numpy as np
from astropy.coordinates import EarthLocation
from scipy.special import ndtr

from tevcurve.data import Observation
from tevcurve.data.response_hdus import response_table
from tevcurve.data.table_bytes import primary_bytes
from tevcurve.errors import DataError, InputError
from tevcurve.files import FitsFile
from tevcurve.irf import (
    PSF3D,
    Background2D,
    Background3D,
    EffectiveAreaTable2D,
    EnergyDependentMultiGaussPSF,
    EnergyDispersion2D,
    PSFKing,
    RadMax2D,
)
from tevcurve.irf.parametric_psf import ParametricPSF
from tevcurve.irf.point_spread import PointSpreadResponse
from tevcurve.irf.table import Response
from tevcurve.simulation.background_events import BackgroundDraw
from tevcurve.simulation.point_like import rad_max_of, within_cut
from tevcurve.simulation.reconstruction import AngleDraw, EnergyDraw, angle_draw

ENERGY_EDGES = np.geomspace(0.05, 100, 67)  # TeV, 20 per decade
OFFSETS = np.linspace(0, 3, 7)  # deg
MIGRA_EDGES = np.linspace(0.2, 3.0, 141)
RAD_EDGES = 0.7 * np.linspace(0, 1, 121) ** 1.5  # deg, fine where the function is steep
BACKGROUND_EDGES = np.geomspace(0.05, 100, 34)  # TeV, 10 per decade
SAFE_ENERGIES = 0.3, 50.0  # TeV
TAIL_SHARE, TAIL_WIDTH = (
    0.2,
    2.5,
)  # of the wider Gaussian of the point spread function, in widths of the narrower one
KING_GAMMA, KING_SIGMA = 2.0, 0.7122  # and of a King function with the same share within that width
SITE = EarthLocation.from_geodetic(-17.89 * u.deg, 28.76 * u.deg, 2200 * u.m)


@dataclass(frozen=True, eq=False)
class ResponseSet:
    """The responses of an instrument, and where it stands.

    Attributes
    ----------
    aeff : EffectiveAreaTable2D
    edisp : EnergyDispersion2D
    psf : PSF3D, EnergyDependentMultiGaussPSF or PSFKing
    bkg : Background2D or Background3D; None for no background
    location : EarthLocation, with which a background turns that is fixed to the horizon
    instrument : what it is called in what is simulated (TELESCOP)
    cut : of the events within which the responses of what is simulated are to hold, `RadMax2D` or a radius in radian;
        None where they hold for all. Events are drawn through the responses above in any case
    """

    aeff: EffectiveAreaTable2D
    edisp: EnergyDispersion2D
    psf: PointSpreadResponse
    bkg: Background2D | Background3D | None = None
    location: EarthLocation = SITE
    instrument: str = "SIMULATED"
    cut: RadMax2D | float | None = None

    def __post_init__(self) -> None:
        for name in ("aeff", "edisp", "psf", "bkg"):
            response = getattr(self, name)
            fits = isinstance(response, Response) and response.layout.hdu_type == name
            if not fits and not (name == "bkg" and response is None):
                raise InputError(
                    f"{name} is a {type(response).__name__}; wanted is such a response of tevcurve.irf."
                )

    @classmethod
    def from_observation(
        cls, observation: Observation, location: EarthLocation | None = None
    ) -> "ResponseSet":
        """The responses of an `Observation`; without those of the background where it has none.

        Parameters
        ----------
        observation : of files, or simulated
        location : where the instrument stands; default: as the observation says, or La Palma where it does
            not say so and nothing turns with the horizon

        Raises `DataError` where a background turns with the horizon of a place that is neither known nor given.
        """
        # What is drawn from is more than what every response has to offer.
        own: dict[str, Any] = {name: getattr(observation, name) for name in ("aeff", "edisp", "psf")}
        bkg = cast(Any, observation.bkg) if observation.has("bkg") else None
        if location is None:
            try:
                location = observation.location
            except DataError:
                if bkg is not None and bkg.turns_with_horizon:
                    raise
                location = SITE
        return cls(**own, bkg=bkg, location=location)

    @classmethod
    def analytic(cls, background: str | None = "2d", psf: str = "psf_table") -> "ResponseSet":
        """Closed forms shaped like an array of four imaging telescopes of the present day.

        Effective area, angular resolution (0.1 deg at 68 % and 1 TeV), energy resolution (12 % at 1 TeV) and the width
        of the field are like those of the first H.E.S.S. data release (arXiv:1810.04516) and of Aharonian et al.
        (2006, A&A 457, 899); the background is lower, as with the cuts of today.

        Parameters
        ----------
        background : "2d", "3d" (the same on a grid), or None
        psf : class of the point spread function: "psf_table"; "psf_3gauss", the same in closed form; or "psf_king",
            with the same share within the width of the narrower Gaussian
        """
        made: dict[str | None, Callable[[], Background2D | Background3D | None]]
        made = {"2d": _background_2d, "3d": _background_3d, None: lambda: None}
        if background not in made:
            raise InputError(f"background is {background!r}; wanted is '2d', '3d' or None.")
        spread = {"psf_table": _point_spread, "psf_3gauss": _three_gaussians, "psf_king": _king}
        if psf not in spread:
            raise InputError(f"psf is {psf!r}; wanted is one of {', '.join(map(repr, spread))}.")
        return cls(_effective_area(), _energy_dispersion(), spread[psf](), made[background]())

    def point_like(
        self, radius: u.Quantity | str | RadMax2D, energy_edges: u.Quantity | None = None
    ) -> "ResponseSet":
        """The same for observations whose responses are point-like: they hold for events within a cut in angle.

        What is drawn is the same; the observations, and the files that are written of them, have the effective area
        and the energy dispersion within the cut, its radius in their headers or a table of it (RAD_MAX), and neither a
        point spread function nor a background.

        Parameters
        ----------
        radius : of the cut, an angle such as "0.14 deg"; or angles (n,) of bins of reconstructed energy; or a
            `RadMax2D`
        energy_edges : Quantity (n + 1,), edges of these bins

        Raises `InputError` for radii that cannot be used.
        """
        return replace(self, cut=rad_max_of(radius, energy_edges))

    @cached_property
    def given(self) -> dict[str, Response]:
        """Dict of HDU_TYPE to the responses that observations have."""
        if self.cut is not None:
            return within_cut(self.aeff, self.edisp, self.psf, self.cut)
        own = {name: getattr(self, name) for name in ("aeff", "edisp", "psf", "bkg")}
        return {name: response for name, response in own.items() if response is not None}

    @cached_property
    def energies(self) -> EnergyDraw:
        """The `EnergyDraw` of the energy dispersion."""
        return EnergyDraw(self.edisp)

    @cached_property
    def angles(self) -> AngleDraw | ParametricPSF:
        """What draws angles from the point spread function over the field of view."""
        return angle_draw(self.psf)

    @cached_property
    def background(self) -> BackgroundDraw | None:
        """The `BackgroundDraw` of the background; None without one."""
        return None if self.bkg is None else BackgroundDraw(self.bkg)


def effective_area_m2(energy_tev: np.ndarray | float, offset_deg: np.ndarray | float) -> np.ndarray:
    """Effective area in m2: 4.5e5 at the highest energies, half of it at 0.8 TeV, 85 % of that at 1 deg.

    Parameters
    ----------
    energy_tev : true energies, TeV
    offset_deg : from the pointing, deg
    """
    return 4.5e5 / (1 + (0.8 / energy_tev) ** 2.2) * np.exp(-0.16 * offset_deg**2.6)


def contained_fraction(
    rad_deg: np.ndarray | float, energy_tev: np.ndarray | float, offset_deg: np.ndarray | float
) -> np.ndarray:
    """Share of photons within an angle: two Gaussians, one in five photons in the wider one, 2.5 times as wide.

    Parameters
    ----------
    rad_deg : between true and reconstructed direction, deg
    energy_tev : true energies, TeV
    offset_deg : from the pointing, deg
    """
    sigma = width_deg(energy_tev, offset_deg)
    core, tail = (-np.expm1(-0.5 * (rad_deg / (width * sigma)) ** 2) for width in (1.0, TAIL_WIDTH))
    return (1 - TAIL_SHARE) * core + TAIL_SHARE * tail


def width_deg(energy_tev: np.ndarray | float, offset_deg: np.ndarray | float) -> np.ndarray:
    """Width of the narrower Gaussian of `contained_fraction`, deg.

    Parameters
    ----------
    energy_tev : true energies, TeV
    offset_deg : from the pointing, deg
    """
    return 0.058 * np.clip(energy_tev, 0.05, 20) ** -0.13 * (1 + 0.1 * (offset_deg / 2) ** 2)


def migration_share(migra: np.ndarray | float, energy_tev: np.ndarray | float) -> np.ndarray:
    """Share of photons with a smaller E_reco / E_true: log-normal, biased upwards near the threshold.

    Parameters
    ----------
    migra : E_reco / E_true
    energy_tev : true energies, TeV
    """
    bias = 0.01 + 0.08 * np.exp(-energy_tev / 0.2)
    sigma = np.hypot(0.10, 0.06 / np.sqrt(energy_tev))
    return ndtr((np.log(migra) - bias) / sigma)


def background_rate(energy_tev: np.ndarray | float, offset_deg: np.ndarray | float) -> np.ndarray:
    """Background in TeV-1 s-1 sr-1: a power law of index 2.7 with a threshold, a Gaussian over the field of view.

    Parameters
    ----------
    energy_tev : TeV
    offset_deg : from the pointing, deg
    """
    return 100 * energy_tev**-2.7 / (1 + (0.35 / energy_tev) ** 2) * np.exp(-0.5 * (offset_deg / 1.64) ** 2)


def _centers(edges: np.ndarray) -> np.ndarray:
    return np.sqrt(edges[1:] * edges[:-1])


def _energy(edges: np.ndarray = ENERGY_EDGES) -> tuple[str, np.ndarray, np.ndarray, str]:
    return "ENERG", edges[:-1], edges[1:], "TeV"


def _made(
    response_class: type[Response],
    axes: Sequence[tuple[str, np.ndarray, np.ndarray, str]],
    values: np.ndarray | Mapping[str, np.ndarray],
    keywords: Mapping[str, Any] | None = None,
) -> Any:
    """A response of closed forms: what its table holds, in 32 bits as is usual.

    values: of its only column, or dict of the names of several and theirs.
    """
    layout = response_class.layout
    columns = values if isinstance(values, Mapping) else {layout.columns[0].name: values}
    axes = [(axis, low.astype(np.float32), high.astype(np.float32), unit) for axis, low, high, unit in axes]
    narrow = {name: np.asarray(each).astype(np.float32) for name, each in columns.items()}
    table = response_table(layout, axes, narrow, keywords)
    where = f"the analytic {layout.hdu_type}"
    return response_class.from_hdu(FitsFile(primary_bytes() + table, where).table(layout.hdu), where)


def _effective_area() -> EffectiveAreaTable2D:
    area = effective_area_m2(_centers(ENERGY_EDGES)[:, None], OFFSETS)
    keywords = dict(zip(("LO_THRES", "HI_THRES"), SAFE_ENERGIES, strict=True))
    return _made(EffectiveAreaTable2D, [_energy(), ("THETA", OFFSETS, OFFSETS, "deg")], area, keywords)


def _energy_dispersion() -> EnergyDispersion2D:
    share = migration_share(MIGRA_EDGES, _centers(ENERGY_EDGES)[:, None])
    density = np.diff(share, axis=1) / np.diff(MIGRA_EDGES)
    values = np.repeat(density[:, None, :], len(OFFSETS), axis=1)
    axes = [_energy(), ("THETA", OFFSETS, OFFSETS, "deg"), ("MIGRA", MIGRA_EDGES[:-1], MIGRA_EDGES[1:], "")]
    return _made(EnergyDispersion2D, axes, values)


def _point_spread() -> PSF3D:
    share = contained_fraction(RAD_EDGES, _centers(ENERGY_EDGES)[:, None, None], OFFSETS[:, None])
    rings = 2 * np.pi * np.diff(-np.cos(np.deg2rad(RAD_EDGES)))
    axes = [_energy(), ("THETA", OFFSETS, OFFSETS, "deg"), ("RAD", RAD_EDGES[:-1], RAD_EDGES[1:], "deg")]
    return _made(PSF3D, axes, np.diff(share, axis=2) / rings)


def _three_gaussians() -> EnergyDependentMultiGaussPSF:
    width = width_deg(_centers(ENERGY_EDGES)[:, None], OFFSETS)
    columns = {name: np.zeros_like(width) for name in ("SIGMA_3", "AMPL_3")}
    columns |= {"SIGMA_1": width, "SIGMA_2": TAIL_WIDTH * width}
    # Relative to the first, per solid angle.
    columns["AMPL_2"] = np.full_like(width, TAIL_SHARE / (1 - TAIL_SHARE) / TAIL_WIDTH**2)
    columns["SCALE"] = (1 - TAIL_SHARE) / (2 * np.deg2rad(width) ** 2)
    axes = [_energy(), ("THETA", OFFSETS, OFFSETS, "deg")]
    return _made(EnergyDependentMultiGaussPSF, axes, columns)


def _king() -> PSFKing:
    width = width_deg(_centers(ENERGY_EDGES)[:, None], OFFSETS)
    columns = {"GAMMA": np.full_like(width, KING_GAMMA), "SIGMA": KING_SIGMA * width}
    return _made(PSFKing, [_energy(), ("THETA", OFFSETS, OFFSETS, "deg")], columns)


def _background_2d() -> Background2D:
    edges = np.linspace(0, 3, 13)
    rate = 1e-6 * background_rate(_centers(BACKGROUND_EDGES)[:, None], 0.5 * (edges[1:] + edges[:-1]))
    return _made(Background2D, [_energy(BACKGROUND_EDGES), ("THETA", edges[:-1], edges[1:], "deg")], rate)


def _background_3d() -> Background3D:
    edges = np.linspace(-3, 3, 25)
    center = 0.5 * (edges[1:] + edges[:-1])
    offset = np.hypot(center[:, None], center)
    rate = 1e-6 * background_rate(_centers(BACKGROUND_EDGES)[:, None, None], offset)
    axes = [(name, edges[:-1], edges[1:], "deg") for name in ("DETX", "DETY")]
    return _made(Background3D, [_energy(BACKGROUND_EDGES), *axes], rate, {"FOVALIGN": "RADEC"})
