"""What the instrument makes of true energies and directions, drawn as mixtures of the tables' nodes.

A response that is interpolated linearly between its nodes is a mixture of the nodes: first a node is drawn with the
weight of the interpolation, then a value from the node's own density. So the draws follow the very densities that the
analysis takes, normalised as there.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from tevcurve.irf import EnergyDispersion2D
from tevcurve.irf.parametric_psf import ParametricPSF
from tevcurve.irf.point_spread import PointSpreadResponse
from tevcurve.irf.psf_table import EnergyDependentTablePSF
from tevcurve.kernels.draws import draw_bins, draw_choices, draw_radius, row_cumulative
from tevcurve.kernels.folding import ring_integrals
from tevcurve.kernels.interpolation import Places, all_inside, locate


@dataclass(frozen=True, eq=False)
class EnergyDraw:
    """Reconstructed energies from an `EnergyDispersion2D`.

    Attributes
    ----------
    edisp : `EnergyDispersion2D`
    """

    edisp: EnergyDispersion2D

    @cached_property
    def _totals(self) -> np.ndarray:
        return self.edisp.table.values @ np.diff(self.edisp.migra_axis.edges)

    @cached_property
    def _cumulative(self) -> np.ndarray:
        weights = self.edisp.table.values * np.diff(self.edisp.migra_axis.edges)
        return row_cumulative(weights.reshape(-1, weights.shape[-1]))

    def draw(self, energy_tev: np.ndarray, offset: np.ndarray, rng: "np.random.Generator") -> np.ndarray:
        """Reconstructed energy (n,) in TeV of true energies (n,) in TeV at offsets (n,) in radian.

        NaN beyond the edges of the table and where it is empty: there the analysis expects no event either.

        Parameters
        ----------
        energy_tev : true energies, float array (n,), TeV
        offset : from the pointing, float array (n,), radian
        rng : numpy.random.Generator
        """
        energy, theta = self.edisp.energy_axis.locate(energy_tev), self.edisp.offset_axis.locate(offset)
        rows, weights = _corners(energy, theta, self._totals)
        seen = np.flatnonzero(all_inside(energy, theta) & (weights.sum(axis=1) > 0))
        rows = rows[seen, draw_choices(weights[seen], rng)]
        edges = self.edisp.migra_axis.edges
        bins, place = draw_bins(self._cumulative, rows, rng)
        reconstructed = np.full(len(energy_tev), np.nan)
        reconstructed[seen] = energy_tev[seen] * (edges[bins] + place * np.diff(edges)[bins])
        return reconstructed


@dataclass(frozen=True, eq=False)
class AngleDraw:
    """Angles between true and reconstructed direction from a `PSF3D`.

    offsets: nodes (n_offset,) in radian, increasing. tables: the `EnergyDependentTablePSF` at each. (A point spread
    function that has parameters draws by itself: `~tevcurve.irf.parametric_psf.ParametricPSF.draw`.)
    """

    offsets: np.ndarray
    tables: tuple[EnergyDependentTablePSF, ...]

    @classmethod
    def at_offset(cls, psf: PointSpreadResponse, offset: float) -> "AngleDraw":
        """For sources at one offset in radian: the function that the analysis takes for a source there.

        Parameters
        ----------
        psf : over the field of view
        offset : from the pointing, radian
        """
        return cls(np.array([offset]), (cast(EnergyDependentTablePSF, psf.table_at(offset)),))

    @classmethod
    def over_field(cls, psf: PointSpreadResponse) -> "AngleDraw":
        """For directions all over the field of view: a mixture of the functions at the offsets of the table.

        psf: over the field of view.
        """
        nodes = psf.offset_axis.nodes
        tables = tuple(cast(EnergyDependentTablePSF, psf.table_at(offset)) for offset in nodes)
        return cls(nodes, tables)

    @cached_property
    def _profiles(self) -> np.ndarray:
        return np.stack([table.values for table in self.tables], axis=1)

    @cached_property
    def _cumulative(self) -> np.ndarray:
        profiles = self._profiles.reshape(-1, self._profiles.shape[-1])
        return row_cumulative(ring_integrals(self.tables[0].rad_rad, profiles))

    def draw(self, energy_tev: np.ndarray, offset: np.ndarray, rng: "np.random.Generator") -> np.ndarray:
        """Angle (n,) in radian at true energies (n,) in TeV and offsets (n,) in radian; NaN where it is empty.

        Parameters
        ----------
        energy_tev : true energies, float array (n,), TeV
        offset : from the pointing, float array (n,), radian
        rng : numpy.random.Generator
        """
        nodes = np.log(self.tables[0].energies_tev)
        energy, theta = locate(nodes, np.log(energy_tev)), locate(self.offsets, offset)
        rows, weights = _corners(energy, theta, self._profiles.any(axis=2).astype(float))
        seen = np.flatnonzero(weights.sum(axis=1) > 0)
        rows = rows[seen, draw_choices(weights[seen], rng)]
        profiles = self._profiles.reshape(-1, self._profiles.shape[-1])
        angle = np.full(len(energy_tev), np.nan)
        angle[seen] = draw_radius(self.tables[0].rad_rad, profiles, self._cumulative, rows, rng)
        return angle


def angle_draw(psf: PointSpreadResponse, offset: float | None = None) -> AngleDraw | ParametricPSF:
    """What draws angles from a point spread function over the field of view, by its method `draw`.

    Parameters
    ----------
    psf : over the field of view
    offset : the one at which all sources are, radian; None for all over the field of view
    """
    if isinstance(psf, ParametricPSF):
        return psf
    return AngleDraw.over_field(psf) if offset is None else AngleDraw.at_offset(psf, offset)


def _corners(first: Places, second: Places, totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Flat node numbers (n, 4) around points on two axes, and their weights (n, 4) times the nodes' totals."""
    rows, weights = [], []
    for lower in (first.lower, first.upper):
        for upper in (second.lower, second.upper):
            rows.append(lower * totals.shape[1] + upper)
    for share in (1 - first.weight, first.weight):
        for other in (1 - second.weight, second.weight):
            weights.append(share * other)
    nodes = np.stack(rows, axis=1)
    return nodes, np.stack(weights, axis=1) * totals.ravel()[nodes]
