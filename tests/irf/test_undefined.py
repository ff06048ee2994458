"""Responses that are not defined everywhere."""

import numpy as np
import pytest
from dl3_files import RunFile, run_hdus

from tevcurve.errors import DataError
from tevcurve.irf import EffectiveAreaTable2D
from tevcurve.problems import noted_remarks


def area(change, header=None):
    hdu = run_hdus(RunFile())["aeff"]
    change(hdu.data["EFFAREA"][0])
    for key, value in (header or {}).items():
        hdu.header[key] = value
    return EffectiveAreaTable2D.from_hdu(hdu, "AEFF of x")


def below(values):
    values[:, :2] = np.nan


def above(values):
    values[:, -1] = np.nan


def test_nothing_is_expected_below_and_above_what_is_defined():
    whole = area(lambda values: None)
    for change, kept in ((below, slice(2, None)), (above, slice(None, -1))):
        with noted_remarks() as remarks:
            part = area(change)
        assert np.array_equal(part.table.values[kept], whole.table.values[kept])
        assert part.table.values.sum() == whole.table.values[kept].sum()
        assert "EFFAREA holds no numbers" in remarks[0][1]


def test_offsets_that_hold_nothing_are_no_part_of_it():
    whole = area(lambda values: None)

    def change(values):
        values[-1] = np.nan

    with noted_remarks() as remarks:
        part = area(change)
    assert part.offset_axis.nbin == whole.offset_axis.nbin - 1
    assert np.array_equal(part.table.values, whole.table.values[:, :-1])
    assert "beyond an offset of" in remarks[0][1]


def between(values):
    values[:, 3] = np.nan


def infinite(values):
    values[:, 0] = np.inf


def everywhere(values):
    values[:] = np.nan


@pytest.mark.parametrize("change", [between, infinite, everywhere])
def test_numbers_that_are_missing_elsewhere_get_a_sentence(change):
    with pytest.raises(DataError, match=r"EFFAREA holds \d+ values that are not finite"):
        area(change)


def test_safe_energies_have_to_be_defined():
    edge = area(lambda values: None).energy_axis.nodes[2]
    with noted_remarks():
        assert area(below, {"LO_THRES": 1.01 * edge}) is not None
    with pytest.raises(DataError, match="inside the safe energies"):
        area(below, {"LO_THRES": 0.5 * edge})
