"""Alarms of the detector of changes: as rare as wanted while nothing changes, event by event, without weights."""

import numpy as np

from tevcurve.data.time import TimeReference
from tevcurve.kernels.alarm_threshold import Stretch, drawn, followed_side_by_side, log_threshold
from tevcurve.live.detector import Detector
from tevcurve.live.settings import DetectorSettings
from tevcurve.live.stretches import RunStretch
from tevcurve.run_id import RunId
from validation.parts import sizes, some
from validation.report import COLOURS, Section, table, verdict

# Events per s and Crab of the source, of the background within 0.5 deg of it, and elsewhere.
TELESCOPES = {"H.E.S.S.-like": (0.12, 0.25, 3.0), "CTA-like": (1.0, 1.0, 40.0)}
# Quiet fluxes, Crab; with a prior of 20 %.
SOURCES = {"empty": 0.0, "steady": 0.15}
SECONDS, HEAD_START = 1680.0, 600.0
# Hours per alarm, with how many alarms are wanted of each when the background is known; and of whole detectors.
WANTED, WHOLE = {10: 400, 100: 400, 1000: 100}, {10: 200}
# Runs of a piece.
SIZE = {"known": 4000, "whole": 500}
LOW, HIGH = 0.75, 1.33


def places(telescope):
    """(signal, background) of rings around the source, events per s, at 1 Crab. telescope: key of `TELESCOPES`."""
    signal, background, _ = TELESCOPES[telescope]
    radius = np.linspace(0.0125, 0.4875, 20)
    seen = np.exp(-0.5 * (radius / 0.07) ** 2) * radius
    return signal * seen / seen.sum(), background * radius / radius.sum()


def settings_of(source, per):
    """`DetectorSettings` in units of 1 Crab.

    Parameters
    ----------
    source : key of `SOURCES`
    per : float, hours per alarm
    """
    return DetectorSettings(
        SOURCES[source], 0.2, 1.0, seconds_per_alarm=3600.0 * per, night_s=SECONDS, n_simulated=3000
    )


def threshold_of(telescope, source, per):
    """(`Stretch`, natural log of the threshold in s); the same each time.

    Parameters
    ----------
    telescope : key of `TELESCOPES`
    source : key of `SOURCES`
    per : float, hours per alarm
    """
    settings = settings_of(source, per)
    stretch = Stretch(*places(telescope), SECONDS, settings.tick_s)
    wanted, rng = SECONDS / settings.seconds_per_alarm, np.random.default_rng(0)
    nodes = settings.nodes()
    return stretch, log_threshold(nodes, stretch, HEAD_START, wanted, settings.n_simulated, rng)


def pieces(share):
    """[[telescope, source, kind, hours per alarm, first, number of runs], ...]."""
    found = []
    for kind, wanted in (("known", WANTED), ("whole", WHOLE)):
        for telescope in TELESCOPES:
            for source in SOURCES:
                for per, alarms in wanted.items():
                    runs = some(share, alarms * 3600 * per / SECONDS)
                    found += [[telescope, source, kind, per, *each] for each in sizes(runs, SIZE[kind])]
    return found


def measure(telescope, source, kind, per, first, n, rng):
    """{"alarms": [[telescope, source, kind, hours per alarm, runs, alarms]]} of quiet runs, each a night of its own."""
    stretch, threshold = threshold_of(telescope, source, per)
    settings = settings_of(source, per)
    count = alarms_known(settings, stretch, threshold, n, rng)
    if kind == "whole":
        count = alarms_whole(settings, stretch, threshold, TELESCOPES[telescope][2], n, rng)
    return {"alarms": [[telescope, source, kind, per, n, count]]}


def alarms_known(settings, stretch, threshold, n, rng):
    """Runs with an alarm, of n quiet ones whose background is known, int.

    Parameters
    ----------
    settings : `DetectorSettings`
    stretch : `Stretch`
    threshold : float, natural log, s
    n : int
    rng : numpy Generator
    """
    nodes = settings.nodes()
    known = type(nodes)(nodes.changed, nodes.quiet, nodes.quiet_chance, np.ones(1), np.ones(1))
    quiet, found = rng.choice(nodes.quiet, n, p=nodes.quiet_chance), 0
    for first in range(0, n, 64):
        own = [drawn(stretch, flux, np.inf, flux, rng) for flux in quiet[first : first + 64]]
        logs, _ = followed_side_by_side(known, stretch, own, HEAD_START, threshold)
        found += int(np.sum(logs.max(axis=1) >= threshold))
    return found


def alarms_whole(settings, stretch, threshold, elsewhere, n, rng):
    """Runs with an alarm, of n quiet ones that a `Detector` follows; the background's norm is drawn from its prior.

    Parameters
    ----------
    settings, stretch, threshold, n, rng : of `alarms_known`
    elsewhere : float, events per s of the background that cannot be of the source
    """
    clock, nodes = TimeReference(55000, 0.0), settings.nodes()
    detector, found = Detector(settings, {"": threshold}, clock), 0
    for _ in range(n):
        flux = rng.choice(nodes.quiet, p=nodes.quiet_chance)
        norm = max(1 + settings.background_error * rng.standard_normal(), 0.5)
        count = rng.poisson(SECONDS * (flux * stretch.signal + norm * stretch.background))
        place = rng.permutation(np.repeat(np.arange(len(count)), count))
        run = RunStretch(
            RunId.of(1),
            clock,
            np.array([[0.0, SECONDS]]),
            np.sort(rng.uniform(0, SECONDS, len(place))),
            stretch.signal[place],
            stretch.background[place],
            np.sort(rng.uniform(0, SECONDS, rng.poisson(SECONDS * norm * elsewhere))),
            stretch.signal_rate,
            np.array([0.0, SECONDS]),
            np.array([stretch.background.sum() + elsewhere]),
        )
        found += bool(detector.after(None, run)[1])
    return found


def _rows(found):
    """[(telescope, source, kind, per, expected, alarms), ...] of all pieces together."""
    together = {}
    for *key, runs, alarms in found["alarms"]:
        total = together.setdefault(tuple(key), [0, 0])
        total[0] += runs
        total[1] += alarms
    return [(*key, runs * SECONDS / (3600 * key[3]), alarms) for key, (runs, alarms) in together.items()]


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
        "Runs of 28 minutes in which nothing changes, each a night of its own, followed event by event; quiet fluxes "
        "are drawn from the prior of 20 % around 0, or 0.15 Crab. Thresholds are those of simulated runs *with* a "
        f"change and their weights. Bar (95 % intervals of found over wished inside {LOW} to {HIGH}): {verdict(good)}."
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
