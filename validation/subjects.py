"""Whether the code that a part of the validation rests on has changed since the part was made."""

import ast
import hashlib
import sys
from functools import cache
from pathlib import Path

import tevcurve

SOURCE = Path(tevcurve.__file__).parent


def without_words(tree):
    """A module's tree without docstrings, which change no number."""
    for node in ast.walk(tree):
        named = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        if named and ast.get_docstring(node, clean=False) is not None:
            node.body[0].value.value = ""
    return tree


@cache
def code_of(file):
    """A digest of what a file does: comments, docstrings and layout do not count."""
    return hashlib.sha256(ast.dump(without_words(ast.parse(file.read_bytes()))).encode()).hexdigest()


def files_of(name):
    """The files of a folder or a module of tevcurve, such as "kernels" or "fit/toys_cubes.py"."""
    place = SOURCE / name
    if not place.exists():
        raise FileNotFoundError(f"tevcurve has no folder or module {name}")
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]


def drawing_of(part):
    """The code of the function that measures a part, as text."""
    module = Path(sys.modules[part.measure.__module__].__file__)
    tree = without_words(ast.parse(module.read_bytes()))
    wording = {"section", "figure"}
    tree.body = [each for each in tree.body if getattr(each, "name", None) not in wording]
    return ast.dump(tree)


def fingerprint(part):
    """A digest of the code of a part: of what it draws, and of its subject; str of 16 digits."""
    digest = hashlib.sha256(drawing_of(part).encode())
    for name in part.subject:
        for file in files_of(name):
            digest.update(code_of(file).encode())
    return digest.hexdigest()[:16]
