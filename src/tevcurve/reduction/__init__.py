"""From observations to datasets: what a light curve is made from is reduced once."""

from tevcurve.reduction.cube import MapMaker, reduce_cube
from tevcurve.reduction.regions import ReflectedRegionsBackgroundEstimator, WobbleRegionsBackgroundEstimator
from tevcurve.reduction.spectrum import SpectrumExtraction

__all__ = [
    "MapMaker",
    "ReflectedRegionsBackgroundEstimator",
    "SpectrumExtraction",
    "WobbleRegionsBackgroundEstimator",
    "reduce_cube",
]
