"""Terms of datasets, against the likelihood over all cells by its definition, and against the one call."""

import astropy.units as u
import numpy as np
import pytest
import small_store
from astropy.coordinates import SkyCoord
from numpy.testing import assert_allclose, assert_array_equal
from simulated_cubes import dense_cash, point_source, simulated_cube
from small_store import SOURCE, cube_datasets, make_store, spectrum_datasets

from tevcurve import DataStore, LightCurveEstimator, light_curve
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_width
from tevcurve.reduction.dataset_terms import terms_of_dataset

CRAB = SkyCoord(83.63308, 22.01450, unit="deg")
OTHER = ("other", (83.2, 22.4))


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store")).get_observations()


def cash(terms, flux, norm, further=()):
    """The Cash statistic of `CubeTerms` of a second, of a source's fluxes (n_true,) and norms of all the rest."""
    total = terms.signal_total(flux).sum() + norm * terms.background_total.sum() + np.sum(terms.fixed_total)
    at_events = terms.signal(flux) + norm * terms.background[0] + terms.fixed
    for factor, rate, its_total in zip(
        further, terms.further if further else (), terms.further_total if further else (), strict=True
    ):
        total, at_events = total + factor * its_total.sum(), at_events + factor * rate
    return 2 * (total - np.sum(terms.count * np.log(at_events)))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("further", [False, True])
def test_a_dataset_as_a_whole_has_the_statistic_of_all_its_cells(masked, further):
    mask = np.random.default_rng(5).uniform(size=(4, 20, 20)) < 0.7 if masked else None
    dataset = simulated_cube(mask=mask, others=[point_source(*OTHER)])
    dataset.counts.data[:] *= 1.25  # of hands
    dataset.background_model.tilt = -0.1
    source, other = dataset.models
    (terms,) = terms_of_dataset(
        dataset, source, whole=True, norm_is_free=True, further=[other] if further else ()
    )
    assert terms.background_norm is None
    for factor, norm, its in ((1.0, 1.0, 1.0), (0.3, 1.7, 2.0 if further else 1.0)):
        expected = dense_cash(dataset, factor, norm, {"other": its})
        ours = cash(terms, factor * dataset.flux_of(source), norm, (its,) if further else ())
        assert_allclose(ours, expected, rtol=1e-12)


def test_a_whole_dataset_in_bands_has_the_counts_of_each(observations):
    (dataset,) = cube_datasets(observations[:1])
    edges = dataset.counts.geom.axes[0].edges.to_value("TeV")
    (terms,) = terms_of_dataset(dataset, dataset.named(SOURCE), edges[[0, 4, -1]], whole=True)
    counts = dataset.counts.data.sum(axis=(1, 2))
    assert_array_equal(np.bincount(terms.band, terms.count), [counts[:4].sum(), counts[4:].sum()])
    predicted = dataset.npred_signal().data.sum(axis=(1, 2))
    signal = terms.signal_total(dataset.flux_of(dataset.models[0]))
    assert_allclose(signal, [predicted[:4].sum(), predicted[4:].sum()], rtol=1e-12)
    assert terms.background_norm == 1.0


def test_what_nothing_predicts_is_counted(observations):
    (dataset,) = cube_datasets(observations[:1])
    dataset.background_model = None
    (terms,) = terms_of_dataset(dataset, dataset.named(SOURCE), whole=True)
    seen = dataset.npred().data > 0
    assert terms.unpredicted == dataset.counts.data[~seen].sum() > 0
    assert terms.count.sum() == dataset.counts.data[seen].sum()


def test_on_and_off_counts_of_any_numbers(observations):
    (dataset,) = spectrum_datasets(observations[:1])
    dataset.counts.data, dataset.counts_off.data = dataset.counts.data * 1.5, dataset.counts_off.data * 0.3
    dataset.acceptance[:] = 2.0
    dataset.mask_fit = np.arange(len(dataset.alpha)) != 2
    (terms,) = terms_of_dataset(dataset, dataset.named(SOURCE), whole=True)
    assert_allclose(terms.n_on, dataset.counts.data, rtol=1e-15)
    assert_allclose(terms.n_off, dataset.counts_off.data, rtol=1e-15)
    assert_allclose(terms.alpha, dataset.alpha, rtol=1e-15)
    flux = dataset.spectral_model.photon_flux(terms.true_edges_tev)
    assert_allclose(flux @ terms.response * terms.livetime_s, dataset.npred_signal(), rtol=1e-12)
    assert_array_equal(terms.mask_safe, dataset.mask)
    part = terms.between((0.0, 1.0))
    assert_allclose(part.n_on, dataset.counts.data, rtol=1e-12)
    assert_allclose(part.n_off, dataset.counts_off.data, rtol=1e-12)
    assert part.ontime_s == 1.0


def test_counts_without_times_are_for_one_bin_only():
    dataset = simulated_cube()
    with pytest.raises(InputError, match="counts without times"):
        terms_of_dataset(dataset, dataset.models[0])


@pytest.mark.parametrize("where", ["small store", "Crab"])
def test_datasets_of_the_runs_own_responses_are_the_one_call(where, observations, gammapy_data, monkeypatch):
    target = small_store.TARGET
    if where == "Crab":
        target = CRAB
        store = DataStore.from_dir(gammapy_data / "hess-dl3-dr1")
        observations = store.get_observations([23523, 23592])
        monkeypatch.setattr(small_store, "TARGET", CRAB)
    datasets = cube_datasets(observations)
    common = {"energy_edges": [0.7, 10] * u.TeV, "time_bins": by_width("7 min"), "negative": True}
    ours = LightCurveEstimator(datasets, source=SOURCE, reoptimize=True, **common).run().table
    one_call = light_curve(
        observations,
        target,
        spectrum=datasets[0].models[0].spectral_model,
        safe_energy=None,
        responses="centre",
        sigma_ul=2,
        **common,
    ).table
    for name in ("norm", "norm_err", "norm_errn", "norm_errp", "norm_ul", "ts", "loglike", "counts", "npred"):
        assert_allclose(ours[name], one_call[name], rtol=1e-11, err_msg=name)


@pytest.mark.parametrize("laid", [{}, {"time_bins": by_width("7 min")}])
@pytest.mark.parametrize("number", [1, 2])
def test_an_exposure_that_a_caller_changed_is_used(observations, laid, number):
    def dataset(factors=1.0):
        made = small_store.dataset_of(list(observations)[:number])
        made.exposure.data[:] *= np.reshape(factors, (-1, 1, 1))
        return made

    def norms(made):
        estimator = LightCurveEstimator([made], source=SOURCE, **laid)
        return estimator.run(1 * u.TeV, 1 * u.TeV, 8 * u.TeV).table["norm"]

    own = dataset()
    assert_allclose(norms(dataset(2.0)), norms(own) / 2, rtol=1e-9)
    factors = np.linspace(0.5, 2.5, len(own.exposure.data))
    changed = dataset(factors)
    spatial = [one.response_of(one.models[0]).spatial for one in (own, changed)]
    assert_allclose(spatial[1], spatial[0] * factors[:, None, None], rtol=1e-12)
