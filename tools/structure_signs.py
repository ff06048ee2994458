"""Signs that a file holds something: each says by `is_in` whether it is in a syntax tree without docstrings."""

import ast
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Calls:
    """A call of any of these functions, classes or methods, by the last part of its name (a regular expression)."""

    pattern: str

    def is_in(self, tree):
        return any(
            isinstance(node, ast.Call) and re.fullmatch(self.pattern, ast.unparse(node.func).split(".")[-1])
            for node in ast.walk(tree)
        )


@dataclass(frozen=True)
class Defines:
    """A function, class or name of a module that is called so (a regular expression)."""

    pattern: str

    def is_in(self, tree):
        return any(re.fullmatch(self.pattern, name) for name in _defined(tree))


def _defined(tree):
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
    for node in tree.body:
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            if isinstance(target, ast.Name):
                yield target.id


@dataclass(frozen=True)
class Texts:
    """At least so many of these texts, as literals (upper and lower case are the same)."""

    texts: tuple
    least: int = 1

    def is_in(self, tree):
        found = {
            node.value.lower() for node in ast.walk(tree) if isinstance(getattr(node, "value", None), str)
        }
        return len(found & {text.lower() for text in self.texts}) >= self.least


@dataclass(frozen=True)
class Names:
    """At least so many of these names, used, imported, as attributes, or as texts such as "module:name"."""

    names: tuple
    least: int = 1

    def is_in(self, tree):
        found = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.alias):
                found.add(node.name.split(".")[-1])
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(re.split(r"[.:]", node.value)[-1])
        return len(found & set(self.names)) >= self.least


@dataclass(frozen=True)
class Fields:
    """A field of a class that is called so and has a default, or the first argument of a call of one of these classes.

    A default is a number or a text that stands there; None, False and what is taken from elsewhere are none.
    """

    names: tuple
    records: tuple = ()

    def is_in(self, tree):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                fields = [one for one in node.body if isinstance(one, ast.AnnAssign) and _is_said(one.value)]
                if any(ast.unparse(one.target) in self.names for one in fields):
                    return True
            elif isinstance(node, ast.Call) and node.args:
                is_record = ast.unparse(node.func).split(".")[-1] in self.records
                if is_record and getattr(node.args[0], "value", None) in self.names:
                    return True
        return False


def _is_said(default):
    """Whether a default is a number or a text, by itself or as the first argument of `Field(...)`."""
    if isinstance(default, ast.Call) and default.args and ast.unparse(default.func).lower() == "field":
        default = default.args[0]
    return isinstance(default, ast.Constant) and default.value not in (None, False)


@dataclass(frozen=True)
class Keys:
    """A dict that is written with one of these keys, or a value put in under one."""

    names: tuple

    def is_in(self, tree):
        for node in ast.walk(tree):
            keys = []
            if isinstance(node, ast.Dict):
                keys = node.keys
            elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                keys = [node.slice]
            if any(getattr(key, "value", None) in self.names for key in keys):
                return True
        return False


@dataclass(frozen=True)
class HasGetattr:
    """A class with `__getattr__`, which hands on what it does not have itself."""

    def is_in(self, tree):
        return any(
            isinstance(node, ast.ClassDef)
            and any(getattr(one, "name", "") == "__getattr__" for one in node.body)
            for node in ast.walk(tree)
        )


@dataclass(frozen=True)
class Reads:
    """A value that is taken from a dict or a table by this key, as `get(key)` or `[key]`."""

    key: str

    def is_in(self, tree):
        for node in ast.walk(tree):
            key = None
            if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).endswith(".get"):
                key = node.args[0]
            elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
                key = node.slice
            if getattr(key, "value", None) == self.key:
                return True
        return False
