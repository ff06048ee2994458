"""The command `tevcurve` itself: what becomes of errors.

Exit codes: 0 done; 1 some runs or bins failed, and the result holds the rest; 2 nothing could be done; 130 interrupted;
143 or 129 told to end (TERM, HUP).
"""

import atexit
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tevcurve.cli.console import plain
from tevcurve.cli.exit_codes import DONE, INTERRUPTED, NOTHING, PIPE_CLOSED
from tevcurve.cli.logs import logs_on_stderr
from tevcurve.cli.resuming import Stopped, interrupted_words
from tevcurve.errors import TevcurveError
from tevcurve.problems import remarks_told_once

# Objects that are made between two collections, and how many of these there are between two wider ones.
_SELDOM = (200_000, 20, 100)
_SOON = 0.01  # s
_ANYWHERE = {"-v", "-vv", "--verbose", "--debug"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of the command with some arguments, by default those of the process.

    arguments: words of the command line.
    """
    _open_closed_streams()
    # Before numpy is there: matrices are small, and threads of BLAS on them wait for each other on a busy machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    arguments = _in_front(sys.argv[1:] if arguments is None else list(arguments))
    debug = "--debug" in arguments[: _end_of_options(arguments)]
    try:
        with _ends_orderly(), _collects_seldom():
            code = _called(arguments)
        sys.stdout.flush()
    except Stopped as stopped:
        _say(interrupted_words(stopped))
        return 128 + stopped.number
    except BrokenPipeError:
        _forget_output()
        return PIPE_CLOSED
    except KeyboardInterrupt:
        _say("Interrupted.")
        return INTERRUPTED
    except Exception as error:
        if debug:
            raise
        _say(f"Error: {_sentence(error)}")
        return NOTHING
    return code or DONE


@contextmanager
def _ends_orderly() -> Iterator[None]:
    """A context in which TERM and HUP end the work as an interruption does: nothing is left, no process goes on.

    Where an object is at its end Python passes no error on. An interruption that comes there comes again.
    """
    known = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # What another has set stays: `nohup` lets HUP be ignored.
    own = [number for number in known if signal.getsignal(number) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        own = []

    def stop(number: int, frame: Any) -> None:
        for each in own:
            # The second one ends it at once.
            signal.signal(each, signal.SIG_DFL)
        raise Stopped(number)

    def again(lost: Any) -> None:
        if not (hasattr(signal, "pthread_kill") and isinstance(lost.exc_value, (KeyboardInterrupt, Stopped))):
            told_before(lost)
            return
        number = getattr(lost.exc_value, "number", signal.SIGINT)
        if number in own:
            signal.signal(number, stop)
        threading.Timer(_SOON, send, [threading.get_ident(), number]).start()

    def send(thread: int, number: int) -> None:
        # On a busy machine it would come while it is still being told of the first one, and be lost, too.
        while _is_in(again, thread):
            time.sleep(_SOON)
        signal.pthread_kill(thread, number)

    for number in own:
        signal.signal(number, stop)
    told_before, sys.unraisablehook = sys.unraisablehook, again
    try:
        yield
    finally:
        sys.unraisablehook = told_before
        for number in own:
            signal.signal(number, signal.SIG_DFL)


def _is_in(function: Any, thread: int) -> bool:
    """Whether a thread is in a call of a function."""
    frame = sys._current_frames().get(thread)
    while frame is not None and frame.f_code is not function.__code__:
        frame = frame.f_back
    return frame is not None


@contextmanager
def _collects_seldom() -> Iterator[None]:
    """A context in which Python looks for objects in circles hundreds of times less often.

    A command imports 1000 modules, whose objects all stay; to look through them again and again takes up to a tenth of
    it, and through them all when the process ends a tenth more, which is left out.
    """
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _called(arguments: list[str]) -> int | None:
    """Exit code of the command. It is imported here, so that an interruption of that, too, is one sentence.

    What is odd with many runs in the same way is told once, whatever the command reads them for.
    """
    from click.exceptions import Exit

    from tevcurve.cli.commands import app

    with logs_on_stderr(), remarks_told_once():
        try:
            with app.make_context("tevcurve", arguments) as context:
                return app.invoke(context)
        except Exit as ended:
            return ended.exit_code


def _sentence(error: Any) -> str:
    """What to tell a person of an error."""
    from click import ClickException, UsageError

    if isinstance(error, UsageError):
        command = error.ctx.command_path if error.ctx else "tevcurve"
        return f"{error.format_message()} ({command} --help has more.)"
    if isinstance(error, ClickException):
        return error.format_message()
    if isinstance(error, TevcurveError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'A file'}: {error.strerror}."
    if isinstance(error, MemoryError):
        return "The memory does not suffice."
    return f"An internal error, {type(error).__name__}: {error} (--debug shows where.)"


def _say(sentence: str) -> None:
    try:
        print(plain(sentence), file=sys.stderr, flush=True)
    except BrokenPipeError:
        _forget_output()


def _in_front(arguments: list[str]) -> list[str]:
    """The arguments with the options of every command in front, where `tevcurve` itself takes them."""
    end = _end_of_options(arguments)
    front = [word for word in arguments[:end] if word in _ANYWHERE]
    return front + [word for word in arguments[:end] if word not in _ANYWHERE] + arguments[end:]


def _end_of_options(arguments: list[str]) -> int:
    return arguments.index("--") if "--" in arguments else len(arguments)


def _forget_output() -> None:
    """Whoever reads has read enough; what Python flushes at its end must find an open file."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _open_closed_streams() -> None:
    """Nobody hears what is said on a closed stream (`2>&-`); a file that is opened must not come in its place."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - as long as the process
