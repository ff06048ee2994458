"""Spectra as names and values: every shape there is, sums and products, and back."""

import inspect

import numpy as np
import pytest

import tevcurve.models as models
from tevcurve.config import Config
from tevcurve.config.spectra import spectral_model, spectrum_changed, spectrum_values, without_files
from tevcurve.errors import InputError
from tevcurve.spectra import SPECTRA

FLUXES = [name for name, kind in SPECTRA.things().items() if not kind.is_factor and not kind.setting_names]


def test_every_model_of_the_package_has_its_name():
    own = {
        name
        for name, kind in inspect.getmembers(models, inspect.isclass)
        if issubclass(kind, models.SpectralModel) and kind.default_parameters
    }
    assert own == set(SPECTRA)


@pytest.mark.parametrize("name", FLUXES)
def test_a_model_comes_back_to_the_last_digit(name):
    model = getattr(models, name)()
    for number, parameter in enumerate(model.parameters):
        parameter.value = parameter.value * (1 + 0.1 / (3 + number))
    values = spectrum_values(model)
    again = spectral_model(values)
    assert type(again) is type(model)
    assert [p.value for p in again.parameters] == [p.value for p in model.parameters]
    assert [p.unit for p in again.parameters] == [p.unit for p in model.parameters]
    assert spectrum_values(values) == values


def test_sums_and_products_are_kept_as_their_text():
    values = spectrum_values("2 * (index=2.2 + log-parabola beta=0.3) * PowerLawNorm tilt=0.1")
    assert isinstance(values, str)
    assert spectrum_values(values) == values
    model = spectral_model(values)
    assert (model.parameters["scale"].value, model.parameters["index"].value) == (2, 2.2)
    assert spectral_model("PowerLaw * PowerLawNorm").parameters["index"].value == 2.5
    changed = spectrum_changed(values, "index", 3.0)
    assert spectral_model(changed).parameters["index"].value == 3
    with pytest.raises(
        InputError, match=r"spectrum.gamma is no parameter of .* wanted is one of scale, index"
    ):
        spectrum_changed(values, "gamma", 3.0)


def test_nodes_stand_in_place_of_the_files_that_they_are_from(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("energy [TeV],dnde [cm-2 s-1 TeV-1]\n0.1,1e-10\n10,1e-14\n")
    for text in (
        f"template file={path}",
        f"(template file={path} norm=2 + PowerLaw) * PowerLawNorm tilt=0.1",
    ):
        values = spectrum_values(text)
        inline = without_files(values)
        assert str(path) in str(values)
        assert str(path) not in str(inline)
        assert spectral_model(inline).dnde(0.7) == spectral_model(values).dnde(0.7)
        assert without_files(inline) == inline
    with pytest.raises(InputError, match="does not exist"):
        spectrum_values(f"template file={path}x")


def test_what_no_text_says_is_refused_and_stays_in_the_models():
    table = models.OpacityTable(np.array([0.01, 100]), np.array([0, 1.0]), np.eye(2), "a test")
    model = models.EBLAbsorption(0.1, "of a test", table=table) * models.PowerLaw()
    with pytest.raises(InputError, match="The model of the opacity is 'of a test'"):
        spectrum_values(model)
    source = models.SkyModel(models.SkyPointSource("83 deg", "22 deg"), model, name="far")
    config = Config(data="x", target="far", models=[source])
    resolved = config.resolved()
    assert resolved.spectrum == spectrum_values("index=2.5")
    (again,) = resolved.options()["models"]
    assert again.spectral_model.dnde(3.0) == pytest.approx(model.dnde(3.0))


def test_a_factor_alone_is_no_spectrum():
    with pytest.raises(InputError, match="a factor without a unit; wanted is a flux"):
        spectrum_values("PowerLawNorm tilt=0.3")


def test_texts_and_other_ways_to_write_a_name():
    values = spectrum_values("log-parabola alpha=2.2 amplitude=3e-11 cm-2 s-1 TeV-1, beta = 0.3")
    assert values["model"] == "LogParabola"
    model = spectral_model(values)
    assert (model.alpha.value, model.beta.value) == (2.2, 0.3)
    assert model.amplitude.quantity.to_value("cm-2 s-1 TeV-1") == 3e-11
    assert spectrum_values("power law")["model"] == "PowerLaw"
    assert spectrum_values("index=3") == spectrum_values({"model": "PowerLaw", "index": 3})


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        ("Powerlow", ("model",), "did you mean 'PowerLaw'"),
        ({"model": "open"}, ("model",), "wanted is one of PowerLaw"),
        ({"indx": 2}, ("indx",), "did you mean 'index'"),
        ({"index": "2 TeV"}, ("index",), "wanted is what converts"),
        ({"reference": "1 s"}, ("reference",), "wanted is what converts"),
        ({"index": True}, ("index",), "wanted is a number"),
        ({"index": [2]}, ("index",), "wanted is a number"),
        ({"index": "__import__('os')"}, ("index",), "wanted"),
    ],
)
def test_what_is_wrong_is_told_with_its_key(value, path, words):
    with pytest.raises(InputError, match=words) as error:
        spectrum_values(value)
    assert error.value.path == path


def test_what_is_no_model():
    with pytest.raises(InputError, match="a float; wanted is a model"):
        spectrum_values(2.7)
