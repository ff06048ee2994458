"""A run at a source to its terms of a 3D light curve: the source's response and the background at its events."""

from dataclasses import dataclass, replace

import astropy.units as u
import numpy as np

from tevcurve.datasets.background_floor import plane_floors
from tevcurve.datasets.cell_expectation import CellExpectation, ExpectedThere
from tevcurve.datasets.source_run import SourceRun
from tevcurve.irf.field_rotation import BackgroundFrames
from tevcurve.maps import WcsGeom
from tevcurve.reduction.energy_axes import EnergyAxes
from tevcurve.reduction.event_fate import UNPREDICTED
from tevcurve.reduction.run_in_cells import (
    background_in_cells,
    events_in_cells,
    near_pixels,
    terms_in_cells,
)
from tevcurve.reduction.safe_energy import CommonSafeEnergy, bins_inside, safe_energy_range
from tevcurve.reduction.seen_source import SeenSource, seen_others, seen_source
from tevcurve.reduction.true_nodes import TrueNodes, true_nodes

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


def cube_terms(run, source, axes, setting, nodes, below_zero=False, compact=False, field=None):
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
    field : `~tevcurve.models.Field` of the source and what else shines there; None for a point and nothing else
    """
    cube = _Cube.of(run, source, axes, setting, nodes, field)
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


def with_first_cells(terms, run, source, axes, setting, nodes, field=None):
    """`CubeTerms` of a `SourceRun` that have no `first` cells yet, with these.

    Parameters
    ----------
    terms : `CubeTerms` of the run
    run, source, axes, setting, nodes, field : as for `cube_terms`
    """
    return replace(terms, first=_Cube.of(run, source, axes, setting, nodes, field).first_cells())


@dataclass(frozen=True, eq=False)
class _Cube:
    """Where a run is fitted, and what it expects there.

    Attributes
    ----------
    run, source, axes, setting : as for `cube_terms`
    near : bool array (nlat, nlon), pixels within the largest offset
    inside : bool array (nlat, nlon), and safe : bool array (n_reco,): pixels and energies of the fit
    safe_tev : (low, high), TeV
    frames : `BackgroundFrames`, slices of time in which the background stands still on the sky
    own : `_Part`, the source
    others : `_Others`, what else shines in the field
    expected : `CellExpectation`
    """

    run: SourceRun
    source: tuple[float, float]
    axes: EnergyAxes
    setting: CubeSetting
    near: np.ndarray
    inside: np.ndarray
    safe: np.ndarray
    safe_tev: tuple[float, float]
    frames: BackgroundFrames
    own: "_Part"
    others: "_Others"
    expected: CellExpectation

    @classmethod
    def of(cls, run, source, axes, setting, nodes, field):
        """Of what `cube_terms` is given."""
        near = near_pixels(run.pointing_lonlat, setting.geom, setting.offset_max)
        inside = near if setting.allowed is None else near & setting.allowed
        safe_tev = safe_energy_range(run, run.offset, setting.safe_energy)
        safe = bins_inside(axes.reco, *safe_tev)
        own = _Part(seen_source(run, source, None if field is None else field.source.spatial_model), nodes)
        others = _Others.of(run, field, axes, setting)
        shares, dispersion = own.seen.shares(nodes, axes.reco, setting.geom)
        if not inside.all():
            shares[:, ~inside.ravel()] = 0.0
        background, frames = background_in_cells(run, setting.geom, axes.reco, inside)
        background[:, ~safe] = 0.0
        cells = safe[:, None] & inside.ravel()
        fixed, further = others.in_cells(axes.reco, setting.geom, cells)
        expected = CellExpectation(
            shares=shares,
            dispersion=dispersion,
            background=background.reshape(*background.shape[:2], -1),
            slice_edges=frames.slice_edges,
            cells=cells,
            in_fit=safe,
            fixed=fixed,
            further=further,
            flux=field.spectrum.photon_flux(axes.true) if field is not None and field.is_free else None,
        )
        where = near, inside, safe, safe_tev, frames
        return cls(run, source, axes, setting, *where, own, others, expected)

    def densities(self, energy, lon, lat):
        """The `ExpectedThere` at places instead of in cells, per TeV and sr.

        energy, lon, lat: float arrays (n,), TeV, radian.
        """
        rates = [self.run.bkg.rate(energy, *at(lon, lat)) for at in self.frames.coordinates]
        solid_angle = np.mean(self.setting.geom.solid_angle().to_value(u.sr))
        floors = plane_floors(
            self.expected.background.mean(axis=-1) / (np.diff(self.axes.reco) * solid_angle)
        )
        places = energy, lon, lat
        response = self.own.seen.densities(self.own.nodes, places)
        return ExpectedThere(response, np.stack(rates), floors, *self.others.densities(places))

    def first_cells(self):
        """The `FirstCells` of the cells and, of events at their own places, of energies at the source."""
        cells = self.expected.first_cells()
        if not self.setting.unbinned or not len(cells.reco):
            return cells
        energy, reco = fine_energies(self.axes.reco, self.safe)
        places = (energy, *(np.full(len(energy), angle) for angle in self.source))
        return cells.joined(self.densities(*places).first_cells(reco))


@dataclass(frozen=True, eq=False)
class _Part:
    """A source as a run sees it, the `TrueNodes` of its responses, and its flux in each true bin (n_true,), cm-2 s-1.

    flux: None for the source of interest, whose flux is fitted.
    """

    seen: SeenSource
    nodes: TrueNodes
    flux: np.ndarray | None = None

    def in_cells(self, reco, geom, cells):
        """Expected in each cell (n_reco, n_pixels), s-1 of live time; 0 outside `cells`, a bool array."""
        shares, dispersion = self.seen.shares(self.nodes, reco, geom)
        return np.where(cells, np.einsum("tr,tp->rp", dispersion * self.flux[:, None], shares), 0.0)

    def densities(self, places):
        """Expected at places, (n,), s-1 of live time per TeV and sr."""
        return np.einsum("et,t->e", self.seen.densities(self.nodes, places), self.flux)


@dataclass(frozen=True, eq=False)
class _Others:
    """What else shines in the field of a run: lists of `_Part`, those that are fixed and those that are fitted."""

    fixed: list
    fitted: list

    @classmethod
    def of(cls, run, field, axes, setting):
        """Of a run with its `others` and the field that these are of."""
        if field is None:
            return cls([], [])
        parts: dict = {True: [], False: []}
        for model, seen in zip(field.others, seen_others(run, field.others), strict=True):
            spectrum = model.spectral_model
            part = _Part(
                seen, true_nodes(axes.true, setting.responses, spectrum), spectrum.photon_flux(axes.true)
            )
            parts[field.is_fitted(model)].append(part)
        return cls(parts[False], parts[True])

    def in_cells(self, reco, geom, cells):
        """What `CellExpectation` has as fixed and as further."""
        return self._both(lambda part: part.in_cells(reco, geom, cells))

    def densities(self, places):
        """What `ExpectedThere` has as fixed and as further, at places."""
        return self._both(lambda part: part.densities(places))

    def _both(self, function):
        fixed = sum(map(function, self.fixed)) if self.fixed else None
        return fixed, np.stack([function(part) for part in self.fitted]) if self.fitted else None


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
