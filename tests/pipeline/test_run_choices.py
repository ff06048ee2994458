"""Runs that are chosen for each instrument by itself: in the call, in a configuration, by append, and in files."""

from dataclasses import fields

import numpy as np
import pytest
from small_store import TARGET
from two_instruments import NAMES, OPTIONS, make_stores

from tevcurve import Instrument, LightCurve, append_runs, light_curve
from tevcurve.config import Config
from tevcurve.errors import InputError
from tevcurve.pipeline.run_choice import RunChoice
from tevcurve.pipeline.run_choices import RunChoices
from tevcurve.run_options import OF_CHOICE
from tevcurve.store import Result, write_result

# Runs of the two are 1 to 3 and 1 to 4.
OWN = {"HESS": {"where": "OBS_ID < 3"}, "MAGIC": {"where": "OBS_ID == 4"}}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    make_stores(folder)
    return {name: str(folder / name) for name in NAMES}


def made(folders, own, **options):
    instruments = {name: Instrument(path, method="1d", **own.get(name, {})) for name, path in folders.items()}
    return light_curve(instruments=instruments, target=TARGET, **(OPTIONS | options))


def ids(light_curve):
    return names_of(run.run_id for run in light_curve.origin.runs)


def names_of(run_ids):
    return sorted(f"{one.instrument} {one.obs_id}" for one in run_ids)


def test_what_an_instrument_says_are_the_conditions_that_there_are():
    assert tuple(each.name for each in fields(RunChoice)) == OF_CHOICE


def test_each_instrument_has_the_runs_of_its_own_choice(folders, tmp_path):
    both = made(folders, OWN)
    assert ids(both) == ["HESS 1", "HESS 2", "MAGIC 4"]
    assert names_of(one.run_id for one in both.ledger.not_chosen) == [
        "HESS 3",
        "MAGIC 1",
        "MAGIC 2",
        "MAGIC 3",
    ]
    assert both.meta["runs_chosen_of"] == OWN
    for name in NAMES:
        alone = light_curve(folders[name], TARGET, choose=OWN[name], method="1d", **OPTIONS)
        mine = np.asarray(both.table["instrument"]) == name
        np.testing.assert_array_equal(both.table["flux"][mine], alone.table["flux"])
    for name in ("table.fits", "table.ecsv"):
        both.write(tmp_path / name)
        assert LightCurve.read(tmp_path / name).meta["runs_chosen_of"] == OWN


def test_what_it_says_goes_before_what_is_said_of_all(folders):
    of_all = {"where": "OBS_ID == 1"}
    assert ids(made(folders, {}, choose=of_all)) == ["HESS 1", "MAGIC 1"]
    assert ids(made(folders, {"MAGIC": {"where": "OBS_ID >= 3"}}, choose=of_all)) == [
        "HESS 1",
        "MAGIC 3",
        "MAGIC 4",
    ]
    # None: whatever they are. What is said otherwise of all stays.
    own = {"MAGIC": {"where": None}}
    assert ids(made(folders, own, choose=of_all | {"before": "2100-01-01"}))[1:] == [
        f"MAGIC {k}" for k in (1, 2, 3, 4)
    ]
    with pytest.raises(
        InputError, match=r"Of the instrument 'HESS': zenith is 'low'; wanted is a condition on an angle"
    ):
        RunChoices.of(None, {"HESS": Instrument("there", zenith="low")})


@pytest.mark.parametrize("named", [True, False])
def test_what_is_added_is_chosen_likewise(folders, tmp_path, named):
    write_result(
        tmp_path / "result",
        made(folders, {"HESS": {"where": "OBS_ID == 1"}, "MAGIC": {"where": "OBS_ID == 4"}}),
    )
    result = append_runs(tmp_path / "result", folders["HESS"], instrument="HESS" if named else None)
    assert result.appended.added == ()
    assert ids(Result.read(tmp_path / "result").light_curve) == ["HESS 1", "MAGIC 4"]


def test_a_configuration_says_the_same(folders, tmp_path):
    instruments = {name: {"data": path, "method": "1d", **OWN[name]} for name, path in folders.items()}
    position = f"{TARGET.ra.deg} deg, {TARGET.dec.deg} deg"
    values = {"energy_edges": ["0.7 TeV", "2 TeV", "10 TeV"], "safe_energy": None}
    config = Config(instruments=instruments, target="there", position=position, **values)
    assert config.resolved().instruments["HESS"]["where"] == "OBS_ID < 3"
    assert ids(light_curve(**config.arguments())) == ["HESS 1", "HESS 2", "MAGIC 4"]
    text = config.to_yaml()
    (tmp_path / "job.yaml").write_text(text)
    assert Config.read(tmp_path / "job.yaml") == config
