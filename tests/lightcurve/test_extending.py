"""More runs for a long light curve: what is done for one does not depend on how many are there, but for tables."""

import os
import sys
from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest

import tevcurve
from tevcurve import light_curve
from tevcurve.data import GTI
from tevcurve.data.observations import Observations
from tevcurve.demo import POSITION, demo_observations
from tevcurve.lightcurve.extending import extend, with_runs
from tevcurve.pipeline.append import append_runs
from tevcurve.store import write_result

PACKAGE = os.path.dirname(tevcurve.__file__)
FEW, MANY = 8, 40


@pytest.fixture(scope="module")
def curve():
    return light_curve(
        Observations(demo_observations()[:2]), POSITION, energy_edges=[0.5, 10] * u.TeV, method="1d"
    )


def again(run, number):
    """A run once more, so many hours later."""
    intervals = run.gti.intervals + 3600.0 * number
    return replace(
        run,
        run_id=replace(run.run_id, obs_id=str(1000 + number)),
        gti=GTI(*intervals.T, run.gti.reference),
        time_s=run.time_s + 3600.0 * number,
    )


def grown(curve, n_runs):
    """The light curve with so many runs more."""
    run = curve.origin.runs.read(1)
    origin, _ = with_runs(curve.origin, [again(run, number) for number in range(1, n_runs + 1)])
    return origin.resolved().light_curve()


def calls_of(work):
    """(what a function without arguments returns, how often functions of the package are called meanwhile)."""
    count = 0

    def profile(frame, event, _):
        nonlocal count
        count += event == "call" and frame.f_code.co_filename.startswith(PACKAGE)

    sys.setprofile(profile)
    try:
        made = work()
    finally:
        sys.setprofile(None)
    return made, count


def one_more(curve, number):
    origin, old = with_runs(curve.origin, [again(curve.origin.runs.read(1), number)])
    return extend(curve, origin.resolved(), old)


def test_one_run_more_is_one_row_more_whatever_is_there(curve):
    counts = {}
    for n_runs in (FEW, MANY):
        there = one_more(grown(curve, n_runs), 998)
        made, counts[n_runs] = calls_of(lambda there=there: one_more(there, 999))
        whole = made.origin.light_curve()
        for name in whole.table.colnames:
            np.testing.assert_array_equal(np.asarray(made.table[name]), np.asarray(whole.table[name]), name)
        assert str(made.ledger) == str(whole.ledger)
    # For each run that is there a few calls, such as for its words, where tens were; the rest is arrays.
    assert counts[MANY] - counts[FEW] < 14 * (MANY - FEW)


def test_of_a_run_that_is_appended_little_grows_with_what_is_there(curve, tmp_path):
    counts = {}
    new = Observations(demo_observations()[2:4])
    for n_runs in (FEW, MANY):
        write_result(tmp_path / str(n_runs), grown(curve, n_runs))
        result = append_runs(tmp_path / str(n_runs), new[:1])
        _, counts[n_runs] = calls_of(lambda result=result: append_runs(result, new[1:]))
    # What grows are the words of tables, and a name for each file.
    assert counts[MANY] - counts[FEW] < 45 * (MANY - FEW)
