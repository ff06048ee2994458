"""The energy dispersion (GADF EDISP_2D), and the matrix it makes for a source at one offset."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from astropy import units as u
from numpy.typing import ArrayLike

from tevcurve.errors import DataError, InputError
from tevcurve.figures.style import current_axes
from tevcurve.irf.axis import ResponseAxis
from tevcurve.irf.effective_area import EffectiveAreaTable2D
from tevcurve.irf.layout import Layout, ValueColumn
from tevcurve.irf.table import Response, ResponseTable, check_not_empty
from tevcurve.kernels.folding import migration_matrix
from tevcurve.kernels.interpolation import all_inside, interpolate_axis, interpolate_points
from tevcurve.kernels.sphere import angular_separation
from tevcurve.records import short_repr

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord
    from matplotlib.axes import Axes


class ObservedRun(Protocol):
    """What of an observation its exposure to a source is made from."""

    @property
    def pointing_lonlat(self) -> tuple[float, float]:
        """ICRS, radian."""

    @property
    def livetime(self) -> u.Quantity:
        """On-time times the share of it in which events were taken."""

    @property
    def aeff(self) -> EffectiveAreaTable2D:
        """The effective area."""


Run = TypeVar("Run", bound=ObservedRun)


class RunWithDispersion(ObservedRun, Protocol):
    """An observation with an energy dispersion."""

    @property
    def edisp(self) -> "EnergyDispersion2D":
        """The energy dispersion."""


@dataclass(frozen=True, eq=False)
class EnergyDispersion2D(Response):
    """The density of migra = E_reco / E_true over true energy (TeV), offset (radian) and migra.

    The values (n_energy, n_offset, n_migra) are constant in each migra bin, as the file has them.
    """

    layout = Layout(
        "edisp",
        "edisp_2d",
        "EDISP",
        (("ENERG", "TeV", True), ("THETA", "rad", False), ("MIGRA", "", False)),
        (ValueColumn("MATRIX", ""),),
        (("THETA", "MIGRA", "ENERG"),),
    )

    @classmethod
    def _of_table(cls, table: ResponseTable) -> "EnergyDispersion2D":
        migra = table.axes[2]
        if np.max(np.abs(migra.low[1:] - migra.high[:-1]), initial=0.0) > 1e-4 * migra.high[-1]:
            raise DataError(
                f"{table.where}: the bins of the axis MIGRA do not touch; bins without gaps are wanted."
            )
        check_not_empty(table, "MATRIX")
        return cls(table)

    @property
    def migra_axis(self) -> ResponseAxis:
        """The axis of migra = E_reco / E_true."""
        return self.table.axes[2]

    def around(self, offset_rad: float) -> "EnergyDispersion2D":
        """EnergyDispersion2D of only the offsets next to one (radian): the same there, in a third of the memory.

        offset_rad: from the pointing, radian.
        """
        return EnergyDispersion2D(self.table.around(1, offset_rad))

    def migra_density(self, energy_tev: ArrayLike, offset_rad: ArrayLike) -> np.ndarray:
        """Density (..., n_migra) in each migra bin at true energies (TeV) and offsets (radian), broadcast.

        Linear in log energy and in offset between the bin centres, constant in the outer half bins, 0 beyond the
        edges.

        Parameters
        ----------
        energy_tev : true energies, TeV
        offset_rad : from the pointing, radian
        """
        places = self.energy_axis.locate(energy_tev), self.offset_axis.locate(offset_rad)
        density = interpolate_points(self.table.values, *places)
        return density * np.asarray(all_inside(*places))[..., None]

    def density(self, energy_tev: ArrayLike, migra: ArrayLike, offset_rad: ArrayLike) -> np.ndarray:
        """Density in migra at true energies (TeV), migra and offsets (radian), broadcast; 0 beyond the edges.

        Parameters
        ----------
        energy_tev : true energies, TeV
        migra : E_reco / E_true
        offset_rad : from the pointing, radian
        """
        energy, migra, offset = np.broadcast_arrays(energy_tev, migra, offset_rad)
        index = np.searchsorted(self.migra_axis.edges, migra, side="right") - 1
        inside = (index >= 0) & (index < self.migra_axis.nbin)
        per_bin = self.migra_density(energy, offset)
        index = np.where(inside, index, 0)[..., None]
        return np.where(inside, np.take_along_axis(per_bin, index, axis=-1)[..., 0], 0.0)

    def normalised_density(self, energies_tev: ArrayLike, migra: ArrayLike, offset_rad: float) -> np.ndarray:
        """Density in migra (n, n_true) at true energies (n_true,), TeV, and migra (n, n_true), at one offset (radian).

        Normalised over all migra of the table, as `kernel` is; 0 beyond the edges and where the table is empty.

        Parameters
        ----------
        energies_tev : true energies, float array (n_true,), TeV
        migra : E_reco / E_true, float array (n, n_true)
        offset_rad : from the pointing, radian
        """
        per_bin = self.migra_density(energies_tev, offset_rad)
        total = per_bin @ np.diff(self.migra_axis.edges)
        per_bin = np.divide(per_bin, total[:, None], out=np.zeros_like(per_bin), where=total[:, None] > 0)
        index = np.searchsorted(self.migra_axis.edges, migra, side="right") - 1
        inside = (index >= 0) & (index < self.migra_axis.nbin)
        return np.where(inside, per_bin[np.arange(len(per_bin)), np.where(inside, index, 0)], 0.0)

    def evaluate(
        self,
        energy_true: str | u.Quantity,
        migra: float | np.ndarray | u.Quantity,
        offset: str | float | u.Quantity,
    ) -> u.Quantity:
        """Density in migra as dimensionless Quantity; energies and offsets are Quantities, all broadcast.

        Parameters
        ----------
        energy_true : true energies, Quantity
        migra : E_reco / E_true
        offset : from the pointing, Quantity
        """
        energy, offset = u.Quantity(energy_true).to_value(u.TeV), u.Quantity(offset).to_value(u.rad)
        return u.Quantity(self.density(energy, u.Quantity(migra).to_value(""), offset))

    def kernel(self, offset_rad: float, true_edges_tev: ArrayLike, reco_edges_tev: ArrayLike) -> np.ndarray:
        """Probability (n_true, n_reco) of each reco bin at the centre sqrt(lo * hi) of each true bin.

        Integrated exactly over the reco bins, each row normalised over all migra of the table (so a row sums to less
        than 1 where the reco axis is shorter); rows where the table is empty are 0.

        Parameters
        ----------
        offset_rad : from the pointing, radian
        true_edges_tev : edges of true energy, float array (n_true + 1,), TeV
        reco_edges_tev : edges of reconstructed energy, float array (n_reco + 1,), TeV
        """
        true_edges_tev = np.asarray(true_edges_tev)
        centers = np.sqrt(true_edges_tev[1:] * true_edges_tev[:-1])
        return self.probabilities(centers, offset_rad, reco_edges_tev)

    def probabilities(
        self, energies_tev: ArrayLike, offset_rad: float, reco_edges_tev: ArrayLike
    ) -> np.ndarray:
        """Probability (n, n_reco) of each reco bin at true energies (n,), TeV, and one offset (radian), as `kernel`.

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        offset_rad : from the pointing, radian
        reco_edges_tev : edges of reconstructed energy, float array (n_reco + 1,), TeV
        """
        offset = self.offset_axis.locate(offset_rad)
        density = interpolate_axis(self.table.values, offset, axis=1) * offset.inside
        places = self.energy_axis.locate(energies_tev)
        return migration_matrix(energies_tev, reco_edges_tev, self.migra_axis.edges, density, places)

    def to_edisp_kernel(
        self, offset: str | float | u.Quantity, e_true: u.Quantity, e_reco: u.Quantity
    ) -> "EDispKernel":
        """EDispKernel at one offset; the offset and the edges e_true, e_reco are Quantities.

        Parameters
        ----------
        offset : from the pointing, Quantity or string
        e_true : edges of true energy (n_true + 1,), Quantity
        e_reco : edges of reconstructed energy (n_reco + 1,), Quantity
        """
        e_true, e_reco = u.Quantity(e_true, u.TeV), u.Quantity(e_reco, u.TeV)
        matrix = self.kernel(u.Quantity(offset).to_value(u.rad), e_true.value, e_reco.value)
        return EDispKernel(matrix, e_true, e_reco)

    def plot(self, ax: "Axes | None" = None, offset: str | float | u.Quantity = "0 deg") -> "Axes":
        """Axes with the density of migra over true energy, at one offset.

        Parameters
        ----------
        ax : matplotlib axes; default: the current ones
        offset : from the pointing, Quantity or string
        """
        ax = current_axes() if ax is None else ax
        density = self.migra_density(self.energy_axis.nodes, u.Quantity(offset).to_value(u.rad))
        mesh = ax.pcolormesh(self.energy_axis.edges, self.migra_axis.edges, density.T, rasterized=True)
        ax.axhline(1, color="white", lw=0.8, ls="--")
        top = self.migra_axis.edges[-1]
        ax.set(xscale="log", xlabel="True energy [TeV]", ylabel="Migra = E$_{reco}$ / E$_{true}$")
        ax.set_ylim(self.migra_axis.edges[0], min(top, 2.5))
        ax.figure.colorbar(mesh, ax=ax, label="Probability density")
        return ax


@dataclass(frozen=True, eq=False)
class EDispKernel:
    """The probability of each reco bin for each true bin: `pdf_matrix` (n_true, n_reco), edges as Quantities.

    Attributes
    ----------
    pdf_matrix : float array (n_true, n_reco)
    e_true : edges of true energy (n_true + 1,), Quantity
    e_reco : edges of reconstructed energy (n_reco + 1,), Quantity
    """

    pdf_matrix: np.ndarray
    e_true: u.Quantity
    e_reco: u.Quantity

    __repr__ = short_repr

    def __post_init__(self) -> None:
        shape = (len(self.e_true) - 1, len(self.e_reco) - 1)
        if np.shape(self.pdf_matrix) != shape:
            raise InputError(
                f"pdf_matrix has the shape {np.shape(self.pdf_matrix)}; {shape} is wanted for these edges."
            )

    def apply(self, counts: np.ndarray) -> np.ndarray:
        """Array with the first axis (n_true) folded into reco bins (n_reco); further axes are kept.

        counts: array (n_true, ...).
        """
        return np.tensordot(self.pdf_matrix, counts, axes=(0, 0))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Axes with the matrix over true and reconstructed energy. ax: matplotlib axes; default: the current ones."""
        ax = current_axes() if ax is None else ax
        e_true, e_reco = self.e_true.to_value("TeV"), self.e_reco.to_value("TeV")
        mesh = ax.pcolormesh(e_true, e_reco, self.pdf_matrix.T, vmin=0)
        low, high = max(e_true[0], e_reco[0]), min(e_true[-1], e_reco[-1])
        ax.plot([low, high], [low, high], color="white", lw=0.8, ls="--")
        ax.set(xscale="log", yscale="log", xlabel="True energy [TeV]", ylabel="Reconstructed energy [TeV]")
        ax.figure.colorbar(mesh, ax=ax, label="Probability per bin")
        return ax


def make_mean_edisp(
    observations: Iterable[RunWithDispersion] | RunWithDispersion,
    position: "SkyCoord",
    e_true: u.Quantity,
    e_reco: u.Quantity,
) -> EDispKernel:
    """EDispKernel of several observations for a source: the mean over them, weighted with their exposure.

    Parameters
    ----------
    observations : iterable, or a single one
        With `pointing_lonlat` (radian, ICRS), `livetime`, `aeff` and `edisp`.
    position : astropy.coordinates.SkyCoord
    e_true, e_reco : Quantity
        Edges of the true and the reconstructed energy bins.

    A true bin without exposure has a row of 0.
    """
    e_true, e_reco = u.Quantity(e_true, u.TeV), u.Quantity(e_reco, u.TeV)
    centers = np.sqrt(e_true.value[1:] * e_true.value[:-1])
    weighted: np.ndarray = np.zeros(())
    total: np.ndarray = np.zeros(())
    for observation, offset in observations_with_offset(observations, position):
        exposure = exposure_at(observation, centers, offset)
        matrix = observation.edisp.kernel(offset, e_true.value, e_reco.value)
        weighted, total = weighted + exposure[:, None] * matrix, total + exposure
    matrix = np.divide(weighted, total[:, None], out=np.zeros_like(weighted), where=total[:, None] > 0)
    return EDispKernel(matrix, e_true, e_reco)


def observations_with_offset(
    observations: Iterable[Run] | Run, position: "SkyCoord"
) -> list[tuple[Run, float]]:
    """List of (observation, offset of the position from its pointing in radian); InputError if there is none.

    Parameters
    ----------
    observations : iterable, or a single one, with `pointing_lonlat` (radian, ICRS)
    position : of the source, SkyCoord
    """
    icrs = position.icrs
    lon, lat = icrs.ra.rad, icrs.dec.rad
    several: Iterable[Run] = observations if isinstance(observations, Iterable) else [observations]
    pairs = []
    for observation in several:
        pointing_lon, pointing_lat = observation.pointing_lonlat
        separation = angular_separation(pointing_lon, pointing_lat, lon, lat)
        pairs.append((observation, float(separation)))
    if not pairs:
        raise InputError("observations is empty; at least one observation is wanted.")
    return pairs


def exposure_at(observation: ObservedRun, energies_tev: ArrayLike, offset_rad: float) -> np.ndarray:
    """Effective area times live time in cm2 s (n,) at true energies (TeV) and one offset (radian).

    Parameters
    ----------
    observation : with `livetime` and `aeff`
    energies_tev : true energies, float array (n,), TeV
    offset_rad : from the pointing, radian
    """
    livetime = u.Quantity(observation.livetime).to_value(u.s)
    return observation.aeff.effective_area(energies_tev, offset_rad) * livetime
