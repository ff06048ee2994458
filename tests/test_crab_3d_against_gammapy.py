"""Why the fluxes of the Crab runs differ from those of gammapy 2.1: one cause after the other, until nothing is left.

What each step from gammapy's recipe to ours does to the flux of the runs 23523, 23526, 23559, 23592, in percent:

    its minimiser stops before the minimum                       +0.03   0.00   0.00  +0.01
    exposure at the source, not at the pixel where light falls   -0.35  -0.35  -0.37  -0.28
    energy dispersion at the source's offset, not on its grid    +0.12   0.00   0.00  -0.12
    pixels sampled finely                                        +0.07  +0.07  +0.04  +0.06
    no light beyond the table of the PSF                         -0.58  -0.33  -0.43  -0.27
    PSF at the source's offset, not on its grid of 0.2 deg       +0.06  +0.08  -0.50  -0.52
    PSF of the file's angles, not of bins of 0.01 deg            +0.04  +0.10  +0.08  +0.04
    each bin in angle keeps its integral                         -0.12  -0.18  -0.14  -0.12
    our kernel in all                                            -0.73  -0.62  -1.32  -1.18
    source at its position, not shared by four pixels            -1.18  -1.34  -1.11  -1.17
    no events after TSTOP                                        +0.03  -0.45   0.00  -0.70
"""

import json
from itertools import pairwise

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from cash_minimum import minimum_of_cash
from crab_kernels import PIXEL, kernel_of, on_coarse_bins, shared_by_four, subpixels_of, through_bin_centres
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve import (
    BackgroundModel,
    DataStore,
    LightCurveEstimator,
    MapAxis,
    MapDataset,
    MapMaker,
    PowerLaw,
    PSFKernel,
    SkyModel,
    SkyPointSource,
    WcsGeom,
    make_mean_edisp,
    make_mean_psf,
)
from tevcurve.kernels.sphere import angular_separation

CRAB = SkyCoord(83.63308, 22.01450, unit="deg", frame="icrs")
RUNS = [23523, 23526, 23559, 23592]
TRUE = MapAxis.from_bounds(0.1, 20, 20, unit="TeV", name="energy", interp="log")
RECO = MapAxis.from_bounds(0.7, 10, 10, unit="TeV", name="energy", interp="log")
ENERGIES = TRUE.center.to_value("TeV")
SPECTRUM = PowerLaw(index=2.6, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
FLUX = SPECTRUM.photon_flux(TRUE.edges.to_value("TeV"))

# Events on the map that gammapy counts and that lie after the good time: id, seconds after its end, energy in TeV.
AFTER_TSTOP = {
    23523: [(7198365188843, 0.0063, 1.1091)],
    23526: [(9453223019370, 0.3624, 1.1835)],
    23559: [],
    23592: [(5957119640115, 0.1532, 0.8047), (5957119640189, 0.4531, 1.2011)],
}


def sky(axis, npix=50, binsz=PIXEL):
    width = npix * binsz
    return WcsGeom.create(
        skydir=CRAB, binsz=binsz, width=(width, width), coordsys="CEL", proj="CAR", axes=[axis]
    )


def make_dataset(observations, npix=50, full_table=False):
    """The observations with the kernel of the full PSF table, or with the table itself."""
    maps = MapMaker(sky(RECO, npix), "2 deg", geom_true=sky(TRUE, npix)).run(observations)
    table = make_mean_psf(observations, CRAB)
    return with_model(
        counts=maps["counts"],
        exposure=maps["exposure"],
        background_model=BackgroundModel(maps["background"]),
        psf=table if full_table else PSFKernel.from_table_psf(table, sky(TRUE, npix)),
        edisp=make_mean_edisp(observations, CRAB, e_true=TRUE.edges, e_reco=RECO.edges),
    )


def with_model(**parts):
    model = SkyModel(SkyPointSource(lon_0=CRAB.ra, lat_0=CRAB.dec, frame="icrs"), SPECTRUM, name="crab")
    for name in ("lon_0", "lat_0"):
        model.parameters[name].frozen = True
    dataset = MapDataset(**parts)
    dataset.model = model
    return dataset


def estimate(dataset):
    """Norm and its error of the light curve's one bin."""
    estimator = LightCurveEstimator([dataset], source="crab", reoptimize=True)
    row = estimator.run(e_ref="1 TeV", e_min="0.7 TeV", e_max="10 TeV").table[0]
    return row["norm"], row["norm_err"]


class Reference:
    """gammapy's arrays of one run where it fits, areas in cm2, and its fit."""

    def __init__(self, arrays, fit, obs_id):
        self.mask = arrays[f"obs-{obs_id}/mask_safe"]
        self.kernel = arrays[f"obs-{obs_id}/psf_kernel_0.999"].astype(float)
        self.exposure = arrays[f"obs-{obs_id}/exposure_m2s"] * 1e4
        self.edisp = arrays[f"obs-{obs_id}/edisp_kernel"]
        self.counts = np.where(self.mask, arrays[f"obs-{obs_id}/counts"], 0).astype(float)
        self.background = np.where(self.mask, arrays[f"obs-{obs_id}/background_cts"], 0)
        self.npred = np.where(self.mask, arrays[f"obs-{obs_id}/npred_signal_ref_model"], 0)
        self.norm, self.norm_err = fit["norm"], fit["norm_err"]
        self.seen = self.exposure.max(axis=(1, 2)) > 0

    def predicted(self, shares, exposure, edisp):
        """Counts in the cells of the fit; shares and exposure are (n_true, nlat, nlon), edisp (n_true, n_reco)."""
        return np.where(self.mask, np.einsum("t,tyx,te->eyx", FLUX, shares * exposure, edisp), 0)

    def fitted(self, signal):
        """The norm that gammapy's counts and background give to a prediction."""
        return minimum_of_cash(self.counts, signal, self.background)[0][0]


@pytest.fixture(scope="module")
def store(hess_dl3_dr1):
    return DataStore.from_dir(hess_dl3_dr1)


@pytest.fixture(scope="module")
def references(reference_dir):
    stored = json.loads((reference_dir / "gammapy21_crab_3d.json").read_text())["light_curves"]
    (curve,) = [
        item["bins"]
        for item in stored
        if item["config"]["reoptimize"] and item["config"]["energy_edges_TeV"] == [0.7, 10]
    ]
    with np.load(reference_dir / "gammapy21_crab_3d_arrays.npz") as arrays:
        return {obs_id: Reference(arrays, fit, obs_id) for obs_id, fit in zip(RUNS, curve, strict=True)}


@pytest.fixture(scope="module", params=RUNS)
def obs_id(request):
    return request.param


@pytest.fixture(scope="module")
def observations(store, obs_id):
    return store.get_observations([obs_id])


@pytest.fixture(scope="module")
def theirs(references, obs_id):
    return references[obs_id]


@pytest.fixture(scope="module")
def ours(observations):
    return make_dataset(observations)


@pytest.fixture(scope="module")
def exposure_at_source(observations):
    """Exposure (n_true, 1, 1) in cm2 s in the direction of the source."""
    (run,) = observations
    offset = CRAB.separation(run.pointing)
    area = run.aeff.evaluate(TRUE.center, np.full(TRUE.nbin, offset.deg) * u.deg)
    return (area * run.livetime).to_value("cm2 s")[:, None, None]


def test_counts_differ_by_the_events_after_tstop(obs_id, observations, ours, theirs):
    events = observations[0].events
    end = observations[0].gti.intervals[-1, 1]
    surplus = np.zeros(ours.counts.data.shape)
    for event_id, seconds, energy in AFTER_TSTOP[obs_id]:
        (row,) = np.flatnonzero(events.table["EVENT_ID"] == event_id)
        assert events.time_s[row] - end == pytest.approx(seconds, abs=1e-4)
        assert events.energy_tev[row] == pytest.approx(energy, abs=1e-4)
        column, line = ours.counts.geom.lonlat_to_idx(events.lon[row], events.lat[row])
        surplus[RECO.coord_to_idx(events.energy[row]), line, column] += 1
    assert_array_equal(theirs.counts - ours.counts.data, surplus)


def test_gammapy_sees_a_source_with_the_exposure_of_the_pixels_where_its_light_falls(theirs):
    shares = shared_by_four(theirs.kernel)
    replica = theirs.predicted(shares, theirs.exposure, theirs.edisp)
    assert_allclose(replica, theirs.npred, rtol=0, atol=1e-6 * theirs.npred.max())
    # Its minimiser stops at a distance of up to 3e-4 from the minimum.
    assert theirs.fitted(replica) == pytest.approx(theirs.norm, rel=4e-4)


def test_with_the_kernel_and_the_counts_of_gammapy_only_exposure_and_dispersion_differ(
    ours, theirs, exposure_at_source
):
    kernel = PSFKernel(theirs.kernel, ours.psf.geom, ours.psf.table_psf, ours.psf.max_radius)
    borrowed = with_model(
        counts=ours.counts.copy(data=theirs.counts),
        exposure=ours.exposure,
        background_model=ours.background_model,
        psf=kernel,
        edisp=ours.edisp,
    )
    norm, error = estimate(borrowed)
    assert norm == pytest.approx(theirs.norm, rel=0.005)
    assert error == pytest.approx(theirs.norm_err, rel=0.005)

    shares = shared_by_four(theirs.kernel)
    as_theirs = theirs.fitted(theirs.npred)
    exposed = theirs.fitted(theirs.predicted(shares, exposure_at_source, theirs.edisp))
    dispersed = theirs.fitted(theirs.predicted(shares, exposure_at_source, ours.edisp.pdf_matrix))
    # The effective area falls outwards, so a source seen with that of its surroundings looks brighter.
    assert -0.004 < exposed / as_theirs - 1 < -0.002
    assert abs(dispersed / exposed - 1) < 0.0013
    assert norm == pytest.approx(dispersed, rel=1e-5)


def test_our_counts_move_the_flux_by_what_the_events_after_tstop_weigh(ours, theirs):
    signal = np.where(theirs.mask, ours.npred_signal().data, 0)
    norms, covariance = minimum_of_cash(theirs.counts, signal, theirs.background)
    late = theirs.counts - ours.counts.data
    expected = norms[0] * signal + norms[1] * theirs.background
    cells = late > 0
    pull = np.array([np.sum((late * part)[cells] / expected[cells]) for part in (signal, theirs.background)])
    without = norms[0] - (covariance @ pull)[0]
    norm, _ = estimate(ours)
    assert norm == pytest.approx(without, rel=2e-4)
    assert abs(without / norms[0] - 1) < 0.008


def test_the_kernel_of_gammapy_follows_from_the_file_and_its_grids(
    obs_id, observations, ours, theirs, exposure_at_source
):
    (run,) = observations
    grid = [angle[4:6, 4:6].ravel() for angle in sky(TRUE, 10, 0.2).pixel_lonlat()]
    offsets = angular_separation(*run.pointing_lonlat, *grid)
    four = [on_coarse_bins(run.psf, offset, ENERGIES) for offset in offsets]
    rad, mixed = four[0][0], np.mean([profiles for _, profiles in four], axis=0)
    rebuilt = kernel_of(rad, mixed, subpixels_of(mixed), 33)
    seen, peak = theirs.seen, theirs.kernel.max()
    assert_allclose(rebuilt[seen], theirs.kernel[seen], rtol=0, atol=2e-6 * peak)

    # One after the other: fine pixels, nothing beyond its last angle, the source's own offset, the file's angles.
    offset = angular_separation(*run.pointing_lonlat, CRAB.ra.rad, CRAB.dec.rad)
    last = np.rad2deg(ours.psf.table_psf.rad_rad[-1])
    angles = np.concatenate([[0], np.rad2deg(run.psf.table.axes[2].nodes), [last]])
    own = through_bin_centres(run.psf, offset, ENERGIES, angles)
    fine = np.full(TRUE.nbin, 10)
    kernels = {
        "theirs": theirs.kernel,
        "fine": kernel_of(rad, mixed, fine, 33),
        "cut": kernel_of(rad, mixed, fine, 33, largest=0.66),
        "own offset": kernel_of(*on_coarse_bins(run.psf, offset, ENERGIES), fine, 33, largest=0.66),
        "own angles": kernel_of(angles, own, fine, 35, largest=last),
        "ours": ours.psf.data,
    }
    norm = {
        name: theirs.fitted(
            theirs.predicted(shared_by_four(kernel), exposure_at_source, ours.edisp.pdf_matrix)
        )
        for name, kernel in kernels.items()
    }
    step = {name: norm[name] / norm[before] - 1 for before, name in pairwise(norm)}
    assert 0 < step["fine"] < 0.001
    # The corners of its square lie beyond the table; what a straight line puts there is missing in the middle.
    place = (np.arange(33) - 16) * PIXEL
    corners = np.hypot(place[:, None], place) > last
    assert theirs.kernel[seen][:, corners].sum(axis=1).max() > 0.01
    assert -0.006 < step["cut"] < -0.002
    # 1.5 deg from the pointing the mean over 0.2 deg is not the middle.
    assert step["own offset"] == pytest.approx(-0.005 if obs_id in (23559, 23592) else 0.0007, abs=0.0004)
    assert 0 < step["own angles"] < 0.0015
    assert -0.002 < step["ours"] < -0.001
    assert abs(norm["ours"] / norm["theirs"] - 1) < 0.01


def test_with_our_kernel_the_flux_is_within_1_5_percent(ours, theirs):
    signal = np.where(theirs.mask, ours.npred_signal().data, 0)
    assert theirs.fitted(signal) == pytest.approx(theirs.norm, rel=0.015)


# What gammapy 2.1 gives on a map of 51 x 51 pixels, whose middle pixel has the target at its centre, with the events
# after TSTOP taken out.
NORMS_ON_51_PIXELS = {
    23523: 2.213590473653786,
    23526: 1.970416993363652,
    23559: 2.546484011806391,
    23592: 2.3323818259135174,
}


def test_four_pixels_in_place_of_the_position_make_a_source_wider(obs_id, observations, ours):
    table = make_dataset(observations, full_table=True)
    signal, background = table.npred_signal().data, table.background_model.map.data
    # Counts as expected of a source at its position: 2.2 times the model.
    norms, _ = minimum_of_cash(2.2 * signal + background, ours.npred_signal().data, background)
    assert 0.009 < norms[0] / 2.2 - 1 < 0.013
    assert_allclose(minimum_of_cash(2.2 * signal + background, signal, background)[0], [2.2, 1], rtol=1e-9)

    # In the middle of a pixel there is nothing to share.
    centred = estimate(make_dataset(observations, npix=51, full_table=True))
    assert_allclose(estimate(make_dataset(observations, npix=51)), centred, rtol=2e-5)
    assert centred[0] == pytest.approx(NORMS_ON_51_PIXELS[obs_id], rel=0.015)
