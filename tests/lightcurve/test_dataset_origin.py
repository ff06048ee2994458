"""Time bins and bands laid over datasets that know their events."""

import sys
from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from small_store import SOURCE, cube_datasets, make_store, spectrum_datasets

from tevcurve import LightCurveEstimator, MapDataset
from tevcurve.bins.intervals import ByIntervals
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import bayesian_blocks, by_counts, by_run, by_significance, by_width, sliding
from tevcurve.lightcurve.variability import ts_var
from tevcurve.models import PowerLaw, SkyModel, SkyPointSource
from tevcurve.report.runs_of_rows import runs_of_rows

ENERGIES = (1 * u.TeV, 1 * u.TeV, 8 * u.TeV)


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store")).get_observations()


@pytest.fixture(scope="module", params=[cube_datasets, spectrum_datasets])
def datasets(request, observations):
    return request.param(observations)


def estimator(datasets, **options):
    return LightCurveEstimator(datasets, source=SOURCE, reoptimize=True, **options)


def test_one_bin_per_run_is_the_light_curve_of_the_datasets(datasets):
    whole = estimator(datasets).run(*ENERGIES).table
    laid = estimator(datasets, time_bins=by_run()).run(*ENERGIES).table
    for name in ("norm", "norm_err", "norm_errn", "norm_errp", "norm_ul", "ts", "counts", "npred", "loglike"):
        np.testing.assert_allclose(laid[name], whole[name], rtol=1e-9, err_msg=name)


def test_spectra_in_time_are_not_made_of_datasets(datasets):
    made = estimator(datasets, time_bins=by_run()).run(*ENERGIES, steps=[])
    with pytest.raises(
        InputError, match=r"made of datasets, whose bands rebin\(energy_edges=...\) can change"
    ):
        made.sed()


def test_all_kinds_of_bins_take_all_events(datasets):
    total = np.sum(estimator(datasets).run(*ENERGIES, steps=[]).table["counts"])
    for binning in (by_width("5 min"), by_counts(40), by_significance(25), bayesian_blocks(0.05)):
        table = estimator(datasets, time_bins=binning).run(*ENERGIES, steps=[]).table
        assert np.sum(table["counts"]) == total
    windows = estimator(datasets, time_bins=sliding("10 min", "5 min")).run(*ENERGIES, steps=[])
    assert windows.meta["overlapping"]


def test_bands_are_fitted_with_their_own_bins(datasets):
    edges = datasets[0].counts.geom.axes[0].edges if isinstance(datasets[0], MapDataset) else None
    edges = datasets[0].energy_edges if edges is None else edges
    bands = edges[[0, 4, -1]]
    table = estimator(datasets, energy_edges=bands).run().table
    assert len(table) == 2 * len(datasets)
    np.testing.assert_array_equal(table["e_min"][:2], bands[:2].to_value("TeV"))
    whole = estimator(datasets).run(*ENERGIES, steps=[]).table
    np.testing.assert_array_equal(table["counts"][::2] + table["counts"][1::2], whole["counts"])


def test_a_missing_edge_is_told_and_nothing_is_moved(datasets):
    with pytest.raises(InputError, match=r"1.01 TeV is no edge of the reco bins; the nearest are"):
        estimator(datasets, energy_edges=[1.01, 8] * u.TeV).run()


def test_counts_without_times_cannot_be_cut(datasets, observations):
    dataset = cube_datasets(observations[:1])[0]
    by_hand = MapDataset(
        dataset.counts.copy(origin=None), dataset.exposure, dataset.background_model, model=dataset.models
    )
    with pytest.raises(InputError, match="counts without times"):
        estimator([by_hand], time_bins=by_width("5 min")).run(*ENERGIES)


def test_changed_counts_cannot_be_cut(observations):
    dataset = cube_datasets(observations[:1])[0]
    dataset.counts.data[0, 0, 0] += 1
    with pytest.raises(InputError, match="changed by hand"):
        estimator([dataset], time_bins=by_width("5 min")).run(*ENERGIES)


def test_energies_and_bands_exclude_each_other(datasets):
    with pytest.raises(InputError, match="one of them"):
        estimator(datasets, energy_edges=[1, 8] * u.TeV).run(*ENERGIES)


@pytest.mark.parametrize("planes", [slice(3, None), slice(None)])
def test_an_empty_background_is_raised_as_in_the_datasets_themselves(observations, planes):
    datasets = cube_datasets(observations)
    for dataset in datasets:
        dataset.background_model.map.data[planes] = 0
    whole = estimator(datasets).run(*ENERGIES).table
    laid = estimator(datasets, time_bins=by_run()).run(*ENERGIES).table
    for name in ("norm", "norm_ul", "ts", "counts"):
        np.testing.assert_allclose(laid[name], whole[name], rtol=1e-4, err_msg=name)
    if planes.start:
        assert np.isfinite(laid["ts"]).all()
        assert all("raised to a floor" in reason for reason in laid["reason"])


FREE = (("source.lon_0", "source.lat_0"), ("background.tilt",), ("other.index",))


@pytest.mark.parametrize("names", FREE)
def test_what_is_free_beside_norms_is_fitted_in_any_bins(observations, names):
    """In bins of whole runs it is what the datasets as a whole give; bands and shorter bins have their own."""
    datasets = cube_datasets(observations[:2])
    for dataset in datasets:
        other = SkyModel(
            SkyPointSource("83.3 deg", "22.3 deg"), PowerLaw(amplitude="1e-12 cm-2 s-1 TeV-1"), name="other"
        )
        for parameter in other.parameters:
            parameter.frozen = True
        dataset.model = [dataset.named(SOURCE), *([other] if "other.index" in names else [])]
        for name in names:
            owner, parameter = name.split(".")
            model = dataset.background_model
            model = dataset.named({"source": SOURCE}.get(owner, owner)) if owner != "background" else model
            model.parameters[parameter].frozen = False
    whole = estimator(datasets).run(*ENERGIES, steps=["err", "ul"]).table
    laid = estimator(datasets, time_bins=by_run()).run(*ENERGIES, steps=["err", "ul"]).table
    for name in ("norm", "norm_err", "norm_ul", "loglike", "npred"):
        np.testing.assert_allclose(laid[name], whole[name], rtol=1e-5, err_msg=name)
    fixed = LightCurveEstimator(datasets, source=SOURCE, time_bins=by_run()).run(*ENERGIES, steps=[]).table
    assert np.all(laid["loglike"] < fixed["loglike"])
    short = estimator(datasets[:1], time_bins=by_width("10 min")).run(*ENERGIES, steps=[]).table
    assert set(short["status"]) <= {"ok", "at_zero"}
    assert len(short) > 1


def test_the_position_of_the_source_is_said(datasets):
    spatial = datasets[0].named(SOURCE).spatial_model
    for options in ({}, {"time_bins": by_run()}):
        meta = estimator(datasets, **options).run(*ENERGIES, steps=[]).meta
        if spatial is None:
            assert "position" not in meta
        else:
            lon, lat = spatial.position.icrs.ra.deg, spatial.position.icrs.dec.deg
            assert meta["position"] == f"{lon:.6f} deg, {lat:.6f} deg (ICRS)"


def test_other_bins_are_those_of_another_estimator(datasets):
    night = estimator(datasets).run(*ENERGIES)
    rebinned = night.rebin(by_width("10 min"))
    expected = estimator(datasets, time_bins=by_width("10 min")).run(*ENERGIES)
    assert len(rebinned.table) == len(expected.table) > len(night.table)
    for name in ("flux", "flux_err", "flux_ul", "ts", "counts", "npred"):
        np.testing.assert_array_equal(rebinned.table[name], expected.table[name])
    first = datasets[0]
    edges = first.counts.geom.axes[0].edges if isinstance(first, MapDataset) else first.energy_edges
    bands = night.rebin(energy_edges=edges[[0, 4, -1]])
    expected = estimator(datasets, energy_edges=edges[[0, 4, -1]]).run()
    np.testing.assert_array_equal(bands.table["flux"], expected.table["flux"])
    with pytest.raises(InputError, match="rebin takes no e_reco or e_true"):
        night.rebin(e_reco=edges)


def test_every_event_of_the_datasets_is_in_the_ledger(datasets):
    night = estimator(datasets).run(*ENERGIES, steps=[])
    column = "counts" if isinstance(datasets[0], MapDataset) else "n_on"
    used = np.sum(night.table[column])
    if column == "n_on":
        used += np.sum(night.table["n_off"])
    assert night.ledger.totals()["used"] == used
    held = sum(
        len(run.time_s) if column == "counts" else len(run.on_times_s) + len(run.off_times_s)
        for dataset in datasets
        for run in dataset.runs
    )
    assert night.ledger.totals()["total"] == held
    half = night.rebin(by_width("10 min", align="absolute"))
    assert half.ledger.totals()["total"] == held
    assert np.sum(half.ledger.seconds["total"]) == pytest.approx(
        sum(r.gti.ontime_s for d in datasets for r in d.runs)
    )


def test_the_bins_of_a_ledger_are_made_when_it_is_read(datasets, monkeypatch):
    """A light curve of whole datasets has no need of them."""
    made = []
    lay = ByIntervals.lay
    monkeypatch.setattr(ByIntervals, "lay", lambda self, runs: made.append(self) or lay(self, runs))
    night = estimator(datasets).run(*ENERGIES, steps=[])
    assert not made
    assert len(night.ledger.time_bins) == len(night.table)
    assert len(made) == 1


def test_runs_told_at_different_places_are_refused_at_once(observations):
    """Also where no ledger is read."""
    one, other = spectrum_datasets(observations[:2])
    (run,) = other.runs
    other.runs = (replace(run, reference=replace(run.reference, place="solarsystem")),)
    with pytest.raises(InputError, match="run 1 are local and those of run 2 solarsystem"):
        estimator([one, other]).run(*ENERGIES, steps=[])


def test_twenty_bins_in_1d_take_less_than_twenty_thousand_calls(observations):
    """Of functions in Python: a measure of the time that does not depend on the machine."""
    parts = [
        observation.select_time(pair)
        for observation in observations
        for pair in zip(
            *(observation.tstart + k * 240 * u.s for k in (np.arange(7), np.arange(1, 8))), strict=True
        )
    ][:20]
    made, calls = estimator(spectrum_datasets(parts)), []
    made.run(*ENERGIES)
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, argument: calls.append(1) if event == "call" else None)
    try:
        table = made.run(*ENERGIES).table
    finally:
        sys.setprofile(before)
    assert len(table) == 20
    assert len(calls) < 20_000


def test_hardness_is_the_ratio_of_the_fluxes_of_two_bands(datasets):
    first = datasets[0]
    edges = first.counts.geom.axes[0].edges if isinstance(first, MapDataset) else first.energy_edges
    bands = estimator(datasets, energy_edges=edges[[0, 4, -1]]).run()
    table = bands.hardness()
    flux = np.asarray(bands.table["flux"]).reshape(-1, 2)
    np.testing.assert_allclose(table["hardness"], flux[:, 1] / flux[:, 0], rtol=1e-6)


def test_variability_of_datasets_is_that_of_their_events(datasets):
    short = estimator(datasets, time_bins=by_width("10 min"), negative=True).run(*ENERGIES)
    result = ts_var(short, n_toys=20)
    assert "columns of the table" not in result.note
    assert 0 <= result.p_value <= 1


def test_a_report_knows_the_runs_of_its_rows(datasets):
    """Where a run was pointed at is not known of datasets; which run it was, is."""
    light_curve = estimator(datasets, time_bins=by_run()).run(*ENERGIES, steps=[])
    rows = runs_of_rows(light_curve)
    assert rows.names == [[str(dataset.runs[0].run_id)] for dataset in datasets]
    assert np.isnan(rows.zenith).all()
    assert np.isnan(rows.offset).all()


def test_counts_changed_by_hand_have_no_origin(datasets, observations):
    """What the events are is then not known, and the light curve of the counts is as it was."""
    make = cube_datasets if isinstance(datasets[0], MapDataset) else spectrum_datasets
    (dataset,) = make(observations[:1])
    dataset.counts.data[0] += 1
    made = estimator([dataset]).run(*ENERGIES, steps=[])
    assert made.origin is None
    assert made.ledger is None
    assert np.isfinite(made.table["flux"]).all()
    with pytest.raises(InputError, match="rebin"):
        made.rebin(by_width("5 min"))
