"""Toys of cubes have the expectations of the cells that they are drawn from."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from numpy.testing import assert_allclose

from tevcurve import light_curve
from tevcurve.bins.width import ByWidth
from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.fit.minimize import minimize_norm
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.lightcurve.toys import draw_toys, toy_maker
from tevcurve.models import PowerLaw, SkyModel, SkyPointSource
from tevcurve.simulation import ResponseSet, simulate_observation

TARGET = SkyCoord(83.63, 22.01, unit="deg")
REFERENCE = TimeReference(51910, 0.000742870370370241, "tt")
SPECTRUM = PowerLaw(index=2.5, amplitude="1e-11 cm-2 s-1 TeV-1", reference="1 TeV")
START = 2.4e8


@pytest.fixture(scope="module")
def observations():
    irfs = ResponseSet.analytic()
    model = SkyModel(SkyPointSource.from_position(TARGET), SPECTRUM, name="source")
    made = []
    for number, angle in enumerate((0, 180)):
        start = START + 2000 * number
        gti = GTI([start, start + 700], [start + 600, start + 1500], REFERENCE)
        pointing = TARGET.directional_offset_by(angle * u.deg, 0.5 * u.deg)
        made.append(simulate_observation(pointing, gti, irfs, [model], number, obs_id=number + 1))
    return made


def make(observations, time_bins, **options):
    options = {"energy_edges": [1, 10] * u.TeV, "safe_energy": None, "width": "1.6 deg"} | options
    return light_curve(observations, TARGET, time_bins, spectrum=SPECTRUM, **options)


@pytest.fixture(scope="module")
def night(observations):
    return make(observations, by_width("10 min"))


def dense(night, number):
    """Expected source and background per second of a run in all cells of the fit, two arrays (n_cells,)."""
    kept = night.origin
    terms = kept.reduction.in_cells(kept.runs[number])
    flux = kept.spectrum.photon_flux(kept.axes.true)
    cells = np.arange(terms.compact.background[0].size)
    return terms.deadc * terms.compact.signal_at(cells, flux), terms.compact.background_at(cells)[0]


@pytest.mark.parametrize("norm", [1.0, -0.2])
def test_events_are_where_source_and_background_expect_them(night, norm):
    n = 300
    maker = toy_maker(night)
    background = np.full(maker.profile.likelihood.terms.n_blocks, 1.1)
    terms = maker.draw(norm, n, np.random.default_rng(1), background).likelihood.terms
    joint, _ = night.origin.rows()
    ontime, row_run = joint.cut.ontime, np.array([0, 0, 0, 1, 1, 1])
    for row in range(len(night)):
        signal, known = (each * ontime[row] for each in dense(night, row_run[row]))
        # A source below zero takes away no more than there is.
        expected = np.maximum(norm * signal + 1.1 * known, 0)
        mine = terms.block_bin[terms.event_block] % len(night) == row
        lone = terms.lone_count.reshape(n, -1)[:, row]
        total = (np.count_nonzero(mine) + lone.sum()) / n
        assert total == pytest.approx(expected.sum(), abs=5 * np.sqrt(expected.sum() / n))
        # Templates at events are normalised, and the profile keeps the ratio of source to background.
        ratio = terms.event_shared[mine, 0] / terms.event_background[mine]
        cells = signal > 0
        wanted = np.sum(expected[cells] * signal[cells] / known[cells])
        spread = np.sqrt(np.sum(expected[cells] * (signal[cells] / known[cells]) ** 2) / n)
        assert ratio.sum() / n == pytest.approx(wanted, abs=5 * spread)


@pytest.mark.parametrize(
    "options", [{}, {"stacked": True}, {"unbinned": True}, {"bands": True}, {"background_error": 0.1}]
)
def test_the_truth_is_fitted(observations, options):
    if options.pop("bands", False):
        options["energy_edges"] = [1, 2, 10] * u.TeV
    curve = make(observations, ByWidth(35 * 60.0, None, "absolute"), **options)
    truth = np.linspace(0.5, 2, len(curve))
    toys = draw_toys(curve, truth, 300)
    lower = toys.profile.lower_bound()
    fit = minimize_norm(toys.profile, lower).norm.reshape(300, -1)
    assert_allclose(fit.mean(axis=0), truth, atol=5 * fit.std(axis=0).max() / np.sqrt(300))
    assert np.all(fit.std(axis=0) < 0.5)


def test_totals_are_those_of_the_light_curve(night):
    maker, profile = toy_maker(night), night.origin.rows()[0].profile
    drawn = maker.draw(1.0, 3, np.random.default_rng(0))
    for name in ("background_total", "shared_total"):
        assert_allclose(
            getattr(drawn.likelihood.terms, name),
            np.concatenate([getattr(profile.likelihood.terms, name)] * 3),
        )


def test_with_a_prior_each_row_has_its_own_background(observations):
    maker = toy_maker(make(observations, by_width("10 min"), background_error=0.2))
    assert len(np.unique(maker.background_norms(np.ones((1, 6)))[0])) == 6
    drawn = maker.draw(1.0, 2, np.random.default_rng(0)).likelihood.terms
    assert_allclose(drawn.prior_weight, 25)


def test_backgrounds_of_toys_are_uncertain_as_their_prior_says(observations):
    maker, n = toy_maker(make(observations, by_run(), background_error=0.2)), 2000
    assert maker.measured_background(np.ones(2)) is None
    total = maker.profile.likelihood.terms.background_total
    counts = maker.draw(0.0, n, np.random.default_rng(0)).counts.reshape(n, -1)
    assert_allclose(counts.mean(axis=0), total, rtol=4 * 0.2 / np.sqrt(n) + 0.01)
    assert_allclose(counts.var(axis=0), total + (0.2 * total) ** 2, rtol=0.15)


def test_background_norms_are_shared_in_a_run(night):
    maker = toy_maker(night)
    best = minimize_norm(maker.profile, np.zeros(len(night))).norm
    norms = maker.background_norms(np.stack([best, best]))
    assert norms.shape == (2, 6)
    np.testing.assert_array_equal(norms[0], norms[1])
    assert len(np.unique(norms[0, :3])) == len(np.unique(norms[0, 3:])) == 1
    # At its best norm each row expects as many events as it has, and so does the run.
    terms = maker.profile.likelihood.terms
    expected = best * terms.shared_total[:, 0] + norms[0] * terms.background_total
    counts = maker.profile.counts.reshape(2, 3).sum(axis=1)
    assert_allclose(expected.reshape(2, 3).sum(axis=1), counts, rtol=1e-4)


def test_the_same_seed_draws_the_same_toys(night):
    one, other = (draw_toys(night, 1.0, 2, random_state=5).profile.likelihood.terms for _ in range(2))
    np.testing.assert_array_equal(one.event_shared, other.event_shared)
    np.testing.assert_array_equal(one.lone_count, other.lone_count)
