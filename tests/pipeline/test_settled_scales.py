"""Scales of instruments with more runs, and with more runs than stay in memory."""

import astropy.units as u
import numpy as np
import pytest
from dl3_files import write_store
from numpy.testing import assert_allclose, assert_array_equal
from small_store import START, TARGET, run_file

from tevcurve import CrossCalibration, DataStore, Instrument, PowerLaw, light_curve
from tevcurve.lightcurve.variability import ts_var
from tevcurve.pipeline import engine
from tevcurve.pipeline.append import append_runs
from tevcurve.store import Result, input_files, write_result

NORTH, SOUTH = (83.63, 22.51), (83.63, 21.51)
# B observes together with A, but for its third run; and with the third of A, which comes later.
STARTS = {"A": (0, 1800, 90000), "B": (600, 2580, 180000, 90000)}


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    made = {}
    for name, starts in STARTS.items():
        runs = [
            run_file(
                obs_id,
                ord(name) + obs_id,
                START + start,
                NORTH if obs_id % 2 else SOUTH,
                n_source=260,
                telescope=name,
            )
            for obs_id, start in enumerate(starts, start=1)
        ]
        made[name] = DataStore.from_dir(write_store(tmp_path_factory.mktemp(name), runs))
    return made


def chosen(stores, **numbers):
    """Dict of the `Observations` of instruments. numbers: by instrument, OBS_IDs."""
    return {name: stores[name].get_observations(list(own)) for name, own in numbers.items()}


def make(data, reference="A", **options):
    (other,) = {"A", "B"} - {reference}
    options = {"method": "1d", "time_bins": "night", "safe_energy": None} | options
    return light_curve(
        target=TARGET,
        instruments={name: Instrument(own) for name, own in data.items()},
        cross_calibration=CrossCalibration(reference=reference, sigma={other: "free"}),
        energy_edges=[1, 3, 10] * u.TeV,
        spectrum=PowerLaw(index=2.3, amplitude="3e-11 cm-2 s-1 TeV-1"),
        **options,
    )


def assert_same(one, other):
    assert one.table.colnames == other.table.colnames
    for name in one.table.colnames:
        assert_array_equal(np.asarray(one.table[name]), np.asarray(other.table[name]), err_msg=name)
    for name in one.scales.colnames:
        assert_array_equal(one.scales[name], other.scales[name])
    assert dict(one.meta) == dict(other.meta)


BEFORE = {"A": (1, 2), "B": (1, 2)}
MORE = {"apart": {"B": (3,)}, "together": {"A": (3,), "B": (4,)}}


@pytest.mark.parametrize("more", MORE)
def test_appended_is_computed_all_at_once(stores, tmp_path, more, caplog, monkeypatch):
    before, new = chosen(stores, **BEFORE), chosen(stores, **MORE[more])
    lc = make(before)
    write_result(tmp_path / "result", lc, inputs=input_files([run for own in before.values() for run in own]))
    reread = Result.read(tmp_path / "result").light_curve
    assert_same(reread, lc)
    assert reread.origin.systematics.is_settled_as(lc.origin.systematics)
    append_runs(tmp_path / "result", [run for own in new.values() for run in own])
    found = Result.read(tmp_path / "result").light_curve
    together = {name: BEFORE[name] + MORE[more].get(name, ()) for name in BEFORE}
    assert_same(found, make(chosen(stores, **together)))
    assert "were those of all rows so far; with more runs they are made anew" in caplog.text
    is_same = found.scales["scale"][0] == lc.scales["scale"][0]
    assert is_same == (more == "apart")
    assert_allclose(found.scales["overlap"], 2460 + 1680 * (more == "together"), atol=1e-5)


def test_runs_that_wait_in_a_folder_say_the_same(stores, monkeypatch):
    data = chosen(stores, A=(1, 2, 3), B=(1, 2, 3, 4))
    at_once = make(data)
    monkeypatch.setattr(engine, "MANY", 3)
    monkeypatch.setattr(engine, "PART", 2)
    monkeypatch.setattr(engine, "HELD", 0)
    assert_same(make(data), at_once)


@pytest.mark.parametrize("options", [{"method": "1d"}, {"method": "3d", "width": "1.2 deg"}])
def test_another_reference_is_fluxes_times_the_ratio(stores, options):
    data = chosen(stores, **BEFORE)
    one, other = make(data, **options), make(data, reference="B", **options)
    ratio = one.scales["scale"][0]
    assert other.scales["scale"][0] == pytest.approx(1 / ratio, rel=1e-9)
    for name in ("flux", "flux_err", "flux_errn", "flux_errp", "flux_ul", "norm"):
        assert_allclose(other.table[name] / one.table[name], ratio, rtol=1e-9, err_msg=name)
    assert_allclose(other.table["sqrt_ts"], one.table["sqrt_ts"], rtol=1e-9)
    tests = [ts_var(each.rebin("20 min"), band=0, n_toys=0) for each in (one, other)]
    assert tests[1].value == pytest.approx(tests[0].value, abs=1e-9)
    assert tests[1].n_free == tests[0].n_free
