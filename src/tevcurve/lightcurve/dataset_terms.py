"""Datasets to the terms of a light curve in any time bins and bands: their events, in their own energy bins."""

from dataclasses import replace

import numpy as np

from tevcurve.data.time_order import in_order_of_time
from tevcurve.datasets import MapDataset
from tevcurve.datasets.background_floor import plane_floors, raise_empty_cells
from tevcurve.datasets.cube_terms import CubeResponse, CubeTerms
from tevcurve.datasets.first_cells import FirstCells, first_cells
from tevcurve.datasets.timeline import core_timeline
from tevcurve.errors import InputError
from tevcurve.fit.laid_cubes import lay_cubes
from tevcurve.fit.laid_spectra import lay_spectra
from tevcurve.fit.nuisance_parameters import names_of_nuisances
from tevcurve.lightcurve.reference_spectrum import reference_in_bins
from tevcurve.maps import WcsNDMap
from tevcurve.reduction.cube import exposure_of
from tevcurve.reduction.energy_axes import missing_edge_message


def lay_datasets(datasets, models, time_bins, bands, reoptimize, background, below_zero=True):
    """(`LaidFit`, `TimeBins`) of datasets that know their events.

    Parameters
    ----------
    datasets : list, all `MapDataset` or all `SpectrumDatasetOnOff`, made from observations
    models : list of the source's model in each dataset
    time_bins : binning object
    bands : float array (n_bands + 1,), TeV; each must be an edge of the datasets' reco bins. None for one band of
        all reco bins
    reoptimize : bool, whether free background norms are fitted (3D)
    background : `BackgroundRule`
    below_zero : bool, whether fluxes may be asked for below zero

    Raises `InputError` for counts without times, for changed counts, for a missing edge, and for datasets whose
    energy bins or spectra differ.
    """
    first = datasets[0]
    cubes = isinstance(first, MapDataset)
    reco, true = edges_of(first)
    for dataset in datasets:
        if not dataset.runs:
            raise InputError(
                "A dataset holds counts without times, which cannot be cut in time; one made from observations can."
            )
        if type(dataset) is not type(first) or not all(map(np.array_equal, edges_of(dataset), (reco, true))):
            raise InputError(
                "The datasets differ in kind or in energy bins; one light curve needs them to agree."
            )
    bands = reco[[0, -1]] if bands is None else bands
    band_of_bin = bands_of_bins(bands, reco)
    flux, dark = reference_in_bins(_spectrum(models[0]), true, bands)
    if not all(np.allclose(_spectrum(model).photon_flux(true), flux, rtol=1e-9, atol=0) for model in models):
        raise InputError("The datasets have different spectra of the source; one light curve needs the same.")
    pairs = list(zip(datasets, models, strict=True))
    if cubes:
        how = band_of_bin, len(bands) - 1, reoptimize, below_zero
        runs = in_order_of_time([run for pair in pairs for run in _cube_terms(*pair, *how)])
        laid = time_bins.bins(runs)
        background.check_cubes(reoptimize)
        why_dark = _always(first.why_no_signal(models[0]))
        joint = lay_cubes(
            runs,
            laid,
            flux,
            dark=dark,
            why_dark=why_dark,
            background_error=background.error,
            below_zero=below_zero,
        )
        return joint, laid
    runs = in_order_of_time(
        [
            replace(run, mask_safe=dataset.mask & (band_of_bin >= 0))
            for dataset in datasets
            for run in dataset.runs
        ]
    )
    laid = time_bins.bins(runs)
    why_dark = _always(first.why_no_signal(models[0]))
    joint = lay_spectra(runs, band_of_bin, laid, flux, dark=dark, why_dark=why_dark, background=background)
    return joint, laid


def _always(why):
    """A function of a row's runs that returns the same (status, reason) for all."""
    return lambda runs, masked: why


def bands_of_bins(bands, reco):
    """The band of each reco bin, int array (n_reco,), -1 outside; `InputError` where a band's edge is no bin edge."""
    for edge in bands:
        if not np.any(np.isclose(reco, edge, rtol=1e-9, atol=0)):
            raise InputError(missing_edge_message(edge, reco))
    middle = np.sqrt(reco[:-1] * reco[1:])
    band = np.searchsorted(bands, middle, side="right") - 1
    return np.where(band < len(bands) - 1, band, -1)


def edges_of(dataset):
    """Edges of reco and true bins in TeV."""
    if isinstance(dataset, MapDataset):
        return tuple(each.geom.axes[0].edges.to_value("TeV") for each in (dataset.counts, dataset.exposure))
    return dataset.edisp.e_reco.to_value("TeV"), dataset.edisp.e_true.to_value("TeV")


def _spectrum(model):
    return getattr(model, "spectral_model", model)


def _cube_terms(dataset, model, band_of_bin, n_bands, reoptimize, below_zero):
    """The `CubeTerms` of each run of a dataset, with its models, masks and energy bins."""
    if not np.array_equal(dataset.counts.data, sum(run.counts() for run in dataset.runs)):
        raise InputError("The counts of a dataset were changed by hand, so its events cannot be cut in time.")
    others = [other for other in dataset.models if other is not model]
    if reoptimize and any(not parameter.frozen for other in others for parameter in other.parameters):
        raise InputError(
            "A further source is free, and bins inside a dataset fit one source: freeze the others."
        )
    others_free = names_of_nuisances(dataset, model) if reoptimize else []
    if others_free:
        raise InputError(
            f"With time_bins or energy_edges the flux and the norm of the background are fitted, and free here too is "
            f"{', '.join(others_free)}: freeze it (parameter.frozen = True), or leave time_bins and energy_edges out."
        )
    norm = 0.0
    if dataset.background_model is not None:
        norm = dataset.background_model.norm.value
        if reoptimize and not dataset.background_model.norm.frozen:
            norm = None
    how = band_of_bin, n_bands, norm, below_zero
    return [_run_terms(dataset, run, model, others, *how) for run in dataset.runs]


def _run_terms(dataset, run, model, others, band_of_bin, n_bands, norm, below_zero):
    inside = run.inside & (band_of_bin >= 0)[:, None, None]
    mask = inside if dataset.mask is None else inside & dataset.mask
    in_band = (band_of_bin == np.arange(n_bands)[:, None]).astype(float)
    alone = _of_one_run(dataset, run)
    spatial, edisp = alone.response_of(model).spatial / run.livetime_s, alone.response_of(model).edisp
    flat = spatial.reshape(len(spatial), -1)
    everywhere = _background(dataset, run)
    background, fixed = np.where(mask, everywhere, 0.0), _fixed(alone, run, others, mask)
    event = np.flatnonzero(mask.ravel()[run.cell])
    reco, pixel = np.divmod(run.cell[event], flat.shape[1])
    response, fixed_there = (flat[:, pixel] * edisp[:, reco]).T, fixed[reco, pixel]
    there = _flat(background)[:, reco, pixel]
    sees, floors = (
        response.any(axis=1) | (fixed_there > 0),
        plane_floors(everywhere.mean(axis=(2, 3)))[:, reco],
    )
    kept, low = np.flatnonzero(sees | (there.max(axis=0) > 0)), there < floors
    there = np.where(low, floors, there)
    per_bin = np.tensordot(spatial, mask.astype(float), axes=([1, 2], [1, 2])) * edisp
    near = response[kept].any(axis=1)
    return CubeTerms(
        obs_id=run.obs_id,
        gti=run.gti,
        deadc=run.deadc,
        time_s=run.time_s[event[kept]],
        band=band_of_bin[reco[kept]],
        cell=run.cell[event[kept]],
        near=np.flatnonzero(near),
        response=response[kept][near],
        response_total=in_band @ per_bin.T,
        background=there[:, kept],
        background_total=background.sum(axis=(2, 3)) @ in_band.T,
        slice_edges=run.slice_edges,
        first=_first_cells((flat, edisp), everywhere, fixed, mask) if below_zero else None,
        band_of_bin=np.where(mask.any(axis=(1, 2)), band_of_bin, -1),
        reco_edges=edges_of(dataset)[0],
        floored=np.flatnonzero((sees & low.all(axis=0))[kept]),
        fixed=fixed_there[kept],
        fixed_total=in_band @ fixed.sum(axis=1),
        background_norm=norm,
        compact=CubeResponse(
            flat,
            edisp,
            _flat(np.where(mask, raise_empty_cells(everywhere), 0.0)),
            fixed,
            mask.reshape(len(mask), -1),
        ),
        line=_line(run, spatial, edisp, alone.flux_of(model), background, fixed, (event, pixel)),
    )


def _first_cells(response, background, fixed, mask):
    """The `FirstCells`. response : arrays (n_true, n_pixels) and (n_true, n_reco)."""
    (shares, edisp), background = response, _flat(background)
    floors = plane_floors(background.mean(axis=-1))
    reco, pixel = first_cells(shares, background, _flat(mask), floors, fixed if fixed.any() else None)
    there = np.maximum(background[:, reco, pixel], floors[:, reco])
    return FirstCells(reco, (shares[:, pixel] * edisp[:, reco]).T, there, fixed[reco, pixel])


def _flat(cube):
    """An array (..., nlat, nlon) as one of pixels (..., n_pixels)."""
    return cube.reshape(*cube.shape[:-2], -1)


def _fixed(alone, run, others, mask):
    """What other sources give per second of live time (n_reco, n_pixels), in the cells of the fit."""
    predicted = (alone.response_of(other).predict(alone.flux_of(other)) for other in others)
    return _flat(np.where(mask, sum(predicted, np.zeros(mask.shape)) / run.livetime_s, 0.0))


def _line(run, spatial, edisp, flux, background, fixed, events):
    """`RunTimeline` of the events around the source, for time bins that look at events."""
    image, (event, pixel) = np.einsum("t,tyx->yx", flux * edisp.sum(axis=1), spatial), events
    other_rate = background + fixed.reshape(background.shape[1:]) * run.deadc
    return core_timeline(run, run.time_s[event], pixel, image, other_rate.sum(axis=1), run.slice_edges)


def _of_one_run(dataset, run):
    """The dataset as if it were of one of its runs only."""
    if len(dataset.runs) == 1:
        return dataset
    counts = WcsNDMap(dataset.counts.geom, run.counts(), origin=(run,))
    exposure = WcsNDMap(dataset.exposure.geom, exposure_of(run), unit="cm2 s")
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
