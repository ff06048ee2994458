"""Positions and regions as texts."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from tevcurve.config.sky import as_exclusion, as_position, exclusion_texts, position_text
from tevcurve.errors import InputError
from tevcurve.maps import WcsGeom, WcsNDMap

CRAB = SkyCoord("05h34m31.94s", "+22d00m52.2s")


@pytest.mark.parametrize(
    "text",
    [
        "83.6330833 deg, 22.0145 deg",
        "83.6330833 22.0145",
        "05h34m31.94s +22d00m52.2s",
        "5:34:31.94 22:00:52.2",
        "icrs 83.6330833, 22.0145",
        "galactic 184.5575, -5.7843",
    ],
)
def test_positions(text):
    assert as_position(text).separation(CRAB) < 0.3 * u.arcsec
    assert position_text(text) == text


def test_a_position_comes_back_to_the_last_digit():
    position = SkyCoord(83.1 + 0.2, -0.1 - 0.2, unit="deg")
    again = as_position(position_text(position))
    assert (again.ra.deg, again.dec.deg) == (position.ra.deg, position.dec.deg)


@pytest.mark.parametrize("text", ["", "Crab", "83.6", "1 95", "galactic", 3, None])
def test_what_is_no_position(text):
    with pytest.raises(InputError, match="wanted is one such as"):
        position_text(text)


def test_regions_are_degrees_unless_they_say_so():
    (circle,) = as_exclusion(exclusion_texts("circle(83.6, 22.0, 0.3)"))
    assert circle.radius == 0.3 * u.deg
    assert circle.center.separation(SkyCoord(83.6, 22, unit="deg")) < 1e-9 * u.deg
    (circle,) = as_exclusion(["galactic; circle(184.5575, -5.7843, 20')"])
    assert circle.center.icrs.separation(CRAB) < 0.3 * u.arcsec
    np.testing.assert_allclose(circle.radius.to_value("deg"), 1 / 3)
    assert exclusion_texts(None) is None


def test_regions_and_maps_come_from_files(tmp_path):
    regions = tmp_path / "stars.reg"
    regions.write_text(
        "# Region file format: DS9\nicrs\ncircle(84.4, 21.1, 0.3)\nbox(83.6, 22, 0.4, 0.2, 30)\n"
    )
    assert len(as_exclusion([str(regions)])) == 2
    mask = WcsNDMap(WcsGeom.create(skydir=CRAB, binsz=0.5, width=2, proj="TAN"))
    mask.data[:] = 1
    mask.data[1, 2] = 0
    mask.write(tmp_path / "mask.fits")
    (read,) = as_exclusion([str(tmp_path / "mask.fits")])
    assert read.data.dtype == bool
    np.testing.assert_array_equal(read.data, mask.data == 1)


@pytest.mark.parametrize(
    "text", ["circle(", "circle(3,4)", "image; circle(3,4,5)", "blob(3,4,5)", "circle(3,4,5)\nblob(3)"]
)
def test_what_is_no_region_is_refused_and_not_left_out(text):
    with pytest.raises(InputError, match="wanted is one such as"):
        exclusion_texts(text)


def test_files_that_are_none(tmp_path):
    with pytest.raises(InputError, match="no region and no file"):
        exclusion_texts(str(tmp_path / "nowhere.reg"))
    (tmp_path / "bad.reg").write_text("nothing of the kind\n")
    with pytest.raises(InputError, match=r"no region|no sky region"):
        as_exclusion([str(tmp_path / "bad.reg")])
    with pytest.raises(InputError, match="wanted are regions"):
        exclusion_texts([3])
