"""What a person sees: tables, notes beside the output, and texts of files without their control characters."""

import sys
from collections.abc import Sequence


def plain(text: object) -> str:
    """A text without control characters, which could draw on a terminal or hide what stands there.

    text: anything that has one.
    """
    # Line by line: nearly all of many lines are plain, and a letter by itself takes many times its own bytes.
    return "\n".join(line if line.isprintable() else _plain(line) for line in str(text).split("\n"))


def _plain(line: str) -> str:
    """A line without control characters."""
    return "".join(" " if char == "\t" else char if char.isprintable() else "?" for char in line)


def note(text: object) -> None:
    """Print beside the output proper, on the standard error. text: anything that has one."""
    print(plain(text), file=sys.stderr)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> None:
    """Print a table: drawn on a terminal, else aligned texts, so that `cut`, `grep` and `awk` can have them.

    Parameters
    ----------
    headers : list of str
    rows : list of lists of str
    left : how many columns begin at the left; the others are numbers
    """
    rows = [[plain(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _draw_table(headers, rows, left)
        return
    widths = [max(len(cell) for cell in column) for column in zip(headers, *rows, strict=True)]
    for row in [headers, *rows]:
        cells = [
            cell.ljust(width) if number < left else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def _draw_table(headers: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, header in enumerate(headers):
        table.add_column(header, justify="left" if number < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table)
