"""What a person is told where a command is ended before it is done: that calling it again goes on."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Stopped(BaseException):
    """The process was told to end. number: of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def goes_on(sentence: str) -> Iterator[None]:
    """A context in which an interruption takes a sentence with it, for `interrupted_words`.

    Ctrl-C is `Stopped` then, too.

    sentence: what is kept, and what goes on with it.
    """
    try:
        yield
    except Stopped as stopped:
        stopped.add_note(sentence)
        raise
    except KeyboardInterrupt as error:
        stopped = Stopped(signal.SIGINT)
        stopped.add_note(sentence)
        raise stopped from error


def interrupted_words(stopped: Stopped) -> str:
    """What to tell of an end before all was done, str. stopped: with what `goes_on` had to say."""
    begin = "Interrupted." if stopped.number == signal.SIGINT else "Stopped."
    return " ".join([begin, *getattr(stopped, "__notes__", ())])
