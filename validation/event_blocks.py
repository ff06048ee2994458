"""Blocks of events on nights that are constant and on others, against the search that tries every start."""

import time

import astropy.units as u
import numpy as np

from tevcurve import DataStore, PowerLaw, light_curve
from tevcurve.bins.blocks import block_cells, block_penalty
from tevcurve.bins.event_cells import event_cells
from tevcurve.kernels.blocks import BlockCells, find_blocks
from tevcurve.lightcurve.bins import by_run
from validation.blocks_by_starts import best_starts, total_of
from validation.flare_night import RUNS, TARGET
from validation.parts import sizes, some
from validation.report import Section, table, verdict

KINDS = "constant", "flares", "steps"
# Events of the background per second of good time, and alpha (None: it is known), and what this is called.
BACKGROUNDS = {
    "known": (0.05, None),
    "OFF in ten times the area": (0.05, 0.1),
    "few OFF events": (0.002, 0.5),
    "OFF in the same area": (0.05, 1.0),
}
# Of the source per second at flux 1, the mean good time of a run, and the chance of more than one block if constant.
RATE, RUN_S, P0 = 0.1, 1000.0, 0.1
NEAR = 0.01


def flux_of(kind, when, rng):
    """Fluxes at times (n,) from 0 to 1 of a night: 1, or one to three pulses or steps on it."""
    flux = np.ones(len(when))
    for _ in range(0 if kind == "constant" else rng.integers(1, 4)):
        place, width, height = rng.uniform(0, 1), rng.uniform(0.01, 0.2), rng.uniform(0.5, 5)
        if kind == "flares":
            after = when - place
            flux += height * np.exp(-np.abs(after) / np.where(after < 0, 0.3 * width, width))
        else:
            flux += height * ((when > place) & (when < place + width))
    return flux


def night(kind, background, rng):
    """`BlockCells` of three to seven runs with gaps and exposures of their own."""
    rate, alpha = BACKGROUNDS[background]
    n_runs = rng.integers(3, 8)
    spans, signal = RUN_S * rng.uniform(0.3, 1.2, n_runs), rng.uniform(0.5, 1.5, n_runs)
    first = np.cumsum(spans * 1.1) - spans * 1.1
    # In steps of a second, all runs as one.
    run = np.repeat(np.arange(n_runs), spans.astype(int))
    second = np.concatenate([np.arange(int(span)) for span in spans])
    flux = flux_of(kind, (first[run] + second) / (first[-1] + spans[-1]), rng)
    count = rng.poisson(RATE * signal[run] * flux + rate)
    parts, backgrounds = [], []
    for k in range(n_runs):
        own = np.repeat(second[run == k], count[run == k])
        start = np.append(0.0, np.sort(own + rng.random(len(own))))
        parts.append(
            (np.append(0.0, np.ones(len(own))), np.diff(start, append=spans[k]), np.full(len(start), k))
        )
        backgrounds.append(rate if alpha is None else alpha * rng.poisson(rate * spans[k] / alpha) / spans[k])
    counts, times, runs = (np.concatenate(each) for each in zip(*parts, strict=True))
    ratio = None if alpha is None else np.full(n_runs, alpha)
    return BlockCells(counts, np.maximum(times, 1e-6), runs, RATE * signal, np.array(backgrounds), ratio)


def against_every_start(cells):
    """[cells, blocks, whether they are the same, how much less likely the division is, s of each search]."""
    penalty = block_penalty(int(cells.count.sum()), P0)
    clock = [time.process_time()]
    found = find_blocks(cells, penalty)
    clock.append(time.process_time())
    starts, best = best_starts(cells, penalty)
    clock.append(time.process_time())
    same = bool(np.array_equal(found, starts))
    return [
        len(cells.count),
        len(starts),
        same,
        best - total_of(cells, found, penalty),
        *np.diff(clock).tolist(),
    ]


def public_cells(method, release):
    """`BlockCells` of the flare night of PKS 2155-304, 0.7-20 TeV."""
    spectrum = PowerLaw(index=3.4, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    observations = DataStore.from_dir(release).get_observations(RUNS)
    curve = light_curve(observations, TARGET, by_run(), [0.7, 20] * u.TeV, method, spectrum)
    return block_cells(event_cells(curve.origin.rows()[0].runs))


def pieces(share):
    """Pieces of `measure`: 60 nights, and the public one."""
    drawn = [
        [kind, name, *each] for kind in KINDS for name in BACKGROUNDS for each in sizes(some(share, 5), 5)
    ]
    return [*drawn, *(["public", method, 0, 1] for method in (("1d", "3d") if share >= 0.1 else ("3d",)))]


def measure(kind, which, first, n, rng, data=None):
    """What `section` shows of a piece, dict."""
    drawn = [public_cells(which, data)] if kind == "public" else [night(kind, which, rng) for _ in range(n)]
    return {"nights": [[kind, which, *against_every_start(cells)] for cells in drawn]}


def section(found):
    """The `Section`."""
    together, lines, failures = {}, [], []
    for kind, which, *numbers in found.get("nights", []):
        together.setdefault((kind, which), []).append(numbers)
    for (kind, which), numbers in together.items():
        cells, blocks, same, less, fast, slow = (np.array(each) for each in zip(*numbers, strict=True))
        good = bool(same.all()) and less.max() <= NEAR
        if not good:
            failures.append(
                f"blocks of events ({kind}, {which}): {np.count_nonzero(same)} of {len(same)} nights are the same, "
                f"{less.max():.2g} less likely"
            )
        name = [f"flare night, {which}", "as the runs say"] if kind == "public" else [kind, which]
        told = f"{np.count_nonzero(same)} of {len(same)}", f"{max(less.max(), 0):.1e}"
        times = f"{1000 * np.median(fast):.0f}", f"{1000 * np.median(slow):.0f}"
        lines.append([*name, f"{np.median(cells):.0f}", f"{blocks.mean():.1f}", *told, *times, verdict(good)])
    text = (
        f"Nights of three to seven runs with gaps and exposures of their own, p0 = {P0:g}: constant, with one to three "
        "pulses of 1.5 to 6 times the flux, or steps; and the flare night of PKS 2155-304, 0.7-20 TeV, index 3.4. "
        "The other search tries every cell as the start of the last block, each block at its own best flux and with "
        "the background of each run that fits it best; it shares no code with tevcurve's. Bars: the same blocks, and a "
        f"total of log likelihoods and penalties within {NEAR:g} of the best one.\n\n"
        + table(
            (
                "night",
                "background",
                "cells (median)",
                "blocks (mean)",
                "the same",
                "less likely by at most",
                "ms",
                "ms of the other",
                "bar",
            ),
            lines,
        )
    )
    bar = (
        "Blocks of events are the best division, on constant nights and on flares",
        f"{len(failures)} kinds miss it",
        not failures,
    )
    return Section("Blocks of events", text, failures=failures, bars=[bar])
