"""Where the emission of a source lies: what its shapes have in common, normalised to 1 over the sphere."""

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
