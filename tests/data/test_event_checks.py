"""Events that are there twice."""

import numpy as np
import pytest

from tevcurve.data.event_checks import single_rows
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
