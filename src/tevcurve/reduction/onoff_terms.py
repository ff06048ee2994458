"""A run at a source to its ON and OFF events in energy bins: its terms of a 1D light curve."""

from dataclasses import dataclass

import numpy as np

from tevcurve.datasets.onoff_terms import OnOffTerms
from tevcurve.errors import DataError
from tevcurve.reduction.beside import check_full_enclosure, others_per_s, part_in_on
from tevcurve.reduction.energy_axes import energy_bins
from tevcurve.reduction.event_fate import MASKED, OUTSIDE_ENERGIES, OUTSIDE_REGION, USED
from tevcurve.reduction.off_places import Reflected, Wobble
from tevcurve.reduction.onoff_regions import (
    SAME_RADIUS,
    acceptance_of_bins,
    given_regions,
    has_fixed_radius,
    regions_of_bins,
)
from tevcurve.reduction.safe_energy import CommonSafeEnergy, bins_inside, safe_energy_range
from tevcurve.reduction.seen_source import seen_source
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
    off_regions : "reflected" or "wobble", how OFF circles are laid; None for wobble where there is a radius for each
        energy, else reflected
    n_off : int, number of wobble positions, or None for 3, or 1 where 3 overlap
    angular_size : "exact" or "grid", by which it is told whether circles overlap
    """

    radius: float
    safe_energy: str | float | CommonSafeEnergy | None
    containment_correction: bool
    responses: str = "weighted"
    radius_is_given: bool = False
    off_regions: str | None = None
    n_off: int | None = None
    angular_size: str = "exact"

    def radius_of(self, run):
        """Radius in radian of the ON and OFF circles of a run, float: the setting's, or that of a cut.

        Not of a run with a radius for each energy. Raises `DataError` where nothing tells the radius of a cut, and
        where another one was asked for.

        run: `SourceRun`.
        """
        cut = run.cut
        if cut is None:
            return self.radius
        if np.isnan(cut) and not self.radius_is_given:
            raise DataError(
                f"The responses of run {run.run_id} are point-like (HDUCLAS3 POINT-LIKE), and nothing tells for which "
                "cut in angle (RAD_MAX); wanted is its radius as on_radius."
            )
        if self.radius_is_given and abs(self.radius / cut - 1) > SAME_RADIUS:
            raise DataError(
                f"The responses of run {run.run_id} have RAD_MAX {np.degrees(cut):.4g} deg, the cut in angle for which "
                f"they hold; an ON region of this radius is wanted, not of {np.degrees(self.radius):.4g} deg."
            )
        return self.radius if np.isnan(cut) else cut

    def check_no_radius(self, run):
        """Raises `DataError` where a radius was asked for of a run with one for each energy. run: `SourceRun`."""
        if self.radius_is_given:
            raise DataError(
                f"Run {run.run_id} has a table of RAD_MAX, a radius for each energy, and an on_radius of "
                f"{np.degrees(self.radius):.4g} deg is asked for; wanted is none."
            )

    def off_rule(self, by_energy):
        """The `OffRule` of a run. by_energy: bool, whether it has a radius for each energy."""
        kind = self.off_regions or ("wobble" if by_energy else "reflected")
        return Wobble(self.n_off, self.angular_size) if kind == "wobble" else Reflected(self.angular_size)


def onoff_terms(run, source, axes, setting, nodes, exclusions=(), regions=None, field=None):
    """(`OnOffTerms`, fate of each event of the run) for one `SourceRun`.

    The fates are numbers from `tevcurve.reduction.event_fate`, int array (n_events,).

    Parameters
    ----------
    run : `SourceRun`
    source : (lon, lat), ICRS, radian, as for the run
    axes : `EnergyAxes`
    setting : `OnOffSetting` of the run
    nodes : `TrueNodes` of the bins of true energy
    exclusions : list as from `as_exclusions`, where no OFF region may lie
    regions : `RunRegions` of all energies, where they are laid already
    field : `~tevcurve.models.Field` of the source; default: it is a point, and nothing else is there

    Raises `DataError` where there is no room for OFF regions, for a radius that is not that of the run's responses, for
    regions that are narrower than these, and where these do not tell where photons of a field's sources are.
    """
    reco, in_energy = energy_bins(run.energy_tev, axes.reco)
    safe_tev = safe_energy_range(run, run.offset, setting.safe_energy)
    safe = bins_inside(axes.reco, *safe_tev)
    if regions is None:
        laid = regions_of_bins(run, source, axes, setting, exclusions, safe)
    else:
        laid = given_regions(run, axes, setting, regions, safe)
    on, off = _on_and_off(laid, run, reco, in_energy)
    safe = safe & laid.has_any
    fate = np.full(len(run.time_s), USED, dtype=np.int8)
    fate[in_energy & ~safe[np.clip(reco, 0, len(safe) - 1)]] = MASKED
    fate[~(on | off)] = OUTSIDE_REGION
    fate[~in_energy] = OUTSIDE_ENERGIES
    on, off = np.flatnonzero(on & in_energy), np.flatnonzero(off & in_energy)
    area, dispersion = _responses(run, source, axes, setting, nodes, laid, field)
    acceptance = None if has_fixed_radius(run) else acceptance_of_bins(run, axes)
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
        acceptance=acceptance,
        acceptance_off=laid.n_off if acceptance is None else laid.n_off * acceptance,
        exposure_per_s=area,
        edisp=dispersion,
        true_edges_tev=axes.true,
        reco_edges_tev=axes.reco,
        mask_safe=safe,
        safe_tev=safe_tev,
        others_per_s=_others(run, axes, setting, laid, field),
    )
    return reduced, fate


def _responses(run, source, axes, setting, nodes, laid, field):
    """(effective area for the ON region (n_true,), cm2, dispersion (n_true, n_reco)) of a run at its source."""
    if field is not None and field.is_extended:
        check_full_enclosure(run, "a source that is extended")
        (regions,), spatial = laid.several, field.source.spatial_model
        # The part, which changes slowly with energy, is taken at the bins' middles.
        middles = np.sqrt(nodes.edges[:-1] * nodes.edges[1:])
        parts = part_in_on(run, source, spatial, regions, middles)

        def part_of_shape(energies):
            return np.interp(np.log(energies), np.log(middles), parts)

        seen = seen_source(run, source, spatial)
        return source_responses(seen, nodes, axes.reco, part_of_shape)[:2]

    def part_seen(energies):
        return run.psf.containment_fraction(energies, laid.several[0].radius)

    is_corrected = setting.containment_correction and run.cut is None
    return source_responses(run, nodes, axes.reco, part_seen if is_corrected else None)[:2]


def _others(run, axes, setting, laid, field):
    """What `others_per_s` gives, or None where there are no others."""
    if field is None or not field.others:
        return None
    check_full_enclosure(run, f"the models {', '.join(repr(model.name) for model in field.others)}")
    (regions,) = laid.several
    return others_per_s(run, field.others, axes, setting.responses, regions)


def _on_and_off(laid, run, reco, in_energy):
    """(whether each event of a run is in an ON circle, whether it is in an OFF circle): bool arrays (n_events,).

    laid: `RegionsOfBins`. reco: int array (n_events,), bin of reconstructed energy. in_energy: bool array (n_events,),
    whether it is in any; the others may be in neither.
    """
    if has_fixed_radius(run):
        (regions,) = laid.several
        return regions.in_on(run.lon, run.lat), regions.in_off(run.lon, run.lat)
    on, off = np.zeros((2, len(run.time_s)), dtype=bool)
    own = np.where(in_energy, laid.of_bin[np.where(in_energy, reco, 0)], -1)
    for number, regions in enumerate(laid.several):
        events = np.flatnonzero(own == number)
        lon, lat = run.lon[events], run.lat[events]
        radii = np.minimum(run.cut.radius(run.energy_tev[events], run.offset), regions.radius)
        on[events], off[events] = regions.in_on(lon, lat, radii), regions.in_off(lon, lat, radii)
    return on, off
