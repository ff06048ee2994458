"""The small text files of a result, read within limits."""

import json

from tevcurve.errors import DataError
from tevcurve.files import read_bytes


def as_json(tree, indent=1):
    """JSON text of a dict, always the same."""
    return json.dumps(tree, indent=indent, ensure_ascii=False) + "\n"


def read_text(path):
    """The text of a file. Raises `DataError` where it cannot be read, or is too large."""
    try:
        return read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} cannot be read as text: {error}.") from error


def read_json(path, what):
    """The dict in a JSON file. what: what its folder is, in words. Raises `DataError` where there is none."""
    if not path.is_file():
        raise DataError(f"{path.parent} is not {what}: it has no file {path.name}.")
    try:
        tree = json.loads(read_bytes(path))
    except DataError:
        raise
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if not isinstance(tree, dict):
        raise DataError(f"{path} does not hold {what}.")
    return tree
