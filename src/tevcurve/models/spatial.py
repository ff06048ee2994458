"""Where the emission of a source lies: points, Gaussians and discs, normalised to 1 over the sphere."""

from collections.abc import Callable
from typing import Any, ClassVar, Self

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve.errors import InputError
from tevcurve.files.masked import is_masked
from tevcurve.kernels.sphere import angular_separation, directional_offset
from tevcurve.maps import WcsGeom
from tevcurve.models.model import Model
from tevcurve.models.parameters import Parameter
from tevcurve.models.pixel_fractions import point_fractions, profile_fractions

FRAMES = ("icrs", "galactic")
LON_0 = Parameter("lon_0", 0.0, u.deg)
LAT_0 = Parameter("lat_0", 0.0, u.deg, min=-90, max=90)


class SpatialModel(Model):
    """A distribution on the sky about the position (lon_0, lat_0).

    A child with a shape gives `profile(separation, ...)` in sr-1 (separation in radian, further parameters in
    TeV, cm, s, rad), `radius(...)`, the separation in radian beyond which next to nothing is left, and
    `detail(...)`, the size in radian of its finest structure.

    Parameters
    ----------
    values : lon_0, lat_0 and the shape's parameters: Quantity, Longitude, Latitude or "83.63 deg".
    frame : "icrs" (lon_0 is right ascension) or "galactic".
    name : free to choose.
    named : values of the parameters by name
    """

    values_are_required = True
    extra_keywords = ("frame", "name")
    # Of the emission over the sphere, by which the flux of a spectrum is multiplied; another one of some templates.
    integral: float = 1.0
    # Formula of a child with a shape: (separation, radian, and the parameters of the shape) to sr-1.
    profile: ClassVar[Callable[..., np.ndarray]] = None  # type: ignore[assignment]
    # Means of the profile on a ring: (separation of its centre, its radius, radian, and the parameters) to what
    # `tevcurve.kernels.ring_convolution` wants; None where there is no closed form.
    on_ring: ClassVar[Callable[..., tuple[np.ndarray, np.ndarray]] | None] = None
    # Of the parameters of the shape to the angle over which its sharpest change goes on, radian; None for an edge.
    smoothness: ClassVar[Callable[..., float] | None] = None

    def __init__(self, *values: Any, frame: str = "icrs", name: str = "", **named: Any) -> None:
        if frame not in FRAMES:
            raise InputError(
                f"The frame of {type(self).__name__} is {frame!r}; wanted is 'icrs' or 'galactic'."
            )
        super().__init__(*values, name=name, **named)
        self._frame = frame

    @classmethod
    def from_position(cls, position: SkyCoord, **named: Any) -> Self:
        """The model centred on a SkyCoord (icrs unless that is galactic), other parameters by name.

        Parameters
        ----------
        position : of the centre
        named : values of the other parameters, and `name`
        """
        if not isinstance(position, SkyCoord):
            raise InputError(f"The position of {cls.__name__} is {position!r}; wanted is a SkyCoord.")
        if is_masked(position):
            raise InputError(f"The position of {cls.__name__} is masked; wanted is one on the sky.")
        frame = "galactic" if position.frame.name == "galactic" else "icrs"
        direction = position.transform_to(frame).spherical
        return cls(lon_0=direction.lon, lat_0=direction.lat, frame=frame, **named)

    @property
    def frame(self) -> str:
        """The frame of lon_0 and lat_0: "icrs" or "galactic"."""
        return self._frame

    @property
    def is_point(self) -> bool:
        """True for a point source, which has no surface brightness."""
        return self.profile is None

    @property
    def position(self) -> SkyCoord:
        """The centre, SkyCoord."""
        return SkyCoord(*self.lonlat(), unit="rad", frame=self.frame)

    def lonlat(self, **overrides: Any) -> tuple[float, float]:
        """The centre (lon, lat) in the model's frame, radian; overrides in the parameters' own units.

        overrides: values in the parameters' own units, in place of the model's.
        """
        values = self.internal_values(overrides)
        return values["lon_0"], values["lat_0"]

    def lonlat_in(self, frame: str, **overrides: Any) -> tuple[float, float]:
        """The centre (lon, lat) in "icrs" or "galactic", two floats in radian.

        Parameters
        ----------
        frame : "icrs" or "galactic"
        overrides : values in the parameters' own units, in place of the model's
        """
        if frame not in FRAMES:
            raise InputError(f"The frame is {frame!r}; wanted is 'icrs' or 'galactic'.")
        lon, lat = self.lonlat(**overrides)
        if frame == self.frame:
            return lon, lat
        direction = SkyCoord(lon, lat, unit="rad", frame=self.frame).transform_to(frame).spherical
        return direction.lon.rad, direction.lat.rad

    def evaluate(self, lon: np.ndarray, lat: np.ndarray, **overrides: Any) -> np.ndarray:
        """Surface brightness in sr-1 at directions in the model's frame (radian arrays), float64.

        Its integral over the sphere is 1. Raises InputError for a point source, which has none.

        Parameters
        ----------
        lon, lat : directions in the model's frame, radian
        overrides : values in the parameters' own units, in place of the model's
        """
        if self.is_point:
            raise InputError(f"{type(self).__name__} is a point and has no surface brightness.")
        values = self.internal_values(overrides)
        centre = values.pop("lon_0"), values.pop("lat_0")
        return self.profile(angular_separation(*centre, lon, lat), **values)

    @property
    def evaluation_radius(self) -> u.Quantity:
        """Separation from the centre beyond which next to nothing is left, deg (0 for a point)."""
        return u.Quantity(np.rad2deg(self.radius(**self._shape({}))), u.deg)

    def sampled_profile(self, separation: np.ndarray, spacing: float, **shape: float) -> np.ndarray:
        """The profile for sampling points that are `spacing` (radian) apart: the same, unless it has an edge.

        Parameters
        ----------
        separation : from the centre, radian
        spacing : of the sampling points, radian
        shape : parameters other than the position, by name, in radian
        """
        return self.profile(separation, **shape)

    def nodes(self, spacing: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(lon, lat, weight) of points that stand for the shape, float64 arrays (n,); the weights sum to the integral.

        Directions are in ICRS, radian; the points are `spacing` apart or a little less.

        spacing: radian.
        """
        centre, shape = self.lonlat_in("icrs"), self._shape({})
        radius = self.radius(**shape)
        number = int(np.ceil(radius / spacing)) if radius > 0 else 0
        steps = np.arange(-number, number + 1) * (radius / max(number, 1))
        x, y = (axis.ravel() for axis in np.meshgrid(steps, steps))
        separation, angle = np.hypot(x, y), np.arctan2(x, y)
        if not number:
            return np.array([centre[0]]), np.array([centre[1]]), np.ones(1)
        weight = self.sampled_profile(separation, radius / number, **shape)
        seen = weight > 0
        lon, lat = directional_offset(*centre, angle[seen], separation[seen])
        return lon, lat, weight[seen] / weight.sum()

    @staticmethod
    def radius(**shape: float) -> float:
        """0 radian: a point. shape: of no meaning for a point."""
        return 0.0

    @staticmethod
    def detail(**shape: float) -> float:
        """0 radian: a point. shape: of no meaning for a point."""
        return 0.0

    def _shape(self, overrides: dict[str, Any]) -> dict[str, Any]:
        """The parameters other than the position, internal units."""
        values = self.internal_values(overrides)
        return {name: value for name, value in values.items() if name not in ("lon_0", "lat_0")}

    def pixel_fractions(self, geom: WcsGeom, factor: int = 4, **overrides: Any) -> np.ndarray:
        """The fraction of the emission in each pixel of a geometry, float64 (nlat, nlon).

        It sums to 1 when the source lies inside the geometry; what lies outside is left out. A point (and a
        shape finer than 3 % of a pixel) is shared between the four pixel centres around it, bilinearly.

        Parameters
        ----------
        geom : WcsGeom.
        factor : smallest number of points per pixel and direction; fine shapes get more.
        overrides : parameter values in the parameters' own units.
        """
        lon, lat = self.lonlat_in(geom.frame, **overrides)
        if self.is_point:
            return point_fractions(geom, lon, lat)
        shape = self._shape(overrides)
        return profile_fractions(
            geom,
            lon,
            lat,
            lambda separation, spacing: self.sampled_profile(separation, spacing, **shape),
            self.radius(**shape),
            self.detail(**shape),
            factor,
        )

    def _title(self) -> str:
        return f"{super()._title()} ({self.frame})"


class SkyPointSource(SpatialModel):
    """A point source at (lon_0, lat_0)."""

    default_parameters = (LON_0, LAT_0)


class SkyGaussian(SpatialModel):
    """A Gaussian on the sphere with the width sigma (39.3 % containment), the Fisher distribution.

    With h = sin^2(separation / 2) / sin^2(sigma / 2), its shape is exp(-h / 2), which is exp(-separation^2 /
    (2 sigma^2)) for small angles, and its integral over the sphere has a closed form (Fisher 1953, Proc. R.
    Soc. A 217, 295).
    """

    default_parameters = (LON_0, LAT_0, Parameter("sigma", 0.1, u.deg, min=0, max=180))

    @staticmethod
    def profile(separation: np.ndarray, sigma: float) -> np.ndarray:
        """Surface brightness in sr-1 at a separation in radian.

        Parameters
        ----------
        separation : from the centre, radian
        sigma : radian
        """
        _check_size("sigma", sigma)
        width = np.sin(0.5 * sigma) ** 2
        total = 8 * np.pi * width * -np.expm1(-0.5 / width)
        return np.exp(-0.5 * np.sin(0.5 * separation) ** 2 / width) / total

    @staticmethod
    def on_ring(separation: np.ndarray, ring: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
        """Means of the brightness, and of it times the cosine of the turn, on rings around places, sr-1.

        Parameters
        ----------
        separation : of the rings' centres from that of the source, radian
        ring : radii of the rings, radian; they broadcast
        sigma : radian
        """
        from scipy.special import i0e, i1e

        concentration = 0.25 / np.sin(0.5 * sigma) ** 2
        across = concentration * np.sin(separation) * np.sin(ring)
        # exp(-concentration (1 - cos d)) over the turn around a ring is a Bessel function.
        nearest = SkyGaussian.profile(separation - ring, sigma)
        return nearest * i0e(across), nearest * i1e(across)

    @staticmethod
    def smoothness(sigma: float) -> float:
        """sigma. sigma: radian."""
        return sigma

    @staticmethod
    def radius(sigma: float) -> float:  # type: ignore[override]
        """5 sigma in radian: 3.7e-6 of the emission lie outside. sigma: radian."""
        return min(5 * sigma, np.pi)

    @staticmethod
    def detail(sigma: float) -> float:  # type: ignore[override]
        """sigma. sigma: radian."""
        return sigma


class SkyDisk(SpatialModel):
    """A disc: 1 / (2 pi (1 - cos r_0)) up to the radius r_0 included, 0 outside.

    With an `edge_width`, a fraction of r_0, the brightness falls from 95 to 5 % over r_0 * edge_width about r_0, as an
    error function (gammapy's definition); the integral over the sphere is 1 also then.
    """

    default_parameters = (
        LON_0,
        LAT_0,
        Parameter("r_0", 0.1, u.deg, min=0, max=180),
        Parameter("edge_width", 0.0, min=0, max=1, frozen=True),
    )
    may_be_left = ("edge_width",)

    @staticmethod
    def profile(separation: np.ndarray, r_0: float, edge_width: float = 0.0) -> np.ndarray:
        """Surface brightness in sr-1 at a separation in radian.

        Parameters
        ----------
        separation : from the centre, radian
        r_0 : radian
        edge_width : in units of r_0
        """
        _check_size("r_0", r_0)
        if np.any(edge_width):
            return _smooth_disc(separation, r_0, r_0 * edge_width / FROM_95_TO_5)
        # 1 - cos r = 2 sin^2(r / 2) keeps its digits for small discs.
        return np.where(np.asarray(separation) <= r_0, 1 / (4 * np.pi * np.sin(0.5 * r_0) ** 2), 0.0)

    def sampled_profile(  # type: ignore[override]
        self, separation: np.ndarray, spacing: float, r_0: float, edge_width: float = 0.0
    ) -> np.ndarray:
        """The profile with its edge as wide as the spacing, so that fractions change smoothly with the radius.

        Parameters
        ----------
        separation : from the centre, radian
        spacing : of the sampling points, radian
        r_0 : radian
        edge_width : in units of r_0
        """
        _check_size("r_0", r_0)
        if np.any(edge_width):
            return _smooth_disc(separation, r_0, np.hypot(r_0 * edge_width / FROM_95_TO_5, spacing / 12**0.5))
        covered = np.clip(0.5 + (r_0 - separation) / spacing, 0, 1)
        return covered / (4 * np.pi * np.sin(0.5 * r_0) ** 2)

    @staticmethod
    def on_ring(
        separation: np.ndarray, ring: np.ndarray, r_0: float, edge_width: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Means of the brightness, and of it times the cosine of the turn, on rings around places, sr-1.

        Parameters
        ----------
        separation : of the rings' centres from that of the source, radian
        ring : radii of the rings, radian; they broadcast
        r_0 : radian
        edge_width : in units of r_0
        """
        from scipy.special import ndtr

        # A soft edge is a mean over sharp ones.
        places, weights = (
            np.polynomial.hermite_e.hermegauss(EDGES) if edge_width else (np.zeros(1), np.ones(1))
        )
        sigma = r_0 * edge_width / FROM_95_TO_5
        inside, cosine = (
            np.zeros(np.broadcast_shapes(np.shape(separation), np.shape(ring))) for _ in range(2)
        )
        for radius, weight in zip(r_0 + sigma * places, weights / weights.sum(), strict=True):
            if radius > 0:
                part = _part_of_ring(separation, ring, radius)
                inside, cosine = inside + weight * part, cosine + weight * np.sin(np.pi * part) / np.pi
        brightness = SkyDisk.profile(np.zeros(()), r_0, edge_width) / (
            ndtr(r_0 / sigma) if edge_width else 1.0
        )
        return inside * brightness, cosine * brightness

    @staticmethod
    def smoothness(r_0: float, edge_width: float = 0.0) -> float:
        """The standard deviation of the edge, radian.

        Parameters
        ----------
        r_0 : radian
        edge_width : in units of r_0
        """
        return r_0 * edge_width / FROM_95_TO_5

    @staticmethod
    def radius(r_0: float, edge_width: float = 0.0) -> float:  # type: ignore[override]
        """r_0 in radian, and twice the width of the edge: less than 1e-9 of the brightness is left there.

        Parameters
        ----------
        r_0 : radian
        edge_width : in units of r_0
        """
        return min(r_0 * (1 + 2 * edge_width), np.pi)

    @staticmethod
    def detail(r_0: float, edge_width: float = 0.0) -> float:  # type: ignore[override]
        """A third of r_0: the edge is sharp.

        Parameters
        ----------
        r_0 : radian
        edge_width : in units of r_0
        """
        return r_0 / 3


# Standard deviations of a normal distribution between 5 and 95 %: 2 ndtri(0.95).
FROM_95_TO_5 = 3.2897072539029444
# Sharp edges that a soft one is a mean of.
EDGES = 20


def _part_of_ring(separation: np.ndarray, ring: np.ndarray, radius: float) -> np.ndarray:
    """The part (0 to 1) of rings (radius `ring`, `separation` from the centre) inside a disc; all in radian."""
    beyond = np.sin(0.5 * (separation - ring)) ** 2 - np.sin(0.5 * radius) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = 1 + 2 * beyond / (np.sin(separation) * np.sin(ring))
    return np.arccos(np.clip(np.nan_to_num(cosine, nan=0.0, posinf=1, neginf=-1), -1, 1)) / np.pi


def _smooth_disc(separation: np.ndarray, r_0: float, sigma: float) -> np.ndarray:
    """Brightness in sr-1 of a disc whose edge is a normal distribution of radii about r_0, none below 0.

    separation, r_0, sigma: radian.
    """
    # It takes longer to import than a light curve to make.
    from scipy.special import ndtr

    # The discs' mean area, 2 pi E[1 - cos R] of R normal, without the part of R < 0 (which is small: as in the plane).
    area = 4 * np.pi * np.sin(0.5 * r_0) ** 2 - 2 * np.pi * np.cos(r_0) * np.expm1(-0.5 * sigma**2)
    low = r_0 / sigma
    below = (r_0**2 + sigma**2) * ndtr(-low) - r_0 * sigma * np.exp(-0.5 * low**2) / (2 * np.pi) ** 0.5
    return ndtr((r_0 - np.asarray(separation)) / sigma) / (area - np.pi * below)


def _check_size(name: str, size: float) -> None:
    if not np.all(size > 0):
        raise InputError(
            f"'{name}' is {np.rad2deg(size):g} deg; wanted is a size above 0, or SkyPointSource for a point."
        )
