"""A source with a light curve of its own, and the photons of it that an instrument records."""

from dataclasses import dataclass, field
from typing import cast

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.errors import InputError
from tevcurve.irf import EffectiveAreaTable2D
from tevcurve.irf.axis import ResponseAxis
from tevcurve.kernels.draws import draw_bins, draw_linear, draw_radius, row_cumulative
from tevcurve.kernels.folding import ring_integrals
from tevcurve.kernels.sphere import angular_separation, directional_offset
from tevcurve.models.sky import SkyModel
from tevcurve.models.spatial import SpatialModel
from tevcurve.models.spectral import SpectralModel
from tevcurve.models.template_map import TemplateSpatialModel
from tevcurve.simulation.light_shapes import Constant, LightShape

# Bins of true energy per decade: the flux in each is exact, within one it is a straight line.
BINS_PER_DECADE = 200
# Nodes of the radial profile of an extended source.
PROFILE_NODES = 2001
MOST_PHOTONS = 1e8


@dataclass(frozen=True, eq=False)
class SimulatedSource:
    """A sky model whose flux varies.

    sky_model: `SkyModel` with a position. light: `LightShape`, the factor on its flux.
    """

    sky_model: SkyModel
    light: LightShape = field(default_factory=Constant)

    def __post_init__(self) -> None:
        if not isinstance(self.sky_model, SkyModel):
            raise InputError(
                f"The model to simulate is a {type(self.sky_model).__name__}; wanted is a SkyModel."
            )
        _ = self.sky_model.position
        if not isinstance(self.light, LightShape):
            raise InputError(
                f"light is a {type(self.light).__name__}; wanted is a shape such as Constant or Flare."
            )

    @property
    def spatial_model(self) -> SpatialModel:
        """Where it is: a model without a position is none to simulate."""
        return cast(SpatialModel, self.sky_model.spatial_model)

    def mean_flux(self, emin: str | u.Quantity, emax: str | u.Quantity, gti: GTI) -> u.Quantity:
        """The true flux between two energies, mean over a good time: Quantity in cm-2 s-1; NaN without good time.

        Parameters
        ----------
        emin, emax : Quantity or string
        gti : `GTI`
        """
        return self.sky_model.spectral_model.integral(emin, emax) * self.light.mean_over(gti)


@dataclass(frozen=True, eq=False)
class Photons:
    """Photons that reach the instrument and are recorded: float64 arrays (n,).

    Attributes
    ----------
    time_s : mission seconds
    energy_tev : true energy
    lon, lat : true direction, ICRS, radian
    offset : from the pointing, radian
    """

    time_s: np.ndarray
    energy_tev: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    offset: np.ndarray


def draw_photons(
    source: SimulatedSource,
    pointing: tuple[float, float],
    pieces: np.ndarray,
    reference: TimeReference,
    aeff: EffectiveAreaTable2D,
    deadc: float,
    rng: "np.random.Generator",
) -> Photons:
    """`Photons` of one source through the effective area: exact for an area that is linear between its nodes.

    A Poisson number of candidates is drawn for the largest area at each energy and the largest factor in each piece of
    time; each is kept with the probability that its own area and factor are of these.

    Parameters
    ----------
    source : SimulatedSource
    pointing : (lon, lat), ICRS, radian
    pieces : float array (n, 2), mission seconds: good time in pieces
    reference : `TimeReference` of these
    aeff : EffectiveAreaTable2D
    deadc : float, live time over on-time
    rng : numpy.random.Generator
    """
    spatial, light = source.spatial_model, source.light
    centre = spatial.lonlat_in("icrs")
    edges = _energy_edges(aeff.energy_axis, source.sky_model.spectral_model)
    flux = _fluxes(source.sky_model.spectral_model, edges) * spatial.integral
    area = _largest_area(aeff, edges, float(angular_separation(*pointing, *centre)), _radius(spatial))
    shift = 0.0 if light.epoch is None else float(reference.to_seconds(light.epoch))
    factor = light.bound(pieces[:, 0] - shift, pieces[:, 1] - shift)
    exposure = factor * (pieces[:, 1] - pieces[:, 0]) * deadc
    expected = np.sum(flux * area) * np.sum(exposure)
    if not expected <= MOST_PHOTONS:
        raise InputError(
            f"The source {source.sky_model.name!r} would take {expected:.3g} photons; "
            f"at most {MOST_PHOTONS:.0e} are drawn."
        )
    number = rng.poisson(expected)
    first = np.zeros(number, dtype=np.intp)
    bins, _ = draw_bins(row_cumulative(flux * area)[None], first, rng)
    dnde = source.sky_model.spectral_model.dnde(edges)
    energy = edges[bins] + np.diff(edges)[bins] * draw_linear(dnde[bins], dnde[bins + 1], rng)
    piece, place = draw_bins(row_cumulative(exposure)[None], first, rng)
    time_s = time_within(pieces[piece], place)
    lon, lat = _directions(spatial, number, rng)
    offset = angular_separation(*pointing, lon, lat)
    share = aeff.effective_area(energy, offset) * light.factor(time_s - shift)
    kept = rng.random(number) * (area[bins] * factor[piece]) < share
    return Photons(*(array[kept] for array in (time_s, energy, lon, lat, offset)))


def time_within(intervals: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Times (n,) at places from 0 to 1 in half-open intervals (n, 2): never the stop itself.

    Parameters
    ----------
    intervals : start and stop, float array (n, 2), s
    place : 0 to 1, float array (n,)
    """
    start, stop = intervals[:, 0], intervals[:, 1]
    return np.clip(start + place * (stop - start), start, np.nextafter(stop, -np.inf))


def _energy_edges(axis: ResponseAxis, spectrum: SpectralModel) -> np.ndarray:
    """Fine edges in TeV over a response's energies: with its edges and nodes, and the kinks of the spectrum."""
    low, high = axis.low[0], axis.high[-1]
    number = int(np.ceil(BINS_PER_DECADE * np.log10(high / low)))
    values = spectrum.internal_values({})
    kinks = np.ravel([values[name] for name in spectrum.break_names])
    edges = np.concatenate([np.geomspace(low, high, number + 1), axis.nodes, kinks, spectrum.table_energies])
    return np.unique(np.clip(edges, low, high))


def _fluxes(spectrum: SpectralModel, edges: np.ndarray) -> np.ndarray:
    flux = spectrum.photon_flux(edges)
    if not np.all(np.isfinite(flux)) or np.any(flux < 0):
        raise InputError(
            "The spectrum to simulate is negative or not finite at energies of the response; a flux >= 0 is wanted."
        )
    return flux


def _radius(spatial: SpatialModel) -> float:
    return float(spatial.evaluation_radius.to_value(u.rad))


def _largest_area(aeff: EffectiveAreaTable2D, edges: np.ndarray, offset: float, radius: float) -> np.ndarray:
    """Largest effective area in cm2 in each energy bin (n,), over all offsets that a source reaches."""
    nodes = aeff.offset_axis.nodes
    low, high = max(0.0, offset - radius), offset + radius
    table_end = aeff.offset_axis.high[-1]
    offsets = np.concatenate([[low, min(high, max(low, table_end))], nodes[(nodes > low) & (nodes < high)]])
    area = aeff.effective_area_grid(edges, offsets).max(axis=1)
    return np.maximum(area[1:], area[:-1])


def _directions(
    spatial: SpatialModel, number: int, rng: "np.random.Generator"
) -> tuple[np.ndarray, np.ndarray]:
    """True directions (lon, lat) of photons, ICRS, radian, float arrays (number,)."""
    if spatial.is_point:
        lon, lat = spatial.lonlat_in("icrs")
        return np.full(number, lon), np.full(number, lat)
    if isinstance(spatial, TemplateSpatialModel):
        return spatial.draw(number, rng)
    # A hair inside, so that a sharp edge is not taken for the outside of it.
    rad = np.linspace(0, _radius(spatial) * (1 - 1e-9), PROFILE_NODES)
    centre = spatial.lonlat()
    profile = spatial.evaluate(*directional_offset(*centre, 0.0, rad))[None]
    rings = row_cumulative(ring_integrals(rad, profile))
    separation = draw_radius(rad, profile, rings, np.zeros(number, dtype=np.intp), rng)
    directions = directional_offset(*centre, 2 * np.pi * rng.random(number), separation)
    if spatial.frame != "icrs":
        icrs = SkyCoord(*directions, unit="rad", frame=spatial.frame).icrs
        return icrs.ra.rad, icrs.dec.rad
    return directions
