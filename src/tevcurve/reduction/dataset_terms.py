"""Datasets to terms of a light curve: each of their runs, or all that they hold as a run with one time bin."""

from dataclasses import dataclass, replace

import astropy.units as u
import numpy as np

from tevcurve.data import GTI, TimeReference
from tevcurve.datasets import MapDataset
from tevcurve.datasets.cell_expectation import CellExpectation
from tevcurve.datasets.map_checks import check_on_map
from tevcurve.datasets.onoff_terms import OnOffTerms
from tevcurve.errors import InputError
from tevcurve.maps import WcsNDMap
from tevcurve.reduction.cube import exposure_of
from tevcurve.reduction.energy_axes import EnergyAxes, missing_edge_message
from tevcurve.reduction.run_in_cells import CellEvents, terms_in_cells
from tevcurve.run_id import RunId

# What a dataset holds as a whole is counted per this one second, so that rates are the numbers themselves.
ONE_SECOND = GTI(0.0, 1.0, TimeReference(51544, 0.0))


def terms_of_dataset(
    dataset,
    model,
    bands=None,
    *,
    whole=False,
    norm_is_free=False,
    further=(),
    below_zero=False,
    compact=False,
):
    """The terms of a dataset, a list: `CubeTerms` of a `MapDataset`, `OnOffTerms` of a `SpectrumDatasetOnOff`.

    There is one for each of its runs, so that it can be cut in time; or, as a whole, one of all its counts, those of
    hands, too: a run of one second (`ONE_SECOND`) that is in one time bin.

    Parameters
    ----------
    dataset : `MapDataset` or `SpectrumDatasetOnOff`
    model : `SkyModel` of the source whose flux is fitted
    bands : float array (n_bands + 1,), TeV, edges of energy bands, each an edge of reco bins; default: one of all bins
    whole : bool
    norm_is_free : bool, whether the norm of the background of a `MapDataset` is fitted; else it is as the model says
    further : sequence of `SkyModel` in a `MapDataset` whose fluxes are fitted, too; all others are fixed
    below_zero : bool, whether `CubeTerms` are to have their `first` cells
    compact : bool, whether they are to have their `compact` response

    Raises `InputError` for counts without times, for counts that are not those of the runs, for a band's edge that is
    no bin's, and, of a dataset as a whole, for a source outside the map.
    """
    reco, true = edges_of(dataset)
    bands = reco[[0, -1]] if bands is None else bands
    band_of_bin = bands_of_bins(bands, reco)
    if not whole and not dataset.runs:
        raise InputError(
            "A dataset holds counts without times, which cannot be cut in time; one made from observations can."
        )
    if not isinstance(dataset, MapDataset):
        return [_whole_spectrum(dataset, band_of_bin)] if whole else _spectra(dataset, band_of_bin)
    norm = 0.0
    if dataset.background_model is not None:
        norm = None if norm_is_free else dataset.background_model.norm.value
    axes = EnergyAxes(bands, reco, true)
    cubes = _Cubes(dataset, model, axes, band_of_bin, tuple(further), norm, below_zero, compact)
    return [cubes.whole()] if whole else cubes.of_runs()


def edges_of(dataset):
    """Edges of reco and true bins of a dataset in TeV. dataset: `MapDataset` or `SpectrumDatasetOnOff`."""
    if isinstance(dataset, MapDataset):
        return tuple(each.geom.axes[0].edges.to_value(u.TeV) for each in (dataset.counts, dataset.exposure))
    return dataset.edisp.e_reco.to_value(u.TeV), dataset.edisp.e_true.to_value(u.TeV)


def bands_of_bins(bands, reco):
    """The band of each reco bin, int array (n_reco,), -1 outside; `InputError` where a band's edge is no bin edge.

    Parameters
    ----------
    bands : float array (n_bands + 1,), TeV, edges of energy bands
    reco : float array (n_reco + 1,), TeV, edges of the reco bins
    """
    edges = np.asarray(bands)[:, None]
    missing = np.all(np.abs(reco - edges) > 1e-9 * edges, axis=1)
    if missing.any():
        raise InputError(missing_edge_message(bands[np.argmax(missing)], reco))
    middle = np.sqrt(reco[:-1] * reco[1:])
    band = np.searchsorted(bands, middle, side="right") - 1
    return np.where(band < len(bands) - 1, band, -1)


def _spectra(dataset, band_of_bin):
    """The `OnOffTerms` of each run of a dataset, with its masks."""
    return [replace(run, mask_safe=dataset.mask & (band_of_bin >= 0)) for run in dataset.runs]


def _whole_spectrum(dataset, band_of_bin):
    """The `OnOffTerms` of all counts of a dataset, of whichever numbers, at one time."""
    reco, true = edges_of(dataset)
    acceptance = dataset.relative_acceptance
    return OnOffTerms.of_counts(
        dataset.counts.data,
        dataset.counts_off.data,
        gti=ONE_SECOND,
        run_id=_run_id(dataset),
        acceptance=acceptance,
        acceptance_off=acceptance / dataset.alpha,
        exposure_per_s=dataset.exposure.value,
        edisp=dataset.edisp.pdf_matrix,
        true_edges_tev=true,
        reco_edges_tev=reco,
        mask_safe=dataset.mask & (band_of_bin >= 0),
    )


def _run_id(dataset):
    """`RunId` of a dataset of one run, else that of no run."""
    return dataset.runs[0].run_id if len(dataset.runs) == 1 else RunId("", "")


@dataclass(frozen=True, eq=False)
class _OneBin:
    """Counts without times as a run."""

    run_id: RunId
    time_s: np.ndarray
    gti: GTI
    deadc: float


@dataclass(frozen=True, eq=False)
class _Cubes:
    """A `MapDataset` and what is fitted of it: a source, in bands of energy, and further sources.

    norm : of the background, None for one that is fitted; the others as `terms_of_dataset` has them
    """

    dataset: MapDataset
    model: object
    axes: EnergyAxes
    band_of_bin: np.ndarray
    further: tuple
    norm: float | None
    below_zero: bool
    compact: bool

    def of_runs(self):
        """The `CubeTerms` of each run, a list."""
        dataset = self.dataset
        if not np.array_equal(dataset.counts.data, sum(run.counts() for run in dataset.runs)):
            raise InputError(
                "The counts of a dataset were changed by hand, so its events cannot be cut in time."
            )
        return [self._of_run(run) for run in dataset.runs]

    def whole(self):
        """The `CubeTerms` of all counts of the dataset."""
        dataset = self.dataset
        check_on_map(self.model, dataset.counts.geom)
        cells = self._cells(dataset.cells)
        background = np.zeros((1, *cells.shape))
        if dataset.background_model is not None:
            background = dataset.background_model.scaled()[None]
        expected = self._expected(dataset, 1.0, background, ONE_SECOND.intervals[0], cells)
        counts = dataset.counts.data.ravel()
        cell = np.flatnonzero((counts > 0) & expected.cells.ravel())
        reco, pixel = np.divmod(cell, expected.cells.shape[1])
        count = counts[cell].astype(float)
        run = _OneBin(_run_id(dataset), np.full(len(count), 0.5), ONE_SECOND, 1.0)
        events = CellEvents(np.arange(len(count)), reco, pixel, count)
        terms, kept = self._terms(run, events, expected, line=None)
        return replace(terms, unpredicted=float(count[~kept].sum()))

    def _of_run(self, run):
        mask = True if self.dataset.mask is None else self.dataset.mask
        cells = self._cells(np.broadcast_to(run.inside & mask, run.geom.data_shape))
        alone, background = _of_one_run(self.dataset, run), _background(self.dataset, run)
        expected = self._expected(alone, run.livetime_s, background, run.slice_edges, cells)
        event = np.flatnonzero(cells.ravel()[run.cell])
        events = CellEvents(event, *np.divmod(run.cell[event], expected.cells.shape[1]))
        return self._terms(run, events, expected)[0]

    def _terms(self, run, events, expected, **fields):
        """What `terms_in_cells` makes of events and what is expected."""
        fields |= {"background_norm": self.norm}
        fields["first"] = expected.first_cells() if self.below_zero else None
        fields["compact"] = expected.compact() if self.compact else None
        return terms_in_cells(run, events, expected, self.axes, self.band_of_bin, **fields)

    def _cells(self, mask):
        """Those of some cells that are in a band, bool array (n_reco, nlat, nlon)."""
        return mask & (self.band_of_bin >= 0)[:, None, None]

    def _expected(self, dataset, seconds, background, slice_edges, cells):
        """The `CellExpectation` of a dataset with so many seconds of live time. background : (n_slices, n_reco, ...)"""
        response = dataset.response_of(self.model)
        fixed = [each for each in self.dataset.models if each is not self.model and each not in self.further]

        def rate(model):
            predicted = dataset.response_of(model).predict(dataset.flux_of(model))
            return _flat(np.where(cells, predicted, 0.0) / seconds)

        return CellExpectation(
            shares=_flat(response.spatial if seconds == 1 else response.spatial / seconds),
            dispersion=response.edisp,
            background=_flat(np.where(cells, background, 0.0)),
            slice_edges=slice_edges,
            cells=_flat(cells),
            in_fit=cells.any(axis=(1, 2)),
            fixed=sum(map(rate, fixed)) if fixed else None,
            further=np.stack([rate(model) for model in self.further]) if self.further else None,
            flux=dataset.flux_of(self.model) if self.further else None,
        )


def _flat(cube):
    """An array (..., nlat, nlon) as one of pixels (..., n_pixels)."""
    return cube.reshape(*cube.shape[:-2], -1)


def _of_one_run(dataset, run):
    """The dataset as if it were of one of its runs only."""
    if len(dataset.runs) == 1:
        return dataset
    counts = WcsNDMap(dataset.counts.geom, run.counts(), origin=(run,))
    exposures = [exposure_of(each) for each in dataset.runs]
    total, given = sum(exposures), dataset.exposure.data * dataset.exposure.unit.to("cm2 s")
    # What a caller has changed of the exposure is changed of each run.
    changed = np.divide(given, total, out=np.ones_like(total), where=total > 0)
    own = exposures[dataset.runs.index(run)]
    exposure = WcsNDMap(dataset.exposure.geom, own * changed, unit="cm2 s")
    return MapDataset(
        counts, exposure, psf=dataset.psf, edisp=dataset.edisp, model=dataset.models, mask=dataset.mask
    )


def _background(dataset, run):
    """Background rate of a run in each cell (n_slices, n_reco, nlat, nlon), s-1, with the model's tilt."""
    if dataset.background_model is None:
        return np.zeros((1, *run.geom.data_shape))
    total = sum(each.background() for each in dataset.runs)
    wanted = dataset.background_model.scaled()
    factor = np.divide(wanted, total, out=np.ones_like(total), where=total > 0)
    return run.background_rate * factor
