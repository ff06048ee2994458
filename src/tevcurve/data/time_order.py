"""Runs in the order of time, whatever order an index or a list has them in."""

import numpy as np


def order_of_time(runs):
    """The numbers of runs in the order in which their good time begins (then ends), int array (n,).

    Runs without good time come last. What begins and ends together is in the order of each one's `RunId`.

    runs : sequence of anything with `gti` and `run_id`
    """
    gtis = [run.gti for run in runs]
    spans = np.full((len(gtis), 2), np.inf)
    for span, gti in zip(spans, gtis, strict=True):
        if len(gti.intervals):
            ends = gti.intervals[[0, -1], [0, 1]]
            span[:] = gtis[0].reference.convert(ends, gti.reference)
    order = np.lexsort((spans[:, 1], spans[:, 0]))
    if len(order) < 2 or not np.any(np.all(spans[order[1:]] == spans[order[:-1]], axis=1)):
        return order
    run_ids = [run.run_id for run in runs]
    rank = {run_id: number for number, run_id in enumerate(sorted(set(run_ids)))}
    return np.lexsort(([rank[run_id] for run_id in run_ids], spans[:, 1], spans[:, 0]))


def in_order_of_time(runs):
    """List of runs in that order. runs: iterable of them."""
    return [runs[number] for number in order_of_time(runs)] if len(runs) else []
