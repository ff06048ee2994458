"""What the program says of its work while it is at it."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from tevcurve.cli.console import plain

_LEVELS = {0: logging.WARNING, 1: logging.INFO}
_LOGGER = logging.getLogger("tevcurve")


@contextmanager
def logs_on_stderr() -> Iterator[None]:
    """A context in which the log goes to the standard error, warnings only until `set_level` says otherwise."""
    level, handler = _LOGGER.level, _Handler()
    handler.setFormatter(_OneLine("%(levelname)s: %(message)s"))
    handler.addFilter(_is_not_told_later)
    _LOGGER.addHandler(handler)
    with warnings.catch_warnings():
        try:
            yield
        finally:
            _LOGGER.removeHandler(handler)
            _LOGGER.setLevel(level)


def set_level(verbose: int, debug: bool) -> None:
    """None; what is logged from now on.

    Parameters
    ----------
    verbose : int, 0 to 2
    debug : bool, with tracebacks
    """
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal has no letters for is no reason to stop.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    _LOGGER.setLevel(_LEVELS.get(verbose, logging.DEBUG))
    if not (verbose or debug):
        warnings.simplefilter("ignore")
        return
    for handler in _LOGGER.handlers:
        if isinstance(handler, _Handler):
            handler.removeFilter(_is_not_told_later)
            if debug:
                handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))


class _Handler(logging.StreamHandler):
    """Log lines on the standard error as it is at the time: a progress bar takes it over."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


class _OneLine(logging.Formatter):
    """Log lines without tracebacks and control characters."""

    def format(self, record: logging.LogRecord) -> str:
        # What another handler, or another process, has made of a traceback is in the record.
        short = logging.makeLogRecord(record.__dict__ | {"exc_info": None, "exc_text": None})
        return plain(super().format(short).rstrip())


def _is_not_told_later(record: logging.LogRecord) -> bool:
    """What is wrong with a run is told at the end, once, with the others."""
    return record.name != "tevcurve.problems" and not str(record.msg).startswith("Run %s is left out")
