"""`SpectrumDatasetOnOff`s as rows of a light curve, cut in time or each in one row as a whole."""

from dataclasses import dataclass

import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.background_shapes import OffShapes, nights
from tevcurve.fit.dataset_rows import FittedDatasets
from tevcurve.fit.onoff_likelihood import rows_of_spectra
from tevcurve.reduction.dataset_terms import bands_of_bins, edges_of, terms_of_dataset


@dataclass(frozen=True, eq=False)
class OnOffDatasets(FittedDatasets):
    """ON/OFF spectra, and what is fitted of them, as all `FittedDatasets` say."""

    def terms_of(self, dataset, model, bands):
        """The `OnOffTerms` of the runs of a dataset, a list; of one run where it is in a row as a whole.

        Parameters
        ----------
        dataset, model : one of `pairs`
        bands : as the record has them
        """
        return terms_of_dataset(dataset, model, bands, whole=self.whole)

    def rows(self, time_bins, runs, setting):
        """The `OnOffLikelihood` of `DatasetRuns` in time bins.

        Parameters
        ----------
        time_bins : `TimeBins` or `RunPieces`
        runs : `DatasetRuns`
        setting : `~tevcurve.fit.row_likelihood.RowSetting`
        """
        bands = [self._band_of_bin(dataset) for dataset in self.datasets]
        shapes = None
        if self.whole and self.background.off_shape is not None:
            shapes = WholeShapes.of(self.datasets, self.background.off_shape)
        # Of several runs of a night the shape is one, on common energy bins.
        bands = [bands[k] for k in runs.owner] if self.whole else bands[0]
        fluxes = [model.photon_flux(edges_of(dataset)[1]) for dataset, model in self.pairs]
        fluxes = [fluxes[k] for k in runs.owner]
        return rows_of_spectra(runs.terms, bands, time_bins, fluxes, setting, self.background, shapes)

    def _band_of_bin(self, dataset):
        reco, _ = edges_of(dataset)
        return bands_of_bins(reco[[0, -1]] if self.bands is None else self.bands, reco)


@dataclass(frozen=True, eq=False)
class WholeShapes:
    """Shapes of the backgrounds of datasets, each of which is in one row as a whole.

    groups : list of (numbers of datasets, the `OffShapes` that these have)
    """

    groups: list

    @classmethod
    def of(cls, datasets, shape_from):
        """Of datasets, a run standing for one.

        Parameters
        ----------
        datasets : list of spectrum datasets
        shape_from : "run" or "night"
        """
        group, edges = np.arange(len(datasets)), datasets[0].energy_edges.to_value("TeV")
        if shape_from == "night":
            if not all(np.array_equal(each.energy_edges.to_value("TeV"), edges) for each in datasets):
                raise InputError(
                    "The datasets of one night have different energy bins; shape_from='night' wants the same."
                )
            spans = [
                [(time - datasets[0].time_range[0]).sec for time in each.time_range] for each in datasets
            ]
            instruments = [{run.run_id.instrument for run in each.runs} for each in datasets]
            group = nights(*np.transpose(spans), [tuple(sorted(names)) for names in instruments])
        own = [np.flatnonzero(group == number) for number in np.unique(group)]
        return cls([(numbers, _shape_of([datasets[k] for k in numbers])) for numbers in own])

    def rates(self):
        """Expected OFF counts (n_reco,) of each dataset, a list."""
        return self._spread(lambda shape: [r * s for r, s in zip(shape.rates(), shape.seconds, strict=True)])

    @property
    def guessed(self):
        """Whether the shape of each has no OFF count to go by, a list of bool arrays (1,)."""
        return self._spread(lambda shape: shape.guessed)

    def _spread(self, of_group):
        found = {}
        for numbers, shape in self.groups:
            found |= dict(zip(numbers.tolist(), of_group(shape), strict=True))
        return [found[k] for k in sorted(found)]


def _shape_of(datasets):
    """The one shape of datasets, `OffShapes`."""
    masks = np.array([dataset.mask for dataset in datasets])
    seconds = np.array(
        [np.nan if each.livetime is None else each.livetime.to_value("s") for each in datasets]
    )
    # Datasets that do not know their time count alike.
    seconds = np.where(np.isfinite(seconds) & (seconds > 0), seconds, 1.0)
    counts = np.array([dataset.counts_off.data for dataset in datasets], dtype=float)
    acceptance = np.array([dataset.relative_acceptance / dataset.alpha for dataset in datasets])
    edges = np.log(datasets[0].energy_edges.to_value("TeV"))
    bands, group = np.zeros(masks.shape[1], dtype=int), np.zeros(len(datasets), dtype=int)
    return OffShapes(counts, acceptance, seconds, masks, bands, edges, group)
