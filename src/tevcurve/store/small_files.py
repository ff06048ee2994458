"""The small text files of a result, read within limits."""

import json
from json.encoder import encode_basestring
from typing import Any

from tevcurve.errors import DataError
from tevcurve.files import Checksums


def as_json(tree: Any, indent: int | None = 1) -> str:
    """JSON text of a dict, always the same.

    Parameters
    ----------
    tree : of the types of JSON
    indent : blanks before what is inside something else
    """
    # The standard library writes lines with blanks before them by a slow way, and what is in one line by a fast one.
    return (_in_lines(tree, "\n", indent) if indent else json.dumps(tree, ensure_ascii=False)) + "\n"


def _in_lines(tree: Any, begin: str, indent: int) -> str:
    """What `json.dumps` makes with `indent`. begin: of a line of the tree, with its blanks."""
    inner = begin + indent * " "
    if isinstance(tree, dict) and tree and all(type(key) is str for key in tree):
        parts = [
            f"{encode_basestring(key)}: {_in_lines(value, inner, indent)}" for key, value in tree.items()
        ]
        return f"{{{inner}{f',{inner}'.join(parts)}{begin}}}"
    if isinstance(tree, list | tuple) and tree:
        parts = [_in_lines(value, inner, indent) for value in tree]
        return f"[{inner}{f',{inner}'.join(parts)}{begin}]"
    if isinstance(tree, dict) and tree:
        # Keys that are no texts, which become some.
        return json.dumps(tree, indent=indent, ensure_ascii=False).replace("\n", begin)
    return encode_basestring(tree) if type(tree) is str else json.dumps(tree, ensure_ascii=False)


def read_text(checksums: Checksums, name: str) -> str:
    """The text of a file.

    Parameters
    ----------
    checksums : `Checksums` of its folder
    name : of the file in it

    Raises `DataError` where it cannot be read.
    """
    try:
        return checksums.read(name).decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{checksums.folder / name} cannot be read as text: {error}.") from error


def read_json(checksums: Checksums, name: str, what: str) -> dict[str, Any]:
    """The dict in a JSON file.

    Parameters
    ----------
    checksums : `Checksums` of the folder
    name : of the file in it
    what : what its folder is, in words

    Raises `DataError` where there is none.
    """
    path = checksums.folder / name
    if not path.parent.exists():
        raise DataError(f"There is no folder {path.parent}; wanted is that of {what}.")
    if not path.is_file():
        raise DataError(f"{path.parent} is not {what}: it has no file {path.name}.")
    try:
        tree = json.loads(checksums.read(name))
    except DataError:
        raise
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if not isinstance(tree, dict):
        raise DataError(f"{path} does not hold {what}.")
    return tree


def more_values_than(tree: Any, most: int) -> bool:
    """Whether a tree of dicts and lists has more values than that; one that is there twice counts twice.

    Parameters
    ----------
    tree : of the types of JSON
    most : number of values
    """
    waiting, seen = [tree], 0
    while waiting:
        seen += 1
        if seen + len(waiting) > most:
            return True
        one = waiting.pop()
        if isinstance(one, dict | list):
            waiting += one.values() if isinstance(one, dict) else one
    return False
