"""Values and records to what JSON can hold, and back; nothing is evaluated, and only known kinds are made."""

import math
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from operator import attrgetter
from typing import Any, Protocol

import numpy as np

from tevcurve.declarations import Declarations
from tevcurve.errors import DataError, InputError

KIND = "$kind"
# An array to the dict that stands for it, and back.
AddArray = Callable[[np.ndarray], dict[str, Any]]
GetArray = Callable[[dict[str, Any]], np.ndarray]
NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@dataclass(frozen=True)
class RecordKind:
    """How one class is written: to a dict of values, and from it. By default a dataclass, by its fields.

    Attributes
    ----------
    name : what stands in the file
    cls : the class, exactly
    parts : function of an object to a dict; None for the fields of a dataclass
    make : function of a dict to an object; None for the class itself
    """

    name: str
    cls: type
    parts: Callable[[Any], dict[str, Any]] | None = None
    make: Callable[[dict[str, Any]], Any] | None = None

    def to_parts(self, value: Any) -> dict[str, Any]:
        """Dict of the values that make a record. value: record of this class."""
        if self.parts is not None:
            return self.parts(value)
        return {each.name: getattr(value, each.name) for each in fields(value) if each.init}

    def to_record(self, parts: dict[str, Any]) -> Any:
        """The record of a dict of values. parts: as `to_parts` gives them."""
        return self.cls(**parts) if self.make is None else self.make(parts)


def as_it_was(cls: type) -> Callable[[dict[str, Any]], Any]:
    """Function(dict) -> record with exactly these fields: for records that change what they are given.

    Fields that have a default may be missing, so that what was written before there were such is read.

    cls: a dataclass.
    """

    def make(parts: dict[str, Any]) -> Any:
        names = {each.name for each in fields(cls)}
        defaults = {each.name: each.default for each in fields(cls) if each.default is not MISSING}
        if not set(parts) <= names <= set(parts) | set(defaults):
            raise DataError(f"A {cls.__name__} has the fields {sorted(parts)}; wanted are {sorted(names)}.")
        record: Any = object.__new__(cls)
        for name, value in (defaults | parts).items():
            object.__setattr__(record, name, value)
        return record

    return make


class NamedKind(Protocol):
    """Objects that are written as "kind:name", by the name under which their class is declared."""

    @property
    def kind(self) -> str:
        """What stands before the name in the file."""

    def kind_of(self, value: Any) -> RecordKind | None:
        """The `RecordKind` of an object, or None where it is not of this kind. value: any object."""

    def named(self, name: str) -> RecordKind | None:
        """The `RecordKind` of a name, or None where there is none. name: as it was declared."""


@dataclass(frozen=True)
class DeclaredKind:
    """Dataclasses that are written by the name under which they are declared.

    Attributes
    ----------
    kind : what stands before the name in the file, such as "binning" of "binning:width"
    base : the class that all are of
    declared : the `Declarations`
    name_at : attribute of an object that has its name there, with dots
    exactly : whether a record is made again with exactly its fields, or by its class
    """

    kind: str
    base: type
    declared: Declarations[Any]
    name_at: str = "name"
    exactly: bool = False

    def kind_of(self, value: Any) -> RecordKind | None:
        """The `RecordKind` of an object, or None where it is of another base or not declared. value: any object."""
        if not isinstance(value, self.base):
            return None
        name = attrgetter(self.name_at)(value)
        if name not in self.declared:
            return None
        return self.named(name) if self.declared[name] is type(value) else None

    def named(self, name: str) -> RecordKind | None:
        """The `RecordKind` of a name, or None where there is none. name: as it was declared."""
        if name not in self.declared:
            return None
        cls = self.declared[name]
        return RecordKind(f"{self.kind}:{name}", cls, make=as_it_was(cls) if self.exactly else None)


@dataclass(frozen=True)
class Vocabulary:
    """The kinds of records that a file may hold.

    Attributes
    ----------
    what : the file, in words
    kinds : tuple of `RecordKind`
    declared : tuple of `NamedKind`
    """

    what: str
    kinds: tuple[RecordKind, ...]
    declared: tuple[NamedKind, ...] = ()

    @cached_property
    def _by_class(self) -> dict[type, RecordKind]:
        return {kind.cls: kind for kind in self.kinds}

    @cached_property
    def _by_name(self) -> dict[str, RecordKind]:
        return {kind.name: kind for kind in self.kinds}

    def to_plain(self, value: Any, add_array: AddArray, name: str = "it") -> Any:
        """The value in the types of JSON.

        Parameters
        ----------
        value : plain, an array, or a record
        add_array : function(array) -> what stands for it
        name : what the value is called in the error

        Raises `InputError` for what is of no known kind.
        """
        if value is None or isinstance(value, bool | np.bool_):
            return value if value is None else bool(value)
        if isinstance(value, str):
            return str(value)
        if isinstance(value, int | np.integer):
            return int(value)
        if isinstance(value, float | np.floating):
            return float(value) if math.isfinite(value) else {KIND: "number", "value": str(float(value))}
        if type(value) is np.ndarray:
            return {KIND: "array", **add_array(value)}
        if isinstance(value, list | tuple):
            items = [self.to_plain(item, add_array, f"{name}[{number}]") for number, item in enumerate(value)]
            return items if type(value) is list else {KIND: "tuple", "items": items}
        if type(value) is dict:
            return self._items(value, add_array, name)
        kind = self._by_class.get(type(value)) or self._declared(value)
        if kind is None:
            raise InputError(
                f"{name} is a {type(value).__name__}, which cannot be written to {self.what}; "
                "wanted is one of tevcurve's own kinds, or one that is registered."
            )
        return {KIND: kind.name} | self._items(kind.to_parts(value), add_array, name)

    def _declared(self, value: Any) -> RecordKind | None:
        """The `RecordKind` of an object that is declared, or None."""
        return next((kind for each in self.declared if (kind := each.kind_of(value)) is not None), None)

    def _named(self, name: str) -> RecordKind:
        """The `RecordKind` of a name in a file. Raises `DataError` for one that is not known."""
        if name in self._by_name:
            return self._by_name[name]
        group, _, own = str(name).partition(":")
        for each in self.declared:
            found = each.named(own) if each.kind == group else None
            if found is not None:
                return found
        raise DataError(
            f"There is a {name!r} in {self.what}, which is not known to this version of tevcurve, nor registered by "
            "a package that is installed."
        )

    def _items(self, values: dict[str, Any], add_array: AddArray, name: str) -> dict[str, Any]:
        for key in values:
            if type(key) is not str or key == KIND:
                raise InputError(
                    f"{name} has the key {key!r}, which cannot be written to {self.what}; texts are wanted."
                )
        return {key: self.to_plain(item, add_array, f"{name}.{key}") for key, item in values.items()}

    def from_plain(self, tree: Any, get_array: GetArray) -> Any:
        """The value of what `to_plain` made.

        Parameters
        ----------
        tree : as `to_plain` makes it
        get_array : function(dict) -> array

        Raises `DataError` for a kind that is not known; what a kind refuses it says in its own words.
        """
        if isinstance(tree, list):
            return [self.from_plain(item, get_array) for item in tree]
        if not isinstance(tree, dict):
            return tree
        if KIND not in tree:
            return {key: self.from_plain(item, get_array) for key, item in tree.items()}
        kind = tree[KIND]
        if kind == "number":
            return NUMBERS[tree["value"]]
        if kind == "array":
            return get_array(tree)
        if kind == "tuple":
            return tuple(self.from_plain(item, get_array) for item in tree["items"])
        known = self._named(kind)
        parts = {key: self.from_plain(item, get_array) for key, item in tree.items() if key != KIND}
        return known.to_record(parts)
