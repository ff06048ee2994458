"""What a person is told where a command is ended before it is done: that calling it again goes on."""

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

    sentence: what is kept, and what goes on with it.
    """
    try:
        yield
    except (KeyboardInterrupt, Stopped) as error:
        error.add_note(sentence)
        raise


def interrupted_words(begin: str, error: BaseException | None) -> str:
    """What to tell of an interruption, str.

    Parameters
    ----------
    begin : a sentence
    error : the interruption, with what `goes_on` had to say; or None
    """
    return " ".join([begin, *getattr(error, "__notes__", ())])
