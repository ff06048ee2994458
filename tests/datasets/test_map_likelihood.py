"""The likelihood that light curves make of map datasets, and the floor under an empty background, by dense formulas."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from simulated_cubes import dense_cash, point_source, simulated_cube

from tevcurve.fit.fit_options import FitOptions
from tevcurve.lightcurve.dataset_origin import rows_of_whole

OTHER = ("other", (83.2, 22.4))


def rows_of(dataset, source="crab", further=(), free_background=True):
    """The likelihood that is made from a dataset alone, fluxes being allowed below zero."""
    for model in dataset.models:
        amplitude = model.spectral_model.parameters["amplitude"]
        amplitude.frozen = model.name not in (source, *further)
    model, options = [dataset.named(source)], FitOptions(negative=True)
    return rows_of_whole([dataset], model, np.zeros(1), 1, free_background or bool(further), options)


@pytest.mark.parametrize("further", [(), ("other",)])
@pytest.mark.parametrize("masked", [False, True])
def test_bounds_are_those_of_the_dense_predictions(further, masked):
    mask = np.random.default_rng(5).uniform(size=(4, 20, 20)) < 0.7 if masked else None
    dataset = simulated_cube(background=0.05, mask=mask, others=[point_source(*OTHER)])
    dataset.background_model.tilt = -0.1
    rows = rows_of(dataset, further=further)
    bounds = rows.profile.likelihood.terms.bounds
    inside = np.ones((4, 20, 20), dtype=bool) if mask is None else mask
    signal = {name: dataset.npred_signal(name).data for name in ("crab", "other")}
    level, shines = dataset.background_model.scaled(), (signal["crab"] > 0) & inside
    for norm, extra in ((1.2, 0.5), (0.1, 3.0)):
        others = norm * level + (extra if further else 1.0) * signal["other"]
        least = (others[shines] / signal["crab"][shines]).min()
        first = norm * bounds.background + bounds.constant + extra * bounds.shared.sum(axis=1)
        assert first.min() == pytest.approx(least, rel=1e-10)
    assert rows.counts[0] + rows.unpredicted[0] == dataset.counts.data[inside].sum()
    assert rows.floored[0] == 0


@pytest.mark.parametrize("seed", range(3))
def test_the_likelihood_is_the_statistic(seed):
    """At several fluxes, with the norms where the profile has them: the same number to the last digits."""
    dataset = simulated_cube(seed=seed, others=[point_source(*OTHER)])
    for further in ((), ("other",)):
        profile = rows_of(dataset, further=further).profile
        for flux in (0.0, 0.4, 1.0, 2.5):
            stat = profile.evaluate(np.array([flux]))[0][0][0]
            settled, _ = profile.settled(np.array([flux]))
            norms, extras = settled.norms, settled.amplitudes[:, 1:]
            other = {"other": extras[0, 0]} if further else {}
            assert stat == pytest.approx(dense_cash(dataset, flux, norms[0], other), rel=1e-10)
        # And set into the models it is what the dataset says.
        crab = dataset.named("crab").spectral_model
        crab.amplitude = 2.5 * crab.parameters["amplitude"].value
        dataset.background_model.norm = norms[0]
        if further:
            amplitude = dataset.named("other").spectral_model.parameters["amplitude"]
            amplitude.value = extras[0, 0] * amplitude.value
        assert dataset.stat_sum() == pytest.approx(stat, rel=1e-9)
        dataset.model = [point_source(), point_source(*OTHER)]


def test_a_fixed_background_is_one_of_the_constants():
    dataset = simulated_cube()
    dataset.background_model.norm = 0.7
    profile = rows_of(dataset, free_background=False).profile
    assert profile.evaluate(np.array([1.3]))[0][0][0] == pytest.approx(
        dense_cash(dataset, 1.3, 0.7), rel=1e-12
    )


def with_empty_background(planes=(2,), seed=0):
    dataset = simulated_cube(seed=seed, background=0.3)
    for plane in planes:
        dataset.background_model.map.data[plane] = 0
    return dataset


def test_an_empty_background_gets_a_floor_where_the_source_shines():
    dataset = with_empty_background()
    shines = dataset.npred_signal().data[2] > 0
    assert shines.any()
    assert not shines.all()
    means = dataset.background_model.map.data.mean(axis=(1, 2))
    floor = dataset.npred().data[2] - dataset.npred_signal().data[2]
    # Planes 1 and 3 are equally near; the first of them counts.
    assert_allclose(floor[shines], 1e-6 * means[1], rtol=1e-6)
    assert not floor[~shines].any()


def test_events_over_a_floor_and_events_over_nothing_are_told_and_counted():
    dataset = with_empty_background()
    counts, shines = dataset.counts.data, dataset.npred_signal().data[2] > 0
    counts[2, 0, 0] = 3  # nothing is expected here
    rows = rows_of(dataset)
    profile = rows.profile
    assert not shines[0, 0]
    assert rows.floored[0] == counts[2][shines].sum() > 0
    assert rows.unpredicted[0] == counts[2][~shines].sum() >= 3
    assert rows.counts[0] + rows.unpredicted[0] == counts.sum()
    # Finite, and the dataset's own, also without the source.
    stat = profile.evaluate(np.array([0.0]))[0][0][0]
    assert np.isfinite(stat)
    dataset.named("crab").spectral_model.amplitude = 1e-40
    dataset.background_model.norm = profile.settled(np.array([0.0]))[0].norms[0]
    # But for the sum of the floor itself in cells without events.
    assert dataset.stat_sum() == pytest.approx(stat, rel=1e-6)


def test_without_any_background_there_is_no_floor():
    dataset = with_empty_background(planes=range(4))
    rows = rows_of(dataset)
    assert rows.floored[0] == 0
    assert rows.profile.likelihood.terms.background_total[0] == 0
    assert_allclose(dataset.npred().data, dataset.npred_signal().data)
