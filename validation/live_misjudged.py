"""Alarms on changes where the quiet flux is not as told, or the night is long; what not being sure of it costs."""

from dataclasses import replace
from functools import cache

import numpy as np

from tevcurve.kernels.alarm_threshold import log_threshold
from tevcurve.kernels.runs_side_by_side import Truth, drawn, records, runs_together
from validation.live_alarms import (
    ERROR,
    HEAD_START,
    SECONDS,
    SOURCES,
    TELESCOPES,
    alarms_in,
    interval,
    known,
    settings_of,
    stretch_of,
    threshold_of,
)
from validation.parts import sizes, some
from validation.report import Section, added, table

# One alarm per so many hours: where delays are compared, where fluxes are not as told.
FLUX, PER, WRONG_PER = SOURCES["steady"], 1000, 100
# Errors of the quiet flux that a detector is told; 0 for one that takes it as known, which no user can ask for.
PRIORS = (0.0, 0.1, 0.2)
MISJUDGED = (-0.2, -0.1, -0.05, 0.05, 0.1, 0.2)
RUNS = 6000
# Fluxes after a change over the quiet one, and simulated changes of each.
STEPS, CHANGES = (2, 3, 5, 10), 600
CHANGE_S, SEEN = 600.0, 200.0
# A long night, s; and one that thresholds are for where delays are compared: a small change takes an hour to be seen.
LONG, DELAYED = 6 * 3600.0, 3 * 3600.0
# Stretches that thresholds are found from, in short nights and in long ones.
N_SIMULATED, N_LONG = 6000, 2000
# Long nights, with thresholds for short ones, at one alarm per so many hours.
NIGHTS, NIGHT_PER, NIGHT_SIZE = 2000, 100, 500


def nodes_of(prior, changed=None):
    """`Nodes` of a background that is known.

    Parameters
    ----------
    prior : float, error of the quiet flux over itself
    changed : float, the flux after a change, where it is known
    """
    settings = settings_of("steady", PER)
    _, nodes = known(stretch_of("H.E.S.S.-like"), settings.nodes(FLUX, prior * FLUX))
    return nodes if changed is None else replace(nodes, changed=np.array([changed]))


@cache
def level_of(telescope, prior, per, seconds, changed=None):
    """Threshold in s of a detector; the same each time.

    Parameters
    ----------
    telescope : key of `TELESCOPES`
    prior, changed : of `nodes_of`
    per : float, hours per alarm
    seconds : float, s, of good time in a night
    """
    nodes, n = nodes_of(prior, changed), N_SIMULATED if seconds == SECONDS else N_LONG
    stretch, _ = known(stretch_of(telescope), nodes)
    wanted, rng = seconds / (3600 * per), np.random.default_rng(0)
    return np.exp(log_threshold(nodes, replace(stretch, seconds=seconds), HEAD_START, wanted, n, rng))


def pieces(share):
    """Lists of a kind, its key of `TELESCOPES`, two arguments, the first number and how many.

    Kinds and arguments: "night", key of `SOURCES`, 0; "delay", step, 0; "alarms", prior, how wrong the flux is.
    """
    found = []
    for wrong in MISJUDGED:
        for prior in PRIORS:
            for telescope in TELESCOPES:
                own = sizes(some(share, RUNS), RUNS)
                found += [["alarms", telescope, prior, wrong, *each] for each in own]
    for telescope in TELESCOPES:
        for source in SOURCES:
            own = sizes(some(share, NIGHTS), NIGHT_SIZE)
            found += [["night", telescope, source, 0, *each] for each in own]
        for step in STEPS:
            own = sizes(some(share, CHANGES), 600)
            found += [["delay", telescope, step, 0, *each] for each in own]
    return found


def measure(kind, telescope, first, second, number, n, rng):
    """What `nights`, `misjudged` or `delays` give, as {"nights": ...}, {"alarms": ...} or {"delays": ...}."""
    if kind == "night":
        return {"nights": nights(telescope, first, n, rng)}
    if kind == "delay":
        return {"delays": delays(telescope, first, n, rng)}
    return {"alarms": misjudged(telescope, first, second, n, rng)}


def misjudged(telescope, prior, wrong, n, rng):
    """[[telescope, prior, wrong, runs, alarms]] of runs with another quiet flux than the detector was told.

    Parameters
    ----------
    telescope : key of `TELESCOPES`
    prior : float, error that it was told, over the flux
    wrong : float, the true flux over the one it was told, less 1
    n : int
    rng : numpy Generator
    """
    stretch, nodes = known(stretch_of(telescope), nodes_of(prior))
    level = np.log(level_of(telescope, prior, WRONG_PER, SECONDS))
    return [[telescope, prior, wrong, n, alarms_in(nodes, stretch, level, n, rng, FLUX * (1 + wrong), 0.0)]]


def nights(telescope, source, n, rng):
    """[[telescope, source, nights, alarms]] of long nights, with the threshold for short ones.

    Parameters
    ----------
    telescope : key of `TELESCOPES`
    source : key of `SOURCES`
    n : int
    rng : numpy Generator
    """
    stretch, nodes = known(stretch_of(telescope), settings_of(source, NIGHT_PER).nodes())
    level, alarms = np.exp(threshold_of(telescope, source, NIGHT_PER)), 0
    for _, size in sizes(n, 100):
        quiet = np.maximum(SOURCES[source] * (1 + ERROR * rng.standard_normal(size)), 0.0)
        truth = Truth(quiet, np.full(size, np.inf), quiet, np.ones(size), np.full(size, LONG))
        runs = drawn(stretch, truth, rng)
        alarms += len(records(nodes, stretch, runs, HEAD_START, least=level, bound=level).run)
    return [[telescope, source, n, alarms]]


def delays(telescope, step, n, rng):
    """[[telescope, step, prior, runs, without alarm, sums of a, b, a*a, a*b, b*b], ...] of changes seen by all.

    a is the delay in s, b that of a detector that knows quiet and new flux.

    Parameters
    ----------
    telescope : key of `TELESCOPES`
    step : float, the new flux over the quiet one
    n : int
    rng : numpy Generator
    """
    stretch, _ = known(stretch_of(telescope), nodes_of(0.0))
    before, after = (stretch.background + flux * stretch.signal for flux in (FLUX, step * FLUX))
    information = float(np.sum(after * np.log(after / before) + before - after))
    end = CHANGE_S + SEEN / information
    found = []
    for _, size in sizes(n, min(n, runs_together(nodes_of(0.0)))):
        truth = Truth(*(np.full(size, each) for each in (FLUX, CHANGE_S, step * FLUX, 1.0, end)))
        runs = drawn(stretch, truth, rng)
        own = [_first_alarms(telescope, stretch, runs, prior) for prior in PRIORS]
        found.append(np.array([_first_alarms(telescope, stretch, runs, 0.0, step * FLUX), *own]))
    times = np.concatenate(found, axis=1) - CHANGE_S
    # What came before the change is a false alarm.
    times = times[:, np.all(times > 0, axis=0)]
    seen = np.all(np.isfinite(times), axis=0)
    lines = []
    for prior, a in zip(PRIORS, times[1:, seen], strict=True):
        b = times[0, seen]
        sums = [float(each) for each in (a.sum(), b.sum(), a @ a, a @ b, b @ b)]
        lines.append([telescope, step, prior, int(seen.sum()), int(np.sum(~seen)), *sums])
    return lines


def _first_alarms(telescope, stretch, runs, prior, changed=None):
    """Time of the first alarm in each run, s; infinite for none."""
    level = level_of(telescope, prior, PER, DELAYED, changed)
    found = records(nodes_of(prior, changed), stretch, runs, HEAD_START, least=level, bound=level)
    times = np.full(len(runs.n_points), np.inf)
    times[found.run] = found.time
    return times


def ratio(line):
    """(mean delay over that of the detector that knows the new flux, its error). line: of `delays`."""
    a, b, aa, ab, bb = line[5:]
    over = a / b
    return over, float(np.sqrt(max(aa - 2 * over * ab + over**2 * bb, 0.0))) / b


def alarm_table(found):
    """Alarms over those wished, where the quiet flux is not as told. found: as of `section`."""
    lines = {}
    for telescope, prior, misjudged, runs, alarms in added(found["alarms"], 3):
        expected = runs * SECONDS / (3600 * WRONG_PER)
        low, high = interval(expected, alarms)
        words = f"{alarms / expected:.2g} ({low:.2g} to {high:.2g})"
        lines.setdefault((telescope, misjudged), {})[prior] = words
    rows = [
        (telescope, f"{100 * misjudged:+.0f} %", *(own.get(prior, "") for prior in PRIORS))
        for (telescope, misjudged), own in sorted(lines.items(), key=lambda each: each[0])
    ]
    return table(["", "true over told", *_names()], rows)


def delay_table(lines):
    """Delays over those of the detector that knows the new flux. lines: of `delays`, added up."""
    together = {}
    for line in lines:
        over, error = ratio(line)
        own = together.setdefault((line[0], line[1]), {"known": f"{line[6] / line[3]:.0f} s"})
        own[line[2]] = f"{over:.2f} ± {error:.2f}"
    rows = [
        (telescope, f"x{step}", own["known"], *(own[prior] for prior in PRIORS))
        for (telescope, step), own in together.items()
    ]
    return table(["", "change", "knows the new flux", *_names()], rows)


def _names():
    return ["quiet flux taken as known", *(f"to {100 * prior:.0f} %" for prior in PRIORS[1:])]


def night_table(lines):
    """Alarms in long nights over those wished. lines: of `nights`, added up."""
    rows = []
    for telescope, source, n, alarms in lines:
        expected = n * LONG / (3600 * NIGHT_PER)
        low, high = interval(expected, alarms)
        rows.append((telescope, source, f"{expected:.0f}", alarms, f"{low:.2f} to {high:.2f}"))
    return table(["", "source", "wished", "found", "95 % interval of their ratio"], rows)


def section(found):
    """The `Section`."""
    lines = added(found["delays"], 3)
    missed = sum(line[4] for line in lines if line[2] == 0)
    text = (
        f"A source of {FLUX:g} Crab, one alarm wanted per {WRONG_PER} h, runs of 28 minutes, a known background. "
        "Alarms over those wished (95 % intervals) where the quiet flux is not as the detector was told, by how sure "
        "it was told to be; rarer ones become more frequent by larger factors:"
        f"\n\n{alarm_table(found)}"
        "\n\nNights of 6 h, with the threshold for nights of 28 minutes, at one alarm per "
        f"{NIGHT_PER} h; the quiet flux is drawn from its prior of 20 %. Several alarms of a night would count once. "
        "Below 1 as the head start of each night counts for less, above it as a change late in a short night is not "
        "seen before its end."
        f"\n\n{night_table(added(found['nights'], 2))}"
        f"\n\nMean delay of the alarm after a change, {CHANGE_S:.0f} s after the beginning, over that of the detector "
        f"that knows quiet and new flux, each with a threshold of its own for one false alarm per {PER} h in nights "
        f"of 3 h, in the same simulated events; the quiet flux is as told. {missed} changes were not seen by all "
        "before the end. A detector that has to find the new flux among 14 pays their logarithm, 2.6 of the 16 to 20 "
        "that likelihoods have to rise by; for a small change the nearest of these may be off by as much as it is."
        f"\n\n{delay_table(lines)}"
    )
    return Section("Quiet fluxes that are not as told, long nights, and delays", text)
