"""Datasets that make one light curve, of whichever kind: their runs, and what is fitted of all of them."""

from dataclasses import dataclass

import numpy as np

from tevcurve.data.time_order import order_of_time
from tevcurve.fit.background_rule import BackgroundRule


@dataclass(frozen=True, eq=False)
class FittedDatasets:
    """Datasets and what is fitted of them; each kind adds `terms_of` of a dataset, its model and bands.

    Attributes
    ----------
    datasets : list of `MapDataset`, or of `SpectrumDatasetOnOff`
    models : list of the source's model in each: `SkyModel`, or `SpectralModel`
    bands : float array (n_bands + 1,), TeV, edges of energy bands; None for one of all bins of each dataset
    whole : bool, whether each dataset is in one row as a whole; else its events are cut in time
    background : `BackgroundRule`
    """

    datasets: list
    models: list
    bands: np.ndarray | None
    whole: bool
    background: BackgroundRule

    @property
    def pairs(self):
        """Each dataset with its model, a list of tuples."""
        return list(zip(self.datasets, self.models, strict=True))

    def runs(self, **options):
        """The `DatasetRuns` of all datasets, in the order of time.

        options: keywords for the terms of each dataset.
        """
        return DatasetRuns.of(
            [self.terms_of(*pair, self.bands, **options) for pair in self.pairs], self.whole
        )


@dataclass(frozen=True, eq=False)
class DatasetRuns:
    """The terms of all runs of datasets, with where they are from, each a list or an array (n_runs,).

    terms : list of `CubeTerms` or of `OnOffTerms`
    owner, place : int arrays, number of the dataset, and of the run among those of it
    """

    terms: list
    owner: np.ndarray
    place: np.ndarray

    @classmethod
    def of(cls, made, whole):
        """Of a list with the terms of each dataset; in the order of time, or, as a whole, in that of the datasets.

        Parameters
        ----------
        made : list, for each dataset a list of the terms of its runs
        whole : bool, whether each dataset is in one row as a whole
        """
        terms = [each for own in made for each in own]
        owner = np.repeat(np.arange(len(made)), [len(own) for own in made])
        place = np.concatenate([np.arange(len(own)) for own in made])
        order = np.arange(len(terms)) if whole else order_of_time(terms)
        return cls([terms[k] for k in order], owner[order], place[order])
