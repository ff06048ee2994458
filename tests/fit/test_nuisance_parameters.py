"""Which parameters of a bin are fitted beside the norms, and that they are copies."""

import numpy as np
import pytest
from simulated_cubes import point_source, simulated_cube

from tevcurve.errors import InputError
from tevcurve.fit.nuisance_parameters import NuisanceParameters, check_names, has_nuisances


def pairs_of(*datasets):
    return [(dataset, dataset.named("crab")) for dataset in datasets]


def with_everything_free(**more):
    other = point_source("other", (83.3, 22.4))
    dataset = simulated_cube(others=[other], **more)
    for parameter in dataset.parameters:
        parameter.frozen = parameter.name == "reference"
    return dataset


def test_norms_and_the_sources_own_spectrum_are_not_among_them():
    dataset = simulated_cube(others=[point_source("other", (83.3, 22.4))])
    dataset.named("crab").spectral_model.parameters["index"].frozen = False
    assert not has_nuisances(pairs_of(dataset))
    assert NuisanceParameters(pairs_of(dataset)).parameters == []


def test_all_the_others_are():
    dataset = with_everything_free()
    assert has_nuisances(pairs_of(dataset))
    found = NuisanceParameters(pairs_of(dataset))
    names = [group[0].name for group in found.parameters]
    assert names == ["lon_0", "lat_0", "lon_0", "lat_0", "index", "tilt"]
    assert found.of_source.tolist() == [True, True, False, False, False, False]
    np.testing.assert_allclose(found.start, [83.63, 22.01, 83.3, 22.4, 2.5, 0])
    low, high = found.bounds
    assert low.tolist() == [-np.inf, -90, -np.inf, -90, -np.inf, -np.inf]
    assert high.tolist() == [np.inf, 90, np.inf, 90, np.inf, np.inf]
    np.testing.assert_allclose(found.steps, [0.01, 0.01, 0.01, 0.01, 0.25, 0.1])


def test_a_known_error_is_the_first_step():
    dataset = simulated_cube()
    tilt = dataset.background_model.parameters["tilt"]
    tilt.frozen, tilt.error, tilt.min = False, 0.03, -1
    found = NuisanceParameters(pairs_of(dataset))
    assert found.steps.tolist() == [0.03]
    assert found.bounds[0].tolist() == [-1]


def test_sources_of_one_name_are_one_and_backgrounds_are_not():
    found = NuisanceParameters(pairs_of(with_everything_free(), with_everything_free(seed=1)))
    assert [len(group) for group in found.parameters] == [2, 2, 2, 2, 2, 1, 1]
    assert [group[0].name for group in found.parameters[-2:]] == ["tilt", "tilt"]


def test_setting_them_changes_copies_only():
    dataset = with_everything_free()
    before = [parameter.value for parameter in dataset.parameters]
    found = NuisanceParameters(pairs_of(dataset))
    found.set([83.7, 22.1, 83.2, 22.3, 2.2, 0.4])
    copied = found.datasets[0]
    assert [parameter.value for parameter in dataset.parameters] == before
    assert copied.named("other").spectral_model.parameters["index"].value == 2.2
    assert copied.background_model.tilt.value == 0.4
    assert found.sources[0] is copied.named("crab")
    assert found.sources[0].spatial_model.lon_0.value == 83.7
    assert copied.stat_sum() != dataset.stat_sum()


def test_names_that_stand_for_two_sources_are_refused():
    dataset = simulated_cube(others=[point_source("other", (83.3, 22.4))])
    check_names([dataset])
    dataset.model = [*dataset.models, point_source("crab", (83.0, 22.4))]
    with pytest.raises(InputError, match="A dataset has 2 sources called 'crab'; wanted are different names"):
        check_names([dataset])
