"""Axes, sky geometries and the maps on them."""

from .axis import MapAxis
from .geometry import WcsGeom
from .map import WcsNDMap

__all__ = ["MapAxis", "WcsGeom", "WcsNDMap"]
