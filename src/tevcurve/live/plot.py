"""The figure of a replay."""

from typing import TYPE_CHECKING, Any

import numpy as np

from tevcurve.figures.style import COLOURS, legend_above
from tevcurve.lightcurve.plot import axis_times

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_replay(replay: Any, time_format: str | None = None) -> list["Axes"]:
    """The axes of a new figure: the statistic, its threshold and the alarms; below, the light curve.

    Parameters
    ----------
    replay : `~tevcurve.live.replay.Replay`
    time_format : of the time axis, as of `LightCurve.plot`
    """
    import matplotlib.pyplot as plt

    _, (upper, lower) = plt.subplots(2, 1, figsize=(9, 6), sharex=True, layout="constrained")
    replay.light_curve.plot(ax=lower, time_format=time_format)
    _draw_statistic(upper, lower, replay)
    _draw_alarms((upper, lower), lower, replay)
    upper.tick_params(labelbottom=False)
    # of both panels, so above the first
    source = lower.get_title(loc="left")
    lower.set_title("", loc="left")
    upper.set_title(source, loc="left", parse_math=False)
    legend_above(upper, beside=source)
    return [upper, lower]


def _draw_statistic(ax, times_of, replay):
    for number, trace in enumerate(replay.traces):
        if not len(trace.time_s):
            continue
        when = _times(times_of, replay, trace.time_s)
        # Beyond that it says no more, and numbers end.
        value = np.exp(np.minimum(trace.log_statistic, 600.0))
        ax.plot(when, value, color=COLOURS[0], lw=1, label=None if number else "statistic")
        label = None if number else "threshold"
        ax.plot(when, np.exp(trace.log_threshold), color=COLOURS[1], lw=1.2, ls="--", label=label)
    ax.set_yscale("log")
    highest = max(np.exp(trace.log_threshold.max(initial=0.0)) for trace in replay.traces)
    low, high = ax.get_ylim()
    ax.set_ylim(max(low, 1.0), min(high, 1e6 * highest))
    ax.set_ylabel("Statistic of a change [s]")


def _draw_alarms(axes, times_of, replay):
    first = [one for one in replay.alarms if one.is_first]
    for number, one in enumerate(first):
        at, onset = _times(times_of, replay, np.array([one.time_s, one.onset[2]]))
        for k, ax in enumerate(axes):
            label = None if k or number else "alarm"
            ax.axvline(at, color=COLOURS[2], lw=1.2, label=label)
            label = None if k or number else "most likely time of the change"
            ax.axvline(onset, color=COLOURS[3], lw=1, ls=":", label=label)


def _times(ax, replay, seconds):
    return axis_times(ax, replay.detector.clock.to_time(seconds))
