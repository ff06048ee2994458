"""Cutting a reduced run in time: sums that must add up, and bins whose content is counted by hand."""

import numpy as np
import pytest

from tevcurve.data import TimeReference
from tevcurve.datasets.onoff_terms import OnOffTerms
from tevcurve.run_id import RunId

GTI = np.array([[100.0, 200.0], [300.0, 500.0]])


def reduced(seed=3, n_on=200, n_off=900):
    """Events spread over two good time intervals, in 4 energy bins."""
    random = np.random.default_rng(seed)

    def events(number):
        good = np.sort(random.uniform(0, 300, number))
        times = np.where(good < 100, good + 100, good + 200)
        return times, random.uniform(1, 2, number), random.integers(0, 4, number)

    (on_times, on_energy, on_bin), (off_times, off_energy, off_bin) = events(n_on), events(n_off)
    return OnOffTerms(
        run_id=RunId.of(5),
        reference=TimeReference(51544, 0.0),
        intervals=GTI,
        deadc=0.8,
        on_times_s=on_times,
        on_energy_tev=on_energy,
        on_bin=on_bin,
        off_times_s=off_times,
        off_energy_tev=off_energy,
        off_bin=off_bin,
        acceptance_off=np.array([8.0, 8, 8, 5]),
        exposure_per_s=np.array([1e9, 2e9, 3e9]),
        edisp=np.full((3, 4), 0.2),
        true_edges_tev=np.array([1.0, 2, 3, 4]),
        reco_edges_tev=np.array([1.0, 1.5, 2, 3, 4]),
        mask_safe=np.array([False, True, True, True]),
    )


def test_totals():
    run = reduced()
    assert run.ontime_s == 300
    assert run.livetime_s == 240
    np.testing.assert_array_equal(run.exposure, [2.4e11, 4.8e11, 7.2e11])
    np.testing.assert_array_equal(run.alpha, [1 / 8, 1 / 8, 1 / 8, 1 / 5])
    np.testing.assert_allclose(run.response, [[2e8] * 4, [4e8] * 4, [6e8] * 4])
    assert (run.n_on.sum(), run.n_off.sum()) == (200, 900)


def test_intervals_are_half_open_and_stay_inside_the_good_time():
    run = reduced()
    third = run.on_times_s[2]
    part = run.between((third, run.on_times_s[5]))
    np.testing.assert_array_equal(part.on_times_s, run.on_times_s[2:5])
    assert part.ontime_s == pytest.approx(run.on_times_s[5] - third)
    across = run.between([[350, 400], [0, 110], [190, 310]])
    np.testing.assert_array_equal(across.intervals, [[100, 110], [190, 200], [300, 310], [350, 400]])
    assert across.livetime_s == pytest.approx(80 * 0.8)
    assert set(across.on_times_s) < set(run.on_times_s)


def test_nothing_is_left_outside_of_the_good_time():
    part = reduced().between((200, 300))
    assert (part.ontime_s, part.n_on.sum(), part.n_off.sum()) == (0, 0, 0)
    np.testing.assert_array_equal(part.exposure, 0)


def test_a_run_without_events_has_parts_too():
    part = reduced(n_on=0, n_off=0).between((100, 150))
    assert part.n_on.shape == part.n_off.shape == (4,)
    assert (part.n_on.sum(), part.n_off.sum(), part.ontime_s) == (0, 0, 50)
