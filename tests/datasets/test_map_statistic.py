"""The Cash statistic of a map dataset against the sum over all its cells, and where a prediction fails."""

import astropy.units as u
import numpy as np
import pytest

from tevcurve.datasets import MapDataset
from tevcurve.irf import EDispKernel
from tevcurve.maps import MapAxis, WcsGeom, WcsNDMap
from tevcurve.models import BackgroundModel, PowerLaw, SkyGaussian, SkyModel, SkyPointSource

RECO = MapAxis.from_bounds(1, 10, 4, unit="TeV", name="energy", interp="log")
TRUE = MapAxis.from_bounds(0.5, 20, 6, unit="TeV", name="energy", interp="log")
SKY = {"skydir": (83.6, 22.0), "binsz": 0.1, "npix": (12, 10), "coordsys": "CEL", "proj": "TAN"}


def make_dataset(mask=None, background=0.5, seed=1):
    geom, true_geom = WcsGeom.create(axes=[RECO], **SKY), WcsGeom.create(axes=[TRUE], **SKY)
    shares = np.random.default_rng(seed).uniform(0.05, 0.3, (6, 4))
    level = np.full(geom.data_shape, background) * np.linspace(0.5, 2, 4)[:, None, None]
    return MapDataset(
        counts=WcsNDMap(geom, np.random.default_rng(seed).poisson(0.4, geom.data_shape).astype(float)),
        exposure=WcsNDMap(true_geom, np.full(true_geom.data_shape, 1e12), unit="cm2 s"),
        background_model=BackgroundModel(WcsNDMap(geom, level)),
        edisp=EDispKernel(shares, TRUE.edges, RECO.edges),
        model=[
            SkyModel(
                SkyGaussian("83.62 deg", "22.03 deg", "0.1 deg"),
                PowerLaw(2.5, "2e-11 cm-2 s-1 TeV-1"),
                name="wide",
            ),
            SkyModel(
                SkyPointSource("83.4 deg", "21.9 deg"), PowerLaw(2.1, "1e-11 cm-2 s-1 TeV-1"), name="point"
            ),
        ],
        mask=mask,
    )


def cash_of_all_cells(dataset, mask=True):
    predicted, counts = dataset.npred().data, dataset.counts.data
    logs = np.where(counts > 0, counts * np.log(np.where(predicted > 0, predicted, 1)), 0)
    return 2 * np.sum((predicted - logs) * mask)


def test_it_is_the_sum_over_all_cells():
    mask = np.random.default_rng(3).uniform(size=(4, 10, 12)) < 0.8
    for dataset, inside in ((make_dataset(), True), (make_dataset(mask), mask)):
        for index, norm, tilt, lon in [(2.5, 1, 0, 83.62), (2, 0.7, 0.2, 83.62), (2, 0.7, 0, 83.71)]:
            dataset.models[0].spectral_model.index = index
            dataset.models[0].spatial_model.lon_0 = lon
            dataset.background_model.norm, dataset.background_model.tilt = norm, tilt
            assert dataset.stat_sum() == pytest.approx(cash_of_all_cells(dataset, inside), rel=1e-12)


def test_it_follows_counts_that_are_changed():
    dataset = make_dataset()
    dataset.stat_sum()
    dataset.counts.data[:] = np.random.default_rng(8).poisson(0.7, dataset.counts.data.shape)
    assert dataset.stat_sum() == pytest.approx(cash_of_all_cells(dataset), rel=1e-12)


def test_cells_that_no_model_reaches_are_outside_the_fit():
    dataset = make_dataset()
    dataset.background_model.map.data[2] = 0
    dataset.model = dataset.models[1]
    predicted = dataset.npred().data
    assert np.any((predicted == 0) & (dataset.counts.data > 0))
    assert dataset.stat_sum() == pytest.approx(cash_of_all_cells(dataset), rel=1e-12)


def test_counts_where_the_models_say_zero_are_impossible():
    dataset = make_dataset()
    dataset.model = dataset.models[1]
    dataset.background_model.norm = 0
    assert dataset.stat_sum() == np.inf


def test_fewer_than_no_counts_are_impossible_also_in_empty_cells():
    dataset = make_dataset()
    dataset.counts.data[:] = 0
    dataset.counts.data[0, 0, 0] = 1
    point = dataset.models[1].spectral_model
    point.amplitude = -1e-14
    assert np.isfinite(dataset.stat_sum())
    assert dataset.stat_sum() == pytest.approx(cash_of_all_cells(dataset), rel=1e-12)
    point.amplitude = -1e-11
    assert dataset.npred().data.min() < 0
    assert dataset.stat_sum() == np.inf


def test_responses_of_past_places_are_not_kept_for_ever():
    dataset = make_dataset()
    for lon in np.linspace(83.5, 83.7, 30):
        dataset.models[0].spatial_model.lon_0 = lon
        dataset.stat_sum()
    assert len(dataset._responses) == 6
    assert u.isclose(dataset.models[0].position.ra, 83.7 * u.deg)


def test_a_new_response_is_used_from_then_on():
    dataset, other = make_dataset(), make_dataset(seed=5)
    other.counts = dataset.counts
    dataset.stat_sum()
    dataset.edisp = other.edisp
    assert dataset.stat_sum() == other.stat_sum()
