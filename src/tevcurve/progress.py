"""Progress bars: on a terminal or in a notebook, for what takes longer than a moment; else nothing is drawn."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Timer
from time import perf_counter
from typing import Any, TypeVar

Item = TypeVar("Item")

DELAY = 0.7  # s


def track(items: Iterable[Item], total: int, words: str, shown: bool = True) -> Iterator[Item]:
    """The items, one after the other, with a progress bar on the standard error.

    Parameters
    ----------
    items : iterable
    total : int, how many there are
    words : what is counted, such as "runs"
    shown : bool; False draws nothing
    """
    bar, start = None, perf_counter()
    try:
        for number, item in enumerate(items, start=1):
            yield item
            if shown and bar is None and perf_counter() - start > DELAY:
                bar = _bar(total, words)
                shown = bar is not None
            if bar is not None:
                bar.update(bar.task_ids[0], completed=number)
    finally:
        if bar is not None:
            bar.stop()


@contextmanager
def working(words: str, shown: bool = True) -> Iterator[None]:
    """A context in which a terminal shows that something is being done, once it has taken a moment.

    Parameters
    ----------
    words : what, such as "Writing the report"
    shown : bool; False draws nothing
    """
    if not (shown and sys.stderr.isatty()):
        yield
        return
    drawn: list[Any] = []
    timer = Timer(DELAY, lambda: drawn.append(_status(words)))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        for status in drawn:
            status.stop()


def _status(words: str) -> Any:
    """A started `rich.status.Status`."""
    from rich.console import Console

    status = Console(stderr=True).status(f"{words} ...")
    status.start()
    return status


def _bar(total: int, words: str) -> Any:
    """A started `rich.progress.Progress`, or None where nobody would see it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    # Not `console.is_terminal`: variables that ask for colours would make a file or a pipe one.
    if not (sys.stderr.isatty() or console.is_jupyter):
        return None
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    bar = Progress(*columns, console=console, transient=True)
    bar.add_task(words, total=total)
    bar.start()
    return bar
