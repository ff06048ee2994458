"""What the words above an axes say: the source, the series, what limits are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tevcurve.figures.style import band_text, legend_above
from tevcurve.lightcurve.plots.points import LAST
from tevcurve.lightcurve.plots.time_axis import Drawn, drawn_in, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_legend(ax: "Axes", others: Sequence["Axes"] = ()) -> None:
    """The legend of an axes with a light curve, if there is something to tell: several entries, or what limits are.

    Parameters
    ----------
    ax : matplotlib axes
    others : axes below it without a legend of their own; what limits and marks are in these is told here
    """
    there = [record for record in map(drawn_in, (ax, *others)) if record is not None]
    last = (*dict.fromkeys(words for record in there for words in record.limits), *LAST)
    more: dict[str, Any] = {}
    for other in others:
        entries = zip(*other.get_legend_handles_labels(), strict=True)
        more |= {label: handle for handle, label in entries if label in last and label not in more}
    if not_drawn := sum(record.not_drawn for record in there):
        more[_without_place(not_drawn)] = _nothing()
        last = (*last, _without_place(not_drawn))
    labels = {*ax.get_legend_handles_labels()[1], *more}
    if len(labels) > 1 or set(last) & labels:
        drawn = drawn_in(ax)
        title = None if drawn is None else drawn.title
        legend_above(ax, last=last, beside="" if title is None else title.get_text(), more=more)


def _without_place(number: int) -> str:
    return f"{number} row{' is' if number == 1 else 's are'} at or below zero and not drawn"


def _nothing() -> Any:
    """The mark of what is not drawn, for a legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="none")


def name_source(ax: "Axes", drawn: Drawn, source: str, unnamed: list[Any]) -> None:
    """Name the source of a light curve: above the axes, or where there are several, in the legend.

    A title that is there already stays, and of several axes that share their time one has it.

    Parameters
    ----------
    ax : matplotlib axes
    drawn : of the axes
    source : name, or "" where it is not known
    unnamed : artists of its series that the legend has not
    """
    drawn.unnamed += [(artist, source) for artist in unnamed if source]
    if not source or source in drawn.sources:
        return
    drawn.sources.append(source)
    if len(drawn.sources) > 1:
        if drawn.title is not None:
            drawn.title.set_text("")
        for artist, name in drawn.unnamed:
            _add_label(artist, plain_label(name), in_front=True)
        drawn.unnamed.clear()
        return
    others = [record for record in records(ax) if record is not drawn]
    taken = any(ax.get_title(place) for place in ("left", "center", "right"))
    if not taken and not any(record.sources == [source] for record in others):
        drawn.title = ax.set_title(source, loc="left", parse_math=False)


def name_bands(drawn: Drawn) -> None:
    """Say in the legend of which band each series is that is there, as another band comes into the same axes.

    drawn: of the axes.
    """
    for artist, band in drawn.without_band:
        _add_label(artist, band_text(*band))
    drawn.without_band.clear()


def _add_label(artist: Any, word: str, in_front: bool = False) -> None:
    """Add a word to the label of an artist; one that begins with an underscore is none."""
    words = [label for label in [str(artist.get_label() or "_")] if not label.startswith("_")]
    artist.set_label(", ".join([word, *words] if in_front else [*words, word]))


def plain_label(name: str) -> str:
    """A name as an entry of a legend that shows it as it is. name: of a source."""
    # An underscore in front would hide it.
    return ("\u200b" if name.startswith("_") else "") + name.replace("$", r"\$")
