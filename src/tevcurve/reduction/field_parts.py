"""What a run has in common for all sources of its field: made once, when it is asked for."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tevcurve.irf.dispersion_nodes import DispersionNodes
from tevcurve.irf.field_rotation import BackgroundFrames
from tevcurve.kernels.interpolation import interpolate_axis
from tevcurve.kernels.migration_windows import MigrationWindows
from tevcurve.kernels.tangent import along, unit_vectors
from tevcurve.records import short_repr
from tevcurve.reduction.cube_terms import CubeSetting
from tevcurve.reduction.energy_axes import EnergyAxes, energy_bins
from tevcurve.reduction.event_densities import event_windows
from tevcurve.reduction.field_background import FieldBackground
from tevcurve.reduction.field_run import FieldRun
from tevcurve.reduction.pixels_around import PixelsAround
from tevcurve.reduction.run_in_cells import frames_of
from tevcurve.reduction.safe_energy import safe_energy_range
from tevcurve.reduction.true_nodes import TrueNodes


@dataclass(frozen=True, eq=False)
class FieldEvents:
    """The events of a run that are in the energy bins, arrays (n,) in the order of time.

    Attributes
    ----------
    number : int array, which of the run's events each is
    vectors : float array (3, n), unit vectors
    reco : int array, the bin of each
    energy_tev : float array
    background : float array (n_slices, n), s-1 TeV-1 sr-1 of on-time
    alike : int array, the number of those of one band between two edges of time, which are always in the same rows
    """

    number: np.ndarray
    vectors: np.ndarray
    reco: np.ndarray
    energy_tev: np.ndarray
    background: np.ndarray
    alike: np.ndarray

    __repr__ = short_repr

    def summed(self, own):
        """(events, counts, background (1, m)) that stand for events of which only number and background count.

        Those that are alike are one, the first of them, with as many counts and the background of the same product;
        those without a background are none. Both arrays (m,) are in the order of the events.

        own: int array (n,), numbers of the events, of which the background does not turn.
        """
        alike, rate = self.alike[own], self.background[0].take(own)
        if np.any(rate == 0):
            own, alike, rate = own[rate > 0], alike[rate > 0], rate[rate > 0]
        counts, logs = np.bincount(alike), np.bincount(alike, np.log(rate))
        first = np.zeros(len(counts), dtype=np.intp)
        first[alike[::-1]] = own[::-1]
        there = np.flatnonzero(counts)
        order = there[np.argsort(first[there])]
        return first[order], counts[order].astype(float), np.exp(logs[order] / counts[order])[None]


@dataclass(frozen=True, eq=False)
class FieldParts:
    """What a run says of any source of its field, in the energy bins of a light curve.

    Attributes
    ----------
    field : `FieldRun`
    axes : `EnergyAxes`
    setting : `CubeSetting`, whose map is that of one of the sources
    pixels : `PixelsAround`, of the map of any source
    nodes : `TrueNodes` of any spectrum: the energies of all are the same
    edges : float array (n,), mission seconds in order, between which events are never told apart by their times
    """

    field: FieldRun
    axes: EnergyAxes
    setting: CubeSetting
    pixels: PixelsAround
    nodes: TrueNodes
    edges: np.ndarray

    __repr__ = short_repr

    @cached_property
    def pointing(self) -> np.ndarray:
        """The pointing, unit vector (3,)."""
        return unit_vectors(*self.field.run.pointing_lonlat)

    @cached_property
    def frames(self) -> BackgroundFrames:
        """The `BackgroundFrames` of the run."""
        return frames_of(self.field.run)

    @cached_property
    def events(self) -> FieldEvents:
        """The `FieldEvents`: those in pixels that are nearer to the pointing than the largest offset."""
        run = self.field.run
        reco, in_energy = energy_bins(run.energy_tev, self.axes.reco)
        vectors = unit_vectors(run.lon, run.lat)
        reach = self.setting.offset_max + float(np.hypot(*self.pixels.step))
        own = np.flatnonzero(in_energy & (along(self.pointing, vectors) > np.cos(min(reach, np.pi))))
        energy, lon, lat = run.energy_tev[own], run.lon[own], run.lat[own]
        rates = [run.bkg.rate(energy, *at(lon, lat)) for at in self.frames.coordinates]
        between = np.searchsorted(self.edges, run.time_s[own], side="right")
        alike = between * self.axes.n_bands + self.axes.band_of_bin[reco[own]]
        return FieldEvents(own, vectors[:, own], reco[own], energy, np.stack(rates), alike)

    @cached_property
    def event_times(self) -> np.ndarray:
        """Times of the `events`, mission seconds in order, float array (n,)."""
        return self.field.run.time_s[self.events.number]

    @cached_property
    def background(self) -> FieldBackground:
        """The `FieldBackground`."""
        return FieldBackground.of(self.field.run, self.frames, self.axes.reco, self.setting.offset_max)

    @cached_property
    def dispersion(self) -> DispersionNodes:
        """The `DispersionNodes`."""
        return DispersionNodes.of(self.field.edisp, self.nodes.energies.ravel(), self.axes.reco)

    @cached_property
    def areas(self) -> np.ndarray:
        """Effective area (n_offset, n_true, n_nodes), cm2, at the nodes and the offsets of its table."""
        aeff = self.field.run.aeff
        flat = aeff.effective_area_grid(self.nodes.energies.ravel(), aeff.offset_axis.nodes)
        return flat.T.reshape(-1, *self.nodes.energies.shape)

    def area(self, offset_rad: float) -> np.ndarray:
        """Effective area (n_true, n_nodes), cm2, at the nodes. offset_rad: from the pointing, radian."""
        place = self.field.run.aeff.offset_axis.locate(offset_rad)
        return interpolate_axis(self.areas, place) * place.inside

    @cached_property
    def windows(self) -> MigrationWindows:
        """The `MigrationWindows` of the events."""
        return event_windows(self.dispersion, self.nodes, self.events.energy_tev)

    @cached_property
    def safe_tev(self) -> tuple[float, float] | None:
        """(low, high), TeV, of all sources; None where they differ with the offset."""
        rule = self.setting.safe_energy
        return None if isinstance(rule, float) else safe_energy_range(self.field.run, 0.0, rule)
