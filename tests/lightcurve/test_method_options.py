"""What is given in vain is refused, at every door; what is not given is the default of its method."""

import inspect

import astropy.units as u
import pytest
from regions import CircleSkyRegion
from simulated_cubes import simulated_cube

from tevcurve import LightCurveEstimator, light_curve
from tevcurve.config import Config, ConfigError
from tevcurve.demo import POSITION, demo_observations
from tevcurve.errors import InputError
from tevcurve.lightcurve.method_options import OPTIONS, settled, used

VAIN = [
    ("1d", {"offset_max": "0.3 deg"}),
    ("1d", {"offset_max": "2 deg"}),
    ("1d", {"width": "6 deg"}),
    ("1d", {"binsz": "0.2 deg"}),
    ("1d", {"unbinned": True}),
    ("3d", {"on_radius": "0.3 deg"}),
    ("3d", {"on_radius": "0.11 deg"}),
    ("3d", {"background": "shape"}),
    ("3d", {"shape_from": "night"}),
    ("3d", {"background": "shape", "shape_from": "run"}),
]
ALONE = [
    ("1d", {"shape_from": "night"}, "shape_from is 'night', which goes with background='shape' only"),
    ("1d", {"shape_from": "run"}, "shape_from is 'run', which goes with background='shape' only"),
    ("3d", {"free_ts": 9}, "free_ts is 9.*, which goes with free only"),
    ("1d", {"free_ts": 25}, "free_ts is 25.*, which goes with free only"),
]


@pytest.fixture(scope="module")
def observations():
    return demo_observations()[:1]


@pytest.mark.parametrize(("method", "given"), VAIN)
def test_options_of_the_other_method_are_refused(observations, method, given):
    name, words = next(iter(given)), f"method='{method}' has no use for {next(iter(given))}"
    with pytest.raises(InputError, match=words):
        light_curve(observations, POSITION, method=method, **given)
    with pytest.raises(ConfigError, match=words):
        Config(data="x", target="y", method=method, **given)
    assert name in [option.name for option in OPTIONS]


@pytest.mark.parametrize(("method", "given", "words"), ALONE)
def test_options_without_the_one_they_go_with_are_refused(observations, method, given, words):
    with pytest.raises(InputError, match=words):
        light_curve(observations, POSITION, method=method, **given)
    with pytest.raises(ConfigError, match=words):
        Config(data="x", target="y", method=method, **given)


def test_every_vain_option_is_named_in_one_sentence(observations):
    with pytest.raises(InputError) as told:
        light_curve(observations, POSITION, method="1d", width="3 deg", binsz="0.1 deg", unbinned=True)
    words = "width (3 deg), binsz (0.1 deg), unbinned (True); wanted is method='3d', or a call without them."
    assert str(told.value) == f"method='1d' has no use for {words}"


def test_estimator_refuses_what_its_datasets_have_no_use_for():
    datasets = [simulated_cube()]
    with pytest.raises(InputError, match="shape_from is 'night', which goes with background='shape'"):
        LightCurveEstimator(datasets, shape_from="night")
    for name, value in (("norm_min", 0.5), ("norm_max", 3), ("norm_n_values", 7)):
        with pytest.raises(InputError, match=f"{name} is {value}, and norm_values are given too"):
            LightCurveEstimator(datasets, norm_values=[1, 2], **{name: value})


def test_workers_of_a_cluster_need_no_processes(observations):
    with pytest.raises(InputError, match="n_jobs is 2, and a client is given too"):
        light_curve(observations, POSITION, n_jobs=2, client=object())


def test_defaults_are_settled_by_the_method():
    nothing = dict.fromkeys([option.name for option in OPTIONS])
    assert settled(nothing, "3d")["width"] == "2 deg"
    assert used(nothing, "3d") == {
        "offset_max": "2 deg",
        "width": "2 deg",
        "binsz": "0.04 deg",
        "unbinned": False,
        "free_ts": 25.0,
    }
    assert set(used(nothing | {"free": ()}, "1d")) == {"on_radius", "background"}
    resolved = Config(data="x", target="y", method="1d").resolved()
    # A run may have a radius of its own, so none is written down.
    assert (resolved.on_radius, resolved.width, resolved.shape_from) == (None, None, None)


def test_what_asks_for_nothing_is_never_in_vain():
    Config(data="x", target="y", method="1d", unbinned=False, width=None)
    Config(data="x", target="y", method="3d", background="free", on_radius="null", shape_from="none")


def test_every_option_of_the_table_is_one_of_the_call_and_of_the_configuration():
    parameters = inspect.signature(light_curve).parameters
    for option in OPTIONS:
        assert parameters[option.name].default in (None, option.nothing)
        assert Config.model_fields[option.name].default in (None, option.nothing)


@pytest.mark.parametrize("method", ["1d", "3d"])
def test_stacked_and_exclusion_are_for_both_methods(observations, method):
    pointing = observations[0].pointing
    away = pointing.position_angle(POSITION) + 180 * u.deg
    region = CircleSkyRegion(pointing.directional_offset_by(away, pointing.separation(POSITION)), 0.2 * u.deg)
    made = light_curve(observations, POSITION, method=method, stacked=True, exclusion=region)
    assert made.table["flux"][0] != light_curve(observations, POSITION, method=method).table["flux"][0]


def test_defaults_of_all_methods_in_files_of_older_versions_ask_for_nothing(tmp_path):
    old = "data: x\ntarget: y\nmethod: 1d\nwidth: 2 deg\nbinsz: 0.04 deg\nfree_ts: 25.0\nshape_from: run\n"
    (tmp_path / "old.yaml").write_text(old)
    assert Config.read(tmp_path / "old.yaml").width is None
    (tmp_path / "old.yaml").write_text(old.replace("2 deg", "3 deg"))
    with pytest.raises(ConfigError, match="no use for width"):
        Config.read(tmp_path / "old.yaml")
