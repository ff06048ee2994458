"""The ticks of a time axis for matplotlib."""

from functools import cache
from typing import Any

import numpy as np

from tevcurve.lightcurve.plots.gaps import CutTime
from tevcurve.lightcurve.plots.time_ticks import CHARACTER, TickSource, fitting_ticks


def time_locator(source: TickSource, cut: CutTime | None = None) -> "PieceTicks":
    """A matplotlib Locator of the times that fit on paper, in each piece of a time axis; see `PieceTicks`.

    Parameters
    ----------
    source : `MjdTicks` or `DateTicks`
    cut : `CutTime`, or None for an axis in one piece
    """
    return _locator_class()(source, cut)


@cache
def _locator_class() -> type[Any]:
    """Made where something is drawn, because matplotlib is slow to import."""
    from matplotlib.ticker import Locator

    class TimeLocator(PieceTicks, Locator):  # type: ignore[misc]
        def __reduce__(self) -> tuple[Any, ...]:
            return time_locator, (self.source, self.cut), self.__dict__

    return TimeLocator


class PieceTicks:
    """What a Locator of a time axis does, which knows its `axis`; its `label` is the function of a Formatter.

    Parameters
    ----------
    source : `MjdTicks` or `DateTicks`
    cut : `CutTime`, or None for an axis in one piece
    """

    axis: Any

    def __init__(self, source: TickSource, cut: CutTime | None) -> None:
        self.source, self.cut = source, cut
        self.words: dict[float, str] = {}

    def __call__(self) -> np.ndarray:
        return self.tick_values(*self.axis.get_view_interval())

    def label(self, time: float, position: int | None = None) -> str:
        """The text at a tick.

        Parameters
        ----------
        time : of the tick, a number of the axis
        position : number of the tick, which plays no part
        """
        return self.words.get(float(time), "")

    def tick_values(self, vmin: float, vmax: float) -> np.ndarray:
        """Float array of the ticks between two numbers of the axis.

        Parameters
        ----------
        vmin, vmax : ends of the axis
        """
        low, high = sorted((vmin, vmax))
        ax, place = self.axis.axes, self.axis.get_transform().transform
        width = ax.get_window_extent().width / ax.figure.dpi
        whole = np.ptp(place(np.array([low, high])))
        words: dict[float, str] = {}
        for ends in self._pieces(low, high):
            inches = width * np.ptp(place(np.array(ends))) / whole
            found = fitting_ticks(self.source, *ends, inches, self._size(), inside=self.cut is not None)
            words |= dict(zip(found[0].tolist(), found[1], strict=True))
        times = np.array(list(words))
        if self.cut is not None and len(times):
            middle = width * np.abs(place(times) - place(np.array([low]))) / whole
            words = self._with_room(words, middle)
        self.words = words
        return times

    def _with_room(self, words: dict[float, str], middle: np.ndarray) -> dict[float, str]:
        """The labels without those that were over one of another piece: there may be more pieces than have room."""
        kept, free, of = {}, -np.inf, -1
        starts = () if self.cut is None else self.cut.start
        pieces = np.searchsorted(starts, np.array(list(words)), side="right")
        for (time, label), place, piece in zip(words.items(), middle, pieces, strict=True):
            half = 0.5 * self._size() * CHARACTER * max(len(line) for line in label.split("\n"))
            kept[time] = label if piece == of or place - half > free else ""
            free, of = (place + half, piece) if kept[time] else (free, of)
        return kept

    def _pieces(self, low: float, high: float) -> list[tuple[float, float]]:
        """The pieces of the axis in view, pairs of times."""
        starts, stops = ((), ()) if self.cut is None else (self.cut.start[1:], self.cut.stop[:-1])
        ends = zip((-np.inf, *starts), (*stops, np.inf), strict=True)
        pieces = [(max(low, first), min(high, last)) for first, last in ends]
        return [(first, last) for first, last in pieces if last > first]

    def _size(self) -> float:
        """Size of the labels' font in inches."""
        from matplotlib import rcParams
        from matplotlib.font_manager import FontProperties

        size = self.axis.get_tick_params().get("labelsize", rcParams["xtick.labelsize"])
        return FontProperties(size=size).get_size_in_points() / 72
