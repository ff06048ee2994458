"""What a run expects of a source and of the background, as sums only: for events that have their own places."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tevcurve.datasets.background_floor import plane_floors
from tevcurve.datasets.source_overlap import SourceOverlap


@dataclass(frozen=True, eq=False)
class FieldExpectation:
    """What `terms_in_cells` asks of a run, without an array of all cells.

    Attributes
    ----------
    per_bin : float array (n_reco,), s-1 of live time, of the source
    background : float array (n_slices, n_reco), s-1 of on-time, sums over the pixels of the fit
    slice_edges, cells, in_fit : as of `~tevcurve.datasets.cell_expectation.CellExpectation`
    n_inside : int, pixels of the fit
    further : float array (n_further, n_reco), s-1 of live time, of further sources whose fluxes are fitted, sums over
        the pixels of the fit; None for none
    overlapping : `SourceOverlap` of the source and these; None for none
    """

    per_bin: np.ndarray
    background: np.ndarray
    slice_edges: np.ndarray
    cells: np.ndarray
    in_fit: np.ndarray
    n_inside: int
    further: np.ndarray | None = None
    overlapping: SourceOverlap | None = None

    def floors(self) -> np.ndarray:
        """What an empty background is raised to, float array (n_slices, n_reco), s-1."""
        return plane_floors(self.background / self.cells.shape[1])

    def density_floors(self, reco_edges: np.ndarray, solid_angle: np.ndarray) -> np.ndarray:
        """The same per TeV and sr, float array (n_slices, n_reco).

        Parameters
        ----------
        reco_edges : float array (n_reco + 1,), TeV
        solid_angle : float array (n_pixels,), sr
        """
        width = np.diff(reco_edges) * np.mean(solid_angle)
        return plane_floors(self.background / self.cells.shape[1] / width)

    def overlap(self, bands: np.ndarray) -> SourceOverlap | None:
        """The `SourceOverlap`, or None where there is no other source. bands: int array (n_reco,)."""
        return self.overlapping

    def totals(self, bands: np.ndarray, n_bands: int) -> dict[str, Any]:
        """Sums over the cells of each band: a dict of what `CubeTerms` calls its totals.

        Parameters
        ----------
        bands : int array (n_reco,), the band of each reco bin
        n_bands : int
        """
        own = [bands == band for band in range(n_bands)]
        background = np.stack([self.background[:, band].sum(axis=1) for band in own], axis=1)
        if np.any(background == 0):
            # A band without any background has that of its floors, or its norm could not scale them.
            filled = np.where(self.in_fit, np.maximum(self.background, self.floors() * self.n_inside), 0.0)
            raised = np.stack([filled[:, band].sum(axis=1) for band in own], axis=1)
            background = np.where(background > 0, background, raised)
        return {
            "response_total": np.array([[self.per_bin[band].sum()] for band in own]),
            "background_total": background,
            "fixed_total": 0.0,
            "further_total": None
            if self.further is None
            else np.stack([self.further[:, band].sum(axis=1) for band in own], axis=1),
        }
