"""The Python in the README, run as it stands."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

README = Path(__file__).resolve().parents[1] / "README.md"
# Where the first example leaves out how the datasets are made; `examples/crab_3d.py` has it.
LEFT_OUT = "# One for each run"


@pytest.fixture(scope="module")
def names_after_the_readme(gammapy_data):
    """The names that the README's blocks of Python define, without the part on datasets that it leaves out."""
    blocks = re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    assert sum(LEFT_OUT in block for block in blocks) == 1
    names = {}
    for block in blocks:
        exec(block.split(LEFT_OUT)[0], names)
    plt.close("all")
    return names


def test_the_1d_example_makes_a_light_curve_of_four_runs(names_after_the_readme):
    table = names_after_the_readme["lc"].table
    assert list(table["status"]) == ["ok"] * 4
    assert (table["flux"] > 5 * table["flux_err"]).all()
    assert (table["n_off"] > 0).all()
