"""Signs that a file holds something are found in code, and not in its words."""

import ast

import pytest
from structure import BARS, ONE, holders
from structure_signs import Calls, Defines, Fields, HasGetattr, Keys, Names, Reads, Texts
from structure_source import Source, without_docstrings

CODE = '''
"""Words of Terms(1), {"npred": 1} and "edges"."""
from tevcurve.bins import ByRun
LIMIT = 3
KINDS = ("run", "night")
PLACE = "tevcurve.bins:ByNight"
class Options(Record):
    """Options."""
    interval: str = "likelihood"
    background: str = option_of("background").default
    shape_from: str | None = None
    def __getattr__(self, name):
        return self.rows.take(name)
columns = {"npred": 1} | Option("free_ts", 25)
columns["alpha"] = meta.get("time_bins")
# Other(1)
'''


@pytest.mark.parametrize(
    ("sign", "is_there"),
    [
        (Calls("take|nothing"), True),
        (Calls("Terms|Other"), False),
        (Defines("LIM.*"), True),
        (Defines("Option"), False),
        (Texts(("RUN", "night", "edges"), 2), True),
        (Texts(("run", "night", "edges"), 3), False),
        (Names(("ByRun", "ByNight"), 2), True),
        (Names(("ByRun", "ByNight", "ByWidth"), 3), False),
        (Fields(("interval",)), True),
        (Fields(("free_ts", "shape_from", "background")), False),
        (Fields(("free_ts",), ("Option",)), True),
        (Keys(("npred",)), True),
        (Keys(("alpha", "x")), True),
        (Keys(("free_ts",)), False),
        (Reads("time_bins"), True),
        (Reads("alpha"), False),
        (HasGetattr(), True),
    ],
)
def test_a_sign_is_found_in_code(sign, is_there):
    assert sign.is_in(without_docstrings(ast.parse(CODE))) is is_there


def test_a_thing_in_two_files_has_two_holders(tmp_path):
    folder = tmp_path / "src" / "tevcurve" / "kernels"
    folder.mkdir(parents=True)
    for name in ("one", "other"):
        (folder / f"{name}.py").write_text("def settle_norms():\n    pass\n")
    (one,) = [each for each in ONE if each.what.startswith("background norms")]
    assert list(holders(Source(tmp_path), one)) == ["kernels/one.py", "kernels/other.py"]


def test_every_bar_has_what_was_and_what_is_wanted():
    assert all(bar.most <= max(bar.before, 1) for bar in BARS.values())
