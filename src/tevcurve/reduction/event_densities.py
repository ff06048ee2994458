"""What a source gives at events: effective area, energy dispersion and point spread function at each, unbinned."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tevcurve.irf.dispersion_nodes import DispersionNodes
from tevcurve.kernels.migration_windows import MigrationWindows, migration_windows
from tevcurve.records import short_repr


@dataclass(frozen=True, eq=False)
class SourceDensities:
    """Densities of a source at events, which have their places in the dispersion already.

    Attributes
    ----------
    psf : `~tevcurve.irf.psf_at_energies.PSFAtEnergies` at the source, at the mean energies of the bins of true energy
    windows : `MigrationWindows` of the events
    table : float array (n_places,), effective area times the density in energy, TeV-1 cm2, as `DispersionNodes` has it
    """

    psf: Any
    windows: MigrationWindows
    table: np.ndarray

    __repr__ = short_repr

    def at(self, own, separation):
        """(event, bin of true energy, density in cm2 sr-1 TeV-1) wherever some events have any, arrays (k,).

        The events are numbered as they are given.

        Parameters
        ----------
        own : int array (m,), numbers of the events
        separation : float array (m,), radian, of these from the source
        """
        energy = self.windows.sums(self.table, own)
        some = np.flatnonzero(energy > 0)
        event = some // self.windows.width
        bins = some + (self.windows.first[own] - np.arange(len(own)) * self.windows.width)[event]
        return event, bins, energy.ravel()[some] * self.psf.densities_of(bins, separation[event])

    def signal(self, own, separation, flux):
        """What a source of a flux gives at some events, float array (m,), sr-1 TeV-1 s-1.

        Parameters
        ----------
        own, separation : as for `at`
        flux : float array (n_true,), cm-2 s-1
        """
        event, bins, density = self.at(own, separation)
        return np.bincount(event, density * flux[bins], len(own))


def event_windows(dispersion, nodes, energy_tev):
    """The `MigrationWindows` of events.

    Parameters
    ----------
    dispersion : `DispersionNodes` at the energies of the nodes
    nodes : `TrueNodes`
    energy_tev : float array (n,), TeV
    """
    return migration_windows(energy_tev, nodes.energies, dispersion.migra_edges, dispersion.ranges)


def source_densities(run, nodes, source_dispersion, windows, area):
    """The `SourceDensities` of a source.

    Parameters
    ----------
    run : `SourceRun`
    nodes : `TrueNodes`
    source_dispersion : `SourceDispersion` at the source
    windows : `MigrationWindows` of the events
    area : float array (n_true, n_nodes), cm2, at the nodes
    """
    # The density in energy is that in migra over the true energy.
    table = source_dispersion.weighted((nodes.weights * area / nodes.energies).ravel())
    return SourceDensities(run.psf.at_energies(nodes.middles(area)), windows, table)


def signal_densities(run, nodes, energy_tev, separation):
    """Effective area times the densities in angle and energy at events, (n, n_true), cm2 sr-1 TeV-1.

    Parameters
    ----------
    run : `SourceRun` at the source, or `SeenSource`
    nodes : `TrueNodes`
    energy_tev : float array (n,), TeV
    separation : float array (n,), radian, of the events from the source
    """
    made = np.zeros((len(energy_tev), nodes.n_true))
    near = np.flatnonzero(separation <= run.psf.rad_rad[-1])
    if not len(near):
        return made
    area = nodes.each(run.area)
    dispersion = DispersionNodes.of(run.edisp, nodes.energies.ravel(), np.zeros(0), run.offset)
    windows = event_windows(dispersion, nodes, energy_tev[near])
    densities = source_densities(run, nodes, dispersion.at(run.offset), windows, area)
    event, bins, density = densities.at(np.arange(len(near)), separation[near])
    made[near[event], bins] = density
    return made
