"""Time axes with their long gaps cut out."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Shares of the axis: of a cut, and of the margin of a piece at its cuts.
CUT, MARGIN = 0.025, 0.012
MOST_PIECES = 6
# What artists that mark cuts are known by.
CUTS = "cut"
NIGHT = 0.25  # days: gaps between nights are longer


@dataclass(frozen=True)
class CutTime:
    """A scale on which pieces of the time axis stand side by side, each to the same scale unless it were too narrow.

    Attributes
    ----------
    start, stop : the ends of the pieces in the numbers of the axis, tuples of float (n_pieces,); they do not overlap
    shortest : float, the least share of the axis that a piece has
    """

    start: tuple[float, ...]
    stop: tuple[float, ...]
    shortest: float = 0.12

    @cached_property
    def _time(self) -> np.ndarray:
        return np.column_stack([self.start, self.stop]).ravel()

    @cached_property
    def _place(self) -> np.ndarray:
        share = _shares(np.subtract(self.stop, self.start), self.shortest)
        left = np.append(0, np.cumsum(share[:-1] + CUT))
        return np.column_stack([left, left + share]).ravel()

    def forward(self, time: np.ndarray | float) -> np.ndarray:
        """Places on the axis, 0 to 1 between the first and the last time; beyond them straight on.

        time: numbers of the axis, of any shape.
        """
        return _straight(np.asarray(time, dtype=float), self._time, self._place)

    def inverse(self, place: np.ndarray | float) -> np.ndarray:
        """Times at places on the axis. place: 0 to 1 between the first and the last time, of any shape."""
        return _straight(np.asarray(place, dtype=float), self._place, self._time)

    @property
    def gaps(self) -> np.ndarray:
        """(n_pieces - 1, 2): the times between which the axis is cut."""
        return np.column_stack([self.stop[:-1], self.start[1:]])

    def hidden(self, time: np.ndarray) -> np.ndarray:
        """Whether times (n,) are in a cut. time: numbers of the axis, float array (n,)."""
        return np.any([(time > low) & (time < high) for low, high in self.gaps], axis=0)


def cut_nights(start: np.ndarray, stop: np.ndarray, shortest: float = 0.12) -> CutTime | None:
    """The `CutTime` between nights, or None where no gap stands out, or every piece is one time bin.

    Single bins say when they are by where they stand; what is between several would be lost on an axis in one piece.

    Parameters
    ----------
    start, stop : float arrays (n,), days
    shortest : least share of the axis of a piece
    """
    cut = cut_time(start, stop, shortest=shortest, least=NIGHT)
    return cut if cut is not None and len(np.unique(start[np.isfinite(start)])) > len(cut.start) else None


def cut_time(
    start: np.ndarray,
    stop: np.ndarray,
    longest: float | None = None,
    shortest: float = 0.12,
    least: float = 0.0,
) -> CutTime | None:
    """The `CutTime` of time bins, or None where there is nothing to cut.

    Parameters
    ----------
    start, stop : float arrays (n,) in the numbers of the axis
    longest : gaps that are longer are cut; None cuts those that are far longer than the others and than what is
        between them
    shortest : least share of the axis of a piece
    least : where `longest` is None, the shortest gap that is cut
    """
    known = np.isfinite(start) & np.isfinite(stop)
    order = np.argsort(start[known], kind="stable")
    start, reach = start[known][order], np.maximum.accumulate(stop[known][order])
    if len(start) < 2:
        return None
    gap = start[1:] - reach[:-1]
    if longest is None:
        chosen = _outstanding(gap, reach[-1] - start[0], int(min(MOST_PIECES, 0.9 / shortest)))
        chosen = chosen[gap[chosen] > least]
    else:
        chosen = np.flatnonzero(gap > longest)
    if not len(chosen):
        return None
    first, last = np.append(0, chosen + 1), np.append(chosen, len(start) - 1)
    start, stop = start[first], reach[last]
    half = 0.5 * gap[chosen].min() * 0.9
    pad = min(MARGIN * (stop - start).sum() or half, half)
    inner = np.arange(len(start))
    low = start - pad * (inner > 0)
    high = stop + pad * (inner < len(start) - 1)
    # a single instant has no length to show
    flat = half * (high <= low)
    return CutTime(tuple(low - flat), tuple(high + flat), shortest)


def _outstanding(gap: np.ndarray, span: float, most: int) -> np.ndarray:
    """Numbers of the gaps that are longer than a mean piece, and twice the longest that stays; `most` pieces."""
    order = np.argsort(-gap, kind="stable")
    best = 0
    for number in range(1, min(most, len(gap) + 1)):
        shown = span - gap[order[:number]].sum()
        least = gap[order[number - 1]]
        stays = gap[order[number]] if number < len(gap) else 0.0
        if least > max(shown / (number + 1), 2 * stays):
            best = number
    return np.sort(order[:best])


def apply_cut(ax: "Axes", cut: CutTime | None) -> None:
    """Put a `CutTime` on the time axis of an axes and of all that share it, or take it away (None).

    Parameters
    ----------
    ax : matplotlib axes
    cut : `CutTime`, or None for an axis in one piece
    """
    if cut is not None:
        ax.set_xscale("function", functions=(cut.forward, cut.inverse))
    elif ax.get_xscale() == "function":
        ax.set_xscale("linear")


def mark_cuts(ax: "Axes", cut: CutTime | None) -> None:
    """Draw the cuts of an axes, in place of those that were drawn before; they leave its limits alone.

    Parameters
    ----------
    ax : matplotlib axes
    cut : `CutTime`, or None for an axis in one piece
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    for artist in [one for one in ax.get_children() if one.get_gid() == CUTS]:
        artist.remove()
    if cut is None:
        return
    across, ground = ax.get_xaxis_transform(), ax.figure.get_facecolor()
    colour = ax.spines["bottom"].get_edgecolor()
    for low, high in cut.gaps:
        # over the line of zero, and over the frame
        cover = Rectangle((low, 0), high - low, 1, facecolor=ground, edgecolor="none", zorder=0.6)
        marks: list[Any] = [cover]
        for side in (0, 1):
            ends = [low, high], [side, side]
            marks.append(Line2D(*ends, color=ground, linewidth=2.5, zorder=2.6))
            slash: dict[str, Any] = {
                "marker": [(-0.5, -1), (0.5, 1)],
                "markersize": 9,
                "markeredgewidth": 0.9,
            }
            marks.append(Line2D(*ends, color=colour, linestyle="none", zorder=2.7, **slash))
        for mark in marks:
            mark.set(transform=across, clip_on=mark is cover, gid=CUTS, in_layout=False)
            ax.add_artist(mark)


def _shares(length: np.ndarray, shortest: float) -> np.ndarray:
    """Shares of the axis (n,) of pieces: all to one scale, but for those that would be narrower than `shortest`."""
    room = 1 - CUT * (len(length) - 1)
    least = min(shortest, 0.9 * room / len(length))
    narrow, share = np.zeros(len(length), dtype=bool), room * length / length.sum()
    # what narrow pieces get the others lose, which may make one of these narrow
    while (share[~narrow] < least).any():
        narrow |= share < least
        share = np.where(narrow, least, (room - least * narrow.sum()) * length / length[~narrow].sum())
    return share


def _straight(value: np.ndarray, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Linear interpolation, straight on beyond the ends."""
    result = np.interp(value, source, target)
    first, last = ((target[k + 1] - target[k]) / (source[k + 1] - source[k]) for k in (0, -2))
    result = np.where(value < source[0], target[0] + (value - source[0]) * first, result)
    return np.where(value > source[-1], target[-1] + (value - source[-1]) * last, result)
