"""Processes that work for this one, and end when it does, however it ends."""

import gc
import os
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial

_PR_SET_PDEATHSIG = 1  # Linux: prctl(2)


@contextmanager
def worker_processes(number, work):
    """A context that gives a function from an argument to the `Future` of what a worker makes of it.

    What has not begun at its end is not done any more.

    Parameters
    ----------
    number : int, processes
    work : function of the argument; each process gets it once, and what it keeps stays there
    """
    pool = ProcessPoolExecutor(max_workers=number, initializer=_begin, initargs=(work,))
    try:
        yield partial(pool.submit, _do)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_work = None


def _begin(work):
    """None; this process of a pool does the work, and ends with its parent."""
    global _work
    _work = work
    # What came with the process stays; to look through it for what can go would copy the parent's memory.
    gc.freeze()
    end_with_parent()


def _do(argument):
    return _work(argument)


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
