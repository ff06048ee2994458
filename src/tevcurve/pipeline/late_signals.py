"""Signals that wait until something is done which must not be left half done."""

import signal
import threading
from contextlib import contextmanager

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def signals_later():
    """A context in which an interruption, or being told to end, waits for the end of it, and comes then.

    A signal whose handling is the system's is left as it is, and threads other than the main one handle none. In a
    process that is forked inside these signals do nothing, until it says what they do.
    """
    came, before = [], {}
    if threading.current_thread() is threading.main_thread():
        known = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
        before = {each: signal.getsignal(each) for each in known if callable(signal.getsignal(each))}
    try:
        for each in before:
            signal.signal(each, lambda number, frame: came.append(number))
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in dict.fromkeys(came):
            signal.raise_signal(number)
