"""A run in the cells of a cube: its events, its background, and what they make of a light curve in 3D.

All cubes pass through here, whoever their responses are from: those of light curves and those of datasets.
"""

from dataclasses import dataclass

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve.datasets import ReducedCube
from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.datasets.timeline import core_timeline, power_law_flux
from tevcurve.irf.field_rotation import BackgroundFrames, background_frames
from tevcurve.kernels.sphere import angular_separation
from tevcurve.records import short_repr
from tevcurve.reduction.energy_axes import energy_bins
from tevcurve.reduction.event_fate import EXCLUDED, MASKED, OUTSIDE_ENERGIES, OUTSIDE_REGION, USED
from tevcurve.reduction.source_run import source_run


@dataclass(frozen=True, eq=False)
class CellEvents:
    """Those of a run's events that are in cells of the fit, arrays (n,).

    Attributes
    ----------
    number : int, which of the run's events each is
    reco, pixel : int, its reco bin and the flat number of its pixel
    count : float, how many counts it stands for, or None for one each
    """

    number: np.ndarray
    reco: np.ndarray
    pixel: np.ndarray
    count: np.ndarray | None = None

    __repr__ = short_repr


def events_in_cells(run, geom, edges, near, inside=None, safe=None):
    """(fate of each event, number from `tevcurve.reduction.event_fate`; the `CellEvents`) of a run in a cube.

    Parameters
    ----------
    run : with `energy_tev`, and `lon` and `lat` in ICRS radian, float arrays (n_events,)
    geom : `WcsGeom` of the pixels
    edges : float array (n_reco + 1,), TeV
    near : bool array (nlat, nlon), pixels within the largest offset
    inside : bool array (nlat, nlon), pixels of these that are in the fit; default: all
    safe : bool array (n_reco,), reco bins that are in the fit; default: all
    """
    inside = near if inside is None else inside
    safe = np.ones(len(edges) - 1, dtype=bool) if safe is None else safe
    reco, in_energy = energy_bins(run.energy_tev, edges)
    # Where the others lie does not matter, and they are many.
    ix, iy = geom.lonlat_to_idx(*_in_frame(run.lon[in_energy], run.lat[in_energy], geom))
    pixel = np.full(len(reco), -1)
    pixel[in_energy] = np.where(ix >= 0, iy * near.shape[1] + ix, -1)
    fate = np.full(len(reco), USED, dtype=np.int8)
    fate[in_energy & ~safe[np.clip(reco, 0, len(safe) - 1)]] = MASKED
    fate[~inside.ravel()[pixel]] = EXCLUDED
    fate[(pixel < 0) | ~near.ravel()[pixel]] = OUTSIDE_REGION
    fate[~in_energy] = OUTSIDE_ENERGIES
    event = np.flatnonzero(fate == USED)
    return fate, CellEvents(event, reco[event], pixel[event])


def _in_frame(lon, lat, geom):
    """ICRS directions in radian in the frame of a geometry."""
    return (lon, lat) if geom.frame == "icrs" else geom.lonlat(SkyCoord(lon, lat, unit="rad"))


def frames_of(run):
    """The `BackgroundFrames` of a run; without any coordinates for one without good time.

    run: `SourceRun` with a background.
    """
    if not len(run.gti):
        return BackgroundFrames(np.zeros(2), ())
    return background_frames(run.pointing_lonlat, run.gti, run.location)


def background_in_cells(run, geom, edges, inside):
    """(background rate in each cell (n_slices, n_reco, nlat, nlon), s-1 of on-time; the `BackgroundFrames`) of a run.

    Parameters
    ----------
    run : `SourceRun` with a background
    geom : `WcsGeom` of the pixels
    edges : float array (n_reco + 1,), TeV
    inside : bool array (nlat, nlon); the background of the other pixels is zero
    """
    frames = frames_of(run)
    if not frames.coordinates:
        return np.zeros((1, len(edges) - 1, *inside.shape)), frames
    solid_angle = np.where(inside, geom.solid_angle().to_value(u.sr), 0.0)
    lon, lat = pixels_icrs(geom)
    rates = [run.bkg.rate_per_energy_bin(*at(lon, lat), edges) for at in frames.coordinates]
    for rate in rates:
        rate *= solid_angle
    return rates[0][None] if len(rates) == 1 else np.stack(rates), frames


def reduce_cube(observation, geom, true_edges, offset_max):
    """The `ReducedCube` of one observation.

    Parameters
    ----------
    observation : `Observation`
    geom : `WcsGeom` with an axis of reconstructed energy
    true_edges : float array (n_true + 1,), TeV
    offset_max : Quantity or string, largest offset of a pixel's centre from the pointing (exclusive)

    Raises `DataError` if the run does not track a position, has no events or those of another field of view, or if a
    response is missing or point-like.
    """
    observation.check_tracking()
    observation.check_events()
    observation.check_full_enclosure(or_else=", or method='1d', of ON and OFF regions")
    centre = tuple(one[one.shape[0] // 2, one.shape[1] // 2] for one in pixels_icrs(geom))
    run, edges = source_run(observation, centre, with_psf=False), geom.axes[0].edges.to_value(u.TeV)
    inside = near_pixels(run.pointing_lonlat, geom, u.Quantity(offset_max).to_value(u.rad))
    _, events = events_in_cells(run, geom, edges, inside)
    rate, frames = background_in_cells(run, geom, edges, inside)
    return ReducedCube(
        run_id=run.run_id,
        geom=geom,
        true_edges=np.asarray(true_edges, dtype=float),
        gti=run.gti,
        deadc=run.deadc,
        pointing=run.pointing_lonlat,
        inside=inside,
        time_s=run.time_s[events.number],
        energy_tev=run.energy_tev[events.number],
        lon=run.lon[events.number],
        lat=run.lat[events.number],
        cell=events.reco * inside.size + events.pixel,
        background_rate=rate,
        slice_edges=frames.slice_edges,
        aeff=observation.aeff,
        psf=observation.psf,
        edisp=observation.edisp,
    )


def terms_in_cells(run, events, expected, axes, bands, there=None, **fields):
    """(`CubeTerms`, whether anything is predicted where each event is: bool array (n,)).

    Parameters
    ----------
    run : record with `run_id`, `gti`, `deadc`, and `time_s` of its events
    events : `CellEvents`
    expected : `CellExpectation`
    axes : `EnergyAxes`
    bands : int array (n_reco,), the band of each reco bin, -1 for none
    there : `ExpectedThere` of the events, where these are taken at their own energies and positions; default: of their
        cells
    fields : of `CubeTerms`, further ones (such as `first` and `compact`), or in place of what the cells give
    """
    reco, pixel = events.reco, events.pixel
    is_in_cells = there is None
    there = expected.at_cells(reco, pixel) if is_in_cells else there
    response, background, floors = there.response, there.background, there.floors
    fixed, further = there.fixed, there.further
    sees, low = response.any(axis=1), background < floors[:, reco]
    seen = sees if fixed is None else sees | (fixed > 0)
    seen = seen if further is None else seen | further.any(axis=0)
    kept = seen | (background.max(axis=0) > 0)
    background = np.where(kept & low, floors[:, reco], background)
    if "line" not in fields:
        fields = {**fields, "line": _timeline(run, events.number[kept], pixel[kept], expected, axes)}
    cell = np.ravel_multi_index((reco, pixel), expected.cells.shape)
    response, of_cell = _once_each(response[sees], cell[sees]) if is_in_cells else (response[sees], None)
    own = {
        "time_s": run.time_s[events.number[kept]],
        "band": bands[reco[kept]],
        "cell": cell[kept],
        "near": np.flatnonzero(sees[kept]),
        "response": response,
        "of_cell": of_cell,
        "background": background[:, kept],
        "slice_edges": expected.slice_edges,
        "band_of_bin": np.where(expected.in_fit, bands, -1),
        "reco_edges": axes.reco,
        "floored": np.flatnonzero((low.all(axis=0) & seen)[kept]),
        "fixed": 0.0 if fixed is None else fixed[kept],
        "further": None if further is None else further[:, kept],
        "overlap": expected.overlap(bands),
        "count": None if events.count is None else events.count[kept],
        **expected.totals(bands, axes.n_bands),
    }
    return CubeTerms(run_id=run.run_id, gti=run.gti, deadc=run.deadc, **own | fields), kept


def _once_each(values, cell):
    """(values of each cell, the number of its cell for each event): events in one cell have the same values.

    Parameters
    ----------
    values : float array (n, ...), of events
    cell : int array (n,), of these
    """
    _, first, of_cell = np.unique(cell, return_index=True, return_inverse=True)
    return values[first], of_cell


def _timeline(run, event, pixel, expected, axes):
    """`RunTimeline` of the events around the source, in all bands."""
    weight = power_law_flux(axes.true) * np.where(expected.in_fit, expected.dispersion, 0.0).sum(axis=1)
    image, background = np.einsum("t,tp->p", weight, expected.shares), expected.background.sum(axis=1)
    others = [] if expected.fixed is None else [expected.fixed]
    others += [] if expected.further is None else list(expected.further)
    for each in others:
        background = background + each.sum(axis=0) * run.deadc
    return core_timeline(run, run.time_s[event], pixel, image, background, expected.slice_edges)


def near_pixels(pointing, geom, offset_max):
    """Whether the centres of pixels are nearer to the pointing than an offset, bool array (nlat, nlon).

    Parameters
    ----------
    pointing : (lon, lat), ICRS, radian
    geom : `WcsGeom`
    offset_max : float, radian
    """
    return angular_separation(*pointing, *pixels_icrs(geom)) < offset_max


def pixels_icrs(geom):
    """(lon, lat) of the pixel centres in ICRS, radian, (nlat, nlon). geom: `WcsGeom`."""
    lon, lat = geom.pixel_lonlat()
    if geom.frame == "icrs":
        return lon, lat
    from astropy.coordinates import SkyCoord

    position = SkyCoord(lon, lat, unit="rad", frame=geom.frame).icrs
    return position.ra.rad, position.dec.rad
