"""The printed rows of a table of which only a part is there as texts at a time."""

from collections.abc import Iterable, Iterator

from astropy.table import Table

# Rows whose texts are there one by one.
ROWS_AT_ONCE = 2**13


def printed_parts(parts: Iterable[Table]) -> Iterator[str]:
    """Texts of some lines each, the head first: all lines are those that `Table.pformat` makes of all rows at once.

    Columns are as wide as their widest text in any part, so the first lines come when all parts were asked for.

    parts: tables with the same columns, which have all rows, one after the other.
    """
    kept: list[list[tuple[str, int]]] = []
    heads: list[list[str]] = []
    for part in parts:
        has_unit = any(column.info.unit for column in part.itercols())
        laid = [
            part[[name]].pformat(max_lines=-1, max_width=-1, show_unit=has_unit, align=">")
            for name in part.colnames
        ]
        # The last line of the head is drawn.
        n_words = 2 if has_unit else 1
        heads = [[word.strip() for word in lines[:n_words]] for lines in laid]
        # Every line of a column has the same width, so that one text holds all of them.
        kept.append([("".join(lines[n_words + 1 :]), len(lines[0])) for lines in laid])
    widths = [max(width for _, width in column) for column in zip(*kept, strict=True)]
    head = [[word.center(width) for word in words] for words, width in zip(heads, widths, strict=True)]
    lines = [*zip(*head, strict=True), ["-" * width for width in widths]]
    yield "\n".join(map(" ".join, lines))
    kept.reverse()
    while kept:
        cells = [_cells(*column, width) for column, width in zip(kept.pop(), widths, strict=True)]
        rows = [*map(" ".join, zip(*cells, strict=True))]
        if rows:
            yield "\n".join(rows)


def _cells(joined: str, own: int, width: int) -> list[str]:
    """The texts of a column in their places. joined: all of them, each of the width `own`. width: what is wanted."""
    return [joined[first : first + own].rjust(width) for first in range(0, len(joined), own)]
