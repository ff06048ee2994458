"""From observations to datasets: what a light curve is made from is reduced once."""

from tevcurve.reduction.cube import MapMaker, reduce_cube
from tevcurve.reduction.regions import ReflectedRegionsBackgroundEstimator
from tevcurve.reduction.spectrum import SpectrumExtraction

__all__ = ["MapMaker", "ReflectedRegionsBackgroundEstimator", "SpectrumExtraction", "reduce_cube"]
