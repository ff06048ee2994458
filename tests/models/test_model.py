import copy
import inspect
import pickle

import pytest

from tevcurve.errors import InputError
from tevcurve.models import BackgroundModel, PowerLaw, SkyGaussian


def test_a_model_shows_and_sets_its_parameters():
    model = PowerLaw(2.6, "2e-11 cm-2 s-1 TeV-1", name="crab")
    assert model.index is model.parameters["index"]
    model.index = 2.4
    model.reference = "500 GeV"
    assert (model.index.value, model.reference.value) == (2.4, 0.5)
    with pytest.raises(AttributeError, match="no attribute or parameter 'gamma'"):
        _ = model.gamma
    assert "index" in dir(model)
    assert str(model).splitlines()[:2] == ["PowerLaw 'crab'", "  index = 2.4"]
    assert "PowerLaw &#x27;crab&#x27;" in model._repr_html_()


@pytest.mark.parametrize(
    "make",
    [PowerLaw.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m)), lambda m: m.copy(name="crab")],
)
def test_copied_models_are_independent(make):
    model = PowerLaw(index=2.6, name="crab")
    model.index.error = 0.1
    new = make(model)
    assert (new.name, new.index.value, new.index.error) == ("crab", 2.6, 0.1)
    new.index.value, new.index.frozen, new.name = 3, True, "else"
    assert (model.index.value, model.index.frozen, model.name) == (2.6, False, "crab")
    assert new.dnde(2.0) != model.dnde(2.0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PowerLaw(gamma=2), "PowerLaw has no parameter 'gamma'; it has index, amplitude, reference"),
        (lambda: PowerLaw(2, index=2), "'index' twice"),
        (lambda: PowerLaw(1, 2, 3, 4), "4 values"),
        (lambda: PowerLaw(amplitude=1e-12), "wanted is what converts to"),
        (lambda: PowerLaw(amplitude="1e-12 cm-2 s-1"), "wanted is what converts to"),
        (lambda: PowerLaw(name=3), "name of a model"),
    ],
)
def test_what_a_model_is_not_made_from(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_signatures_tell_the_parameters():
    assert list(inspect.signature(PowerLaw).parameters) == ["index", "amplitude", "reference", "name"]
    assert inspect.signature(PowerLaw).parameters["reference"].default == "1 TeV"
    assert list(inspect.signature(SkyGaussian).parameters) == ["lon_0", "lat_0", "sigma", "frame", "name"]
    assert next(iter(inspect.signature(BackgroundModel).parameters)) == "map"
