"""Periods: false alarms on constant sources and on red noise, and orbits that are found, or named among the aliases."""

from dataclasses import replace
from itertools import product

import astropy.units as u
import numpy as np

from tevcurve.kernels.phases import GoodTimeOfRuns
from tevcurve.lightcurve.variability.event_periods import EventTimes
from tevcurve.lightcurve.variability.periodogram import bound, periodogram_of
from validation.parts import sizes, some
from validation.period_tables import MOST, ORBIT, P0, SPAN_DAYS, made_section
from validation.red_noise import ALPHA, drawn_fluxes, of_rms, onoff_rows, rows_of_nights
from validation.report import added
from validation.single_cells import single_cell_toys

__all__ = ["MOST", "P0", "measure", "pieces", "section"]

# Toys of each constant light curve: with 199 a chance is at most 1 % where one of them, or none, reaches the value; of
# each red one: with 99 where none does.
N_TOYS, N_RED_TOYS = 199, 99
# Counts of the source in a row, or in a run of events.
COUNTS = (3.0, 10.0, 30.0, 100.0)
ROWS = ("nights", "one night", "few unequal")
EVENTS = ("Z², a run", "Z², three runs", "Z², eight runs", "H, three runs")
CONSTANTS = {"rows": 1250, "events": 630}
# Ranges of periods, as parts of that from two rows to the span in log; light curves take turns.
RANGES = {"whole": (0.0, 1.0), "long": (0.0, 1 / 3), "middle": (1 / 3, 2 / 3), "short": (2 / 3, 1.0)}
# Red light curves: those of each slope take turns with counts and nights.
SLOPES, REDS, RMS = (1.0, 1.5, 2.0, 2.5), 500, 0.5
RED_NIGHTS = {"four nights": (4, 15, 120.0), "one night": (1, 60, 120.0)}
# A period in red noise, in s, with its relative amplitude, and light curves.
PULSE, PULSES = (700.0, 0.5), 100
# Relative amplitudes of an orbit, light curves of each and noise; frequencies in 1/day.
ORBITS = {"white": ((0.3, 200), (0.5, 200)), "red": ((0.5, 60),)}
FREQUENCIES = np.linspace(0.02, 1.0, 2000)


def with_toys(rows):
    """`Rows` of ON and OFF counts that can draw toys, each row with a background of its own. rows: `Rows`."""
    own = rows.fits.profile.likelihood
    alpha = np.full(rows.n, ALPHA)
    maker = single_cell_toys(own.n_on, own.n_off, alpha, own.signal, np.zeros(rows.n, dtype=int), rows.good_s)
    return replace(rows, maker=maker)


def times_of(name, rng):
    """(start, stop) of rows, s: six nights of eight rows, forty in one night, or ten of unequal widths in weeks."""
    if name == "nights":
        return rows_of_nights(6, 8, 300.0)
    if name == "one night":
        return rows_of_nights(1, 40, 300.0)
    start = 86400.0 * np.sort(rng.choice(40, 10, replace=False)) + rng.uniform(0, 20_000, 10)
    return start - start[0], start - start[0] + rng.uniform(900, 5400, 10)


def frequencies_of(start, stop, part):
    """Frequencies, Quantity (m,), of a part of the periods from two rows to the span in log, or of all."""
    lowest, highest = 1 / (stop[-1] - start[0]), 0.5 / np.median(stop - start)
    low, high = (lowest * (highest / lowest) ** edge for edge in RANGES[part])
    return np.linspace(low, high, max(int(5 * (high - low) / lowest), 5)) / u.s


def of_rows(counts, name, first, n, rng):
    """[[counts, name, range of periods, 1, alarms], ...] of constant sources in rows."""
    found = []
    for number in range(first, first + n):
        start, stop = times_of(name, rng)
        part = list(RANGES)[number % len(RANGES)]
        expected = counts * (stop - start) / np.median(stop - start)
        rows = with_toys(onoff_rows(np.ones(len(start)), start, stop, expected, rng))
        # Whether white noise is the better description is not asked: these sources are constant.
        one = periodogram_of(rows, frequencies_of(start, stop, part), "white", N_TOYS, rng, is_asked=False)
        found.append([counts, name, part, 1, int(one.p_value <= P0)])
    return found


def drawn_events(begin, counts, rng):
    """(times (n,), numbers of their runs, `GoodTimeOfRuns`) of constant sources in runs, with one event or more.

    Each run lasts 1500 s, with a gap of its own, and a level of its own. begin: float array (n_runs,), s.
    """
    times, runs, pieces = [], [], []
    for k, zero in enumerate(begin):
        gap = np.sort(rng.uniform(100, 1400, 2))
        # Events come all the time, and those in the gap are lost.
        when = rng.uniform(0, 1500, rng.poisson(2 * counts * rng.uniform(0.3, 1.7)))
        when = when[(when < gap[0]) | (when > gap[1])]
        times.append(zero + when)
        runs.append(np.full(len(when), k))
        pieces += [(zero, zero + gap[0], k), (zero + gap[1], zero + 1500, k)]
    if not sum(map(len, times)):
        return drawn_events(begin, counts, rng)
    start, stop, run = np.transpose(pieces)
    good = GoodTimeOfRuns(start, stop, run.astype(int), len(begin))
    return np.concatenate(times), np.concatenate(runs), good


def of_events(counts, name, first, n, rng):
    """The same of constant sources in events of runs, each with a gap and a level of its own."""
    alarms, frequency = 0, np.linspace(1 / 700, 1 / 20, 64) / u.s
    begin = 2100.0 * np.arange({"a run": 1, "three runs": 3, "eight runs": 8}[name.split(", ")[1]])
    rows = onoff_rows(np.ones(len(begin)), begin, begin + 1500, 10.0, rng)
    for _ in range(n):
        times, run, good = drawn_events(begin, counts, rng)
        events = EventTimes(rows, good, times, rng.uniform(0.1, 1.0, len(times)), run)
        if name[0] == "H":
            alarms += events.h(frequency, N_TOYS, rng).p_value <= P0
        else:
            alarms += events.z_n(frequency, 2, N_TOYS, rng).p_value <= P0
    return [[counts, name, "whole", n, int(alarms)]]


def of_red(slope, pulse, first, n, rng):
    """[[slope, counts, nights, 1, alarms with red noise, with white by its bound], ...] of red noise.

    pulse: (period in s, relative amplitude), or None.
    """
    found, kinds = [], list(product(COUNTS if pulse is None else (10.0, 30.0), RED_NIGHTS))
    for number in range(first, first + n):
        counts, name = kinds[number % len(kinds)]
        start, stop = rows_of_nights(*RED_NIGHTS[name])
        noise = of_rms(slope, RMS, 1 / stop[-1], 0.5 / (stop[0] - start[0]))
        flux = drawn_fluxes(noise, start, stop, rng, fine=4, long=16)
        if pulse is not None:
            phase = 2 * np.pi * (0.5 * (start + stop) / pulse[0] + rng.random())
            flux = flux * (1 + pulse[1] * np.sin(phase))
        rows = with_toys(onoff_rows(flux, start, stop, counts, rng))
        frequency = np.linspace(1 / stop[-1], 1 / 240, 300) / u.s
        red = periodogram_of(rows, frequency, "red", N_RED_TOYS, rng)
        white = periodogram_of(rows, frequency, "white", 0, rng, is_asked=False)
        found.append([slope, counts, name, 1, int(red.p_value <= P0), int(white.p_asymptotic <= P0)])
    return found


def of_orbits(amplitude, noise, first, n, rng):
    """[[noise, amplitude, n, above the threshold, of these: the highest is the orbit, or it is among the aliases]]."""
    days = np.arange(SPAN_DAYS)[np.arange(SPAN_DAYS) % 29.53 < 14]
    counted = np.zeros(4, dtype=int)
    for _ in range(n):
        nights = days[rng.random(len(days)) < 0.8]
        # A run or two a night, at an hour of the night that goes with the moon's.
        start = np.sort(86400 * nights + 1800 * rng.integers(0, 8, len(nights)))
        phase = 2 * np.pi * (start / 86400 / ORBIT + rng.random())
        rows = onoff_rows(1 + amplitude * np.sin(phase), start.astype(float), start + 1680.0, 20.0, rng)
        if noise == "red":
            found = periodogram_of(with_toys(rows), FREQUENCIES / u.d, "red", N_RED_TOYS, rng)
            above = found.p_value <= P0
        else:
            found = periodogram_of(rows, FREQUENCIES / u.d, "white", 0, rng, is_asked=False)
            above = bound(rows, FREQUENCIES / 86400, found.value) <= P0
        apart = np.abs(np.append(found.frequency.value, found.aliases["frequency"].value) - 1 / ORBIT)
        counted += np.array(
            [1, above, above and apart[0] < 1 / SPAN_DAYS, above and apart.min() < 1 / SPAN_DAYS]
        )
    return [[noise, amplitude, *counted.tolist()]]


KINDS = {"rows": of_rows, "events": of_events, "red": of_red, "pulses": of_red, "orbits": of_orbits}


def pieces(share):
    """Pieces of `measure`."""
    names = {"rows": ROWS, "events": EVENTS}
    full = [("red", slope, None, some(share, REDS, 2), 50) for slope in SLOPES]
    full += [("pulses", 2.0, PULSE, some(share, PULSES, 2), 50)]
    full += [
        ("orbits", amplitude, noise, some(share, n, 5), 100)
        for noise, all_amplitudes in ORBITS.items()
        for amplitude, n in all_amplitudes
    ]
    full += [
        (kind, counts, name, some(share, CONSTANTS[kind], 4), 320)
        for kind in names
        for counts, name in product(COUNTS, names[kind])
    ]
    return [[kind, which, name, *each] for kind, which, name, n, size in full for each in sizes(n, size)]


def measure(kind, which, name, first, n, rng):
    """What `section` shows of a piece, dict."""
    lines = KINDS[kind](which, name, first, n, rng)
    return {kind: added(lines, 2 if kind == "orbits" else 3)}


def section(found):
    """The `Section`. found: dict of the lines of each kind."""
    return made_section(found, N_TOYS, N_RED_TOYS, RMS)
