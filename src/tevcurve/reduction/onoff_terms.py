"""A run at a source to its ON and OFF events in energy bins: its terms of a 1D light curve."""

from dataclasses import dataclass

import numpy as np

from tevcurve.datasets.onoff_terms import OnOffTerms
from tevcurve.errors import DataError
from tevcurve.kernels.sphere import angular_separation
from tevcurve.reduction.energy_axes import energy_bins
from tevcurve.reduction.event_fate import MASKED, OUTSIDE_ENERGIES, OUTSIDE_REGION, USED
from tevcurve.reduction.regions import RunRegions
from tevcurve.reduction.safe_energy import CommonSafeEnergy, bins_inside, safe_energy_range
from tevcurve.reduction.true_nodes import source_responses


@dataclass(frozen=True, eq=False)
class OnOffSetting:
    """Where and how a run's ON and OFF events are taken.

    Attributes
    ----------
    radius : float, radian, of the ON circle and of each OFF circle of runs whose responses hold for no cut in angle
    safe_energy : "file", `CommonSafeEnergy`, a fraction of the largest effective area, or None
    containment_correction : bool, whether the effective area is multiplied with the part of the photons inside the ON
        circle; where the responses hold for a cut, it is not
    responses : "weighted" with the flux inside each bin of true energy, or "centre", at the bins' centres
    radius_is_given : bool, whether a person asked for the radius, which must then be that of a cut
    """

    radius: float
    safe_energy: str | float | CommonSafeEnergy | None
    containment_correction: bool
    responses: str = "weighted"
    radius_is_given: bool = False

    def radius_of(self, observation, source, axes):
        """Radius in radian of the ON and OFF circles of an observation, float: the setting's, or that of a cut.

        The largest in the energies of a light curve where there is one for each energy. Raises `DataError` for
        responses that hold for a cut of which nothing tells the radius, and where another one was asked for.

        Parameters
        ----------
        observation : the observation
        source : (lon, lat), ICRS, radian
        axes : `EnergyAxes` of the light curve
        """
        cut = observation.directional_cut
        if cut is None:
            observation.check_full_enclosure()
            return self.radius
        if isinstance(cut, float):
            if self.radius_is_given:
                observation.check_radius_of_cut(self.radius)
            return cut
        if self.radius_is_given:
            raise DataError(
                f"Observation {observation.obs_id} has a table of RAD_MAX, a radius for each energy, and an on_radius "
                f"of {np.degrees(self.radius):.4g} deg is asked for; wanted is none."
            )
        offset = angular_separation(*observation.pointing_lonlat, *source)
        return cut.largest(*axes.reco[[0, -1]], offset)


def onoff_terms(run, source, axes, setting, nodes):
    """(`OnOffTerms`, fate of each event of the run) for one `SourceRun` with OFF regions.

    The fates are numbers from `tevcurve.reduction.event_fate`, int array (n_events,).

    Raises `DataError` where the responses hold for a cut that is wider than the run's regions.

    Parameters
    ----------
    run : `SourceRun`
    source : (lon, lat), ICRS, radian, as for the run
    axes : `EnergyAxes`
    setting : `OnOffSetting` of the run
    nodes : `TrueNodes` of the bins of true energy
    """
    region_radius = setting.radius if run.region_radius is None else run.region_radius
    regions = RunRegions(run, *source, region_radius, run.off_lon, run.off_lat)
    reco, in_energy = energy_bins(run.energy_tev, axes.reco)
    radius = _radii(run, region_radius, in_energy)
    on, off = regions.in_on(run.lon, run.lat, radius), regions.in_off(run.lon, run.lat, radius)
    safe_tev = safe_energy_range(run, run.offset, setting.safe_energy)
    safe = bins_inside(axes.reco, *safe_tev)
    fate = np.full(len(run.time_s), USED, dtype=np.int8)
    fate[in_energy & ~safe[np.clip(reco, 0, len(safe) - 1)]] = MASKED
    fate[~(on | off)] = OUTSIDE_REGION
    fate[~in_energy] = OUTSIDE_ENERGIES
    on, off = np.flatnonzero(on & in_energy), np.flatnonzero(off & in_energy)

    def part_seen(energies):
        return run.psf.containment_fraction(energies, region_radius)

    is_corrected = setting.containment_correction and run.cut is None
    area, dispersion, _ = source_responses(run, nodes, axes.reco, part_seen if is_corrected else None)
    reduced = OnOffTerms(
        run_id=run.run_id,
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


def _radii(run, region_radius, in_energy):
    """Radius in radian within which each event of a run counts, where its responses hold for a RAD_MAX; else None.

    region_radius: float, radian, of its regions. in_energy: bool array (n_events,), events whose radius matters.
    Source: GADF, "Point-like IRFs", RAD_MAX_2D.
    """
    if run.cut is None or isinstance(run.cut, float):
        return None
    radii = run.cut.radius(run.energy_tev, run.offset)
    largest = np.max(radii[in_energy], initial=0.0)
    if largest > region_radius * (1 + 1e-6):
        raise DataError(
            f"The RAD_MAX of run {run.run_id} goes up to {np.degrees(largest):.3f} deg in these energies, and its "
            f"regions have a radius of {np.degrees(region_radius):.3f} deg; wanted are regions as wide, which a "
            "light curve of these energies has from the start."
        )
    return np.minimum(radii, region_radius)
