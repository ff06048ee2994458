"""Runs with different safe energies, added up: each adds events, signal and background only where it is fitted."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from dense_likelihood import DenseBlock, best_norm_of, crossing_of, profile_stat
from small_store import TARGET, make_store

from tevcurve import PowerLaw, SkyModel, light_curve
from tevcurve.fit.expected_cells import cells_of_runs
from tevcurve.irf.field_rotation import background_frames
from tevcurve.kernels.sphere import angular_separation
from tevcurve.lightcurve.bins import by_edges
from tevcurve.lightcurve.runs import RunsInMemory
from tevcurve.reduction.run_in_cells import pixels_icrs

SPECTRUM = PowerLaw(index=2.5)
LOWEST = (0.5, 1.7, 3.5)  # TeV, safe energies of the runs


def with_threshold(run, low):
    table = run.aeff.table
    header = dict(table.header) | {"LO_THRES": low}
    return replace(run, aeff=replace(run.aeff, table=replace(table, header=header)))


def stacked(store, **options):
    options = {"stacked": True, "responses": "centre", "width": "1.6 deg", "binsz": "0.1 deg"} | options
    observations = store.get_observations()
    times = by_edges([observations[0].gti.start[0], observations[-1].gti.stop[-1]])
    made = light_curve(observations, TARGET, times, [1, 10] * u.TeV, spectrum=SPECTRUM, **options).origin
    runs = [with_threshold(run, low) for run, low in zip(made.runs, LOWEST, strict=True)]
    return replace(made, runs=RunsInMemory(runs)).reduced()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store"))


def cells_of_run(kept, run, low):
    """(signal, background, counts) of a run in all cells (n_reco, nlat, nlon), from its responses and its events."""
    setting = kept.settings.of(run)
    true, reco, geom = kept.axes.true, kept.axes.reco, setting.geom
    middle, livetime = np.sqrt(true[1:] * true[:-1]), run.gti.ontime_s * run.deadc
    seen = SPECTRUM.photon_flux(true) * run.aeff.effective_area(middle, run.offset) * livetime
    dispersion = run.edisp.kernel(run.offset, true, reco)
    signal = np.einsum("t,tr,tyx->ryx", seen, dispersion, run.psf.pixel_fractions(middle, *kept.source, geom))
    lon, lat = pixels_icrs(geom)
    place = run.bkg.rate_per_energy_bin(*_of_camera(run, lon, lat), reco)
    background = place * geom.solid_angle().to_value("sr") * run.gti.ontime_s
    ix, iy = geom.lonlat_to_idx(run.lon, run.lat)
    bin_ = np.searchsorted(reco, run.energy_tev, side="right") - 1
    good = (ix >= 0) & (bin_ >= 0) & (bin_ < len(reco) - 1)
    counts = np.zeros(signal.shape)
    np.add.at(counts, (bin_[good], iy[good], ix[good]), 1)
    near = angular_separation(*run.pointing_lonlat, lon, lat) < setting.offset_max
    fitted = (reco[:-1] >= low)[:, None, None] & near
    return [np.where(fitted, each, 0.0) for each in (signal, background, counts)]


def _of_camera(run, lon, lat):
    (at,) = background_frames(run.pointing_lonlat, run.gti, run.location).coordinates
    return at(lon, lat)


def dense(kept):
    runs = [cells_of_run(kept, *each) for each in zip(kept.runs, LOWEST, strict=True)]
    signal, background, counts = (sum(column).ravel() for column in zip(*runs, strict=True))
    seen = background > 0
    return [DenseBlock(signal[None, seen], background[seen], np.zeros(seen.sum()), counts[seen])]


def test_a_stack_is_the_dense_sum(store):
    kept = stacked(store)
    (row,), blocks = kept.light_curve().table, dense(kept)
    norm = best_norm_of(blocks)
    assert row["counts"] == blocks[0].counts.sum()
    assert row["norm"] == pytest.approx(norm, rel=1e-6)
    assert row["norm_errp"] == pytest.approx(crossing_of(blocks, norm, 1.0) - norm, rel=1e-4)
    assert row["ts"] == pytest.approx(profile_stat(blocks, 0.0) - profile_stat(blocks, norm), rel=1e-6)
    assert row["npred_excess"] == pytest.approx(norm * blocks[0].shared.sum(), rel=1e-6)


def test_its_shape_is_fitted_to_the_same_cells(store):
    kept = stacked(store, free=("index",), free_ts=1e-3)
    (row,) = kept.light_curve().table
    source = SkyModel(kept.field.source.spatial_model, PowerLaw(index=row["index"]), name="source")
    at_its_index = replace(
        kept, field=replace(kept.field, source=source), options=replace(kept.options, free=())
    )
    (fixed,) = at_its_index.reduced().light_curve().table
    assert row["loglike"] == pytest.approx(fixed["loglike"], abs=1e-6)
    assert row["flux"] == pytest.approx(fixed["flux"], rel=1e-5)


def test_its_exact_intervals_are_drawn_from_the_same_cells(store):
    kept = stacked(store)
    joint, _ = kept.rows()
    flux = SPECTRUM.photon_flux(kept.axes.true)
    runs = joint.compact_runs()
    drawn = cells_of_runs(runs, joint.cut.cuts, [flux] * len(runs), 1, True)(0)
    for name, expected in (("signal", "shared"), ("background", "background")):
        assert getattr(drawn, name).sum() == pytest.approx(getattr(dense(kept)[0], expected).sum(), rel=1e-6)
    exact = replace(kept, options=replace(kept.options, interval="feldman-cousins"))
    (row,), (usual,) = exact.light_curve().table, kept.light_curve().table
    assert row["flux_errn"] == pytest.approx(usual["flux_errn"], rel=0.25)
    assert row["flux_ul"] > row["flux"] + row["flux_errp"]
