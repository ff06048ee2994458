"""What a table is but for its values, so that what a file says of it is made once for many tables that are alike."""

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import astropy.units as u
import numpy as np
from astropy.table import Column, Table

from tevcurve.files.texts import is_text, width_of

# Of booleans, numbers that FITS and ECSV have as they are, and texts.
_KINDS = ("b1", "u1", "i2", "i4", "i8", "f4", "f8")
# Outlines that are remembered: a result has five tables.
REMEMBERED = 16


@dataclass(frozen=True)
class ColumnOutline:
    """A column but for its values.

    Attributes
    ----------
    name : of the column
    dtype : numpy's word for it, in the byte order of the machine
    shape : of a row
    unit : or None
    unit_text : the unit as it was written: units that are equal may be written in several ways
    description : or None
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    unit: u.UnitBase | None
    unit_text: str
    description: str | None

    @classmethod
    def of(cls, column: Any) -> "ColumnOutline | None":
        """That of a column; None of one that has more to it, such as masks. column: of an astropy Table."""
        is_known = type(column) is Column and (column.dtype.str[1:] in _KINDS or is_text(column))
        if not is_known or not column.dtype.isnative or column.meta:
            return None
        names = column.name, _word_of(column), column.shape[1:], column.unit
        return cls(*names, "" if column.unit is None else column.unit.to_string(), column.description)

    def zeros(self, n_rows: int) -> Column:
        """A column of this outline. n_rows: its length."""
        values = np.zeros((n_rows, *self.shape), dtype=self.dtype)
        return Column(values, name=self.name, unit=self.unit, description=self.description)


@dataclass(frozen=True)
class TableOutline:
    """A table but for its values.

    Attributes
    ----------
    columns : of the table
    meta : its metadata, JSON text
    """

    columns: tuple[ColumnOutline, ...]
    meta: str

    @classmethod
    def of(cls, table: Table) -> "TableOutline | None":
        """That of a table; None where it has more to it. table: astropy Table."""
        columns = tuple(map(ColumnOutline.of, table.itercols()))
        meta = plain_json(dict(table.meta))
        return None if meta is None or None in columns else cls(columns, meta)  # type: ignore[arg-type]

    def with_texts(self, texts: dict[str, np.ndarray]) -> "TableOutline":
        """The same with other texts in some columns, which have no unit. texts: dict of name to array."""
        columns = [
            replace(one, dtype=_word_of(texts[one.name]), unit=None, unit_text="")
            if one.name in texts
            else one
            for one in self.columns
        ]
        return replace(self, columns=tuple(columns))

    def row(self) -> Table:
        """A table of one row of zeros and empty texts."""
        return Table([column.zeros(1) for column in self.columns], meta=json.loads(self.meta), copy=False)


def _word_of(values: np.ndarray) -> str:
    """Numpy's word for the kind of values, of texts as if they were of one width. values: array."""
    return f"{np.dtype('U').str[0]}U{width_of(values)}" if values.dtype.kind == "O" else values.dtype.str


def plain_json(tree: Any) -> str | None:
    """JSON text from which a tree comes back, types and all; None where it would not. tree: of any kind."""
    return json.dumps(tree) if _is_plain(tree) else None


def _is_plain(tree: Any) -> bool:
    if type(tree) is dict:
        return all(type(key) is str for key in tree) and all(map(_is_plain, tree.values()))
    if type(tree) is list:
        return all(map(_is_plain, tree))
    return tree is None or type(tree) in (str, int, float, bool)


def yaml_text(tree: Any) -> str:
    """What astropy's YAML says of a tree. tree: of what that can write."""
    text = plain_json(tree)
    return _yaml_of(tree) if text is None else _known_yaml(text)


@lru_cache(maxsize=REMEMBERED)
def _known_yaml(text: str) -> str:
    return _yaml_of(json.loads(text))


def _yaml_of(tree: Any) -> str:
    from astropy.io.misc import yaml

    return str(yaml.dump(tree, sort_keys=False))
