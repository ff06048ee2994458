"""A kept run to its ON and OFF events in energy bins: its terms of a 1D light curve."""

from dataclasses import dataclass

import numpy as np

from tevcurve.datasets.reduced_spectrum import ReducedSpectrum
from tevcurve.reduction.event_fate import MASKED, OUTSIDE_ENERGIES, OUTSIDE_REGION, USED
from tevcurve.reduction.regions import ReflectedRegions
from tevcurve.reduction.run_responses import source_responses
from tevcurve.reduction.safe_energy import bins_inside, safe_energy_range


@dataclass(frozen=True, eq=False)
class SpectrumSetting:
    """Where and how a run's ON and OFF events are taken.

    Attributes
    ----------
    source : (lon, lat), ICRS, radian
    radius : float, radian, of the ON circle and of each OFF circle
    axes : `EnergyAxes`
    safe_energy : "file", `CommonSafeEnergy`, a fraction of the largest effective area, or None
    containment_correction : bool
    responses : "weighted" with the flux inside each bin of true energy, or "centre", at the bins' centres
    """

    source: tuple[float, float]
    radius: float
    axes: object
    safe_energy: object
    containment_correction: bool
    responses: str = "weighted"


def spectrum_terms(run, setting, nodes):
    """(`ReducedSpectrum`, fate of each event of the run) for one `KeptRun` with OFF regions.

    nodes: `TrueNodes` of the setting's bins of true energy.
    The fates are numbers from `tevcurve.reduction.event_fate`, int array (n_events,).
    """
    axes = setting.axes
    regions = ReflectedRegions(run, *setting.source, setting.radius, run.off_lon, run.off_lat)
    on, off = regions.in_on(run.lon, run.lat), regions.in_off(run.lon, run.lat)
    reco = np.searchsorted(axes.reco, run.energy_tev, side="right") - 1
    in_energy = (reco >= 0) & (reco < len(axes.reco) - 1)
    safe_tev = safe_energy_range(run, run.offset, setting.safe_energy)
    safe = bins_inside(axes.reco, *safe_tev)
    fate = np.full(len(run.time_s), USED, dtype=np.int8)
    fate[in_energy & ~safe[np.clip(reco, 0, len(safe) - 1)]] = MASKED
    fate[~(on | off)] = OUTSIDE_REGION
    fate[~in_energy] = OUTSIDE_ENERGIES
    on, off = np.flatnonzero(on & in_energy), np.flatnonzero(off & in_energy)
    radius = setting.radius if setting.containment_correction else None
    area, dispersion, _ = source_responses(run, nodes, axes.reco, radius)
    reduced = ReducedSpectrum(
        obs_id=run.obs_id,
        reference=run.gti.reference,
        intervals=run.gti.intervals,
        deadc=run.deadc,
        on_times_s=run.time_s[on],
        on_energy_tev=run.energy_tev[on],
        on_bin=reco[on],
        off_times_s=run.time_s[off],
        off_energy_tev=run.energy_tev[off],
        off_bin=reco[off],
        acceptance_off=np.full(len(axes.reco) - 1, float(regions.n_off)),
        exposure_per_s=area,
        edisp=dispersion,
        true_edges_tev=axes.true,
        reco_edges_tev=axes.reco,
        mask_safe=safe,
        safe_tev=safe_tev,
    )
    return reduced, fate
