"""Observations to ON/OFF spectra that keep the times of their events."""

import logging

import astropy.units as u
import numpy as np

from tevcurve.datasets.onoff import SpectrumDatasetOnOff
from tevcurve.errors import InputError, TevcurveError
from tevcurve.reduction.energy_axes import EnergyAxes
from tevcurve.reduction.onoff_terms import OnOffSetting, onoff_terms
from tevcurve.reduction.safe_energy import check_safe_energy
from tevcurve.reduction.source_run import source_run
from tevcurve.reduction.true_nodes import true_nodes

log = logging.getLogger(__name__)

DEFAULT_RECO_EDGES = np.geomspace(0.01, 100, 97) * u.TeV
DEFAULT_TRUE_EDGES = np.geomspace(0.01, 300, 181) * u.TeV


class SpectrumExtraction:
    """Takes ON and OFF events, exposure and energy dispersion from observations and their OFF regions.

    After `run()`, `spectrum_observations` is the list of `SpectrumDatasetOnOff`, in the order of the observations;
    `failed` lists (obs_id, reason) of the observations that are left out. Raises InputError when an argument cannot
    be used.

    Parameters
    ----------
    observations : a list of observations
    bkg_estimate : the `result` of a ReflectedRegionsBackgroundEstimator or a WobbleRegionsBackgroundEstimator
    containment_correction : whether the effective area is multiplied with the part of the point spread
        function (normalised over its table) that falls into the ON region. For a point source it should be
        True, unless the responses are made for a cut of their own. Where they have a table of that (RAD_MAX),
        events count within its radius at their energy, and the ON region must be as large as the largest of
        these in the bins that are fitted; where their header has one (RAD_MAX), the ON region must have it
    e_reco, e_true : edges of the energy bins, Quantity
    safe_energy : "file" (LO_THRES and HI_THRES of the effective area), a fraction of the effective area's
        maximum (0.1), or None; whole bins outside are masked
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
        by_id = {regions.observation.run_id: regions for regions in self.bkg_estimate}
        self.spectrum_observations, self.failed = [], []
        for observation in self.observations:
            # A part of a run, from select_time, has the regions of the run.
            regions = same.get(id(observation), by_id.get(observation.run_id))
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
        """OnOffTerms of one observation and its RunRegions.

        Raises DataError if the run does not track a position or has no events, or if a response cannot be used.

        Parameters
        ----------
        observation : the observation
        regions : `RunRegions` of the observation
        """
        observation.check_tracking()
        observation.check_events()
        if self.containment_correction:
            if observation.has("rad_max"):
                raise InputError(
                    "its responses hold for the cut of its RAD_MAX; containment_correction=False is wanted"
                )
            observation.check_full_enclosure()
        source = regions.on_lon, regions.on_lat
        reco, true = self.e_reco.to_value("TeV"), self.e_true.to_value("TeV")
        axes = EnergyAxes(reco[[0, -1]], reco, true)
        setting = OnOffSetting(
            regions.radius, self.safe_energy, self.containment_correction, "centre", radius_is_given=True
        )
        run = source_run(observation, source, True, self.containment_correction)
        nodes = true_nodes(true, setting.responses, None)
        return onoff_terms(run, source, axes, setting, nodes, regions=regions)[0]


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
