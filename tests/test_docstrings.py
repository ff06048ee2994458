"""Docstrings name what a caller gives: every argument of a public function, and every field of a public record."""

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

import tevcurve

SOURCE = Path(tevcurve.__file__).parent
SECTION = re.compile(r"^(Parameters|Attributes)\n-+\n((?:[^\n]+(?:\n|$))*)", re.MULTILINE)


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_argument_is_named(path):
    assert list(without_words(ast.parse(path.read_text()))) == []


def test_what_is_not_named_is_found():
    source = '''
def scaled(flux, factor):
    """The flux times a factor."""

def doubled(flux):
    """Twice the flux. flux: float array, cm-2 s-1."""

def draw(flux: Annotated[float, Option(help="In cm-2 s-1.")], output: Path, overwrite: OVERWRITE = False):
    """Draw it."""

class Shape:
    """A shape. width: deg."""
    def __init__(self, width): ...
    def area(self, unit): """Its area."""
    def perimeter(self, unit, digits):
        """Its perimeter.

        Parameters
        ----------
        unit, digits : of the number that comes back
        """

@dataclass
class Point:
    """A point.

    Attributes
    ----------
    x : deg
    """
    x: float
    y: float
'''
    assert list(without_words(ast.parse(source))) == [
        "line 2, scaled: flux, factor",
        "line 8, draw: output",
        "line 14, Shape.area: unit",
        "line 24, Point: y",
    ]


def without_words(tree):
    """Words for each public function and record of a module that leaves arguments or fields without words."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and is_public(node):
            yield from _unnamed(node, node.name, arguments(node), documentation(node))
        if isinstance(node, ast.ClassDef) and is_public(node):
            yield from _of_class(node)


def _of_class(node):
    """As `without_words`, for a class: its fields, what it is made from, and its methods."""
    if any("dataclass" in ast.unparse(one) for one in node.decorator_list):
        fields = [one.target.id for one in node.body if isinstance(one, ast.AnnAssign) and is_field(one)]
        words = documentation(node)
        missing = [name for name in fields if not re.search(rf"\b{name}\b", words)]
        if missing:
            yield f"line {node.lineno}, {node.name}: {', '.join(missing)}"
    for method in node.body:
        if not isinstance(method, ast.FunctionDef) or not (is_public(method) or method.name == "__init__"):
            continue
        words = documentation(method)
        if method.name == "__init__":
            words += "\n\n" + documentation(node)
        elif not words and is_declared_below(method.name, node):
            continue
        yield from _unnamed(method, f"{node.name}.{method.name}", arguments(method, of_class=True), words)


def _unnamed(node, name, given, words):
    if not all(is_named(one, words, section_only=len(given) > 1) for one in given):
        missing = [one for one in given if not is_named(one, words, section_only=len(given) > 1)]
        yield f"line {node.lineno}, {name}: {', '.join(missing)}"


def is_named(name, words, section_only):
    """Whether an argument is an entry of a section "Parameters", or, where that may do, of a sentence "name: ..."."""
    for section in SECTION.finditer(words):
        entries = [line.partition(" : ")[0] for line in section[2].splitlines() if not line.startswith(" ")]
        if name in re.findall(r"\w+", ", ".join(entries)):
            return True
    return not section_only and re.search(rf"`{name}`|\b{name}\b[^.:]{{0,60}}: ", words) is not None


def is_public(node):
    """Whether a function or class is for others; what sets a property is not looked at."""
    return not node.name.startswith("_") and not any(
        isinstance(one, ast.Attribute) and one.attr == "setter" for one in getattr(node, "decorator_list", ())
    )


def is_field(node):
    """Whether an annotated name of a record is a field that callers see."""
    return not node.target.id.startswith("_") and "ClassVar" not in ast.unparse(node.annotation)


def documentation(node):
    """The docstring, "" where there is none."""
    return ast.get_docstring(node) or ""


def arguments(node, of_class=False):
    """Names of the arguments that a caller gives.

    Aside are those of commands that have a text of help: in their annotation, written there or under a name, or in the
    declaration of an option of the configuration.
    """
    every = [*node.args.posonlyargs, *node.args.args]
    if of_class and not any(ast.unparse(one) == "staticmethod" for one in node.decorator_list):
        every = every[1:]
    every += [one for one in (node.args.vararg, *node.args.kwonlyargs, node.args.kwarg) if one is not None]
    helped = [one for one in every if one.annotation is not None and has_help(one.annotation)]
    if any(re.match(r"(job_options|options_of)\(", ast.unparse(one)) for one in node.decorator_list):
        helped.append(node.args.kwarg)
    return [one.arg for one in every if one not in helped and not one.arg.startswith("_")]


def has_help(annotation):
    """Whether an annotation has a text of help, or a name for one."""
    words, names = (
        ast.unparse(annotation),
        {each.id for each in ast.walk(annotation) if isinstance(each, ast.Name)},
    )
    return (
        "help=" in words
        or "older_option(" in words
        or any(has_help(helps()[each]) for each in names & set(helps()))
    )


@lru_cache(maxsize=1)
def helps():
    """What the constants of the commands stand for, by name."""
    trees = [ast.parse(path.read_text()) for path in (SOURCE / "cli").glob("*.py")]
    made = [node for tree in trees for node in tree.body if isinstance(node, ast.Assign)]
    return {node.targets[0].id: node.value for node in made if isinstance(node.targets[0], ast.Name)}


def is_declared_below(name, node):
    """Whether a class from which one is made has words for a method of this name."""
    for base in node.bases:
        below = classes().get(ast.unparse(base).rpartition(".")[2])
        if below is None:
            continue
        own = [one for one in below.body if isinstance(one, ast.FunctionDef) and one.name == name]
        if (own and documentation(own[0])) or is_declared_below(name, below):
            return True
    return False


@lru_cache(maxsize=1)
def classes():
    """All classes of the package by name."""
    trees = [ast.parse(path.read_text()) for path in SOURCE.rglob("*.py")]
    return {node.name: node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}
