"""The clocks of files, all the way to the times of a light curve, written and read again."""

import astropy.units as u
import numpy as np
import pytest
from astropy.time import Time
from dl3_files import MJDREF, write_store
from small_store import START, TARGET, run_file

from tevcurve import light_curve
from tevcurve.data import DataStore
from tevcurve.lightcurve.bins import by_width
from tevcurve.store import Result, write_result

GPS = Time(MJDREF[0], MJDREF[1], format="mjd", scale="tai") + 19 * u.s


@pytest.mark.parametrize(
    ("word", "start"),
    [
        ("TCB", Time(MJDREF[0], MJDREF[1] + START / 86400, format="mjd", scale="tcb")),
        ("TCG", Time(MJDREF[0], MJDREF[1] + START / 86400, format="mjd", scale="tcg")),
        ("IAT", Time(MJDREF[0], MJDREF[1] + START / 86400, format="mjd", scale="tai")),
        ("GPS", GPS + START * u.s),
        ("UT1", Time(MJDREF[0], MJDREF[1] + START / 86400, format="mjd", scale="ut1")),
        ("LOCAL", Time(MJDREF[0], MJDREF[1] + START / 86400, format="mjd", scale="tt")),
    ],
)
def test_rows_are_in_tt_whatever_the_files_count_in(tmp_path, word, start):
    write_store(tmp_path / "data", [run_file(1, 11, START, (83.63, 22.51), n_background=300, timesys=word)])
    made = light_curve(
        DataStore.from_dir(tmp_path / "data").get_observations(),
        TARGET,
        method="1d",
        on_radius="0.15 deg",
        time_bins=by_width("28 min"),
        energy_edges=[0.7, 10] * u.TeV,
    )
    first = Time(made.table["time_min"][0], format="mjd", scale="tt")
    # Days since 1858 are known to a microsecond.
    assert abs((first - start.tt).to_value("s")) < 2e-6
    write_result(tmp_path / "result", made)
    again = Result.read(tmp_path / "result").light_curve
    np.testing.assert_array_equal(again.rebin("28 min").table["time_min"], made.table["time_min"])
    np.testing.assert_array_equal(again.rebin("28 min").table["flux"], made.table["flux"])
    # Per bin of 10 minutes the flux that was there.
    finer = again.rebin(by_width("10 min")).table
    assert len(finer) == 3
    assert np.sum(finer["counts"]) == made.table["counts"][0]
