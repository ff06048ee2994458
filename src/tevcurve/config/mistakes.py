"""What is wrong with a configuration, each mistake as a sentence that says where it stands."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tevcurve.errors import InputError
from tevcurve.near_names import meant


class Unwanted(InputError):
    """A value that a key cannot have, of which one word or two say what is wanted.

    Parameters
    ----------
    value : that came
    wanted : what is
    """

    def __init__(self, value: object, wanted: str) -> None:
        super().__init__(f"{value!r}; wanted is {wanted}")
        self.value, self.wanted = value, wanted


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
    kept, mistakes = {}, []
    for name, kind in kinds.items():
        if name not in given and name not in defaults:
            mistakes.append(((name,), f"{name} is missing."))
            continue
        try:
            kept[name] = kind(given[name] if name in given else defaults[name])
        except InputError as error:
            path = (name, *getattr(error, "path", ()))
            mistakes.append((path, _sentence(".".join(map(str, path)), error)))
    mistakes += [((name,), no_key(name, kinds)) for name in given if name not in kinds]
    if mistakes:
        raise ConfigError(mistakes)
    return kept


def no_key(name: object, known: Iterable[str]) -> str:
    """The sentence about a key that is none.

    Parameters
    ----------
    name : as it was written
    known : the keys that there are
    """
    names = list(known)
    return f"There is no key {name!r}; " + meant(name, names, f"the keys are {', '.join(names)}.")


def _sentence(name: str, error: InputError) -> str:
    """What a check says, as a sentence on a key: its own one, or what follows on `is`."""
    words = str(error).rstrip(".")
    own = not isinstance(error, Unwanted) and words[:1].isupper() and words[:5] not in ("True;", "False")
    end = "" if words.endswith("?") else "."
    return f"{name}: {words}{end}" if own else f"{name} is {words}{end}"
