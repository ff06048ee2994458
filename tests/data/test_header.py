"""Headers of events in the dialects of the instruments."""

import numpy as np
import pytest

from tevcurve.data.header import RunHeader
from tevcurve.errors import DataError
from tevcurve.problems import noted_remarks

SITE = {"GEOLON": 16.5, "GEOLAT": -23.3}


@pytest.mark.parametrize(
    ("height", "metres", "said"),
    [
        ({"ALTITUDE": 1835.0}, 1835, None),
        ({"ALTITUDE": 2.15}, 2150, "has ALTITUDE 2.15, which is taken as km"),
        ({"GEOALT": 2195.0}, 2195, None),
        ({"GEOALT": "2.195"}, 2195, "has GEOALT 2.195, which is taken as km"),
        ({"ALTITUDE": 0}, 0, None),
    ],
)
def test_the_height_of_the_site_in_km_or_by_another_name(height, metres, said):
    with noted_remarks() as remarks:
        location = RunHeader({**SITE, **height}, "HDU X of y").location
    assert location.height.to_value("m") == pytest.approx(metres, abs=1e-6)
    assert [said in words for _, words in remarks] == ([True] if said else [])


def test_the_site_in_the_keywords_of_fits():
    location = RunHeader({"OBSGEO-L": -17.89, "OBSGEO-B": 28.76, "OBSGEO-H": 2185.0}, "HDU X of y").location
    assert location.lon.deg == pytest.approx(-17.89)
    assert location.lat.deg == pytest.approx(28.76)
    assert location.height.to_value("m") == pytest.approx(2185, abs=1e-6)


def test_a_site_whose_coordinates_are_swapped_is_told():
    # As in early files of VERITAS.
    header = {"GEOLAT": -110.952158, "GEOLON": 31.675058, "ALTITUDE": 1268.0}
    with noted_remarks() as remarks:
        location = RunHeader(header, "HDU X of y").location
    assert location.lat.deg == pytest.approx(31.675058)
    assert location.lon.deg == pytest.approx(-110.952158)
    assert "has GEOLAT -110.952 and GEOLON 31.6751, which are taken the other way round" in remarks[0][1]
    with pytest.raises(DataError, match="wanted is a place on the Earth"):
        RunHeader({**header, "GEOLON": 131.0}, "HDU X of y").location  # noqa: B018


def test_a_site_without_a_height_gets_a_sentence():
    with pytest.raises(DataError, match="HDU X of y has no keyword ALTITUDE"):
        RunHeader(SITE, "HDU X of y").location  # noqa: B018


def test_tstart_in_32_bits_is_that_number():
    header = {"TSTART": np.float32(664499968.0), "TSTOP": np.float32(664500608.0)}
    assert RunHeader(header, "HDU X of y").span_s == (664499968.0, 664500608.0)
