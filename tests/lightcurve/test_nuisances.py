"""Loadings of rows on nuisance parameters, against closed forms and refits."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from numpy.testing import assert_allclose, assert_array_equal
from small_store import TARGET, make_store

from tevcurve import LogParabola, PowerLaw, light_curve
from tevcurve.errors import InputError
from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.scaled_pieces import ScaledPieces
from tevcurve.systematics import CrossCalibration, Scales, Systematic, Systematics

SPECTRUM = PowerLaw(index=2.3, amplitude="3e-11 cm-2 s-1 TeV-1")
OPTIONS = {"3d": {"width": "1.2 deg"}, "1d": {}}


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store")).get_observations()


def origin_of(observations, method, *effects, edges=(1, 3, 10), **options):
    options = {"time_bins": options.pop("bins", "night"), "target": TARGET, "spectrum": SPECTRUM} | options
    made = light_curve(observations, method=method, energy_edges=edges * u.TeV, **OPTIONS[method], **options)
    return replace(made.origin, systematics=Systematics(tuple(effects)))


def nuisances_of(origin):
    return origin.nuisances(origin.rows()[0])


def flux(sigma=0.1, by="night", **more):
    return Systematic(effect="flux_scale", sigma=sigma, by=by, **more)


def energy(sigma=0.1, by="instrument", **more):
    return Systematic(effect="energy_scale", sigma=sigma, by=by, **more)


@pytest.mark.parametrize("method", ["3d", "1d"])
@pytest.mark.parametrize("by", ["night", "instrument", "all"])
def test_one_group_has_its_sigma(observations, method, by):
    nuisances = nuisances_of(origin_of(observations, method, flux(by=by)))
    assert_allclose(nuisances.spreads()[:, 0], 0.01, rtol=2e-12)
    assert_array_equal(nuisances.spreads()[:, 1:], 0)
    assert nuisances.n_nuisances == 1


def test_one_piece_has_its_sigma_to_the_digit(observations):
    for by in ("run", "row"):
        nuisances = nuisances_of(origin_of(observations, "1d", flux(by=by), bins="run"))
        assert_array_equal(nuisances.spreads()[:, 0], 0.1**2)


@pytest.mark.parametrize("method", ["3d", "1d"])
def test_a_row_follows_its_runs_as_a_fit_to_scaled_signals_does(observations, method):
    """A refit also follows what is left of the slope of a piece, which is 0 on average."""
    origin = origin_of(observations, method, flux(0.1, "run"), edges=(1, 10))
    joint, _ = origin.rows()
    nuisances, pieces = origin.nuisances(joint), joint.pieces()
    best = estimate_norms(joint.profile).norm
    (_, slope, bend), _ = pieces.likelihood.evaluate(best[pieces.row][:, None])
    step, shifted = 1e-3, []
    for k in range(len(pieces.row)):
        ends = []
        for sign in (-1, 1):
            kinds = [(pieces.likelihood, pieces.row)]
            scaled = ScaledPieces(kinds, 1, [sign * step * (np.arange(len(pieces.row)) == k)])
            ends.append(estimate_norms(OneAmplitude(scaled)).norm[0])
        shifted.append(-np.log(ends[1] / ends[0]) / (2 * step))
    rest = slope[:, 0] / (best * bend.sum())
    assert nuisances.scale.sum() == pytest.approx(0.1, rel=1e-12)
    assert_allclose(nuisances.scale / 0.1 + rest, shifted, rtol=1e-3)


def test_own_errors_of_rows_are_of_each_of_their_runs(observations):
    by_run = nuisances_of(origin_of(observations, "1d", flux(by="run")))
    by_row = nuisances_of(origin_of(observations, "1d", flux(by="row")))
    assert_allclose(by_row.spreads(), by_run.spreads(), rtol=1e-12)
    assert by_row.n_nuisances == 0
    assert by_row.spreads()[0, 0] < 0.1**2


@pytest.mark.parametrize("method", ["3d", "1d"])
def test_a_power_law_at_other_energies_is_another_flux(observations, method):
    """(1 + z)**(index - 1)."""
    nuisances = nuisances_of(origin_of(observations, method, energy(0.1)))
    assert_allclose(nuisances.scale, 0.1 * 1.3, rtol=1e-12)


@pytest.mark.parametrize("method", ["3d", "1d"])
def test_a_log_parabola_at_other_energies(observations, method):
    """Against the signals of fluxes from low/(1 + z) to high/(1 + z)."""
    spectrum = LogParabola(amplitude="3e-11 cm-2 s-1 TeV-1", reference="1 TeV", alpha=2.2, beta=0.3)
    origin = origin_of(observations, method, energy(0.1), bins="run", spectrum=spectrum)
    joint, nuisances, step = origin.rows()[0], nuisances_of(origin), 1e-4
    edges = origin.axes.true
    above, below = (
        np.array([joint.signal_rates(band, spectrum.photon_flux(edges / (1 + z))) for band in (0, 1)])
        for z in (np.expm1(step), np.expm1(-step))
    )
    # Rows are runs times bands.
    assert_allclose(nuisances.scale, 0.1 * (np.log(above / below) / (2 * step)).T.ravel(), rtol=1e-6)
    assert np.ptp(nuisances.scale) > 0.02


def test_effects_of_one_name_are_one_parameter(observations):
    one = flux(0.1, "instrument", name="air"), energy(0.05, "instrument", name="air")
    nuisances = nuisances_of(origin_of(observations, "1d", *one))
    assert nuisances.n_nuisances == 1
    assert_allclose(nuisances.scale, 0.1 + 0.05 * 1.3, rtol=1e-12)
    apart = nuisances_of(origin_of(observations, "1d", flux(0.1, "instrument"), energy(0.05)))
    assert apart.n_nuisances == 2
    assert_array_equal(apart.systematic, [0, 1])
    assert_allclose(apart.spreads()[:, 0], 0.1**2 + (0.05 * 1.3) ** 2, rtol=1e-12)


def test_scales_of_instruments_come_first(observations):
    origin = origin_of(observations, "1d", flux())
    name = origin.runs[0].run_id.instrument
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    scales = Scales((name, "fact"), np.zeros(2), covariance, 3, np.zeros(2))
    wanted = {"overlap": np.linalg.inv(covariance), "constant": np.diag([0.0, 0.15**-2])}
    for from_, precision in wanted.items():
        calibration = CrossCalibration(reference="magic", sigma={name: "free", "fact": 0.15}, from_=from_)
        systematics = replace(origin.systematics, calibration=calibration, scales=scales)
        nuisances = nuisances_of(replace(origin, systematics=systematics))
        assert nuisances.names[:2] == (f"scale {name}", "scale fact")
        assert_array_equal(nuisances.systematic, [-1, -1, 0])
        assert_allclose(nuisances.precision, precision, rtol=1e-12)
        assert_allclose(nuisances.spreads()[:, 0], 0.04 + 0.01, rtol=1e-12)


def test_nothing_is_said_without_systematics(observations):
    assert nuisances_of(origin_of(observations, "1d")) is None


def background(sigma=0.05, by="run", **more):
    return Systematic(effect="background", sigma=sigma, by=by, **more)


def with_alpha(origin, factor, runs=None):
    """The origin with alpha of some runs times a factor."""
    terms = [
        replace(each, acceptance_off=each.acceptance_off / factor) if runs is None or k in runs else each
        for k, each in enumerate(origin.terms)
    ]
    return replace(origin, terms=tuple(terms))


def best(origin):
    return estimate_norms(origin.rows()[0].profile, negative=True).norm


STEP = 1e-4


@pytest.mark.parametrize("options", [{}, {"background_error": 0.1}, {"background": "shape"}])
@pytest.mark.parametrize("by", ["night", "run"])
def test_a_row_goes_with_alpha_as_refits_do(observations, by, options):
    options |= {"negative": True}
    origin = origin_of(observations, "1d", background(0.05, by), bins="20 min", **options)
    nuisances = nuisances_of(origin)
    for k in range(nuisances.n_nuisances):
        runs = None if by == "night" else [k]
        above, below = (best(with_alpha(origin, factor, runs)) for factor in (1 + STEP, 1 - STEP))
        shift = np.bincount(nuisances.row, nuisances.shift * (nuisances.nuisance == k), nuisances.n_rows)
        assert_allclose(shift, -0.05 * (above - below) / (2 * STEP), rtol=2e-3, atol=1e-7)
    assert np.all(nuisances.scale == 0)
    assert np.any(nuisances.shift > 0)


@pytest.mark.parametrize("options", [{"stacked": True}, {"background": "shape", "shape_from": "night"}])
def test_a_row_that_does_not_come_apart_has_what_its_runs_have_in_common(observations, options):
    stacked = origin_of(observations, "1d", background(by="night"), flux(), **options)
    nuisances = nuisances_of(stacked)
    above, below = (best(with_alpha(stacked, factor)) for factor in (1 + STEP, 1 - STEP))
    shift = nuisances.shift[nuisances.nuisance == 0]
    assert_allclose(shift, -0.05 * (above - below) / (2 * STEP), rtol=2e-3)
    assert_array_equal(nuisances.scale[nuisances.nuisance == 1], 0.1)
    for effect in (background(by="run"), flux(by="run"), flux(by="row")):
        with pytest.raises(InputError, match="not told apart"):
            nuisances_of(replace(stacked, systematics=Systematics((effect,))))


def settled(origin):
    return origin.resolved()


@pytest.mark.parametrize("away", [0.0, 0.3])
def test_a_norm_of_which_nothing_is_known_is_that_of_a_free_fit(observations, away):
    """Its fluxes are those with a free norm; and errors with both parts are those of Schur's complement.

    Also of a place without a source, where some fluxes are below zero.
    """
    target = SkyCoord(TARGET.ra - away * u.deg, TARGET.dec)
    free = origin_of(observations, "3d", bins="run", edges=(1, 10), target=target, negative=True)
    norms = settled(replace(free, systematics=Systematics((background(1e4, "run"),))))
    estimates = [estimate_norms(each.rows()[0].profile, err=1, negative=True) for each in (free, norms)]
    inside = ~estimates[0].minimum.at_limit
    assert np.sum(inside & (estimates[0].norm < 0)) == (2 if away else 0)
    assert_allclose(estimates[1].norm[inside], estimates[0].norm[inside], rtol=1e-5)
    spread = nuisances_of(norms).spreads()[inside, 2]
    assert_allclose(
        estimates[1].norm_err[inside] ** 2 + spread, estimates[0].norm_err[inside] ** 2, rtol=1e-5
    )
    assert np.all(spread > 0)


def test_a_norm_of_which_all_is_known_is_1(observations):
    norms = settled(origin_of(observations, "3d", background(1e-5, "night"), edges=(1, 10))).systematics.norms
    assert len(norms.names) == 1
    assert norms.norm[0] == pytest.approx(1, abs=1e-5)
    assert norms.error[0] == pytest.approx(1e-5, rel=1e-3)


def test_a_norm_of_a_night_is_at_the_least_of_all_its_runs(observations):
    """Against a search over the norm with each run's flux at its best, and its error against the curvature of that."""
    origin = origin_of(observations, "3d", background(0.02, "night"), bins="5 min", edges=(1, 10))
    found = settled(origin).systematics.norms
    by_run = replace(origin_of(observations, "3d", bins="run", edges=(1, 10)))

    def statistic(norm):
        terms = tuple(replace(each, background_norm=norm) for each in by_run.terms)
        return (
            estimate_norms(replace(by_run, terms=terms).rows()[0].profile).stat.sum()
            + ((norm - 1) / 0.02) ** 2
        )

    grid = found.norm[0] + found.error[0] * np.array([-1, 0, 1])
    values = np.array([statistic(each) for each in grid])
    low, bend = (values[2] - values[0]) / 2, values[2] - 2 * values[1] + values[0]
    assert low == pytest.approx(0, abs=0.02)
    assert bend == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize("bins", ["run", "5 min"])
def test_a_row_goes_with_a_settled_norm_as_refits_do(observations, bins):
    origin = settled(origin_of(observations, "3d", background(0.05, "run"), bins=bins, negative=True))
    nuisances, norms = nuisances_of(origin), origin.systematics.norms
    estimate = estimate_norms(origin.rows()[0].profile, negative=True, errn_errp=1)
    held, width = estimate.minimum.slope > 1e-3, estimate.norm_errp
    assert held.any() == (bins == "5 min")
    for k in range(len(norms.names)):
        ends = []
        for sign in (-1, 1):
            moved = replace(
                norms, norm=norms.norm + sign * 1e-3 * norms.error * (np.arange(len(norms.norm)) == k)
            )
            ends.append(best(replace(origin, systematics=replace(origin.systematics, norms=moved))))
        shift = np.bincount(nuisances.row, nuisances.shift * (nuisances.nuisance == k), nuisances.n_rows)
        assert_allclose(shift[~held], (-(ends[1] - ends[0]) / 2e-3)[~held], rtol=2e-3, atol=1e-6)
        # A row without an event near the source is at its bound, and says the same of the source at any background.
        assert np.all(np.abs(shift[held]) < 0.1 * width[held])
    assert np.any(nuisances.shift > 0)
