"""Where a run expects a source and its neighbours, in classes of cells: what says how well they can be told apart."""

from dataclasses import dataclass

import numpy as np

from tevcurve.kernels.overlap import classes_of_cells, information
from tevcurve.records import short_repr


@dataclass(frozen=True, eq=False)
class SourceOverlap:
    """Counts expected in classes of cells of a run, arrays (..., n_classes), whatever its events.

    Attributes
    ----------
    band : int array, the energy band of each class
    sources : float array (1 + n_further, n_classes), s-1 of live time: of the source at its reference spectrum, and of
        each further one whose flux is fitted, at the flux that it has
    background : float array, s-1 of on-time, the mean over the good time
    fixed : float array, s-1 of live time, of other sources that are fixed
    """

    band: np.ndarray
    sources: np.ndarray
    background: np.ndarray
    fixed: np.ndarray

    __repr__ = short_repr

    @classmethod
    def of_cells(cls, bands, sources, background, fixed):
        """Of cells (n_reco, n_pixels), put together where they say the same.

        Parameters
        ----------
        bands : int array (n_reco,), the band of each reco bin, -1 for none
        sources : float array (1 + n_further, n_reco, n_pixels)
        background, fixed : float arrays (n_reco, n_pixels)
        """
        parts = []
        for band in np.unique(bands[bands >= 0]):
            own = bands == band
            templates, rest, known = (
                np.ascontiguousarray(each[..., own, :]).reshape(*each.shape[:-2], -1)
                for each in (sources, background, fixed)
            )
            number = classes_of_cells(templates, rest + known)
            n = number.max(initial=-1) + 1
            summed = [np.bincount(number, each, n) for each in (*templates, rest, known)]
            parts.append(np.vstack([np.full(n, band), *summed]))
        columns = np.concatenate(parts, axis=1) if parts else np.zeros((len(sources) + 3, 0))
        return cls(columns[0].astype(int), columns[1:-2], columns[-2], columns[-1])

    def information(self, band, amplitudes, norm, deadc):
        """Fisher's information (n + 1, n + 1) of a second of live time on amplitudes (n,) and the background's norm.

        Parameters
        ----------
        band : int, number of the band
        amplitudes : float array (1 + n_further,)
        norm : float, of the background
        deadc : float, live time over on-time
        """
        own = self.band == band
        templates = np.vstack([self.sources[:, own], self.background[own] / deadc])
        expected = np.einsum("i,ic->c", np.append(amplitudes, norm), templates) + self.fixed[own]
        return information(templates, expected)
