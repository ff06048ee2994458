"""YAML read safely into plain values, each with the line where it stands.

Nothing is constructed but texts, numbers, booleans, lists and mappings. What is nested deep, large, or grows by
references (`&anchor`, `*alias`) beyond a limit is refused before it takes memory.
"""

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tevcurve.errors import DataError, InputError

MAX_BYTES = 256_000
MAX_VALUES = 20_000
MAX_DEPTH = 20
_PLAIN = "tag:yaml.org,2002:"
_SCALARS = {_PLAIN + kind for kind in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge")}
_INT = re.compile(r"[-+]?\d+")
_FLOAT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?\.inf|\.nan", re.IGNORECASE)
_WORDS: dict[str, bool | None] = {
    "true": True,
    "yes": True,
    "on": True,
    "false": False,
    "no": False,
    "off": False,
}
_WORDS |= {"null": None, "none": None, "~": None, "": None}


@dataclass(frozen=True)
class Marked:
    """Values of a YAML text.

    Attributes
    ----------
    values : those of the text, by key
    lines : dict of path (tuple of keys and numbers) to line, from 1
    """

    values: dict[str, Any]
    lines: dict[tuple, int]

    def line(self, path: Iterable) -> int:
        """Line of a value, or of the innermost that holds it. path: keys and numbers that lead to it."""
        path = tuple(path)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_marked_file(path: str | os.PathLike[str], kind: str, made_by: str = "") -> Marked:
    """The `Marked` values of a YAML file.

    Raises `DataError` for a file that cannot be read, `InputError` as `read_marked`.

    Parameters
    ----------
    path : of the file
    kind : what it should be, in words, such as "configuration"
    made_by : how one comes by such a file, in words that follow on a comma
    """
    path, wanted = Path(path), f"a {kind}{made_by and f', {made_by}'}"
    if path.is_dir():
        raise DataError(f"{path} is a folder; wanted is {wanted}.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path} has more than {MAX_BYTES // 1000} kB; wanted is a {kind}.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"The {kind} {path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"The {kind} {path} is no text.") from error
    return read_marked(text, path, wanted)


def read_marked(text: str, name: str | os.PathLike[str], wanted: str = "a mapping") -> Marked:
    """The `Marked` values of a YAML text.

    Numbers with an exponent are numbers ("1e-12"), and everything that is no number, boolean or null is a text: dates
    and "12:30", too. Raises `InputError` with the line for what is no YAML, for keys that stand there twice, and for
    texts beyond the limits.

    Parameters
    ----------
    text : of a YAML file
    name : what to call it in messages
    wanted : what it should be, for messages
    """
    import yaml

    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InputError(f"{name} has more than {MAX_BYTES // 1000} kB; wanted is {wanted}.")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise InputError(
            f"{name}, line {line}: this is no YAML, {error.problem or error.context}."
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{name} is no YAML: {str(error).splitlines()[0]}.") from error
    except RecursionError:
        raise InputError(f"{name} is nested deeper than {MAX_DEPTH} levels.") from None
    if root is None:
        raise InputError(f"{name} is empty; wanted is {wanted}.")
    if not isinstance(root, yaml.MappingNode):
        raise InputError(f"{name}, line {root.start_mark.line + 1}: wanted are lines such as `key: value`.")
    walk = _Walk(name)
    return Marked(walk.value(root, ()), walk.lines)


def plain_value(text: str) -> Any:
    """The number, boolean, None or text that a scalar of YAML or a word on the command line stands for.

    text: of a scalar.
    """
    word = text.strip().lower()
    if word in _WORDS:
        return _WORDS[word]
    if _INT.fullmatch(word) and len(word) < 19:
        return int(word)
    if _FLOAT.fullmatch(word):
        return float(word.replace(".inf", "inf").replace(".nan", "nan"))
    return text


class _Walk:
    """From nodes to values; counts them, since an alias makes few nodes into many values."""

    def __init__(self, name: str | os.PathLike[str]) -> None:
        self.name, self.seen = name, 0
        self.lines: dict[tuple, int] = {}

    def value(self, node: Any, path: tuple) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self.seen += 1
        if self.seen > MAX_VALUES:
            raise InputError(f"{self.name}, line {line}: there are more than {MAX_VALUES} values.")
        if len(path) > MAX_DEPTH:
            raise InputError(f"{self.name}, line {line}: this is nested deeper than {MAX_DEPTH} levels.")
        return getattr(self, f"_{node.id}")(node, path)

    def _scalar(self, node: Any, path: tuple) -> Any:
        self._check_tag(node, _SCALARS)
        return node.value if node.style in ("'", '"', "|", ">") else plain_value(node.value)

    def _sequence(self, node: Any, path: tuple) -> list:
        self._check_tag(node, {_PLAIN + "seq"})
        return [self.value(item, (*path, number)) for number, item in enumerate(node.value)]

    def _mapping(self, node: Any, path: tuple) -> dict[str, Any]:
        self._check_tag(node, {_PLAIN + "map"})
        values = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.id != "scalar":
                raise InputError(f"{self.name}, line {line}: a key is wanted that is one word.")
            key = key_node.value
            if key in values:
                first = self.lines[(*path, key)]
                raise InputError(
                    f"{self.name}, line {line}: {key} stands there twice, in line {first}, too; wanted is one."
                )
            self.lines[(*path, key)] = line
            values[key] = self.value(value_node, (*path, key))
        return values

    def _check_tag(self, node: Any, allowed: Collection[str]) -> None:
        if node.tag not in allowed:
            raise InputError(
                f"{self.name}, line {node.start_mark.line + 1}: the tag {node.tag} is not allowed; wanted are texts, "
                "numbers, lists and mappings."
            )
