"""Time bins that are made already, laid over some of their runs."""

import numpy as np
import pytest
from timelines import make_run

from tevcurve.bins import by_edges, by_run, by_width
from tevcurve.bins.made import MadeBins


@pytest.fixture
def runs():
    return [make_run([(1000.0 * number, 1000.0 * number + 500)], obs_id=number + 1) for number in range(3)]


def test_bins_of_runs_that_are_not_there_are_left_out(runs):
    made = by_run().bins(runs)
    binning = MadeBins.of(made, runs)
    same = binning.bins(runs)
    np.testing.assert_array_equal(same.start_s, made.start_s)
    np.testing.assert_array_equal(same.run, [0, 1, 2])
    part = binning.bins([runs[2], runs[0]])
    assert len(part) == 2
    np.testing.assert_array_equal(part.start_s, made.start_s[[0, 2]])
    np.testing.assert_array_equal(part.run, [1, 0])
    np.testing.assert_allclose(part.ontime_s([runs[2], runs[0]]), [500, 500])


def test_bins_of_all_runs_stay(runs):
    start = runs[0].gti.intervals[0, 0]
    made = by_edges(runs[0].gti.reference.to_time(start + np.array([0.0, 1200.0, 2600.0]))).bins(runs)
    part = MadeBins.of(made, runs).bins(runs[:1])
    assert len(part) == 2
    np.testing.assert_allclose(part.ontime_s(runs[:1]), [500, 0], atol=1e-6)


def test_pieces_of_one_observation_are_told_by_their_good_time():
    runs = [make_run([(1000.0 * number, 1000.0 * number + 500)], obs_id=1) for number in range(3)]
    made = by_width("500 s").bins(runs)
    part = MadeBins.of(made, runs).bins(runs[1:])
    np.testing.assert_array_equal(part.start_s, made.start_s[1:])
    np.testing.assert_allclose(part.ontime_s(runs[1:]), [500, 500])
    # By run they are one bin.
    whole = by_run().bins(runs)
    np.testing.assert_allclose(whole.ontime_s(runs), [1500])
    np.testing.assert_allclose(MadeBins.of(whole, runs).bins(runs[1:]).ontime_s(runs[1:]), [1000])
