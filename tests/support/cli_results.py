"""Results that the command has made of the small store."""

import pytest
from small_store import make_store

from tevcurve.cli.main import main


def small_result(folder, line):
    """The path of the result of `tevcurve light-curve` of a small store with some options, in a folder."""
    make_store(folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        assert main(["light-curve", str(folder / "data"), *line, "-o", str(folder / "crab")]) == 0
    return folder / "crab"
