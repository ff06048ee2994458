"""Words that were given up for others: they work as before, and say once in a process what they are called now."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from typing import Any, TypeVar

from tevcurve.errors import InputError

log = logging.getLogger(__name__)
Function = TypeVar("Function", bound=Callable[..., Any])
# A store is where data are.
ARGUMENTS = {"store": "cache"}


@cache
def say(older: str, present: str) -> None:
    """None; the log has, once in a process, what a word that was given up is called now.

    Parameters
    ----------
    older : the word that was used
    present : the word in its place
    """
    log.warning("%s is called %s now; the older word works as before.", older, present)


def with_present_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Dict of values, those under older names of arguments and of keys under their names of today.

    Raises `InputError` where one is given under both names.

    values: by name.
    """
    made = dict(values)
    for older, present in ARGUMENTS.items():
        if older not in made:
            continue
        if present in made:
            raise InputError(
                f"{older} and {present} are given, which are the same; wanted is {present} only."
            )
        say(older, present)
        made[present] = made.pop(older)
    return made


def as_written(path: Sequence[Any], values: Mapping[str, Any]) -> tuple[Any, ...]:
    """The path of a value as a person wrote it, whose first key may be an older name.

    Parameters
    ----------
    path : keys and numbers that lead to a value, the first by its name of today
    values : by name, as they were written
    """
    names = [older for older, present in ARGUMENTS.items() if present in path[:1] and older in values]
    return (*names, *path[len(names) :])


def takes_older_names(function: Function) -> Function:
    """The function, which also takes its arguments by their older names.

    function: one whose signature has the names of today.
    """

    @wraps(function)
    def taking(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **with_present_names(kwargs))

    return taking  # type: ignore[return-value]
