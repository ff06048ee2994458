"""safe_energy="common": all rows are fitted between the energies that are safe in all runs."""

import astropy.units as u
import numpy as np
import pytest
from dl3_files import write_store
from small_store import START, TARGET, run_file, runs_with_thresholds

from tevcurve import DataStore, LightCurve, PowerLaw
from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.bins import by_night
from tevcurve.lightcurve.concatenation import concatenate
from tevcurve.pipeline import engine, light_curve
from tevcurve.pipeline.append import append_runs
from tevcurve.reduction import SpectrumExtraction
from tevcurve.store import Result, write_result

# The first edges of ten bins a decade above 0.3, 1.07 and 1.9 TeV, and the last below 7 TeV.
ABOVE_1, ABOVE_2, BELOW_7 = 10**0.1, 10**0.3, 10**0.8


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Runs with thresholds of 0.3, 1.07 and 1.9 TeV, the last one up to 7 TeV only; the others are of no use."""
    runs = [
        *runs_with_thresholds(),
        run_file(4, 4, START + 5400, (83.63, 25.21), thresholds=(5.0, 50.0)),
        run_file(5, 5, START + 7200, (83.63, 22.51), thresholds=(8.0, 50.0)),
    ]
    return DataStore.from_dir(write_store(tmp_path_factory.mktemp("thresholds"), runs))


def make(store, runs, method="1d", **options):
    options = {"width": "1 deg"} | options if method == "3d" else options
    options = {"spectrum": PowerLaw(index=2.7), "safe_energy": "common"} | options
    runs = store.get_observations(runs)
    return light_curve(runs, TARGET, method=method, energy_edges=[1, 10] * u.TeV, **options)


def energies(lc):
    return np.unique(np.round([lc.table["e_min_fit"], lc.table["e_max_fit"]], 6), axis=1).T.tolist()


@pytest.mark.parametrize("how", [{"method": "1d"}, {"method": "3d"}, {"method": "3d", "unbinned": True}])
def test_all_rows_are_fitted_between_the_same_energies(store, how):
    lc = make(store, [1, 2, 3], **how)
    assert energies(lc) == [[round(ABOVE_2, 6), round(BELOW_7, 6)]]
    assert lc.meta["common_safe_energy_TeV"] == [1.9, 7]
    assert str(lc.meta["common_safe_energy_TeV"]) == "[1.9, 7.0]"
    own = make(store, [1, 2, 3], **how | {"safe_energy": "file"})
    assert len(energies(own)) == 3
    # The run whose own energies these are has the same row either way.
    np.testing.assert_array_equal(own.table["flux"][2], lc.table["flux"][2])
    assert make(store, [1], **how).table["e_min_fit"][0] == 1


def test_a_run_that_does_not_see_the_source_has_no_say(store):
    lc = make(store, [1, 2, 4])
    assert lc.meta["common_safe_energy_TeV"] == [1.07, 50]
    assert lc.table["status"].tolist() == ["ok", "ok", "outside_fov"]


def test_it_is_kept_by_rebin_and_by_files(store, tmp_path):
    lc = make(store, [1, 2])
    assert energies(lc.rebin("10 min")) == [[round(ABOVE_1, 6), 10]]
    (row,) = lc.rebin(by_night()).table
    assert row["reason"] == "fitted above 1.26 TeV only, extrapolated to 1 TeV with the assumed spectrum"
    assert energies(lc.rebin(energy_edges=[0.5, 10] * u.TeV)) == [[round(0.5 * 20 ** (4 / 14), 6), 10]]
    write_result(tmp_path / "result", lc)
    read = Result.read(tmp_path / "result").light_curve
    assert read.origin.settings.common == lc.origin.settings.common
    assert energies(read.rebin("10 min")) == [[round(ABOVE_1, 6), 10]]
    for name in ("a.ecsv", "a.fits"):
        assert LightCurve.read(lc.write(tmp_path / name)).meta["common_safe_energy_TeV"] == [1.07, 50]


def test_append_makes_it_anew_and_says_so(store, tmp_path, caplog):
    write_result(tmp_path / "result", make(store, [1, 2]))
    made = append_runs(tmp_path / "result", store.get_observations([3]))
    assert "were 1.07 to 50 TeV and are now 1.9 to 7 TeV; all rows are made anew" in caplog.text
    whole = make(store, [1, 2, 3])
    for lc in (made.light_curve, Result.read(tmp_path / "result").light_curve):
        assert lc.meta["common_safe_energy_TeV"] == [1.9, 7]
        np.testing.assert_array_equal(lc.table["flux"], whole.table["flux"])
        np.testing.assert_array_equal(lc.rebin("10 min").table["flux"], whole.rebin("10 min").table["flux"])
    assert made.light_curve.ledger.totals() == whole.ledger.totals()


def test_append_of_a_lower_threshold_takes_the_rows_over(store, tmp_path, caplog):
    write_result(tmp_path / "result", make(store, [2, 3]))
    made = append_runs(tmp_path / "result", store.get_observations([1])).light_curve
    assert "made anew" not in caplog.text
    np.testing.assert_array_equal(made.table["flux"], make(store, [1, 2, 3]).table["flux"])


def test_thousands_of_runs_settle_it_over_all(store, monkeypatch, caplog):
    right = make(store, [1, 2, 3])
    monkeypatch.setattr(engine, "MANY", 2)
    monkeypatch.setattr(engine, "PART", 1)
    monkeypatch.setattr(engine, "HELD", 0)
    for order in ([1, 2, 3], [3, 1, 2]):
        lc = make(store, order)
        assert lc.meta == right.meta
        for name in right.table.colnames:
            np.testing.assert_array_equal(np.asarray(right.table[name]), np.asarray(lc.table[name]))
    assert "made anew" not in caplog.text


def test_files_without_thresholds_set_no_limit(tmp_path):
    from astropy.io import fits

    folder = write_store(tmp_path, [run_file(1, 1, START, (83.63, 22.51))], compress=False)
    path = folder / "data" / "run_000001.fits"
    with fits.open(path, mode="update") as hdus:
        del hdus["AEFF"].header["HI_THRES"]
    lc = make(DataStore.from_dir(folder), [1])
    assert lc.meta["common_safe_energy_TeV"] == [0.3, None]
    for name in ("a.ecsv", "a.fits"):
        assert LightCurve.read(lc.write(tmp_path / name)).meta["common_safe_energy_TeV"] == [0.3, None]
    write_result(tmp_path / "result", lc)
    assert Result.read(tmp_path / "result").light_curve.rebin("10 min").meta["common_safe_energy_TeV"] == [
        0.3,
        None,
    ]


def test_what_cannot_be(store):
    with pytest.raises(
        DataError, match="no safe energies in common: one begins at 8 TeV, where another ends at 7 TeV"
    ):
        make(store, [3, 5])
    with pytest.raises(InputError, match="'file', 'common', a fraction"):
        make(store, [1], safe_energy="lowest")
    with pytest.raises(InputError, match="safe_energy is 'common'"):
        SpectrumExtraction(store.get_observations([1]), [], safe_energy="common")
    with pytest.raises(InputError, match="common_safe_energy_TeV is"):
        concatenate([make(store, [1]), make(store, [2])])
