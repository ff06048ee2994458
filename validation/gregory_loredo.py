"""The test of Gregory & Loredo: chances of constants, and what it finds beside TS_var and blocks of events."""

import numpy as np
from scipy.special import chdtrc
from scipy.stats import kstest

from tevcurve.bins.blocks import block_penalty
from tevcurve.kernels.blocks import BlockCells, find_blocks
from tevcurve.kernels.onoff_profile import onoff_profile
from tevcurve.kernels.stepwise_rates import Steps
from tevcurve.lightcurve.variability.event_clock import ConstantRates, EventClock
from tevcurve.lightcurve.variability.gregory_loredo import M_MAX, chance_of_odds
from tevcurve.lightcurve.variability.row_fits import RowFits
from validation.parts import sizes, some
from validation.red_noise import drawn_series, of_rms
from validation.report import Section, added, percent, table, verdict

# Four runs of 28 minutes, with two between them; ON events of the source and of the background per s; the exposure of
# each.
STARTS, RUN_S, ALPHA = np.arange(4) * 1800.0, 1680.0, 0.1
SOURCE, BACKGROUND, EXPOSURE = 0.06, 0.03, np.array([0.8, 1.1, 1.2, 0.9])
# Rows of TS_var, in s.
WIDTHS = 120.0, 420.0
SPAN = STARTS[-1] + RUN_S
P0, N_TOYS = 0.01, 199
TESTS = ("Gregory-Loredo", *(f"TS_var, rows of {width / 60:.0f} min" for width in WIDTHS), "blocks of events")
STEP = 5.0


def _flare(time, rng, width, height):
    first = rng.uniform(0, RUN_S - width) + rng.choice(STARTS)
    return 1 + height * ((time >= first) & (time < first + width))


def _step(time, rng):
    return np.where(time < rng.uniform(0.25, 0.75) * SPAN, 1.0, 1.6)


def _trend(time, rng):
    return 1 + 0.35 * rng.choice([-1, 1]) * (2 * time / SPAN - 1)


def _sine(time, rng):
    return 1 + 0.45 * np.sin(2 * np.pi * (time / 1500.0 + rng.random()))


def _red_noise(time, rng):
    noise = of_rms(2.0, 0.15, 1 / SPAN, 1 / 240)
    log_flux = drawn_series(noise, int(SPAN / STEP) + 1, STEP, rng)
    return np.exp(log_flux - log_flux.mean())[(time / STEP).astype(int)]


SHAPES = {
    "constant": lambda time, rng: np.ones(len(time)),
    "flare of 3 minutes, 4 times as bright": lambda time, rng: _flare(time, rng, 180, 3.0),
    "flare of 20 minutes, 1.6 times as bright": lambda time, rng: _flare(time, rng, 1200, 0.6),
    "step to 1.6 times the flux": _step,
    "trend of 35 % to both sides": _trend,
    "sine of 45 % with a period of 25 minutes": _sine,
    "red noise, slope 2, rms 15 % below 1/240 Hz": _red_noise,
}
# Light curves of each, and of a piece.
N_CONSTANT, N_SHAPE, PORTION = 300, 84, 21


def night(shape, rng):
    """(times of ON events in s (n,), the run of each, OFF events of each run) of a night with a shape."""
    times, runs, off = [], [], []
    grid = np.arange(0, SPAN, STEP)
    flux = SHAPES[shape](grid, rng)
    for number, start in enumerate(STARTS):
        own = np.arange(start, start + RUN_S, STEP)
        count = rng.poisson((EXPOSURE[number] * SOURCE * flux[(own / STEP).astype(int)] + BACKGROUND) * STEP)
        times.append(np.sort(np.repeat(own, count) + STEP * rng.random(count.sum())))
        runs.append(np.full(count.sum(), number))
        off.append(rng.poisson(BACKGROUND * RUN_S / ALPHA))
    return np.concatenate(times), np.concatenate(runs), np.array(off, dtype=float)


def clock_of(times, off):
    """The `EventClock` of such a night."""
    seconds, n_runs = np.full(len(STARTS), RUN_S), len(STARTS)
    edges = np.sort(np.concatenate([STARTS, STARTS + RUN_S]))
    good = np.zeros((len(edges) - 1, n_runs))
    good[2 * np.arange(n_runs), np.arange(n_runs)] = RUN_S
    background = ALPHA * off / RUN_S
    rates = ConstantRates(SOURCE * EXPOSURE, background, np.full(n_runs, ALPHA), seconds, 1.0)
    rates = ConstantRates(*_fields(rates), rates.fitted(len(times), background))
    passed = EventClock(np.zeros(0), None, rates, edges, good).passed(rates)
    return EventClock(np.interp(times, edges, passed), None, rates, edges, good)


def _fields(rates):
    return rates.signal, rates.background, rates.alpha, rates.seconds


def chance_of_rows(times, runs, width, rng):
    """The chance of TS_var in rows of a width, each with OFF events of its own, by the formula."""
    per_run = int(RUN_S // width)
    row = runs * per_run + ((times - STARTS[runs]) // width).astype(int)
    n = per_run * len(STARTS)
    on = np.bincount(row, minlength=n).astype(float)
    off = rng.poisson(BACKGROUND * width / ALPHA, n).astype(float)
    signal = np.repeat(EXPOSURE * SOURCE * width, per_run)
    profile = onoff_profile(np.arange(n), on, off, np.full(n, ALPHA), signal, n)
    return float(chdtrc(n - 1, RowFits(profile).ts_var[0]))


def n_blocks(times, runs, off):
    """How many blocks of events there are at `P0`."""
    parts = []
    for number, start in enumerate(STARTS):
        edges = np.append(0.0, times[runs == number] - start)
        count = np.append(0.0, np.ones(len(edges) - 1))
        parts.append((count, np.maximum(np.diff(edges, append=RUN_S), 1e-6), np.full(len(edges), number)))
    count, seconds, run = (np.concatenate(each) for each in zip(*parts, strict=True))
    cells = BlockCells(
        count, seconds, run, SOURCE * EXPOSURE, ALPHA * off / RUN_S, np.full(len(STARTS), ALPHA)
    )
    return len(find_blocks(cells, block_penalty(len(times), P0)))


def pieces(share):
    """Pieces of `measure`: some nights of each shape."""
    number = dict.fromkeys(SHAPES, N_SHAPE) | {"constant": N_CONSTANT}
    return [[shape, *each] for shape, n in number.items() for each in sizes(some(share, n, 4), PORTION)]


def measure(shape, first, n, rng):
    """What `section` shows of a piece, dict."""
    steps, found, chances, above = Steps(M_MAX), np.zeros(len(TESTS), dtype=int), [], 0
    for _ in range(n):
        times, runs, off = night(shape, rng)
        odds, chance = chance_of_odds(clock_of(times, off), steps, N_TOYS, rng)
        p_value = chance.fields["p_value"]
        above += odds.of_all > 0
        chances.append(float(p_value))
        of_rows = [chance_of_rows(times, runs, width, rng) for width in WIDTHS]
        found += [p_value <= P0, *(each <= P0 for each in of_rows), n_blocks(times, runs, off) > 1]
    line = [shape, n, int(above), *found.tolist()]
    return {"found": [line]} | ({"chances": chances} if shape == "constant" else {})


def section(found):
    """The `Section`."""
    lines, rows = added(found["found"], 1), []
    for shape, n, above, *numbers in lines:
        rows.append([shape, n, *(percent(each / n) for each in numbers), percent(above / n)])
    chances = np.array(found.get("chances", []))
    # Chances are of so many toys, and end at 30 of them: from 1/200 on, in steps.
    uniform = float(kstest(chances, "uniform").pvalue) if len(chances) else np.nan
    good = bool(uniform > 0.01)
    shapes = sum(n for shape, n, *_ in lines if shape != "constant")
    text = (
        f"Nights of four runs of 28 minutes with two between them, of other exposures, {SOURCE * 60:.1f} ON events of "
        f"the source and {BACKGROUND * 60:.1f} of the background in a minute, OFF in {1 / ALPHA:.0f} times the area; "
        f"{shapes} of them with a source that varies. Shares that are found at {P0:.0%}: by the odds of Gregory & "
        f"Loredo with the chance of {N_TOYS} toys, by TS_var of rows with its formula, and as more than one block of "
        "events; and the share with odds above 1, which is the published criterion. Chances of the odds of constants "
        f"are uniform with p = {uniform:.2g} (Kolmogorov-Smirnov). Bar: above 0.01. {verdict(good)}\n\n"
        + table(("the source is", "nights", *TESTS, "odds above 1"), rows)
    )
    failures = [] if good else [f"chances of the odds of constants are uniform with p = {uniform:.2g} only"]
    bar = ("Chances of Gregory & Loredo's odds are uniform on constants", f"p = {uniform:.2g}", good)
    return Section("Odds of variability by when events came", text, failures=failures, bars=[bar])
