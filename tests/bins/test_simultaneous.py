"""Good time that instruments have in common, against the same by hand and second by second."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.bins.simultaneous import simultaneous_time
from tevcurve.data import GTI, TimeReference
from tevcurve.run_id import RunId

CLOCK = TimeReference(51910, 0.0, "tt")


class Run:
    def __init__(self, instrument, obs_id, *intervals, clock=CLOCK):
        self.run_id = RunId(instrument, str(obs_id))
        start, stop = np.array(intervals, dtype=float).T
        self.gti = GTI(start, stop, clock)


RUNS = [
    Run("hess", 1, (0, 1000), (1100, 2000)),
    Run("magic", 1, (500, 1050), (1060, 1500)),
    Run("hess", 2, (5000, 9000)),
    Run("magic", 2, (4000, 8600)),
    Run("fact", 1, (1400, 1600), (8500, 9500)),
]


def test_intervals_by_hand():
    shared = simultaneous_time(RUNS)
    assert shared.instruments == ("hess", "magic", "fact")
    wanted = [
        (500, 1000, "hess magic"),
        (1100, 1400, "hess magic"),
        (1400, 1500, "hess magic fact"),
        (1500, 1600, "hess fact"),
        (5000, 8500, "hess magic"),
        (8500, 8600, "hess magic fact"),
        (8600, 9000, "hess fact"),
    ]
    names = [" ".join(np.array(shared.instruments)[own]) for own in shared.observing]
    assert list(zip(shared.start_s, shared.stop_s, names, strict=True)) == wanted
    assert shared.seconds() == {"hess": 5000.0, "magic": 4500.0, "fact": 700.0}


def test_cells_hold_the_same_time_of_the_same_instruments():
    shared = simultaneous_time(RUNS)
    cells = shared.cells(1800.0)
    pieces = cells.pieces(RUNS)
    assert_allclose(np.sum(cells.stop_s - cells.start_s), np.sum(shared.stop_s - shared.start_s))
    names = np.array([run.run_id.instrument for run in RUNS])[pieces.run]
    for cell in range(cells.n_bins):
        own = pieces.bin == cell
        seconds = [
            np.sum((pieces.stop_s - pieces.start_s)[own & (names == name)]) for name in shared.instruments
        ]
        there = [second for second in seconds if second]
        assert len(there) > 1
        assert_allclose(there, there[0])
    first, last = (getattr(cells, edge).mjd * 86400 for edge in ("time_min", "time_max"))
    assert np.all(last - first <= 1800 + 1e-3)
    assert np.all(np.diff(first) >= 0)


def test_a_long_stretch_is_cut_evenly_and_short_ones_are_put_together():
    """5000 to 8500 s in two halves; 500 to 1400 s is one cell in spite of the gap from 1000 to 1100 s."""
    cells = simultaneous_time(RUNS).cells(1800.0)
    edges = [(float(a), float(b)) for a, b in zip(cells.start_s, cells.stop_s, strict=True)]
    assert edges[:2] == [(500, 1000), (1100, 1400)]
    assert_array_equal(cells.bin[:2], [0, 0])
    assert (5000, 6750) in edges
    assert (6750, 8500) in edges


def test_other_clocks_are_the_same_time():
    """An instrument that counts from a day later, in UTC."""
    later = TimeReference(51911, 0.0, "utc")
    shift = (later.to_time(0.0) - CLOCK.to_time(0.0)).sec
    other = Run("magic", 1, (500 - shift, 1050 - shift), clock=later)
    shared = simultaneous_time([RUNS[0], other])
    assert_allclose([shared.start_s[0], shared.stop_s[0]], [500, 1000], atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_second_by_second(seed):
    """Runs of whole seconds: each second is in the good time of an instrument or is not."""
    rng = np.random.default_rng(seed)
    runs, there = [], np.zeros((3, 4000), dtype=bool)
    for number in range(12):
        instrument = number % 3
        edges = np.sort(rng.choice(4000, 6, replace=False)).reshape(-1, 2)
        runs.append(Run("abc"[instrument], number, *edges))
        for low, high in edges:
            there[instrument, low:high] = True
    shared, several = simultaneous_time(runs), there.sum(axis=0) > 1
    assert np.sum(shared.stop_s - shared.start_s) == np.count_nonzero(several)
    wanted = {name: np.count_nonzero(several & own) for name, own in zip("abc", there, strict=True)}
    assert shared.seconds() == wanted
    cells = shared.cells(300.0)
    assert np.sum(cells.stop_s - cells.start_s) == np.count_nonzero(several)
    assert np.all(np.diff(cells.bin) >= 0)


def test_without_any_there_are_no_cells():
    shared = simultaneous_time([RUNS[0], RUNS[3]])
    assert len(shared.start_s) == 0
    assert shared.cells(1800.0).n_bins == 0
    assert shared.seconds() == {"hess": 0.0, "magic": 0.0}
