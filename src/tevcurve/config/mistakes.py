"""What is wrong with a configuration, each mistake as a sentence that says where it stands."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tevcurve.errors import InputError


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
    mistakes += [((name,), _unknown(name, list(kinds))) for name in given if name not in kinds]
    if mistakes:
        raise ConfigError(mistakes)
    return kept


def nearest(name: object, known: Sequence[str]) -> str | None:
    """The known name that a wrong one may mean, or None.

    Parameters
    ----------
    name : as it was written
    known : names that there are
    """
    word = str(name).lower()
    begins = [each for each in known if word and each.startswith(word)]
    near = begins or difflib.get_close_matches(word, known, 1, 0.6)
    return near[0] if near else None


def _unknown(name: object, known: Sequence[str]) -> str:
    near = nearest(name, known)
    hint = f"did you mean {near}?" if near else f"the keys are {', '.join(known)}."
    return f"There is no key {name!r}; {hint}"


def _sentence(name: str, error: InputError) -> str:
    """What a check says, as a sentence on a key: its own one, or what follows on `is`."""
    words = str(error).rstrip(".")
    own = not isinstance(error, Unwanted) and words[:1].isupper() and words[:5] not in ("True;", "False")
    return f"{name}: {words}." if own else f"{name} is {words}."
