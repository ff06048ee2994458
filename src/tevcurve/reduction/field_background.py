"""The background of a run over its field of view: at its events, and summed over the pixels around any source."""

from dataclasses import dataclass

import numpy as np

from tevcurve.kernels.tangent import along, directions, tangent_axes
from tevcurve.records import short_repr

# Radian, between the places of the field at which rates are taken; between them they are linear, which is right to
# 1e-4 of a sum for backgrounds that change by less than a factor of 3 in a degree.
STEP = np.deg2rad(0.05)


@dataclass(frozen=True, eq=False)
class FieldBackground:
    """Rates of the background on a grid in the tangent plane around the pointing.

    Attributes
    ----------
    axes : float array (3, 3), of the pointing, see `tangent_axes`
    half : int, steps of the grid from the pointing to its border
    rates : float array (n_slices * n_reco, n_places), s-1 sr-1 of on-time
    shape : (n_slices, n_reco)
    """

    axes: np.ndarray
    half: int
    rates: np.ndarray
    shape: tuple[int, int]

    __repr__ = short_repr

    @classmethod
    def of(cls, run, frames, reco_edges, offset_max):
        """Of a run.

        Parameters
        ----------
        run : `SourceRun` with a background
        frames : `BackgroundFrames` of it
        reco_edges : float array (n_reco + 1,), TeV
        offset_max : float, radian, from the pointing, up to where it is asked for
        """
        axes = tangent_axes(*run.pointing_lonlat)
        half = int(np.ceil(np.tan(offset_max) / STEP)) + 1
        x = np.arange(-half, half + 1) * STEP
        y = x[:, None]
        depth = 1 / np.sqrt(1 + x**2 + y**2)
        vectors = (axes[0][:, None, None] + axes[1][:, None, None] * x + axes[2][:, None, None] * y) * depth
        lon, lat = directions(vectors)
        rates = np.stack(
            [run.bkg.rate_per_energy_bin(*at(lon, lat), reco_edges) for at in frames.coordinates]
        )
        shape = len(frames.coordinates), len(reco_edges) - 1
        return cls(axes, half, rates.reshape(shape[0] * shape[1], -1), shape)

    def summed(self, vectors, weights):
        """Sums over directions, weighted, float array (n_slices, n_reco).

        Parameters
        ----------
        vectors : float array (3, n), unit vectors
        weights : float array (n,)
        """
        side = 2 * self.half + 1
        depth = along(self.axes[0], vectors) * STEP
        x, y = (along(axis, vectors) / depth + self.half for axis in self.axes[1:])
        ix, iy = x.astype(np.intp), y.astype(np.intp)
        x, y = x - ix, y - iy
        low, right, place = weights * (1 - y), weights * x, iy * side + ix
        corner = right * y
        lower = low * x
        shares = np.concatenate([low - lower, lower, weights * y - corner, corner])
        places = np.concatenate([place, place + 1, place + side, place + side + 1])
        first, last = (int(places.min()), int(places.max()) + 1) if len(places) else (0, 0)
        deposit = np.bincount(places - first, shares, last - first)
        return np.einsum("rp,p->r", self.rates[:, first:last], deposit).reshape(self.shape)
