"""What a fit needs, and nothing more: counts, responses, and what the models predict for them."""

from tevcurve.datasets.counts import CountsSpectrum
from tevcurve.datasets.map_dataset import MapDataset
from tevcurve.datasets.onoff import SpectrumDatasetOnOff
from tevcurve.datasets.onoff_terms import OnOffTerms
from tevcurve.datasets.reduced_cube import ReducedCube

__all__ = ["CountsSpectrum", "MapDataset", "OnOffTerms", "ReducedCube", "SpectrumDatasetOnOff"]
