"""The small text files of a result, read within limits."""

import json
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
    return json.dumps(tree, indent=indent, ensure_ascii=False) + "\n"


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
