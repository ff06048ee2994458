"""A word that was given up works as the one in its place, and is said once."""

import inspect

import astropy.units as u
import pytest
from small_store import TARGET, make_store

import tevcurve
from tevcurve import append_runs, light_curve
from tevcurve.cli.main import main
from tevcurve.config import Config, ConfigError
from tevcurve.errors import InputError
from tevcurve.renamed import say
from tevcurve.store import RunCache, write_result

NOW = "is called cache now; the older word works as before"


@pytest.fixture(autouse=True)
def nothing_said():
    say.cache_clear()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("data")).base_dir


def observations(folder, *ids):
    return tevcurve.DataStore.from_dir(folder).get_observations(list(ids))


def test_calls_take_the_older_name_of_an_argument(folder, tmp_path, caplog):
    options = {"method": "1d", "energy_edges": [0.7, 10] * u.TeV, "safe_energy": None}
    for _ in range(2):
        made = light_curve(observations(folder, 1), TARGET, store=tmp_path / "runs", **options)
    assert len(RunCache(tmp_path / "runs").entries()) == 1
    result = write_result(tmp_path / "result", made)
    append_runs(result, observations(folder, 2), store=tmp_path / "runs")
    assert len(RunCache(tmp_path / "runs").entries()) == 2
    assert caplog.text.count(NOW) == 1
    assert list(inspect.signature(append_runs).parameters)[2] == "cache"


def test_both_names_at_once_are_refused(folder):
    with pytest.raises(
        InputError, match="store and cache are given, which are the same; wanted is cache only"
    ):
        light_curve(observations(folder, 1), TARGET, store="a", cache="b")


def test_the_class_is_found_by_its_older_name(caplog):
    assert tevcurve.RunStore is tevcurve.store.RunStore is RunCache
    assert caplog.text.count("RunStore is called RunCache now") == 1
    assert "RunStore" not in tevcurve.__all__
    assert "RunStore" not in dir(tevcurve)
    with pytest.raises(AttributeError):
        tevcurve.store.RunShop  # noqa: B018


def test_configurations_have_it(tmp_path, caplog):
    path = tmp_path / "job.yaml"
    path.write_text("version: 1\ndata: here\ntarget: Crab\nstore: runs\n")
    assert Config.read(path).cache == "runs"
    assert Config(data="here", target="Crab", store=None).cache is None
    assert caplog.text.count(NOW) == 1
    assert Config.read(path, {"cache": "elsewhere"}).cache == "elsewhere"
    path.write_text("version: 1\ndata: here\ntarget: Crab\nstore: 5\n")
    with pytest.raises(ConfigError, match=r"job.yaml, line 4: cache is 5; wanted is a path"):
        Config.read(path)


def test_commands_have_it(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    line = ["light-curve", str(folder), "--energy", "0.7TeV,10TeV", "--method", "1d", "--runs", "1"]
    assert main([*line, "--store", "runs"]) == 0
    assert main([*line, "--set", "store=runs"]) == 0
    assert capsys.readouterr().err.count(NOW) == 1
    assert main(["store", "list", "--store", "runs"]) == 0
    told = capsys.readouterr()
    assert "1 reduced runs in runs" in told.out
    assert "tevcurve store is called tevcurve cache now" in told.err
    assert main([*line, "--store", "runs", "--cache", "none"]) == 2
    assert "store and cache are given" in capsys.readouterr().err
    for words in (["--help"], ["light-curve", "--help"], ["cache", "list", "--help"]):
        assert main(words) == 0
        assert "--store" not in capsys.readouterr().out
