import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.integrate import quad

from tevcurve.errors import InputError, MissingError
from tevcurve.models import FunctionSpectrum, Parameter, PowerLaw, SpectralModel


class Hump(SpectralModel):
    default_parameters = (Parameter("amplitude", "1e-12 cm-2 s-1 TeV-1"), Parameter("peak", "1 TeV"))

    @staticmethod
    def evaluate(energy, amplitude, peak):
        return amplitude * np.exp(-(np.log(energy / peak) ** 2))


def test_a_model_of_five_lines_has_everything():
    model = Hump(peak="2000 GeV")
    assert model.amplitude_name == "amplitude"
    assert model("2 TeV").to_value("cm-2 s-1 TeV-1") == pytest.approx(1e-12)
    wanted = quad(lambda e: 1e-12 * np.exp(-(np.log(e / 2) ** 2)), 0.5, 30, epsabs=0, epsrel=1e-12)[0]
    assert model.integral("0.5 TeV", "30 TeV").to_value("cm-2 s-1") == pytest.approx(wanted, rel=1e-9)
    wanted = quad(lambda e: e * 1e-12 * np.exp(-(np.log(e / 2) ** 2)), 0.5, 30, epsabs=0, epsrel=1e-12)[0]
    assert model.energy_flux("0.5 TeV", "30 TeV").to_value("TeV cm-2 s-1") == pytest.approx(wanted, rel=1e-9)
    # -dlog(dN/dE)/dlogE of exp(-x^2) is 2x.
    np.testing.assert_allclose(model.spectral_index([1, 2, 5] * u.TeV), 2 * np.log([0.5, 1, 2.5]), atol=1e-10)
    new = model.copy(name="hump")
    new.peak = "1 TeV"
    assert (model.peak.value, new.name) == (2000, "hump")


def test_a_model_from_a_function():
    model = SpectralModel.from_function(
        lambda energy, norm, width: norm * np.exp(-energy / width),
        norm="1e-8 m-2 s-1 TeV-1",
        width=Parameter("width", "3 TeV", frozen=True),
        amplitude_name="norm",
        name="mine",
    )
    assert isinstance(model, FunctionSpectrum)
    assert (model.name, model.amplitude_name, model.width.frozen) == ("mine", "norm", True)
    exact = 1e-12 * 3 * (np.exp(-1 / 3) - np.exp(-10 / 3))
    assert model.integral(1 * u.TeV, 10 * u.TeV).value == pytest.approx(exact, rel=1e-12)
    # Overrides are in the parameters' own units: m-2 here.
    np.testing.assert_allclose(model.photon_flux([1, 10], norm=2e-8), [2 * exact], rtol=1e-12)
    new = model.copy()
    new.norm.value = 0
    assert model.dnde(1.0) > new.dnde(1.0) == 0


def test_a_function_without_energy_dependence_or_parameters():
    model = SpectralModel.from_function(lambda energy: 1e-12)
    assert model.amplitude_name is None
    np.testing.assert_array_equal(model.dnde([1, 2]), [1e-12, 1e-12])
    np.testing.assert_allclose(model.photon_flux([1, 2, 4]), [1e-12, 2e-12], rtol=1e-13)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: SpectralModel(), InputError, "no formula"),
        (lambda: SpectralModel.from_function(lambda e, a: a * e, b=1), InputError, "cannot be called with"),
        (
            lambda: SpectralModel.from_function(lambda e, plot: e, plot=1),
            InputError,
            "'plot', which is taken",
        ),
        (
            lambda: SpectralModel.from_function(lambda e, a: e, a=Parameter("b", 1)),
            InputError,
            "the same name",
        ),
        (
            lambda: SpectralModel.from_function(lambda e, a: e, a=1, amplitude_name="b"),
            MissingError,
            "there are a",
        ),
        (
            lambda: SpectralModel.from_function(lambda e, a: e, a=1, break_names=["b"]),
            MissingError,
            "there are a",
        ),
    ],
)
def test_what_a_spectral_model_is_not_made_from(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_numbers_in_tev_and_quantities_agree():
    model = PowerLaw(2.6, "2e-11 cm-2 s-1 TeV-1", "1 TeV")
    energy = np.array([[0.3, 1.0], [4.0, 20.0]])
    assert model.dnde(energy).shape == (2, 2)
    np.testing.assert_allclose(
        model(energy * 1e3 * u.GeV).to_value("m-2 s-1 TeV-1"), 1e4 * model.dnde(energy), rtol=1e-12
    )
    edges = np.geomspace(0.1, 20, 5)
    np.testing.assert_allclose(
        model.integral(edges[:-1] * u.TeV, edges[1:] * u.TeV).to_value("cm-2 s-1"),
        model.photon_flux(edges),
        rtol=1e-14,
    )
    assert model.dnde(2.0).shape == ()
    assert model("1 TeV").unit == u.Unit("cm-2 s-1 TeV-1")


def test_the_unit_of_a_parameter_does_not_change_the_flux():
    a = PowerLaw(2.6, "2e-11 cm-2 s-1 TeV-1", "0.5 TeV")
    b = PowerLaw(2.6, "2e-10 m-2 s-1 GeV-1", "500 GeV")
    np.testing.assert_allclose(a.photon_flux([1, 2, 9]), b.photon_flux([1, 2, 9]), rtol=1e-13)


def test_overrides_leave_the_model_alone_and_broadcast():
    model, hump = PowerLaw(2.6), Hump()
    edges = np.geomspace(0.5, 50, 8)
    many = model.photon_flux(edges, index=np.array([[2.0], [2.6], [3.0]]))
    assert many.shape == (3, 7)
    np.testing.assert_array_equal(many[1], model.photon_flux(edges))
    peaks = hump.photon_flux(edges, peak=np.array([[0.7], [1.0], [3.0]]))
    np.testing.assert_array_equal(peaks[1], hump.photon_flux(edges))
    hump.peak = "3 TeV"
    np.testing.assert_array_equal(peaks[2], hump.photon_flux(edges))
    assert model.index.value == 2.6
    with pytest.raises(MissingError, match="'gamma'"):
        model.dnde(1.0, gamma=2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: m("1 m"), "wanted is an energy"),
        (lambda m: m(1.0), "wanted is an energy"),
        (lambda m: m(0 * u.TeV), "above 0"),
        (lambda m: m(np.nan * u.TeV), "finite"),
        (lambda m: m("one"), "'one'"),
        (lambda m: m.integral("10 TeV", "1 TeV"), "emin below emax"),
        (lambda m: m.plot([1, 2, 3] * u.TeV), "two energies"),
        (lambda m: m.plot(1 * u.TeV), "two energies"),
    ],
)
def test_energies_that_are_none(call, words):
    with pytest.raises(InputError, match=words):
        call(PowerLaw())


def test_the_index_of_no_flux_is_not_known():
    assert np.isnan(PowerLaw(amplitude="0 cm-2 s-1 TeV-1").spectral_index("1 TeV"))


def test_plot_draws_the_spectral_energy_distribution():
    fig, ax = plt.subplots()
    model = PowerLaw(2.0, "3e-12 cm-2 s-1 TeV-1", name="crab")
    assert model.plot([1, 10] * u.TeV, ax=ax, energy_power=2, color="k") is ax
    (line,) = ax.get_lines()
    np.testing.assert_allclose(line.get_ydata(), 3e-12, rtol=1e-12)
    np.testing.assert_allclose(line.get_xdata()[[0, -1]], [1, 10])
    assert (line.get_label(), ax.get_xscale(), ax.get_yscale()) == ("crab", "log", "log")
    assert "TeV" in ax.get_ylabel()
    fig.canvas.draw()
    plt.close(fig)
    assert model.plot(["500 GeV", "10 TeV"]) is plt.gca()
    plt.close("all")


def test_an_integral_does_not_depend_on_its_neighbours():
    edges = np.geomspace(0.1, 30, 12)
    both = Hump().photon_flux(edges, peak=np.array([[1.0], [1e-3]]))
    np.testing.assert_array_equal(both[0], Hump().photon_flux(edges))
