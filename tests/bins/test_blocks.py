"""Blocks of runs that came in parts."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from tevcurve.bins.blocks import bayesian_blocks
from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.datasets.timeline import RunTimeline, whole_timelines
from tevcurve.run_id import RunId


def test_blocks_of_parts_are_those_of_the_whole_run():
    reference, rng = TimeReference(51910, 0.0), np.random.default_rng(5)
    runs, cut = [], []
    for number, start in enumerate((0.0, 2000.0)):
        edges = start + np.array([0.0, 500.0, 800.0, 1500.0])
        on = np.sort(
            np.concatenate([rng.uniform(start, start + 1500, 150), rng.uniform(start, start + 400, 80)])
        )
        off = np.sort(rng.uniform(start, start + 1500, 900))
        run_id = RunId.of(number + 1, "HESS")

        def line(low, high, run_id=run_id, on=on, off=off):
            inside = (each[(each >= low) & (each < high)] for each in (on, off))
            return RunTimeline(run_id, GTI([low], [high], reference), next(inside), 0.1, next(inside), 1 / 12)

        runs.append(line(edges[0], edges[-1]))
        cut += [line(*each) for each in pairwise(edges)]
    rng.shuffle(cut)
    wanted, found = (bayesian_blocks(0.05).bins(lines) for lines in (runs, cut))
    assert wanted.n_bins > 2
    for name in ("time_min", "time_max"):
        np.testing.assert_array_equal(getattr(found, name).mjd, getattr(wanted, name).mjd)
    # What has another run between its parts is none of them.
    other = replace(runs[1], run_id=runs[0].run_id)
    between = replace(
        cut[0], run_id=RunId.of(9, "HESS"), gti=GTI([1600], [1900], reference), time_s=np.array([1700.0])
    )
    assert len(whole_timelines([runs[0], between, other])) == 3
    assert len(whole_timelines([runs[0], other])) == 1
