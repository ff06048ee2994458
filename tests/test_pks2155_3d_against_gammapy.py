"""The night of the PKS 2155-304 flare in 3D against gammapy 2.1: run by run, until nothing is left to explain.

What each step from gammapy's recipe to ours does to the flux of the runs 33787 to 33801, in percent:

    its minimiser stops near the minimum                         +0.0 to +0.1
    exposure at the source, not at the pixel where light falls   -0.4 to -2.4
    energy dispersion at the source's offset, not 0.14 deg away  -0.2 to +0.1
    kernel: no light beyond the PSF's table, the source's own
    offset, integrals of the bins in angle kept                  -0.1 to -1.0
    source at its position, not shared by four pixels            -0.4 to -1.8
    no events after TSTOP                                         0.0 to +0.06
    all together                                                 -0.9 to -3.8

The source is 0.5 deg off the pointing, where the effective area has a node between two straight lines: the mean over
the surroundings lies below it, by 1 % and more in the runs in which the area falls steeply.
With gammapy's approximations its fluxes come out to 0.1 %.
"""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from cash_minimum import cash, minimum_of_cash
from crab_kernels import PIXEL, kernel_of, on_coarse_bins, shared_by_four, subpixels_of
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve import (
    BackgroundModel,
    DataStore,
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
from tevcurve.pipeline import light_curve

PKS_2155 = SkyCoord(329.71693826, -30.2255890, unit="deg", frame="icrs")
RUNS = list(range(33787, 33802))
TRUE = MapAxis.from_bounds(0.1, 40, 20, unit="TeV", name="energy", interp="log")
RECO = MapAxis.from_bounds(0.7, 20, 10, unit="TeV", name="energy", interp="log")
SPECTRUM = PowerLaw(index=3.4, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
FLUX = SPECTRUM.photon_flux(TRUE.edges.to_value("TeV"))
REFERENCE_FLUX = SPECTRUM.photon_flux([0.7, 20])[0]
# Events on the map that gammapy counts and that lie after the good time.
AFTER_TSTOP = {33787: 3, 33792: 1, 33798: 1, 33801: 1}


def sky(axis, npix=50, binsz=PIXEL):
    width = npix * binsz
    return WcsGeom.create(
        skydir=PKS_2155, binsz=binsz, width=(width, width), coordsys="CEL", proj="CAR", axes=[axis]
    )


def predicted(kernel, exposure, edisp):
    """Counts of a kernel that four pixels share; the exposure is in cm2 s, edisp (n_true, n_reco)."""
    return np.einsum("t,tyx,te->eyx", FLUX, shared_by_four(kernel) * exposure, edisp)


class Run:
    """One run on gammapy's geometry: counts, background, and what the source is expected to give, ours and its own."""

    def __init__(self, observation):
        self.observation, self.obs_id = observation, observation.obs_id
        self.offset = angular_separation(*observation.pointing_lonlat, PKS_2155.ra.rad, PKS_2155.dec.rad)
        self.maps = MapMaker(sky(RECO), "2 deg", geom_true=sky(TRUE)).run([observation])
        self.counts, self.background = self.maps["counts"].data, self.maps["background"].data
        self.exposure = self.maps["exposure"].quantity.to_value("cm2 s")
        self.edisp = make_mean_edisp([observation], PKS_2155, e_true=TRUE.edges, e_reco=RECO.edges)
        self.psf = make_mean_psf([observation], PKS_2155)
        self.kernel = PSFKernel.from_table_psf(self.psf, sky(TRUE)).data
        self.at_source = self._exposure_at_source()
        self.all_counts = self.counts + self._after_tstop()

    def _exposure_at_source(self):
        offset = np.full(TRUE.nbin, self.offset) * u.rad
        area = self.observation.aeff.evaluate(TRUE.center, offset)
        return (area * self.observation.livetime).to_value("cm2 s")[:, None, None]

    def _after_tstop(self):
        events, counts = self.observation.events, np.zeros(self.counts.shape)
        late = events.time_s >= self.observation.gti.intervals[-1, 1]
        column, line = self.maps["counts"].geom.lonlat_to_idx(events.lon[late], events.lat[late])
        energy = RECO.coord_to_idx(events.energy[late])
        on_map = (column >= 0) & (line >= 0) & (energy >= 0)
        np.add.at(counts, (energy[on_map], line[on_map], column[on_map]), 1)
        return counts

    def as_gammapy(self):
        """Kernel and energy dispersion (n_true, n_reco) that gammapy takes from its grid of 0.2 deg."""
        lon, lat = (angle[4:6, 4:6] for angle in sky(TRUE, 10, 0.2).pixel_lonlat())
        offsets = angular_separation(*self.observation.pointing_lonlat, lon, lat)
        energies = TRUE.center.to_value("TeV")
        four = [on_coarse_bins(self.observation.psf, offset, energies) for offset in offsets.ravel()]
        mixed = np.mean([profiles for _, profiles in four], axis=0)
        # The PSF is a mean of the four pixels that meet at the source; the dispersion is that of one of them.
        edisp = self.observation.edisp.to_edisp_kernel(offsets[1, 0] * u.rad, TRUE.edges, RECO.edges)
        return kernel_of(four[0][0], mixed, subpixels_of(mixed), 33), edisp.pdf_matrix

    def exact(self):
        """Counts expected from the PSF's table with the source at its own position."""
        source = SkyPointSource(PKS_2155.ra, PKS_2155.dec, frame="icrs")
        dataset = MapDataset(
            self.maps["counts"],
            self.maps["exposure"],
            BackgroundModel(self.maps["background"]),
            self.psf,
            self.edisp,
            model=SkyModel(source, SPECTRUM, name="pks"),
        )
        return dataset.npred_signal().data


class Steps:
    """Norms, cash and expected counts of a run, fitted with one prediction after the other."""

    def __init__(self, run):
        kernel, edisp = run.as_gammapy()
        predictions = {
            "theirs": predicted(kernel, run.exposure, edisp),
            "exposure": predicted(kernel, run.at_source, edisp),
            "edisp": predicted(kernel, run.at_source, run.edisp.pdf_matrix),
            "kernel": predicted(run.kernel, run.at_source, run.edisp.pdf_matrix),
            "position": run.exact(),
        }
        self.norm, self.error, self.total, self.expected, self.cash = {}, {}, {}, {}, {}
        for name, signal in predictions.items():
            self._fit(name, run.all_counts, signal, run.background)
        self._fit("counts", run.counts, predictions["position"], run.background)

    def _fit(self, name, counts, signal, background):
        norms, covariance = minimum_of_cash(counts, signal, background)
        self.norm[name], self.error[name] = norms[0], np.sqrt(covariance[0, 0])
        self.total[name] = signal.sum()
        self.expected[name] = norms[0] * signal + norms[1] * background
        self.cash[name] = cash(counts, self.expected[name])

    def step(self, name):
        """By how much this cause changes the flux."""
        names = list(self.norm)
        return self.norm[name] / self.norm[names[names.index(name) - 1]] - 1


@pytest.fixture(scope="module")
def observations(hess_dl3_dr1):
    return DataStore.from_dir(hess_dl3_dr1).get_observations(RUNS)


@pytest.fixture(scope="module")
def runs(observations):
    return [Run(observation) for observation in observations]


@pytest.fixture(scope="module")
def steps(runs):
    return [Steps(run) for run in runs]


@pytest.fixture(scope="module")
def theirs(reference_dir):
    return Table.read(reference_dir / "gammapy21_pks2155_3d_run.ecsv")


@pytest.fixture(scope="module")
def ours(observations):
    """The light curve of one call, which has its map in another projection."""
    options = {"e_reco": RECO.edges, "e_true": TRUE.edges, "safe_energy": None, "sigma_ul": 2}
    options |= {"responses": "centre"}
    return light_curve(
        observations, PKS_2155, energy_edges=[0.7, 20] * u.TeV, spectrum=SPECTRUM, **options
    ).table


def of_each(steps, name):
    return np.array([run.step(name) for run in steps])


def test_counts_differ_by_the_events_after_tstop(runs, theirs):
    late = {run.obs_id: np.sum(run.all_counts - run.counts) for run in runs}
    assert {obs_id: number for obs_id, number in late.items() if number} == AFTER_TSTOP
    assert_array_equal([run.all_counts.sum() for run in runs], theirs["counts"])


def test_with_the_approximations_of_gammapy_its_numbers_come_out(steps, theirs):
    norms = [run.norm["theirs"] for run in steps]
    assert_allclose(np.multiply(norms, REFERENCE_FLUX), theirs["flux"], rtol=0.001)
    errors = [run.error["theirs"] for run in steps]
    assert_allclose(np.multiply(errors, REFERENCE_FLUX), theirs["flux_err"], rtol=0.001)
    assert_allclose(
        [run.norm["theirs"] * run.total["theirs"] for run in steps], theirs["npred_excess"], rtol=0.001
    )
    # The samples along a pixel's side are rounded up; near an integer one energy may have another number of them.
    assert_allclose([run.cash["theirs"] for run in steps], theirs["stat"], rtol=0, atol=0.2)


def test_each_cause_changes_the_flux_by_what_it_must(runs, steps):
    # Around the node of the effective area the mean of the surroundings is below it.
    exposure = of_each(steps, "exposure")
    assert np.all((exposure > -0.025) & (exposure < -0.0035))
    # It expects less light by this part; the fit weighs the bright middle more, where the mean is nearer.
    light = [run.total["theirs"] / run.total["exposure"] - 1 for run in steps]
    assert_allclose(exposure, light, rtol=0.4)
    assert np.max(np.abs(of_each(steps, "edisp"))) < 0.0025
    kernel = of_each(steps, "kernel")
    assert np.all((kernel > -0.011) & (kernel < -0.001))
    # Four pixels make the source wider: part of its light passes as background.
    position = of_each(steps, "position")
    assert np.all((position > -0.019) & (position < -0.0035))
    counts = of_each(steps, "counts")
    for run, change in zip(runs, counts, strict=True):
        assert abs(change) < (0.0007 if run.obs_id in AFTER_TSTOP else 1e-9)


def test_our_fluxes_are_what_these_causes_make_of_gammapys(steps, ours, theirs):
    assert_allclose(ours["norm"], [run.norm["counts"] for run in steps], rtol=0.001)
    causes = ("exposure", "edisp", "kernel", "position", "counts")
    product = np.prod([1 + of_each(steps, name) for name in causes], axis=0)
    assert_allclose(ours["flux"], theirs["flux"] * product, rtol=0.0015)
    assert_allclose(product, 1, atol=0.04)
    # With its exposure and its four pixels alone our fluxes are within its 2 %.
    kept = (1 + of_each(steps, "edisp")) * (1 + of_each(steps, "kernel")) * (1 + of_each(steps, "counts"))
    assert_allclose(kept, 1, atol=0.012)


def test_errors_and_limits_agree_in_parts_of_the_flux(ours, theirs):
    for name in ("flux_err", "flux_errn", "flux_errp", "flux_ul"):
        both = np.array([table[name] / table["flux"] for table in (ours, theirs)])
        # In the second run gammapy's limit is its flux: it failed.
        rows = np.array(RUNS) != 33788 if name == "flux_ul" else np.full(len(RUNS), True)
        assert_allclose(*both[:, rows], rtol=0.01, err_msg=name)
    assert theirs["flux_ul"][1] == pytest.approx(theirs["flux"][1], rel=1e-3)
    assert ours["flux_ul"][1] > ours["flux"][1] + 1.9 * ours["flux_err"][1]


def test_the_data_prefer_the_source_at_its_position(steps):
    """Both with the same counts. What a source at its position would make of the difference is known."""
    gain = [run.cash["theirs"] - run.cash["position"] for run in steps]
    truth = [run.expected["position"] for run in steps]
    ratio = [np.log(mu / run.expected["theirs"]) for mu, run in zip(truth, steps, strict=True)]
    # 2 sum(n log(mu / mu_theirs)) around its mean, for n drawn from mu; the totals are the same at both minima.
    expected = sum(2 * np.sum(mu * part) for mu, part in zip(truth, ratio, strict=True))
    spread = np.sqrt(sum(4 * np.sum(mu * part**2) for mu, part in zip(truth, ratio, strict=True)))
    assert sum(gain) > 80
    assert abs(sum(gain) - expected) < 4 * spread
