"""Processes that work for this one, and end when it does, however it ends."""

import os
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

_PR_SET_PDEATHSIG = 1  # Linux: prctl(2)


@contextmanager
def worker_processes(number):
    """A context that gives a `ProcessPoolExecutor`; what has not begun at its end is not done any more.

    number: int, processes.
    """
    pool = ProcessPoolExecutor(max_workers=number, initializer=end_with_parent)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def end_with_parent():
    """None; this process of a pool ends as soon as the one that started it has ended, also when that was killed."""
    from multiprocessing import parent_process

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            # What the parent does at these is not for its workers.
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    parent = parent_process()
    if parent is None:
        return
    if sys.platform.startswith("linux") and os.getppid() == parent.pid:
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # On every system, and where the parent ended in the moment before.
    threading.Thread(target=_exit_after, args=(parent,), daemon=True).start()


def _exit_after(parent):
    parent.join()
    os._exit(1)
