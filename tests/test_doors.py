"""Every option at every door: a door takes it, or stands here with why it does not, and refuses it in a sentence."""

import inspect

import astropy.units as u
import pytest
from astropy.table import Table

from tevcurve import LightCurveEstimator, light_curve, light_curves
from tevcurve.cli.commands import COMMANDS
from tevcurve.cli.main import main
from tevcurve.config import Config
from tevcurve.config.keys import HOW, KEYS
from tevcurve.demo import demo_observations
from tevcurve.errors import InputError
from tevcurve.on_demand import found_at
from tevcurve.options import OPTIONS, RUNNING
from tevcurve.run_options import CHOICES

NAMES = {key.name for key in KEYS} - {"version"}
OF_ROWS = {option.name for option in OPTIONS if option.section != RUNNING}
# Of a position in a catalogue: what another method, or more than one flux in a row, would be.
OF_ONE_SOURCE = {
    "method",
    "unbinned",
    "stacked",
    "free",
    "free_ts",
    "interval",
    "sigma_sensitivity",
    "models",
}
OF_ONE_SOURCE |= {"neighbours"}
OF_REGIONS = {option.name for option in OPTIONS if option.method == "1d"}
OF_INSTRUMENTS = {"instruments", "reference", "cross_calibration", "systematics"}
PLACES = {"data", "target", "position", "positions"}
OF_A_CALL = {"scheduler", "n_jobs", "strict", "cache"}
# What each command does not take of all that a configuration has.
WITHOUT = {
    "run": set(),
    "init": {"data", "positions"},
    "light-curve": {"data", "positions"},
    "light-curves": PLACES | OF_ONE_SOURCE | OF_REGIONS | OF_INSTRUMENTS | {"plot", "report", "cache"},
    # The error of the background is that of the detector, for which another option has its name.
    "watch": {"data", "positions", "runs", "overwrite"} | OF_A_CALL,
    # The light curve is the one that is there.
    "append": NAMES - {"data_root", "irfs", "n_jobs", "strict", "cache", "plot", "report", "overwrite"},
    "rebin": NAMES
    - {"time_bins", "energy_edges", "e_reco", "e_true", "output", "plot", "report", "overwrite"},
}


@pytest.mark.parametrize("name", WITHOUT)
def test_a_command_takes_each_key_or_stands_here(name):
    taken = set(inspect.signature(found_at(COMMANDS[name].place)).parameters)
    assert NAMES - taken == WITHOUT[name]


@pytest.mark.parametrize("name", ["light-curves", "watch", "append", "rebin"])
def test_a_command_refuses_what_it_does_not_take(name, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for key in WITHOUT[name]:
        assert main([name, "a", "b", f"--{key.replace('_', '-')}", "1"]) == 2
        told = capsys.readouterr().err
        assert f"--{key.replace('_', '-')}" in told


def test_what_a_watch_has_no_use_for_is_refused_by_set_too(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "night").mkdir()
    words = ["watch", "night", "--target", "Crab", "-o", "r", "--baseline-flux", "0 cm-2 s-1", "--once"]
    for key in (*WITHOUT["watch"], "plot", "report"):
        assert main([*words, "--set", f"{key}=1"]) == 2
        assert f"--set has {key}, for which" in capsys.readouterr().err


def test_a_catalogue_takes_an_option_at_both_doors_or_at_none(tmp_path):
    observations = demo_observations()[:1]
    at = observations[0].pointing
    positions = Table({"name": ["x"], "ra": [at.ra.deg], "dec": [at.dec.deg]})
    refused = (WITHOUT["light-curves"] & OF_ROWS) | {"systematics", "instruments", "cross_calibration"}
    for name in sorted(refused):
        # An option of the other method is refused by that.
        value = 2 if name == "n_off" else {"off_regions": "wobble", "background": "shape"}.get(name, "1")
        with pytest.raises(InputError, match=name):
            light_curves(observations, positions, **{name: value})
    made = light_curves(observations, positions, "run", [1, 10] * u.TeV, width="1.5 deg", binsz="0.1 deg")
    assert len(made["x"])
    for name, value in (("interval", "auto"), ("sigma_sensitivity", 5.0), ("free", ["index"])):
        text = Config(data="x", positions="targets", **{name: value}).to_yaml()
        (tmp_path / "job.yaml").write_text(text)
        assert main(["run", str(tmp_path / "job.yaml"), "-o", str(tmp_path / "field")]) == 2


def test_calls_take_each_option_or_stand_here():
    of_calls = {option.name for option in OPTIONS}
    assert of_calls <= set(inspect.signature(light_curve).parameters)
    # Datasets have their method, responses, regions, models and free parameters in them.
    of_datasets = {option.name for option in OPTIONS if option.of_runs or option.section == RUNNING}
    of_datasets |= {
        "method",
        "spectrum",
        "models",
        "neighbours",
        "free",
        "free_ts",
        "stacked",
        "exclusion",
        "e_reco",
    }
    of_datasets |= {"e_true"}
    assert of_calls - set(inspect.signature(LightCurveEstimator).parameters) == of_datasets


def test_keys_are_options_choices_or_say_where():
    assert {option.name for option in (*OPTIONS, *CHOICES)} <= NAMES
    assert set(HOW) <= NAMES
