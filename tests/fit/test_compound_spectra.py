"""Fits of datasets with sums and products of spectra: what a closed form says of their parameters."""

import numpy as np
import pytest
from small_store import make_store, spectrum_datasets

from tevcurve import Fit, PowerLaw
from tevcurve.models import PowerLawNorm


@pytest.fixture(scope="module")
def datasets(tmp_path_factory):
    return spectrum_datasets(make_store(tmp_path_factory.mktemp("store")).get_observations([1, 3]))


def fitted(datasets, model):
    for dataset in datasets:
        dataset.model = model
    Fit(datasets).run()
    return model


def frozen(model):
    for parameter in model.parameters:
        parameter.frozen = True
    return model


def test_of_a_product_of_power_laws_the_indices_add_up(datasets):
    plain = fitted(datasets, PowerLaw(2.5, "1e-11 cm-2 s-1 TeV-1"))
    product = fitted(datasets, frozen(PowerLawNorm(tilt=0.4)) * PowerLaw(2.0, "1e-11 cm-2 s-1 TeV-1"))
    assert product.index.value == pytest.approx(plain.index.value - 0.4, abs=1e-3)
    assert product.index.error == pytest.approx(plain.index.error, rel=0.02)


def test_of_a_sum_the_parts_are_free_and_the_scale_is_not(datasets):
    plain = fitted(datasets, PowerLaw(2.5, "1e-11 cm-2 s-1 TeV-1"))
    steep, flat = PowerLaw(3.5, "5e-12 cm-2 s-1 TeV-1"), PowerLaw(1.5, "5e-13 cm-2 s-1 TeV-1")
    for part in (steep, flat):
        part.index.frozen = True
    both = fitted(datasets, steep + flat)
    assert both.scale.value == 1
    edges = np.array([1.0, 10.0])
    assert both.photon_flux(edges)[0] == pytest.approx(plain.photon_flux(edges)[0], rel=0.1)
