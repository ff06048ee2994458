"""The blocks that light curves make of map datasets, and the floor under an empty background, by dense formulas."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from simulated_cubes import dense_cash, point_source, simulated_cube

from tevcurve.datasets.cash_blocks import join_blocks
from tevcurve.kernels.poisson import cash_profile

OTHER = ("other", (83.2, 22.4))


def profile_of(dataset, source="crab", further=(), free_background=True, bounds=False):
    """The block of a dataset, and the likelihood that is made from it alone."""
    block = dataset.cash_block(
        dataset.named(source), [dataset.named(name) for name in further], bounds=bounds
    )
    if not free_background:
        block = block.with_fixed_background()
    return block, cash_profile(join_blocks([block], [0], 1, 1 + len(further)))


@pytest.mark.parametrize("further", [(), ("other",)])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("background", [0.05, 0])
def test_blocks_are_the_dense_predictions(further, masked, background):
    mask = np.random.default_rng(5).uniform(size=(4, 20, 20)) < 0.7 if masked else None
    dataset = simulated_cube(background=background, mask=mask, others=[point_source(*OTHER)])
    if background:
        dataset.background_model.norm, dataset.background_model.tilt = 1.2, -0.1
    block, _ = profile_of(dataset, further=further, bounds=True)
    inside = np.ones((4, 20, 20), dtype=bool) if mask is None else mask
    signal = {name: dataset.npred_signal(name).data for name in ("crab", "other")}
    amplitudes = [signal["crab"], *(signal[name] for name in further)]
    constant = 0 * signal["other"] if further else signal["other"]
    level = dataset.background_model.scaled() if background else np.zeros((4, 20, 20))
    counts = dataset.counts.data
    cell = np.flatnonzero((counts > 0) & inside & (sum(amplitudes) + constant + level > 0))
    assert_allclose(block.shared_total, [each.sum() for each in amplitudes], rtol=1e-12)
    assert block.constant_total == pytest.approx(constant.sum(), rel=1e-12)
    assert block.background_total == pytest.approx(level[inside].sum(), rel=1e-12)
    assert_array_equal(block.count, counts.ravel()[cell])
    assert_allclose(block.shared, np.column_stack([each.ravel()[cell] for each in amplitudes]), rtol=1e-10)
    assert_allclose(block.constant, np.broadcast_to(constant, counts.shape).ravel()[cell], rtol=1e-10)
    assert_allclose(block.background, level.ravel()[cell], rtol=1e-12)
    shines = (signal["crab"] > 0) & inside
    others = amplitudes[1] if further else 0 * level
    for norm, extra in ((1.2, 0.5), (0.1, 3.0)):
        least = ((norm * level + extra * others + constant)[shines] / signal["crab"][shines]).min()
        first = (
            norm * block.bounds.background + block.bounds.constant + extra * block.bounds.shared.sum(axis=1)
        )
        assert first.min() == pytest.approx(least, rel=1e-10)
    assert (block.n_floored, block.counts + block.n_unpredicted) == (0, counts[inside].sum())


@pytest.mark.parametrize("seed", range(3))
def test_the_likelihood_of_blocks_is_the_statistic(seed):
    """At several fluxes, with the norms where the profile has them: the same number to the last digits."""
    dataset = simulated_cube(seed=seed, others=[point_source(*OTHER)])
    for further in ((), ("other",)):
        _, profile = profile_of(dataset, further=further)
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
    _, profile = profile_of(dataset, free_background=False)
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
    block, profile = profile_of(dataset)
    assert not shines[0, 0]
    assert block.n_floored == counts[2][shines].sum() > 0
    assert block.n_unpredicted == counts[2][~shines].sum() >= 3
    assert block.counts + block.n_unpredicted == counts.sum()
    # Finite, and the dataset's own, also without the source.
    stat = profile.evaluate(np.array([0.0]))[0][0][0]
    assert np.isfinite(stat)
    dataset.named("crab").spectral_model.amplitude = 1e-40
    dataset.background_model.norm = profile.settled(np.array([0.0]))[0].norms[0]
    assert dataset.stat_sum() == pytest.approx(stat, rel=1e-9)


def test_without_any_background_there_is_no_floor():
    dataset = with_empty_background(planes=range(4))
    block, _ = profile_of(dataset)
    assert block.n_floored == 0
    assert block.background_total == 0
    assert_allclose(dataset.npred().data, dataset.npred_signal().data)
