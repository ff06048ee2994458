"""What a run expects in the cells of a cube, per second: of a source, of other sources, and of the background."""

from dataclasses import dataclass

import numpy as np

from tevcurve.datasets.background_floor import plane_floors, raise_empty_cells
from tevcurve.datasets.cube_terms import CubeResponse
from tevcurve.datasets.first_cells import FirstCells, first_cells
from tevcurve.datasets.source_overlap import SourceOverlap
from tevcurve.records import short_repr


@dataclass(frozen=True, eq=False)
class ExpectedThere:
    """What is expected in some cells, or per TeV and sr at some energies and positions; rates are per second.

    Attributes
    ----------
    response : float array (n, n_true), cm2: of the source, per unit flux
    background : float array (n_slices, n), s-1 of on-time
    floors : float array (n_slices, n_reco), what an empty background is raised to in each reco bin
    fixed : float array (n,), s-1 of live time, of other sources that are fixed; None for nothing
    further : float array (n_further, n), s-1 of live time, of each further source that is fitted; None for none
    """

    response: np.ndarray
    background: np.ndarray
    floors: np.ndarray
    fixed: np.ndarray | None = None
    further: np.ndarray | None = None

    __repr__ = short_repr

    def first_cells(self, reco: np.ndarray) -> FirstCells:
        """The `FirstCells` that these are, with no background below the floors. reco: int array (n,), their bins."""
        background = np.maximum(self.background, self.floors[:, reco])
        fixed = np.zeros(len(reco)) if self.fixed is None else self.fixed
        return FirstCells(reco, self.response, background, fixed, self.further)


@dataclass(frozen=True, eq=False)
class CellExpectation:
    """All that `tevcurve.reduction.run_in_cells.terms_in_cells` needs to know of a run besides its events.

    The responses may be the run's own, or what a caller has in their place.

    Attributes
    ----------
    shares : float array (n_true, n_pixels), cm2: effective area times the share of the source's photons in each pixel
    dispersion : float array (n_true, n_reco)
    background : float array (n_slices, n_reco, n_pixels), s-1 of on-time; zero in cells outside the fit
    slice_edges : float array (n_slices + 1,), mission seconds between which each slice of the background holds
    cells : bool array (n_reco, n_pixels), cells of the fit
    in_fit : bool array (n_reco,), reco bins that are not masked
    fixed : float array (n_reco, n_pixels), s-1 of live time, what other sources that are fixed give; None for nothing
    further : float array (n_further, n_reco, n_pixels), s-1 of live time, what each further source whose flux is
        fitted, too, gives with the flux that it has; None for no such source
    flux : float array (n_true,), cm-2 s-1, of the source's reference spectrum, where it is to be said how the further
        sources overlap with it; else None
    """

    shares: np.ndarray
    dispersion: np.ndarray
    background: np.ndarray
    slice_edges: np.ndarray
    cells: np.ndarray
    in_fit: np.ndarray
    fixed: np.ndarray | None = None
    further: np.ndarray | None = None
    flux: np.ndarray | None = None

    __repr__ = short_repr

    def floors(self) -> np.ndarray:
        """What an empty background is raised to, float array (n_slices, n_reco), s-1."""
        return plane_floors(self.background.mean(axis=-1))

    def response_at(self, reco: np.ndarray, pixel: np.ndarray) -> np.ndarray:
        """Expected of the source in cells (n,), per second of live time and unit flux, float array (n, n_true), cm2.

        Parameters
        ----------
        reco : int array (n,), numbers of the reco bins of the cells
        pixel : int array (n,), flat numbers of the pixels of the cells
        """
        return (self.shares[:, pixel] * self.dispersion[:, reco]).T

    def at_cells(self, reco: np.ndarray, pixel: np.ndarray) -> ExpectedThere:
        """The `ExpectedThere` of cells.

        Parameters
        ----------
        reco, pixel : int arrays (n,), numbers of their reco bins and flat numbers of their pixels
        """
        fixed, further = (
            None if each is None else each[..., reco, pixel] for each in (self.fixed, self.further)
        )
        background = self.background[:, reco, pixel]
        return ExpectedThere(self.response_at(reco, pixel), background, self.floors(), fixed, further)

    def filled(self) -> np.ndarray:
        """The background, nowhere empty in the fit (n_slices, n_reco, n_pixels)."""
        return raise_empty_cells(self.background[..., None], self.cells[..., None])[..., 0]

    def compact(self) -> CubeResponse:
        """The `CubeResponse`."""
        fixed = 0.0 if self.fixed is None else self.fixed
        # Where a run is not fitted, it adds neither signal to a stack nor background.
        dispersion = np.where(self.in_fit, self.dispersion, 0.0)
        return CubeResponse(self.shares, dispersion, self.filled(), fixed, self.cells, self.further)

    def totals(self, bands: np.ndarray, n_bands: int) -> dict[str, float | np.ndarray | None]:
        """Sums over the cells of each band: a dict of what `CubeTerms` calls its totals.

        Parameters
        ----------
        bands : int array (n_reco,), the band of each reco bin, -1 for none
        n_bands : int
        """
        per_bin = self._sky_sums() * np.where(self.in_fit, self.dispersion, 0.0)
        own = [bands == band for band in range(n_bands)]

        def summed(values: np.ndarray) -> np.ndarray:
            return np.stack([values[:, band].sum(axis=(1, 2)) for band in own], axis=1)

        background = summed(self.background)
        if np.any(background == 0):
            # A band without any background has that of its floors, or its norm could not scale them.
            background = np.where(background > 0, background, summed(self.filled()))
        return {
            "response_total": np.stack([per_bin[:, band].sum(axis=1) for band in own]),
            "background_total": background,
            "fixed_total": 0.0 if self.fixed is None else summed(self.fixed[None])[0],
            "further_total": None if self.further is None else summed(self.further),
        }

    def first_cells(self) -> FirstCells:
        """The `FirstCells`."""
        floors = self.floors()
        parts = [] if self.fixed is None else [self.fixed[None]]
        parts += [] if self.further is None else [self.further]
        others = np.concatenate(parts) if parts else None
        reco, pixel = first_cells(self.shares, self.background, self.cells, floors, others)
        return self.at_cells(reco, pixel).first_cells(reco)

    def overlap(self, bands: np.ndarray) -> SourceOverlap | None:
        """The `SourceOverlap` of the source and the further ones; None without a flux or without any of these.

        bands: int array (n_reco,), the band of each reco bin, -1 for none.
        """
        if self.further is None or self.flux is None:
            return None
        pixels = np.flatnonzero(self.shares.any(axis=0))
        sources = np.concatenate([np.zeros((1, *self.cells.shape)), self.further])
        rates = np.einsum("tr,tp->rp", self.dispersion * self.flux[:, None], self.shares[:, pixels])
        sources[0][:, pixels] = np.where(self.cells[:, pixels], rates, 0.0)
        seconds = np.diff(self.slice_edges)
        share = seconds / seconds.sum() if seconds.sum() > 0 else np.full(len(seconds), 1 / len(seconds))
        background = np.einsum("s,srp->rp", share, self.background)
        fixed = np.zeros_like(background) if self.fixed is None else self.fixed
        return SourceOverlap.of_cells(np.where(self.in_fit, bands, -1), sources, background, fixed)

    def _sky_sums(self) -> np.ndarray:
        """Sums of the shares over the cells of the fit in each reco bin, float array (n_true, n_reco), cm2."""
        if self.cells.all():
            return np.repeat(np.einsum("tp->t", self.shares)[:, None], len(self.cells), axis=1)
        nothing = np.zeros(len(self.shares))
        known = {np.zeros(self.cells.shape[1], dtype=bool).tobytes(): nothing}
        keys, whole = [own.tobytes() for own in self.cells], np.asarray(self.cells.all(axis=1))
        for own, key, is_whole in zip(self.cells, keys, whole, strict=True):
            if key not in known:
                # Reco bins differ in their pixels only where a caller masks some.
                known[key] = np.einsum("tp->t", self.shares if is_whole else np.where(own, self.shares, 0.0))
        return np.stack([known[key] for key in keys], axis=1)
