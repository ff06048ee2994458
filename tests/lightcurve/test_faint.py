"""One rule says which rows are limits, whatever shows them."""

import numpy as np
import pytest
from light_curves_to_draw import make_nights

from tevcurve.catalogue.sparkline import sparkline
from tevcurve.lightcurve.faint import is_faint
from tevcurve.lightcurve.plots.rows import limits_of, values_of
from tevcurve.plot_options import TS_THRESHOLD
from tevcurve.report.rows import ReportRows

FLUX, TS = [1.0, 1.0, 1.0, 0.0, -1.0, np.nan], [4.0, 3.9, np.nan, 9.0, 9.0, 9.0]
FAINT = [False, True, False, True, True, True]


def test_rows_without_a_flux_above_zero_or_with_a_small_ts_are_faint():
    assert is_faint(FLUX, TS).tolist() == FAINT
    assert is_faint(FLUX, TS, 3).tolist() == [False, False, False, True, True, True]


@pytest.fixture
def curve():
    curve = make_nights([53945.85], 6)
    for name, values in (("flux", FLUX), ("flux_err", np.full(6, 0.3)), ("flux_ul", np.full(6, 2.0))):
        curve.table[name][:] = np.asarray(values) * 1e-11
    curve.table["ts"][:] = TS
    return curve


def test_figures_pages_and_catalogues_have_the_same_limits(curve):
    values = values_of(curve.table, "flux", curve.table["flux"].unit)
    assert limits_of(curve.table, values, TS_THRESHOLD)[0].tolist() == FAINT
    assert ReportRows.of(curve).is_limit.tolist() == FAINT
    names = ("flux", "flux_errn", "flux_errp", "flux_ul", "ts")
    rows = {
        name: np.asarray(curve.table[name if name in curve.table.colnames else "flux_err"]) for name in names
    }
    assert sparkline(rows, np.nan).count("h4m-2 0v3") == sum(FAINT)
