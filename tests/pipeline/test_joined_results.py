"""Light curves of instruments that make rows together: the same in parts, on two processes, stored, appended, cut."""

from dataclasses import replace

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from dl3_files import MJDREF, write_store
from small_store import TARGET
from timelines import make_line
from two_instruments import LATER, NAMES, make_stores, runs_of

from tevcurve import CrossCalibration, DataStore, Instrument, LightCurve, append_runs, light_curve
from tevcurve.bins.text import as_binning
from tevcurve.errors import InputError
from tevcurve.lightcurve import rows_in_blocks
from tevcurve.lightcurve.concatenation import concatenate
from tevcurve.lightcurve.good_times import good_times
from tevcurve.lightcurve.sed import FluxPoints
from tevcurve.lightcurve.sed.plot import titles_of
from tevcurve.pipeline import engine
from tevcurve.run_id import RunId
from tevcurve.store import Result, write_result

REFERENCE, OTHER = NAMES
CUBE = {"method": "3d", "binsz": "0.1 deg", "width": "2 deg"}
METHODS = {"1d": {}, "mixed": {REFERENCE: CUBE}, "3d": {REFERENCE: CUBE, OTHER: CUBE}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def stores(folder):
    return make_stores(folder)


def made(stores, kind, chosen=None, from_="overlap", **options):
    """The light curve of both; chosen: OBS_IDs by instrument, in place of all."""
    instruments = {}
    for name in NAMES:
        observations = stores[name].get_observations()
        if chosen is not None:
            observations = [one for one in observations if int(one.obs_id) in chosen[name]]
        if observations:
            instruments[name] = Instrument(observations, **({"method": "1d"} | METHODS[kind].get(name, {})))
    calibration = CrossCalibration(reference=REFERENCE, sigma={OTHER: "free"}, from_=from_)
    options = {"energy_edges": [0.7, 2, 10] * u.TeV, "safe_energy": None, "time_bins": "night"} | options
    return light_curve(target=TARGET, instruments=instruments, cross_calibration=calibration, **options)


def assert_same(found, wanted):
    """The same table to the last digit, metadata and ledger."""
    assert found.table.colnames == wanted.table.colnames
    for name in wanted.table.colnames:
        np.testing.assert_array_equal(
            np.asarray(found.table[name]), np.asarray(wanted.table[name]), err_msg=name
        )
    assert found.meta == wanted.meta
    assert str(found.ledger) == str(wanted.ledger)


@pytest.mark.parametrize("kind", METHODS)
def test_runs_in_parts_and_on_two_processes(stores, monkeypatch, kind):
    wanted = made(stores, kind)
    assert wanted.table["instruments"].tolist() == ["HESS, MAGIC"] * 2 + ["MAGIC"] * 2
    assert_same(made(stores, kind, n_jobs=2), wanted)
    monkeypatch.setattr(engine, "MANY", 2)
    monkeypatch.setattr(engine, "PART", 3)
    monkeypatch.setattr(engine, "HELD", 0)
    found = made(stores, kind)
    assert_same(found, wanted)
    assert_same(found.rebin("run"), wanted.rebin("run"))


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize("binning", ["night", "run", "30 min align=absolute"])
def test_appended_runs(stores, tmp_path, kind, binning):
    wanted = made(stores, kind, time_bins=binning)
    first = made(stores, kind, {REFERENCE: (1, 2), OTHER: (1, 3)}, time_bins=binning)
    write_result(tmp_path / "result", first)
    for name, numbers in ((OTHER, (2, 4)), (REFERENCE, (3,))):
        more = [one for one in stores[name].get_observations() if int(one.obs_id) in numbers]
        appended = append_runs(tmp_path / "result", more)
    assert_same(appended.light_curve, wanted)
    assert_same(Result.read(tmp_path / "result").light_curve, wanted)


@pytest.mark.parametrize("kind", ["1d", "3d"])
def test_rows_without_new_runs_are_taken_over(folder, tmp_path, monkeypatch, kind):
    """In one clock, and where the scales stay: the second night of the other shares no time with the reference."""
    stores = {}
    for name, runs in runs_of(NAMES).items():
        shifted = [replace(run, mjdref=MJDREF, **_later(run, LATER * (name == OTHER))) for run in runs]
        stores[name] = DataStore.from_dir(write_store(folder / "one clock" / kind / name, shifted))
    wanted = made(stores, kind)
    write_result(tmp_path / "result", made(stores, kind, {REFERENCE: (1, 2, 3), OTHER: (1, 2)}))
    fitted = []
    rows = rows_in_blocks.rows_of_runs

    def counted(of, *rest):
        fitted.append(len(of.runs))
        return rows(of, *rest)

    monkeypatch.setattr(rows_in_blocks, "rows_of_runs", counted)
    more = [one for one in stores[OTHER].get_observations() if int(one.obs_id) > 2]
    assert_same(append_runs(tmp_path / "result", more).light_curve, wanted)
    assert fitted == [2]


def _later(run, seconds):
    """What of a run changes where its clock begins earlier by some seconds, a dict."""
    events = run.events | {"TIME": run.events["TIME"] + seconds}
    return {"tstart": run.tstart + seconds, "tstop": run.tstop + seconds, "events": events}


@pytest.mark.parametrize("kind", METHODS)
def test_stored_and_made_again(stores, tmp_path, kind):
    lc = made(stores, kind)
    write_result(tmp_path / "result", lc)
    back = Result.read(tmp_path / "result").light_curve
    assert_same(back, lc)
    assert_same(back.rebin("run"), lc.rebin("run"))
    assert_same(back.rebin("run").rebin("night"), lc)
    assert_same(lc.rebin("run"), made(stores, kind, time_bins="run"))
    edges = [1, 5] * u.TeV
    # Scales stay those that they were, also in other bands.
    scales = [each.origin.systematics.scales for each in (lc, lc.rebin(energy_edges=edges))]
    assert scales[0] is scales[1]
    for name in NAMES:
        assert_same(back.of_instrument(name), lc.of_instrument(name))


@pytest.mark.parametrize("ending", ["ecsv", "fits", "vot"])
def test_files_keep_who_observed(stores, tmp_path, ending):
    lc = made(stores, "mixed")
    lc.write(tmp_path / f"light_curve.{ending}")
    back = LightCurve.read(tmp_path / f"light_curve.{ending}")
    assert back.instruments == NAMES
    for name in ("instruments", "simultaneous", "flux"):
        np.testing.assert_array_equal(np.asarray(back.table[name]), np.asarray(lc.table[name]))
    assert back.table["simultaneous"].unit == "s"
    assert len(good_times(back)) == len(good_times(lc)) == 7


def test_spectra_in_time(stores, tmp_path):
    lc = made(stores, "mixed")
    points = lc.sed(energy_edges=[0.7, 2, 10] * u.TeV)
    for name in ("flux", "flux_err", "flux_ul", "instruments", "simultaneous"):
        np.testing.assert_array_equal(np.asarray(points.points.table[name]), np.asarray(lc.table[name]))
    assert [title.split(" MJD")[0] for title in titles_of(points)] == ["1: HESS, MAGIC,", "2: MAGIC,"]
    assert "HESS, MAGIC" in str(points)
    points.plot()
    plt.close("all")
    with pytest.raises(InputError, match="of_instrument"):
        points.of_instrument(REFERENCE)
    for name in ("points.fits", "points.ecsv"):
        points.write(tmp_path / name)
        back = FluxPoints.read(tmp_path / name)
        assert back.instruments == NAMES
        for column in ("flux", "instruments", "simultaneous"):
            np.testing.assert_array_equal(back.table[column], lc.table[column])


def test_the_layout_of_gadf(stores, tmp_path):
    lc = made(stores, "mixed")
    lc.write(tmp_path / "gadf.fits", format="gadf")
    back = LightCurve.read(tmp_path / "gadf.fits")
    for name in ("flux", "instruments", "simultaneous"):
        np.testing.assert_array_equal(back.table[name], lc.table[name])


def test_parts_put_together_again(stores):
    lc = made(stores, "mixed")
    joined = concatenate([lc[:2], lc[2:]])
    for name in lc.table.colnames:
        np.testing.assert_array_equal(
            np.asarray(joined.table[name]), np.asarray(lc.table[name]), err_msg=name
        )
    assert not joined.meta["overlapping"]
    assert str(joined.ledger) == str(lc.ledger)
    by_run = lc.rebin("run")
    assert not by_run.meta["overlapping"]
    again = concatenate([by_run[:4], by_run[4:]])
    assert not again.meta["overlapping"]


def test_events_of_rows(stores):
    """Each event of the table is in a row whose instruments are those of its run."""
    lc = made(stores, "mixed")
    table = lc.events()
    who = np.asarray(lc.table["instruments"])
    assert set(np.unique(table["instrument"]).tolist()) == set(NAMES)
    for row, name in zip(np.asarray(table["row"]), np.asarray(table["instrument"]), strict=True):
        assert name in who[row]


def test_blocks_of_events_see_the_scales(stores):
    """A second instrument that sees a third of the source: no change of the source where that is known."""
    whole = made(stores, "1d", from_="constant").origin
    lines = [
        replace(make_line(600.0, rate, 0.1, 0.1, start, seed), run_id=RunId(name, str(seed)))
        for seed, (name, start, rate) in enumerate(((REFERENCE, 0.0, 0.6), (OTHER, 700.0, 0.2)))
    ]
    found = {}
    for log_scale in (0.0, np.log(1 / 3)):
        scales = replace(whole.systematics.scales, log_scale=np.array([log_scale]))
        systematics = replace(whole.systematics, scales=scales)
        binned = replace(whole, systematics=systematics, time_bins=as_binning("blocks 0.01"))
        found[log_scale] = len(binned.laid(lines))
    assert list(found.values()) == [2, 1]


def test_light_curves_of_other_scales_are_not_put_together(stores):
    one, other = (made(stores, "1d", from_=from_) for from_ in ("overlap", "constant"))
    with pytest.raises(InputError, match="cross_calibration is"):
        concatenate([one, other])


@pytest.mark.parametrize("options", [{}, {"negative": True}, {"background_error": 0.1}, {"stacked": True}])
def test_rows_of_each_method_alone(stores, options):
    """Without a calibration each instrument has rows of its own: to the last bit those that it has alone."""
    how = {REFERENCE: CUBE, OTHER: {"method": "1d"}}
    options = {"energy_edges": [0.7, 2, 10] * u.TeV, "safe_energy": None, "time_bins": "night"} | options
    instruments = {name: Instrument(stores[name], **how[name]) for name in NAMES}
    both = light_curve(target=TARGET, instruments=instruments, **options)
    for name in NAMES:
        alone = light_curve(stores[name].get_observations(), TARGET, **how[name], **options)
        mine = np.asarray(both.table["instrument"]) == name
        for column in alone.table.colnames:
            np.testing.assert_array_equal(
                np.asarray(both.table[column])[mine], np.asarray(alone.table[column]), err_msg=column
            )


def test_what_is_uncertain_in_rows_of_both_methods(stores):
    table = made(stores, "mixed", background_error=0.1).table
    both = "the background norm or alpha of each run is uncertain by 10 %"
    assert all(both in reason for reason in table["reason"][:2])
    assert all("alpha of each run" in reason and "norm" not in reason for reason in table["reason"][2:])
