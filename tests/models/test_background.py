import numpy as np
import pytest

from tevcurve.errors import InputError, MissingError
from tevcurve.maps import MapAxis, WcsGeom, WcsNDMap
from tevcurve.models import BackgroundModel

AXIS = MapAxis.from_bounds(700, 10000, 4, unit="GeV", name="energy", interp="log")
GEOM = WcsGeom.create(skydir=(83.6, 22), binsz=0.5, width=2, axes=[AXIS])


@pytest.fixture
def background():
    data = np.random.default_rng(1).uniform(0, 3, GEOM.data_shape)
    return BackgroundModel(WcsNDMap(GEOM, data, meta={"t_start": 1}))


def test_defaults_are_those_of_the_tutorial(background):
    assert background.name == "background"
    assert background.parameters.names == ["norm", "tilt", "reference"]
    assert background.parameters.free_parameters.names == ["norm"]
    assert background.norm.min == 0
    background.parameters["norm"].frozen = False
    background.parameters["tilt"].frozen = True


def test_at_norm_one_and_no_tilt_it_is_the_map(background):
    np.testing.assert_array_equal(background.evaluate().data, background.map.data)
    assert background.evaluate().meta == {"t_start": 1}


def test_norm_and_tilt(background):
    background.norm, background.tilt, background.reference = 1.5, 0.3, "2 TeV"
    edges = np.geomspace(0.7, 10, 5)
    energy = np.sqrt(edges[:-1] * edges[1:])
    wanted = 1.5 * background.map.data * ((energy / 2) ** -0.3)[:, None, None]
    np.testing.assert_allclose(background.evaluate().data, wanted, rtol=1e-12)
    np.testing.assert_allclose(background.scaled(), wanted / 1.5, rtol=1e-12)
    np.testing.assert_allclose(background.scaled(tilt=0.0), background.map.data)
    np.testing.assert_allclose(background.scaled(reference=1.0), wanted / 1.5 * 2**-0.3, rtol=1e-12)
    assert background.tilt.value == 0.3


def test_evaluating_leaves_the_map_alone(background):
    before = background.map.data.copy()
    background.norm = 2
    background.evaluate().data[...] = 7
    assert not background.scaled().flags.writeable
    np.testing.assert_array_equal(background.map.data, before)
    background.map.data[0] = 1


def test_copies_have_their_own_map_and_parameters(background):
    new = background.copy(name="run 1")
    new.norm = 2
    new.map.data[...] = 0
    assert (background.norm.value, background.name, new.name) == (1, "background", "run 1")
    assert background.map.data.sum() > 0


def test_what_it_does_not_take(background):
    with pytest.raises(InputError, match="wanted is a map"):
        BackgroundModel(np.ones(3))
    with pytest.raises(InputError, match="bounds"):
        background.norm = -1
    with pytest.raises(MissingError, match="norm, tilt, reference"):
        background.parameters["index"]
    image = BackgroundModel(background.map.sum_over_axes(), tilt=0.1)
    with pytest.raises(InputError, match="a tilt needs one of energy"):
        image.evaluate()


def test_views(background):
    assert str(background).splitlines()[:2] == ["BackgroundModel 'background'", "  norm = 1"]
    assert "tilt" in background._repr_html_()
