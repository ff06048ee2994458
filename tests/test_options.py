"""What is given in vain is refused, at every door; what is not given is the default of its method."""

import dataclasses
import inspect

import astropy.units as u
import numpy as np
import pytest
from regions import CircleSkyRegion
from simulated_cubes import simulated_cube

from tevcurve import LightCurveEstimator, Systematic, light_curve
from tevcurve.config import Config, ConfigError, instruments
from tevcurve.config.keys import KEYS
from tevcurve.config.values import KINDS, energies_of, norms_of
from tevcurve.demo import POSITION, demo_observations
from tevcurve.errors import InputError
from tevcurve.fit.fit_options import FitOptions
from tevcurve.options import CONDITIONAL, OPTIONS, check_choice, settled, used

VAIN = [
    ("1d", {"offset_max": "0.3 deg"}),
    ("1d", {"offset_max": "2 deg"}),
    ("1d", {"width": "6 deg"}),
    ("1d", {"binsz": "0.2 deg"}),
    ("1d", {"unbinned": True}),
    ("3d", {"on_radius": "0.3 deg"}),
    ("3d", {"on_radius": "0.11 deg"}),
    ("3d", {"off_regions": "wobble"}),
    ("3d", {"angular_size": "grid"}),
    ("3d", {"background": "shape"}),
    ("3d", {"shape_from": "night"}),
    ("3d", {"background": "shape", "shape_from": "run"}),
]
ALONE = [
    ("1d", {"shape_from": "night"}, "shape_from is 'night', which goes with background='shape' only"),
    ("1d", {"shape_from": "run"}, "shape_from is 'run', which goes with background='shape' only"),
    ("1d", {"n_off": 2}, "n_off is 2, which goes with off_regions='wobble' only"),
    ("1d", {"off_regions": "reflected", "n_off": 2}, "n_off is 2, which goes with off_regions='wobble' only"),
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
    assert name in [option.name for option in CONDITIONAL]


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


def test_estimator_knows_of_an_error_of_the_background_by_row_only():
    datasets = [simulated_cube()]
    by_row = Systematic(effect="background", sigma=0.05, by="row")
    assert LightCurveEstimator(datasets, systematics=by_row).options.background_error == 0.05
    with pytest.raises(InputError, match=r"'flux_scale 0\.1 by all' is of light curves of runs"):
        LightCurveEstimator(datasets, systematics=[{"effect": "flux_scale", "sigma": 0.1, "by": "all"}])
    with pytest.raises(InputError, match="is what background_error says"):
        LightCurveEstimator(datasets, systematics=by_row, background_error=0.1)


def test_workers_of_a_cluster_need_no_processes(observations):
    with pytest.raises(InputError, match="n_jobs is 2, and a client is given too"):
        light_curve(observations, POSITION, n_jobs=2, client=object())


def test_defaults_are_settled_by_the_method():
    nothing = dict.fromkeys([option.name for option in CONDITIONAL])
    assert settled(nothing, "3d")["width"] == "2 deg"
    assert used(nothing, "3d") == {
        "offset_max": "2 deg",
        "width": "2 deg",
        "binsz": "0.04 deg",
        "unbinned": False,
        "free_ts": 25.0,
        "neighbours": None,
    }
    assert set(used(nothing | {"free": ()}, "1d")) == {
        "on_radius",
        "off_regions",
        "angular_size",
        "background",
        "statistic",
        "neighbours",
    }
    resolved = Config(data="x", target="y", method="1d").resolved()
    # A run may have a radius of its own, so none is written down.
    assert (resolved.on_radius, resolved.width, resolved.shape_from) == (None, None, None)


def test_what_asks_for_nothing_is_never_in_vain():
    Config(data="x", target="y", method="1d", unbinned=False, width=None)
    Config(data="x", target="y", method="3d", background="free", on_radius="null", shape_from="none")


# What a signature has in place of the table's default, and why.
OWN_DEFAULTS = {
    "time_bins": (None, "by_run() is made by the call"),
    "spectrum": (None, "a model is made by the call, not when the module is imported"),
    "upper_limit": (None, "the default holds where sigma_ul is not given either"),
    "cache": (None, "a call in Python writes nothing that was not asked for"),
    "free": ((), "a default that cannot be changed in place"),
}
OWN_DEFAULTS_OF_ESTIMATOR = OWN_DEFAULTS | {
    "energy_edges": (None, "the tutorial's datasets are fitted in all their bins"),
    "norm_values": (None, "norm_min, norm_max and norm_n_values say it, the tutorial's way"),
}
# Arguments that are not in the table: what is looked at, and what only Python has.
NOT_OPTIONS = {"observations", "target", "name", "progress", "client"}
NOT_OPTIONS |= {"instruments", "choose", "cross_calibration", "systematics"}
ESTIMATORS_OWN = {"systematics", "datasets", "source", "norm_min", "norm_max", "norm_n_values", "reoptimize"}


def documented(thing):
    """Names of the arguments in the docstring of a function or class, as numpy has them."""
    lines = inspect.getdoc(thing).split("Parameters\n----------\n")[1].split("\n\n")[0].splitlines()
    heads = [line.split(" : ")[0] for line in lines if not line.startswith(" ")]
    return {name.strip() for head in heads for name in head.split(",")}


def same(value, text, option):
    """Whether a default of a signature is what the table has as text."""
    if option.kind in ("energies", "bands") and text is not None:
        return np.array_equal(u.Quantity(value).to_value("TeV"), energies_of(text).value)
    if option.kind == "norms":
        return np.array_equal(value, norms_of(text))
    return value == text


@pytest.mark.parametrize(
    ("thing", "own", "others"),
    [
        (light_curve, OWN_DEFAULTS, NOT_OPTIONS),
        (LightCurveEstimator, OWN_DEFAULTS_OF_ESTIMATOR, ESTIMATORS_OWN),
    ],
)
def test_signatures_and_docstrings_are_those_of_the_table(thing, own, others):
    parameters = inspect.signature(thing).parameters
    known = {option.name: option for option in OPTIONS}
    assert set(parameters) - set(known) == others
    assert set(parameters) == documented(thing)
    for name in set(parameters) & set(known):
        value, option = parameters[name].default, known[name]
        if name in own:
            assert value == own[name][0], name
        else:
            assert same(value, option.given_default, option), name
    if thing is light_curve:
        assert set(known) <= set(parameters)


def test_configurations_options_of_rows_and_kinds_are_those_of_the_table():
    fields = {field.name: field.default for field in dataclasses.fields(FitOptions)}
    of_rows = {option.name: option for option in OPTIONS if option.of_rows}
    assert set(of_rows) | {"steps"} == set(fields)
    for name in set(of_rows) - {"norm_values", "sigma_ul", "free"}:
        assert fields[name] == of_rows[name].default, name
    assert [key.name for key in KEYS] == list(Config(data="x", target="y").values())
    assert {option.name for option in OPTIONS} <= {key.name for key in KEYS}
    for key in KEYS:
        assert key.description
        assert key.kind == "text" or key.kind in KINDS | instruments.KINDS
        assert bool(key.choices) or key.kind != "text"


def test_a_choice_that_is_none_is_told_with_those_that_are():
    for option in OPTIONS:
        if option.kind == "text":
            with pytest.raises(InputError, match=f"{option.name} is 'x'; wanted is '{option.choices[0]}' or"):
                check_choice(option.name, "x")


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
