"""The demo night: built once, whole or not at all, and measured as it was made."""

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.table import Table
from astropy.time import Time

import tevcurve.demo
from tevcurve import DataStore
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_run


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def folder(cache):
    return tevcurve.demo.demo()


def test_it_lies_in_the_cache_and_is_built_once(folder, cache):
    assert folder.parent == cache / "tevcurve"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert tevcurve.demo() == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_it_is_a_store_of_a_night_with_a_gap(folder):
    observations = DataStore.from_dir(folder).get_observations()
    assert len(observations) == 12
    assert [len(one.gti) for one in observations] == [1] * 7 + [2] + [1] * 4
    assert observations.ontime.to_value("min") == pytest.approx(12 * 20 - 6)
    offsets = [one.pointing.separation(tevcurve.demo.POSITION).deg for one in observations]
    assert offsets == pytest.approx([0.5] * 12)
    assert len({tuple(np.round(one.pointing_lonlat, 6)) for one in observations}) == 4
    assert all(one.zenith < 60 * u.deg for one in observations)


def test_the_truth_lies_beside_it(folder):
    truth = Table.read(folder / "truth.ecsv")
    peak = Time(truth["time"].value, format="mjd", scale=truth.meta["TIMESYS"])[np.argmax(truth["flux"])]
    assert abs((peak - tevcurve.demo.PEAK).to_value("min")) < 1
    assert truth["flux"].max() / truth["flux"].min() == pytest.approx(7, rel=0.05)
    times = Time(truth["time"].value, format="mjd", scale=truth.meta["TIMESYS"])
    fine = tevcurve.demo.true_flux(times[:-1], times[1:]).to_value("cm-2 s-1")
    good = np.isfinite(fine)
    middle = 0.5 * (truth["flux"][1:] + truth["flux"][:-1])
    np.testing.assert_allclose(fine[good], middle[good], rtol=0.03)
    assert 0 < good.sum() < len(good)


@pytest.mark.parametrize("method", ["3d", "1d"])
def test_its_light_curve_is_the_truth_within_errors(method, folder):
    curve = tevcurve.demo.demo_light_curve(folder, by_run(), method=method, norm_values=None)
    table = curve.table
    pulls = (table["flux"] - table["flux_true"]).value / table["flux_err"].value
    assert len(table) == 12
    assert abs(pulls.mean()) < 3 / np.sqrt(12)
    assert abs(pulls.std() - 1) < 3 / np.sqrt(24)


def test_the_command_prints_and_draws(folder, tmp_path, capsys):
    figure, open_before = tmp_path / "night.png", plt.get_fignums()
    assert tevcurve.demo.main(["--figure", str(figure)]) == 0
    printed = capsys.readouterr().out
    assert str(folder) in printed
    assert "2024-03-10 23:4" in printed
    assert figure.stat().st_size > 10_000
    assert plt.get_fignums() == open_before


def test_a_failed_build_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(*arguments):
        raise OSError("the disc is full")

    monkeypatch.setattr(tevcurve.demo, "truth_table", fail)
    with pytest.raises(OSError, match="the disc is full"):
        tevcurve.demo.demo(tmp_path / "night")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match="has other files"):
        tevcurve.demo.demo(tmp_path)


def test_a_night_of_point_like_files_is_measured_as_it_was_made(cache):
    curve = tevcurve.demo.demo_light_curve(None, by_run(), cut="table", norm_values=None)
    assert (cache / "tevcurve" / "demo-night-1-table-cut" / "truth.ecsv").exists()
    table = curve.table
    assert curve.table.meta["method"] == "1d"
    pulls = (table["flux"] - table["flux_true"]).value / table["flux_err"].value
    assert abs(pulls.mean()) < 3 / np.sqrt(12)
    assert abs(pulls.std() - 1) < 3 / np.sqrt(24)


def test_a_night_of_another_cut_is_not_taken_for_it(folder):
    with pytest.raises(InputError, match="was made with cut=None; wanted is another folder for 'fixed'"):
        tevcurve.demo.demo(folder, cut="fixed")
    with pytest.raises(InputError, match="cut is 'round'; wanted is 'fixed' or 'table', or None"):
        tevcurve.demo.demo(folder, cut="round")
