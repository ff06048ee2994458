"""Which tests ran, and which were skipped as a package is missing: lines in a folder, for `tools/skipped_tests.py`.

`$SKIP_RECORD` names the folder; without it nothing is written. `conftest.py` takes the hooks from here.
"""

import os
from pathlib import Path

import pytest

_here = {"missing": None}
_importorskip = pytest.importorskip


def _noted(name, *options, **named):
    """As `pytest.importorskip`, and noted what is missing."""
    __tracebackhide__ = True
    try:
        return _importorskip(name, *options, **named)
    except pytest.skip.Exception:
        _here["missing"] = name.partition(".")[0]
        raise


if os.environ.get("SKIP_RECORD"):
    pytest.importorskip = _noted


def _record(word, name):
    folder = os.environ.get("SKIP_RECORD")
    if folder:
        # A process of its own has a file of its own: tests run side by side.
        with (Path(folder) / f"{os.getpid()}.txt").open("a", encoding="utf-8") as file:
            file.write(f"{word}\t{name}\n")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """The report of pytest; of a file that is skipped for a package it is recorded."""
    _here["missing"] = None
    report = yield
    if report.skipped and _here["missing"]:
        _record(_here["missing"], f"{collector.nodeid}::")
    _here["missing"] = None
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """The report of pytest; a test that ran is recorded, and one that is skipped for a package."""
    report = yield
    if report.skipped and _here["missing"]:
        _record(_here["missing"], item.nodeid)
    elif report.when == "call" and not report.skipped:
        _record("ran", item.nodeid)
    _here["missing"] = None
    return report
