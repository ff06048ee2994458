"""What is wrong with a configuration, each mistake as a sentence that says where it stands."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tevcurve.errors import InputError

if TYPE_CHECKING:
    from pydantic import ValidationError

_WANTED = {
    "bool_parsing": "yes or no",
    "bool_type": "yes or no",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "a text",
}


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


def mistakes_of(error: "ValidationError", known: Sequence[str]) -> list[tuple[tuple, str]]:
    """List of (path, words) of a ValidationError of pydantic.

    Parameters
    ----------
    error : of pydantic
    known : names of the keys that there are
    """
    return [_mistake(each, known) for each in error.errors(include_url=False)]


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name that a wrong one may mean, or None.

    Parameters
    ----------
    name : as it was written
    known : names that there are
    """
    begins = [each for each in known if name and each.startswith(name.lower())]
    near = begins or difflib.get_close_matches(name.lower(), known, 1, 0.6)
    return near[0] if near else None


def _mistake(error: Mapping[str, Any], known: Sequence[str]) -> tuple[tuple, str]:
    # Inside a value pydantic counts the members of its types, which are nothing that a person wrote.
    path, context = tuple(error["loc"][:1]), error.get("ctx") or {}
    name = str(path[0]) if path else ""
    match error["type"]:
        case "extra_forbidden":
            near = nearest(name, known)
            hint = f"did you mean {near}?" if near else f"the keys are {', '.join(known)}."
            return path, f"There is no key {name!r}; {hint}"
        case "missing":
            return path, f"{name} is missing."
        case "tevcurve":
            return path + tuple(context["path"]), _sentence(
                ".".join([name, *map(str, context["path"])]), context["words"]
            )
        case "value_error":
            return path, f"{context['error']}."
    return (
        path,
        f"{name} is {error.get('input')!r}; wanted is {_wanted(error['type'], context, error['msg'])}.",
    )


def _sentence(name: str, words: str) -> str:
    """What a check says, as a sentence on a key: its own one, or what follows on `is`."""
    return (
        f"{name}: {words}."
        if words[:1].isupper() and words[:5] not in ("True;", "False")
        else f"{name} is {words}."
    )


def _wanted(kind: str, context: Mapping[str, Any], otherwise: str) -> str:
    limit = next(iter(context.values()), None)
    match kind:
        case "literal_error":
            return context["expected"].replace("'", "")
        case "greater_than":
            return f"a number above {limit:g}"
        case "greater_than_equal":
            return f"{limit:g} or more"
        case "less_than":
            return f"a number below {limit:g}"
    return _WANTED.get(kind, otherwise)
