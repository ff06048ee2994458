"""A source whose shape is a map: as bright as its pixels say, with straight lines between their centres."""

import os
from collections.abc import Iterable
from typing import Any, Self

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.sphere import angular_separation
from tevcurve.maps import WcsGeom, WcsNDMap
from tevcurve.models.parameters import Parameter
from tevcurve.models.pixel_fractions import MAX_FACTOR, POINTS_PER_DETAIL, mean_over_pixels
from tevcurve.models.spatial import SpatialModel
from tevcurve.problems import remark

BRIGHTNESS = u.sr**-1


class TemplateSpatialModel(SpatialModel):
    """The shape of a source as a map.

    Between the centres of the pixels the brightness is linear in both directions of the grid; past the outermost ones
    it falls to 0 within a pixel, so that nothing of what the map holds is lost. The parameters lon_0 and lat_0 are the
    middle of the map; set to something else, they move it, along the coordinates of its frame, which is right for small
    steps only (gammapy's definition).

    Parameters
    ----------
    map : `WcsNDMap` without a further axis, or with one of a single bin.
    normalize : True: the values are shares of the emission in the pixels, up to a factor, and the integral over the
        sphere is 1. False: they are the brightness itself, in `map.unit` (sr-1 where it has none), and the flux of the
        source is that of its spectrum times the map's integral.
    filename : of the file that the map is from; only kept.
    name : free to choose.
    position : lon_0 and lat_0, where they are not the middle of the map

    Raises `InputError` for a map with several energies, without any brightness, or with pixels below 0 or NaN.
    """

    # Made from more than its parameters: its own __init__ tells how.
    __signature__ = None
    default_parameters = (
        Parameter("lon_0", 0.0, u.deg, frozen=True),
        Parameter("lat_0", 0.0, u.deg, min=-90, max=90, frozen=True),
    )

    def __init__(
        self,
        map: WcsNDMap,
        normalize: bool = True,
        filename: str | os.PathLike[str] | None = None,
        name: str = "",
        **position: Any,
    ) -> None:
        where = "a template" if filename is None else f"the template {filename}"
        image = _checked_image(map, where)
        geom = map.geom.to_image()
        area = np.nan_to_num(geom.solid_angle().to_value(u.sr))
        if normalize:
            content = image / image.sum()
            brightness = np.divide(content, area, out=np.zeros_like(content), where=area > 0)
        else:
            brightness = image * _factor(map.unit, where)
        centre = geom.center_skydir.spherical
        super().__init__(
            **({"lon_0": centre.lon, "lat_0": centre.lat} | position), frame=geom.frame, name=name
        )
        for parameter in self.parameters:
            parameter.frozen = True
        # Past its border the brightness is 0.
        self.__dict__["_brightness"] = np.pad(brightness, 1)
        self.__dict__["_middle"] = (centre.lon.rad, centre.lat.rad)
        self.__dict__["_map"] = WcsNDMap(geom, brightness, BRIGHTNESS)
        self.integral = 1.0 if normalize else float(np.sum(brightness * area))
        self.__dict__["_normalize"] = bool(normalize)
        self.__dict__["_filename"] = None if filename is None else os.fspath(filename)

    @classmethod
    def read(
        cls, path: str | os.PathLike[str], normalize: bool = True, name: str = "", **position: Any
    ) -> Self:
        """The model of a map in a FITS file.

        Parameters
        ----------
        path : of the file
        normalize, name, position : as for the class

        Raises `DataError` for a file that holds no map.
        """
        return cls(WcsNDMap.read(path), normalize, path, name, **position)  # type: ignore[attr-defined]

    @classmethod
    def of_brightness(
        cls,
        brightness: WcsNDMap,
        is_normalised: bool,
        filename: str | None,
        parameters: Iterable[Parameter],
        name: str = "",
    ) -> Self:
        """The model with the brightness of another one, to the last digit.

        Parameters
        ----------
        brightness : of the other one, its `map`
        is_normalised : whether its integral is 1, its `normalize`
        filename : of the file that it was from, or None
        parameters : of its position
        name : its name
        """
        made = cls(brightness, False, filename, name)
        made._set_parameters(parameters)
        if is_normalised:
            made.__dict__["_normalize"], made.integral = True, 1.0
        return made

    @property
    def map(self) -> WcsNDMap:
        """The brightness in each pixel, `WcsNDMap` in sr-1; made anew from it with normalize=False, it is the same."""
        return self.__dict__["_map"]

    @property
    def filename(self) -> str | None:
        """The file that the map is from, or None."""
        return self.__dict__["_filename"]

    @property
    def normalize(self) -> bool:
        """Whether the values of the map that was given were made to sum to 1."""
        return self.__dict__["_normalize"]

    @property
    def is_point(self) -> bool:
        """False: it has a surface brightness."""
        return False

    def _shift(self, **overrides: Any) -> np.ndarray:
        """How far the map is moved in longitude and latitude, radian (2,)."""
        return np.subtract(self.lonlat(**overrides), self.__dict__["_middle"])

    def evaluate(self, lon: np.ndarray, lat: np.ndarray, **overrides: Any) -> np.ndarray:
        """Surface brightness in sr-1 at directions in the model's frame (radian arrays), float64; 0 off the map.

        Parameters
        ----------
        lon, lat : directions in the model's frame, radian
        overrides : values in the parameters' own units, in place of the model's
        """
        shift = self._shift(**overrides)
        x, y = self.map.geom.lonlat_to_pix(np.asarray(lon) - shift[0], np.asarray(lat) - shift[1])
        return _linear(self.__dict__["_brightness"], x, y)

    def radius(self, **shape: float) -> float:  # type: ignore[override]
        """The separation in radian from the position beyond which there is nothing. shape: of no meaning."""
        rows, columns = np.nonzero(self.map.data)
        # A pixel falls to 0 at the centres of its neighbours.
        around = np.array([[-1, -1, 1, 1], [-1, 1, -1, 1]])
        x, y = columns[:, None] + around[0], rows[:, None] + around[1]
        lon, lat = np.add(self.map.geom.pix_to_lonlat(x, y), self._shift()[:, None, None])
        return float(np.nanmax(angular_separation(*self.lonlat(), lon, lat)))

    def detail(self, **shape: float) -> float:  # type: ignore[override]
        """The side of a pixel, radian. shape: of no meaning."""
        return float(np.deg2rad(np.min(np.abs(self.map.geom.cdelt))))

    def nodes(self, spacing: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(lon, lat, weight) of points that stand for the shape, float64 arrays (n,); the weights sum to the integral.

        Directions are in ICRS, radian; the points are `spacing` apart or a little less.

        spacing: radian.
        """
        geom = self.map.geom
        factor = int(np.clip(np.ceil(np.deg2rad(np.max(np.abs(geom.cdelt))) / spacing), 1, MAX_FACTOR))
        # With one point for each pixel none is needed past the border.
        edge = 0 if factor == 1 else 1
        fine = (np.arange(factor) + 0.5) / factor - 0.5
        x, y = (np.add.outer(np.arange(-edge, number + edge), fine).ravel() for number in geom.npix)
        x, y = (axis.ravel() for axis in np.meshgrid(x, y))
        weight = _linear(self.__dict__["_brightness"], x, y)
        x, y, weight = (values[weight > 0] for values in (x, y, weight))
        lon, lat = geom.pix_to_lonlat(x, y)
        # The areas of points within a pixel are like one another; of pixels they differ, by projection.
        weight = np.nan_to_num(weight * _area(geom, lon, lat, x, y))
        shift = self._shift()
        lon, lat = _from_frame(lon + shift[0], lat + shift[1], self.frame, "icrs")
        return lon, lat, weight * (self.integral / weight.sum())

    def draw(self, number: int, rng: "np.random.Generator") -> tuple[np.ndarray, np.ndarray]:
        """(lon, lat) of as many photons, ICRS, radian, float64 (number,).

        Parameters
        ----------
        number : of photons
        rng : where they are drawn from
        """
        geom = self.map.geom
        content = np.nan_to_num(self.map.data * geom.solid_angle().to_value(u.sr)).ravel()
        below = np.cumsum(content)
        pixel = np.searchsorted(below, rng.random(number) * below[-1], side="right")
        row, column = np.divmod(np.minimum(pixel, len(content) - 1), geom.npix[0])
        # Straight lines between the pixels' centres are tents about each of them.
        x, y = (rng.random(number) - rng.random(number) for _ in range(2))
        lon, lat = geom.pix_to_lonlat(column + x, row + y)
        shift = self._shift()
        return _from_frame(lon + shift[0], lat + shift[1], self.frame, "icrs")

    def pixel_fractions(self, geom: WcsGeom, factor: int = 4, **overrides: Any) -> np.ndarray:
        """The integral over each pixel of a geometry, float64 (nlat, nlon); it sums to `integral` if all lies inside.

        Parameters
        ----------
        geom : WcsGeom.
        factor : smallest number of points per pixel and direction; maps that are finer get more.
        overrides : parameter values in the parameters' own units.
        """
        image = geom.to_image()
        area = np.nan_to_num(image.solid_angle().to_value(u.sr))
        needed = POINTS_PER_DETAIL * np.deg2rad(np.max(np.abs(geom.cdelt))) / self.detail()
        factor = int(np.clip(np.ceil(needed), factor, MAX_FACTOR))

        def brightness(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
            return self.evaluate(*_from_frame(lon, lat, geom.frame, self.frame), **overrides)

        nlat, nlon = image.data_shape
        content = area * mean_over_pixels(image, brightness, (0, nlon, 0, nlat), factor)
        border = np.concatenate([content[[0, -1]].ravel(), content[:, [0, -1]].ravel()])
        total = content.sum()
        # Nothing at the border: what remains is the error of the sampling.
        if total > 0 and not np.any(border) and abs(total / self.integral - 1) < 0.2:
            content *= self.integral / total
        return content


def _checked_image(sky_map: Any, where: str) -> np.ndarray:
    """The pixels of a map, float64 (nlat, nlon); `InputError` for what cannot be the shape of a source."""
    if not isinstance(sky_map, WcsNDMap):
        raise InputError(f"The map of {where} is a {type(sky_map).__name__}; wanted is a WcsNDMap.")
    shape = sky_map.data.shape
    if int(np.prod(shape[:-2])) != 1:
        raise InputError(
            f"The map of {where} has the shape {shape}, a plane for each of several energies; wanted is one for all."
        )
    image = np.asarray(sky_map.data, dtype=np.float64).reshape(shape[-2:])
    bad = ~(np.isfinite(image) & (image >= 0))
    if np.any(bad):
        raise InputError(
            f"The map of {where} has {np.count_nonzero(bad)} pixels that are negative, NaN or infinite; wanted are "
            "numbers of 0 or more."
        )
    if not np.any(image):
        raise InputError(f"The map of {where} is 0 everywhere; wanted is one with some brightness.")
    return image


def _factor(unit: u.UnitBase, where: str) -> float:
    """What turns values in a unit into sr-1."""
    if unit == u.dimensionless_unscaled:
        remark(f"The map of {where} has no unit and is not to be normalised; its values are taken for sr-1.")
        return 1.0
    if not unit.is_equivalent(BRIGHTNESS):
        raise InputError(
            f"The map of {where} is in {unit.to_string()} and is not to be normalised; wanted is a brightness in sr-1."
        )
    return float(unit.to(BRIGHTNESS))


def _linear(padded: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Values at pixel coordinates, linear in both, of an array that has a border of zeros around its pixels."""
    n_lat, n_lon = padded.shape
    x, y = np.asarray(x) + 1, np.asarray(y) + 1
    inside = (x >= 0) & (x <= n_lon - 1) & (y >= 0) & (y <= n_lat - 1)
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    left, low = np.minimum(x.astype(int), n_lon - 2), np.minimum(y.astype(int), n_lat - 2)
    x, y = x - left, y - low
    lower = padded[low, left] * (1 - x) + padded[low, left + 1] * x
    upper = padded[low + 1, left] * (1 - x) + padded[low + 1, left + 1] * x
    return np.where(inside, lower * (1 - y) + upper * y, 0.0)


def _area(geom: WcsGeom, lon: np.ndarray, lat: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Solid angles at pixel coordinates in units of their mean, float64: those of the pixels that they lie in."""
    n_lon, n_lat = geom.npix
    column, row = (
        np.clip(np.floor(values + 0.5).astype(int), 0, number - 1)
        for values, number in ((x, n_lon), (y, n_lat))
    )
    return np.where(np.isfinite(lon + lat), geom.solid_angle().to_value(u.sr)[row, column], np.nan)


def _from_frame(lon: np.ndarray, lat: np.ndarray, frame: str, wanted: str) -> tuple[np.ndarray, np.ndarray]:
    """Directions of one frame in another, radian; NaN stays."""
    if frame == wanted:
        return lon, lat
    from astropy.coordinates import SkyCoord

    known = np.isfinite(lon + lat)
    there = SkyCoord(np.where(known, lon, 0), np.where(known, lat, 0), unit="rad", frame=frame)
    direction = there.transform_to(wanted).spherical
    return np.where(known, direction.lon.rad, np.nan), np.where(known, direction.lat.rad, np.nan)
