"""Runs of two instruments, each reduced by its own setting, are what each gives alone, wherever they wait."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from dl3_files import write_store
from kept_runs import assert_same
from small_store import START, TARGET, run_file

from tevcurve import DataStore
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_counts, by_width
from tevcurve.models import PowerLaw
from tevcurve.options import OPTIONS
from tevcurve.pipeline import engine
from tevcurve.pipeline.append import append_runs
from tevcurve.pipeline.engine import light_curve_of
from tevcurve.pipeline.job_making import job_of
from tevcurve.pipeline.keep_runs import as_cache, keep_each
from tevcurve.reduction.settings import SettingRule
from tevcurve.store import Result, input_files, write_result

DAY = 86400
OF_HESS = {
    "1d": {"safe_energy": 0.1, "on_radius": "0.11 deg"},
    "3d": {"safe_energy": None, "offset_max": "1 deg"},
}
OF_MAGIC = {
    "1d": {"safe_energy": None, "on_radius": "0.2 deg", "responses": "centre"},
    "3d": {"safe_energy": 0.2, "binsz": "0.1 deg", "unbinned": True, "responses": "centre"},
}
SAME = ("counts", "flux", "flux_err", "flux_ul", "ts", "npred", "loglike", "e_min_fit", "livetime", "reason")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of each of two instruments, on different days, with the same OBS_IDs."""
    made = []
    for telescope, first in (("HESS", START), ("MAGIC", START + DAY)):
        files = [
            run_file(
                number,
                number,
                first + 700 * number,
                (TARGET.ra.deg, TARGET.dec.deg + shift),
                200,
                400,
                tstop=first + 700 * number + 600,
                telescope=telescope,
            )
            for number, shift in ((1, 0.5), (2, -0.5))
        ]
        folder = write_store(tmp_path_factory.mktemp(telescope), files)
        made += DataStore.from_dir(folder).get_observations()
    return made


def job(runs, method="1d", **options):
    asked = {option.name: option.given_default for option in OPTIONS}
    asked |= {
        "upper_limit": None,
        "energy_edges": [0.7, 2, 10] * u.TeV,
        "method": method,
        "norm_values": None,
    }
    asked |= {"spectrum": PowerLaw(index=2.5, amplitude="3e-11 cm-2 s-1 TeV-1"), "exclusion": None}
    asked["time_bins"] = by_width("5 min")
    return job_of(runs, TARGET, "both", asked | options)[0]


def two_settings(runs, method="1d", **options):
    """A `Job` with a setting for HESS and one for MAGIC, and the two that have one of these each."""
    alone = [job(runs, method, **(own[method] | options)) for own in (OF_HESS, OF_MAGIC)]
    first, second = (one.settings.default for one in alone)
    return replace(alone[0], settings=SettingRule(first, {"MAGIC": second})), *alone


def light_curve(job, runs, **where):
    return light_curve_of(job, keep_each(job, runs, **where), len(runs))


def assert_same_rows(one, *others):
    """Rows are those of other light curves, one after the other, to the last digit."""
    for name in SAME:
        wanted = np.concatenate([np.asarray(other.table[name]) for other in others])
        np.testing.assert_array_equal(np.asarray(one.table[name]), wanted, err_msg=name)


def assert_same_light_curve(one, other):
    assert one.table.colnames == other.table.colnames
    for name in one.table.colnames:
        np.testing.assert_array_equal(
            np.asarray(one.table[name]), np.asarray(other.table[name]), err_msg=name
        )
    assert dict(one.meta) == dict(other.meta)
    assert list(one.meta) == list(other.meta)


@pytest.fixture(scope="module", params=["1d", "3d"])
def method(request):
    return request.param


@pytest.fixture(scope="module")
def made(runs, method):
    both, of_hess, of_magic = two_settings(runs, method)
    return light_curve(both, runs), light_curve(of_hess, runs[:2]), light_curve(of_magic, runs[2:])


def test_each_run_has_its_own_setting(made):
    both, hess, magic = made
    assert_same_rows(both, hess, magic)
    assert np.all(np.asarray(both.table["counts"]) > 0)


def test_settings_differ_in_what_they_give(made, runs, method):
    _, of_hess, _ = two_settings(runs, method)
    otherwise = light_curve(of_hess, runs[2:])
    assert np.all(np.asarray(otherwise.table["flux"]) != np.asarray(made[2].table["flux"]))


def test_words_are_those_of_the_runs_that_are_there(made, runs, method):
    both, hess, magic = made
    assert both.meta["method"] == method
    words = {one.meta["safe_energy"] for one in (hess, magic)}
    assert all(each in both.meta["safe_energy"] for each in words)
    assert both.meta["safe_energy"].startswith("HESS: ")
    assert both.meta["responses"] == "HESS: weighted, MAGIC: centre"
    # Of the same job, with runs of one of them only.
    alone = light_curve(two_settings(runs, method)[0], runs[2:])
    assert alone.meta["safe_energy"] == magic.meta["safe_energy"]
    assert_same_light_curve(alone, magic)


def test_in_other_bins(made):
    both, hess, magic = made
    bands = [1, 10] * u.TeV
    assert_same_rows(both.rebin("2 min", bands), hess.rebin("2 min", bands), magic.rebin("2 min", bands))


def test_below_zero_and_added_up(runs):
    for method, options in (
        ("1d", {"stacked": True}),
        ("3d", {"negative": True}),
        ("1d", {"negative": True}),
    ):
        both, hess, magic = two_settings(runs, method, **options)
        given = light_curve(both, runs), light_curve(hess, runs[:2]), light_curve(magic, runs[2:])
        assert_same_rows(*given)


def test_ratios_of_bands_and_bins_of_events(runs):
    both, hess, magic = two_settings(runs)
    made = light_curve(both, runs), light_curve(hess, runs[:2]), light_curve(magic, runs[2:])
    ratios = [np.asarray(one.hardness(0, 1)["hardness"]) for one in made]
    np.testing.assert_array_equal(ratios[0], np.concatenate(ratios[1:]))
    counted = [one.rebin(by_counts(20)).table["counts"].sum() for one in made]
    assert counted[0] == counted[1] + counted[2] > 100


def test_free_shapes(runs):
    both, hess, magic = two_settings(runs, free=("index",), free_ts=9, responses="weighted")
    made = light_curve(both, runs), light_curve(hess, runs[:2]), light_curve(magic, runs[2:])
    for name in ("index", "index_err", "flux_ul"):
        values = [np.asarray(one.table[name]) for one in made]
        np.testing.assert_array_equal(values[0], np.concatenate(values[1:]), err_msg=name)


def test_in_a_result_and_appended(made, runs, tmp_path):
    both, *_ = made
    first = light_curve(two_settings(runs, both.meta["method"])[0], runs[:2])
    write_result(tmp_path / "all", both, inputs=input_files(runs))
    write_result(tmp_path / "one", first, inputs=input_files(runs[:2]))
    read = Result.read(tmp_path / "all").light_curve
    assert_same(read.origin.settings, both.origin.settings)
    assert_same_light_curve(read.origin.light_curve(), both)
    assert_same_light_curve(read.rebin("2 min"), both.rebin("2 min"))
    appended = append_runs(tmp_path / "one", runs)
    assert len(appended.appended.added) == 2
    assert_same_light_curve(appended.light_curve, both)
    again = Result.read(tmp_path / "one").light_curve
    assert_same_light_curve(again.rebin("2 min"), both.rebin("2 min"))


def test_in_a_folder_part_by_part(made, runs, monkeypatch):
    monkeypatch.setattr(engine, "MANY", 1)
    monkeypatch.setattr(engine, "PART", 1)
    job = two_settings(runs, made[0].meta["method"])[0]
    assert_same_light_curve(light_curve(job, runs), made[0])
    # In another order they come in other parts.
    assert_same_light_curve(light_curve(job, [runs[k] for k in (3, 0, 2, 1)]), made[0])


def test_in_processes_and_from_a_cache_of_reduced_runs(runs, tmp_path):
    both, hess, magic = two_settings(runs)
    cache = as_cache(tmp_path / "cache")
    made = light_curve(both, runs, n_jobs=2, cache=cache)
    assert_same_rows(made, light_curve(hess, runs[:2]), light_curve(magic, runs[2:]))
    # Where the regions are is settled when a run is there: it is the same one for any setting.
    keys = [[each.run_keys().key(run).text for run in runs] for each in (both, hess, magic)]
    assert keys[0] == keys[1] == keys[2]
    assert all(cache.get(key) is not None for key in keys[0])


def test_energies_that_are_safe_in_all_runs_that_ask_for_it(runs):
    both, hess, magic = (job(runs, safe_energy=rule) for rule in ("common", "common", None))
    mixed = replace(both, settings=SettingRule(hess.settings.default, {"MAGIC": magic.settings.default}))
    made = light_curve(mixed, runs)
    assert made.meta["safe_energy"] == "HESS: common, MAGIC: none"
    assert_same_rows(made, light_curve(hess, runs[:2]), light_curve(magic, runs[2:]))
    both_common = replace(both, settings=SettingRule(hess.settings.default, {"MAGIC": both.settings.default}))
    made = light_curve(both_common, runs)
    assert_same_light_curve(made, light_curve(both, runs))
    assert made.origin.settings.common.settled
    assert {setting.safe_energy for setting in made.origin.settings.all} == {made.origin.settings.common}


def test_what_cannot_be_in_one_light_curve(runs):
    one, other = (job(runs, method).settings.default for method in ("1d", "3d"))
    small = job(runs, "3d", binsz="0.1 deg").settings.default
    with pytest.raises(InputError, match="different maps; wanted is one"):
        replace(job(runs, "3d", stacked=True), settings=SettingRule(other, {"MAGIC": small}))
    centre = job(runs, "1d", responses="centre").settings.default
    with pytest.raises(InputError, match="different responses"):
        replace(job(runs, "1d", free=("index",)), settings=SettingRule(one, {"MAGIC": centre}))
