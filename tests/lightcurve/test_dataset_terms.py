"""Time bins and bands laid over datasets that know their events."""

import astropy.units as u
import numpy as np
import pytest
from small_store import SOURCE, cube_datasets, make_store, spectrum_datasets

from tevcurve import LightCurveEstimator, MapDataset
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import bayesian_blocks, by_counts, by_run, by_significance, by_width, sliding

ENERGIES = (1 * u.TeV, 1 * u.TeV, 8 * u.TeV)


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store")).get_observations()


@pytest.fixture(scope="module", params=[cube_datasets, spectrum_datasets])
def datasets(request, observations):
    return request.param(observations)


def estimator(datasets, **options):
    return LightCurveEstimator(datasets, source=SOURCE, reoptimize=True, **options)


def test_one_bin_per_run_is_the_light_curve_of_the_datasets(datasets):
    whole = estimator(datasets).run(*ENERGIES).table
    laid = estimator(datasets, time_bins=by_run()).run(*ENERGIES).table
    for name in ("norm", "norm_err", "norm_errn", "norm_errp", "norm_ul", "ts", "counts", "npred", "loglike"):
        np.testing.assert_allclose(laid[name], whole[name], rtol=1e-9, err_msg=name)


def test_all_kinds_of_bins_take_all_events(datasets):
    total = np.sum(estimator(datasets).run(*ENERGIES, steps=[]).table["counts"])
    for binning in (by_width("5 min"), by_counts(40), by_significance(25), bayesian_blocks(0.05)):
        table = estimator(datasets, time_bins=binning).run(*ENERGIES, steps=[]).table
        assert np.sum(table["counts"]) == total
    windows = estimator(datasets, time_bins=sliding("10 min", "5 min")).run(*ENERGIES, steps=[])
    assert windows.meta["overlapping"]


def test_bands_are_fitted_with_their_own_bins(datasets):
    edges = datasets[0].counts.geom.axes[0].edges if isinstance(datasets[0], MapDataset) else None
    edges = datasets[0].energy_edges if edges is None else edges
    bands = edges[[0, 4, -1]]
    table = estimator(datasets, energy_edges=bands).run().table
    assert len(table) == 2 * len(datasets)
    np.testing.assert_array_equal(table["e_min"][:2], bands[:2].to_value("TeV"))
    whole = estimator(datasets).run(*ENERGIES, steps=[]).table
    np.testing.assert_array_equal(table["counts"][::2] + table["counts"][1::2], whole["counts"])


def test_a_missing_edge_is_told_and_nothing_is_moved(datasets):
    with pytest.raises(InputError, match=r"1.01 TeV is no edge of the reco bins; the nearest are"):
        estimator(datasets, energy_edges=[1.01, 8] * u.TeV).run()


def test_counts_without_times_cannot_be_cut(datasets, observations):
    dataset = cube_datasets(observations[:1])[0]
    by_hand = MapDataset(
        dataset.counts.copy(origin=None), dataset.exposure, dataset.background_model, model=dataset.models
    )
    with pytest.raises(InputError, match="counts without times"):
        estimator([by_hand], time_bins=by_width("5 min")).run(*ENERGIES)


def test_changed_counts_cannot_be_cut(observations):
    dataset = cube_datasets(observations[:1])[0]
    dataset.counts.data[0, 0, 0] += 1
    with pytest.raises(InputError, match="changed by hand"):
        estimator([dataset], time_bins=by_width("5 min")).run(*ENERGIES)


def test_energies_and_bands_exclude_each_other(datasets):
    with pytest.raises(InputError, match="one of them"):
        estimator(datasets, energy_edges=[1, 8] * u.TeV).run(*ENERGIES)


@pytest.mark.parametrize("planes", [slice(3, None), slice(None)])
def test_an_empty_background_is_raised_as_in_the_datasets_themselves(observations, planes):
    datasets = cube_datasets(observations)
    for dataset in datasets:
        dataset.background_model.map.data[planes] = 0
    whole = estimator(datasets).run(*ENERGIES).table
    laid = estimator(datasets, time_bins=by_run()).run(*ENERGIES).table
    for name in ("norm", "norm_ul", "ts", "counts"):
        np.testing.assert_allclose(laid[name], whole[name], rtol=1e-4, err_msg=name)
    if planes.start:
        assert np.isfinite(laid["ts"]).all()
        assert all("raised to a floor" in reason for reason in laid["reason"])


@pytest.mark.parametrize("laid", [{"time_bins": by_run()}, {"energy_edges": [0.7, 10] * u.TeV}])
@pytest.mark.parametrize("names", [("source.lon_0", "source.lat_0"), ("background.tilt",)])
def test_what_is_free_beside_norms_is_not_dropped_in_silence(observations, laid, names):
    (dataset,) = cube_datasets(observations[:1])
    for name in names:
        owner, parameter = name.split(".")
        model = dataset.background_model if owner == "background" else dataset.named(SOURCE)
        model.parameters[parameter].frozen = False
    with pytest.raises(InputError, match=f"free here too is {', '.join(names)}: freeze it"):
        estimator([dataset], **laid).run(*(ENERGIES if "time_bins" in laid else ()))
    # Without a fit of the background nothing else is fitted, and nothing dropped.
    fixed = LightCurveEstimator([dataset], source=SOURCE, **laid)
    assert np.isfinite(fixed.run(*(ENERGIES if "time_bins" in laid else ())).table["flux"]).all()


def test_the_position_of_the_source_is_said(datasets):
    spatial = datasets[0].named(SOURCE).spatial_model
    for options in ({}, {"time_bins": by_run()}):
        meta = estimator(datasets, **options).run(*ENERGIES, steps=[]).meta
        if spatial is None:
            assert "position" not in meta
        else:
            lon, lat = spatial.position.icrs.ra.deg, spatial.position.icrs.dec.deg
            assert meta["position"] == f"{lon:.6f} deg, {lat:.6f} deg (ICRS)"
