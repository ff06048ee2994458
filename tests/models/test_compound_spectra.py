"""Sums and products of spectra: values, exact integrals, names of parameters, and what is none."""

import numpy as np
import pytest

from tevcurve.errors import InputError
from tevcurve.models import (
    BrokenPowerLaw,
    LogParabola,
    PowerLaw,
    PowerLawNorm,
    ProductSpectrum,
    SpectralModel,
    SumSpectrum,
    SuperExpCutoffPowerLaw4FGLDR3,
)
from tevcurve.models.compound_spectra import amplitude_is_free

EDGES = np.geomspace(0.1, 30, 12)
STEEP, FLAT = PowerLaw(3.1, "2e-11 cm-2 s-1 TeV-1"), PowerLaw(1.7, "4e-12 cm-2 s-1 TeV-1", "2 TeV")


def test_a_sum_is_the_sum_of_its_parts():
    both = STEEP + FLAT
    assert isinstance(both, SumSpectrum)
    np.testing.assert_allclose(both.dnde(EDGES), STEEP.dnde(EDGES) + FLAT.dnde(EDGES), rtol=1e-15)
    for name in ("photon_flux", "energy_flux_bins"):
        wanted = getattr(STEEP, name)(EDGES) + getattr(FLAT, name)(EDGES)
        np.testing.assert_allclose(getattr(both, name)(EDGES), wanted, rtol=1e-14)
        np.testing.assert_allclose(getattr(both, name)(EDGES, scale=3), 3 * wanted, rtol=1e-14)
    assert both.amplitude_name == "scale"


def test_parameters_that_several_parts_have_are_numbered():
    both = STEEP + FLAT
    wanted = ["scale", "index_1", "amplitude_1", "reference_1", "index_2", "amplitude_2", "reference_2"]
    assert both.parameters.names == wanted
    assert (both + LogParabola()).parameters.names[-2:] == ["alpha", "beta"]
    clash = PowerLaw() + PowerLaw() + SuperExpCutoffPowerLaw4FGLDR3()
    assert len(set(clash.parameters.names)) == 1 + 3 + 3 + 5
    assert len(clash.parts) == 3


def test_the_parts_are_its_own():
    both = STEEP + FLAT
    both.index_1 = 2.5
    assert STEEP.index.value == 3.1
    assert [part.index.value for part in both.parts] == [2.5, 1.7]
    new = both.copy()
    new.index_1 = 2.0
    assert both.index_1.value == 2.5
    np.testing.assert_allclose(
        new.dnde(1.0), PowerLaw(2.0, STEEP.amplitude.quantity).dnde(1.0) + FLAT.dnde(1.0)
    )


def test_a_product_with_a_power_law_is_a_power_law():
    product = PowerLawNorm(tilt=0.4, norm=2) * STEEP
    assert isinstance(product, ProductSpectrum)
    assert product.amplitude_name == "amplitude"
    exact = PowerLaw(3.5, "4e-11 cm-2 s-1 TeV-1")
    for name in ("photon_flux", "energy_flux_bins"):
        np.testing.assert_allclose(getattr(product, name)(EDGES), getattr(exact, name)(EDGES), rtol=1e-11)
    many = product.photon_flux(EDGES, index=np.array([[2.0], [3.1]]))
    np.testing.assert_allclose(many[1], exact.photon_flux(EDGES), rtol=1e-11)


def test_the_kinks_of_the_parts_are_kinks_of_the_whole():
    broken = BrokenPowerLaw(index1=1.5, index2=3.5, ebreak="3.3 TeV")
    product = broken * PowerLawNorm(tilt=0.25)
    assert product.break_names == ("ebreak",)
    # E^-0.25 about 1 TeV, so the break's own amplitude changes with it.
    exact = BrokenPowerLaw(1.75, 3.75, broken.amplitude.quantity * 3.3**-0.25, "3.3 TeV")
    np.testing.assert_allclose(product.photon_flux([1, 10]), exact.photon_flux([1, 10]), rtol=1e-12)


def test_sums_in_products_and_numbers():
    both = (STEEP + FLAT) * PowerLawNorm(tilt=0.1)
    assert both.amplitude_name == "scale"
    np.testing.assert_allclose((3 * both).dnde(EDGES), 3 * both.dnde(EDGES), rtol=1e-15)
    np.testing.assert_allclose((STEEP * 2).dnde(EDGES), 2 * STEEP.dnde(EDGES), rtol=1e-15)
    again = SumSpectrum([both, FLAT])
    np.testing.assert_allclose(again.photon_flux(EDGES), both.photon_flux(EDGES) + FLAT.photon_flux(EDGES))


def test_factors_alone_are_a_factor():
    factor = PowerLawNorm(tilt=0.1) * PowerLawNorm(tilt=0.2)
    assert factor.is_factor
    assert (factor * STEEP).amplitude_name == "amplitude"
    assert (PowerLawNorm() + PowerLawNorm()).is_factor


def test_a_sum_may_be_scaled_where_any_of_its_parts_may():
    one, other = STEEP.copy(), FLAT.copy()
    assert amplitude_is_free(one + other)
    one.amplitude.frozen = True
    assert not amplitude_is_free(one)
    assert amplitude_is_free(one + other)
    assert not amplitude_is_free(PowerLawNorm() * one)
    other.amplitude.frozen = True
    assert not amplitude_is_free((one + other) * PowerLawNorm())
    assert amplitude_is_free(SpectralModel.from_function(lambda energy: 1e-12))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: STEEP * FLAT,
            "The product of PowerLaw and PowerLaw is no flux; wanted is one flux, and factors",
        ),
        (lambda: STEEP + PowerLawNorm(), "has no unit; wanted are fluxes alone"),
        (lambda: SumSpectrum([STEEP]), "was given 1; wanted are two or more"),
        (lambda: SumSpectrum([STEEP, "FLAT"]), "was given a str; wanted are SpectralModels"),
        (
            lambda: SpectralModel.from_function(lambda energy: 1e-12) * 2,
            "no amplitude that could be multiplied",
        ),
    ],
)
def test_what_is_no_spectrum(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_what_is_neither_added_nor_multiplied():
    with pytest.raises(TypeError):
        STEEP + 1
    with pytest.raises(TypeError):
        STEEP * "2"
