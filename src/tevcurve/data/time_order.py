"""Runs in the order of time, whatever order an index or a list has them in."""

import numpy as np


def order_of_time(runs):
    """The numbers of runs in the order in which their good time begins (then ends), int array (n,).

    Runs without good time come last. What begins and ends together is in the order of each one's `RunId`.

    runs : sequence of anything with `gti` and `run_id`
    """
    gtis = [run.gti for run in runs]
    spans = _spans(gtis)
    order = np.lexsort((spans[:, 1], spans[:, 0]))
    if len(order) < 2 or not np.any(np.all(spans[order[1:]] == spans[order[:-1]], axis=1)):
        return order
    run_ids = [run.run_id for run in runs]
    rank = {run_id: number for number, run_id in enumerate(sorted(set(run_ids)))}
    return np.lexsort(([rank[run_id] for run_id in run_ids], spans[:, 1], spans[:, 0]))


def _spans(gtis):
    """Begin and end (n, 2) of good times (list of `GTI`) in the clock of the first; infinite where there is none."""
    spans = np.full((len(gtis), 2), np.inf)
    length = np.array([len(gti.intervals) for gti in gtis], dtype=int)
    some = np.flatnonzero(length)
    if not len(some):
        return spans
    edges, stop = np.concatenate([gti.intervals for gti in gtis]), np.cumsum(length)[some]
    ends = np.column_stack([edges[stop - length[some], 0], edges[stop - 1, 1]])
    references, clock = clocks_of([gti.reference for gti in gtis])
    for number, reference in enumerate(references):
        own = clock[some] == number
        spans[some[own]] = references[0].convert(ends[own], reference)
    return spans


def clocks_of(references):
    """(tuple of the clocks, each once, in the order in which they come; int array (n,), which one each is).

    references: iterable of `TimeReference`, of each of many runs.
    """
    references, clocks = list(references), {}
    # Most runs share one object, which is told sooner than what it is equal to.
    objects = dict(zip(map(id, references), references, strict=True))
    numbers = {its: clocks.setdefault(reference, len(clocks)) for its, reference in objects.items()}
    clock = np.zeros(len(references), dtype=int)
    if len(clocks) > 1:
        clock[:] = [numbers[id(reference)] for reference in references]
    return tuple(clocks), clock


def in_order_of_time(runs):
    """List of runs in that order. runs: iterable of them."""
    return [runs[number] for number in order_of_time(runs)] if len(runs) else []
