"""A run's part in a 3D light curve: what each of its events says about source and background, per second."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from tevcurve.data import GTI
from tevcurve.datasets.band_reach import BandReach, band_reach
from tevcurve.datasets.first_cells import FirstCells
from tevcurve.datasets.source_overlap import SourceOverlap
from tevcurve.datasets.timeline import RunTimeline
from tevcurve.errors import InputError
from tevcurve.records import short_repr
from tevcurve.run_id import RunId


@dataclass(frozen=True, eq=False)
class CubeResponse:
    """Source and background of a run in any cell; kept where bins are to stack several runs.

    Attributes
    ----------
    shares : float array (n_true, n_pixels), cm2: effective area times the share of photons in each pixel
    dispersion : float array (n_true, n_reco)
    background : float array (n_slices, n_reco, n_pixels), s-1
    fixed : float array (n_reco, n_pixels), s-1: what other sources that are fixed give per second of live time, or 0
    cells : bool array (n_reco, n_pixels), cells of the fit, or None where the others expect nothing anyway
    further : float array (n_further, n_reco, n_pixels), s-1 of live time, of each further source that is fitted, too;
        None for none
    """

    shares: np.ndarray
    dispersion: np.ndarray
    background: np.ndarray
    fixed: np.ndarray | float = 0.0
    cells: np.ndarray | None = None
    further: np.ndarray | None = None

    __repr__ = short_repr

    def signal_at(self, cell: np.ndarray, flux: np.ndarray) -> np.ndarray:
        """Expected signal per second of live time in cells (flat indices of (n_reco, n_pixels)), float array.

        Parameters
        ----------
        cell : int array (n_cells,), flat indices
        flux : float array (n_true,), cm-2 s-1
        """
        reco, pixel = np.divmod(cell, self.shares.shape[1])
        return np.einsum("te,te->e", self.shares[:, pixel], (self.dispersion * flux[:, None])[:, reco])

    def background_at(self, cell: np.ndarray) -> np.ndarray:
        """Background per second of on-time in cells, (n_slices, n_cells).

        cell: int array (n_cells,), flat indices.
        """
        return self.background.reshape(len(self.background), -1)[:, cell]

    @property
    def further_cells(self) -> np.ndarray:
        """Further sources per second of live time in all cells, (n_further, n_reco, n_pixels)."""
        if self.further is None:
            return np.zeros((0, self.dispersion.shape[1], self.shares.shape[1]))
        return self.further if self.cells is None else np.where(self.cells, self.further, 0.0)

    def fixed_at(self, cell: np.ndarray) -> np.ndarray:
        """What is fixed per second of live time in cells, (n_cells,). cell: int array (n_cells,), flat indices."""
        if np.ndim(self.fixed) == 0:
            return np.full(len(cell), float(self.fixed))
        return np.ravel(self.fixed)[cell]

    def further_at(self, cell: np.ndarray) -> np.ndarray:
        """Further sources per second of live time in cells, (n_further, n_cells). cell: int array (n_cells,), flat."""
        if self.further is None:
            return np.zeros((0, len(cell)))
        return self.further.reshape(len(self.further), -1)[:, cell]

    def settled(self, amplitudes: np.ndarray) -> "CubeResponse":
        """The same with further sources at amplitudes (n_further,), as part of what is fixed.

        amplitudes: float array (n_further,).
        """
        if self.further is None:
            return self
        fixed = self.fixed + np.einsum("k,krp->rp", amplitudes, self.further)
        return replace(self, fixed=fixed, further=None)

    def in_all_cells(self, flux: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(signal, background, fixed) per second in all cells (n_reco, n_pixels), the background in each slice.

        flux: float array (n_true,), cm-2 s-1.
        """
        signal = np.einsum("tr,tp->rp", self.dispersion * flux[:, None], self.shares)
        fixed = np.broadcast_to(self.fixed, signal.shape)
        if self.cells is None:
            return signal, self.background, fixed
        signal, background, fixed = (
            np.where(self.cells, each, 0.0) for each in (signal, self.background, fixed)
        )
        return signal, background, fixed


@dataclass(frozen=True, eq=False)
class CubeTerms:
    """Events of one run with the source's response and the background where they are, and the totals.

    Where they are: in their cell of the cube, or at their own energy and position (unbinned); the likelihood is
    the same sum. Responses are per second of live time and unit flux in each true-energy bin, backgrounds per
    second of on-time.

    Attributes
    ----------
    run_id : `RunId`
    gti : `GTI`
    deadc : float, live time over on-time
    time_s : float array (n,), mission seconds, in order, of the events in the fit
    band : int array (n,), number of the energy band of each event
    cell : int array (n,), flat index of each event's cell (n_reco, nlat, nlon)
    near : int array (m,), numbers of the events that can be of the source
    response : float array (m, n_true), cm2: expected in the cell (or per TeV and sr) of these events; where `of_cell`
        says so, float array (n_cells, n_true), each cell being there once
    response_total : float array (n_bands, n_true), cm2: over all cells of the fit
    background : float array (n_slices, n), s-1 in the cell (or per TeV and sr)
    background_total : float array (n_slices, n_bands), s-1
    slice_edges : float array (n_slices + 1,), mission seconds between which each slice of the background holds
    first : `FirstCells`, where a source below zero may first leave nothing of the prediction, or None where no flux
        below zero is asked for
    band_of_bin : int array (n_reco,), the band of each reco bin, -1 for one that is masked
    reco_edges : float array (n_reco + 1,), TeV
    fixed : float array (n,), s-1, and fixed_total : float array (n_bands,), s-1: what other sources that are fixed
        give there per second of live time
    further : float array (n_further, n), s-1, and further_total : float array (n_further, n_bands), s-1: what each
        further source whose flux is fitted, too, gives there per second of live time; None for no such source
    count : float array (n,), how many counts each event stands for, or None for one each
    background_norm : float, the norm of a background that is not fitted; None for one that is
    floored : int array (k,), numbers of the events near the source where the background was raised to a floor
    compact : `CubeResponse` where it is to be had at other cells too, else None
    unpredicted : float, counts in cells in which nothing is predicted, which are left out
    overlap : `SourceOverlap` of the source and the further ones in all cells, or None where it was not asked for
    line : `RunTimeline` of the events around the source, of all bands, or None
    safe_tev : (low, high), TeV, between which the responses are safe
    of_cell : int array (m,), the row of `response` of each of the events that can be of the source, where all events of
        a cell are expected alike; None where each has a row of its own
    """

    run_id: RunId
    gti: GTI
    deadc: float
    time_s: np.ndarray
    band: np.ndarray
    cell: np.ndarray
    near: np.ndarray
    response: np.ndarray
    response_total: np.ndarray
    background: np.ndarray
    background_total: np.ndarray
    slice_edges: np.ndarray
    first: FirstCells | None
    band_of_bin: np.ndarray
    reco_edges: np.ndarray
    floored: np.ndarray
    fixed: np.ndarray | float = 0.0
    fixed_total: np.ndarray | float = 0.0
    further: np.ndarray | None = None
    further_total: np.ndarray | None = None
    count: np.ndarray | None = None
    background_norm: float | None = None
    unpredicted: float = 0.0
    compact: CubeResponse | None = None
    overlap: SourceOverlap | None = None
    line: RunTimeline | None = None
    safe_tev: tuple[float, float] = (0.0, np.inf)
    of_cell: np.ndarray | None = None

    __repr__ = short_repr

    @property
    def n_events(self) -> int:
        """Events, or filled cells, that are in the fit."""
        return len(self.time_s)

    @property
    def n_bands(self) -> int:
        return len(self.response_total)

    def reach(self) -> BandReach:
        """`BandReach`: between which energies each band is fitted."""
        response = self.response_total.sum(axis=1)
        return band_reach(self.reco_edges, self.band_of_bin, self.n_bands, response)

    def signal(self, flux: np.ndarray) -> np.ndarray:
        """Expected signal of each event (n,) per second of live time, of fluxes (n_true,) in cm-2 s-1.

        flux: float array (n_true,).
        """
        signal = np.zeros(len(self.time_s))
        # einsum, not a matrix product: an event's sum must not depend on how many others there are.
        signal[self.near] = self.of_near(np.einsum("et,t->e", self.response, flux))
        return signal

    def of_near(self, values: np.ndarray) -> np.ndarray:
        """Values (m, ...) of the events that can be of the source.

        values: array as long as `response`.
        """
        return values if self.of_cell is None else values[self.of_cell]

    def signal_total(self, flux: np.ndarray) -> np.ndarray:
        """Expected signal in each band (n_bands,) per second of live time.

        flux: float array (n_true,), cm-2 s-1.
        """
        return np.einsum("bt,t->b", self.response_total, flux)

    def in_one_band(self) -> Self:
        """The same with all energy bands as one, without what bounds fluxes below zero or is at other cells."""
        fixed = np.broadcast_to(self.fixed_total, self.n_bands)
        return replace(
            self,
            band=np.zeros_like(self.band),
            response_total=self.response_total.sum(axis=0, keepdims=True),
            background_total=self.background_total.sum(axis=1, keepdims=True),
            fixed_total=fixed.sum(keepdims=True),
            further_total=None
            if self.further_total is None
            else self.further_total.sum(axis=1, keepdims=True),
            band_of_bin=np.minimum(self.band_of_bin, 0),
            first=None,
            compact=None,
        )

    def settled(self, amplitudes: np.ndarray) -> Self:
        """The same with further sources at amplitudes (n_further,), as part of what is fixed.

        amplitudes: float array (n_further,).
        """
        if self.further is None or self.further_total is None:
            return self
        return replace(
            self,
            fixed=self.fixed + np.einsum("k,ke->e", amplitudes, self.further),
            fixed_total=self.fixed_total + np.einsum("k,kb->b", amplitudes, self.further_total),
            further=None,
            further_total=None,
            first=None if self.first is None else self.first.settled(amplitudes),
            compact=None if self.compact is None else self.compact.settled(amplitudes),
        )

    def timeline(self) -> RunTimeline:
        """`RunTimeline` of the events around the source, for time bins that look at events."""
        if self.line is None:
            raise InputError(
                "Time bins from the events of datasets need a target: tevcurve.light_curve takes one."
            )
        return self.line
