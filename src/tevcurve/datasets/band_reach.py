"""Between which energies a run is fitted in each energy band."""

from dataclasses import dataclass

import numpy as np

from tevcurve.records import short_repr


@dataclass(frozen=True, eq=False)
class BandReach:
    """What the fit has of a run in each energy band, arrays (n_bands,).

    Attributes
    ----------
    low, high : float, TeV, lowest and highest edge of the energy bins of the fit; inf and 0 where there is none
    sees : bool, whether something is expected there of a source
    gaps : bool, whether energy bins in between are left out
    """

    low: np.ndarray
    high: np.ndarray
    sees: np.ndarray
    gaps: np.ndarray

    __repr__ = short_repr

    @property
    def masked(self):
        """Whether no energy bin of a band is in the fit, bool array (n_bands,)."""
        return self.high == 0


def band_reach(edges, band_of_bin, n_bands, response):
    """The `BandReach` of a run.

    Parameters
    ----------
    edges : float array (n_reco + 1,), TeV
    band_of_bin : int array (n_reco,), the band of each energy bin, -1 where it is not in the fit
    n_bands : int
    response : float array (n_bands,), anything above 0 where a source of any spectrum is seen
    """
    own = np.flatnonzero(band_of_bin >= 0)
    band = band_of_bin[own]
    low, high = np.full(n_bands, np.inf), np.zeros(n_bands)
    np.minimum.at(low, band, edges[own])
    np.maximum.at(high, band, edges[own + 1])
    span = np.bincount(band, edges[own + 1] - edges[own], n_bands)
    gaps = (high > 0) & (span < (high - low) * (1 - 1e-9))
    return BandReach(low, high, (high > 0) & (response > 0), gaps)
