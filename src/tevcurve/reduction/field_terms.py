"""A run to its terms at any source of its field.

The terms are those of `tevcurve.reduction.cube_terms.cube_terms` of events at their own energies and positions, for one
spectrum and so with one bin of true energy, up to what is said here: a source is seen within an angle that holds all
but `LEFT` of its photons; totals of the background are sums over a grid (`tevcurve.reduction.field_background`); and
below zero a flux is bounded by what is expected at the source, not in the cells of a cube beside it.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tevcurve.datasets.cell_expectation import ExpectedThere
from tevcurve.datasets.field_expectation import FieldExpectation
from tevcurve.kernels.sphere import angular_separation
from tevcurve.kernels.tangent import along
from tevcurve.records import short_repr
from tevcurve.reduction.cube_terms import fine_energies
from tevcurve.reduction.event_densities import event_windows, source_densities
from tevcurve.reduction.field_parts import FieldParts
from tevcurve.reduction.pixels_around import places_in_plane
from tevcurve.reduction.run_in_cells import CellEvents, terms_in_cells
from tevcurve.reduction.safe_energy import bins_inside, safe_energy_range
from tevcurve.reduction.seen_in_field import SeenInField, overlap_in_field
from tevcurve.reduction.true_nodes import TrueNodes

# The share of photons, as they are seen, beyond the angle at which a source ends: neither expected nor looked for.
LEFT = 3e-4


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

    def at(self, source, allowed=None, others=()):
        """(`SourceRun`, `CubeTerms` with one bin of true energy) at a source.

        Parameters
        ----------
        source : (lon, lat), ICRS, radian
        allowed : bool array (n_pixels,), pixels that are on no exclusion, or None for all
        others : of each source whose flux is fitted, too, its `SeenInField`
        """
        axes, pixels = self.parts.axes, self.parts.pixels
        seen = self.seen(source)
        frame = seen.frame
        inside = pixels.near(frame, self.parts.pointing, self.parts.setting.offset_max)
        inside = inside if allowed is None else inside & allowed
        safe_tev = self.parts.safe_tev
        if safe_tev is None:
            safe_tev = safe_energy_range(seen.run, seen.run.offset, self.parts.setting.safe_energy)
        safe = bins_inside(axes.reco, *safe_tev)
        covered = np.append(inside, False)
        further = [each.counts(covered[each.rings_on(pixels, frame)].mean(axis=1)) for each in others]
        bands = np.where(safe, axes.band_of_bin, -1)
        expected = FieldExpectation(
            per_bin=np.where(safe, seen.counts(self._covered(inside)), 0.0),
            background=self._background(frame, inside, safe),
            slice_edges=self.parts.frames.slice_edges,
            cells=np.broadcast_to(True, (len(safe), len(inside))),
            in_fit=safe,
            n_inside=int(np.count_nonzero(inside)),
            further=np.where(safe, further, 0.0) if others else None,
            overlapping=overlap_in_field([seen, *others], self.parts, frame, inside, bands)
            if others
            else None,
        )
        own, events, rates = self._events(frame, inside, safe, [seen, *others])
        floors = expected.density_floors(axes.reco, pixels.solid_angle)
        there = ExpectedThere(
            seen.rates(self.parts.events, own)[:, None],
            rates,
            floors,
            further=np.stack([each.rates(self.parts.events, own) for each in others]) if others else None,
        )
        terms, _ = terms_in_cells(
            seen.run,
            events,
            expected,
            axes,
            axes.band_of_bin,
            there,
            line=None,
            safe_tev=safe_tev,
            first=self._first(seen, others, safe, floors) if self.below_zero else None,
        )
        return seen.run, terms

    def seen(self, source):
        """The `SeenInField` at a position. source: (lon, lat), ICRS, radian."""
        return self._seen(source, self.limit)

    def _seen(self, source, limit, offset=None):
        field = self.parts.field
        offset = field.offset(source) if offset is None else offset
        run = replace(field.run, offset=offset, psf=field.psf.table_at(offset))
        area, dispersion = self.parts.area(offset), self.parts.dispersion.at(offset)
        densities = source_densities(run, self.nodes, dispersion, self.parts.windows, area)
        photons = self.nodes.weights * area * self.flux[:, None]
        return SeenInField(run, source, densities, dispersion, photons, self.flux, limit)

    def _background(self, frame, inside, safe):
        pixels = self.parts.pixels
        vectors, block = pixels.blocks
        weights = np.bincount(block, pixels.solid_angle * inside)
        own = np.flatnonzero(weights)
        along_sky = np.stack([along(axis, vectors.take(own, axis=1)) for axis in frame.T])
        return np.where(safe, self.parts.background.summed(along_sky, weights[own]), 0.0)

    def _events(self, frame, inside, safe, seen):
        """(numbers of the field's events, int array (n,); the `CellEvents`; their background (n_slices, n)).

        Events of the fit that are near no source stand for all that are like them, unless the background turns.
        """
        events, pixels = self.parts.events, self.parts.pixels
        own = np.flatnonzero(along(frame[0], events.vectors) > pixels.reach)
        vectors = events.vectors.take(own, axis=1)
        pixel = pixels.numbers(*places_in_plane(frame, vectors))
        kept = np.append(inside, False)[pixel] & safe[events.reco[own]]
        if len(events.background) > 1:
            own, pixel = own[kept], pixel[kept]
            cells = CellEvents(events.number[own], events.reco[own], pixel)
            return own, cells, events.background.take(own, axis=1)
        near = np.any([along(one.frame[0], vectors) > np.cos(one.limit) for one in seen], axis=0)
        far, counts, product = events.summed(own[kept & ~near])
        near = own[kept & near]
        order = np.argsort(np.concatenate([near, far]), kind="stable")
        both = np.concatenate([near, far])[order]
        # In which pixel an event is says nothing that its own density does not say.
        cells = CellEvents(
            events.number[both],
            events.reco[both],
            np.zeros(len(both), dtype=np.intp),
            np.concatenate([np.ones(len(near)), counts])[order],
        )
        rates = np.concatenate([events.background.take(near, axis=1), product], axis=1)
        return both, cells, rates[:, order]

    def _first(self, seen, others, safe, floors):
        """The `FirstCells`: energies at the source."""
        energy, reco, windows = self._fine
        own = np.flatnonzero(safe[reco])
        lon, lat = (np.full(len(own), angle) for angle in seen.position)

        def there(one):
            separation = np.full(len(own), angular_separation(*one.position, *seen.position))
            return replace(one.densities, windows=windows).signal(own, separation, one.flux)

        rates = [seen.run.bkg.rate(energy[own], *at(lon, lat)) for at in self.parts.frames.coordinates]
        further = np.stack([there(each) for each in others]) if others else None
        expected = ExpectedThere(there(seen)[:, None], np.stack(rates), floors, further=further)
        return expected.first_cells(reco[own])

    @cached_property
    def _fine(self):
        energy, reco = fine_energies(self.parts.axes.reco, np.ones(len(self.parts.axes.reco) - 1, dtype=bool))
        return energy, reco, event_windows(self.parts.dispersion, self.nodes, energy)

    @cached_property
    def limit(self) -> float:
        """The angle in radian within which a source is seen, at any offset, in any band."""
        field, axes = self.parts.field, self.parts.axes
        corner, offset_max = float(np.arccos(self.parts.pixels.reach)), self.parts.setting.offset_max
        offsets, found = field.psf.offset_axis.nodes, 0.0
        for offset in np.append(offsets[offsets < offset_max], offset_max).tolist():
            seen = self._seen(field.run.pointing_lonlat, corner, offset)
            in_bins = seen.in_bins()
            bands = np.stack(
                [in_bins[:, axes.band_of_bin == band].sum(axis=1) for band in range(axes.n_bands)]
            )
            edges, shares = seen.densities.psf.shares_in_rings(corner)
            within = np.cumsum(np.einsum("bt,tj->bj", bands, shares), axis=1)
            for each, whole in zip(within, bands.sum(axis=1), strict=True):
                enough = np.flatnonzero(each >= (1 - LEFT) * whole)
                if whole > 0:
                    found = max(found, edges[enough[0] + 1] if len(enough) else corner)
        return float(found) if found > 0 else corner

    def _covered(self, inside):
        """The part of each ring around a source that is in pixels of the fit, float array (n_rings,); None for all."""
        (rings, touched), inside = self._rings, np.append(inside, False)
        return None if inside[touched].all() else inside[rings].mean(axis=1)

    @cached_property
    def _rings(self):
        """(numbers of the pixels on the rings around a source, int array (n_rings, n); each once)."""
        edges, _ = self.parts.field.psf.table_at(0.0).at_energies(np.ones(1)).shares_in_rings(self.limit)
        rings = self.parts.pixels.rings(edges)
        return rings, np.unique(rings)
