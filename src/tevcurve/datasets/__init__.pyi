from tevcurve.datasets.counts import CountsSpectrum as CountsSpectrum
from tevcurve.datasets.map_dataset import MapDataset as MapDataset
from tevcurve.datasets.onoff import SpectrumDatasetOnOff as SpectrumDatasetOnOff
from tevcurve.datasets.onoff_terms import OnOffTerms as OnOffTerms
from tevcurve.datasets.reduced_cube import ReducedCube as ReducedCube

__all__: list[str]
