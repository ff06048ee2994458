"""Light curves with intervals by Feldman & Cousins, through every door that makes them."""

import astropy.units as u
import numpy as np
import onoff_light_curves
import pytest
from astropy.coordinates import SkyCoord
from numpy.testing import assert_allclose, assert_array_equal
from onoff_light_curves import onoff_light_curve, onoff_run
from scipy.optimize import brentq
from scipy.stats import norm as gauss
from scipy.stats import poisson
from simulated_cubes import RECO, START, TRUE, light_curve, point_source, simulated_cube
from small_store import SOURCE, cube_datasets, make_store

import tevcurve
from tevcurve import LightCurveEstimator, PowerLaw, SkyModel, SkyPointSource
from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.datasets import MapDataset
from tevcurve.errors import InputError
from tevcurve.fit.fit_options import FitOptions
from tevcurve.irf import EDispKernel
from tevcurve.kernels.feldman_cousins import known_background_intervals
from tevcurve.kernels.profile_construction import onoff_intervals
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.lightcurve.dataset_origin import DatasetOrigin
from tevcurve.lightcurve.exact_columns import (
    BY_LIKELIHOOD,
    FROM_COUNTS,
    FROM_TOYS,
    KNOWN,
    MANY_COUNTS,
    SEEN,
    SEVERAL_ALPHA,
)
from tevcurve.lightcurve.product import LightCurve
from tevcurve.maps import WcsGeom, WcsNDMap
from tevcurve.models import BackgroundModel
from tevcurve.simulation import ResponseSet, simulate_observation

LEVEL = 2 * gauss.cdf(1) - 1
FC = {"interval": "feldman-cousins"}
TARGET = SkyCoord(83.63, 22.01, unit="deg")


@pytest.fixture(scope="module")
def observations():
    """Two runs of 20 minutes of a faint source."""
    model = SkyModel(
        SkyPointSource.from_position(TARGET), PowerLaw(2.5, "1e-12 cm-2 s-1 TeV-1"), name="source"
    )
    made = []
    for number, angle in enumerate((0, 180)):
        start = 2.4e8 + 2000 * number
        gti = GTI([start], [start + 1200], TimeReference(51910, 0.0))
        pointing = TARGET.directional_offset_by(angle * u.deg, 0.5 * u.deg)
        irfs = ResponseSet.analytic()
        made.append(simulate_observation(pointing, gti, irfs, [model], number, obs_id=number + 1))
    return made


def make(observations, method, **options):
    options = {"energy_edges": [1, 10] * u.TeV, "norm_values": None} | options
    options |= {"width": "1.2 deg"} if method == "3d" else {}
    return tevcurve.light_curve(observations, TARGET, by_run(), method=method, safe_energy=None, **options)


def ends(table):
    return np.array([table["norm"] - table["norm_errn"], table["norm"] + table["norm_errp"]])


def is_counted(table, signal=None):
    """Errors and limits are those of the counts, at the signal of norm 1; where they are not longer."""
    counts = [np.asarray(table[name]) for name in ("n_on", "n_off", "alpha")]
    signal = np.asarray(table["npred_excess"] / table["norm"]) if signal is None else signal
    lower, upper = (each / signal for each in onoff_intervals(*counts, LEVEL))
    _, limit = (each / signal for each in onoff_intervals(*counts, 0.95))
    norm = np.asarray(table["norm"])
    assert_allclose(ends(table), [np.minimum(lower, norm), np.maximum(upper, norm)], rtol=1e-6, atol=1e-6)
    assert_allclose(table["norm_ul"], np.maximum(limit, norm), rtol=1e-6)


def test_on_off_light_curves_have_the_intervals_of_their_counts(observations):
    curve = make(observations, "1d", **FC)
    for made in (curve, curve.rebin(by_width("10 min")), curve.rebin(energy_edges=[1, 3, 10] * u.TeV)):
        seen = made.table[np.asarray(made.table["norm"]) > 0]
        assert len(seen)
        is_counted(seen)
        assert all(FROM_COUNTS in reason for reason in made.table["reason"])
        assert made.table.meta["interval"] == "feldman-cousins"
        assert np.all(np.isfinite(made.table["norm_ul"]) & (made.table["norm_ul"] >= 0))
    usual = make(observations, "1d")
    assert_array_equal(usual.table["norm"], curve.table["norm"])
    assert "Feldman" not in "".join(usual.table["reason"])


def test_datasets_of_counts_have_them_too():
    rng = np.random.default_rng(4)
    runs = [onoff_run(1, [(0, 300)], 0.01, 0.01, 0.2, rng), onoff_run(2, [(310, 600)], 0.01, 0.01, 0.5, rng)]
    curve = onoff_light_curve(runs, by_width("20 min", align="absolute"), **FC, sigma_ul=gauss.ppf(0.95))
    assert 2 in curve.table["n_runs"]
    is_counted(curve.table)
    # The two runs have different alphas, of which the sum has a mean.
    several = [SEVERAL_ALPHA in reason for reason in curve.table["reason"]]
    assert_array_equal(several, curve.table["n_runs"] == 2)
    assert SEVERAL_ALPHA not in onoff_light_curve(runs[:1], by_width("20 min"), **FC).table["reason"][0]


def counting_map(counts, background):
    """A `MapDataset` of one pixel: a count of a source that gives one at norm 1, on a known background."""
    geom, true = (WcsGeom.create(skydir=(0, 0), binsz=1, npix=(1, 1), axes=[axis]) for axis in (RECO, TRUE))
    source = point_source(lonlat=(0, 0))
    flux = source.spectral_model.photon_flux(TRUE.edges.to_value("TeV"))
    dispersion = np.zeros((TRUE.nbin, RECO.nbin))
    dispersion[:, :2] = 0.5
    dataset = MapDataset(
        counts=WcsNDMap(geom),
        exposure=WcsNDMap(true, np.full(true.data_shape, 1 / flux.sum()), unit="cm2 s"),
        background_model=BackgroundModel(
            WcsNDMap(geom, np.array([0.5, 0.5, 0, 0])[:, None, None] * background)
        ),
        edisp=EDispKernel(dispersion, TRUE.edges, RECO.edges),
        model=source,
    )
    dataset.counts.data[:2, 0, 0] = [counts // 2, counts - counts // 2]
    dataset.counts.meta["t_start"], dataset.counts.meta["t_stop"] = START, START + 1 * u.day
    return dataset


# Feldman & Cousins 1998, table IV: 90 % for a background of 3.
@pytest.mark.parametrize(
    ("counts", "low", "high"), [(0, 0, 1.08), (2, 0, 3.04), (5, 0, 6.99), (8, 1.51, 10.99)]
)
def test_counts_on_a_known_background_are_the_published_table(counts, low, high):
    options = {"reoptimize": False, "sigma": gauss.ppf(0.95), "upper_limit": 0.9}
    row = light_curve([counting_map(counts, 3.0)], **FC, **options)[0]
    assert_allclose(ends(row), [low, high], atol=0.011)
    assert row["norm_ul"] == pytest.approx(high, abs=0.011)
    assert f"{FROM_COUNTS} {KNOWN}" in row["reason"]


def test_cubes_have_intervals_from_toys():
    datasets = [simulated_cube(flux=flux, seed=3, number=k) for k, flux in enumerate((0.0, 0.3, 8.0))]
    for options in ({}, {"reoptimize": False}):
        found, usual = (light_curve(datasets, **options, **more) for more in (FC, {}))
        assert all(FROM_TOYS in reason for reason in found["reason"])
        assert_array_equal(found["norm"], usual["norm"])
        values = np.array([found[name] for name in ("norm_errn", "norm_errp", "norm_ul")])
        assert np.all(np.isfinite(values) & (values >= 0))
        # Of hundreds of counts the two are nearly the same, but for what the limit is of: two sides.
        assert_allclose(ends(found)[:, 2], ends(usual)[:, 2], rtol=0.02)
        two_sided = light_curve(datasets, **options, sigma_ul=gauss.ppf(0.5 + 0.5 * gauss.cdf(2)))
        assert found["norm_ul"][2] == pytest.approx(two_sided["norm_ul"][2], rel=0.02)


def test_cubes_of_runs_have_them_in_any_bins(observations):
    curve = make(observations, "3d", **FC)
    usual = make(observations, "3d")
    rebinned = curve.rebin(by_width("40 min"))
    for made in (curve, rebinned):
        assert all(FROM_TOYS in reason for reason in made.table["reason"])
        assert np.all(np.isfinite(made.table["norm_ul"]) & (made.table["norm_ul"] > 0))
    assert_array_equal(curve.table["norm"], usual.table["norm"])
    assert_allclose(curve.table["norm_errp"], usual.table["norm_errp"], rtol=0.35)
    again = curve.rebin(by_run()).table
    assert_array_equal(again["norm_ul"], curve.table["norm_ul"])


def test_stacked_unbinned_and_dataset_cubes_expect_what_the_fit_does(observations):
    for options in ({}, {"stacked": True}, {"unbinned": True}):
        joint, _ = make(observations, "3d", **options).rebin(by_width("40 min")).origin.rows()
        for k, cells in enumerate(joint.drawn().cells):
            made, terms = cells(), joint.profile.take(np.array([k]))[0].likelihood.terms
            for name, total in (("signal", terms.shared_total[:, 0]), ("background", terms.background_total)):
                per_block = np.bincount(made.block, getattr(made, name))
                assert_allclose(per_block, total, rtol=5e-3)


def test_cut_datasets_expect_what_the_fit_does(tmp_path):
    datasets = cube_datasets(make_store(tmp_path).get_observations()[:2])
    for dataset in datasets:
        dataset.mask = np.ones(dataset.counts.data.shape, dtype=bool)
        dataset.mask[:2, :5] = False
    for reoptimize in (True, False):
        models = [dataset.named(SOURCE) for dataset in datasets]
        joint, _ = DatasetOrigin(
            datasets, models, by_width("10 min"), None, (1.0, 1.0, 8.0), reoptimize, FitOptions(), {}
        ).rows()
        for k, cells in enumerate(joint.drawn().cells):
            made, terms = cells(), joint.profile.take(np.array([k]))[0].likelihood.terms
            totals = terms.shared_total[:, 0], terms.background_total, terms.constant_total
            for each, total in zip((made.signal, made.background, made.constant), totals, strict=True):
                assert_allclose(np.bincount(made.block, each), total, rtol=1e-3, atol=1e-9)


def test_cut_datasets_have_the_intervals_of_whole_ones(tmp_path):
    datasets = cube_datasets(make_store(tmp_path).get_observations()[:1])
    energies = (1 * u.TeV, 1 * u.TeV, 8 * u.TeV)
    whole, laid = (
        LightCurveEstimator(datasets, source=SOURCE, reoptimize=True, time_bins=bins, **FC)
        .run(*energies)
        .table
        for bins in (None, by_run())
    )
    for name in ("norm_errn", "norm_errp", "norm_ul"):
        assert_allclose(laid[name], whole[name], rtol=0.05)
    assert_array_equal(laid["reason"], whole["reason"])


AUTO = {"interval": "auto"}


def test_auto_is_the_likelihood_where_that_is_as_good_and_says_so():
    datasets = [simulated_cube(flux=flux, seed=3, number=k) for k, flux in enumerate((0.0, 2.0, 200.0))]
    found, usual, exact = (light_curve(datasets, **more) for more in (AUTO, {}, FC))
    assert found.meta["interval"] == "auto"
    assert [BY_LIKELIHOOD in reason for reason in found["reason"]] == [False, False, True]
    assert [FROM_TOYS in reason for reason in found["reason"]] == [True, True, False]
    assert "errors" not in "".join(usual["reason"][1:])
    for name in ("norm_errn", "norm_errp", "norm_ul"):
        assert found[name][2] == usual[name][2]
        assert_array_equal(found[name][:2], exact[name][:2])
    assert_allclose(ends(found)[:, 2], ends(exact)[:, 2], rtol=0.005)
    assert_allclose(found["norm_ul"][2], exact["norm_ul"][2], rtol=0.02)


def test_auto_of_counts_takes_them_where_a_background_rests_on_few(observations):
    """Energy bins of a run have few OFF counts, which a free background of each takes excess by."""
    found, exact = (make(observations, "1d", **more).table for more in (AUTO, FC))
    for name in ("norm_errn", "norm_errp", "norm_ul", "reason"):
        assert_array_equal(found[name], exact[name])


def test_auto_does_not_count_what_says_nothing_of_the_flux(monkeypatch):
    """20,000 counts of background in one energy bin, and in the other 120, on which the flux rests."""
    monkeypatch.setattr(onoff_light_curves, "SIGNAL_SHARE", np.array([0.5, 0.5]))
    monkeypatch.setattr(onoff_light_curves, "BACKGROUND_SHARE", np.array([0.998, 0.002]))
    run = onoff_run(1, [(0, 1000)], 0.15, 20.0, 0.2, np.random.default_rng(4))
    table = onoff_light_curve([run], by_width("20 min", align="absolute"), **AUTO).table
    assert table["n_on"][0] > 19_000
    assert table["sqrt_ts"][0] > SEEN
    assert FROM_COUNTS in table["reason"][0]


@pytest.mark.parametrize("background", [30.0, 300.0, 3000.0])
def test_intervals_of_many_counts_on_a_known_background_are_those_of_the_likelihood(background):
    """One cell, where counts are coarsest: sums over all counts at the fewest that auto takes."""
    level, two_sided = LEVEL, 0.95
    counts = int(MANY_COUNTS + 2 * background)
    assert counts - background > SEEN * np.sqrt(counts)
    norm = counts - background

    def rise(signal, beyond=0.0):
        mean = signal + background
        return 2 * (mean - counts - counts * np.log(mean / counts)) - beyond

    for share in (level, two_sided):
        (lower,), (upper,) = known_background_intervals(np.array([counts]), np.array([background]), share)
        wanted = gauss.ppf(0.5 + 0.5 * share) ** 2
        low = brentq(rise, 0, norm, args=wanted)
        high = brentq(rise, norm, 3 * norm, args=wanted)
        assert norm - lower == pytest.approx(norm - low, rel=0.03)
        assert upper - norm == pytest.approx(high - norm, rel=0.03)
    # What the likelihood's interval covers at truths around there.
    for truth in norm * np.linspace(0.9, 1.1, 41):
        n = np.arange(int(truth + background - 300), int(truth + background + 300))
        best = np.maximum(n - background, 0)
        mean = truth + background
        of_truth = 2 * (mean - (best + background) - n * np.log(mean / (best + background)))
        covered = poisson.pmf(n, mean)[of_truth <= 1].sum()
        assert covered == pytest.approx(level, abs=0.015)


@pytest.mark.parametrize(("alpha", "n_off"), [(1.0, 30), (0.1, 300), (3.0, 90), (1.0, 1000)])
def test_intervals_of_many_on_and_off_counts_are_those_of_the_likelihood(alpha, n_off):
    """The fewest OFF counts that auto takes, and few ON counts on many."""
    n_on = int(MANY_COUNTS + 2 * alpha * n_off)
    norm = n_on - alpha * n_off

    def rise(signal, beyond=0.0):
        # Cash's statistic with the background at its best, a root of a quadratic equation.
        half = (1 + alpha) * signal - alpha * (n_on + n_off)
        off = (-half + np.sqrt(half**2 + 4 * alpha * (1 + alpha) * n_off * signal)) / (
            2 * alpha * (1 + alpha)
        )
        mean = signal + alpha * off
        terms = mean - n_on + n_on * np.log(n_on / mean) + off - n_off + n_off * np.log(n_off / off)
        return 2 * terms - beyond

    for share in (LEVEL, 0.95):
        lower, upper = (float(end[0]) for end in onoff_intervals([n_on], [n_off], [alpha], share))
        wanted = gauss.ppf(0.5 + 0.5 * share) ** 2
        assert norm - lower == pytest.approx(norm - brentq(rise, 1, norm, args=wanted), rel=0.03)
        assert upper - norm == pytest.approx(brentq(rise, norm, 3 * norm, args=wanted) - norm, rel=0.03)


def test_more_rows_than_toys_are_drawn_for_are_refused_however_many_are_fitted_at_once(
    observations, monkeypatch
):
    monkeypatch.setattr("tevcurve.lightcurve.rows_in_blocks.AT_ONCE", 60)
    curve = make(observations[:1], "3d", **FC)
    with pytest.raises(InputError, match=r"toys of each row, and there are 120 rows; wanted are up to 100"):
        curve.rebin(by_width("10 s"))


def test_free_parameters_beside_the_flux_are_refused():
    other = point_source("other", (83.3, 22.4))
    with pytest.raises(InputError, match="other parameters are frozen"):
        light_curve([simulated_cube(others=[other])], **FC)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"negative": True}, "is for fluxes above zero, and negative=True is given too"),
        ({"background_error": 0.1}, "knows background by counts, and background_error is given too"),
        (
            {"sigma": 5},
            r"takes too many toys; wanted are sigma, sigma_ul or upper_limit for levels up to 0\.999",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        light_curve([simulated_cube()], **FC, **options)


def test_names_of_intervals():
    with pytest.raises(
        InputError, match="interval is 'exact'; wanted is 'likelihood' or 'feldman-cousins' or 'auto'"
    ):
        LightCurveEstimator([simulated_cube()], source="crab", interval="exact")


def test_whose_errors_and_limits_rows_have_stands_wherever_they_are_shown(tmp_path):
    datasets = [simulated_cube(flux=flux, seed=3, number=k) for k, flux in enumerate((0.0, 200.0))]
    curve = LightCurveEstimator(datasets, source="crab", reoptimize=True, **AUTO).run(
        1 * u.TeV, 1 * u.TeV, 8 * u.TeV
    )
    assert curve.table["interval"].tolist() == ["feldman-cousins", "likelihood"]
    assert "Feldman & Cousins, or by the likelihood" in str(curve)
    legend = curve.plot().get_legend().get_texts()
    assert "upper limits (Feldman & Cousins or likelihood)" in legend[0].get_text()
    told = {}
    for suffix in ("tex", "mrt", "csv", "vot", "ecsv", "fits", "json"):
        path = tmp_path / f"curve.{suffix}"
        curve.write(path)
        told[suffix] = path.read_bytes().decode(errors="replace")
        assert "feldman-cousins" in told[suffix]
        if suffix not in ("tex", "mrt"):
            read = LightCurve.read(path)
            assert read.table["interval"].tolist() == curve.table["interval"].tolist()
            assert read.meta["interval"] == "auto"
    assert all("Feldman" in told[suffix] for suffix in ("tex", "mrt"))
    curve.write(tmp_path / "atel.txt", format="atel")
    sentences = (tmp_path / "atel.txt").read_text()
    assert "confidence level (Feldman & Cousins)." in sentences
    # Datasets do not say their live time.
    assert "nan" not in sentences
