"""The point spread function of a source: round, at one offset, over true energy and angle."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from astropy.coordinates import Angle
from numpy.typing import ArrayLike

from tevcurve.errors import InputError
from tevcurve.figures.style import colours_in_order, use_colours
from tevcurve.kernels.folding import disc_integral_at, disc_integrals
from tevcurve.kernels.interpolation import interpolate_axis, interpolate_rows, locate
from tevcurve.kernels.radial import integrate_over_pixels, second_order
from tevcurve.kernels.sphere import angular_separation, offset_frame
from tevcurve.maps import WcsGeom
from tevcurve.records import short_repr

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tevcurve.irf.table import Response, ResponseTable

# Radian: positions nearer than this are one, written in different ways.
SAME_PLACE = 1e-9


@dataclass(frozen=True, eq=False)
class EnergyDependentTablePSF:
    """A point spread function over true energy and angle, normalised to 1 over its radius at each energy.

    Linear in log energy and in angle between the nodes, 0 beyond the last angle, that of the nearest energy beyond the
    energies. All integrals are over the sphere, 2 pi sin(rad) drad.

    energies_tev : array (n_energy,), increasing, TeV.
    rad_rad : array (n_rad,), increasing from 0, radian.
    values : array (n_energy, n_rad), sr-1, any normalisation; it is set to 1. An energy that is 0 at all angles stays 0
        (`is_empty`) and takes no part in the interpolation.
    exposure_cm2_s : array (n_energy,), cm2 s, or None.
    mean_of : (tuple of responses over the field of view, (lon, lat) in ICRS radian) whose mean for a source at this
        position it is, at the energies and angles of the first one; None for any other table.

    It has so many methods as densities, shares within an angle and shares of pixels are asked for by the tutorial's
    names and, in plain numbers, by those of the protocol of point spread functions.
    """

    energies_tev: np.ndarray
    rad_rad: np.ndarray
    values: np.ndarray

    __repr__ = short_repr
    exposure_cm2_s: np.ndarray | None = None
    mean_of: tuple | None = None

    def __post_init__(self) -> None:
        energies, rad = np.asarray(self.energies_tev, dtype=float), np.asarray(self.rad_rad, dtype=float)
        values = np.asarray(self.values, dtype=float)
        if values.shape != (energies.size, rad.size) or rad.size < 2:
            raise InputError(f"values has the shape {values.shape}; {(energies.size, rad.size)} is wanted.")
        if rad[0] != 0 or np.any(np.diff(rad) <= 0) or np.any(np.diff(energies) <= 0):
            raise InputError("rad_rad must increase from 0 and energies_tev must increase.")
        if not np.all(np.isfinite(values)) or np.any(values < 0):
            raise InputError("values holds negative or not finite densities; densities >= 0 are wanted.")
        for name, array in (
            ("energies_tev", energies),
            ("rad_rad", rad),
            ("values", _normalise(rad, values)),
        ):
            array = array.copy()
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def energy(self) -> u.Quantity:
        """True energies (n_energy,), Quantity in TeV."""
        return self.energies_tev * u.TeV

    @property
    def rad(self) -> u.Quantity:
        """Angles (n_rad,), Quantity in rad."""
        return self.rad_rad * u.rad

    @property
    def psf_value(self) -> u.Quantity:
        """Densities (n_energy, n_rad), Quantity in sr-1."""
        return self.values * u.Unit("sr-1")

    @property
    def exposure(self) -> u.Quantity | None:
        """Exposure (n_energy,), Quantity in cm2 s, None where it is not known."""
        return None if self.exposure_cm2_s is None else self.exposure_cm2_s * u.Unit("cm2 s")

    @property
    def is_empty(self) -> np.ndarray:
        """Bool array (n_energy,), True where the response has no point spread function."""
        return np.logical_not(self.values.any(axis=1))

    def is_own_of(self, response: "Response", position: tuple[float, float]) -> bool:
        """Whether it stands for what one response over the field of view says at a position (ICRS, radian), bool.

        Parameters
        ----------
        response : over the field of view
        position : (lon, lat), ICRS, radian
        """
        if self.mean_of is None or len(self.mean_of[0]) != 1:
            return False
        (own,), (lon, lat) = self.mean_of
        same = own is response or (type(own) is type(response) and _same_values(own.table, response.table))
        return same and angular_separation(lon, lat, *position) < SAME_PLACE

    def profiles(self, energies_tev: ArrayLike) -> np.ndarray:
        """Densities (n, n_rad) in sr-1 at the angles `rad_rad`, at true energies (n,) in TeV, normalised to 1.

        energies_tev: true energies, float array (n,), TeV.
        """
        places = locate(np.log(self.energies_tev), np.log(np.asarray(energies_tev, dtype=float)))
        return _normalise(self.rad_rad, interpolate_axis(self.values, places))

    def densities(self, energies_tev: ArrayLike, rad_rad: np.ndarray) -> np.ndarray:
        """Densities (n, m) in sr-1 at true energies (n,) in TeV and angles (m,) in radian; 0 beyond the table.

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        rad_rad : angles from the source, float array (m,), radian
        """
        places = locate(self.rad_rad, rad_rad, 0.0, self.rad_rad[-1])
        return interpolate_axis(self.profiles(energies_tev), places, axis=1) * places.inside

    def evaluate(self, energy: str | u.Quantity, rad: str | u.Quantity) -> u.Quantity:
        """Density as Quantity in sr-1; energies and angles are Quantities that broadcast.

        Parameters
        ----------
        energy : true energies, Quantity
        rad : angles from the source, Quantity
        """
        energy, rad = np.broadcast_arrays(u.Quantity(energy).to_value(u.TeV), Angle(rad).rad)
        places = locate(self.rad_rad, rad.ravel(), 0.0, self.rad_rad[-1])
        values = interpolate_rows(self.profiles(energy.ravel()), places) * places.inside
        return values.reshape(energy.shape) * u.Unit("sr-1")

    def containment(self, energy: str | u.Quantity, rad: str | u.Quantity) -> u.Quantity:
        """Fraction (0 to 1) within an angle; energies and angles are Quantities that broadcast.

        Parameters
        ----------
        energy : true energies, Quantity
        rad : angles from the source, Quantity
        """
        return u.Quantity(self.containment_fraction(u.Quantity(energy).to_value(u.TeV), Angle(rad).rad))

    def containment_fraction(self, energies_tev: ArrayLike, rad_rad: ArrayLike) -> np.ndarray:
        """Fraction (0 to 1) within angles (radian) at true energies (TeV), broadcast; 0 where the response is empty.

        Parameters
        ----------
        energies_tev : true energies, TeV
        rad_rad : angles from the source, radian
        """
        if np.ndim(rad_rad) == 0:
            return self._fractions_within(energies_tev, rad_rad)
        energies, rad = np.broadcast_arrays(energies_tev, rad_rad)
        values = disc_integral_at(self.rad_rad, self.profiles(energies.ravel()), rad.ravel())
        return values.reshape(energies.shape)

    def _fractions_within(self, energies_tev: ArrayLike, rad_rad: ArrayLike) -> np.ndarray:
        """Fractions of the shape of the energies within one angle: linear between the nodes, as the profiles are."""
        places = locate(np.log(self.energies_tev), np.log(np.asarray(energies_tev, dtype=float)))
        within = interpolate_axis(disc_integral_at(self.rad_rad, self.values, rad_rad), places)
        total = interpolate_axis((~self.is_empty).astype(float), places)
        return np.divide(within, total, out=np.zeros_like(within), where=total > 0)

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
        profiles, wanted = self.profiles(energy.ravel()), fraction.ravel()
        low, high = np.zeros(wanted.shape), np.full(wanted.shape, self.rad_rad[-1])
        for _ in range(60):
            middle = 0.5 * (low + high)
            short = disc_integral_at(self.rad_rad, profiles, middle) < wanted
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        radius = np.where(profiles.any(axis=1), high, np.nan)
        return np.rad2deg(radius).reshape(energy.shape) * u.deg

    @cached_property
    def scale_rad(self) -> float:
        """The smallest angle (radian) that holds 30 % at any energy: how fine the profile must be sampled."""
        cumulative = disc_integrals(self.rad_rad, self.values[~self.is_empty])
        if not len(cumulative):
            return self.rad_rad[-1]
        return max(self.rad_rad[1], self.rad_rad[np.argmax(cumulative >= 0.3, axis=1)].min())

    def truncated(self, max_radius_rad: float | None = None) -> np.ndarray:
        """The nodes (n,) in radian up to a largest angle; all where that is None or beyond the table.

        max_radius_rad: the largest angle, radian, above 0; None for all.
        """
        if max_radius_rad is None or max_radius_rad >= self.rad_rad[-1]:
            return self.rad_rad
        if not max_radius_rad > 0:
            raise InputError(f"max_radius is {max_radius_rad} rad; an angle above 0 is wanted.")
        return np.append(self.rad_rad[self.rad_rad < max_radius_rad], max_radius_rad)

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
            The function is cut off there, and normalised to 1 within. Default: the full radius of the table.
        factor : int
            The least number of subpixels along a pixel's side; near the source there are more.
        """
        rad = self.truncated(None if max_radius is None else angle_in_rad(max_radius))
        profiles = self.cut_profiles(energies_tev, rad)
        n_lon, n_lat = geom.npix
        fractions = np.zeros((len(profiles), n_lat * n_lon))
        window = _window(geom.to_image(), float(lon_rad), float(lat_rad), float(rad[-1]))
        if window is None:
            return fractions.reshape(-1, n_lat, n_lon)
        x, y, row, column, complete = window
        index, integrals = integrate_over_pixels(x, y, rad, profiles, self.scale_rad, factor)
        if complete:
            # What is left of the quadrature's error goes.
            total = integrals.sum(axis=1, keepdims=True)
            integrals = np.divide(integrals, total, out=np.zeros_like(integrals), where=total > 0)
        rows, columns = np.unravel_index(index, x.shape[1:])
        rows, columns = rows + row, columns + column
        on_map = (rows >= 0) & (rows < n_lat) & (columns >= 0) & (columns < n_lon)
        pixels = rows * n_lon + columns
        if on_map.all():
            fractions[:, pixels] = integrals
        else:
            fractions[:, pixels[on_map]] = integrals[:, on_map]
        return fractions.reshape(-1, n_lat, n_lon)

    def cut_profiles(self, energies_tev: ArrayLike, rad: np.ndarray) -> np.ndarray:
        """Densities (n, len(rad)) in sr-1 at angles (radian) that start at 0, normalised to 1 up to the last one.

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        rad : float array (m,), radian, increasing from 0
        """
        profiles = self.profiles(energies_tev)
        if rad is self.rad_rad:
            return profiles
        return _normalise(rad, interpolate_axis(profiles, locate(self.rad_rad, rad), axis=1))

    def plot(self, ax: "Axes | None" = None, energies: str | u.Quantity = "0.5 1 2 5 10 TeV") -> "Axes":
        """Axes with the density against angle, one line per energy.

        Parameters
        ----------
        ax : matplotlib axes; default: the current ones
        energies : Quantity, or numbers and a unit in a string
        """
        import matplotlib.pyplot as plt

        ax = plt.gca() if ax is None else ax
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


def _same_values(one: "ResponseTable", other: "ResponseTable") -> bool:
    """Whether two tables of responses hold the same numbers, bool."""
    return all(np.array_equal(values, other.columns[name]) for name, values in one.columns.items())


def angle_in_rad(angle: str | float | u.Quantity) -> float:
    """Angle in radian of a string, a Quantity or a number in deg. angle: string or Quantity; a number is in deg."""
    return float(Angle(angle, u.deg if np.isscalar(angle) and not isinstance(angle, str) else None).rad)


def _normalise(rad: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Densities (n, n_rad) divided by their integral over the disc; rows of 0 stay 0."""
    total = disc_integrals(rad, values)[..., -1:]
    return np.divide(values, total, out=np.zeros_like(values), where=total > 0)


@lru_cache(maxsize=8)
def _padded_lonlat(geom: WcsGeom, margin: int) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude (radian) of the pixel centres, also of `margin` more pixels on each side."""
    x, y = (np.arange(-margin, n + margin, dtype=float) for n in geom.npix)
    return geom.pix_to_lonlat(*np.meshgrid(x, y))


@lru_cache(maxsize=16)
def _window(
    geom: WcsGeom, lon: float, lat: float, radius: float
) -> tuple[np.ndarray, np.ndarray, int, int, bool] | None:
    """Pixels around a disc, also those past the border of the map, or None: (x, y, first row, first column, complete).

    x and y are the pixels' coordinates from (lon, lat), expanded by `second_order`, read-only; complete is whether the
    whole disc lies on them. The runs on one source share them.
    """
    size = np.deg2rad(np.max(np.abs(geom.cdelt)))
    margin = int(np.ceil(radius / np.deg2rad(np.min(np.abs(geom.cdelt))))) + 3
    grid_lon, grid_lat = _padded_lonlat(geom, margin)
    reach = radius + 2 * size
    near = np.abs(grid_lat - lat) < reach
    if abs(lat) + reach < np.pi / 2:
        width = np.arcsin(np.sin(reach) / np.cos(lat))
        near &= np.abs(np.remainder(grid_lon - lon + np.pi, 2 * np.pi) - np.pi) < width
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    if not rows.size:
        return None
    row, column = max(rows[0], 1), max(columns[0], 1)
    box = slice(row - 1, rows[-1] + 2), slice(column - 1, columns[-1] + 2)
    x, y = offset_frame(grid_lon[box], grid_lat[box], lon, lat)
    distance = np.hypot(x, y)
    rim = np.concatenate([distance[0], distance[-1], distance[:, 0], distance[:, -1]])
    # Past the border of the sky the rim is NaN: there nothing is missing.
    complete = not np.any(rim < radius + size)
    x, y = second_order(x), second_order(y)
    for coordinate in (x, y):
        coordinate.setflags(write=False)
    return x, y, row - margin, column - margin, complete
