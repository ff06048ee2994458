"""A run to its terms at any source of its field.

The terms are those of `tevcurve.reduction.cube_terms.cube_terms` of events at their own energies and positions, for one
spectrum (`CubeTerms.at_spectrum`), up to what is said here: a source is seen within an angle that holds all but `LEFT`
of its photons; totals of the background are sums over a grid (`tevcurve.reduction.field_background`); and below zero a
flux is bounded by what is expected at the source, not in the cells of a cube beside it.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tevcurve.datasets.cell_expectation import ExpectedThere
from tevcurve.datasets.field_expectation import FieldExpectation
from tevcurve.datasets.first_cells import FirstCells
from tevcurve.kernels.tangent import along, tangent_axes
from tevcurve.records import short_repr
from tevcurve.reduction.cube_terms import fine_energies
from tevcurve.reduction.event_densities import event_windows, source_densities
from tevcurve.reduction.field_parts import FieldParts
from tevcurve.reduction.pixels_around import places_in_plane
from tevcurve.reduction.run_in_cells import CellEvents, terms_in_cells
from tevcurve.reduction.safe_energy import bins_inside, safe_energy_range
from tevcurve.reduction.true_nodes import TrueNodes

# The share of photons, as they are seen, beyond the angle at which a source ends: neither expected nor looked for.
LEFT = 1e-4


@dataclass(frozen=True, eq=False)
class SpectrumTerms:
    """Function of sources with one spectrum to the `CubeTerms` of a run.

    Attributes
    ----------
    parts : `FieldParts`
    nodes : `TrueNodes` with the weights of the spectrum
    flux : float array (n_true,), cm-2 s-1
    below_zero : bool, whether the terms have `first` cells
    """

    parts: FieldParts
    nodes: TrueNodes
    flux: np.ndarray
    below_zero: bool = False

    __repr__ = short_repr

    def at(self, source, allowed=None):
        """(`SourceRun`, `CubeTerms` with one bin of true energy) at a source.

        Parameters
        ----------
        source : (lon, lat), ICRS, radian
        allowed : bool array (n_pixels,), pixels that are on no exclusion, or None for all
        """
        field, axes, pixels = self.parts.field, self.parts.axes, self.parts.pixels
        offset = field.offset(source)
        run = replace(field.run, offset=offset, psf=field.psf.table_at(offset))
        frame, offset_max = tangent_axes(*source), self.parts.setting.offset_max
        inside = pixels.near(frame, self.parts.pointing, offset_max)
        inside = inside if allowed is None else inside & allowed
        safe_tev = self.parts.safe_tev
        if safe_tev is None:
            safe_tev = safe_energy_range(run, offset, self.parts.setting.safe_energy)
        safe = bins_inside(axes.reco, *safe_tev)
        seen = self._responses(run)
        background = self._background(frame, inside, safe)
        expected = FieldExpectation(
            per_bin=np.where(safe, self._seen_inside(seen, inside), 0.0),
            background=background,
            slice_edges=self.parts.frames.slice_edges,
            cells=np.broadcast_to(True, (len(safe), len(inside))),
            in_fit=safe,
            n_inside=int(np.count_nonzero(inside)),
        )
        events, response, rates = self._events(run, frame, inside, safe, seen)
        floors = expected.density_floors(axes.reco, pixels.solid_angle)
        terms, _ = terms_in_cells(
            run,
            events,
            expected,
            axes,
            axes.band_of_bin,
            ExpectedThere(response, rates, floors),
            line=None,
            safe_tev=safe_tev,
            first=self._first(run, source, safe, seen, floors) if self.below_zero else None,
        )
        return run, terms

    def _responses(self, run):
        """What of a source is the same wherever its events are."""
        area = self.parts.area(run.offset)
        dispersion = self.parts.dispersion.at(run.offset)
        return source_densities(run, self.nodes, dispersion, self.parts.windows, area), area, dispersion

    def _seen_inside(self, seen, inside):
        """Counts per second in each reco bin, in all pixels of the fit within `limit`, float array (n_reco,)."""
        densities, area, dispersion = seen
        covered = np.append(inside, False)[self._rings].mean(axis=1)
        if covered.min() == 1:
            shares = densities.psf.shares_within(self.limit)
        else:
            shares = np.einsum("tj,j->t", densities.psf.shares_in_rings(self.limit)[1], covered)
        photons = self.flux * shares
        parts = self.nodes.weights * area * photons[:, None]
        return np.einsum("k,kr->r", parts.ravel(), dispersion.probabilities)

    def _background(self, frame, inside, safe):
        pixels = self.parts.pixels
        vectors, block = pixels.blocks
        weights = np.bincount(block, pixels.solid_angle * inside)
        own = np.flatnonzero(weights)
        along_sky = np.stack([along(axis, vectors.take(own, axis=1)) for axis in frame.T])
        return np.where(safe, self.parts.background.summed(along_sky, weights[own]), 0.0)

    def _events(self, run, frame, inside, safe, seen):
        """(`CellEvents`, their responses (n, 1), their background (n_slices, n))."""
        events, pixels = self.parts.events, self.parts.pixels
        depth = along(frame[0], events.vectors)
        own = np.flatnonzero(depth > pixels.reach)
        x, y = places_in_plane(frame, events.vectors.take(own, axis=1))
        pixel = pixels.numbers(x, y)
        kept = np.append(inside, False)[pixel] & safe[events.reco[own]]
        near = np.flatnonzero((depth[own] > np.cos(self.limit)) & kept)
        separation = np.arctan(np.hypot(x[near], y[near]))
        response = np.zeros((len(own), 1))
        response[near, 0] = seen[0].signal(own[near], separation, self.flux)
        own, pixel, response = own[kept], pixel[kept], response[kept]
        return (
            CellEvents(events.number[own], events.reco[own], pixel),
            response,
            events.background.take(own, axis=1),
        )

    def _first(self, run, source, safe, seen, floors):
        """The `FirstCells`: energies at the source."""
        energy, reco, windows = self._fine
        own = np.flatnonzero(safe[reco])
        response = replace(seen[0], windows=windows).signal(own, np.zeros(len(own)), self.flux)
        places = (np.full(len(own), angle) for angle in source)
        lon, lat = places
        rates = np.stack([run.bkg.rate(energy[own], *at(lon, lat)) for at in self.parts.frames.coordinates])
        background = np.maximum(rates, floors[:, reco[own]])
        return FirstCells(reco[own], response[:, None], background, np.zeros(len(own)))

    @cached_property
    def _fine(self):
        energy, reco = fine_energies(self.parts.axes.reco, np.ones(len(self.parts.axes.reco) - 1, dtype=bool))
        return energy, reco, event_windows(self.parts.dispersion, self.nodes, energy)

    @cached_property
    def limit(self) -> float:
        """The angle in radian within which a source is seen, at any offset, in any band."""
        field, axes = self.parts.field, self.parts.axes
        corner, offset_max = float(np.arccos(self.parts.pixels.reach)), self.parts.setting.offset_max
        offsets = field.psf.offset_axis.nodes
        found = 0.0
        for offset in np.append(offsets[offsets < offset_max], offset_max):
            run = replace(field.run, offset=float(offset), psf=field.psf.table_at(float(offset)))
            densities, area, dispersion = self._responses(run)
            seen = (self.nodes.weights * area).ravel()[:, None] * dispersion.probabilities
            seen = self.flux[:, None] * seen.reshape(*area.shape, -1).sum(axis=1)
            bands = np.stack([seen[:, axes.band_of_bin == band].sum(axis=1) for band in range(axes.n_bands)])
            edges, shares = densities.psf.shares_in_rings(corner)
            within = np.cumsum(np.einsum("bt,tj->bj", bands, shares), axis=1)
            for each, whole in zip(within, bands.sum(axis=1), strict=True):
                enough = np.flatnonzero(each >= (1 - LEFT) * whole)
                if whole > 0:
                    found = max(found, edges[enough[0] + 1] if len(enough) else corner)
        return float(found) if found > 0 else corner

    @cached_property
    def _rings(self) -> np.ndarray:
        psf = self.parts.field.psf.table_at(0.0)
        edges, _ = psf.shares_in_rings(self.limit)
        return self.parts.pixels.rings(edges)
