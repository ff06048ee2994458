"""Datasets to the terms of a light curve in any time bins and bands: their events, in their own energy bins."""

import numpy as np

from tevcurve.data.time_order import in_order_of_time
from tevcurve.datasets import MapDataset
from tevcurve.errors import InputError
from tevcurve.fit.laid_cubes import lay_cubes
from tevcurve.fit.laid_spectra import lay_spectra
from tevcurve.fit.nuisance_parameters import names_of_nuisances
from tevcurve.lightcurve.reference_spectrum import reference_in_bins
from tevcurve.reduction.dataset_terms import bands_of_bins, edges_of, terms_of_dataset


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
    how = {"below_zero": below_zero, "compact": True} if cubes else {}
    runs = []
    for dataset, model in pairs:
        is_free = cubes and reoptimize and _norm_is_free(dataset, model)
        runs += terms_of_dataset(dataset, model, bands, norm_is_free=is_free, **how)
    runs = in_order_of_time(runs)
    laid, why_dark = time_bins.bins(runs), _always(first.why_no_signal(models[0]))
    if not cubes:
        joint = lay_spectra(
            runs, band_of_bin, laid, flux, dark=dark, why_dark=why_dark, background=background
        )
        return joint, laid
    background.check_cubes(reoptimize)
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


def _always(why):
    """A function of a row's runs that returns the same (status, reason) for all."""
    return lambda runs, masked: why


def _spectrum(model):
    return getattr(model, "spectral_model", model)


def _norm_is_free(dataset, model):
    """Whether a `MapDataset` has a free norm of the background; `InputError` where anything else is free in it."""
    others = [other for other in dataset.models if other is not model]
    if any(not parameter.frozen for other in others for parameter in other.parameters):
        raise InputError(
            "A further source is free, and bins inside a dataset fit one source: freeze the others."
        )
    others_free = names_of_nuisances(dataset, model)
    if others_free:
        raise InputError(
            f"With time_bins or energy_edges the flux and the norm of the background are fitted, and free here too is "
            f"{', '.join(others_free)}: freeze it (parameter.frozen = True), or leave time_bins and energy_edges out."
        )
    return dataset.background_model is not None and not dataset.background_model.norm.frozen
