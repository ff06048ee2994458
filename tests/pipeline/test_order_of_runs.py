"""Rows and runs are in the order of time, and no number depends on the order in which the runs are given."""

import filecmp

import astropy.units as u
import numpy as np
import pytest
from small_store import SOURCE, START, TARGET, cube_datasets, make_store, run_file, spectrum_datasets

from tevcurve import DataStore, LightCurveEstimator, PowerLaw
from tevcurve.data.time_order import order_of_time
from tevcurve.lightcurve.bins import by_counts, by_intervals, by_night, by_run, by_width
from tevcurve.lightcurve.concatenation import concatenate
from tevcurve.pipeline import engine, light_curve
from tevcurve.pipeline.append import append_runs
from tevcurve.store import Result, input_files, write_result

ORDERS = ([3, 2, 1], [2, 3, 1])


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store"))


def make(store, ids, time_bins=None, method="1d", **options):
    options = {"width": "1 deg"} | options if method == "3d" else options
    options = {
        "energy_edges": [0.7, 2, 10] * u.TeV,
        "safe_energy": None,
        "spectrum": PowerLaw(index=2.7),
    } | options
    observations = [store.get_observations([one])[0] for one in ids]
    return light_curve(observations, TARGET, time_bins, method=method, **options)


def assert_same(one, other):
    assert one.table.colnames == other.table.colnames
    assert one.meta == other.meta
    tables = [(getattr(one.ledger, name), getattr(other.ledger, name)) for name in ("events", "seconds")]
    for table, its in [(one.table, other.table), *tables]:
        for name in table.colnames:
            np.testing.assert_array_equal(np.asarray(table[name]), np.asarray(its[name]), err_msg=name)
    assert one.ledger.failed == other.ledger.failed


@pytest.mark.parametrize(
    ("method", "time_bins"),
    [
        ("1d", by_run()),
        ("1d", by_width("9 min")),
        ("1d", by_night()),
        ("1d", by_counts(60)),
        ("3d", by_night()),
    ],
)
def test_no_number_depends_on_the_order_of_the_list(store, method, time_bins):
    right = make(store, [1, 2, 3], time_bins, method)
    assert right.ledger.events["obs_id"].tolist() == ["1", "2", "3"]
    assert np.all(np.diff(right.table["time_min"]) >= 0)
    for order in ORDERS if method == "1d" else ORDERS[:1]:
        other = make(store, order, time_bins, method)
        assert_same(right, other)
        assert_same(right.rebin("4 min"), other.rebin("4 min"))


def test_runs_that_fail_are_in_one_order_too(store, tmp_path):
    runs = [
        run_file(4, 4, START + 6000, (83.63, 22.51), gti=()),
        run_file(5, 5, START + 9000, (83.63, 22.51), gti=()),
    ]
    from dl3_files import write_store

    bad = DataStore.from_dir(write_store(tmp_path, runs)).get_observations([4, 5])
    good = store.get_observations([1])
    made = [
        light_curve([*bad[::step], *good][::step], TARGET, method="1d", energy_edges=[1, 10] * u.TeV)
        for step in (1, -1)
    ]
    assert [one.obs_id for one in made[0].ledger.failed] == ["4", "5"]
    assert_same(*made)


@pytest.mark.parametrize(
    "time_bins", [by_run(), by_night(), by_counts(60)], ids=lambda bins: type(bins).__name__
)
def test_thousands_of_runs_in_any_order(store, monkeypatch, time_bins):
    right = make(store, [1, 2, 3], time_bins)
    monkeypatch.setattr(engine, "MANY", 2)
    monkeypatch.setattr(engine, "PART", 1)
    monkeypatch.setattr(engine, "HELD", 0)
    for order in ([1, 2, 3], *ORDERS):
        assert_same(right, make(store, order, time_bins))


@pytest.mark.parametrize(("time_bins", "new"), [(by_run(), 2), (by_night(), 1)])
def test_an_earlier_run_is_appended_at_its_place(store, tmp_path, time_bins, new):
    """The folder is that of all runs at once, to the last byte, though the new run lies between or before."""
    folder, whole = tmp_path / "parts", tmp_path / "whole"
    for path, some in ((folder, [run for run in (1, 2, 3) if run != new]), (whole, [1, 2, 3])):
        write_result(path, make(store, some, time_bins), inputs=input_files(store.get_observations(some)))
    made = append_runs(folder, store.get_observations([new])).light_curve
    assert_same(Result.read(whole).light_curve, made)
    names = [str(path.relative_to(whole)) for path in whole.rglob("*") if path.is_file()]
    assert filecmp.cmpfiles(whole, folder, names, shallow=False) == (names, [], [])


def test_intervals_are_rows_in_the_order_of_time(store):
    first = store.get_observations([1])[0].tstart
    pairs = [(first + k * u.min, first + (k + 5) * u.min) for k in (60, 30, 0)]
    backwards, forwards = (make(store, [1, 2, 3], by_intervals(some)) for some in (pairs, pairs[::-1]))
    assert_same(forwards, backwards)
    assert np.all(np.diff(backwards.table["time_min"]) >= 0)


def test_runs_that_overlap_are_rows_in_the_order_of_time(tmp_path):
    """Two instruments at once: the bins of their runs follow each other in time, not run by run."""
    from dl3_files import write_store

    runs = [run_file(1, 1, START, (83.63, 22.51)), run_file(2, 2, START + 300, (83.63, 21.51))]
    store = DataStore.from_dir(write_store(tmp_path, runs))
    table = make(store, [2, 1], by_width("10 min", align="run"), energy_edges=[1, 10] * u.TeV).table
    assert np.all(np.diff(table["time_min"]) > 0)
    assert len(table) == 6


@pytest.mark.parametrize("datasets_of", [spectrum_datasets, cube_datasets])
def test_datasets_in_any_order(store, datasets_of):
    datasets = datasets_of(store.get_observations())
    for time_bins in (None, "night"):
        made = [
            LightCurveEstimator(some, source=SOURCE, time_bins=time_bins)
            .run("1 TeV", "0.7 TeV", "10 TeV")
            .table
            for some in (datasets, datasets[::-1])
        ]
        assert np.all(np.diff(made[0]["time_min"]) > 0)
        for name in made[0].colnames:
            np.testing.assert_array_equal(np.asarray(made[0][name]), np.asarray(made[1][name]), err_msg=name)


def test_light_curves_put_together_backwards(store):
    parts = [make(store, [number]) for number in (1, 2, 3)]
    joined, backwards = concatenate(parts), concatenate(parts[::-1])
    assert_same(joined, backwards)
    assert backwards.ledger.events["obs_id"].tolist() == ["1", "2", "3"]


def test_clocks_that_count_from_other_days(store):
    """Mission seconds that begin at another day do not order runs; time does."""

    class Run:
        def __init__(self, run_id, gti):
            self.run_id, self.gti = run_id, gti

    from timelines import CLOCKS, make_run

    made = [
        make_run([(at, at + 50)], clock=clock, obs_id=k)
        for k, (at, clock) in enumerate(zip((200, 0, 100), CLOCKS, strict=True))
    ]
    assert order_of_time([Run(run.run_id, run.gti) for run in made]).tolist() == [1, 2, 0]
