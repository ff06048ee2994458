"""A kept run to its terms of a 3D light curve: the source's response and the background at its events."""

from dataclasses import dataclass, replace

import astropy.units as u
import numpy as np

from tevcurve.datasets.background_floor import plane_floors, raise_empty_cells
from tevcurve.datasets.cube_terms import CubeResponse, CubeTerms
from tevcurve.datasets.first_cells import FirstCells, first_cells
from tevcurve.datasets.timeline import core_timeline, power_law_flux
from tevcurve.irf.field_rotation import BackgroundFrames, background_frames
from tevcurve.kernels.sphere import angular_separation
from tevcurve.reduction.cube import pixels_icrs
from tevcurve.reduction.event_fate import (
    EXCLUDED,
    MASKED,
    OUTSIDE_ENERGIES,
    OUTSIDE_REGION,
    UNPREDICTED,
    USED,
)
from tevcurve.reduction.safe_energy import safe_energy_range
from tevcurve.reduction.spectrum import bins_inside
from tevcurve.reduction.true_nodes import TrueNodes

# Energies in each reco bin at which a density of events is looked at, for the lowest flux that leaves it above zero.
FINE = 3


@dataclass(frozen=True, eq=False)
class CubeSetting:
    """Where and how a run's cube is laid.

    Attributes
    ----------
    source : (lon, lat), ICRS, radian
    geom : `WcsGeom` of the pixels
    axes : `EnergyAxes`
    offset_max : float, radian, largest offset of a pixel's centre from the pointing (exclusive)
    safe_energy : "file", `CommonSafeEnergy`, a fraction of the largest effective area, or None
    unbinned : bool, whether events are taken at their own energy and position
    stacked : bool, whether bins are to stack their runs, which needs the responses at all cells
    allowed : bool array (nlat, nlon), pixels that are on no exclusion, or None for all; the others are outside the
        fit, for the events in them as for what is expected there
    responses : "weighted" with the flux inside each bin of true energy, or "centre", at the bins' centres
    """

    source: tuple[float, float]
    geom: object
    axes: object
    offset_max: float
    safe_energy: object
    unbinned: bool
    stacked: bool = False
    allowed: np.ndarray | None = None
    responses: str = "weighted"


def cube_terms(run, setting, nodes, below_zero=False):
    """(`CubeTerms`, fate of each event of the run) for one `KeptRun`.

    nodes: `TrueNodes` of the setting's bins of true energy. below_zero: bool, whether the terms have `first` cells.
    The fates are numbers from `tevcurve.reduction.event_fate`, int array (n_events,).
    """
    cube = _Cube.of(run, setting, nodes)
    fate, event, reco, pixel = _events_in_cube(run, setting, cube)
    response, background, floors = (_at_own_places if setting.unbinned else _in_cells)(
        run, setting, cube, (event, reco, pixel)
    )
    sees, low = response.any(axis=1), background < floors[:, reco]
    kept = sees | (background.max(axis=0) > 0)
    background = np.where(kept & low, floors[:, reco], background)
    fate[event[~kept]] = UNPREDICTED
    event, reco, pixel = event[kept], reco[kept], pixel[kept]
    bands = setting.axes.band_of_bin
    terms = CubeTerms(
        obs_id=run.obs_id,
        gti=run.gti,
        deadc=run.deadc,
        time_s=run.time_s[event],
        band=bands[reco],
        cell=np.ravel_multi_index((reco, pixel), (len(cube.safe), cube.inside.size)),
        near=np.flatnonzero(sees[kept]),
        response=response[sees],
        background=background[:, kept],
        **_totals(cube, bands, setting.axes.n_bands),
        slice_edges=cube.frames.slice_edges,
        first=_first_cells(run, setting, cube) if below_zero else None,
        band_of_bin=np.where(cube.safe, bands, -1),
        reco_edges=setting.axes.reco,
        floored=np.flatnonzero((low.all(axis=0) & sees)[kept]),
        compact=cube.compact() if setting.stacked else None,
        line=_line(run, setting, cube, event, pixel),
        safe_tev=cube.safe_tev,
    )
    return terms, fate


def with_first_cells(terms, run, setting, nodes):
    """`CubeTerms` of a `KeptRun` with their `first` cells, which they may have; the others are as for `cube_terms`."""
    if terms.first is not None:
        return terms
    return replace(terms, first=_first_cells(run, setting, _Cube.of(run, setting, nodes)))


@dataclass(frozen=True, eq=False)
class _Cube:
    """What a run expects in the cells.

    Attributes
    ----------
    near : bool array (nlat, nlon), pixels within the largest offset
    inside : bool array (nlat, nlon), and safe : bool array (n_reco,): pixels and energies of the fit
    safe_tev : (low, high), TeV
    nodes : `TrueNodes` at which responses are taken
    shares : float array (n_true, nlat, nlon), cm2, see `_signal`
    dispersion : float array (n_true, n_reco)
    frames : `BackgroundFrames`, slices of time in which the background stands still on the sky
    background : float array (n_slices, n_reco, nlat, nlon), s-1; zero in cells outside the fit
    """

    near: np.ndarray
    inside: np.ndarray
    safe: np.ndarray
    safe_tev: tuple[float, float]
    nodes: TrueNodes
    shares: np.ndarray
    dispersion: np.ndarray
    frames: BackgroundFrames
    background: np.ndarray

    @classmethod
    def of(cls, run, setting, nodes):
        """Of a `KeptRun`."""
        axes = setting.axes
        near = angular_separation(*run.pointing_lonlat, *pixels_icrs(setting.geom)) < setting.offset_max
        inside = near if setting.allowed is None else near & setting.allowed
        safe_tev = safe_energy_range(run, run.offset, setting.safe_energy)
        safe = bins_inside(axes.reco, *safe_tev)
        shares, dispersion = _signal(run, setting, inside, nodes)
        frames = background_frames(run.pointing_lonlat, run.gti, run.location)
        background = _background_cells(run, setting, inside, safe, frames)
        return cls(near, inside, safe, safe_tev, nodes, shares, dispersion, frames, background)

    @property
    def flat_shares(self):
        """The shares of each pixel (n_true, n_pixels)."""
        return self.shares.reshape(len(self.shares), -1)

    @property
    def flat_background(self):
        """The background in each pixel (n_slices, n_reco, n_pixels)."""
        return self.background.reshape(*self.background.shape[:2], -1)

    def filled(self):
        """The background, nowhere empty in the fit (n_slices, n_reco, nlat, nlon)."""
        return raise_empty_cells(self.background, self.safe[:, None, None] & self.inside)

    def compact(self):
        """The `CubeResponse`."""
        background = self.filled().reshape(self.flat_background.shape)
        # Where a run is not fitted, it adds neither signal to a stack nor background.
        return CubeResponse(self.flat_shares, np.where(self.safe, self.dispersion, 0.0), background)


def _in_cells(run, setting, cube, events):
    """Response (n, n_true) and background (n_slices, n) in the cells of events, and floors (n_slices, n_reco)."""
    _, reco, pixel = events
    response = (cube.flat_shares[:, pixel] * cube.dispersion[:, reco]).T
    return response, cube.flat_background[:, reco, pixel], plane_floors(cube.background.mean(axis=(2, 3)))


def _at_own_places(run, setting, cube, events):
    """The same per TeV and sr, at the energies and directions of the events."""
    event, _, _ = events
    return _densities(run, setting, cube, (run.energy_tev[event], run.lon[event], run.lat[event]))


def _densities(run, setting, cube, places):
    """The same at places: arrays (n,) of energies in TeV, longitudes and latitudes in radian."""
    energy, lon, lat = places
    rates = [run.bkg.rate(energy, *at(lon, lat)) for at in cube.frames.coordinates]
    widths = np.diff(setting.axes.reco) * np.mean(setting.geom.solid_angle().to_value(u.sr))
    floors = plane_floors(cube.background.mean(axis=(2, 3)) / widths)
    return _signal_densities(run, setting, cube.nodes, places), np.stack(rates), floors


def _first_cells(run, setting, cube):
    """The `FirstCells`; of events at their own places, energies at the position of the source are among them."""
    floors = plane_floors(cube.background.mean(axis=(2, 3)))
    inside = cube.safe[:, None] & cube.inside.ravel()
    reco, pixel = first_cells(cube.flat_shares, cube.flat_background, inside, floors)
    found = [(reco, *_in_cells(run, setting, cube, (None, reco, pixel)))]
    if setting.unbinned and len(reco):
        energy, reco = _fine_energies(setting.axes.reco, cube.safe)
        places = (energy, *(np.full(len(energy), angle) for angle in setting.source))
        found.append((reco, *_densities(run, setting, cube, places)))
    reco = np.concatenate([each[0] for each in found])
    response = np.concatenate([each[1] for each in found])
    background = [np.maximum(rate, floor[:, own]) for own, _, rate, floor in found]
    return FirstCells(reco, response, np.concatenate(background, axis=1), np.zeros(len(reco)))


def _fine_energies(edges, safe):
    """Energies in TeV inside the reco bins that are safe, `FINE` in each, and the numbers of these bins."""
    within = (np.arange(FINE) + 0.5) / FINE
    energy = edges[:-1, None] * (edges[1:] / edges[:-1])[:, None] ** within
    return energy[safe].ravel(), np.repeat(np.flatnonzero(safe), FINE)


def _totals(cube, band_of_bin, n_bands):
    """`response_total` and `background_total` of `CubeTerms`, a dict: sums over the cells of each band."""
    per_bin = np.einsum("tp->t", cube.flat_shares)[:, None] * np.where(cube.safe, cube.dispersion, 0.0)
    bands = [band_of_bin == band for band in range(n_bands)]

    def summed(background):
        return np.stack([background[:, own].sum(axis=(1, 2, 3)) for own in bands], axis=1)

    background = summed(cube.background)
    if np.any(background == 0):
        # A band without any background has that of its floors, or its norm could not scale them.
        background = np.where(background > 0, background, summed(cube.filled()))
    return {
        "response_total": np.stack([per_bin[:, own].sum(axis=1) for own in bands]),
        "background_total": background,
    }


def _line(run, setting, cube, event, pixel):
    """`RunTimeline` of the events around the source, in all bands."""
    weight = power_law_flux(setting.axes.true) * np.where(cube.safe, cube.dispersion, 0.0).sum(axis=1)
    image, background = np.einsum("t,tyx->yx", weight, cube.shares), cube.background.sum(axis=1)
    return core_timeline(run, run.time_s[event], pixel, image, background, cube.frames.slice_edges)


def _signal(run, setting, inside, nodes):
    """Effective area times the share of the source's photons in each pixel, (n_true, nlat, nlon), cm2, and dispersion.

    The dispersion is (n_true, n_reco). The point spread function, which changes slowly with energy, is that of the mean
    energy of a bin.
    """
    at_nodes = nodes.each(lambda energies: run.aeff.effective_area(energies, run.offset))
    dispersion = nodes.each(lambda energies: run.edisp.probabilities(energies, run.offset, setting.axes.reco))
    area, dispersion = nodes.mean(at_nodes, dispersion)
    shares = run.psf.pixel_fractions(nodes.middles(at_nodes), *setting.source, setting.geom)
    return np.where(inside, shares, 0.0) * area[:, None, None], dispersion


def _background_cells(run, setting, inside, safe, frames):
    """Background rate in each cell (n_slices, n_reco, nlat, nlon), s-1; zero in cells outside the fit."""
    solid_angle = np.where(inside, setting.geom.solid_angle().to_value(u.sr), 0.0)
    lon, lat = pixels_icrs(setting.geom)
    rates = [
        run.bkg.rate_per_energy_bin(*at(lon, lat), setting.axes.reco) * solid_angle
        for at in frames.coordinates
    ]
    return np.where(safe[:, None, None], np.stack(rates), 0.0)


def _events_in_cube(run, setting, cube):
    """Fates of all events so far, and number, reco bin and flat pixel of those in cells of the fit."""
    edges, safe, near = setting.axes.reco, cube.safe, cube.near
    reco = np.searchsorted(edges, run.energy_tev, side="right") - 1
    in_energy = (reco >= 0) & (reco < len(edges) - 1)
    # Where the others lie does not matter, and they are many.
    ix, iy = setting.geom.lonlat_to_idx(run.lon[in_energy], run.lat[in_energy])
    pixel = np.full(len(run.time_s), -1)
    pixel[in_energy] = np.where(ix >= 0, iy * near.shape[1] + ix, -1)
    fate = np.full(len(run.time_s), USED, dtype=np.int8)
    fate[in_energy & ~safe[np.clip(reco, 0, len(safe) - 1)]] = MASKED
    fate[~cube.inside.ravel()[pixel]] = EXCLUDED
    fate[(pixel < 0) | ~near.ravel()[pixel]] = OUTSIDE_REGION
    fate[~in_energy] = OUTSIDE_ENERGIES
    event = np.flatnonzero(fate == USED)
    return fate, event, reco[event], pixel[event]


def _signal_densities(run, setting, nodes, places):
    """Effective area times the densities in angle and energy at places, (n, n_true), cm2 sr-1 TeV-1."""
    energy_tev, lon, lat = places
    separation = angular_separation(*setting.source, lon, lat)
    near = np.flatnonzero(separation <= run.psf.rad_rad[-1])
    area = nodes.each(lambda energies: run.aeff.effective_area(energies, run.offset))
    energy = np.zeros((len(near), nodes.n_true))
    # Node by node, so that little memory is needed.
    for at, weight in zip(nodes.energies.T, (nodes.weights * area / nodes.energies).T, strict=True):
        energy += run.edisp.normalised_density(at, energy_tev[near, None] / at, run.offset) * weight
    density = np.zeros((len(lon), nodes.n_true))
    density[near] = run.psf.densities(nodes.middles(area), separation[near]).T * energy
    return density
