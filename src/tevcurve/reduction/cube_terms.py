"""A kept run to its terms of a 3D light curve: the source's response and the background at its events."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np

from tevcurve.datasets.cube_terms import CubeResponse, CubeTerms
from tevcurve.datasets.timeline import core_timeline, power_law_flux
from tevcurve.irf.field_rotation import background_frames
from tevcurve.kernels.sphere import angular_separation
from tevcurve.reduction.cube import pixels_icrs
from tevcurve.reduction.event_fate import MASKED, OUTSIDE_ENERGIES, OUTSIDE_REGION, UNPREDICTED, USED
from tevcurve.reduction.safe_energy import safe_energy_range
from tevcurve.reduction.spectrum import bins_inside

# Where source photons are expected but the background is empty, it is raised to this share of its plane's mean.
BACKGROUND_FLOOR = 1e-6


@dataclass(frozen=True, eq=False)
class CubeSetting:
    """Where and how a run's cube is laid.

    Attributes
    ----------
    source : (lon, lat), ICRS, radian
    geom : `WcsGeom` of the pixels
    axes : `EnergyAxes`
    offset_max : float, radian, largest offset of a pixel's centre from the pointing (exclusive)
    safe_energy : "file", a fraction of the largest effective area, or None
    unbinned : bool, whether events are taken at their own energy and position
    stacked : bool, whether bins are to stack their runs, which needs the responses at all cells
    """

    source: tuple[float, float]
    geom: object
    axes: object
    offset_max: float
    safe_energy: object
    unbinned: bool
    stacked: bool = False


def cube_terms(run, setting):
    """(`CubeTerms`, fate of each event of the run) for one `KeptRun`.

    The fates are numbers from `tevcurve.reduction.event_fate`, int array (n_events,).
    """
    geom, axes = setting.geom, setting.axes
    inside = angular_separation(*run.pointing_lonlat, *pixels_icrs(geom)) < setting.offset_max
    safe = bins_inside(axes.reco, *safe_energy_range(run, run.offset, setting.safe_energy))
    shares = _pixel_shares(run, setting, inside)
    dispersion = run.edisp.kernel(run.offset, axes.true, axes.reco)
    frames = background_frames(run.pointing_lonlat, run.gti, run.location)
    cells = _background_cells(run, setting, inside, safe, frames)
    plane_means = cells.mean(axis=(2, 3))

    fate, event, reco, pixel = _events_in_cube(run, setting, inside, safe)
    if setting.unbinned:
        response = _density_at_events(run, setting, event)
        background = np.stack(
            [
                run.bkg.rate(run.energy_tev[event], *at(run.lon[event], run.lat[event]))
                for at in frames.coordinates
            ]
        )
        widths = np.diff(axes.reco) * np.mean(geom.solid_angle().to_value(u.sr))
        floor = plane_means / widths
    else:
        response = (shares.reshape(len(shares), -1)[:, pixel] * dispersion[:, reco]).T
        background = cells.reshape(*cells.shape[:2], -1)[:, reco, pixel]
        floor = plane_means
    sees = response.any(axis=1)
    empty = background.max(axis=0) <= 0
    kept = sees | ~empty
    background = np.where(kept & (background <= 0), _floors(floor)[:, reco], background)
    fate[event[~kept]] = UNPREDICTED
    order = np.flatnonzero(kept)
    peak = int(np.argmax(shares.sum(axis=0)))
    per_bin = np.einsum("tp->t", shares.reshape(len(shares), -1))[:, None] * np.where(safe, dispersion, 0.0)
    band_of_bin = axes.band_of_bin
    compact = None
    if setting.stacked:
        filled = np.where(
            (cells <= 0) & safe[:, None, None] & inside, _floors(plane_means)[:, :, None, None], cells
        )
        compact = CubeResponse(
            shares.reshape(len(shares), -1), dispersion, filled.reshape(*cells.shape[:2], -1)
        )
    terms = CubeTerms(
        obs_id=run.obs_id,
        gti=run.gti,
        deadc=run.deadc,
        time_s=run.time_s[event[order]],
        band=band_of_bin[reco[order]],
        cell=np.ravel_multi_index((reco[order], pixel[order]), (len(safe), inside.size)),
        near=np.flatnonzero(sees[order]),
        response=response[order][sees[order]],
        response_total=np.stack(
            [per_bin[:, band_of_bin == band].sum(axis=1) for band in range(axes.n_bands)]
        ),
        background=background[:, order],
        background_total=np.stack(
            [cells[:, band_of_bin == b].sum(axis=(1, 2, 3)) for b in range(axes.n_bands)], axis=1
        ),
        slice_edges=frames.slice_edges,
        peak_response=(shares.reshape(len(shares), -1)[:, peak, None] * dispersion).T,
        peak_background=cells.reshape(*cells.shape[:2], -1)[:, :, peak],
        band_of_bin=np.where(safe, band_of_bin, -1),
        n_floored=int(np.count_nonzero(empty & sees)),
        compact=compact,
        line=_line(
            run, setting, shares, np.where(safe, dispersion, 0.0), cells, frames, event[order], pixel[order]
        ),
    )
    return terms, fate


def _line(run, setting, shares, dispersion, cells, frames, event, pixel):
    """`RunTimeline` of the events around the source, in all bands."""
    weight = power_law_flux(setting.axes.true) * dispersion.sum(axis=1)
    image = np.einsum("t,tyx->yx", weight, shares)
    return core_timeline(run, run.time_s[event], pixel, image, cells.sum(axis=1), frames.slice_edges)


def _pixel_shares(run, setting, inside):
    """Effective area times the share of the source's photons in each pixel, (n_true, nlat, nlon), cm2."""
    true = setting.axes.true
    centers = np.sqrt(true[:-1] * true[1:])
    shares = run.psf.pixel_fractions(centers, *setting.source, setting.geom)
    return np.where(inside, shares, 0.0) * run.aeff.effective_area(centers, run.offset)[:, None, None]


def _background_cells(run, setting, inside, safe, frames):
    """Background rate in each cell (n_slices, n_reco, nlat, nlon), s-1; zero in cells outside the fit."""
    solid_angle = np.where(inside, setting.geom.solid_angle().to_value(u.sr), 0.0)
    lon, lat = pixels_icrs(setting.geom)
    rates = [
        run.bkg.rate_per_energy_bin(*at(lon, lat), setting.axes.reco) * solid_angle
        for at in frames.coordinates
    ]
    return np.where(safe[:, None, None], np.stack(rates), 0.0)


def _events_in_cube(run, setting, inside, safe):
    """Fates of all events so far, and number, reco bin and flat pixel of those in cells of the fit."""
    edges = setting.axes.reco
    reco = np.searchsorted(edges, run.energy_tev, side="right") - 1
    in_energy = (reco >= 0) & (reco < len(edges) - 1)
    # Where the others lie does not matter, and they are many.
    ix, iy = setting.geom.lonlat_to_idx(run.lon[in_energy], run.lat[in_energy])
    pixel = np.full(len(run.time_s), -1)
    pixel[in_energy] = np.where(ix >= 0, iy * inside.shape[1] + ix, -1)
    fate = np.full(len(run.time_s), USED, dtype=np.int8)
    fate[in_energy & ~safe[np.clip(reco, 0, len(safe) - 1)]] = MASKED
    fate[(pixel < 0) | ~inside.ravel()[pixel]] = OUTSIDE_REGION
    fate[~in_energy] = OUTSIDE_ENERGIES
    event = np.flatnonzero(fate == USED)
    return fate, event, reco[event], pixel[event]


def _density_at_events(run, setting, event):
    """Effective area times the densities in angle and energy at events, (n, n_true), cm2 sr-1 TeV-1."""
    true = setting.axes.true
    centers = np.sqrt(true[:-1] * true[1:])
    separation = angular_separation(*setting.source, run.lon[event], run.lat[event])
    density = np.zeros((len(event), len(centers)))
    near = np.flatnonzero(separation <= run.psf.rad_rad[-1])
    angle = run.psf.densities(centers, separation[near]).T
    migra = run.energy_tev[event[near], None] / centers
    energy = run.edisp.normalised_density(centers, migra, run.offset) / centers
    density[near] = angle * energy * run.aeff.effective_area(centers, run.offset)
    return density


def _floors(plane_means):
    """Floor of the background in each slice and reco bin: of its own plane, or of the nearest that is not empty."""
    floors = np.zeros_like(plane_means)
    for number, means in enumerate(plane_means):
        filled = np.flatnonzero(means > 0)
        if len(filled):
            nearest = filled[np.argmin(np.abs(filled[:, None] - np.arange(len(means))), axis=0)]
            floors[number] = BACKGROUND_FLOOR * means[nearest]
    return floors
