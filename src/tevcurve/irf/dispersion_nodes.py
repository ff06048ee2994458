"""The energy dispersion at certain true energies, over all offsets of its table: what many sources have in common."""

from dataclasses import dataclass

import numpy as np

from tevcurve.irf.axis import ResponseAxis
from tevcurve.irf.energy_dispersion import EnergyDispersion2D
from tevcurve.kernels.folding import migration_matrix
from tevcurve.kernels.interpolation import Places, interpolate_axis
from tevcurve.kernels.migration_windows import MigrationRanges
from tevcurve.records import short_repr


@dataclass(frozen=True, eq=False)
class DispersionNodes:
    """Densities in migra at true energies (n,) and at the offsets of a table, between which they are linear.

    Attributes
    ----------
    offset_axis : `ResponseAxis`
    migra_edges : float array (n_migra + 1,)
    ranges : `MigrationRanges`, the bins in which there is any density at any offset
    densities : float array (n_offset, n_places), not normalised, in the places of these
    totals : float array (n_offset, n), their integrals
    within : float array (n_offset, n, n_reco), their integrals over bins of reconstructed energy
    """

    offset_axis: ResponseAxis
    migra_edges: np.ndarray
    ranges: MigrationRanges
    densities: np.ndarray
    totals: np.ndarray
    within: np.ndarray

    __repr__ = short_repr

    @classmethod
    def of(
        cls,
        edisp: EnergyDispersion2D,
        energies_tev: np.ndarray,
        reco_edges_tev: np.ndarray,
        offset_rad: float | None = None,
    ) -> "DispersionNodes":
        """Of a response.

        Parameters
        ----------
        edisp : the response
        energies_tev : true energies, float array (n,), TeV
        reco_edges_tev : float array (n_reco + 1,), TeV
        offset_rad : from the pointing, radian, the only offset that is asked for; default: all of the table
        """
        offsets, migra = edisp.offset_axis, edisp.migra_axis.edges
        if offset_rad is not None:
            offsets = ResponseAxis("THETA", np.array([offset_rad]), np.array([offset_rad]), "rad")
        own = np.stack([edisp.migra_density(energies_tev, offset) for offset in offsets.nodes])
        totals = np.einsum("onm,m->on", own, np.diff(migra))
        within = np.zeros((*totals.shape, max(len(reco_edges_tev) - 1, 0)))
        for number, each in enumerate(own if within.size else ()):
            within[number] = migration_matrix(energies_tev, reco_edges_tev, migra, each)
        ranges = MigrationRanges.of(np.any(own > 0, axis=0))
        densities = np.stack([ranges.flat(each) for each in own])
        return cls(offsets, migra, ranges, densities, totals, within * totals[..., None])

    def at(self, offset_rad: float) -> "SourceDispersion":
        """The `SourceDispersion` at one offset. offset_rad: from the pointing, radian."""
        place = self.offset_axis.locate(offset_rad)
        total = self._between(self.totals, place)
        inverse = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
        return SourceDispersion(self, place, inverse, self._between(self.within, place) * inverse[:, None])

    @staticmethod
    def _between(values: np.ndarray, place: Places) -> np.ndarray:
        return interpolate_axis(values, place) * place.inside


@dataclass(frozen=True, eq=False)
class SourceDispersion:
    """The dispersion at one offset.

    Attributes
    ----------
    nodes : `DispersionNodes`
    place : `Places` of the offset
    inverse : float array (n,), one over the integral of the densities; 0 where there are none
    probabilities : float array (n, n_reco), of each bin of reconstructed energy, normalised over all migra
    """

    nodes: DispersionNodes
    place: Places
    inverse: np.ndarray
    probabilities: np.ndarray

    __repr__ = short_repr

    def weighted(self, weights: np.ndarray) -> np.ndarray:
        """Normalised densities times weights, float array (n_places,). weights: float array (n,)."""
        low, high = (self.nodes.densities[int(number)] for number in (self.place.lower, self.place.upper))
        factors = np.append(weights * self.inverse, 0.0).repeat(np.append(self.nodes.ranges.sizes, 1))
        weight = float(self.place.weight)
        made = low * (1 - weight)
        if weight:
            made += high * weight
        made *= factors
        return made
