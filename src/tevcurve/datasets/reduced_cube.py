"""One run reduced to a cube: its events, its background rate, and its responses."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tevcurve.data import GTI
from tevcurve.kernels.sphere import angular_separation
from tevcurve.maps import WcsGeom
from tevcurve.records import short_repr
from tevcurve.run_id import RunId


@dataclass(frozen=True, eq=False)
class ReducedCube:
    """What any time bin inside a run is made from: events with their times, everything else per second.

    Attributes
    ----------
    run_id : `RunId`
    geom : `WcsGeom`, with the axis of reconstructed energy
    true_edges : float array (n_true + 1,), TeV
    gti : `GTI`
    deadc : float, live time over on-time
    pointing : (lon, lat), ICRS, radian
    inside : bool array (nlat, nlon), pixels nearer to the pointing than the largest offset
    time_s, energy_tev, lon, lat : float arrays (n,), the events in the cube in the order of their times: mission
        seconds of the GTI's reference, TeV, and ICRS radian
    cell : int array (n,), flat index of each event's cell in an array of shape ``geom.data_shape``
    background_rate : float array (n_slices, n_reco, nlat, nlon), s-1 of on-time in each cell; None without background
    slice_edges : float array (n_slices + 1,), mission seconds between which each slice holds
    aeff, psf, edisp : the run's responses
    """

    run_id: RunId
    geom: WcsGeom
    true_edges: np.ndarray
    gti: GTI
    deadc: float
    pointing: tuple[float, float]
    inside: np.ndarray
    time_s: np.ndarray
    energy_tev: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    cell: np.ndarray
    background_rate: np.ndarray | None
    slice_edges: np.ndarray
    aeff: Any
    psf: Any
    edisp: Any

    __repr__ = short_repr

    @property
    def ontime_s(self) -> float:
        """On-time in s, float."""
        return self.gti.ontime_s

    @property
    def livetime_s(self) -> float:
        """Live time in s, float."""
        return self.gti.ontime_s * self.deadc

    @property
    def true_centers(self) -> np.ndarray:
        """Centres of the true-energy bins, float array (n_true,), TeV."""
        return np.sqrt(self.true_edges[:-1] * self.true_edges[1:])

    def offset_of(self, lon: float | np.ndarray, lat: float | np.ndarray) -> float | np.ndarray:
        """Offset from the pointing in radian of ICRS directions in radian.

        Parameters
        ----------
        lon, lat : float arrays of one shape
        """
        return angular_separation(*self.pointing, lon, lat)

    def exposure_at(self, lon: float, lat: float) -> np.ndarray:
        """Effective area times live time at one ICRS direction (radian), float array (n_true,), cm2 s.

        Parameters
        ----------
        lon, lat : floats
        """
        return self.aeff.effective_area(self.true_centers, self.offset_of(lon, lat)) * self.livetime_s

    def counts(self) -> np.ndarray:
        """Number of events in each cell, float array of shape ``geom.data_shape``."""
        size = int(np.prod(self.geom.data_shape))
        return np.bincount(self.cell, minlength=size).astype(float).reshape(self.geom.data_shape)

    def background(self) -> np.ndarray:
        """Background counts expected in each cell over the whole good time, of shape ``geom.data_shape``."""
        # Slices are few: a sum is done before a matrix product has started its threads.
        rates: Any = self.background_rate
        return sum(ontime * rate for ontime, rate in zip(self.slice_ontimes(), rates, strict=True))

    def slice_ontimes(self) -> np.ndarray:
        """On-time inside each slice of the background, float array (n_slices,), s."""
        start, stop = self.gti.intervals[:, :1], self.gti.intervals[:, 1:]
        overlap = np.minimum(stop, self.slice_edges[1:]) - np.maximum(start, self.slice_edges[:-1])
        return np.maximum(overlap, 0).sum(axis=0)
