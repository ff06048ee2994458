import astropy.units as u
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import exp1

from tevcurve.models import BrokenPowerLaw, Constant, ExponentialCutoffPowerLaw, LogParabola, PowerLaw

AMPLITUDE = "3e-11 cm-2 s-1 TeV-1"
MODELS = {
    "power law": PowerLaw(2.6, AMPLITUDE, "1.3 TeV"),
    "power law, index 1": PowerLaw(1.0, AMPLITUDE),
    "power law, index 2": PowerLaw(2.0, AMPLITUDE),
    "rising power law": PowerLaw(-0.7, AMPLITUDE),
    "cutoff": ExponentialCutoffPowerLaw(1.8, AMPLITUDE, "1 TeV", "0.2 TeV-1"),
    "sharp cutoff": ExponentialCutoffPowerLaw(1.8, AMPLITUDE, "1 TeV", "0.1 TeV-1", 2.0),
    "log parabola": LogParabola(AMPLITUDE, "1 TeV", 2.4, 0.3),
    "log parabola, upward": LogParabola(AMPLITUDE, "1 TeV", 2.4, -0.1),
    "broken": BrokenPowerLaw(1.7, 3.4, AMPLITUDE, "3 TeV"),
    "constant": Constant(AMPLITUDE),
}
each_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())


def integral_by_quad(model, emin, emax, power=0):
    points = [3.0] if isinstance(model, BrokenPowerLaw) else None
    return quad(
        lambda e: e**power * model.dnde(e), emin, emax, epsabs=0, epsrel=1e-11, limit=400, points=points
    )[0]


def test_power_law_values():
    x = np.array([0.2, 1.0, 7.0])
    np.testing.assert_allclose(PowerLaw(2.6, AMPLITUDE, "2 TeV").dnde(x), 3e-11 * (x / 2) ** -2.6, rtol=1e-14)


def test_exponential_cutoff_values():
    x = np.array([0.2, 1.0, 7.0])
    model = ExponentialCutoffPowerLaw(1.8, AMPLITUDE, "2 TeV", "0.2 TeV-1", 0.5)
    np.testing.assert_allclose(model.dnde(x), 3e-11 * (x / 2) ** -1.8 * np.exp(-np.sqrt(x / 5)), rtol=1e-13)


def test_log_parabola_values_use_the_natural_logarithm():
    assert LogParabola(AMPLITUDE, "1 TeV", 2.0, 0.5).dnde(np.e) == pytest.approx(
        3e-11 * np.exp(-2.5), rel=1e-14
    )


def test_broken_power_law_values():
    model = BrokenPowerLaw(1.5, 3.0, AMPLITUDE, "3 TeV")
    np.testing.assert_allclose(model.dnde([1.5, 3.0, 6.0]), 3e-11 * np.array([2**1.5, 1, 1 / 8]), rtol=1e-14)


def test_constant_values():
    np.testing.assert_array_equal(MODELS["constant"].dnde([0.1, 100.0]), [3e-11, 3e-11])
    assert MODELS["constant"].amplitude_name == "const"


@each_model
@pytest.mark.parametrize(("emin", "emax"), [(0.1, 0.13), (1.0, 10.0), (0.05, 60.0), (2.99, 3.01)])
def test_integrals_agree_with_quad(model, emin, emax):
    flux = model.integral(emin * u.TeV, emax * u.TeV).to_value("cm-2 s-1")
    assert flux == pytest.approx(integral_by_quad(model, emin, emax), rel=1e-9, abs=0)
    energy_flux = model.energy_flux(emin * u.TeV, emax * u.TeV).to_value("TeV cm-2 s-1")
    assert energy_flux == pytest.approx(integral_by_quad(model, emin, emax, power=1), rel=1e-9, abs=0)


def test_cutoff_integral_has_a_closed_form_at_index_one():
    # The integral of exp(-E/5) / E is a difference of exponential integrals.
    model = ExponentialCutoffPowerLaw(1.0, AMPLITUDE, "1 TeV", "0.2 TeV-1")
    exact = 3e-11 * (exp1(0.02) - exp1(40.0))
    assert model.integral("0.1 TeV", "200 TeV").value == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("distance", [0.0, 1e-15, 1e-12, -1e-9, 1e-6, -1e-3])
def test_power_law_near_the_special_indices(distance):
    emin, emax = 0.7, 40.0
    low, high = np.log(emin), np.log(emax)
    # To second order in the distance d of the index: the integral of (1 - d x + d^2 x^2 / 2) dx, x = log E.
    series = (high - low) - distance * (high**2 - low**2) / 2 + distance**2 * (high**3 - low**3) / 6
    bound = max(3e-15, 10 * abs(distance) ** 3 * high**3)
    flux = PowerLaw(1 + distance, AMPLITUDE).photon_flux([emin, emax])[0]
    assert flux == pytest.approx(3e-11 * series, rel=bound)
    energy_flux = PowerLaw(2 + distance, AMPLITUDE).energy_flux_bins([emin, emax])[0]
    assert energy_flux == pytest.approx(3e-11 * series, rel=bound)


def test_power_law_integral_is_smooth_through_index_one():
    index = 1 + np.linspace(-1e-7, 1e-7, 201)
    flux = PowerLaw(reference="3 TeV").photon_flux([1.0, 9.0], index=index[:, None])[:, 0]
    # The middle of the bin is the reference: the flux is even in index - 1, constant to (1e-7)^2 here.
    np.testing.assert_allclose(flux, flux[100], rtol=1e-13)


energies = st.floats(0.02, 200)


@given(
    model=st.sampled_from(list(MODELS.values())),
    bounds=st.tuples(energies, energies, energies).map(sorted),
)
def test_integrals_add_up(model, bounds):
    low, middle, high = bounds
    parts = model.photon_flux([low, middle, high])
    assert parts.sum() == pytest.approx(model.photon_flux([low, high])[0], rel=1e-11, abs=1e-60)
    assert np.all(parts >= 0)


@given(index=st.floats(-3, 8), scale=st.floats(0.1, 10))
def test_power_law_integrals_scale(index, scale):
    # Energies, reference and thus the integral all scale with the energy unit.
    one = PowerLaw().photon_flux([0.5, 3.0], index=index, reference=1.0)
    other = PowerLaw().photon_flux([0.5 * scale, 3.0 * scale], index=index, reference=scale)
    np.testing.assert_allclose(other, scale * one, rtol=1e-11)


@pytest.mark.parametrize(
    ("name", "energy", "index"),
    [
        ("power law", 4.0, 2.6),
        ("cutoff", 4.0, 1.8 + 0.2 * 4.0),
        ("sharp cutoff", 4.0, 1.8 + 2 * 0.4**2),
        ("log parabola", 4.0, 2.4 + 2 * 0.3 * np.log(4.0)),
        ("broken", 2.9999, 1.7),
        ("broken", 3.0, 3.4),
        ("constant", 4.0, 0.0),
    ],
)
def test_local_index(name, energy, index):
    assert MODELS[name].spectral_index(energy * u.TeV) == pytest.approx(index, abs=1e-10)


def test_only_the_reference_energy_and_the_cutoff_exponent_start_frozen():
    frozen = {
        p.name
        for model in (PowerLaw(), ExponentialCutoffPowerLaw(), LogParabola())
        for p in model.parameters
        if p.frozen
    }
    assert frozen == {"reference", "alpha"}
    assert not LogParabola().alpha.frozen


@each_model
def test_the_amplitude_scales_the_flux(model):
    name = model.amplitude_name
    value = model.parameters[name].value
    edges = np.geomspace(0.2, 20, 4)
    np.testing.assert_allclose(
        model.photon_flux(edges, **{name: 3 * value}), 3 * model.photon_flux(edges), rtol=1e-13
    )
