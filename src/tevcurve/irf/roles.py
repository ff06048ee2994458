"""What the responses of a run have to offer, whatever their class: one protocol for each HDU_TYPE."""

from typing import Protocol

import astropy.units as u
import numpy as np
from numpy.typing import ArrayLike

from tevcurve.irf.axis import ResponseAxis
from tevcurve.irf.source_psf import SourcePSF
from tevcurve.irf.table import ResponseTable


class EffectiveArea(Protocol):
    """What an aeff offers."""

    table: ResponseTable

    @property
    def energy_axis(self) -> ResponseAxis:
        """The axis of true energy, TeV."""

    @property
    def offset_axis(self) -> ResponseAxis:
        """The axis of offset from the pointing, radian."""

    @property
    def low_threshold(self) -> u.Quantity | None:
        """The lowest safe energy in TeV, None where the file has none."""

    @property
    def high_threshold(self) -> u.Quantity | None:
        """The highest safe energy in TeV, None where the file has none."""

    def effective_area(self, energy_tev: ArrayLike, offset_rad: ArrayLike) -> np.ndarray:
        """Effective area in cm2 at energies (TeV) and offsets (radian), broadcast.

        Parameters
        ----------
        energy_tev : true energies, TeV
        offset_rad : from the pointing, radian
        """


class EnergyDispersion(Protocol):
    """What an edisp offers."""

    table: ResponseTable

    def around(self, offset_rad: float) -> "EnergyDispersion":
        """The same for only one offset (radian). offset_rad: from the pointing, radian."""

    def probabilities(
        self, energies_tev: ArrayLike, offset_rad: float, reco_edges_tev: ArrayLike
    ) -> np.ndarray:
        """Probabilities (n_true, n_reco) of bins of reconstructed energy, at true energies (TeV) and one offset.

        Parameters
        ----------
        energies_tev : true energies, float array (n_true,), TeV
        offset_rad : from the pointing, radian
        reco_edges_tev : edges of reconstructed energy, float array (n_reco + 1,), TeV
        """


class PointSpread(Protocol):
    """What a psf offers."""

    table: ResponseTable

    def table_at(self, offset_rad: float) -> SourcePSF:
        """The point spread function at one offset (radian). offset_rad: from the pointing, radian."""


class BackgroundRate(Protocol):
    """What a bkg offers: rates in TeV-1 s-1 sr-1 at field-of-view coordinates (radian) of the sky."""

    table: ResponseTable

    @property
    def turns_with_horizon(self) -> bool:
        """Whether the rate is fixed to the horizon, so that it turns under the sky."""

    def rate(self, energy_tev: ArrayLike, x_rad: ArrayLike, y_rad: ArrayLike) -> np.ndarray:
        """Rate at energies (TeV) and places, broadcast.

        Parameters
        ----------
        energy_tev : TeV
        x_rad, y_rad : field-of-view longitude and latitude, radian
        """

    def rate_per_energy_bin(
        self, x_rad: ArrayLike, y_rad: ArrayLike, reco_edges_tev: ArrayLike
    ) -> np.ndarray:
        """Rate (n_bins, and the shape of x) in s-1 sr-1, integrated over bins of reconstructed energy (edges in TeV).

        Parameters
        ----------
        x_rad, y_rad : field-of-view longitude and latitude, float arrays of one shape, radian
        reco_edges_tev : edges, float array (n_bins + 1,), TeV
        """


class DirectionalCut(Protocol):
    """What a rad_max offers."""

    table: ResponseTable

    def radius(self, energy_tev: ArrayLike, offset_rad: ArrayLike) -> np.ndarray:
        """Radius of the cut in radian at reconstructed energies (TeV) and offsets (radian), broadcast.

        Parameters
        ----------
        energy_tev : reconstructed energies, TeV
        offset_rad : from the pointing, radian
        """

    def largest(self, low_tev: float, high_tev: float, offset_rad: float) -> float:
        """The largest radius in radian between two energies (TeV) at an offset (radian), float.

        Parameters
        ----------
        low_tev, high_tev : reconstructed energies, TeV
        offset_rad : from the pointing, radian
        """

    def smallest(self, low_tev: float, high_tev: float, offset_rad: float) -> float:
        """The smallest radius in radian, as `largest`; 0 where there is none at some of the energies.

        Parameters
        ----------
        low_tev, high_tev, offset_rad : as there
        """
