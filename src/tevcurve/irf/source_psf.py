"""The point spread function of a source: round, at one offset, over true energy and angle."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from astropy.coordinates import Angle
from numpy.typing import ArrayLike

from tevcurve.errors import InputError
from tevcurve.figures.style import colours_in_order, current_axes, use_colours
from tevcurve.irf.disc_window import disc_window
from tevcurve.kernels.radial import integrate_over_pixels
from tevcurve.maps import WcsGeom

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class SourcePSF:
    """What every point spread function of a source offers, whether it is a table or a closed form.

    Of its own each has the energies and angles at which it is known, densities and shares within an angle; from these
    come the shares of pixels, which light curves are made of, and what is asked by the tutorial's names. For many
    sources at a time each has `at_energies`, too, see `tevcurve.irf.psf_at_energies`.

    Attributes
    ----------
    energies_tev : array (n_energy,), increasing, TeV
    is_endless : bool, whether photons are beyond the last angle, too
    """

    energies_tev: np.ndarray
    is_endless = False

    if TYPE_CHECKING:
        # What each has of its own, as a field or as what it finds.
        @property
        def rad_rad(self) -> np.ndarray:
            """Angles (n_rad,), increasing from 0, radian."""

        @property
        def scale_rad(self) -> float:
            """The smallest angle (radian) that holds 30 % at any energy."""

        @property
        def is_empty(self) -> np.ndarray:
            """Bool array (n_energy,), True where there is no function."""

    @property
    def table_nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Energies (TeV) and angles (radian, from 0) of a table that stands for it."""
        raise NotImplementedError

    def profiles(self, energies_tev: ArrayLike) -> np.ndarray:
        """Densities (n, n_rad) in sr-1 at the angles `rad_rad`. energies_tev: true energies, float array (n,), TeV."""
        raise NotImplementedError

    def densities(self, energies_tev: ArrayLike, rad_rad: np.ndarray) -> np.ndarray:
        """Densities (n, m) in sr-1 at true energies (n,) in TeV and angles (m,) in radian.

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        rad_rad : angles from the source, float array (m,), radian
        """
        raise NotImplementedError

    def densities_for_table(self, energies_tev: ArrayLike, rad_rad: np.ndarray) -> np.ndarray:
        """As `densities`, for a table that is linear between the angles. The arguments are the same.

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        rad_rad : angles from the source, float array (m,), radian
        """
        return self.densities(energies_tev, rad_rad)

    def containment_fraction(self, energies_tev: ArrayLike, rad_rad: ArrayLike) -> np.ndarray:
        """Fraction (0 to 1) within angles (radian) at true energies (TeV), broadcast; 0 where it is empty.

        Parameters
        ----------
        energies_tev : true energies, TeV
        rad_rad : angles from the source, radian
        """
        raise NotImplementedError

    def profiles_up_to(
        self, energies_tev: ArrayLike, limit: float | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Angles (m,) in radian from 0, densities (n, m) in sr-1 there, and shares within each, (n, m) or None.

        None for a function whose shares are those of its densities, which are linear between the angles.

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        limit : radian, where the function is cut off, and up to where it is normalised to 1; None, or one beyond its
            last angle, for what it is
        """
        raise NotImplementedError

    def _evaluate(self, energies_tev: np.ndarray, rad: np.ndarray) -> np.ndarray:
        """Densities (n,) in sr-1 at as many energies and angles."""
        raise NotImplementedError

    def _shares_within(self, energies_tev: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Function of angles (n,) to the share within each at its own energy."""
        return lambda rad: self.containment_fraction(energies_tev, rad)

    @property
    def energy(self) -> u.Quantity:
        """True energies (n_energy,), Quantity in TeV."""
        return self.energies_tev * u.TeV

    @property
    def rad(self) -> u.Quantity:
        """Angles (n_rad,), Quantity in rad."""
        return self.rad_rad * u.rad

    def evaluate(self, energy: str | u.Quantity, rad: str | u.Quantity) -> u.Quantity:
        """Density as Quantity in sr-1; energies and angles are Quantities that broadcast.

        Parameters
        ----------
        energy : true energies, Quantity
        rad : angles from the source, Quantity
        """
        energy, rad = np.broadcast_arrays(u.Quantity(energy).to_value(u.TeV), Angle(rad).rad)
        return self._evaluate(energy.ravel(), rad.ravel()).reshape(energy.shape) * u.Unit("sr-1")

    def containment(self, energy: str | u.Quantity, rad: str | u.Quantity) -> u.Quantity:
        """Fraction (0 to 1) within an angle; energies and angles are Quantities that broadcast.

        Parameters
        ----------
        energy : true energies, Quantity
        rad : angles from the source, Quantity
        """
        return u.Quantity(self.containment_fraction(u.Quantity(energy).to_value(u.TeV), Angle(rad).rad))

    def containment_radius(self, energy: str | u.Quantity, fraction: float | np.ndarray) -> u.Quantity:
        """Angle (Quantity in deg) that holds a fraction, NaN where the response is empty; the arguments broadcast.

        Parameters
        ----------
        energy : true energies, Quantity
        fraction : 0 to 1
        """
        energy, fraction = np.broadcast_arrays(u.Quantity(energy).to_value(u.TeV), fraction)
        if np.any((fraction < 0) | (fraction > 1)):
            raise InputError(f"fraction is {fraction}; numbers from 0 to 1 are wanted.")
        within, wanted = self._shares_within(energy.ravel()), fraction.ravel()
        low, high = np.zeros(wanted.shape), np.full(wanted.shape, self.rad_rad[-1])
        for _ in range(60):
            middle = 0.5 * (low + high)
            short = within(middle) < wanted
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        radius = np.where(within(np.full(wanted.shape, self.rad_rad[-1])) > 0, high, np.nan)
        return np.rad2deg(radius).reshape(energy.shape) * u.deg

    def pixel_fractions(
        self,
        energies_tev: ArrayLike,
        lon_rad: float,
        lat_rad: float,
        geom: WcsGeom,
        max_radius: str | float | u.Quantity | None = None,
        factor: int = 4,
    ) -> np.ndarray:
        """Fraction (n, n_lat, n_lon) of a point source's photons in each pixel, at true energies (n,) in TeV.

        The sum over an unbounded sky is 1 at each energy; a source near the border of the map loses what falls outside.
        Where the response is empty, it is 0.

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        lon_rad, lat_rad : float
            The source in radian, in the frame of the geometry.
        geom : WcsGeom
            Its further axes play no part.
        max_radius : str, Quantity or float in deg, optional
            The function is cut off there, and normalised to 1 within. Default: the full radius of a table; of a closed
            form nothing is cut off, and what falls outside the map is lost.
        factor : int
            The least number of subpixels along a pixel's side; near the source there are more.
        """
        limit = None if max_radius is None else angle_in_rad(max_radius)
        rad, profiles, discs = self.profiles_up_to(energies_tev, limit)
        n_lon, n_lat = geom.npix
        fractions = np.zeros((len(profiles), n_lat * n_lon))
        ends = not self.is_endless or rad[-1] == limit
        window = disc_window(geom.to_image(), float(lon_rad), float(lat_rad), float(rad[-1]), ends)
        if window is None:
            return fractions.reshape(-1, n_lat, n_lon)
        x, y, row, column, complete = window
        index, integrals = integrate_over_pixels(x, y, rad, profiles, self.scale_rad, factor, discs)
        if complete and ends:
            # What is left of the quadrature's error goes.
            total = integrals.sum(axis=1, keepdims=True)
            np.divide(integrals, total, out=integrals, where=total > 0)
        rows, columns = np.unravel_index(index, x.shape[1:])
        rows, columns = rows + row, columns + column
        on_map = (rows >= 0) & (rows < n_lat) & (columns >= 0) & (columns < n_lon)
        pixels = rows * n_lon + columns
        if on_map.all():
            fractions[:, pixels] = integrals
        else:
            fractions[:, pixels[on_map]] = integrals[:, on_map]
        return fractions.reshape(-1, n_lat, n_lon)

    def plot(self, ax: "Axes | None" = None, energies: str | u.Quantity = "0.5 1 2 5 10 TeV") -> "Axes":
        """Axes with the density against angle, one line per energy.

        Parameters
        ----------
        ax : matplotlib axes; default: the current ones
        energies : Quantity, or numbers and a unit in a string
        """
        ax = current_axes() if ax is None else ax
        if isinstance(energies, str):
            *numbers, unit = energies.split()
            energies = [float(number) for number in numbers] * u.Unit(unit)
        use_colours(ax, colours_in_order(np.size(energies)))
        for energy in np.atleast_1d(u.Quantity(energies)):
            profile = self.profiles(np.array([energy.to_value(u.TeV)]))[0]
            ax.plot(np.rad2deg(self.rad_rad), np.where(profile > 0, profile, np.nan), label=f"{energy:g}")
        ax.set(yscale="log", xlabel="Angle from the source [deg]", ylabel="Point spread function [sr$^{-1}$]")
        ax.legend(title="True energy")
        return ax


def angle_in_rad(angle: str | float | u.Quantity) -> float:
    """Angle in radian of a string, a Quantity or a number in deg. angle: string or Quantity; a number is in deg."""
    return float(Angle(angle, u.deg if np.isscalar(angle) and not isinstance(angle, str) else None).rad)


def nodes_up_to(rad: np.ndarray, limit: float | None) -> np.ndarray:
    """The nodes (n,) in radian up to a largest angle, which is the last; all where it is None or beyond them.

    Parameters
    ----------
    rad : nodes, increasing from 0, radian
    limit : the largest angle, radian, above 0; None for all
    """
    if limit is None or limit >= rad[-1]:
        return rad
    if not limit > 0:
        raise InputError(f"max_radius is {limit} rad; an angle above 0 is wanted.")
    return np.append(rad[rad < limit], limit)
