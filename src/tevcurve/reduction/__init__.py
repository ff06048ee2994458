"""From observations to datasets: what a light curve is made from is reduced once."""

from tevcurve.on_demand import names_on_demand

_PLACES = {
    "MapMaker": "tevcurve.reduction.cube:MapMaker",
    "ReflectedRegionsBackgroundEstimator": "tevcurve.reduction.regions:ReflectedRegionsBackgroundEstimator",
    "SpectrumExtraction": "tevcurve.reduction.spectrum:SpectrumExtraction",
    "WobbleRegionsBackgroundEstimator": "tevcurve.reduction.regions:WobbleRegionsBackgroundEstimator",
    "reduce_cube": "tevcurve.reduction.cube:reduce_cube",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = names_on_demand(__name__, _PLACES)
