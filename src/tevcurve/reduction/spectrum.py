"""Observations to ON/OFF spectra that keep the times of their events."""

import logging

import astropy.units as u
import numpy as np

from tevcurve.datasets.onoff import SpectrumDatasetOnOff
from tevcurve.datasets.reduced_spectrum import ReducedSpectrum
from tevcurve.errors import InputError, TevcurveError
from tevcurve.reduction.event_remarks import remark_events
from tevcurve.reduction.safe_energy import bins_inside, check_safe_energy, safe_energy_range

log = logging.getLogger(__name__)

DEFAULT_RECO_EDGES = np.geomspace(0.01, 100, 97) * u.TeV
DEFAULT_TRUE_EDGES = np.geomspace(0.01, 300, 181) * u.TeV


class SpectrumExtraction:
    """Takes ON and OFF events, exposure and energy dispersion from observations and their OFF regions.

    observations: a list of observations.
    bkg_estimate: the `result` of a ReflectedRegionsBackgroundEstimator.
    containment_correction: whether the effective area is multiplied with the part of the point spread function
        (normalised over its table) that falls into the ON region. For a point source it should be True, unless the
        responses are made for a cut of their own. Where they have a table of that (RAD_MAX), events count within its
        radius at their energy, and the ON region must be as large as the largest of these; where their header has one
        (RAD_MAX), the ON region must have it.
    e_reco, e_true: edges of the energy bins, Quantity.
    safe_energy: "file" (LO_THRES and HI_THRES of the effective area), a fraction of the effective area's maximum
        (0.1), or None; whole bins outside are masked.

    After `run()`, `spectrum_observations` is the list of `SpectrumDatasetOnOff`, in the order of the observations;
    `failed` lists (obs_id, reason) of the observations that are left out. Raises InputError when an argument cannot
    be used.
    """

    def __init__(
        self,
        observations,
        bkg_estimate,
        containment_correction=False,
        e_reco=DEFAULT_RECO_EDGES,
        e_true=DEFAULT_TRUE_EDGES,
        safe_energy="file",
    ):
        self.observations = observations
        self.bkg_estimate = list(bkg_estimate)
        self.containment_correction = containment_correction
        self.e_reco = _checked_edges(e_reco, "e_reco")
        self.e_true = _checked_edges(e_true, "e_true")
        self.safe_energy = check_safe_energy(safe_energy)
        self.spectrum_observations = []
        self.failed = []

    def __repr__(self):
        done = len(self.spectrum_observations)
        return f"{type(self).__name__}({len(self.observations)} observations, {done} spectra)"

    def run(self):
        """Fills `spectrum_observations` and `failed`; an observation that cannot be used does not stop the others."""
        same = {id(regions.observation): regions for regions in self.bkg_estimate}
        by_id = {regions.observation.obs_id: regions for regions in self.bkg_estimate}
        self.spectrum_observations, self.failed = [], []
        for observation in self.observations:
            # A part of a run, from select_time, has the regions of the run.
            regions = same.get(id(observation), by_id.get(observation.obs_id))
            if regions is None:
                self._leave_out(observation, "it has no OFF regions")
                continue
            try:
                reduced = self.reduce(observation, regions)
            except TevcurveError as error:
                self._leave_out(observation, error)
                continue
            self.spectrum_observations.append(SpectrumDatasetOnOff.from_reduced(reduced))

    def _leave_out(self, observation, reason):
        log.warning("Observation %s is left out: %s", observation.obs_id, reason)
        self.failed.append((observation.obs_id, str(reason)))

    def reduce(self, observation, regions):
        """ReducedSpectrum of one observation and its ReflectedRegions.

        Raises DataError if the run does not track a position or has no events, or if a response cannot be used.
        """
        observation.check_tracking()
        observation.check_events()
        reco_edges, true_edges = self.e_reco.to_value("TeV"), self.e_true.to_value("TeV")
        events = observation.good_events
        remark_events(observation, events, (regions.on_lon, regions.on_lat))
        radius = self._radii(observation, regions, events.energy_tev)
        on = events.select(regions.in_on(events.lon, events.lat, radius))
        off = events.select(regions.in_off(events.lon, events.lat, radius))
        on_times, on_energy, on_bin = _sorted_in_bins(on, reco_edges)
        off_times, off_energy, off_bin = _sorted_in_bins(off, reco_edges)
        offset = regions.offset
        low, high = safe_energy_range(observation, offset, self.safe_energy)
        return ReducedSpectrum(
            obs_id=observation.obs_id,
            reference=observation.time_reference,
            intervals=observation.gti.intervals,
            deadc=observation.deadc,
            on_times_s=on_times,
            on_energy_tev=on_energy,
            on_bin=on_bin,
            off_times_s=off_times,
            off_energy_tev=off_energy,
            off_bin=off_bin,
            acceptance_off=np.full(len(reco_edges) - 1, float(regions.n_off)),
            exposure_per_s=self._effective_area(observation, regions, true_edges),
            edisp=observation.edisp.kernel(offset, true_edges, reco_edges),
            true_edges_tev=true_edges,
            reco_edges_tev=reco_edges,
            mask_safe=bins_inside(reco_edges, low, high),
        )

    def _radii(self, observation, regions, energy_tev):
        """Radius in radian within which each event counts, for responses with such a cut; else None.

        Source: GADF, "Point-like IRFs", RAD_MAX_2D.
        """
        if not observation.has("rad_max"):
            if self.containment_correction:
                observation.check_full_enclosure()
            observation.check_radius_of_cut(regions.radius)
            return None
        if self.containment_correction:
            raise InputError(
                "its responses hold for the cut of its RAD_MAX; containment_correction=False is wanted"
            )
        inside = (energy_tev >= self.e_reco[0].value) & (energy_tev < self.e_reco[-1].value)
        radii = observation.rad_max.radius(energy_tev, regions.offset)
        largest = np.max(radii[inside], initial=0.0)
        if largest > regions.radius:
            raise InputError(
                f"its RAD_MAX goes up to {np.degrees(largest):.3f} deg; an ON region of this radius or more is wanted, "
                f"not of {np.degrees(regions.radius):.3f} deg"
            )
        return np.minimum(radii, regions.radius)

    def _effective_area(self, observation, regions, true_edges):
        """Effective area for the ON region in cm2 at the centres sqrt(lo * hi) of the true bins."""
        centers = np.sqrt(true_edges[:-1] * true_edges[1:])
        area = observation.aeff.effective_area(centers, regions.offset)
        if not self.containment_correction:
            return area
        psf = observation.psf.table_at(regions.offset)
        return area * psf.containment_fraction(centers, regions.radius)


def _sorted_in_bins(events, edges):
    """Mission seconds, energies in TeV and bin numbers of events inside the energy edges, in the order of time."""
    index = np.searchsorted(edges, events.energy_tev, side="right") - 1
    inside = np.flatnonzero((index >= 0) & (index < len(edges) - 1))
    order = inside[np.argsort(events.time_s[inside], kind="stable")]
    return events.time_s[order], events.energy_tev[order], index[order]


def _checked_edges(edges, name):
    """Energy edges as Quantity in TeV; InputError unless they increase from above 0."""
    edges = u.Quantity(edges)
    if not edges.unit.is_equivalent(u.TeV) or edges.ndim != 1 or len(edges) < 2:
        raise InputError(f"{name} is {edges}; two or more energies are wanted.")
    if not (edges[0].value > 0 and np.all(np.diff(edges.value) > 0)):
        raise InputError(
            f"{name} goes from {edges[0]} to {edges[-1]}; energies that increase from above 0 are wanted."
        )
    return edges.to(u.TeV)
