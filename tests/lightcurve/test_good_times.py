"""The good time of the runs stays with a light curve that is written and read."""

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from small_store import TARGET, make_store

from tevcurve import LightCurve, light_curve
from tevcurve.errors import DataError


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    store = make_store(tmp_path_factory.mktemp("store"))
    return light_curve(store, TARGET, method="1d", energy_edges=[0.7, 10] * u.TeV, safe_energy=None)


def test_it_is_that_of_the_runs(made):
    table = made.good_time
    assert table["obs_id"].tolist() == ["1", "2", "2", "3"]
    assert np.sum(table["stop"] - table["start"]) == pytest.approx(1680 + 500 + 880 + 1680, rel=1e-12)
    reference = made.origin.runs[0].gti.reference
    assert set(table["mjdrefi"]) == {reference.mjdrefi}
    assert set(table["timesys"]) == {"TT"}


@pytest.mark.parametrize("name", ["lc.ecsv", "lc.fits", "lc.fits.gz"])
def test_it_is_in_the_file(made, tmp_path, name):
    back = LightCurve.read(made.write(tmp_path / name))
    again = LightCurve.read(back.write(tmp_path / f"again_{name}"))
    for one in (back, again):
        assert one.good_time.colnames == made.good_time.colnames
        for column in made.good_time.colnames:
            assert one.good_time[column].tolist() == made.good_time[column].tolist()
            assert one.good_time[column].unit == made.good_time[column].unit


def test_a_light_curve_without_runs_has_none(made, tmp_path):
    plain = LightCurve(made.table)
    assert plain.good_time is None
    assert LightCurve.read(plain.write(tmp_path / "lc.ecsv")).good_time is None
    assert "good_time" not in made.meta


@pytest.mark.parametrize("lines", [["1 2 3"], "text", 3, [None], ["1 a 2 3 4 TT"]])
def test_what_is_none_is_told(made, lines):
    table = made.table.copy()
    table.meta["good_time"] = lines
    with pytest.raises(DataError, match="good times of the light curve cannot be read"):
        LightCurve(table).good_time  # noqa: B018


def test_files_of_before_are_read(made):
    """They did not say where times are told, which was the observatory."""
    table = made.table.copy()
    table.meta["good_time"] = ["7 0.0 60.5 51910 0.00074 TT"]
    (row,) = LightCurve(table).good_time
    assert (row["obs_id"], row["stop"], row["timesys"], row["timeref"]) == ("7", 60.5, "TT", "LOCAL")


def test_exports_say_where_times_are_told(made, tmp_path):
    assert set(made.good_time["timeref"]) == {"LOCAL"}
    with fits.open(made.write(tmp_path / "lc.fits", format="gadf")) as hdus:
        assert hdus["GTI"].header["TIMEREF"] == hdus["FLUXPOINTS"].header["TIMEREF"] == "LOCAL"
    assert "TIMEREF" not in LightCurve.read(tmp_path / "lc.fits").meta
    table = made.table.copy()
    table.meta["TIMEREF"] = "SOLARSYSTEM"
    for suffix in ("ecsv", "fits"):
        path = LightCurve(table).write(tmp_path / f"there.{suffix}", format="gadf")
        assert LightCurve.read(path).meta["TIMEREF"] == "SOLARSYSTEM"
