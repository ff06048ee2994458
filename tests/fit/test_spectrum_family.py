"""Spectra and their derivatives against quadrature of formulas that are known."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from tevcurve.errors import InputError
from tevcurve.fit.spectrum_family import REACH, SpectrumFamily
from tevcurve.kernels.spectral_profiles import second_pairs
from tevcurve.models import (
    BrokenPowerLaw,
    EBLAbsorption,
    ExponentialCutoffPowerLaw,
    OpacityTable,
    Parameter,
    PowerLaw,
    SpectralModel,
)
from tevcurve.reduction.true_nodes import true_nodes

EDGES = np.geomspace(0.5, 20, 7)
NODES = true_nodes(EDGES, "centre", None)
BAND = (0.7, 12.0)
CENTER = np.array([2.3, 0.15])


def parabola(energy, amplitude, alpha, beta):
    log = np.log(energy)
    return amplitude * np.exp(-(alpha + beta * log) * log)


def log_parabola(**changes):
    """A model without a formula for its integrals; its logarithm is linear in its parameters."""
    shape = {"alpha": CENTER[0], "beta": CENTER[1]} | changes
    return SpectralModel.from_function(parabola, amplitude="3e-12 cm-2 s-1 TeV-1", **shape)


def integral(function, low, high):
    return quad(lambda x: np.exp(x) * function(np.exp(x)), np.log(low), np.log(high), epsrel=1e-12)[0]


def moments(values, powers, weight=0):
    """Integrals of E^weight dN/dE log(E)^power in each bin, (n_bins,) for each of the powers, by quadrature."""
    return [
        np.array(
            [
                integral(lambda e, p=power: e**weight * parabola(e, 3e-12, *values) * np.log(e) ** p, *ends)
                for ends in pairwise(EDGES)
            ]
        )
        for power in powers
    ]


@pytest.mark.parametrize("t", [(0.0, 0.0), (0.8, -0.4), (-3.0, 1.5)])
def test_spectra_have_the_derivatives_of_their_formula(t):
    family = SpectrumFamily(log_parabola(), ("alpha", "beta"), NODES, BAND)
    values = CENTER + family.scale * t
    np.testing.assert_allclose(family.parameters(np.array([t]))[0], values, rtol=1e-14)
    found = family.spectra(np.array([t]))[0]
    # A derivative in alpha brings down -log(E), one in beta -log(E)^2.
    flux, log1, log2, log3, log4 = moments(values, range(5))
    scale = family.scale
    expected = [flux, -scale[0] * log1, -scale[1] * log2]
    expected += [scale[0] ** 2 * log2, scale[0] * scale[1] * log3, scale[1] ** 2 * log4]
    np.testing.assert_allclose(found[:, 0], flux, rtol=1e-11)
    for k, column in enumerate(expected):
        np.testing.assert_allclose(found[:, k], column, rtol=1e-5, atol=1e-6 * flux.max())


@pytest.mark.parametrize(("kind", "weight"), [("flux", 0), ("eflux", 1), ("dnde", None)])
def test_logarithms_are_those_of_the_band_relative_to_the_model(kind, weight):
    family = SpectrumFamily(log_parabola(), ("alpha", "beta"), NODES, BAND, e_ref=2.0)

    def logarithm(t):
        values = CENTER + family.scale * t
        if weight is None:
            return np.log(parabola(2.0, 1, *values))
        return np.log(integral(lambda e: e**weight * parabola(e, 1, *values), *BAND))

    t = np.array([0.6, -0.2])
    value, first, second = family.logarithm(kind, t[None])
    assert value[0] == pytest.approx(logarithm(t) - logarithm(np.zeros(2)), abs=1e-11)
    step = 1e-2 * np.eye(2)
    for j, k in second_pairs(2):
        pairs = [
            logarithm(t + one * step[j] + other * step[k])
            for one, other in ((1, 1), (1, -1), (-1, 1), (-1, -1))
        ]
        assert second[0, j, k] == pytest.approx((pairs[0] - pairs[1] - pairs[2] + pairs[3]) / 4e-4, abs=1e-4)
        assert second[0, k, j] == second[0, j, k]
    slopes = [(logarithm(t + each) - logarithm(t - each)) / 2e-2 for each in step]
    np.testing.assert_allclose(first[0], slopes, atol=1e-4)


def test_a_step_of_one_changes_the_spectrum_by_about_e_across_the_band():
    for model, names in ((log_parabola(), ("alpha", "beta")), (PowerLaw(index=3.0), ("index",))):
        family = SpectrumFamily(model, names, NODES, BAND)
        energy = np.geomspace(*BAND, 9)
        for k, step in enumerate(np.eye(len(names))):
            one, zero = (dict(zip(names, family.parameters(t), strict=True)) for t in (step, 0 * step))
            change = np.log(model.dnde(energy, **one) / model.dnde(energy, **zero))
            assert np.std(change) == pytest.approx(1, rel=0.01), names[k]


@pytest.mark.parametrize(
    "model",
    [
        ExponentialCutoffPowerLaw(index=1.8, lambda_="0.2 TeV-1"),
        SpectralModel.from_function(lambda energy, index: 1e-12 * energy**-index, index=6.0),
    ],
)
def test_fluxes_without_a_formula_are_those_of_a_fine_quadrature(model):
    family = SpectrumFamily(model, ("index",), NODES, BAND)
    expected = [integral(lambda e: float(model.dnde(e)), *ends) for ends in pairwise(EDGES)]
    np.testing.assert_allclose(family.spectra(np.zeros((1, 1)))[0, :, 0], expected, rtol=1e-12)


def test_rows_are_each_their_own():
    family = SpectrumFamily(log_parabola(), ("alpha", "beta"), NODES, BAND)
    t = np.random.default_rng(1).uniform(-2, 2, (5, 2))
    together = family.spectra(t)
    for row in range(5):
        np.testing.assert_array_equal(family.spectra(t[[row]])[0], together[row])


def test_a_model_is_never_asked_beyond_its_bounds():
    def checked(energy, amplitude, alpha, beta):
        assert np.min(alpha) >= 2
        assert np.max(alpha) <= 2.5
        return parabola(energy, amplitude, alpha, beta)

    bounded = Parameter("alpha", 2.3, min=2.0, max=2.5)
    model = SpectralModel.from_function(checked, amplitude="3e-12 cm-2 s-1 TeV-1", alpha=bounded, beta=0.15)
    family = SpectrumFamily(model, ("alpha", "beta"), NODES, BAND)
    free = SpectrumFamily(log_parabola(), ("alpha", "beta"), NODES, BAND)
    assert family.bounded_low.tolist() == family.bounded_high.tolist() == [True, False]
    np.testing.assert_array_equal(family.high[1], REACH)
    for end, value in ((family.low, 2.0), (family.high, 2.5)):
        t = np.array([[end[0], 0.3]])
        assert family.parameters(t)[0, 0] == pytest.approx(value, rel=1e-14)
        # Without bounds the same spectrum is elsewhere in its own coordinates.
        same = (family.parameters(t) - free.center) / free.scale
        ratio = family.scale / free.scale
        found, expected = family.spectra(t)[0], free.spectra(same)[0]
        np.testing.assert_allclose(found[:, 0], expected[:, 0], rtol=1e-9)
        np.testing.assert_allclose(found[:, 1], expected[:, 1] * ratio[0], rtol=1e-5)
        np.testing.assert_allclose(found[:, 3], expected[:, 3] * ratio[0] ** 2, rtol=1e-4)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (PowerLaw(index=2.0), "amplitude"),
        (PowerLaw(index=2.0), "reference"),
        (BrokenPowerLaw(index1=2, index2=3, ebreak="50 TeV"), "ebreak"),
    ],
)
def test_what_does_not_change_the_shape_is_refused(model, name):
    with pytest.raises(
        InputError, match=f"^free has '{name}', which does not change the shape .* 0.7 to 12 TeV"
    ):
        SpectrumFamily(model, (name,), NODES, BAND)


@pytest.mark.parametrize("names", [("index",), ("index2",)])
def test_kinks_of_tables_and_frozen_breaks_are_where_the_rule_is_cut(names):
    """Against the integral piece by piece between all kinks, of 200 Gauss-Legendre nodes each."""
    nodes = np.geomspace(0.1, 50, 28)
    depths = np.array([np.zeros(28), nodes**0.9])
    table = OpacityTable(nodes, np.array([0.0, 0.2]), depths, "a test")
    source = PowerLaw(2.2) if names == ("index",) else BrokenPowerLaw(1.8, 2.6, ebreak="2.2 TeV")
    model = EBLAbsorption(0.15, "a test", table=table) * source
    family = SpectrumFamily(model, names, NODES, BAND)
    t = np.array([[0.0], [1.3]])
    found = family.spectra(t)[:, :, 0]
    place, weight = np.polynomial.legendre.leggauss(200)
    kinks = [*nodes, 2.2]
    for row, value in enumerate(family.parameters(t)[:, 0]):
        for number, (low, high) in enumerate(pairwise(EDGES)):
            points = np.unique(np.clip([low, *kinks, high], low, high))
            wanted = 0.0
            for ends in pairwise(np.log(points)):
                energy = np.exp(0.5 * (ends[1] - ends[0]) * (place + 1) + ends[0])
                values = model.dnde(energy, **{names[0]: value}) * energy
                wanted += 0.5 * (ends[1] - ends[0]) * np.sum(weight * values)
            assert found[row, number] == pytest.approx(wanted, rel=1e-9)
