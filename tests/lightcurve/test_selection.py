import astropy.units as u
import numpy as np
import pytest
from astropy.time import Time
from light_curve_rows import assert_same_rows, make_rows
from numpy.testing import assert_array_equal
from small_store import TARGET, make_store

import tevcurve
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_width


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    store = make_store(tmp_path_factory.mktemp("store"))
    return tevcurve.light_curve(store, TARGET, time_bins=by_width("7 min"), energy_edges=[1, 3, 10] * u.TeV)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (slice(2, 5), [2, 3, 4]),
        (slice(None, None, 3), [0, 3, 6]),
        (3, [3]),
        (-1, [7]),
        (np.int64(2), [2]),
        ([1, 4, -1], [1, 4, 7]),
        (np.arange(8) % 2 == 1, [1, 3, 5, 7]),
        ([False] * 8, []),
        ([], []),
    ],
)
def test_rows_are_picked_as_from_an_array(key, expected):
    light_curve = make_rows()
    part = light_curve[key]
    assert type(part) is type(light_curve)
    assert len(part) == len(expected)
    assert_same_rows(part.table, light_curve.table[np.array(expected, dtype=int)])
    assert part.meta == light_curve.meta


def test_every_row_comes_by_once_when_iterated_and_indexed():
    light_curve = make_rows()
    for number, row in enumerate(light_curve):
        assert light_curve[number].table["norm"][0] == row["norm"]


@pytest.mark.parametrize(
    "take", [lambda lc: lc[1:3], lambda lc: lc[:], lambda lc: lc.copy(), lambda lc: lc[[0, 1]]]
)
def test_parts_and_copies_share_no_memory(take):
    light_curve = make_rows(meta={"nested": {"a": [1]}})
    part = take(light_curve)
    for name in part.table.colnames:
        assert not np.shares_memory(part.table[name], light_curve.table[name]), name
    part.table.meta["nested"]["a"].append(2)
    assert light_curve.meta["nested"]["a"] == [1]


def test_select_time_takes_whole_bins():
    light_curve = make_rows(scale="tt")
    start = light_curve.time_start[2]
    assert_array_equal(
        light_curve.select_time(start=start).table["time_min"], light_curve.table["time_min"][2:]
    )
    # another scale is converted, not misread: TAI is 32.184 s behind TT
    assert len(light_curve.select_time(start=start.tai)) == 6
    assert len(light_curve.select_time(start=start + 1 * u.s)) == 4
    assert len(light_curve.select_time(stop=light_curve.time_stop[3])) == 4
    assert len(light_curve.select_time(stop=light_curve.time_stop[3] - 1 * u.s)) == 2
    # MJD 53345 is 2004-12-05; a date is UTC, 64.184 s later, and a number TT
    assert len(light_curve.select_time("2004-12-05", "2004-12-06T12:00:00")) == 2
    assert len(light_curve.select_time("2004-12-05 tt", "2004-12-06T12:00:00")) == 4
    assert len(light_curve.select_time(53345, 53346.5)) == 4
    assert len(light_curve.select_time("53345 utc", 53346.5)) == 2
    assert len(light_curve.select_time()) == 8
    assert len(light_curve.select_time(start=Time(60000, format="mjd"))) == 0


def test_what_is_no_row_or_time_is_said():
    light_curve = make_rows()
    with pytest.raises(IndexError, match="no row 8: the light curve has 8"):
        light_curve[8]
    with pytest.raises(IndexError, match="no row"):
        light_curve[[0, 9]]
    with pytest.raises(InputError, match=r"had by light_curve.table\['flux'\]"):
        light_curve["flux"]
    with pytest.raises(InputError, match=r"mask has the shape \(3,\); the light curve has 8 rows"):
        light_curve[np.array([True, False, True])]
    for rows in (slice(None, None, -1), [2, 1], [1, 1]):
        with pytest.raises(InputError, match="stay in their order, each once"):
            light_curve[rows]
    for rows in (1.5, [0.5, 1], None, (slice(2), 1), True):
        with pytest.raises(InputError, match="wanted is a number, a slice"):
            light_curve[rows]
    with pytest.raises(InputError, match="not after start"):
        light_curve.select_time("2004-12-06", "2004-12-05")
    with pytest.raises(InputError, match="start is 'noon'; wanted is a Time"):
        light_curve.select_time("noon")
    with pytest.raises(InputError, match="stop has the shape"):
        light_curve.select_time(stop=light_curve.time_stop)


def test_the_ledger_of_a_part_counts_the_rest_as_outside_its_time_bins(whole):
    half = whole.table["time_min"] >= np.median(whole.table["time_min"])
    one, other = whole[~half], whole[half]
    used = [part.ledger.totals() for part in (one, other, whole)]
    for totals in used:
        assert totals["total"] == used[2]["total"]
    assert used[0]["used"] + used[1]["used"] == used[2]["used"]
    assert 0 < used[0]["used"] < used[2]["used"]
    moved = used[0]["outside the time bins"] - used[2]["outside the time bins"]
    assert moved > 0
    seconds = [np.sum(part.ledger.seconds["used"]) for part in (one, other, whole)]
    assert seconds[0] + seconds[1] == pytest.approx(seconds[2], rel=1e-12)
    # a part of a part
    twice = whole[4:][2:]
    assert twice.ledger.totals() == whole[6:].ledger.totals()


def test_the_ledger_of_no_rows_has_used_nothing(whole):
    assert whole[:0].ledger.totals()["used"] == 0


def test_a_part_cannot_be_rebinned_and_says_why(whole):
    with pytest.raises(
        InputError, match=r"does not know its events \(it is a part of another; rebin the whole one"
    ):
        whole[2:].rebin(by_width("5 min"))
    with pytest.raises(InputError, match="it is a part of another"):
        whole[2:].hardness()
    # a copy is the whole still
    assert len(whole[:].rebin(by_width("14 min"))) == len(whole.rebin(by_width("14 min")))
