"""What is declared of the columns of light curves."""

from pathlib import Path

import numpy as np
import pytest
from astropy.units import Unit

from tevcurve.lightcurve.columns import COLUMNS, ENDINGS, QUANTITIES, declared, filled, first_look

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "results.md"


@pytest.mark.parametrize("name", COLUMNS)
def test_each_says_what_it_is(name):
    column = COLUMNS[name]
    assert column.name == name
    assert column.words
    assert not column.unit or Unit(column.unit)
    assert column.filled_by


def test_columns_are_in_the_guide():
    text = GUIDE.read_text()
    ends = sorted((end for end in ENDINGS if end), key=len, reverse=True)
    for name in COLUMNS:
        base = next((name.removesuffix(end) for end in ends if name.endswith(end)), name)
        if base.startswith(("ref_", "phase_")) or base in ("loglike", "excess", "scaled_by", "added_flux"):
            continue  # told where they belong
        assert f"`{base}`" in text, name


def test_what_follows_from_others_is_filled():
    norm, error, reference = np.array([1.0, -2.0]), np.array([0.5, np.nan]), np.array([3.0, 5.0])
    columns = {"norm": norm, "norm_err": error, "ref_dnde": reference, "ts": np.array([4.0, 9.0])}
    made = filled(columns)
    np.testing.assert_array_equal(made.pop("sqrt_ts"), [2, -3])
    np.testing.assert_array_equal(made.pop("dnde"), [3, -10])
    np.testing.assert_array_equal(made.pop("dnde_err"), [1.5, np.nan])
    assert not made
    assert set(filled({})) == set()
    assert "dnde" not in filled(columns | {"dnde": reference})


def test_what_is_looked_at_first_is_in_order():
    assert first_look() == [
        "flux",
        "flux_err",
        "flux_err_tot",
        "flux_ul",
        "flux_ul_tot",
        "flux_sensitivity",
        "sqrt_ts",
        "counts",
        "status",
    ]


def test_fluxes_are_what_is_multiplied():
    fluxes = {name for name in COLUMNS if COLUMNS[name].is_flux}
    expected = {quantity + end for quantity in QUANTITIES for end in ENDINGS}
    assert fluxes == expected | {f"ref_{quantity}" for quantity in QUANTITIES} | {"added_flux"}
    assert not declared("index").is_flux
