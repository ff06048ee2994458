"""Axes, sky geometries and the maps on them."""

from tevcurve.maps.axis import MapAxis
from tevcurve.maps.geometry import WcsGeom
from tevcurve.maps.map import WcsNDMap

__all__ = ["MapAxis", "WcsGeom", "WcsNDMap"]
