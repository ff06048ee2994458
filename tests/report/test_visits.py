"""Stretches of time that can be chosen in the figure."""

import numpy as np
from astropy.time import Time

from tevcurve import LightCurve
from tevcurve.report.rows import ReportRows
from tevcurve.report.visits import visits


def rows_at(days):
    start = Time(np.asarray(days, dtype=float), format="mjd", scale="utc")
    stop = Time(start.mjd + 0.02, format="mjd", scale="utc")
    return ReportRows.of(
        LightCurve.from_arrays(start, stop, 2, 1, 10, {"ref_flux": 1e-11}, {"norm": np.ones(len(days))})
    )


def test_nights_are_told_apart():
    found = visits(rows_at([60003.1, 60000.0, 60000.1, 60003.0, 60003.2]))
    assert [name for name, _, _ in found] == [
        "2023-02-25, MJD 60000.0, 2 rows",
        "2023-02-28, MJD 60003.0, 3 rows",
    ]
    assert np.allclose([edges for _, *edges in found], [[60000.0, 60000.12], [60003.0, 60003.22]])


def test_one_night_is_no_choice():
    assert visits(rows_at([60000.0, 60000.1])) == []
    assert visits(rows_at([])) == []
