"""What the comparison of two checkouts calls the same, and what it does not let pass."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "compare_checkouts.py"
FLUX = np.array([1.0, np.nan, -0.0])


@pytest.fixture(scope="module")
def script():
    """The module of the script."""
    spec = importlib.util.spec_from_file_location("compare_checkouts", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def compared(script, tmp_path, capsys):
    """A function: (exit code, what is printed) for two dicts of light curve to (arrays, texts)."""
    return lambda before, after, *options: (
        _written(script, tmp_path, before, after, options),
        capsys.readouterr().out,
    )


def _written(script, tmp_path, before, after, options):
    for name, curves in (("before", before), ("after", after)):
        folder = tmp_path / name
        folder.mkdir()
        for curve, (arrays, _) in curves.items():
            np.savez(folder / f"{curve}.npz", **arrays)
        index = {curve: {"file": f"{curve}.npz", "words": words} for curve, (_, words) in curves.items()}
        (folder / "light_curves.json").write_text(json.dumps(index))
    return script.main([str(tmp_path / "before"), str(tmp_path / "after"), *options])


def test_the_same_numbers_are_the_same(compared):
    curve = {"flux": FLUX, "status": np.array(["ok", "ok", "at_zero"])}
    code, text = compared(
        {"a": (curve, {"meta x": "1"})}, {"a": (curve | {"flux": FLUX + 0.0}, {"meta x": "1"})}
    )
    assert code == 0
    assert "0 differ" in text


@pytest.mark.parametrize(
    ("value", "within", "code"),
    [(1 + 2**-52, "0", 1), (1 + 2**-52, "1e-15", 0), (1.1, "1e-3", 1), (np.nan, "1e9", 1)],
)
def test_the_last_bit_is_seen(compared, value, within, code):
    before, after = {"flux": FLUX}, {"flux": np.where(FLUX == 1, value, FLUX)}
    found, text = compared({"a": (before, {})}, {"a": (after, {})}, "--within", within)
    assert found == code
    assert "1 of 3; [0] 1.0 -> " in text or not code


def test_what_is_lost_or_said_otherwise_is_a_difference_and_what_is_new_is_listed(compared):
    before = {"a": ({"flux": FLUX, "old": FLUX}, {"meta x": "1"}), "b": ({}, {})}
    after = {"a": ({"flux": FLUX, "new": FLUX}, {"meta x": "2"}), "c": ({}, {})}
    code, text = compared(before, after)
    assert code == 1
    assert "a | meta x: inf ('1' -> '2')" in text
    assert "Only before: 2\n    light curve: b\n    old: a" in text
    assert "Only after: 2\n    light curve: c\n    new: a" in text


def test_new_columns_alone_are_no_difference(compared):
    assert compared({"a": ({}, {})}, {"a": ({"new": FLUX}, {})})[0] == 0


def test_another_number_of_rows_is_a_difference(compared):
    code, text = compared({"a": ({"flux": FLUX}, {})}, {"a": ({"flux": FLUX[:2]}, {})})
    assert code == 1
    assert "shape (3,) -> (2,)" in text
