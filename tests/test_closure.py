"""Closure of a simulated night: what it says of a source that is known, against what must come out."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from numpy.testing import assert_array_equal

from tevcurve import LightCurve, PowerLaw, SkyModel, SkyPointSource
from tevcurve.closure import closure
from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.errors import InputError
from tevcurve.fit.exact_intervals import onoff_norm_intervals
from tevcurve.lightcurve import exact_columns, exact_coverage
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.toys import toy_maker
from tevcurve.pipeline import light_curve
from tevcurve.simulation import ResponseSet, SimulatedSource, simulate_observation

POSITION = SkyCoord(83.0, 22.0, unit="deg")
SPECTRUM = PowerLaw(index=2.5, amplitude="3e-11 cm-2 s-1 TeV-1", reference="1 TeV")
REFERENCE = TimeReference(51910, 0.0)


def night(amplitude=1.0):
    """Two runs of 20 minutes, the second one with a gap."""
    spectrum = SPECTRUM.copy()
    spectrum.parameters["amplitude"].value *= amplitude
    source = SimulatedSource(SkyModel(SkyPointSource.from_position(POSITION), spectrum, name="source"))
    good = [([0.0], [1200.0]), ([1500.0, 2300.0], [2000.0, 2900.0])]
    return [
        simulate_observation(
            POSITION.directional_offset_by(angle * u.deg, 0.5 * u.deg),
            GTI(*times, REFERENCE),
            ResponseSet.analytic(),
            [source],
            random_state=number,
            obs_id=number + 1,
        )
        for number, (angle, times) in enumerate(zip((0, 180), good, strict=True))
    ]


def curve(method, amplitude=1.0, **options):
    return light_curve(
        night(amplitude), POSITION, by_width("5 min"), [0.5, 10] * u.TeV, method, SPECTRUM, **options
    )


@pytest.fixture(scope="module", params=["1d", "3d"])
def bright(request):
    return curve(request.param)


@pytest.fixture(scope="module")
def closed(bright):
    return closure(bright, n=400, random_state=1)


def test_bright_source_comes_back_with_the_errors_that_are_stated(closed):
    """In 9 rows of many counts each: within 4 errors of the mean over 3600 fits."""
    n = 400 * len(closed.rows)
    assert len(closed.rows) == 9
    assert np.all(np.abs(closed.bias) < 4 * closed.bias_error)
    assert np.all(closed.bias_error < 0.02 * closed.truth)
    assert abs(closed.pull_width.mean() - 1) < 4 * np.sqrt(0.5 / n) + 0.01
    assert abs(closed.coverage.mean() - 0.6827) < 4 * np.sqrt(0.22 / n)
    assert abs(closed.limit_coverage.mean() - 0.95) < 4 * np.sqrt(0.0475 / n) + 0.01
    assert closed.level == pytest.approx(0.682689, abs=1e-6)
    assert closed.limit_level == pytest.approx(0.95)
    assert closed.n_bad == 0


def test_constant_source_gives_few_alarms_and_no_power(closed):
    for rate in closed.false_alarms.values():
        assert rate < 0.01 + 4 * np.sqrt(0.01 * 0.99 / 400)
    assert np.isnan(closed.power)


def test_its_truth_is_the_flux_that_was_simulated(closed):
    """The constant that fits the data: 9 rows of more than 100 counts know it to 5 %."""
    true = SPECTRUM.integral(0.5 * u.TeV, 10 * u.TeV)
    assert abs(closed.truth[0] / true - 1) < 0.15


def test_power_grows_with_the_variation():
    lc = curve("1d", 0.1)
    flat = np.full(len(lc.table), 0.1)
    powers = []
    for factor in (1.0, 3.0, 30.0):
        truth = flat.copy()
        truth[4] *= factor
        powers.append(closure(lc, n=200, truth=truth, random_state=2).power)
    assert np.isnan(powers[0])
    assert powers[1] < 0.6
    assert powers[2] == 1.0


def test_given_fluxes_are_those_that_come_back():
    lc = curve("1d")
    truth = np.linspace(1, 2, len(lc.table)) * 1e-11 * u.Unit("cm-2 s-1")
    result = closure(lc, n=300, truth=truth.to("m-2 s-1"), random_state=3)
    np.testing.assert_allclose(result.truth.to_value("cm-2 s-1"), truth.value * 1.0)
    assert np.all(np.abs(result.bias) < 4.5 * result.bias_error)
    assert np.isfinite(result.power)


def test_bounds_of_the_light_curve_are_kept():
    """Without a source half of the fluxes that may not be negative are zero: their mean is above it."""
    bounded = closure(curve("3d", 1e-6), n=100, truth=0.0, random_state=4)
    free = closure(curve("3d", 1e-6, negative=True), n=100, truth=0.0, random_state=4)
    assert np.all(bounded.bias > 0)
    assert np.sum(free.bias) < np.sum(bounded.bias)


def test_every_fit_in_sparse_cells_converges():
    """Without events in some cells the slope of the statistic jumps at 0, where the minimum then is."""
    assert closure(curve("1d", 1e-6, negative=True), n=100, truth=0.0, random_state=4).n_bad == 0


@pytest.mark.parametrize("method", ["1d", "3d"])
def test_intervals_by_feldman_and_cousins_cover_a_faint_source(method):
    """Where the likelihood's errors have the truth too seldom. 3D takes two rows, whose toys take their time."""
    lc, n = curve(method, 0.02), 400
    rows = by_width("5 min") if method == "1d" else by_width("25 min")
    faint = replace(lc.origin, time_bins=rows, options=replace(lc.origin.options, interval="feldman-cousins"))
    found = closure(faint.light_curve(), n=n, truth=0.02, random_state=1)
    many = n * len(found.rows)
    assert found.coverage.mean() > found.level - 0.01 - 3 * np.sqrt(0.22 / many)
    assert found.limit_coverage.mean() > found.limit_level - 0.01 - 3 * np.sqrt(0.0475 / many)
    assert found.coverage.mean() < 0.97
    assert found.n_bad == 0


def test_auto_has_the_coverage_of_the_likelihood_in_rows_that_have_its_intervals(monkeypatch):
    """Toys are drawn of the others only."""
    lc = curve("3d", 3.0)
    by_half = replace(lc.origin, time_bins=by_width("25 min"))
    with_auto = replace(by_half, options=replace(lc.origin.options, interval="auto"))
    monkeypatch.setattr(exact_columns, "MANY_COUNTS", 200)
    monkeypatch.setattr(exact_coverage, "_Critical", None)
    usual, auto = (
        closure(each.light_curve(), n=100, truth=3.0, random_state=1) for each in (by_half, with_auto)
    )
    np.testing.assert_array_equal(auto.coverage, usual.coverage)
    np.testing.assert_array_equal(auto.limit_coverage, usual.limit_coverage)


def test_an_interval_has_the_truth_where_closure_says_so():
    """Its share is that of intervals whose ends are found."""
    lc, n = curve("1d", 0.02, interval="feldman-cousins").rebin(by_width("25 min")), 100
    found = closure(lc, n=n, truth=0.02, random_state=1)
    maker, row = toy_maker(lc), 0
    rng = np.random.default_rng(1)
    null = maker.null_norm(float("nan"))
    counts = maker.draw_counts(0.02, n, rng, maker.measured_background(np.full(maker.n_rows, null)))
    n_on, n_off, alpha, _, signal = (each.reshape(n, -1)[:, row] for each in counts.summed(n * maker.n_rows))
    lower, upper = onoff_norm_intervals(n_on, n_off, alpha, signal, found.level)
    assert np.mean((lower <= 0.02) & (upper >= 0.02)) == pytest.approx(found.coverage[row])


@pytest.mark.parametrize(
    ("method", "options"),
    [("1d", {"background": "shape"}), ("1d", {"background_error": 0.1}), ("3d", {"background_error": 0.1})],
)
def test_backgrounds_of_all_kinds_come_back(method, options):
    found = closure(curve(method, 1.0, **options), n=150, random_state=6)
    assert abs(found.pull_width.mean() - 1) < 0.1
    assert abs(found.coverage.mean() - found.level) < 0.06
    assert np.all(np.abs(found.bias) < 4.5 * found.bias_error)
    assert found.n_bad == 0


def test_one_seed_gives_one_answer(bright):
    one, same, other = (closure(bright, n=20, random_state=seed) for seed in (5, 5, 6))
    assert_array_equal(one.bias, same.bias)
    assert np.all(one.bias != other.bias)


def test_it_shows_itself_in_words(closed):
    text, html = str(closed), closed._repr_html_()
    for word in ("400 simulations of 9 rows", "bias", "pull", "errors", "limits", "TS_var", "chi-square"):
        assert word in text
        assert word in html
    assert "power" not in text
    assert len(repr(closed)) < 3000


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"n": 1}, "2 or more"),
        ({"p0": 0.0}, "between 0 and 1"),
        ({"truth": [1.0, 2.0]}, "has the shape"),
        ({"truth": -1.0}, "below zero"),
        ({"truth": 1 * u.m}, "wanted are norms"),
    ],
)
def test_what_cannot_be_used_is_said(bright, options, match):
    with pytest.raises(InputError, match=match):
        closure(bright, **options)


def test_a_table_alone_has_no_responses(bright, tmp_path):
    bright.write(tmp_path / "curve.ecsv")
    with pytest.raises(InputError, match="responses"):
        closure(LightCurve.read(tmp_path / "curve.ecsv"))


def test_a_shape_that_is_not_tried_is_said():
    options = {
        "time_bins": by_width("20 min"),
        "energy_edges": [1, 10] * u.TeV,
        "method": "1d",
        "spectrum": SPECTRUM,
    }
    free, fixed = (light_curve(night(), POSITION, free=names, **options) for names in (("index",), ()))
    result = closure(free, 4)
    assert result.fixed_shape == ("index",)
    assert "index is not fitted" in str(result)
    assert "not fitted" not in str(closure(fixed, 4))
