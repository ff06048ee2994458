"""A light curve of instruments together without each of them: the light curve of the others."""

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_allclose
from small_store import TARGET
from two_instruments import NAMES, make_stores

from tevcurve import CrossCalibration, Instrument, light_curve
from tevcurve.errors import InputError
from tevcurve.lightcurve.variability import ts_var
from tevcurve.lightcurve.variability.leave_one_out import without_instrument

FIRST, SECOND = NAMES


@pytest.fixture(scope="module")
def curve(tmp_path_factory):
    """H.E.S.S.'s three runs, and those of the other as if of two: B those that share its time, C the others."""
    stores = make_stores(tmp_path_factory.mktemp("data"))
    second = stores[SECOND].get_observations()

    def make(names, **calibration):
        data = {"A": stores[FIRST], "B": list(second)[:2], "C": list(second)[2:]}
        return light_curve(
            target=TARGET,
            instruments={name: Instrument(data[name]) for name in names},
            cross_calibration=CrossCalibration(**calibration),
            time_bins="run",
            energy_edges=[1, 10] * u.TeV,
            method="1d",
            safe_energy=None,
        )

    return make


FREE = {"from_": "constant", "reference": "A", "sigma": {"B": "free", "C": "free"}}


def test_each_row_is_a_light_curve_of_the_others(curve):
    table = curve("ABC", **FREE).leave_one_out(n_toys=0)
    assert table["without"].tolist() == ["", "A", "B", "C"]
    assert table["reference"].tolist() == ["A", "B", "A", "A"]
    for row, names, reference in ((1, "BC", "B"), (2, "AC", "A"), (3, "AB", "A")):
        other = (set(names) - {reference}).pop()
        calibration = {"from_": "constant", "reference": reference, "sigma": {other: "free"}}
        alone = curve(names, **calibration)
        wanted = ts_var(alone, n_toys=0)
        assert_allclose(table[f"scale_{other}"][row], alone.scales["scale"][0], rtol=1e-9)
        assert table[f"scale_{reference}"][row] == 1
        assert_allclose(table["ts_var"][row], wanted.value, atol=1e-8)
        assert table["n_free"][row] == wanted.n_free
        assert_allclose(table["p_value"][row], wanted.p_value, rtol=1e-6)
        assert_allclose(table["constant"].quantity[row].value, wanted.constant.value, rtol=1e-8)
    assert np.isnan(table["scale_A"][1])


def test_where_nothing_tells_a_scale_any_more_the_reason_stands(curve):
    """Without A, which B shares time with, only C is left, which has a prior and shares no time."""
    lc = curve("ABC", reference="A", sigma={"B": "free", "C": 0.1})
    table = lc.leave_one_out(n_toys=0)
    assert table["reason"][1].startswith("B never observed at the same time as A")
    assert np.isnan(table["ts_var"][1])
    assert_allclose(table["scale_C"][2:3], 1)


def test_the_failed_runs_and_the_calibration_of_those_left(curve):
    origin = curve("ABC", **FREE).origin
    part = without_instrument(origin, "A")
    assert {run.run_id.instrument for run in part.runs} == {"B", "C"}
    assert part.systematics.calibration.reference == "B"
    assert part.systematics.calibration.sigma == {"C": "free", "A": "free"}
    assert without_instrument(origin, "B").systematics.calibration is origin.systematics.calibration


def test_instruments_apart_have_none_to_leave_out(curve):
    lc = curve("ABC", **FREE)
    with pytest.raises(InputError, match="no instruments that are joined"):
        lc[:1].leave_one_out()
