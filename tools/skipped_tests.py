"""Tests that were skipped in every environment so far, as a package was missing.

    python tools/skipped_tests.py files FOLDER           their files, one a line
    python tools/skipped_tests.py check FOLDER [NAME...] exit code 1 where there are any, but for those of packages NAME

FOLDER has what `tests/support/skip_record.py` wrote in each environment. A file that is skipped as a whole ran where
any of its tests did.
"""

import sys
from collections.abc import Iterable
from pathlib import Path


def never_ran(lines: Iterable[str]) -> dict[str, str]:
    """Dict of each test that was skipped for a package, and ran nowhere, to the package.

    lines: "ran", or the package that was missing, a tab, and the test; of a whole file it ends with "::".
    """
    records = [line.rstrip("\n").split("\t") for line in lines if "\t" in line]
    ran = {name for word, name in records if word == "ran"}
    files = {f"{name.partition('::')[0]}::" for name in ran}
    return {name: word for word, name in records if word != "ran" and name not in ran | files}


def main(arguments: list[str]) -> int:
    """Exit code. arguments: as the module says."""
    task, folder, *allowed = arguments
    lines = [line for path in sorted(Path(folder).glob("*.txt")) for line in path.read_text().splitlines()]
    if not lines:
        print(
            f"Nothing is recorded in {folder}; wanted are runs of pytest with $SKIP_RECORD.", file=sys.stderr
        )
        return 2
    left = never_ran(lines)
    if task == "files":
        print("\n".join(sorted({name.partition("::")[0] for name in left})))
        return 0
    left = {name: package for name, package in left.items() if package not in allowed}
    for name, package in sorted(left.items()):
        print(f"{name} is skipped in every environment: {package} is in none of them.", file=sys.stderr)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
