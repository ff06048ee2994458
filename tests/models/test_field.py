"""A field of models and a target: which one is the source, and what does not go together is refused."""

import astropy.units as u
import numpy as np
import pytest

from tevcurve.errors import InputError
from tevcurve.models import PowerLaw, SkyGaussian, SkyModel, SkyPointSource, TemplateSpectrum
from tevcurve.models.field import field_of

HERE = (np.deg2rad(83.63), np.deg2rad(22.01))


def model(name, lon="83.63 deg", lat="22.01 deg", spectrum=None, **shape):
    spatial = SkyGaussian(lon, lat, **shape) if shape else SkyPointSource(lon, lat)
    return SkyModel(spatial, PowerLaw() if spectrum is None else spectrum, name=name)


def test_a_target_alone_is_a_point_of_the_index_of_the_default():
    field, centre = field_of(None, "Crab", HERE, None)
    assert field.is_plain
    assert centre == HERE
    assert field.spectrum.index.value == 2.5
    np.testing.assert_allclose(field.source.spatial_model.lonlat(), HERE, rtol=1e-15)


def test_the_model_of_the_name_is_the_source_and_takes_its_place():
    own, other = model("Crab", lat="22.03 deg", sigma="0.1 deg"), model("B", lat="22.3 deg")
    field, centre = field_of([other, own], "Crab", HERE, None)
    assert (field.source.name, [each.name for each in field.others]) == ("Crab", ["B"])
    np.testing.assert_allclose(np.rad2deg(centre), (83.63, 22.03), rtol=1e-14)
    assert field.is_extended
    assert not field.is_plain
    # What is changed later is changed of the caller's only.
    own.spectral_model.index.value = 4
    assert field.spectrum.index.value == 2


@pytest.mark.parametrize(
    ("neighbours", "method", "words"),
    [(None, "3d", "free"), (None, "1d", "fixed"), ("once", "3d", "once"), ("fixed", "1d", "fixed")],
)
def test_neighbours_are_free_where_they_can_be(neighbours, method, words):
    field, _ = field_of([model("B", lat="22.3 deg")], "Crab", HERE, None, neighbours, method)
    assert field.neighbours == words
    assert len(field.fitted) == (words != "fixed")
    assert len(field.fixed) == (words == "fixed")


NO_PLACE = SkyModel(spectral_model=PowerLaw(), name="B")


@pytest.mark.parametrize(
    ("models", "options", "words"),
    [
        ("B", {}, "models is 'B'; wanted is a list of SkyModel"),
        ([PowerLaw()], {}, r"models\[0\] is a PowerLaw; wanted is a SkyModel"),
        ([model("")], {}, r"models\[0\] has no name"),
        ([model("B"), model("B")], {}, "Two models have the name 'B'"),
        ([NO_PLACE], {}, "The model 'B' has no spatial model"),
        ([model("Crab", lat="23.1 deg")], {}, "'Crab' is 1.09 deg from the target"),
        ([model("Crab")], {"spectrum": PowerLaw(index=3)}, "models has another one for 'Crab'"),
        (
            [model("B", lat="23 deg", sigma="5 deg")],
            {},
            "'B' reaches to 25 deg around its centre; wanted is 20 deg or less",
        ),
        ([model("B")], {}, "'B' is where the target 'Crab' is"),
        ([model("B", lat="22.3 deg")], {"neighbours": "no"}, "neighbours is 'no'; wanted is 'free' or"),
        (
            [model("B", lat="22.3 deg")],
            {"neighbours": "free", "method": "1d"},
            "wanted is 'fixed', or method='3d'",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(models, options, words):
    with pytest.raises(InputError, match=words):
        field_of(models, "Crab", HERE, **{"spectrum": None} | options)


def test_what_is_out_of_sight_is_told_from_what_reaches_into_the_field():
    others = [
        model("near", lat="31.9 deg"),
        model("far", lat="32.2 deg"),
        model("wide", lat="32.2 deg", sigma="0.1 deg"),
        model("turned", "184.56 deg", "-5.78 deg"),
    ]
    field, _ = field_of(others, "Crab", HERE, None)
    assert [each.name for each in field.unseen] == ["far", "turned"]


def test_a_spectrum_is_the_same_where_its_values_are():
    energies = [0.1, 1, 10] * u.TeV
    one, other = (
        TemplateSpectrum(energies, values * u.Unit("cm-2 s-1 TeV-1")) for values in ([9, 3, 1], [9, 4, 1])
    )
    source = SkyModel(SkyPointSource("83.63 deg", "22.01 deg"), one, name="Crab")
    assert field_of([source], "Crab", HERE, one.copy())[0].spectrum is not one
    with pytest.raises(InputError, match="models has another one for 'Crab'"):
        field_of([source], "Crab", HERE, other)
