"""Events that are there twice, and stretches of good time without one."""

import numpy as np
import pytest

from tevcurve.data import DataStore
from tevcurve.data.event_checks import GAP_CHANCE, longest_gap, remark_gap, single_rows
from tevcurve.errors import DataError
from tevcurve.files import FitsFile
from tevcurve.problems import noted_remarks


def some_events(n, rng):
    return np.sort(rng.uniform(0, 1000, n)), rng.uniform(1, 10, n), rng.uniform(0, 1, n), rng.uniform(0, 1, n)


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_events_that_are_there_twice_count_once(in_order, share):
    rng = np.random.default_rng(1)
    once = some_events(200, rng)
    rows = np.concatenate([np.arange(200), np.arange(int(200 * share))])
    rows = np.sort(rows) if in_order else rows
    twice = [values[rows] for values in once]
    with noted_remarks() as remarks:
        single = single_rows(*twice, lambda: None, "x")
    assert sorted(twice[0][single].tolist()) == once[0].tolist()
    assert f"x has {int(200 * share)} of {len(rows)} events twice" in remarks[0][1]


def test_one_id_at_one_time_is_one_event():
    time, energy, lon, lat = (
        np.array(one, dtype=float) for one in ([1, 2, 2, 3], [1, 2, 4, 3], [0] * 4, [0] * 4)
    )
    with pytest.raises(DataError, match=r"1 EVENT_IDs with several events at the same time \(such as 7\)"):
        single_rows(time, energy, lon, lat, lambda: np.array([6, 7, 7, 8]), "x")
    # Two showers may well come at once where times are coarse, and identifiers may repeat at other times.
    assert single_rows(time, energy, lon, lat, lambda: np.array([6, 7, 9, 6]), "x") is None
    assert single_rows(time, energy, lon, lat, lambda: None, "x") is None


def test_without_two_at_once_nothing_else_is_looked_at():
    time = np.arange(5.0)
    assert single_rows(time, None, None, None, None, "x") is None
    assert single_rows(time[::-1].copy(), None, None, None, None, "x") is None


def test_the_longest_gap_is_one_of_good_time():
    intervals = np.array([[0.0, 100.0], [1000.0, 1100.0]])
    seconds, start, stop, _ = longest_gap(np.array([10.0, 90.0, 1020.0]), intervals)
    # From 1020 s to the end are 80 s, and from 10 to 90 s as many; from 90 over the pause to 1020 s only 30.
    assert seconds == 80
    assert (start, stop) in ((10.0, 90.0), (1020.0, 1100.0))


def test_the_chance_of_a_gap_is_that_of_uniform_events():
    # At the rate itself (n + 1) exp(-n g / T) holds for uniform events; a third of the rate is on the safe side.
    rng = np.random.default_rng(2)
    intervals, n = np.array([[0.0, 1.0]]), 50
    times = np.sort(rng.uniform(0, 1, (4000, n)), axis=1)
    gaps = np.array([longest_gap(one, intervals)[0] for one in times])
    for gap in (0.08, 0.12, 0.16):
        assert np.mean(gaps > gap) < (n + 1) * np.exp(-n * gap) + 3 / np.sqrt(len(times))


@pytest.mark.parametrize(
    ("kept", "place"), [((0, 500), "the last"), ((500, 1000), "the first"), ((0, 0), "from 299.7 to 600.2 s")]
)
def test_events_that_stop_before_the_good_time_does_are_told(kept, place):
    time = np.sort(np.random.default_rng(3).uniform(0, 1000, 2000))
    inside = (time >= kept[0]) & (time < kept[1]) if kept[1] else (time < 300) | (time > 600)
    with noted_remarks() as remarks:
        remark_gap(time[inside], np.array([[0.0, 1000.0]]), "x")
    assert f"x has no event in {place}" in remarks[0][1]


def test_rates_that_change_with_the_zenith_angle_are_no_gaps():
    rng = np.random.default_rng(4)
    with noted_remarks() as remarks:
        for n in (5, 50, 500, 5000):
            for _ in range(100):
                time = rng.uniform(0, 1000, 2 * n)
                # The rate falls to half of what it was.
                time = np.sort(time[rng.uniform(0, 1, len(time)) < 1 - time / 2000])
                remark_gap(time, np.array([[0.0, 1000.0]]), "x")
    assert not remarks
    assert GAP_CHANCE == 1e-6


def test_no_public_file_has_events_twice(gammapy_data):
    folders = (gammapy_data / name for name in ("hess-dl3-dr1/data", "magic/rad_max/data", "others"))
    files = [one for folder in folders for one in sorted(folder.glob("**/*.fits*"))]
    n_lists = 0
    for path in files:
        for hdu in FitsFile.open(path).tables():
            if hdu.name == "EVENTS":
                columns = [np.asarray(hdu.data[name], float) for name in ("TIME", "ENERGY", "RA", "DEC")]
                assert single_rows(*columns, lambda: hdu.data["EVENT_ID"], path.name) is None  # noqa: B023
                n_lists += 1
    assert n_lists >= 105


def test_one_public_run_ends_before_its_good_time(hess_dl3_dr1):
    # The list of run 20283 ends after 1180 of 1683 s, as one sees in its file; no other run is told of.
    told = {}
    for observation in DataStore.from_dir(hess_dl3_dr1).get_observations():
        with noted_remarks() as remarks:
            remark_gap(np.sort(observation.good_events.time_s), observation.gti.intervals, "x")
        if remarks:
            told[observation.obs_id] = remarks[0][1]
        observation.release()
    assert list(told) == [20283]
    assert "no event in the last 503.2 s of 1683.0 s" in told[20283]
