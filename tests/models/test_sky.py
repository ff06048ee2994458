import pytest

from tevcurve.errors import InputError
from tevcurve.models import PowerLaw, SkyGaussian, SkyModel, SkyPointSource, SpectralModel


@pytest.fixture
def crab():
    return SkyModel(
        spatial_model=SkyPointSource("83.63308 deg", "22.0145 deg"), spectral_model=PowerLaw(2.6), name="crab"
    )


def test_parameters_are_those_of_both_parts(crab):
    assert crab.parameters.names == ["lon_0", "lat_0", "index", "amplitude", "reference"]
    crab.parameters["lon_0"].frozen = True
    crab.parameters["index"].value = 2.3
    assert crab.spatial_model.lon_0.frozen
    assert crab.spectral_model.index.value == 2.3
    assert crab.position.ra.deg == pytest.approx(83.63308)


def test_copies_are_independent(crab):
    new = crab.copy(name="other")
    assert (crab.name, new.name, crab.copy().name) == ("crab", "other", "crab")
    new.parameters["index"].value = 3
    new.parameters["lat_0"].frozen = True
    assert crab.spectral_model.index.value == 2.6
    assert not crab.spatial_model.lat_0.frozen


def test_a_source_without_a_place(crab):
    model = SkyModel(spectral_model=PowerLaw(), name="spectrum")
    assert model.parameters.names == ["index", "amplitude", "reference"]
    assert model.copy().spatial_model is None
    with pytest.raises(InputError, match="no spatial model"):
        _ = model.position


def test_a_name_in_both_parts_must_be_asked_for_in_one():
    spectrum = SpectralModel.from_function(lambda energy, sigma: sigma / energy, sigma=2)
    model = SkyModel(SkyGaussian("1 deg", "2 deg", "0.1 deg"), spectrum)
    assert len(model.parameters) == 4
    with pytest.raises(InputError, match=r"model\.spectral_model\.parameters"):
        model.parameters["sigma"]
    assert model.spatial_model.sigma.value == 0.1


def test_parts_of_the_wrong_kind(crab):
    with pytest.raises(InputError, match="spectral_model is a NoneType"):
        SkyModel(crab.spatial_model)
    with pytest.raises(InputError, match="spatial_model is a PowerLaw"):
        SkyModel(PowerLaw(), crab.spatial_model)


def test_views_show_both_parts(crab):
    assert str(crab).splitlines()[:3] == [
        "SkyModel 'crab'",
        "  SkyPointSource (icrs)",
        "    lon_0 = 83.6331 deg",
    ]
    assert "PowerLaw" in repr(crab)
    assert crab._repr_html_().count("<table>") == 2
