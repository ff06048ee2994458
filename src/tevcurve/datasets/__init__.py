"""What a fit needs, and nothing more: counts, responses, and what the models predict for them."""

from tevcurve.on_demand import names_on_demand

_PLACES = {
    "CountsSpectrum": "tevcurve.datasets.counts:CountsSpectrum",
    "MapDataset": "tevcurve.datasets.map_dataset:MapDataset",
    "OnOffTerms": "tevcurve.datasets.onoff_terms:OnOffTerms",
    "ReducedCube": "tevcurve.datasets.reduced_cube:ReducedCube",
    "SpectrumDatasetOnOff": "tevcurve.datasets.onoff:SpectrumDatasetOnOff",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = names_on_demand(__name__, _PLACES)
