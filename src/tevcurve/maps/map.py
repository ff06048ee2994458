"""Numbers on the pixels of a geometry."""

from html import escape
from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.files.masked import without_masks
from tevcurve.maps.geometry import WcsGeom
from tevcurve.on_demand import offers

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord


@offers(
    {"plot": "tevcurve.maps.plot:plot_map", "write": "tevcurve.maps.fits_io:write_map"},
    {"read": "tevcurve.maps.fits_io:read_map"},
)
class WcsNDMap:
    """An array on a WcsGeom with its unit.

    Parameters
    ----------
    geom : WcsGeom
    data : array of the shape `geom.data_shape` (axes in reverse, lat, lon), kept, not copied; default zeros
    unit : unit of the data
    meta : dict of what belongs to the map, such as the times it covers; written to files
    origin : the record of what the map was reduced from; kept by `copy()`, not written to files

    Raises InputError when the array does not fit the geometry.
    """

    def __init__(
        self,
        geom: WcsGeom,
        data: np.ndarray | None = None,
        unit: str | u.UnitBase = "",
        meta: dict[str, Any] | None = None,
        origin: Any = None,
    ) -> None:
        if not isinstance(geom, WcsGeom):
            raise InputError(f"A map needs a WcsGeom, not {type(geom).__name__}.")
        if hasattr(data, "unit"):
            raise InputError("The data of a map are plain numbers; their unit is given by unit=.")
        data = np.zeros(geom.data_shape) if data is None else np.asarray(without_masks(data))
        if data.shape != geom.data_shape:
            raise InputError(f"The data of a map must have the shape {geom.data_shape}, not {data.shape}.")
        if data.dtype.kind not in "biuf":
            raise InputError(f"The data of a map must be real numbers or booleans, not {data.dtype}.")
        self._geom, self._data, self._unit, self._origin = geom, data, u.Unit(unit), origin
        self.meta = {} if meta is None else meta

    @property
    def geom(self) -> WcsGeom:
        """The WcsGeom."""
        return self._geom

    @property
    def data(self) -> np.ndarray:
        """The array, of shape `geom.data_shape`."""
        return self._data

    @property
    def unit(self) -> u.UnitBase:
        """Unit of the data."""
        return self._unit

    @property
    def quantity(self) -> u.Quantity:
        """The array as a Quantity, without a copy if it is of floats."""
        return u.Quantity(
            self._data, self._unit, copy=None, dtype=None if self._data.dtype.kind == "f" else float
        )

    @property
    def origin(self) -> Any:
        """The record of what the map was reduced from, or None."""
        return self._origin

    @property
    def meta(self) -> dict[str, Any]:
        """What belongs to the map: a dict that may be changed or replaced."""
        return self._meta

    @meta.setter
    def meta(self, meta: dict[str, Any]) -> None:
        if not isinstance(meta, dict):
            raise InputError(f"The meta of a map must be a dict, not {type(meta).__name__}.")
        self._meta = meta

    def copy(self, **changes: Any) -> "WcsNDMap":
        """Map with its own array and meta; what is given (geom, data, unit, meta, origin) takes its place.

        changes: by name, as the arguments of the class.
        """
        unknown = set(changes) - {"geom", "data", "unit", "meta", "origin"}
        if unknown:
            raise InputError(f"A map has geom, data, unit, meta and origin to change, not {sorted(unknown)}.")
        now = {"geom": self.geom, "unit": self.unit, "meta": dict(self.meta), "origin": self.origin}
        if "data" not in changes:
            now["data"] = self.data.copy()
        return WcsNDMap(**(now | changes))

    def sum_over_axes(self, keepdims: bool = False) -> "WcsNDMap":
        """Map of the sum over all further axes (energy); with `keepdims` each stays as an axis of one bin.

        keepdims: whether each axis stays as one of one bin.
        """
        axes = self.geom.axes
        data = self.data.sum(axis=tuple(range(len(axes))), keepdims=keepdims)
        geom = self.geom.to_cube([axis.squash() for axis in axes] if keepdims else ())
        return WcsNDMap(geom, data, self.unit, meta=dict(self.meta), origin=self.origin)

    def value_at(self, skycoord: "SkyCoord", interp: str = "nearest") -> u.Quantity:
        """Values at the positions of a SkyCoord, a Quantity (axes in reverse, positions); NaN outside.

        Parameters
        ----------
        skycoord : positions in any frame
        interp : "nearest" (the pixel that holds the position) or "linear" (between the four pixel centres around it;
            from the last centres to the border the values at these centres)
        """
        if interp not in ("nearest", "linear"):
            raise InputError(f"interp must be 'nearest' or 'linear', not {interp!r}.")
        lon, lat = self.geom.lonlat(skycoord)
        ix, iy = self.geom.lonlat_to_idx(lon, lat)
        inside = ix >= 0
        if interp == "nearest":
            values = self.data[..., iy, ix]
        else:
            values = _bilinear(self.data, *self.geom.lonlat_to_pix(lon, lat), inside)
        return np.where(inside, values, np.nan) << self.unit

    def __repr__(self) -> str:
        lines = str(self.geom).splitlines()
        kind = f"{self.data.dtype} in {self.unit}".removesuffix(" in ")
        return "\n".join([f"WcsNDMap: {kind}, {lines[0].removeprefix('WcsGeom: ')}", *lines[1:]])

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


def _bilinear(data: np.ndarray, x: np.ndarray, y: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Values of the planes of `data` at pixel coordinates: linear between pixel centres, constant beyond."""
    corners, weights = [], []
    for pixel, number in ((x, data.shape[-1]), (y, data.shape[-2])):
        pixel = np.clip(np.where(inside, pixel, 0), 0, number - 1)
        low = np.minimum(pixel.astype(int), max(number - 2, 0))
        corners.append((low, np.minimum(low + 1, number - 1)))
        weights.append((1 - (pixel - low), pixel - low))
    return sum(
        data[..., corners[1][j], corners[0][i]] * (weights[1][j] * weights[0][i])
        for i in (0, 1)
        for j in (0, 1)
    )
