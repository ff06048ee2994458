"""Alarms of the detector of changes: as rare as wanted while nothing changes, event by event, without weights."""

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np

from tevcurve.kernels.alarm_threshold import log_threshold
from tevcurve.kernels.runs_side_by_side import Stretch, Truth, drawn, records, runs_together
from tevcurve.live.settings import DetectorSettings
from validation.parts import sizes, some
from validation.report import COLOURS, Section, added, table, verdict

# Events per s and Crab of the source, of the background within 0.5 deg of it, and elsewhere.
TELESCOPES = {"H.E.S.S.-like": (0.12, 0.25, 3.0), "CTA-like": (1.0, 1.0, 40.0)}
# Of the point spread function, and where it ends, deg.
WIDTH, REACH = 0.07, 0.3
# Quiet fluxes, Crab; with a prior of 20 %.
SOURCES = {"empty": 0.0, "steady": 0.15}
ERROR, NORM_ERROR = 0.2, 0.1
SECONDS, HEAD_START, TICK = 1680.0, 600.0, 20.0
# Hours per alarm, with how many alarms are wanted of each.
WANTED = {10: 400, 100: 400, 1000: 200}
KINDS = ("known", "whole")
# Runs of a piece.
SIZE = {("known", "H.E.S.S.-like"): 40000, ("known", "CTA-like"): 20000}
SIZE |= {("whole", "H.E.S.S.-like"): 20000, ("whole", "CTA-like"): 8000}
LOW, HIGH = 0.75, 1.33


@cache
def stretch_of(telescope):
    """The `Stretch` of a run: rings around the source at 1 Crab. telescope: key of `TELESCOPES`."""
    signal, background, elsewhere = TELESCOPES[telescope]
    radius = np.linspace(0.0125, 0.4875, 20)
    seen = np.where(radius < REACH, np.exp(-0.5 * (radius / WIDTH) ** 2) * radius, 0.0)
    own = seen > 0
    each = background * radius / radius.sum()
    # Farther from the source than its point spread function reaches, an event tells of the background alone.
    elsewhere += float(each[~own].sum())
    return Stretch(signal * seen[own] / seen.sum(), each[own], SECONDS, TICK, elsewhere)


def settings_of(source, per):
    """`DetectorSettings` in units of 1 Crab.

    Parameters
    ----------
    source : key of `SOURCES`
    per : float, hours per alarm
    """
    return DetectorSettings(
        SOURCES[source],
        ERROR,
        1.0,
        NORM_ERROR,
        seconds_per_alarm=3600.0 * per,
        night_s=SECONDS,
        head_start_s=HEAD_START,
        tick_s=TICK,
    )


@cache
def threshold_of(telescope, source, per):
    """Natural log of the threshold in s, as `tevcurve replay` finds it; the same each time.

    Parameters
    ----------
    telescope : key of `TELESCOPES`
    source : key of `SOURCES`
    per : float, hours per alarm
    """
    settings, stretch = settings_of(source, per), stretch_of(telescope)
    wanted, rng = SECONDS / settings.seconds_per_alarm, np.random.default_rng(0)
    return log_threshold(settings.nodes(), stretch, HEAD_START, wanted, settings.n_simulated, rng)


def pieces(share):
    """[[telescope, source, kind, hours per alarm, first, number of runs], ...]."""
    found = []
    for per, alarms in WANTED.items():
        runs, own = some(share, alarms * 3600 * per / SECONDS), []
        for kind, telescope, source in product(KINDS, TELESCOPES, SOURCES):
            own += [[telescope, source, kind, per, *each] for each in sizes(runs, SIZE[kind, telescope])]
        # All grow together.
        found += sorted(own, key=lambda piece: piece[4])
    return found


def measure(telescope, source, kind, per, first, n, rng):
    """{"alarms": [[telescope, source, kind, hours per alarm, runs, alarms]]} of quiet runs, each a night of its own."""
    stretch, nodes = stretch_of(telescope), settings_of(source, per).nodes()
    if kind == "known":
        stretch, nodes = known(stretch, nodes)
    count = alarms_in(nodes, stretch, threshold_of(telescope, source, per), n, rng, SOURCES[source])
    return {"alarms": [[telescope, source, kind, per, n, count]]}


def known(stretch, nodes):
    """The same (`Stretch`, `Nodes`) with a background that is known.

    Parameters
    ----------
    stretch : `Stretch`
    nodes : `Nodes`
    """
    return replace(stretch, elsewhere=0.0), replace(nodes, norm=np.ones(1), norm_chance=np.ones(1))


def alarms_in(nodes, stretch, log_level, n, rng, flux, error=ERROR):
    """Runs with an alarm, int, of n in which nothing changes.

    Parameters
    ----------
    nodes : `Nodes`; with several norms of the background that of each run is drawn from its prior, a normal one
    stretch : `Stretch`
    log_level : float, natural log of the threshold, s
    n : int
    rng : numpy Generator
    flux : float, Crab, mean of the quiet fluxes, which are drawn from a normal distribution
    error : float, its standard deviation over its mean
    """
    count, level = 0, np.exp(log_level)
    for _, size in sizes(n, runs_together(nodes)):
        quiet = np.maximum(flux * (1 + error * rng.standard_normal(size)), 0.0)
        is_free = len(nodes.norm) > 1
        norm = np.maximum(1 + is_free * NORM_ERROR * rng.standard_normal(size), 0.5)
        truth = Truth(quiet, np.full(size, np.inf), quiet, norm, np.full(size, SECONDS))
        runs = drawn(stretch, truth, rng)
        found = records(nodes, stretch, runs, HEAD_START, least=level, bound=level)
        count += len(found.run)
    return count


def _rows(found):
    """[(telescope, source, kind, per, expected, alarms), ...] of all pieces together."""
    return [
        (*key, runs * SECONDS / (3600 * key[3]), alarms) for *key, runs, alarms in added(found["alarms"], 4)
    ]


def interval(expected, alarms):
    """95 % interval of found over wished alarms, (low, high).

    Parameters
    ----------
    expected : float
    alarms : int
    """
    from scipy.special import chdtri

    low = 0.5 * chdtri(2 * alarms, 0.975) if alarms else 0.0
    return low / expected, 0.5 * chdtri(2 * alarms + 2, 0.025) / expected


def figure(rows):
    """Found over wished alarms, with 95 % intervals. rows: as `_rows` gives them."""
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(8, 0.32 * len(rows) + 1.2), layout="constrained")
    for number, (_, _, kind, _, expected, alarms) in enumerate(rows):
        low, high = interval(expected, alarms)
        colour = COLOURS[0] if kind == "known" else COLOURS[1]
        ax.plot([low, high], [number, number], color=colour, lw=1.5)
        ax.plot(alarms / expected, number, "o", color=colour, ms=4)
    ax.axvspan(LOW, HIGH, color="0.92", zorder=0)
    ax.axvline(1, color="0.6", lw=0.8)
    words = {"known": "background known", "whole": "whole detector"}
    ax.set_yticks(range(len(rows)), [f"{a}, {b}, 1 per {d} h, {words[c]}" for a, b, c, d, *_ in rows])
    ax.set_xlabel("False alarms, found over wished")
    return fig


def section(found):
    """The `Section`."""
    rows = _rows(found)
    good = all(interval(*row[4:])[0] >= LOW and interval(*row[4:])[1] <= HIGH for row in rows)
    header = ["", "source", "background", "one alarm per", "wished", "found", "95 % interval"]
    words = {"known": "known", "whole": "a prior, whole detector"}
    lines = [
        (a, b, words[c], f"{d} h", f"{e:.1f}", n, "{:.2f} to {:.2f}".format(*interval(e, n)))
        for a, b, c, d, e, n in rows
    ]
    text = (
        "Runs of 28 minutes in which nothing changes, each a night of its own, followed event by event. Quiet fluxes "
        "are drawn from a normal distribution of 20 % around 0.15 Crab, or are 0; where the background has a prior, "
        "its norm in each run is drawn from one of 10 %. Thresholds are those of simulated runs *with* a change and "
        "their weights, of a background that is known. "
        f"Bar (95 % intervals of found over wished inside {LOW} to {HIGH}): {verdict(good)}."
        f"\n\n{table(header, lines)}"
        "\n\n![False alarms](figures/live-alarms.png)"
    )
    failures = [] if good else ["live alarms: a 95 % interval is not inside 0.75 to 1.33"]
    bar = (
        "live: false alarms, found over wished, 95 % intervals inside 0.75 to 1.33",
        f"{len(rows)} cases",
        good,
    )
    return Section("Alarms on changes", text, {"live-alarms.png": figure(rows)}, failures, [bar])
