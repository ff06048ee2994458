"""Item 3: no NaN and no negative limit, whatever the counts."""

import time

import numpy as np

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.onoff_profile import OnOffProfile
from validation.report import Section, verdict


def random_cells(n, rng):
    """(n_on, n_off, alpha): log-uniform means from 0.01 to 10,000, a tenth of each at 0; alpha from 1e-3 to 10."""
    counts = [
        np.where(rng.random(n) < 0.1, 0, rng.poisson(np.exp(rng.uniform(np.log(0.01), np.log(1e4), n))))
        for _ in range(2)
    ]
    return *(each.astype(float) for each in counts), 10 ** rng.uniform(-3, 1, n)


def problems(n, rng, negative):
    """(number of NaN, negative limits, fits that did not converge) of n cells."""
    on, off, alpha = random_cells(n, rng)
    profile = OnOffProfile(np.arange(n), on, off, alpha, np.ones(n), n)
    found = estimate_norms(profile, negative=negative, errn_errp=1.0, ul_rise=2.7055, ts=True)
    values = np.stack([found.norm, found.norm_errn, found.norm_errp, found.norm_ul, found.ts])
    nan = np.count_nonzero(~np.isfinite(values).all(axis=0))
    return np.array([nan, np.count_nonzero(found.norm_ul < 0), np.count_nonzero(~found.minimum.converged)])


def section(n, rng):
    """The `Section`."""
    start, counted = time.perf_counter(), {}
    for negative in (False, True):
        sizes = [min(100_000, n - first) for first in range(0, n, 100_000)]
        counted[negative] = sum(problems(size, rng, negative) for size in sizes)
    nan, below, lost = counted[False]
    free = counted[True]
    good = not (nan or below or lost)
    failures = [] if good else [f"item 3: {nan} NaN, {below} negative limits, {lost} not converged"]
    text = (
        f"{n:,} random cells (means from 0.01 to 10,000, a tenth of each count 0, alpha "
        f"from 0.001 to 10): {nan} with a "
        f"NaN or infinity in flux, errors, limit or TS, {below} negative limits, {lost} fits that did not converge: "
        f"{verdict(good)}. With fluxes that may be negative ({n:,} more): {free[0]} NaN or infinite, {free[2]} not "
        f"converged; {free[1]} limits below zero, which is what an unbounded limit of a deficit is. "
        f"({time.perf_counter() - start:.0f} s in all.)"
    )
    return Section("3. Random counts", text, failures=failures)
