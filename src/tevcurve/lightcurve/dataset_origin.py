"""What a light curve of datasets is made from, kept with it, so that it can be made again in other bins."""

from dataclasses import dataclass, replace
from functools import cached_property

import astropy.units as u
import numpy as np

from tevcurve.bins.good_time import check_one_place
from tevcurve.bins.text import as_binning
from tevcurve.datasets import MapDataset, SpectrumDatasetOnOff
from tevcurve.errors import InputError
from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.fit.cube_datasets import CubeDatasets
from tevcurve.fit.fit_options import FitOptions
from tevcurve.fit.onoff_datasets import OnOffDatasets
from tevcurve.fit.row_exposure import WholeSeconds
from tevcurve.fit.row_likelihood import RowSetting, RunPieces
from tevcurve.lightcurve.dataset_ledger import dataset_ledger
from tevcurve.lightcurve.hardness import TwoBands
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.reference_spectrum import check_flux, reference_in_bins
from tevcurve.lightcurve.row_table import table_of_rows
from tevcurve.records import short_repr
from tevcurve.reduction.dataset_terms import edges_of
from tevcurve.reduction.energy_axes import edges_in_tev


@dataclass(frozen=True, eq=False)
class DatasetOrigin(TwoBands):
    """The origin of a light curve of datasets that know their events.

    Attributes
    ----------
    datasets : list, all `MapDataset` or all `SpectrumDatasetOnOff`, made from observations
    models : list of the source's model in each dataset
    time_bins : binning object
    energy_edges : float array (n_bands + 1,), TeV, each an edge of the datasets' reco bins; None for one band of all
    energies : (e_ref, e_min, e_max), TeV, what is reported where there are no `energy_edges`
    reoptimize : bool, whether the other free parameters are fitted with the flux (3D)
    options : `FitOptions`
    meta : dict of what the light curve says of itself
    """

    datasets: list
    models: list
    time_bins: object
    energy_edges: np.ndarray | None
    energies: tuple | None
    reoptimize: bool
    options: FitOptions
    meta: dict

    __repr__ = short_repr

    @property
    def spectrum(self):
        """The reference, a `SpectralModel`."""
        return spectrum_of(self.models[0])

    @property
    def bands(self):
        """Edges (n_bands + 1,) in TeV of the bands that are reported."""
        return np.array(self.energies[1:]) if self.energy_edges is None else self.energy_edges

    def laid(self, runs):
        """The `TimeBins` laid over runs. runs: as for `~tevcurve.bins.Binning.bins`."""
        return self.time_bins.bins(runs)

    def rows(self, below_zero=True):
        """(`CubeLikelihood` or `OnOffLikelihood`, `TimeBins`) of the present settings.

        below_zero: bool, whether fluxes may be asked for below zero.

        Raises `InputError` for counts without times, for changed counts, for a missing edge, and for datasets whose
        energy bins or spectra differ.
        """
        self._check()
        first, (reco, true) = self.datasets[0], edges_of(self.datasets[0])
        bands = reco[[0, -1]] if self.energy_edges is None else self.energy_edges
        flux, dark = reference_in_bins(self.spectrum, true, bands)
        for model in self.models:
            if not np.allclose(spectrum_of(model).photon_flux(true), flux, rtol=1e-9, atol=0):
                raise InputError(
                    "The datasets have different spectra of the source; one light curve needs the same."
                )
        rows = fitted_datasets(
            self.datasets, self.models, bands, False, self.reoptimize, self.options, below_zero
        )
        runs, why = rows.runs(), first.why_no_signal(self.models[0])
        laid = self.laid(runs.terms)
        setting = RowSetting(dark, why_dark=lambda numbers, masked, band: why)
        return rows.rows(laid, runs, setting), laid

    def light_curve(self):
        """The `LightCurve` of the present settings."""
        e_ref = None
        if self.energy_edges is None:
            e_ref = self.energies[0]
            check_flux(self.spectrum.photon_flux(self.bands), self.bands)
        joint, laid = self.rows(self.options.negative)
        table = table_of_rows(joint, laid, self.bands, self.spectrum, self.options, self.meta, e_ref)
        return LightCurve(table, self, dataset_ledger(self.datasets, self.energy_edges, laid))

    def rebin(self, time_bins=None, energy_edges=None, e_reco=None, e_true=None):
        """The light curve in other time bins or energy bands; see `LightCurve.rebin`.

        Parameters
        ----------
        time_bins : a binning, or its text, "1 min"; default: the present one
        energy_edges : Quantity (n_bands + 1,), edges of the energy bands; default: the present ones
        e_reco, e_true : None; datasets keep their energy bins
        """
        if e_reco is not None or e_true is not None:
            raise InputError(
                "Datasets have the energy bins that they were made with: rebin takes no e_reco or e_true here; wanted "
                "are datasets made anew."
            )
        changed = {} if time_bins is None else {"time_bins": as_binning(time_bins)}
        if energy_edges is not None:
            changed |= {"energy_edges": edges_in_tev(energy_edges, "energy_edges"), "energies": None}
        return replace(self, **changed).light_curve()

    @property
    def ledger(self):
        """The `Ledger` of the events that the datasets hold; its time bins are made when they are asked for.

        Raises `InputError` for runs whose times are told at different places.
        """
        check_one_place([run for dataset in self.datasets for run in dataset.runs])
        # Good time is all that other bins need of the runs.
        terms = self.terms if self.time_bins.looks_at_events else ()
        return dataset_ledger(self.datasets, self.energy_edges, self, terms)

    @cached_property
    def terms(self):
        """The terms of all runs in the order of time, a list."""
        rows = fitted_datasets(
            self.datasets, self.models, self.energy_edges, False, self.reoptimize, self.options, False
        )
        return rows.runs().terms

    def _check(self):
        first, edges = self.datasets[0], edges_of(self.datasets[0])
        for dataset in self.datasets:
            if not dataset.runs:
                raise InputError(
                    "A dataset holds counts without times, which cannot be cut in time; one made from observations can."
                )
            if type(dataset) is not type(first) or not all(map(np.array_equal, edges_of(dataset), edges)):
                raise InputError(
                    "The datasets differ in kind or in energy bins; one light curve needs them to agree."
                )


def know_their_events(datasets):
    """Whether datasets of one kind and energy bins have good time, and the counts of the events of their runs, bool.

    datasets: list, all `MapDataset` or all `SpectrumDatasetOnOff`.
    """
    first, edges = datasets[0], edges_of(datasets[0])
    if not any(len(run.gti.intervals) for each in datasets for run in each.runs):
        return False
    return all(
        bool(each.runs)
        and type(each) is type(first)
        and all(map(np.array_equal, edges_of(each), edges))
        and _n_counts(each) == _n_events(each)
        for each in datasets
    )


def _n_counts(dataset):
    counts = [dataset.counts.data.sum()]
    return [*counts, dataset.counts_off.data.sum()] if isinstance(dataset, SpectrumDatasetOnOff) else counts


def _n_events(dataset):
    if isinstance(dataset, SpectrumDatasetOnOff):
        return [
            sum(len(getattr(run, name)) for run in dataset.runs) for name in ("on_times_s", "off_times_s")
        ]
    return [sum(len(run.time_s) for run in dataset.runs)]


def spectrum_of(model):
    """The `SpectralModel` of a model. model: `SpectralModel`, or a model of the sky that has one."""
    return getattr(model, "spectral_model", model)


def fitted_datasets(datasets, models, bands, whole, reoptimize, options, below_zero):
    """The `CubeDatasets` or `OnOffDatasets` of datasets.

    Parameters
    ----------
    datasets : list, all `MapDataset` or all `SpectrumDatasetOnOff`
    models : list of the source's model in each
    bands : float array (n_bands + 1,), TeV; None for one band of all bins of each dataset
    whole : bool, whether each dataset is in one row as a whole
    reoptimize : bool, whether the other free parameters are fitted with the flux (3D)
    options : `FitOptions`
    below_zero : bool, whether fluxes may be asked for below zero

    Raises `InputError` for a mixture of kinds, for sources that their names do not tell apart, and for a rule of the
    background that is not for cubes.
    """
    kinds, rule = {type(dataset) for dataset in datasets}, BackgroundRule.of(options)
    if kinds == {MapDataset}:
        rule.check_cubes(reoptimize)
        return CubeDatasets(datasets, models, bands, whole, rule, reoptimize, below_zero)
    if kinds == {SpectrumDatasetOnOff}:
        return OnOffDatasets(datasets, [spectrum_of(model) for model in models], bands, whole, rule)
    names = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise InputError(
        f"The datasets are of the kind {names}; wanted are all MapDataset or all SpectrumDatasetOnOff."
    )


def rows_of_whole(datasets, models, bins, n_bins, reoptimize, options):
    """The `CubeLikelihood` or `OnOffLikelihood` of datasets each of which is in one row as a whole.

    Parameters
    ----------
    datasets : list, all `MapDataset` or all `SpectrumDatasetOnOff`
    models : list of the source's model in each
    bins : int array (n_datasets,), ascending, the row of each
    n_bins : int, number of rows
    reoptimize : bool, whether the other free parameters are fitted with the flux (3D)
    options : `FitOptions`
    """

    def why_dark(numbers, masked, band):
        """(status, reason) of a row of these datasets."""
        if all(datasets[k].livetime is not None and datasets[k].livetime.value == 0 for k in numbers):
            return "no_livetime", "there is no good time in the bin"
        return datasets[numbers[0]].why_no_signal(models[numbers[0]])

    rows = fitted_datasets(datasets, models, None, True, reoptimize, options, options.negative)
    setting = RowSetting(why_dark=why_dark, seconds=_seconds(datasets))
    return rows.rows(RunPieces.whole(bins, n_bins), rows.runs(), setting)


def _seconds(datasets):
    """The `WholeSeconds` of datasets."""
    ontime, livetime = (
        np.array([np.nan if time is None else time.to_value(u.s) for time in times])
        for times in ([each.ontime for each in datasets], [each.livetime for each in datasets])
    )
    return WholeSeconds(ontime, livetime, np.array([max(len(each.runs), 1) for each in datasets]))
