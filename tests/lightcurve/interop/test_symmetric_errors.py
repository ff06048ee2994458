"""What other packages are told of rows without a symmetric error."""

import numpy as np
from light_curve_rows import make_rows

from tevcurve.lightcurve.interop.symmetric_errors import tell_missing_errors


def test_rows_without_an_error_are_counted_where_there_is_a_value(caplog):
    light_curve = make_rows(4, edges=[1, 10])
    assert tell_missing_errors(light_curve.table, "flux", "gone") == ""
    light_curve.table["flux_err"][1:3] = np.nan
    light_curve.table["flux"][2] = np.nan
    words = "1 of 4 rows has no symmetric error of flux (at a bound, for example): gone."
    assert tell_missing_errors(light_curve.table, "flux", "gone") == words
    assert caplog.text.count(words) == 1
    # A quantity without errors has none to miss.
    assert tell_missing_errors(light_curve.table, "counts", "gone") == ""


def test_series_and_frames_keep_the_rows_and_say_how_many(caplog):
    light_curve = make_rows(4, edges=[1, 10])
    light_curve.table["flux_err"][1] = np.nan
    assert np.isnan(light_curve.to_binned_time_series()["flux_err"].value).tolist() == [
        False,
        True,
        False,
        False,
    ]
    assert (
        "1 of 4 rows has no symmetric error of flux (at a bound, for example): NaN in the BinnedTime"
        in caplog.text
    )
