"""The rate of the background over the field of view (GADF BKG_2D and BKG_3D)."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from numpy.typing import ArrayLike

from tevcurve.errors import DataError
from tevcurve.figures.style import colours_in_order, current_axes, use_colours
from tevcurve.irf.layout import Layout, ValueColumn
from tevcurve.irf.table import Response, ResponseTable, check_not_empty
from tevcurve.kernels.folding import integrate_loglog
from tevcurve.kernels.interpolation import Places, all_inside, interpolate_axis, interpolate_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RATE_UNIT = "TeV-1 s-1 sr-1"
# What GADF has for the column, and what is meant where it names no unit.
FILE_RATE_UNIT = "s-1 MeV-1 sr-1"
# Stands for 0 under the logarithm: the smallest normal float32, of a rate per MeV as the files have it.
TINY_RATE = float(np.finfo(np.float32).tiny) * 1e6


@dataclass(frozen=True, eq=False)
class _Background(Response):
    """What both formats share: an energy axis first, the alignment, and rates by energy bin.

    `lon_sign` says how the longitude of the file's field of view lies on the sky: 1 where it grows with right ascension
    (or azimuth), -1 where it falls. Only `evaluate` and `plot` take the file's own; the others take that of the sky.
    """

    fov_align: str
    lon_sign: int = 1

    @classmethod
    def _of_table(cls, table: ResponseTable) -> "_Background":
        check_not_empty(table, "BKG")
        return cls(table, _alignment(table))

    def rate_at_energies(self, x_rad: ArrayLike, y_rad: ArrayLike, energies_tev: ArrayLike) -> np.ndarray:
        """As that of the formats."""
        raise NotImplementedError

    def rate(
        self,
        energy_tev: ArrayLike,
        x_rad: ArrayLike,
        y_rad: ArrayLike,
    ) -> np.ndarray:
        """As that of the formats."""
        raise NotImplementedError

    def rate_per_energy_bin(
        self, x_rad: ArrayLike, y_rad: ArrayLike, reco_edges_tev: ArrayLike
    ) -> np.ndarray:
        """Rate (n_bins, and the shape of x) in s-1 sr-1, integrated over reco bins (edges in TeV).

        The rate at the energy edges, a power law between them, at field-of-view longitude x and latitude y in radian,
        as `kernels.sphere.field_of_view` gives them.

        Parameters
        ----------
        x_rad, y_rad : field-of-view longitude and latitude, float arrays of one shape, radian
        reco_edges_tev : float array (n_bins + 1,), TeV
        """
        return integrate_loglog(reco_edges_tev, self.rate_at_energies(x_rad, y_rad, reco_edges_tev))

    def evaluate(
        self, energy: str | u.Quantity, fov_lon: str | u.Quantity, fov_lat: str | u.Quantity
    ) -> u.Quantity:
        """Rate as Quantity in TeV-1 s-1 sr-1; Quantities that broadcast, angles as the file has them.

        Parameters
        ----------
        energy : Quantity
        fov_lon, fov_lat : longitude and latitude in the field of view
        """
        energy = u.Quantity(energy).to_value(u.TeV)
        x, y = u.Quantity(fov_lon).to_value(u.rad), u.Quantity(fov_lat).to_value(u.rad)
        return self.rate(energy, self.lon_sign * x, y) * u.Unit(RATE_UNIT)


@dataclass(frozen=True, eq=False)
class Background3D(_Background):
    """The background rate over energy (TeV) and field-of-view coordinates (radian): values (n_energy, n_x, n_y).

    Interpolated linearly in log energy, x and y, between the logarithms of the rates. `fov_align` says along which axes
    x and y lie: "RADEC" or "ALTAZ".
    """

    # numpy sees the values of the public files as (energy, DETX, DETY); other orders are taken where only they fit.
    layout = Layout(
        "bkg",
        "bkg_3d",
        "BKG",
        (("ENERG", "TeV", True), ("DETX", "rad", False), ("DETY", "rad", False)),
        (ValueColumn("BKG", RATE_UNIT, usual_unit=FILE_RATE_UNIT),),
        (
            ("ENERG", "DETX", "DETY"),
            ("DETY", "DETX", "ENERG"),
            ("ENERG", "DETY", "DETX"),
            ("DETX", "DETY", "ENERG"),
        ),
    )

    def file_table(self) -> ResponseTable:
        """The `ResponseTable` as files have it: with longitudes that fall with right ascension."""
        if self.lon_sign != 1:
            return self.table
        energy, x, y = self.table.axes
        turned = replace(x, low=-x.high[::-1], high=-x.low[::-1])
        columns = {name: values[:, ::-1] for name, values in self.table.columns.items()}
        return replace(self.table, axes=(energy, turned, y), columns=columns)

    @property
    def turns_with_horizon(self) -> bool:
        """Whether the rate is fixed to the horizon, so that it turns under the sky."""
        return self.fov_align == "ALTAZ"

    @cached_property
    def log_rate(self) -> np.ndarray:
        """Logarithm of the rates per TeV, s and sr; 0 counts as `TINY_RATE`."""
        return np.log(np.maximum(self.table.values, TINY_RATE))

    def rate_at_energies(self, x_rad: ArrayLike, y_rad: ArrayLike, energies_tev: ArrayLike) -> np.ndarray:
        """Rate, (n, `*x.shape`), in TeV-1 s-1 sr-1 at energies (n,) TeV and field-of-view coordinates in radian.

        Parameters
        ----------
        x_rad, y_rad : field-of-view longitude and latitude, float arrays of one shape, radian
        energies_tev : float array (n,), TeV
        """
        energy, x, y = self._locate(energies_tev, x_rad, y_rad)
        planes = np.moveaxis(interpolate_axis(self.log_rate, energy), 0, -1)
        rate = _rate_of_log(np.moveaxis(interpolate_points(planes, x, y), -1, 0))
        inside = all_inside(x, y)
        if not np.all(inside):
            rate *= inside
        rate[~energy.inside] = 0.0
        return rate

    def rate(self, energy_tev: ArrayLike, x_rad: ArrayLike, y_rad: ArrayLike) -> np.ndarray:
        """Rate in TeV-1 s-1 sr-1 at energies (TeV) and field-of-view angles (radian), broadcast; 0 beyond edges.

        Parameters
        ----------
        energy_tev : TeV
        x_rad : field-of-view longitude, radian
        y_rad : field-of-view latitude, radian
        """
        places = self._locate(energy_tev, x_rad, y_rad)
        return _rate_of_log(interpolate_points(self.log_rate, *places)) * all_inside(*places)

    def _locate(
        self, energy_tev: ArrayLike, x_rad: ArrayLike, y_rad: ArrayLike
    ) -> tuple[Places, Places, Places]:
        energy, x, y = self.table.axes
        return energy.locate(energy_tev), x.locate(np.multiply(self.lon_sign, x_rad)), y.locate(y_rad)

    def plot(self, ax: "Axes | None" = None, energy: str | u.Quantity = "1 TeV") -> "Axes":
        """Axes with the rate over the field of view at one energy.

        Parameters
        ----------
        ax : matplotlib axes; default: the current ones
        energy : one, Quantity or string
        """
        ax = current_axes() if ax is None else ax
        energy = u.Quantity(energy)
        _, x_axis, y_axis = self.table.axes
        x, y = np.meshgrid(x_axis.nodes, y_axis.nodes)
        rate = self.rate(energy.to_value(u.TeV), self.lon_sign * x, y)
        mesh = ax.pcolormesh(np.rad2deg(x_axis.edges), np.rad2deg(y_axis.edges), rate, rasterized=True)
        names = ("RA", "Dec") if self.fov_align == "RADEC" else ("azimuth", "altitude")
        ax.set(
            xlabel=f"Offset along {names[0]} [deg]", ylabel=f"Offset along {names[1]} [deg]", aspect="equal"
        )
        ax.set_title(f"Background at {energy:g}")
        if self.fov_align == "RADEC" and self.lon_sign == 1:
            ax.invert_xaxis()  # east is left, as on the sky
        ax.figure.colorbar(mesh, ax=ax, label="Rate [TeV$^{-1}$ s$^{-1}$ sr$^{-1}$]")
        return ax


@dataclass(frozen=True, eq=False)
class Background2D(_Background):
    """The background rate over energy (TeV) and offset (radian): values (n_energy, n_offset).

    Interpolated linearly in log energy and offset, between the rates. It is round, so that its alignment never matters.
    """

    layout = Layout(
        "bkg",
        "bkg_2d",
        "BKG",
        (("ENERG", "TeV", True), ("THETA", "rad", False)),
        (ValueColumn("BKG", RATE_UNIT, usual_unit=FILE_RATE_UNIT),),
        (("ENERG", "THETA"), ("THETA", "ENERG")),
    )

    @property
    def turns_with_horizon(self) -> bool:
        """False: it is round."""
        return False

    def rate_at_energies(self, x_rad: ArrayLike, y_rad: ArrayLike, energies_tev: ArrayLike) -> np.ndarray:
        """Rate, (n, `*x.shape`), in TeV-1 s-1 sr-1 at energies (n,) TeV and field-of-view coordinates in radian.

        Parameters
        ----------
        x_rad, y_rad : field-of-view longitude and latitude, float arrays of one shape, radian
        energies_tev : float array (n,), TeV
        """
        energy = self.energy_axis.locate(energies_tev)
        offset = self.offset_axis.locate(_separation(x_rad, y_rad))
        rate = interpolate_axis(interpolate_axis(self.table.values, energy), offset, axis=1)
        rate *= offset.inside
        rate[~energy.inside] = 0.0
        return rate

    def rate(self, energy_tev: ArrayLike, x_rad: ArrayLike, y_rad: ArrayLike) -> np.ndarray:
        """Rate in TeV-1 s-1 sr-1 at energies (TeV) and field-of-view angles (radian), broadcast; 0 beyond edges.

        Parameters
        ----------
        energy_tev : TeV
        x_rad : field-of-view longitude, radian
        y_rad : field-of-view latitude, radian
        """
        places = self.energy_axis.locate(energy_tev), self.offset_axis.locate(_separation(x_rad, y_rad))
        return interpolate_points(self.table.values, *places) * all_inside(*places)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Axes with the rate against energy, one line per offset of the table.

        ax: matplotlib axes; default: the current ones.
        """
        ax = current_axes() if ax is None else ax
        use_colours(ax, colours_in_order(len(self.offset_axis.nodes)))
        for offset, values in zip(self.offset_axis.nodes, self.table.values.T, strict=True):
            label = f"{np.rad2deg(offset):.2g} deg"
            ax.plot(self.energy_axis.nodes, np.where(values > 0, values, np.nan), label=label)
        ax.set(
            xscale="log", yscale="log", xlabel="Energy [TeV]", ylabel="Rate [TeV$^{-1}$ s$^{-1}$ sr$^{-1}$]"
        )
        ax.legend(title="Offset")
        return ax


def _separation(fov_lon: ArrayLike, fov_lat: ArrayLike) -> np.ndarray:
    """Angle in radian from the origin of the field of view: cos(separation) = cos(fov_lon) cos(fov_lat)."""
    half_lon, half_lat = np.sin(np.multiply(0.5, fov_lon)), np.sin(np.multiply(0.5, fov_lat))
    return 2 * np.arcsin(np.minimum(1.0, np.hypot(half_lat, half_lon * np.sqrt(np.cos(fov_lat)))))


def _rate_of_log(log_rate: np.ndarray) -> np.ndarray:
    rate = np.exp(log_rate)
    low = rate <= 2 * TINY_RATE
    return np.where(low, 0.0, rate) if np.any(low) else rate


def _alignment(table: ResponseTable) -> str:
    """ "RADEC" or "ALTAZ" from `FOVALIGN`; files without it mean RADEC."""
    value = str(table.header.get("FOVALIGN", "RADEC")).strip().upper()
    if value not in ("RADEC", "ALTAZ"):
        raise DataError(f"{table.where}: FOVALIGN is {value!r}; RADEC or ALTAZ is wanted.")
    return value
