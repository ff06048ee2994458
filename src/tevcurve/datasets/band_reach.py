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
    def masked(self) -> np.ndarray:
        """Whether no energy bin of a band is in the fit, bool array (n_bands,)."""
        return self.high == 0


def band_reach(edges: np.ndarray, band_of_bin: np.ndarray, n_bands: int, response: np.ndarray) -> BandReach:
    """The `BandReach` of a run.

    Parameters
    ----------
    edges : float array (n_reco + 1,), TeV
    band_of_bin : int array (n_reco,), the band of each energy bin, -1 where it is not in the fit
    n_bands : int
    response : float array (n_bands,), anything above 0 where a source of any spectrum is seen
    """
    # Bins are few, and runs many.
    first, last, gaps = [-1] * n_bands, [-1] * n_bands, [False] * n_bands
    for number, band in enumerate(band_of_bin.tolist()):
        if band >= 0:
            if first[band] < 0:
                first[band] = number
            elif last[band] != number - 1:
                gaps[band] = True
            last[band] = number
    seen = np.array(last) >= 0
    low, high = np.where(seen, edges[first], np.inf), np.where(seen, edges[1:][last], 0.0)
    return BandReach(low, high, seen & (response > 0), np.array(gaps))
