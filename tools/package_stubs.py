"""Writes what packages offer on demand for type checkers and editors: `python tools/package_stubs.py`.

A package whose names are found when they are asked for (`tevcurve.on_demand`) tells these of none. Its `__init__.pyi`
does, made of its one table; a test holds the two together. A package without that file has `Any` for its names, as
those need whose classes have methods that are found on demand, too.
"""

import sys
from importlib import import_module
from pathlib import Path

# As the formatter has it.
LONGEST = 110
SOURCE = Path(__file__).resolve().parents[1] / "src"


def stubs():
    """Dict of the paths of `__init__.pyi` by the names of their packages."""
    found = sorted(SOURCE.rglob("__init__.pyi"))
    return {".".join(path.parent.relative_to(SOURCE).parts): path for path in found}


def stub_of(package):
    """The text of `__init__.pyi`.

    package : str, its name
    """
    offering = import_module(package)
    lines = []
    for name, place in offering._PLACES.items():
        module, _, found = place.partition(":")
        line = f"from {module} import {found} as {name}\n"
        lines.append(
            line if len(line) <= LONGEST + 1 else f"from {module} import (\n    {found} as {name},\n)\n"
        )
    return "".join([*sorted(lines), "\n__all__: list[str]\n"])


def main():
    """None; each stub is written."""
    for package, path in stubs().items():
        path.write_text(stub_of(package), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
