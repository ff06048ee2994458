"""The source of a checkout as syntax trees: imports and their circles, and sizes.

Nothing is imported from the package. Comments and docstrings count nowhere.
"""

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = "tevcurve"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Import:
    """An import of a module of the package. where: "top", "function", or "types" (under `if TYPE_CHECKING`)."""

    module: str
    imported: str
    line: int
    where: str


class Source:
    """The modules of `src/tevcurve` of a checkout.

    Attributes
    ----------
    trees : dict of the name of a module to its syntax tree, without docstrings
    paths : dict of the name of a module to its path relative to the package
    """

    def __init__(self, checkout):
        root = Path(checkout) / "src" / PACKAGE
        self.paths, self.trees, self.texts = {}, {}, {}
        for path in sorted(root.rglob("*.py")):
            inside = path.relative_to(root)
            parts = [PACKAGE, *inside.with_suffix("").parts]
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            text = path.read_text()
            self.paths[name], self.texts[name] = inside.as_posix(), text
            self.trees[name] = without_docstrings(ast.parse(text))

    @cached_property
    def imports(self):
        """All `Import`s. `from package import module` is one of the module, not of the package."""
        return [found for name, tree in self.trees.items() for found in self._imports_of(name, tree, "top")]

    def _imports_of(self, name, node, where):
        for child in ast.iter_child_nodes(node):
            inner = where
            if isinstance(child, (*FUNCTIONS, ast.Lambda)):
                inner = "function"
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                inner = "types"
            for imported in dict.fromkeys(self._imported_by(child)):
                yield Import(name, imported, child.lineno, inner)
            yield from self._imports_of(name, child, inner)

    def _imported_by(self, node):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in self.trees else node.module for name in inside]
        return [name for name in names if name.split(".")[0] == PACKAGE]

    @cached_property
    def inside_functions(self):
        """(module, line) of each statement inside a function that imports from the package."""
        return sorted({(each.module, each.line) for each in self.imports if each.where == "function"})

    def circles(self, with_types=False):
        """Lists of the modules that import each other in a circle, imports inside functions among them.

        with_types: whether imports for type checkers only count, too.
        """
        edges = {name: set() for name in self.trees}
        for each in self.imports:
            if with_types or each.where != "types":
                edges[each.module].add(each.imported)
        reached = {name: _reached(edges, name) for name in edges}
        circles, done = [], set()
        for name in edges:
            if name in reached[name] and name not in done:
                circle = sorted(other for other in reached[name] if name in reached[other])
                done |= set(circle)
                circles.append(circle)
        return circles

    def lines_of_code(self):
        """Dict of module to lines that hold anything but blanks, comments and docstrings."""
        return {name: _lines_of_code(self.texts[name]) for name in self.trees}

    @cached_property
    def functions(self):
        """(module, name with its classes, node) of each function."""
        return [(module, *each) for module, tree in self.trees.items() for each in _functions(tree, "")]

    @cached_property
    def classes(self):
        """Dict of (module, class) to its node."""
        return {
            (name, node.name): node
            for name, tree in self.trees.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
        }

    def method_names(self):
        """Dict of (module, class) to the names of its methods and properties.

        Names with two underscores at either end are aside. What a base class has counts as the class's own where no
        other class of the package has that base and nothing is made of it alone: cutting one class into several that
        only it inherits makes it no smaller. Methods that stand in a table of `tevcurve.on_demand` do not count.
        """
        made = {
            ast.unparse(node.func).split(".")[-1]
            for tree in self.trees.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
        }
        by_name, heirs = {}, {}
        for key, node in self.classes.items():
            by_name.setdefault(node.name, []).append(key)
            for base in node.bases:
                heirs.setdefault(ast.unparse(base).split(".")[-1], []).append(key)
        names = {key: _own_names(node) for key, node in self.classes.items()}

        def all_of(key):
            found = set(names[key])
            for base in (ast.unparse(base).split(".")[-1] for base in self.classes[key].bases):
                if len(by_name.get(base, [])) == len(heirs[base]) == 1 and base not in made:
                    found |= all_of(by_name[base][0])
            return found

        return {key: all_of(key) for key in self.classes}

    def class_docstring(self, key):
        """The docstring of a class, or ""."""
        for node in ast.walk(ast.parse(self.texts[key[0]])):
            if isinstance(node, ast.ClassDef) and node.name == key[1]:
                return ast.get_docstring(node) or ""
        return ""

    def holders(self, sign, beside=()):
        """Paths of the modules in which a sign is found. beside: patterns of paths that do not count."""
        return sorted(
            path
            for name, path in self.paths.items()
            if not any(re.fullmatch(pattern, path) for pattern in beside) and sign.is_in(self.trees[name])
        )


def _reached(edges, start):
    found, waiting = set(), [start]
    while waiting:
        for name in edges.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def without_docstrings(tree):
    """The tree, each docstring of which is `...`, in its place."""
    for node in ast.walk(tree):
        docstring = _docstring(node)
        if docstring is not None:
            docstring.value = ast.copy_location(ast.Constant(...), docstring.value)
    return tree


def _docstring(node):
    body = getattr(node, "body", None)
    if not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Module)) or not body:
        return None
    first = body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str)
    return first if is_text else None


def _lines_of_code(text):
    docstrings = set()
    for node in ast.walk(ast.parse(text)):
        docstring = _docstring(node)
        if docstring is not None:
            docstrings |= set(range(docstring.lineno, docstring.end_lineno + 1))
    nothing = (
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    )
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in nothing:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def _functions(node, before):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            yield f"{before}{child.name}", child
            yield from _functions(child, f"{before}{child.name}.")
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{before}{child.name}.")
        else:
            yield from _functions(child, before)


def _own_names(node):
    names = {child.name for child in node.body if isinstance(child, FUNCTIONS)}
    return {name for name in names if not (name.startswith("__") and name.endswith("__"))}


def body_lines(function):
    """Lines from the first statement after signature and docstring to the last."""
    body = [one for one in function.body if not (isinstance(one, ast.Expr) and ast.unparse(one) == "...")]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def n_parameters(function):
    """Number of parameters, those behind `*` and `**` among them, without self and cls."""
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    names += [each.arg for each in (given.vararg, given.kwarg) if each is not None]
    return len([name for name in names if name not in ("self", "cls")])
