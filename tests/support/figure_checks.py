"""Whether a figure can be read: no text over another, over data or cut off."""

from itertools import combinations

from matplotlib.text import Text


def texts_of(figure):
    """(text, box in pixels) of all that is written in a figure; axes of the sky write their numbers by themselves."""
    figure.canvas.draw()
    found = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    off = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            if hasattr(ax, "coords"):
                off |= {*axis.get_majorticklabels(), *axis.get_minorticklabels()}
            for ticks in (axis.get_major_ticks(), axis.get_minor_ticks()):
                off |= {
                    t
                    for tick in ticks
                    if not low <= tick.get_loc() <= high
                    for t in (tick.label1, tick.label2)
                }
        if not ax.get_visible():
            off |= set(ax.findobj(Text))
    return [(text.get_text(), text.get_window_extent()) for text in found if text not in off]


def assert_readable(figure):
    """No two texts overlap, all lie inside the figure, and legends lie off the axes."""
    texts = texts_of(figure)
    assert len(texts) > 3
    for (one, box), (other, another) in combinations(texts, 2):
        width = min(box.x1, another.x1) - max(box.x0, another.x0)
        height = min(box.y1, another.y1) - max(box.y0, another.y0)
        # boxes of text have some air around the letters
        assert width < 1 or height < 1, f"{one!r} is written over {other!r}"
    frame = figure.bbox
    for text, box in texts:
        inside = box.x0 > -1 and box.y0 > -1 and box.x1 < frame.x1 + 1 and box.y1 < frame.y1 + 1
        assert inside, f"{text!r} is cut off"
    for ax in figure.axes:
        if ax.get_legend() is not None:
            legend = ax.get_legend().get_window_extent()
            assert not any(legend.overlaps(other.get_window_extent()) for other in figure.axes)
