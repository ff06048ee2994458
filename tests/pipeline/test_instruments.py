"""Two runs with one OBS_ID of two instruments are two runs; one run is one, however much is known of its instrument."""

from itertools import chain

import astropy.units as u
import numpy as np
import pytest
from dl3_files import write_store
from small_store import START, TARGET, run_file

from tevcurve import DataStore, LightCurve
from tevcurve.data import RunId
from tevcurve.data.observation import Observation
from tevcurve.data.run import Run
from tevcurve.errors import MissingError
from tevcurve.pipeline import light_curve
from tevcurve.pipeline.append import append_runs
from tevcurve.report.page import report_html
from tevcurve.store import Result, input_files, write_result

HESS, MAGIC = RunId("HESS", "7"), RunId("MAGIC", "7")


def store_of(folder, telescope, number=7, seed=1, index=None):
    """A store of one run; the index says its telescope only where it is asked to."""
    run = run_file(number, seed, START, (83.63, 22.51), 60, 240, tstop=START + 600, telescope=telescope)
    store = DataStore.from_dir(write_store(folder, [run]))
    if index is None:
        return store
    store.obs_table.meta["TELESCOP"] = index
    return DataStore(store.hdu_table, store.obs_table, folder)


@pytest.fixture(scope="module")
def hess(tmp_path_factory):
    return store_of(tmp_path_factory.mktemp("hess"), "HESS")


@pytest.fixture(scope="module")
def magic(tmp_path_factory):
    return store_of(tmp_path_factory.mktemp("magic"), "MAGIC", seed=2)


def make(*stores, method="1d"):
    observations = list(chain.from_iterable(store.get_observations() for store in stores))
    return light_curve(observations, TARGET, method=method, energy_edges=[0.7, 10] * u.TeV, safe_energy=None)


@pytest.fixture(scope="module")
def both(hess, magic):
    return make(hess, magic)


def test_both_are_used_in_one_call(both, hess, magic):
    alone = [make(store).table["counts"].tolist() for store in (hess, magic)]
    assert both.table["counts"].tolist() == [*alone[0], *alone[1]]
    assert not both.ledger.failed
    assert both.ledger.events["instrument"].tolist() == ["HESS", "MAGIC"]
    assert both.ledger.events["obs_id"].tolist() == ["7", "7"]
    assert [run.run_id for run in both.origin.runs] == [HESS, MAGIC]
    assert both.good_time["instrument"].tolist() == ["HESS", "MAGIC"]


def test_words_name_the_instrument_only_where_there_are_several(both, hess):
    page = report_html(both, n_toys=0)
    assert "HESS 7" in page
    assert "MAGIC 7" in page
    assert "HESS 7" not in report_html(make(hess), n_toys=0)


def test_a_run_that_is_given_twice_counts_once_whoever_knows_its_instrument(hess, tmp_path):
    unknown = store_of(tmp_path, "")
    made = make(hess, unknown)
    assert len(made.ledger.events) == 1
    assert ["more than once" in one.reason for one in made.ledger.failed] == [True]


def test_results_and_files_of_light_curves_keep_both(both, hess, magic, tmp_path):
    observations = [store.obs(7) for store in (hess, magic)]
    result = Result.read(write_result(tmp_path / "result", both, inputs=input_files(observations)))
    names = sorted(path.name for path in (tmp_path / "result" / "runs").iterdir())
    assert [name.split("-")[:2] for name in names] == [["HESS", "7"], ["MAGIC", "7"]]
    assert [(each["instrument"], each["obs_id"]) for each in result.provenance["inputs"]] == [
        ("HESS", "7"),
        ("MAGIC", "7"),
    ]
    assert result.light_curve.ledger.events["instrument"].tolist() == ["HESS", "MAGIC"]
    for suffix in ("fits", "ecsv"):
        both.write(tmp_path / f"lc.{suffix}")
        back = LightCurve.read(tmp_path / f"lc.{suffix}").good_time
        for name in both.good_time.colnames:
            np.testing.assert_array_equal(back[name], both.good_time[name])


@pytest.mark.parametrize("strange", ["H.E.S.S. Phase I", "a/b %20 'c'", ""])
def test_good_times_keep_any_name(strange, tmp_path):
    made = make(store_of(tmp_path, strange))
    made.write(tmp_path / "lc.ecsv")
    assert LightCurve.read(tmp_path / "lc.ecsv").good_time["instrument"].tolist() == [strange]


def result_of(folder, *stores):
    made = make(*stores)
    observations = list(chain.from_iterable(store.get_observations() for store in stores))
    return Result.read(write_result(folder, made, inputs=input_files(observations)))


def test_the_other_instrument_is_appended_and_the_own_is_not(hess, magic, both, tmp_path):
    result = append_runs(result_of(tmp_path / "result", hess), [hess.obs(7), magic.obs(7)])
    assert (result.appended.added, result.appended.there) == ((MAGIC,), (HESS,))
    assert result.light_curve.table["counts"].tolist() == both.table["counts"].tolist()
    assert str(result.appended) == "added 1 run (MAGIC 7); it had 1 run (HESS 7)"


@pytest.mark.parametrize(
    ("header", "index"), [("HESS", None), ("HESS", "HESS"), ("HESS", "H.E.S.S."), ("", "HESS"), ("", None)]
)
def test_it_is_the_same_run_whatever_the_index_says(header, index, hess, tmp_path):
    result = result_of(tmp_path / "result", hess)
    again = append_runs(result, [store_of(tmp_path / "again", header, seed=1, index=index).obs(7)])
    assert again.appended.added == ()
    assert len(again.appended.there) == 1
    assert len(again.light_curve.table) == 1


def test_runs_that_are_known_are_passed_over_unread(hess, tmp_path, monkeypatch):
    result = result_of(tmp_path / "result", hess)
    indexed = store_of(tmp_path / "again", "HESS", seed=1, index="HESS").obs(7)
    same_file = DataStore.from_dir(hess.base_dir).obs(7)
    monkeypatch.setattr(Run, "_open", lambda *_: pytest.fail("a file is read"))
    monkeypatch.setattr(Observation, "target_name", property(lambda _: pytest.fail("a header is read")))
    assert append_runs(result, [indexed, same_file]).appended.there == (HESS, HESS)


def test_what_an_observation_is_known_by(hess, tmp_path):
    assert hess.obs(7).run_id == HESS
    assert hess.obs(7).obs_id == 7
    told = store_of(tmp_path / "told", "", index="HESS").obs(7)
    assert told.run_id_in_index == told.run_id == HESS
    other = store_of(tmp_path / "other", "HESS", index="VERITAS").obs(7)
    assert (other.run_id_in_index.instrument, other.run_id) == ("VERITAS", HESS)
    made = light_curve([other], TARGET, method="1d", energy_edges=[0.7, 10] * u.TeV, safe_energy=None)
    assert any("TELESCOP 'VERITAS'" in one.reason for one in made.ledger.warnings)
    missing = Observation(Run(7, ()))
    assert missing.run_id == RunId("", "7")


def test_observations_are_asked_for_by_either(hess, magic):
    observations = type(hess.get_observations())([hess.obs(7), magic.obs(7)])
    assert observations[MAGIC].run_id == MAGIC
    with pytest.raises(MissingError, match=r"2 times among these 2 observations \(HESS 7, MAGIC 7\)"):
        observations.by_id(7)
    assert "HESS 7" in str(observations)
