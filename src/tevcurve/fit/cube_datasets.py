"""`MapDataset`s as rows of a light curve, cut in time or each in one row as a whole, whatever in them is free."""

from dataclasses import dataclass

import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.cube_likelihood import CubeRule, cash_terms, rows_of_cubes
from tevcurve.fit.cube_pieces import piece_of_run
from tevcurve.fit.dataset_rows import FittedDatasets
from tevcurve.fit.nuisance_parameters import NuisanceParameters, check_names, has_nuisances, name_of
from tevcurve.fit.profile_nonlinear import NonlinearBin, NonlinearProfile
from tevcurve.fit.row_likelihood import RunPieces, cut_runs
from tevcurve.reduction.dataset_terms import terms_of_dataset


@dataclass(frozen=True, eq=False)
class CubeDatasets(FittedDatasets):
    """Cubes, and what is fitted of them beside what all `FittedDatasets` say.

    Attributes
    ----------
    reoptimize : bool, whether free parameters other than the flux are fitted
    below_zero : bool, whether fluxes may be asked for below zero
    """

    reoptimize: bool
    below_zero: bool

    def __post_init__(self):
        if self.reoptimize:
            check_names(self.datasets)

    def rows(self, time_bins, runs, setting):
        """The `CubeLikelihood` of `DatasetRuns` in time bins.

        Parameters
        ----------
        time_bins : `TimeBins` or `RunPieces`
        runs : `DatasetRuns`
        setting : `~tevcurve.fit.row_likelihood.RowSetting`
        """
        further = [self._further(*pair) for pair in self.pairs]
        names = list(dict.fromkeys(name_of(model) for models in further for model in models))
        columns = [tuple(1 + names.index(name_of(model)) for model in models) for models in further]
        fluxes = [dataset.flux_of(model) for dataset, model in self.pairs]
        columns, fluxes = ([each[k] for k in runs.owner] for each in (columns, fluxes))
        search = None
        if self.reoptimize and has_nuisances(self.pairs):
            search = _Search(self, time_bins.pieces(runs.terms), runs, columns).profile
        rule = CubeRule(
            self.background.error, self.below_zero, columns if names else (), tuple(names), search
        )
        return rows_of_cubes(
            runs.terms, time_bins, fluxes, setting, rule, compact_runs=lambda: self.runs(compact=True).terms
        )

    def terms_of(self, dataset, model, bands, **options):
        """The `CubeTerms` of the runs of a dataset, a list; of one run where it is in a row as a whole.

        Parameters
        ----------
        dataset, model : one of `pairs`
        bands : as the record has them, or those of one band
        options : keywords of `terms_of_dataset`
        """
        background = dataset.background_model
        is_free = self.reoptimize and background is not None and not background.norm.frozen
        return terms_of_dataset(
            dataset,
            model,
            bands,
            whole=self.whole,
            norm_is_free=is_free,
            further=self._further(dataset, model),
            below_zero=self.below_zero,
            **options,
        )

    def _further(self, dataset, model):
        """The further sources of a dataset whose fluxes are fitted, a list of `SkyModel`."""
        if not self.reoptimize:
            return []
        others = (other for other in dataset.models if other is not model)
        return [
            other
            for other in others
            if other.spectral_model.amplitude_name in other.spectral_model.parameters.free_parameters.names
        ]


class _Search:
    """Rows in which more than amplitudes is free, each searched on its own.

    pieces : pieces of the runs in time bins; runs : `DatasetRuns`
    further : for each run, the numbers of the amplitudes of its further sources
    """

    def __init__(self, cubes, pieces, runs, further):
        self.cubes, self.runs, self.further, self.n_bands = cubes, runs, further, runs.terms[0].n_bands
        self.pieces = RunPieces(0, pieces.bin, pieces.run, pieces.start_s, pieces.stop_s)

    def profile(self, fitted):
        """The `NonlinearProfile` of the fitted rows (int array)."""
        return NonlinearProfile([self._bin(*divmod(int(row), self.n_bands)) for row in fitted])

    def _bin(self, time_bin, band):
        """The `NonlinearBin` of a row."""
        cubes, (pieces, runs) = self.cubes, self.pieces.of_bin(time_bin)
        datasets, which = np.unique(self.runs.owner[runs], return_inverse=True)
        nuisances = NuisanceParameters([(cubes.datasets[k], cubes.models[k]) for k in datasets])
        bands = None if cubes.bands is None else cubes.bands[band : band + 2]
        further = [self.further[run] for run in runs]

        def made():
            pairs = list(zip(nuisances.datasets, nuisances.sources, strict=True))
            terms = [cubes.terms_of(*pair, bands) for pair in pairs]
            fluxes = [dataset.flux_of(source) for dataset, source in pairs]
            own = [terms[k][self.runs.place[run]] for k, run in zip(which, runs, strict=True)]
            return own, [fluxes[k] for k in which]

        n_unpredicted = sum(run.unpredicted for run in made()[0])

        def make_terms(theta):
            nuisances.set(theta)
            try:
                # A search may look where fluxes overflow.
                with np.errstate(all="ignore"):
                    own, fluxes = made()
            except InputError:
                return None
            if not all(np.isfinite(each.fixed_total).all() for each in own):
                return None
            # Events must not be got rid of by predicting nothing where they are.
            if sum(run.unpredicted for run in own) > n_unpredicted:
                return None
            cuts = cut_runs(own, pieces, [run.time_s for run in own]).cuts
            parts = [piece_of_run(*each) for each in zip(own, cuts, fluxes, strict=True)]
            terms = cash_terms(parts, np.zeros(1, dtype=int), 1, cubes.below_zero, further)
            return terms.with_prior(cubes.background.error)

        return NonlinearBin(
            make_terms, nuisances.start, nuisances.steps, *nuisances.bounds, nuisances.of_source
        )
