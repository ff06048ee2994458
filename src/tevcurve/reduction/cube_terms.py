"""A run at a source to its terms of a 3D light curve: the source's response and the background at its events."""

from dataclasses import dataclass, replace

import astropy.units as u
import numpy as np

from tevcurve.datasets.background_floor import plane_floors
from tevcurve.datasets.cell_expectation import CellExpectation
from tevcurve.datasets.first_cells import FirstCells
from tevcurve.datasets.source_run import SourceRun
from tevcurve.irf.field_rotation import BackgroundFrames
from tevcurve.kernels.sphere import angular_separation
from tevcurve.maps import WcsGeom
from tevcurve.reduction.energy_axes import EnergyAxes
from tevcurve.reduction.event_densities import signal_densities
from tevcurve.reduction.event_fate import UNPREDICTED
from tevcurve.reduction.run_in_cells import (
    background_in_cells,
    events_in_cells,
    near_pixels,
    terms_in_cells,
)
from tevcurve.reduction.safe_energy import CommonSafeEnergy, bins_inside, safe_energy_range
from tevcurve.reduction.true_nodes import TrueNodes, source_responses

# Energies in each reco bin at which a density of events is looked at, for the lowest flux that leaves it above zero.
FINE = 3


@dataclass(frozen=True, eq=False)
class CubeSetting:
    """Where and how a run's cube is laid.

    Attributes
    ----------
    geom : `WcsGeom` of the pixels
    offset_max : float, radian, largest offset of a pixel's centre from the pointing (exclusive)
    safe_energy : "file", `CommonSafeEnergy`, a fraction of the largest effective area, or None
    unbinned : bool, whether events are taken at their own energy and position
    allowed : bool array (nlat, nlon), pixels that are on no exclusion, or None for all; the others are outside the
        fit, for the events in them as for what is expected there
    responses : "weighted" with the flux inside each bin of true energy, or "centre", at the bins' centres
    """

    geom: WcsGeom
    offset_max: float
    safe_energy: str | float | CommonSafeEnergy | None
    unbinned: bool
    allowed: np.ndarray | None = None
    responses: str = "weighted"


def cube_terms(run, source, axes, setting, nodes, below_zero=False, compact=False):
    """(`CubeTerms`, fate of each event of the run) for one `SourceRun`.

    The fates are numbers from `tevcurve.reduction.event_fate`, int array (n_events,).

    Parameters
    ----------
    run : `SourceRun`
    source : (lon, lat), ICRS, radian, as for the run
    axes : `EnergyAxes`
    setting : `CubeSetting` of the run
    nodes : `TrueNodes` of the bins of true energy
    below_zero : bool, whether the terms have `first` cells
    compact : bool, whether they have the responses at all cells, which stacking needs
    """
    cube = _Cube.of(run, source, axes, setting, nodes)
    fate, events = events_in_cells(run, setting.geom, axes.reco, cube.near, cube.inside, cube.safe)
    there = None
    if setting.unbinned:
        event = events.number
        there = cube.densities(run.energy_tev[event], run.lon[event], run.lat[event])
    terms, kept = terms_in_cells(
        run,
        events,
        cube.expected,
        axes,
        axes.band_of_bin,
        there,
        safe_tev=cube.safe_tev,
        first=cube.first_cells() if below_zero else None,
        compact=cube.expected.compact() if compact else None,
    )
    fate[events.number[~kept]] = UNPREDICTED
    return terms, fate


def with_first_cells(terms, run, source, axes, setting, nodes):
    """`CubeTerms` of a `SourceRun` that have no `first` cells yet, with these.

    Parameters
    ----------
    terms : `CubeTerms` of the run
    run, source, axes, setting, nodes : as for `cube_terms`
    """
    return replace(terms, first=_Cube.of(run, source, axes, setting, nodes).first_cells())


@dataclass(frozen=True, eq=False)
class _Cube:
    """Where a run is fitted, and what it expects there.

    Attributes
    ----------
    run, source, axes, setting, nodes : as for `cube_terms`
    near : bool array (nlat, nlon), pixels within the largest offset
    inside : bool array (nlat, nlon), and safe : bool array (n_reco,): pixels and energies of the fit
    safe_tev : (low, high), TeV
    frames : `BackgroundFrames`, slices of time in which the background stands still on the sky
    expected : `CellExpectation`
    """

    run: SourceRun
    source: tuple[float, float]
    axes: EnergyAxes
    setting: CubeSetting
    nodes: TrueNodes
    near: np.ndarray
    inside: np.ndarray
    safe: np.ndarray
    safe_tev: tuple[float, float]
    frames: BackgroundFrames
    expected: CellExpectation

    @classmethod
    def of(cls, *given):
        """Of what `cube_terms` is given."""
        run, source, axes, setting, nodes = given
        near = near_pixels(run.pointing_lonlat, setting.geom, setting.offset_max)
        inside = near if setting.allowed is None else near & setting.allowed
        safe_tev = safe_energy_range(run, run.offset, setting.safe_energy)
        safe = bins_inside(axes.reco, *safe_tev)
        shares, dispersion = _shares(run, source, axes, setting.geom, nodes)
        if not inside.all():
            shares[:, ~inside.ravel()] = 0.0
        background, frames = background_in_cells(run, setting.geom, axes.reco, inside)
        background[:, ~safe] = 0.0
        expected = CellExpectation(
            shares=shares,
            dispersion=dispersion,
            background=background.reshape(*background.shape[:2], -1),
            slice_edges=frames.slice_edges,
            cells=safe[:, None] & inside.ravel(),
            in_fit=safe,
        )
        return cls(*given, near, inside, safe, safe_tev, frames, expected)

    def densities(self, energy, lon, lat):
        """What is expected at places instead of in cells, per TeV and sr: response, background, and floors of this.

        They are arrays (n, n_true), (n_slices, n) and (n_slices, n_reco).

        energy, lon, lat: float arrays (n,), TeV, radian.
        """
        rates = [self.run.bkg.rate(energy, *at(lon, lat)) for at in self.frames.coordinates]
        solid_angle = np.mean(self.setting.geom.solid_angle().to_value(u.sr))
        floors = plane_floors(
            self.expected.background.mean(axis=-1) / (np.diff(self.axes.reco) * solid_angle)
        )
        return (
            signal_densities(self.run, self.nodes, energy, angular_separation(*self.source, lon, lat)),
            np.stack(rates),
            floors,
        )

    def first_cells(self):
        """The `FirstCells` of the cells and, of events at their own places, of energies at the source."""
        cells = self.expected.first_cells()
        if not self.setting.unbinned or not len(cells.reco):
            return cells
        energy, reco = fine_energies(self.axes.reco, self.safe)
        places = (energy, *(np.full(len(energy), angle) for angle in self.source))
        response, background, floors = self.densities(*places)
        return FirstCells(
            np.concatenate([cells.reco, reco]),
            np.concatenate([cells.response, response]),
            np.concatenate([cells.background, np.maximum(background, floors[:, reco])], axis=1),
            np.zeros(len(cells.reco) + len(reco)),
        )


def _shares(run, source, axes, geom, nodes):
    """(effective area times the part of photons in each pixel (n_true, n_pixels), cm2; dispersion (n_true, n_reco))."""
    area, dispersion, middles = source_responses(run, nodes, axes.reco)
    # The point spread function, which changes slowly with energy, is that of the mean energy of a bin.
    shares = run.psf.pixel_fractions(middles, *source, geom).reshape(len(area), -1)
    shares *= area[:, None]
    return shares, dispersion


def fine_energies(edges, safe):
    """Energies in TeV inside the reco bins that are safe, `FINE` in each, and the numbers of these bins.

    Parameters
    ----------
    edges : float array (n_reco + 1,), TeV
    safe : bool array (n_reco,)
    """
    within = (np.arange(FINE) + 0.5) / FINE
    energy = edges[:-1, None] * (edges[1:] / edges[:-1])[:, None] ** within
    return energy[safe].ravel(), np.repeat(np.flatnonzero(safe), FINE)
