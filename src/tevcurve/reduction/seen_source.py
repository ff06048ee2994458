"""A source as a run sees it: its effective area and dispersion, and where in the sky and in energy its photons are."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tevcurve.datasets.source_run import SkyPart, SourceRun
from tevcurve.irf.extended_psf import extended_psf
from tevcurve.kernels.folding import ring_integrals
from tevcurve.kernels.sphere import angular_separation, offset_frame
from tevcurve.models.round_shapes import is_round, round_shape
from tevcurve.models.spatial import SpatialModel
from tevcurve.records import short_repr
from tevcurve.reduction.event_densities import signal_densities
from tevcurve.reduction.spread_image import SpreadImage
from tevcurve.reduction.true_nodes import source_responses

# A round source so many times narrower than the point spread function is a point: its width adds 2e-4 to that.
NARROW = 50
# Directions on half a circle over which places where photons are seen are averaged.
TURNS = 8
# Points over which the effective area is averaged, on the radius of an extended source.
POINTS = 8


@dataclass(frozen=True, eq=False)
class SeenSource:
    """The responses of a run to one source, which may be extended.

    Of an extended one each part counts by its own effective area, while the point spread function and the dispersion
    are those at its centre. Photons of a round source that are seen at a place count by the area where they have left
    it in the mean, which is the same where the area is straight over the width of the point spread function.

    Attributes
    ----------
    position : (lon, lat) of its centre, ICRS, radian
    offset : float, of the centre from the pointing, radian
    pointing : (lon, lat), ICRS, radian
    aeff : `EffectiveAreaTable2D`
    point_psf : `SourcePSF` of a point at the centre
    edisp : `EnergyDispersion2D`
    shape : `SpatialModel` of a source that is extended, or None for a point
    """

    position: tuple[float, float]
    offset: float
    pointing: tuple[float, float]
    aeff: Any
    point_psf: Any
    edisp: Any
    shape: SpatialModel | None = None

    __repr__ = short_repr

    def area(self, energies_tev):
        """Effective area in cm2 at energies (n,) in TeV, the mean over the source. energies_tev: float array (n,)."""
        if self.shape is None:
            return self.aeff.effective_area(energies_tev, self.offset)
        offsets, weights = self._offsets
        return np.einsum("ek,k->e", self.aeff.effective_area_grid(energies_tev, offsets), weights)

    @cached_property
    def _offsets(self):
        """Offsets (n,) of points on the source from the pointing, radian, and their weights."""
        lon, lat, weights = self.shape.nodes(np.deg2rad(self.shape.evaluation_radius.value) / POINTS)
        return angular_separation(*self.pointing, lon, lat), weights

    @cached_property
    def _round(self):
        """`ExtendedPSF` of a round source that is extended, else None."""
        if self.shape is None or not is_round(self.shape):
            return None
        return extended_psf(self.point_psf, round_shape(self.shape))

    def _tilt(self, energies_tev, lon, lat):
        """Effective area for photons seen at directions (m,), radian, over its mean over all of them, (n, m)."""
        area = self._area_behind(energies_tev, *offset_frame(lon, lat, *self.position))
        rad = self.psf.rad_rad
        rings = ring_integrals(rad, self.psf.profiles(energies_tev))
        middle = 0.5 * (rad[1:] + rad[:-1])
        mean = np.zeros(len(energies_tev))
        # Both sides of the line to the pointing are alike.
        to_pointing = np.arctan2(*offset_frame(*self.pointing, *self.position))
        for turn in to_pointing + np.pi * (np.arange(TURNS) + 0.5) / TURNS:
            there = self._area_behind(energies_tev, middle * np.sin(turn), middle * np.cos(turn))
            mean += np.einsum("er,er->e", rings, there) / TURNS
        return np.divide(area, mean[:, None], out=np.ones_like(area), where=mean[:, None] > 0)

    def _area_behind(self, energies_tev, east, north):
        """Effective area (n, m) in cm2 where photons that are seen at flat coordinates (m,), radian, have left."""
        separation = np.hypot(east, north)
        origins = self._round.origins_at(energies_tev, separation)
        part = np.divide(origins, separation, out=np.zeros_like(origins), where=separation > 0)
        # On a plane around the centre, over the few degrees of a field.
        pointing = offset_frame(*self.pointing, *self.position)
        offset = np.hypot(east * part - pointing[0], north * part - pointing[1])
        return self.aeff.effective_area(energies_tev[:, None], offset)

    @cached_property
    def psf(self):
        """`SourcePSF` or `SpreadImage`, which say where its photons are."""
        if self.shape is None:
            return self.point_psf
        if self._round is not None:
            return self._round.table
        return SpreadImage(self.shape, self.position, self.pointing, self.aeff, self.point_psf)

    def shares(self, nodes, reco_edges, geom):
        """(area times the part of photons in each pixel (n_true, n_pixels), cm2; dispersion (n_true, n_reco)).

        Parameters
        ----------
        nodes : `TrueNodes`
        reco_edges : float array (n_reco + 1,), TeV
        geom : `WcsGeom` of the pixels, in ICRS
        """
        area, dispersion, middles = source_responses(self, nodes, reco_edges)
        # The point spread function, which changes slowly with energy, is that of the mean energy of a bin.
        shares = self.psf.pixel_fractions(middles, *self.position, geom).reshape(len(area), -1)
        shares *= area[:, None]
        if self._round is not None:
            seen = np.flatnonzero(shares.any(axis=0))
            lon, lat = (angles.ravel()[seen] for angles in geom.pixel_lonlat())
            shares[:, seen] *= self._tilt(middles, lon, lat)
        return shares, dispersion

    def densities(self, nodes, places):
        """Effective area times the densities in angle and energy at places, (n, n_true), cm2 sr-1 TeV-1.

        Parameters
        ----------
        nodes : `TrueNodes`
        places : (energy, lon, lat), float arrays (n,), TeV and ICRS radian
        """
        energy_tev, lon, lat = places
        separation = angular_separation(*self.position, lon, lat)
        if self.shape is None:
            return signal_densities(self, nodes, energy_tev, separation)
        near = np.flatnonzero(separation <= self.psf.rad_rad[-1])
        middles = nodes.middles(nodes.each(self.area))
        if self._round is None:
            image = self.psf.densities_at(middles, lon[near], lat[near])
        else:
            image = self.psf.densities(middles, separation[near]) * self._tilt(middles, lon[near], lat[near])
        made = np.zeros((len(lon), nodes.n_true))
        seen = _KnownSource(_KnownDensities(image), self.area, self.edisp, self.offset)
        made[near] = signal_densities(seen, nodes, energy_tev[near], np.arange(len(near)))
        return made


@dataclass(frozen=True, eq=False)
class _KnownDensities:
    """In place of a `SourcePSF`, densities (n_true, n) in sr-1 that are known at each event, by its number."""

    values: np.ndarray
    rad_rad = np.array([0.0, np.inf])

    def at_energies(self, energies_tev):
        """Itself, which is at these energies already. energies_tev: float array (n_true,), TeV."""
        return self

    def densities_of(self, which, number):
        """Densities (k,) in sr-1 of some bins and events. which, number: int arrays (k,)."""
        return self.values[which, number]


@dataclass(frozen=True, eq=False)
class _KnownSource:
    """What `signal_densities` asks of a `SeenSource`, with densities in place of its point spread function."""

    psf: _KnownDensities
    area: Callable
    edisp: Any
    offset: float


def seen_source(run: SourceRun, position, spatial=None):
    """The `SeenSource` of interest of a run.

    Parameters
    ----------
    run : `SourceRun`
    position : (lon, lat) of the source, ICRS, radian
    spatial : `SpatialModel`; None for a point
    """
    return _seen(run, position, run, spatial)


def seen_others(run: SourceRun, models):
    """The `SeenSource` of each other model of a field, a list.

    Parameters
    ----------
    run : `SourceRun` with its `others`
    models : sequence of `SkyModel`, in their order
    """
    return [
        _seen(run, part.position, part, model.spatial_model)
        for part, model in zip(run.others, models, strict=True)
    ]


def _is_point(spatial, psf):
    """Whether a source is a point, or so small that a run sees it as one."""
    if spatial is None or spatial.is_point:
        return True
    return psf is not None and is_round(spatial) and NARROW * round_shape(spatial).scale < psf.scale_rad


def _seen(run, position, part: SourceRun | SkyPart, spatial):
    shape = None if _is_point(spatial, part.psf) else spatial
    return SeenSource(position, part.offset, run.pointing_lonlat, run.aeff, part.psf, part.edisp, shape)
