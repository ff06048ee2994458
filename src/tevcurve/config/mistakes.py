"""What is wrong with a configuration, each mistake as a sentence that says where it stands."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tevcurve.errors import InputError, Unwanted
from tevcurve.near_names import meant


class ConfigError(InputError):
    """Values that a configuration cannot have.

    Parameters
    ----------
    mistakes : list of (path, words), the path a tuple of keys
    place : function of a path, what to say before each sentence, such as "config.yaml, line 3: "
    """

    def __init__(
        self, mistakes: Sequence[tuple[tuple, str]], place: Callable[[tuple], str] | None = None
    ) -> None:
        self.mistakes = mistakes
        place = place or (lambda path: "")
        super().__init__("\n".join(f"{place(path)}{words}" for path, words in mistakes))


class NoKey(InputError):
    """A key is none of those that there are.

    Parameters
    ----------
    name : as it was written
    known : the keys that there are
    """

    def __init__(self, name: object, known: Iterable[str]) -> None:
        names = list(known)
        super().__init__(
            f"There is no key {name!r}; " + meant(name, names, f"the keys are {', '.join(names)}.")
        )


def checked_values(
    given: Mapping[str, Any],
    kinds: Mapping[str, Callable[[Any], Any]],
    defaults: Mapping[str, Any],
) -> dict[str, Any]:
    """Dict of the plain values of all keys, in their order. Raises `ConfigError` with all that cannot be used.

    Parameters
    ----------
    given : dict of values by keys
    kinds : function by key, of a value to the plain one that is kept, which raises `InputError`
    defaults : of the keys that need not be given
    """
    kept, mistakes = values_and_mistakes(given, kinds, defaults)
    if mistakes:
        raise ConfigError([(mistake.path, _sentence(mistake)) for mistake in mistakes])
    return kept


def values_and_mistakes(
    given: Mapping[str, Any],
    kinds: Mapping[str, Callable[[Any], Any]],
    defaults: Mapping[str, Any],
) -> tuple[dict[str, Any], list[InputError]]:
    """(Dict of the plain values of all keys that can be used, in their order; what is wrong with the others).

    Parameters
    ----------
    given, kinds, defaults : as for `checked_values`
    """
    kept: dict[str, Any] = {}
    mistakes: list[InputError] = []
    for name, kind in kinds.items():
        try:
            if name not in given and name not in defaults:
                raise Unwanted("missing")
            kept[name] = kind(given[name] if name in given else defaults[name])
        except InputError as error:
            mistakes.append(error.at(name))
    return kept, mistakes + [NoKey(name, kinds).at(name) for name in given if name not in kinds]


def _sentence(mistake: InputError) -> str:
    """What is wrong at a place: what it is, or a sentence of its own."""
    words, name = str(mistake).rstrip("."), ".".join(map(str, mistake.path))
    words += "" if words.endswith("?") else "."
    if isinstance(mistake, Unwanted):
        return f"{name} is {words}"
    # A key of all says itself where it stands.
    return words if isinstance(mistake, NoKey) and len(mistake.path) == 1 else f"{name}: {words}"
