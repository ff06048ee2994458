"""A run reduced to its ON and OFF events and a response: all that 1D time bins of any kind are made of."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tevcurve.data.gti import GTI
from tevcurve.data.time import TimeReference
from tevcurve.datasets.band_reach import BandReach, band_reach
from tevcurve.datasets.timeline import RunTimeline, spectrum_timeline
from tevcurve.records import short_repr
from tevcurve.run_id import RunId


@dataclass(frozen=True, eq=False)
class OnOffTerms:
    """ON and OFF events of one observation inside its good time and its energy bins, in the order of time.

    run_id: `RunId`. reference: of all times. intervals: good time, mission seconds (n, 2), in order, without overlap.
    deadc: live time over on-time.
    on_times_s, on_energy_tev, on_bin: mission seconds, TeV and number of the reco-energy bin of each ON event;
    off_times_s, off_energy_tev, off_bin: those of the OFF events.
    acceptance_off: of the OFF regions, per reco bin (n_reco,), where that of the ON region is `acceptance`.
    exposure_per_s: cm2 (n_true,), the effective area for the ON region, so exposure per second of live time.
    edisp: probability (n_true, n_reco) of each reco bin.
    true_edges_tev, reco_edges_tev: TeV. mask_safe: bool (n_reco,), True in bins inside the safe energies.
    safe_tev: (low, high), TeV, these energies.
    on_count, off_count: how many counts each ON and each OFF event stands for; None for one each.
    acceptance: of the ON region, per reco bin (n_reco,), in proportion to its solid angle; None for 1 in each.
    others_per_s: counts of other sources in ON and in all OFF regions per second of live time and reco bin (2, n_reco),
        which are known; None where there are no others.
    """

    run_id: RunId
    reference: TimeReference
    intervals: np.ndarray
    deadc: float
    on_times_s: np.ndarray
    on_energy_tev: np.ndarray
    on_bin: np.ndarray
    off_times_s: np.ndarray
    off_energy_tev: np.ndarray
    off_bin: np.ndarray
    acceptance_off: np.ndarray
    exposure_per_s: np.ndarray
    edisp: np.ndarray
    true_edges_tev: np.ndarray
    reco_edges_tev: np.ndarray
    mask_safe: np.ndarray
    safe_tev: tuple[float, float] = (0.0, np.inf)
    on_count: np.ndarray | None = None
    off_count: np.ndarray | None = None
    acceptance: np.ndarray | None = None
    others_per_s: np.ndarray | None = None

    __repr__ = short_repr

    @classmethod
    def of_counts(
        cls,
        n_on: np.ndarray,
        n_off: np.ndarray,
        gti: GTI,
        reco_edges_tev: np.ndarray,
        **fields: Any,
    ) -> "OnOffTerms":
        """ON and OFF counts (n_reco,) of whatever numbers, without times, as if all came in the middle of one interval.

        Parameters
        ----------
        n_on, n_off : float arrays (n_reco,)
        gti : `GTI` of one interval; exposures are per second of it
        reco_edges_tev, fields : as the record has them
        """
        bins = np.arange(len(reco_edges_tev) - 1)
        times = np.full(len(bins), gti.intervals.mean())
        energies = np.sqrt(reco_edges_tev[:-1] * reco_edges_tev[1:])
        return cls(
            reference=gti.reference,
            intervals=gti.intervals,
            deadc=1.0,
            on_times_s=times,
            on_energy_tev=energies,
            on_bin=bins,
            off_times_s=times,
            off_energy_tev=energies,
            off_bin=bins,
            reco_edges_tev=reco_edges_tev,
            on_count=np.asarray(n_on, dtype=float),
            off_count=np.asarray(n_off, dtype=float),
            **fields,
        )

    @property
    def n_events(self) -> int:
        """ON and OFF events, or bins of these."""
        return len(self.on_times_s) + len(self.off_times_s)

    @property
    def alpha(self) -> np.ndarray:
        """Ratio of the acceptances of ON and OFF per reco bin (n_reco,)."""
        return (1.0 if self.acceptance is None else self.acceptance) / self.acceptance_off

    @property
    def ontime_s(self) -> float:
        """Sum of the good time in s."""
        return float(np.sum(self.intervals[:, 1] - self.intervals[:, 0]))

    @property
    def livetime_s(self) -> float:
        """On-time corrected for the dead time in s."""
        return self.ontime_s * self.deadc

    @property
    def exposure(self) -> np.ndarray:
        """Exposure per true bin in cm2 s (n_true,) over the whole good time."""
        return self.exposure_per_s * self.livetime_s

    @property
    def n_on(self) -> np.ndarray:
        """ON counts per reco bin (n_reco,)."""
        return np.bincount(self.on_bin, self.on_count, len(self.mask_safe)).astype(float)

    @property
    def n_off(self) -> np.ndarray:
        """OFF counts per reco bin (n_reco,)."""
        return np.bincount(self.off_bin, self.off_count, len(self.mask_safe)).astype(float)

    @cached_property
    def gti(self) -> GTI:
        """Good time intervals, `GTI`."""
        return GTI(self.intervals[:, 0], self.intervals[:, 1], self.reference)

    @cached_property
    def response(self) -> np.ndarray:
        """Expected ON counts per unit flux and second of live time: cm2, from true to reco bins (n_true, n_reco)."""
        return self.exposure_per_s[:, None] * self.edisp

    def reach(self, bands: np.ndarray, n_bands: int) -> BandReach:
        """`BandReach`: between which energies each band is fitted.

        Parameters
        ----------
        bands : int array (n_reco,), -1 outside of all
        n_bands : int
        """
        band_of_bin = np.where(self.mask_safe, bands, -1)
        # Band -1, of the bins that are not fitted, is left out again.
        response = np.bincount(band_of_bin + 1, self.response.sum(axis=0), n_bands + 1)[1:]
        return band_reach(self.reco_edges_tev, band_of_bin, n_bands, response)

    def between(self, intervals: np.ndarray | GTI) -> "OnOffTerms":
        """The same for the part of the good time that lies in some intervals.

        intervals: mission seconds (n, 2) or one (start, stop), or GTI; half-open, in any order. Where nothing of the
        good time is in them, the record has no interval and no event.
        """
        gti = self.gti.intersect(intervals)
        on, off = gti.contains(self.on_times_s), gti.contains(self.off_times_s)
        return replace(
            self,
            intervals=gti.intervals,
            on_times_s=self.on_times_s[on],
            on_energy_tev=self.on_energy_tev[on],
            on_bin=self.on_bin[on],
            off_times_s=self.off_times_s[off],
            off_energy_tev=self.off_energy_tev[off],
            off_bin=self.off_bin[off],
            on_count=None if self.on_count is None else self.on_count[on],
            off_count=None if self.off_count is None else self.off_count[off],
        )

    def timeline(self, flux: np.ndarray | None = None, mask: ArrayLike | None = None) -> RunTimeline:
        """`RunTimeline` of the ON and OFF events; see `tevcurve.datasets.timeline.spectrum_timeline`.

        Parameters
        ----------
        flux : float array (n_true,), cm-2 s-1, as there
        mask : bool array (n_reco,), as there
        """
        return spectrum_timeline(self, flux, mask)
