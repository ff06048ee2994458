"""Periods: false alarms on constant sources and on red noise, and orbits that are found, or named among the aliases."""

from dataclasses import replace

import astropy.units as u
import numpy as np

from tevcurve.kernels.phases import GoodTimeOfRuns
from tevcurve.lightcurve.variability.event_periods import EventTimes
from tevcurve.lightcurve.variability.periodogram import bound, periodogram_of
from validation.parts import sizes, some
from validation.red_noise import ALPHA, drawn_fluxes, of_rms, onoff_rows, rows_of_nights
from validation.report import Section, added, table, verdict, with_binomial
from validation.single_cells import single_cell_toys

# The chance that is asked for, and the most that it may be; in red noise.
P0, MOST = 0.01, 0.015
# Toys of each light curve: with 199, a chance is at most 1 % where one of them, or none, reaches the value.
N_TOYS = 199
# Counts of the source in a row, or in a run, and how many light curves of each.
COUNTS = {"rows": (3.0, 10.0, 100.0), "events": (10.0, 100.0)}
CURVES = {"rows": 5000 / 3, "events": 2500}
SLOPES, REDS, RED_COUNTS, RMS = (1.0, 1.5, 2.0, 2.5), 500, 10.0, 0.5
# Rows of the constant and of the red light curves: nights, rows in each, s.
NIGHTS = {"constant": (12, 4, 300.0), "red": (4, 15, 120.0)}
# The orbit: days, seasons of nights around new moon, relative amplitude and counts; frequencies in 1/day.
ORBIT, AMPLITUDES, ORBITS = 3.90603, (0.3, 0.5), 200
SPAN_DAYS, FREQUENCIES = 130, np.linspace(0.02, 1.0, 2000)


def with_toys(rows):
    """`Rows` of ON and OFF counts that can draw toys, each row with a background of its own. rows: `Rows`."""
    own = rows.fits.profile.likelihood
    alpha = np.full(rows.n, ALPHA)
    maker = single_cell_toys(own.n_on, own.n_off, alpha, own.signal, np.zeros(rows.n, dtype=int), rows.good_s)
    return replace(rows, maker=maker)


def of_rows(counts, n, rng):
    """[light curves, alarms] of constant sources in rows."""
    alarms, (start, stop) = 0, rows_of_nights(*NIGHTS["constant"])
    for _ in range(n):
        rows = with_toys(onoff_rows(np.ones(len(start)), start, stop, counts, rng))
        # Whether white noise is the better description is not asked: these sources are constant.
        found = periodogram_of(rows, None, "white", N_TOYS, rng, is_asked=False)
        alarms += found.p_value <= P0
    return [n, int(alarms)]


def of_events(counts, n, rng):
    """[light curves, alarms] of constant sources in the events of three runs with gaps and levels of their own."""
    alarms, frequency = 0, np.linspace(1 / 300, 1 / 20, 150) / u.s
    rows = onoff_rows(
        np.ones(3), np.array([0.0, 2000.0, 9000.0]), np.array([1500.0, 3500.0, 10500.0]), 10.0, rng
    )
    for _ in range(n):
        times, runs, pieces = [], [], []
        for k, first in enumerate(rows.start_s):
            gap = np.sort(rng.uniform(100, 1400, 2))
            # Events come all the time, and those in the gap are lost.
            when = rng.uniform(0, 1500, rng.poisson(2 * counts * rng.uniform(0.3, 1.7)))
            when = when[(when < gap[0]) | (when > gap[1])]
            times.append(first + when)
            runs.append(np.full(len(when), k))
            pieces += [(first, first + gap[0], k), (first + gap[1], first + 1500, k)]
        start, stop, run = np.transpose(pieces)
        good = GoodTimeOfRuns(start, stop, run.astype(int), 3)
        weight = rng.uniform(0.1, 1.0, sum(map(len, times)))
        found = EventTimes(rows, good, np.concatenate(times), weight, np.concatenate(runs)).z_n(
            frequency, 2, N_TOYS, rng
        )
        alarms += found.p_value <= P0
    return [n, int(alarms)]


def of_red(slope, n, rng):
    """[light curves, alarms with red noise, with white noise by its bound] of red noise without a period."""
    start, stop = rows_of_nights(*NIGHTS["red"])
    noise, alarms = of_rms(slope, RMS, 1 / stop[-1], 0.5 / (stop[0] - start[0])), np.zeros(2, dtype=int)
    for _ in range(n):
        flux = drawn_fluxes(noise, start, stop, rng, fine=4, long=16)
        rows = with_toys(onoff_rows(flux, start, stop, RED_COUNTS, rng))
        red = periodogram_of(rows, np.linspace(1 / stop[-1], 1 / 240, 500) / u.s, "red", N_TOYS, rng)
        white = periodogram_of(rows, red.frequencies, "white", 0, rng, is_asked=False)
        alarms += [red.p_value <= P0, white.p_asymptotic <= P0]
    return [n, *alarms.tolist()]


def of_orbits(amplitude, n, rng):
    """[light curves, those above the threshold, of these the highest is the orbit, or it is among the aliases]."""
    days = np.arange(SPAN_DAYS)[np.arange(SPAN_DAYS) % 29.53 < 14]
    counted = np.zeros(4, dtype=int)
    for _ in range(n):
        nights = days[rng.random(len(days)) < 0.8]
        # A run or two a night, at an hour of the night that goes with the moon's.
        start = np.sort(86400 * nights + 1800 * rng.integers(0, 8, len(nights)))
        phase = 2 * np.pi * (start / 86400 / ORBIT + rng.random())
        rows = onoff_rows(1 + amplitude * np.sin(phase), start.astype(float), start + 1680.0, 20.0, rng)
        found = periodogram_of(rows, FREQUENCIES / u.d, "white", 0, rng, is_asked=False)
        counted[0] += 1
        if bound(rows, FREQUENCIES / 86400, found.value) > P0:
            continue
        apart = np.abs(np.append(found.frequency.value, found.aliases["frequency"].value) - 1 / ORBIT)
        counted[1:] += [1, apart[0] < 1 / SPAN_DAYS, apart.min() < 1 / SPAN_DAYS]
    return counted.tolist()


KINDS = {"rows": of_rows, "events": of_events, "red": of_red, "orbits": of_orbits}


def pieces(share):
    """Pieces of `measure`."""
    full = [(kind, each, some(share, CURVES[kind], 4), 250) for kind in COUNTS for each in COUNTS[kind]]
    full += [("red", slope, some(share, REDS, 2), 50) for slope in SLOPES]
    full += [("orbits", amplitude, some(share, ORBITS, 10), 100) for amplitude in AMPLITUDES]
    return [[kind, which, *each] for kind, which, n, size in full for each in sizes(n, size)]


def measure(kind, which, first, n, rng):
    """What `section` shows of a piece, dict."""
    return {kind: [[which, *KINDS[kind](which, n, rng)]]}


def section(found):
    """The `Section`."""
    failures, constants, reds, orbits = [], [], [], []
    for kind in COUNTS:
        for counts, n, alarms in added(found.get(kind, []), 1):
            error = np.sqrt(P0 * (1 - P0) / n)
            good = abs(alarms / n - P0) <= 3 * error and alarms / n <= max(MOST, P0 + 3 * error * (n < 1000))
            if not good:
                failures.append(f"periods of {kind}, {counts:g} counts: {100 * alarms / n:.2f} % at 1 %")
            constants.append([kind, f"{counts:g}", n, with_binomial(alarms / n, n), verdict(good)])
    total = np.zeros(3, dtype=int)
    for slope, *numbers in added(found.get("red", []), 1):
        total += numbers
        n, red, white = numbers
        reds.append([f"{slope:g}", n, with_binomial(red / n, n), with_binomial(white / n, n), ""])
    if total[0]:
        n, red, white = total
        good = red / n <= MOST + 3 * np.sqrt(P0 / n) * (n < 1000)
        if not good:
            failures.append(f"periods of red noise: {100 * red / n:.2f} % at 1 %")
        reds.append(["all", int(n), with_binomial(red / n, n), with_binomial(white / n, n), verdict(good)])
    for amplitude, n, above, best, named in added(found.get("orbits", []), 1):
        good = named >= 0.95 * above
        if not good:
            failures.append(f"orbits of an amplitude of {amplitude:g}: {named} of {above} are found or named")
        shares = (with_binomial(each / max(above, 1), max(above, 1)) for each in (best, named))
        orbits.append([f"{amplitude:g}", n, above, *shares, verdict(good)])
    text = (
        f"Chances of at most {100 * P0:g} %, by {N_TOYS} toys of each light curve, for periods from two rows to the "
        "span: of constant sources in ON and OFF counts of 48 rows in 12 nights (white noise), and in weighted events "
        "of three runs, each with a gap and a level of its own (Z² with two harmonics); and of red noise without a "
        f"period, of Timmer & Koenig in log flux with an rms of {RMS:g}, 60 rows of 2 minutes in 4 nights with "
        f"{RED_COUNTS:g} counts each, with the default (red), and what the bound of Baluev says that knows of white "
        f"noise only. Bars: within 3 binomial errors and at most {100 * MOST:g} %; red noise at most {100 * MOST:g} %."
        "\n\n"
        + table(("constant source in", "counts", "light curves", "alarms (%)", "bar"), constants)
        + "\n\n"
        + table(("slope", "light curves", "alarms (%)", "as if white (%)", "bar"), reds)
        + f"\n\nAn orbit of {ORBIT:g} d in runs of 28 minutes with 20 counts, in dark nights of {SPAN_DAYS} days, is "
        "the highest peak, or among its aliases, where the peak is above the threshold of 1 % by the bound. "
        "Bar: 95 %.\n\n"
        + table(
            (
                "amplitude",
                "light curves",
                "above",
                "the highest (%)",
                "or named among the aliases (%)",
                "bar",
            ),
            orbits,
        )
    )
    bar = (
        "Periods: false alarms at 1 %, on red noise too, and orbits found or named",
        f"{len(failures)} kinds miss it",
        not failures,
    )
    return Section("Periods", text, failures=failures, bars=[bar])
