"""Instruments in a configuration, and what is not known of them: what is written is read, and mistakes have lines."""

import astropy.units as u
import numpy as np
import pytest
from small_store import TARGET
from two_instruments import NAMES, make_stores

from tevcurve import CrossCalibration, Instrument, Systematic, light_curve
from tevcurve.config import Config, ConfigError, read_config
from tevcurve.config.instruments import KEYS_OF_ONE
from tevcurve.instruments import OF_RUNS
from tevcurve.run_options import OF_CHOICE

TEXT = """version: 1
instruments:
  hess: {data: one, method: 3d, binsz: 0.1 deg}
  fact:
    data: [two, three]
    method: 1d
    safe_energy: null
    runs: [7, 8]
target: Crab
reference: hess
cross_calibration: {fact: 0.15, from: constant}
systematics:
  - {effect: flux_scale, sigma: 0.10, by: night}
  - {effect: background, sigma: 0.03, by: run, instruments: [fact]}
"""


def written(tmp_path, text):
    path = tmp_path / "job.yaml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return make_stores(tmp_path_factory.mktemp("stores"))


def test_what_an_instrument_may_say_is_what_the_record_has():
    said = {key.name for key in KEYS_OF_ONE}
    assert said == {"data", "data_root", "irfs", "runs", "target", "method", *OF_RUNS, *OF_CHOICE}
    assert said == set(Instrument.__dataclass_fields__)


def test_what_is_written_is_read_again(tmp_path):
    config = read_config(written(tmp_path, TEXT))
    assert config.instruments["fact"] == {
        "data": ["two", "three"],
        "method": "1d",
        "safe_energy": None,
        "runs": [7, 8],
    }
    assert config.cross_calibration == {"fact": {"sigma": 0.15}, "from": "constant"}
    for one in (config, config.resolved(), config.changed(cross_calibration={"fact": "free"})):
        assert read_config(written(tmp_path, one.to_yaml())) == one
    resolved = config.resolved()
    assert resolved.resolved() == resolved
    hess, fact = resolved.instruments.values()
    assert (hess["offset_max"], hess["binsz"], hess["unbinned"]) == ("2 deg", "0.1 deg", False)
    # A run may have a radius of its own, so none is written down.
    assert (fact["on_radius"], fact["angular_size"], fact["safe_energy"]) == (None, "exact", None)
    assert "on_radius" not in hess
    assert "binsz" not in fact


def test_objects_and_texts_are_the_same(tmp_path):
    config = Config(
        instruments={
            "hess": Instrument("one", method="3d", binsz=0.1 * u.deg),
            "fact": Instrument(["two", "three"], method="1d", safe_energy=None, runs=[7, 8]),
        },
        target="Crab",
        cross_calibration=CrossCalibration(reference="hess", sigma={"fact": 0.15}, from_="constant"),
        systematics=[
            Systematic(effect="flux_scale", sigma=0.10, by="night"),
            Systematic(effect="background", sigma=0.03, by="run", instruments=("fact",)),
        ],
    )
    read = read_config(written(tmp_path, TEXT))
    assert config == read
    options = config.options()
    assert options["cross_calibration"] == CrossCalibration(
        reference="hess", sigma={"fact": 0.15}, from_="constant"
    )
    assert options["systematics"][1] == Systematic(
        effect="background", sigma=0.03, by="run", instruments=("fact",)
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "binsz: 0.1",
            "binz: 0.1",
            3,
            "instruments.hess.binz: There is no key 'binz'; did you mean 'binsz'?",
        ),
        ("0.1 deg", "0.1", 3, r"instruments.hess.binsz is 0.1, without a unit; wanted is an angle"),
        ("data: one, ", "", 3, "instruments.hess.data is missing."),
        ("safe_energy: null", "safe_energy: 3", 7, "instruments.fact.safe_energy is 3; wanted is file"),
        (
            "runs: [7, 8]",
            "offset_max: 1 deg",
            1,
            "Of the instrument 'fact': method='1d' has no use for offset_max",
        ),
        (
            "reference: hess",
            "reference: hes",
            1,
            "'hes' is the reference of the cross-calibration, and no instrument",
        ),
        ("reference: hess", "", 1, "reference is missing"),
        ("fact: 0.15", "magic: 0.15", 1, "'magic' is of the cross-calibration, and no instrument of"),
        ("fact: 0.15", "fact: -1", 11, "cross_calibration.fact is -1; wanted is free, or the sigma"),
        ("from: constant", "from: all", 11, "cross_calibration.from is 'all'; wanted is overlap or constant"),
        ("sigma: 0.03", "sigm: 0.03", 14, "There is no key 'sigm'; did you mean 'sigma'?"),
        (
            "by: night",
            "by: day",
            13,
            "systematics.0: It cannot be used: by is 'day'; wanted is one of row, run, night",
        ),
        ("[fact]", "[vts]", 1, "'vts' is of the systematic background, and no instrument of"),
        ("target: Crab", "target: Crab\ndata: x", 1, "data is 'x', and instruments are given"),
        ("target: Crab", "target: Crab\nruns: [3]", 1, "runs is .*3.*, and instruments are given"),
    ],
)
def test_mistakes_have_lines_and_words(tmp_path, old, new, line, words):
    path = written(tmp_path, TEXT.replace(old, new))
    with pytest.raises(ConfigError, match=words) as told:
        read_config(path)
    assert f"line {line}: " in str(told.value)


def test_keys_that_are_no_texts_are_none():
    with pytest.raises(ConfigError, match=r"instruments\.hess\.1: There is no key 1; the keys are data, "):
        Config(target="Crab", instruments={"hess": {"data": "one", 1: 2}})


def test_what_goes_together(tmp_path):
    with pytest.raises(ConfigError, match="data is missing"):
        Config(target="Crab")
    with pytest.raises(ConfigError, match="reference is 'x', which goes with cross_calibration only"):
        Config(data="x", target="Crab", reference="x")
    with pytest.raises(ConfigError, match="and observations are given; wanted is instruments"):
        Config(data="x", target="Crab", reference="x", cross_calibration={"y": "free"})


def test_single_values_are_changed_by_their_keys(tmp_path):
    path = written(tmp_path, TEXT)
    changes = {
        "instruments.fact.method": "3d",
        "instruments.hess.binsz": "0.2 deg",
        "instruments.new.data": "four",
        "cross_calibration.new": "free",
        "cross_calibration.fact.sigma": 0.3,
        "cross_calibration.from": "overlap",
    }
    config = read_config(path, changes)
    assert config.instruments["fact"]["method"] == "3d"
    assert config.instruments["hess"] == {"data": "one", "method": "3d", "binsz": "0.2 deg"}
    assert config.instruments["new"] == {"data": "four"}
    assert config.cross_calibration == {"fact": {"sigma": 0.3}, "new": "free", "from": "overlap"}


def test_a_file_makes_what_the_call_makes(stores):
    instruments = {
        name: {"data": str(stores[name].base_dir), "on_radius": radius}
        for name, radius in zip(NAMES, ("0.11 deg", "0.2 deg"), strict=True)
    }
    asked = {"method": "1d", "time_bins": "20 min", "norm_values": None, "cache": None}
    config = Config(instruments=instruments, target="Crab", **asked)
    made = light_curve(**config.arguments())
    called = light_curve(
        target=TARGET,
        instruments={
            name: Instrument(stores[name], on_radius=own["on_radius"]) for name, own in instruments.items()
        },
        **asked,
    )
    np.testing.assert_array_equal(made.table["flux"], called.table["flux"])
    assert made.origin.instruments == dict.fromkeys(NAMES, "Crab")
    again = light_curve(**config.resolved().changed(cache=None).arguments())
    np.testing.assert_array_equal(made.table["flux"], again.table["flux"])
    chosen = Config(
        instruments=instruments | {"MAGIC": instruments["MAGIC"] | {"runs": [2]}}, target="Crab", **asked
    )
    runs = light_curve(**chosen.arguments()).origin.runs
    assert [str(run.run_id) for run in runs if run.run_id.instrument == "MAGIC"] == ["2"]
