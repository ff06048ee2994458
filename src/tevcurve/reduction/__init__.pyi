from tevcurve.reduction.cube import MapMaker as MapMaker
from tevcurve.reduction.cube import reduce_cube as reduce_cube
from tevcurve.reduction.regions import (
    ReflectedRegionsBackgroundEstimator as ReflectedRegionsBackgroundEstimator,
)
from tevcurve.reduction.regions import WobbleRegionsBackgroundEstimator as WobbleRegionsBackgroundEstimator
from tevcurve.reduction.spectrum import SpectrumExtraction as SpectrumExtraction

__all__: list[str]
