"""Magnitudes of the AAVSO, by the descriptions of its two formats; the numbers are made up."""

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time

from tevcurve.errors import DataError
from tevcurve.lightcurve.product import LightCurve

ARCHIVE = """JD,Magnitude,Uncertainty,HQuncertainty,Band,Observer Code,Comment Code(s),Star Name
2456400.75,13.10,0.02,,V,ABC,,MRK 421
2456400.25,12.95,0.03,,V,ABC,,MRK 421
2456401.50,<15.0,,,R,XYZ,,MRK 421
"""
EXTENDED = """#TYPE=Extended
#OBSCODE=TST01
#SOFTWARE=by hand
#DELIM=;
#DATE=JD
#OBSTYPE=CCD
#NAME;DATE;MAG;MERR;FILT;TRANS;MTYPE;CNAME;CMAG;KNAME;KMAG;AMASS;GROUP;CHART;NOTES
MRK 421;2456400.75;13.10;0.02;V;NO;STD;105;10.593;110;11.090;1.561;na;070613;na
MRK 421;2456400.25;12.95;0.03;V;NO;STD;105;10.593;110;11.090;1.561;na;070613;na
MRK 421;2456401.50;<15.0;na;R;NO;STD;105;10.593;110;11.090;1.561;na;070613;na
"""


@pytest.mark.parametrize(("name", "content"), [("a.csv", ARCHIVE), ("a.txt", ARCHIVE), ("b.txt", EXTENDED)])
def test_magnitudes_are_in_the_order_of_time_with_their_filters(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    curve = LightCurve.read(tmp_path / name)
    table = curve.table
    np.testing.assert_array_equal(table["mag"], [12.95, 13.1, np.nan])
    np.testing.assert_array_equal(table["mag_err"], [0.03, 0.02, np.nan])
    # Fainter than that: its magnitude is larger.
    np.testing.assert_array_equal(table["mag_ll"], [np.nan, np.nan, 15.0])
    assert table["mag"].unit == u.mag
    assert curve.instruments == ("R", "V")
    assert len(curve.of_instrument("V")) == 2
    moments = Time([2456400.25, 2456400.75, 2456401.5], format="jd", scale="utc")
    np.testing.assert_allclose((curve.time - moments).to_value("s"), 0, atol=1e-4)
    assert (curve.meta["source"], curve.meta["TIMESYS"]) == ("MRK 421", "utc")


def test_what_is_no_light_curve_is_said(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(EXTENDED.replace("DATE=JD", "DATE=EXCEL"))
    with pytest.raises(DataError, match="its dates are EXCEL; wanted are JD or HJD"):
        LightCurve.read(path)
    path.write_text(EXTENDED.replace("MRK 421;2456400.25", "MRK 501;2456400.25"))
    with pytest.raises(DataError, match="it is of 2 stars, MRK 421 and MRK 501"):
        LightCurve.read(path)
    path.write_text(EXTENDED.replace("#DATE=JD", "#DATE=HJD"))
    assert LightCurve.read(path).meta["TIMEREF"] == "HELIOCENTRIC"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (EXTENDED.replace(";STD;", ";DIF;"), "differences to a comparison star"),
        (ARCHIVE.replace("24564", "564"), "it has the date 56400.25; wanted are Julian dates"),
    ],
)
def test_what_would_be_read_as_something_else_is_refused(tmp_path, content, words):
    (tmp_path / "a.txt").write_text(content)
    with pytest.raises(DataError, match=words):
        LightCurve.read(tmp_path / "a.txt")


def test_what_the_archive_doubts_says_so(tmp_path, caplog):
    rows = ["2456400.75,13.10,0,V,Z", "2456401.75,15.10,0.02,V,T"]
    (tmp_path / "a.csv").write_text("\n".join(["JD,Magnitude,Uncertainty,Band,Validation Flag", *rows]))
    table = LightCurve.read(tmp_path / "a.csv").table
    assert table["reason"].tolist() == ["", "the archive flags it as discrepant"]
    assert "1 rows of 2 that the archive flags as discrepant" in caplog.text
    # An uncertainty of 0 is none that is known.
    np.testing.assert_array_equal(table["mag_err"], [np.nan, 0.02])
