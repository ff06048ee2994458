"""The pixels of a sky map: where they are and how large."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from html import escape
from typing import Any

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS

from tevcurve.errors import InputError, MissingError
from tevcurve.kernels.sphere import angular_separation, may_be_within
from tevcurve.maps.axis import MapAxis
from tevcurve.maps.circle_around import circle_around
from tevcurve.maps.pixel_area import plate_carree_area, quadrilateral_area

FRAMES = {"CEL": "icrs", "GAL": "galactic"}
CTYPES = {"CEL": ("RA---", "DEC--"), "GAL": ("GLON-", "GLAT-")}
EQUAL_AREA = ("AIT", "CEA", "MOL", "SFL", "ZEA")
ALL_SKY = ("CAR", "AIT", "MOL")


@dataclass(frozen=True)
class WcsGeom:
    """A grid of sky pixels in a FITS projection, with any number of further axes (energy).

    Made by `WcsGeom.create`. Arrays on it have the shape `data_shape`: axes in reverse, then lat, lon. Pixel
    numbers start at 0 and are whole at pixel centres; pixel i covers [i - 0.5, i + 0.5).

    coordsys: "CEL" (ICRS right ascension and declination) or "GAL" (galactic longitude and latitude).
    proj: three letters of a FITS projection (Calabretta and Greisen 2002, A&A 395, 1077).
    crval: reference position (lon, lat) in deg.   crpix: its pixel, from 1, FITS style.
    cdelt: pixel sizes in deg, the first below 0 because longitude grows to the left.
    npix: numbers of pixels (lon, lat).   axes: the MapAxis objects.

    It has so many methods as maps, figures and reductions each ask for another of pixels, coordinates, angles and
    areas, by the tutorial's names, and all follow from the one projection.
    """

    coordsys: str
    proj: str
    crval: tuple[float, float]
    crpix: tuple[float, float]
    cdelt: tuple[float, float]
    npix: tuple[int, int]
    axes: tuple[MapAxis, ...] = ()

    def __post_init__(self) -> None:
        if self.coordsys not in FRAMES:
            raise InputError(f"The coordsys of a geometry must be 'CEL' or 'GAL', not {self.coordsys!r}.")
        if not all(isinstance(axis, MapAxis) for axis in self.axes):
            raise InputError(f"The axes of a geometry must be MapAxis objects, not {self.axes!r}.")
        names = [axis.name for axis in self.axes]
        if len(set(names)) != len(names):
            raise InputError(f"The axes of a geometry must have different names, not {names}.")

    @classmethod
    def create(
        cls,
        skydir: SkyCoord | tuple[float, float] | None = None,
        binsz: float | str | u.Quantity | Sequence[float | str | u.Quantity] = 1.0,
        width: float | str | u.Quantity | Sequence[float | str | u.Quantity] | None = None,
        npix: int | Sequence[int] | None = None,
        coordsys: str = "CEL",
        proj: str = "CAR",
        axes: Iterable[MapAxis] | None = None,
    ) -> "WcsGeom":
        """Geometry whose grid is centred on `skydir`.

        Parameters
        ----------
        skydir : SkyCoord, or (lon, lat) in deg in `coordsys`; default (0, 0). It is the reference position of the
            projection, so that "CAR" too has no distortion there.
        binsz : pixel size in deg, or Quantity or string; one or a pair (lon, lat)
        width : full width, as `binsz`, rounded to whole pixels; or `npix`. Neither: the whole sky, for the
            projections CAR, AIT and MOL
        npix : numbers of pixels, one or a pair (lon, lat)
        coordsys : "CEL" (ICRS) or "GAL"
        proj : projection, such as "CAR", "TAN", "AIT"
        axes : list of MapAxis

        Raises InputError for what cannot be a geometry.
        """
        sizes = _pair_in_deg(binsz, "binsz")
        if width is not None and npix is not None:
            raise InputError(f"A geometry takes width or npix, not both (width={width!r}, npix={npix!r}).")
        if npix is None:
            if width is None and proj not in ALL_SKY:
                raise InputError(f"A geometry in projection {proj!r} needs width or npix.")
            widths = (360.0, 180.0) if width is None else _pair_in_deg(width, "width")
            npix = [round(full / size) for full, size in zip(widths, sizes, strict=True)]
        n_lon, n_lat = (int(number) for number in np.broadcast_to(npix, 2))
        if min(n_lon, n_lat) < 1:
            raise InputError(
                f"A geometry needs a pixel or more each way, not {(n_lon, n_lat)} (binsz={binsz!r})."
            )
        geom = cls(
            coordsys=coordsys,
            proj=proj,
            crval=_position_in_deg(skydir, FRAMES.get(coordsys)),
            crpix=((n_lon + 1) / 2, (n_lat + 1) / 2),
            cdelt=(-sizes[0], sizes[1]),
            npix=(n_lon, n_lat),
            axes=tuple(axes or ()),
        )
        # Building it now refuses an unknown projection where it enters.
        geom.wcs.wcs.set()
        return geom

    @cached_property
    def wcs(self) -> WCS:
        """The astropy WCS of the two sky axes."""
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = [prefix + self.proj for prefix in CTYPES[self.coordsys]]
        wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = self.crval, self.crpix, self.cdelt
        wcs.wcs.cunit = ["deg", "deg"]
        if self.coordsys == "CEL":
            wcs.wcs.radesys = "ICRS"
        wcs.array_shape = self.npix[::-1]
        try:
            wcs.wcs.set()
        except ValueError as error:
            reason = str(error).splitlines()[-1]
            raise InputError(f"The projection {self.proj!r} cannot be used: {reason}") from error
        return wcs

    @property
    def frame(self) -> str:
        """Name of the astropy frame: "icrs" or "galactic"."""
        return FRAMES[self.coordsys]

    @property
    def data_shape(self) -> tuple[int, ...]:
        """Shape of arrays on this geometry: the axes in reverse, then (lat, lon)."""
        return (*(axis.nbin for axis in reversed(self.axes)), self.npix[1], self.npix[0])

    @property
    def center_skydir(self) -> SkyCoord:
        """SkyCoord of the middle of the grid."""
        lon, lat = self.pix_to_lonlat((self.npix[0] - 1) / 2, (self.npix[1] - 1) / 2)
        return SkyCoord(lon, lat, unit="rad", frame=self.frame)

    def axis(self, name: str) -> MapAxis:
        """The axis of this name; raises MissingError. name: of the axis."""
        for axis in self.axes:
            if axis.name == name:
                return axis
        raise MissingError(f"The geometry has no axis {name!r}; it has {[axis.name for axis in self.axes]}.")

    def pixel_lonlat(self) -> tuple[np.ndarray, np.ndarray]:
        """Longitude and latitude of the pixel centres in radian, read-only, (lat, lon); NaN off the sky."""
        return self._pixel_lonlat

    @cached_property
    def _pixel_lonlat(self) -> tuple[np.ndarray, np.ndarray]:
        y, x = np.indices(self.npix[::-1], dtype=float)
        lon, lat = self.pix_to_lonlat(x, y)
        return _read_only(lon), _read_only(lat)

    def lonlat(self, skycoord: SkyCoord) -> tuple[np.ndarray, np.ndarray]:
        """Longitude and latitude of a SkyCoord in radian, in the frame of this geometry.

        skycoord: in any frame and of any shape.
        """
        return _lonlat(skycoord, self.frame)

    def lonlat_to_pix(
        self, lon: float | np.ndarray, lat: float | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pixel coordinates (x, y) of angles in radian; NaN out of the projection's reach.

        Parameters
        ----------
        lon, lat : radian, arrays that broadcast
        """
        lon, lat = np.broadcast_arrays(np.rad2deg(lon), np.rad2deg(lat))
        x, y = self.wcs.wcs_world2pix(lon.ravel(), lat.ravel(), 0)
        return x.reshape(lon.shape), y.reshape(lon.shape)

    def lonlat_to_idx(
        self, lon: float | np.ndarray, lat: float | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Numbers (ix, iy) of the pixels that hold longitude and latitude in radian; both -1 outside.

        Parameters
        ----------
        lon, lat : radian, arrays that broadcast
        """
        lon, lat = np.broadcast_arrays(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
        if self._circle is not None:
            near = may_be_within(*self._circle[:2], lon, lat, self._circle[2])
            if not np.all(near):
                ix, iy = np.full(lon.shape, -1), np.full(lon.shape, -1)
                ix[near], iy[near] = self._numbers_at(lon[near], lat[near])
                return ix[()], iy[()]
        return self._numbers_at(lon, lat)

    def _numbers_at(self, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, y = self.lonlat_to_pix(lon, lat)
        inside = (x >= -0.5) & (x < self.npix[0] - 0.5) & (y >= -0.5) & (y < self.npix[1] - 0.5)
        ix, iy = (np.floor(np.where(inside, pix, -1.0) + 0.5).astype(int) for pix in (x, y))
        return ix, iy

    @cached_property
    def _circle(self) -> tuple[float, float, float] | None:
        """(lon, lat, radius), radian, of a circle that holds all pixels; None of a map that is large."""
        return circle_around(self.pix_to_lonlat, self.npix)

    def pix_to_lonlat(self, x: float | np.ndarray, y: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Longitude (0 to 2 pi) and latitude in radian of pixel coordinates; NaN off the sky.

        Parameters
        ----------
        x, y : from 0, whole at pixel centres, arrays that broadcast
        """
        x, y = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
        lon, lat = self.wcs.wcs_pix2world(x.ravel(), y.ravel(), 0)
        return np.deg2rad(lon).reshape(x.shape), np.deg2rad(lat).reshape(x.shape)

    def solid_angle(self) -> u.Quantity:
        """Solid angle of the pixels, a Quantity in sr of shape (lat, lon), read-only; NaN off the sky.

        Exact for "CAR" and the equal-area projections, else that of the spherical quadrilateral through the
        pixel's corners (exact for "TAN").
        """
        return self._solid_angle

    @cached_property
    def _solid_angle(self) -> u.Quantity:
        if self.proj == "CAR":
            return _read_only(plate_carree_area(self.npix, self.crpix, self.cdelt)) << u.sr
        y, x = np.indices((self.npix[1] + 1, self.npix[0] + 1), dtype=float) - 0.5
        area = quadrilateral_area(*self.pix_to_lonlat(x, y))
        if self.proj in EQUAL_AREA:
            area = np.where(np.isfinite(area), np.prod(np.abs(np.deg2rad(self.cdelt))), np.nan)
        return _read_only(area) << u.sr

    def separation(self, skycoord: SkyCoord) -> u.Quantity:
        """Separation of the pixel centres from one SkyCoord, a Quantity in rad of shape (lat, lon).

        skycoord: one position.
        """
        return angular_separation(*self.lonlat(skycoord), *self.pixel_lonlat()) << u.rad

    def contains(self, skycoord: SkyCoord) -> np.ndarray:
        """Whether each position of a SkyCoord lies on a pixel. skycoord: of any shape."""
        return self.lonlat_to_idx(*self.lonlat(skycoord))[0] >= 0

    def to_image(self) -> "WcsGeom":
        """The same pixels without further axes."""
        return self.to_cube(())

    def to_cube(self, axes: Iterable[MapAxis]) -> "WcsGeom":
        """The same pixels with these axes (list of MapAxis). axes: in place of those that it has."""
        geom = replace(self, axes=tuple(axes))
        # Positions and areas do not depend on the axes: hand on what is known already.
        geom.__dict__.update({name: self.__dict__[name] for name in _SHARED if name in self.__dict__})
        return geom

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __str__(self) -> str:
        lon, lat = np.rad2deg(self.pix_to_lonlat((self.npix[0] - 1) / 2, (self.npix[1] - 1) / 2))
        sizes = " x ".join(f"{abs(size):g}" for size in self.cdelt)
        grid = f"{self.npix[0]} x {self.npix[1]} pixels of {sizes} deg, {self.proj}"
        head = f"WcsGeom: {grid}, around {self.frame} ({lon:.5f}, {lat:.5f}) deg"
        return "\n".join([head, *(f"  {axis!r}" for axis in self.axes)])

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


_SHARED = ("wcs", "_pixel_lonlat", "_solid_angle", "_circle")


def _lonlat(skycoord: SkyCoord, frame: str) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude in radian; a coordinate that is in the frame already is only read."""
    if not isinstance(skycoord, SkyCoord):
        raise InputError(f"A position must be a SkyCoord, not {skycoord!r}.")
    if skycoord.frame.name != frame:
        skycoord = skycoord.transform_to(frame)
    position = skycoord.spherical
    return position.lon.rad, position.lat.rad


def _position_in_deg(skydir: Any, frame: str | None) -> tuple[float, float]:
    """(lon, lat) in deg of a SkyCoord, or of a pair of numbers in deg."""
    if skydir is None:
        return 0.0, 0.0
    if isinstance(skydir, SkyCoord):
        if skydir.size != 1:
            raise InputError(f"The centre of a geometry must be one position, not {skydir.size}.")
        if skydir.frame.name != frame:
            skydir = skydir.transform_to(frame)
        position = skydir.spherical
        # Straight from deg to deg: no rounding on the way through radian.
        lon, lat = (np.asarray(angle.to_value("deg")).item() for angle in (position.lon, position.lat))
    else:
        lon, lat = _pair_in_deg(skydir, "skydir", positive=False)
    if not (np.isfinite(lon) and -90 <= lat <= 90):
        raise InputError(f"The centre of a geometry must be a position on the sky, not ({lon}, {lat}) deg.")
    return float(lon), float(lat)


def _pair_in_deg(value: Any, name: str, positive: bool = True) -> tuple[float, float]:
    """Two floats in deg from a number (deg), Quantity, string, or a pair of them."""
    parts = value if isinstance(value, (tuple, list)) else np.atleast_1d(value)
    try:
        degrees = [
            float(part if np.isreal(part) and not hasattr(part, "unit") else u.Quantity(part).to_value("deg"))
            for part in parts
        ]
    except (TypeError, ValueError, u.UnitsError) as error:
        raise InputError(f"{name} must be one or two angles such as 2 or '2 deg', not {value!r}.") from error
    if len(degrees) not in (1, 2) or not np.all(np.isfinite(degrees)) or (positive and min(degrees) <= 0):
        sign = " above 0" if positive else ""
        raise InputError(f"{name} must be one or two angles{sign}, not {value!r}.")
    return degrees[0], degrees[-1]


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
