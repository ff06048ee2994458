"""Where the time axis of the page is cut."""

import numpy as np
from light_curves_to_draw import make_nights

from tevcurve.report.cuts import cuts_of
from tevcurve.report.rows import ReportRows


def test_each_night_is_a_piece_with_all_of_its_rows():
    rows = ReportRows.of(make_nights([53945.85, 54705.81, 54706.81]))
    pieces = cuts_of(rows)["wide"]
    assert len(pieces) == 3
    for piece, start, stop in zip(pieces, np.split(rows.start, 3), np.split(rows.stop, 3), strict=True):
        low, high = piece["mjd"]
        assert low < start.min() < stop.max() < high < low + 0.12
        # TT is 65.184 s ahead of UTC in 2006 and in 2008
        np.testing.assert_allclose(
            (np.array(piece["mjd"]) - 40587) * 86400 - 65.184, np.array(piece["utc"]) / 1000
        )
    domains = np.ravel([piece["domain"] for piece in pieces])
    assert np.all(np.diff(domains) > 0)
    assert (domains[0], domains[-1]) == (0, 1)


def test_narrow_windows_have_fewer_pieces():
    cuts = cuts_of(ReportRows.of(make_nights([53945.85, 53990.0, 54705.81, 54790.0, 55900.0])))
    assert len(cuts["wide"]) == 5
    assert len(cuts["narrow"]) <= 3


def test_one_night_and_bins_in_phase_are_not_cut():
    assert cuts_of(ReportRows.of(make_nights([53945.85]))) is None
    folded = make_nights([53945.85, 54705.81])
    folded.table["phase_min"], folded.table["phase_max"] = np.arange(8) / 8, np.arange(1, 9) / 8
    assert cuts_of(ReportRows.of(folded)) is None
