"""Processes that work for this one, and end when it does, however it ends."""

import gc
import os
import signal
import sys
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from tevcurve.pipeline.answers import Answer, to_answer
from tevcurve.pipeline.late_signals import signals_later
from tevcurve.pipeline.said_elsewhere import SaidElsewhere, log_level, with_said
from tevcurve.pipeline.temporary_runs import TemporaryFolder

_PR_SET_PDEATHSIG = 1  # Linux: prctl(2)
# glibc: mallopt(3), each with the bytes from which on memory goes back to the system, and by which it comes.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_KEPT = {_M_MMAP_THRESHOLD: 2**25, _M_TRIM_THRESHOLD: 2**27, _M_TOP_PAD: 2**24}


@contextmanager
def worker_processes(number, work):
    """A context that gives a function from an argument to the `Answer` of what a worker makes of it.

    What has not begun at its end is not done any more. Of a pool that has lost a process an `Answer` has that as its
    error. What workers say in the log is said by this process, as answers are asked for.

    Parameters
    ----------
    number : int, processes
    work : function of the argument; each process gets it once, and what it keeps stays there
    """
    try:
        folder = TemporaryFolder()
    except OSError:
        folder = None
    path = None if folder is None else os.fspath(folder.path)
    pool = ProcessPoolExecutor(max_workers=number, initializer=_begin, initargs=(work, path, log_level()))
    elsewhere = SaidElsewhere()

    def submit(argument):
        try:
            # A pool that is interrupted while it starts its processes never ends them, and waits for them for ever.
            with signals_later():
                future = pool.submit(_do, argument)
        except BrokenProcessPool as error:
            future = Future()
            future.set_exception(error)
        return Answer(future, elsewhere)

    try:
        yield submit
    finally:
        # Nor does one whose end is interrupted.
        with signals_later():
            pool.shutdown(wait=True, cancel_futures=True)


_work = _folder = _level = None
_is_at_work = False


def _begin(work, folder, level):
    """None; this process of a pool does the work, and ends with its parent."""
    global _work, _folder, _level
    _work, _folder, _level = work, folder, level
    # What came with the process stays; to look through it for what can go would copy the parent's memory.
    gc.freeze()
    keep_memory()
    end_with_parent()


def _do(argument):
    global _is_at_work
    try:
        _is_at_work = True
        return to_answer(with_said(_work, argument, _level), _folder)
    finally:
        _is_at_work = False


def _interrupted(number, frame):
    """Ends the work, once. Where none is done it is not for this process, whose parent would wait for what is half sent
    and for locks that are held.
    """
    global _is_at_work
    if _is_at_work:
        _is_at_work = False
        raise KeyboardInterrupt


def keep_memory():
    """None; memory that this process frees stays with it, some 100 MB at most (on systems with glibc).

    Each run takes what the one before has freed. Else the system, which clears every page that it gives, takes and
    gives the same pages for each.
    """
    if sys.platform.startswith("linux"):
        import ctypes

        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        for parameter, value in _KEPT.items() if mallopt is not None else ():
            mallopt(parameter, value)


def end_with_parent():
    """None; this process of a pool ends as soon as the one that started it has ended, also when that was killed."""
    from multiprocessing import parent_process

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            # What the parent does at these is not for its workers.
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    # One that is ignored stays so.
    if callable(signal.getsignal(signal.SIGINT)):
        signal.signal(signal.SIGINT, _interrupted)
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
