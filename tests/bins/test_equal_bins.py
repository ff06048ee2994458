"""Which of two sets of time bins are the same ones, beside a comparison one by one."""

from dataclasses import replace

import astropy.units as u
import numpy as np
from timelines import make_run

from tevcurve.bins import by_edges, by_run
from tevcurve.bins.equal_bins import equal_bins


def laid(bins, runs, numbers=None):
    """Bins with their pieces, whose runs have other numbers where these are given."""
    pieces = bins.pieces(runs)
    return bins, pieces if numbers is None else replace(pieces, run=np.asarray(numbers)[pieces.run])


def facts(bins, pieces, number):
    """All that a bin is: instrument, edges, phases, and each piece of good time in it."""
    own = pieces.bin == number
    name = bins.instruments[bins.owners()[number]] if bins.instruments and not bins.together else ""
    phases = [values[number] for values in (bins.phase_min, bins.phase_max) if values is not None]
    return (
        name,
        *(
            float(getattr(getattr(bins, end)[number], part))
            for end in ("time_min", "time_max")
            for part in ("jd1", "jd2")
        ),
        *phases,
        *zip(
            pieces.run[own].tolist(), pieces.start_s[own].tolist(), pieces.stop_s[own].tolist(), strict=True
        ),
    )


def assert_as_one_by_one(bins, others):
    known = [facts(*others, number) for number in range(others[0].n_bins)]
    wanted = [facts(*bins, number) for number in range(bins[0].n_bins)]
    wanted = [known.index(one) if one in known else -1 for one in wanted]
    np.testing.assert_array_equal(equal_bins(bins, others), wanted)
    return wanted


def test_bins_of_more_runs_beside_those_of_fewer():
    runs = [make_run([(1000.0 * k, 1000.0 * k + 500)], obs_id=k + 1) for k in range(6)]
    before = [0, 1, 3, 4]
    few = [runs[number] for number in before]
    wanted = assert_as_one_by_one(laid(by_run().bins(runs), runs), laid(by_run().bins(few), few, before))
    assert wanted == [0, 1, -1, 2, 3, -1]


def test_a_bin_whose_first_piece_is_the_same_and_another_is_not():
    runs = [make_run([(1000.0 * k, 1000.0 * k + 500)], obs_id=k + 1) for k in range(4)]
    changed = [*runs[:2], make_run([(2000.0, 2400.0)], obs_id=3), runs[3]]
    start = runs[0].gti.start[0]
    edges = start + [0.0, 1900.0, 3900.0, 5900.0] * u.s
    wide = by_edges(start + [0.0, 2900.0, 3900.0, 5900.0] * u.s)
    for binning in (by_edges(edges), wide):
        wanted = assert_as_one_by_one(laid(binning.bins(runs), runs), laid(binning.bins(changed), changed))
        assert -1 in wanted
        assert max(wanted) > 0


def test_bins_of_instruments_are_told_by_their_names():
    runs = [make_run([(0.0, 500.0)], obs_id=1), make_run([(0.0, 500.0)], obs_id=2)]
    made = by_run().bins(runs)
    one, other = (
        replace(made, instruments=("A", "B"), owner=np.array([0, 1])),
        replace(made, instruments=("B", "A"), owner=np.array([0, 1])),
    )
    assert assert_as_one_by_one(laid(one, runs), laid(one, runs)) == [0, 1]
    assert assert_as_one_by_one(laid(one, runs), laid(other, runs)) == [1, 0]
