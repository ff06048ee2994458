"""Expressions on a row of an observation index: "ZEN_PNT < 50 and N_TELS >= 3"."""

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tevcurve.errors import InputError, Unwanted

LONGEST = 2000
EXAMPLE = "one such as 'ZEN_PNT < 50 and N_TELS >= 3', of columns of the observation index"
_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda value, values: value in values,
    ast.NotIn: lambda value, values: value not in values,
}
_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
_LOGIC: dict[type, Callable[[Any, Any], Any]] = {ast.BitAnd: operator.and_, ast.BitOr: operator.or_}
# Columns such as DATE-OBS stand in backticks.
_QUOTED = re.compile(r"`([^`]*)`")


class NotSaid(Exception):
    """A row says nothing of a column. column: its name."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


@dataclass(frozen=True)
class RowExpression:
    """What a row has to be: comparisons, `and`, `or`, `not` (also `&`, `|`, `~`), arithmetic, `in (1, 2)`.

    text: of the expression. columns: names of the columns that it asks for, in their order. tree: of its syntax.
    """

    text: str
    columns: tuple[str, ...]
    tree: ast.expr

    @classmethod
    @lru_cache(maxsize=16)
    def of(cls, text: str) -> "RowExpression":
        """The expression of a text; nothing is run but what `RowExpression` says.

        text: names of columns as they are, or in backticks where they are no words (`DATE-OBS`). Raises `InputError`
        for another one, in words that follow on "is".
        """
        quoted: list[str] = []

        def placed(found: re.Match[str]) -> str:
            quoted.append(found[1])
            return f"_quoted_{len(quoted) - 1}_"

        try:
            if len(text) > LONGEST:
                raise ValueError(f"it is longer than {LONGEST} letters")
            tree = ast.parse(_QUOTED.sub(placed, text.strip()), mode="eval").body
            names = [each for each in ast.walk(tree) if isinstance(each, ast.Name)]
            for each in names:
                if each.id.startswith("_quoted_"):
                    each.id = quoted[int(each.id.split("_")[2])]
            _check(tree)
        except (SyntaxError, ValueError, IndexError, RecursionError, MemoryError) as error:
            told = "= is ==" if isinstance(error, SyntaxError) and re.search(r"[^<>=!]=[^=]", text) else ""
            told = str(error) if isinstance(error, ValueError) and not told else told
            raise Unwanted(
                f"{text!r}, which is no condition{f' ({told})' if told else ''}; wanted is {EXAMPLE}."
            ) from error
        return cls(text, tuple(dict.fromkeys(each.id for each in names)), tree)

    def holds(self, row: Callable[[str], Any]) -> bool:
        """Whether a row is as it has to be.

        row: function of the name of a column to its value, which raises `NotSaid`. Raises `InputError` where values
        cannot be compared.
        """
        try:
            return _truth(self.tree, row)
        except (TypeError, ZeroDivisionError) as error:
            raise InputError(
                f"where is {self.text!r}, which cannot be told: {error}; wanted is {EXAMPLE}, each comparison beside & "
                "or | in brackets."
            ) from error


def _check(node: ast.AST) -> None:
    """ValueError for what is more than comparisons of columns, numbers and texts."""
    kind = type(node)
    match node:
        case ast.Constant(value=str() | int() | float()) | ast.Name():
            return
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            pass
        case ast.BinOp(op=op) if type(op) in _ARITHMETIC | _LOGIC:
            pass
        case ast.Compare(ops=ops) if all(type(op) in _COMPARE for op in ops):
            pass
        case ast.Tuple() | ast.List():
            pass
        case _:
            raise ValueError(f"{kind.__name__} is not for conditions")
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            _check(child)


def _value(node: ast.AST, row: Callable[[str], Any]) -> Any:
    """What a part of the expression is for a row."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return row(name)
        case ast.BoolOp(op=op, values=values):
            wanted = isinstance(op, ast.Or)
            return wanted if any(_truth(each, row) is wanted for each in values) else not wanted
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, row)
        case ast.UnaryOp(operand=operand):
            return not _truth(operand, row)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _LOGIC:
            return _LOGIC[type(op)](_truth(left, row), _truth(right, row))
        case ast.BinOp(left=left, op=op, right=right):
            return _ARITHMETIC[type(op)](*map(_number, (_value(left, row), _value(right, row))))
        case ast.Compare(left=left, ops=ops, comparators=others):
            value = _value(left, row)
            for op, other in zip(ops, others, strict=True):
                following = _value(other, row)
                _check_alike(value, following)
                if not _COMPARE[type(op)](value, following):
                    return False
                value = following
            return True
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return [_value(each, row) for each in parts]
    raise TypeError(f"{type(node).__name__} is not for conditions")


def _truth(node: ast.AST, row: Callable[[str], Any]) -> bool:
    """Whether a comparison holds; TypeError where it is none."""
    value = _value(node, row)
    if not isinstance(value, bool):
        raise TypeError(
            "it is no comparison" if isinstance(node, ast.Name) else f"{value!r} is no comparison"
        )
    return value


def _number(value: Any) -> int | float:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return value


def _check_alike(value: Any, other: Any) -> None:
    """TypeError where a text is compared with a number, which would never hold."""
    others = other if isinstance(other, list) else [other]
    if others and all(isinstance(each, str) != isinstance(value, str) for each in others):
        raise TypeError(f"{value!r} and {other!r} are a text and a number")
