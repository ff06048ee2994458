"""Smooth breaks and cutoffs: against their closed forms as published."""

import numpy as np
import pytest
from scipy.integrate import quad

from tevcurve.models import PowerLaw, SmoothBrokenPowerLaw, SuperExpCutoffPowerLaw4FGLDR3

ENERGY = np.geomspace(1e-3, 100, 41)


@pytest.mark.parametrize(("index1", "index2", "beta"), [(1.5, 3.2, 1.0), (2.8, 1.1, 0.4), (2.0, 2.7, 2.5)])
def test_a_smooth_break(index1, index2, beta):
    model = SmoothBrokenPowerLaw(index1, index2, "3e-12 cm-2 s-1 TeV-1", "2 TeV", "0.7 TeV", beta)
    signed = beta * np.sign(index2 - index1)
    power = 3e-12 * (ENERGY / 0.7) ** -index1
    wanted = power * (1 + (ENERGY / 2) ** ((index2 - index1) / signed)) ** -signed
    np.testing.assert_allclose(model.dnde(ENERGY), wanted, rtol=1e-12)
    low, high = model.spectral_index("1e-9 TeV"), model.spectral_index("1e9 TeV")
    np.testing.assert_allclose([low, high], [index1, index2], rtol=1e-3)


def test_without_a_break_it_is_a_power_law():
    model = SmoothBrokenPowerLaw(2.3, 2.3)
    np.testing.assert_allclose(model.dnde(ENERGY), PowerLaw(2.3).dnde(ENERGY), rtol=1e-14)


@pytest.mark.parametrize(
    ("index_1", "expfactor", "index_2"), [(1.5, 0.01, 2), (2.1, 0.6, 0.7), (1.2, 0.5, -0.3)]
)
def test_the_cutoff_of_the_fermi_catalogue(index_1, expfactor, index_2):
    model = SuperExpCutoffPowerLaw4FGLDR3("2e-11 cm-2 s-1 TeV-1", "0.4 TeV", expfactor, index_1, index_2)
    x = ENERGY / 0.4
    wanted = x ** (-index_1 + expfactor / index_2) * np.exp(expfactor / index_2**2 * (1 - x**index_2))
    np.testing.assert_allclose(model.dnde(ENERGY), 2e-11 * wanted, rtol=1e-9)
    exact = quad(lambda e: float(model.dnde(e)), 0.3, 5, epsabs=0, epsrel=1e-11)[0]
    assert model.photon_flux([0.3, 5])[0] == pytest.approx(exact, rel=1e-9)


def test_near_the_reference_its_series_goes_over_into_its_closed_form():
    model = SuperExpCutoffPowerLaw4FGLDR3(reference="0.4 TeV", expfactor=0.6, index_2=2)
    energy = 0.4 * np.exp(np.array([0.0, 0.004999, 0.005001]))
    value = model.dnde(energy) * (energy / 0.4) ** 1.5 / model.amplitude.value
    # exp(-a x^2 (1/2 + y/6 + ...)) with y = 2 x.
    x = np.log(energy / 0.4)
    np.testing.assert_allclose(np.log(value), -0.6 * x**2 * (0.5 + x / 3 + x**2 / 6), atol=1e-12)
    # A log parabola where the exponent is nothing.
    flat = SuperExpCutoffPowerLaw4FGLDR3(expfactor=0.6, index_1=2, index_2=0)
    np.testing.assert_allclose(flat.dnde(3.0), 1e-12 * 3**-2.0 * np.exp(-0.3 * np.log(3) ** 2), rtol=1e-12)
