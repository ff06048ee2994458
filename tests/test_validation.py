"""The code of the validation report with few draws: what it must say, and what would make it say otherwise."""

import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from numpy.testing import assert_allclose

matplotlib.use("Agg")
BENCH = Path(__file__).resolve().parent.parent / "bench"


@pytest.fixture(scope="module", autouse=True)
def bench_on_path():
    sys.path.insert(0, str(BENCH))
    yield
    sys.path.remove(str(BENCH))


@pytest.mark.parametrize("alpha", [None, 1.0, 0.05])
@pytest.mark.parametrize(("signal", "background"), [(0.5, 0.1), (3.0, 1.0), (10.0, 10.0)])
def test_fit_of_every_pair_is_that_of_the_textbook(alpha, signal, background):
    from validation.counting import code_pull, pairs_of, textbook

    on, off = pairs_of([signal], background, alpha)
    best, pull = textbook(on, off, signal, background, alpha)
    norm, code = code_pull(on, off, signal, background, alpha)
    assert_allclose(norm, best, atol=1e-6)
    assert_allclose(code, pull, atol=2e-6)


@pytest.mark.parametrize("alpha", [None, 1.0, 0.05])
def test_pairs_have_all_the_probability(alpha):
    from validation.counting import pairs_of, probability

    pairs = pairs_of([8.0, 12.0], 10.0, alpha)
    for signal in (8.0, 10.0, 12.0):
        assert probability(*pairs, signal, 10.0, alpha).sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("alpha", [None, 1.0])
def test_drawn_pulls_and_fluxes_have_the_exact_moments(alpha):
    from validation.code_is_right import single_cell

    _, _, deviations = single_cell(3.0, 1.0, alpha, 20_000, np.random.default_rng(1))
    assert np.abs(deviations).max() < 4


def test_cubes_have_the_moments_of_a_dense_fit():
    from validation.code_is_right import cube

    _, _, deviations = cube(10.0, 10.0, 2000, np.random.default_rng(2))
    assert np.abs(deviations).max() < 4


def test_dense_fit_is_where_no_other_point_is_better():
    from validation.cubes import cube_dense

    pull, norm = cube_dense(30.0, 10.0, 500, np.random.default_rng(3))
    assert abs(norm.mean() - 1) < 4 * norm.std() / np.sqrt(500)
    assert 0.85 < pull.std() < 1.15


def test_coverage_of_many_counts_is_nominal_and_of_few_is_not():
    from validation.coverage import coverages

    found = coverages(1.0, 1.0, (1.0, 100.0))
    few, many = found["likelihood 68.3 %"][0]
    assert abs(many - 0.6827) < 0.01
    assert abs(found["limit 95 %"][0][1] - 0.95) < 0.01
    assert abs(found["'2 sigma' limit"][0][1] - 0.9772) < 0.01
    assert abs(few - 0.6827) > 0.02


def test_feldman_cousins_never_covers_less_than_its_level():
    from validation.coverage import coverages

    found = coverages(1.0, None, (0.5, 3.0, 10.0))
    assert found["FC 68.3 %"][1].min() > 0.6826
    assert found["FC 95 %"][1].min() > 0.9499


def test_feldman_cousins_of_on_and_off_counts_cover_at_most_a_point_less():
    from validation.feldman_cousins import LEVELS, measure

    found = measure((1.0, 3.0), (1.0,), 5, np.random.default_rng(8), n_true=5)
    assert found["missing"] == 0
    assert len(found["points"]) == 4
    for *_, values in found["points"]:
        for level, each in zip(LEVELS, values, strict=True):
            assert level - 0.01 < min(each) <= max(each) <= 1


def test_coverage_is_that_of_the_intervals_themselves():
    from validation.feldman_cousins import LEVELS, coverage_at, likely_pairs

    from tevcurve.kernels.profile_construction import onoff_intervals

    on, off, chance = likely_pairs(2.0, 0.5, 0.2)
    for level, share in zip(LEVELS, coverage_at(2.0, 0.5, 0.2), strict=True):
        low, high = onoff_intervals(on, off, 0.2, level)
        assert chance[(low <= 2.0) & (high >= 2.0)].sum() == pytest.approx(share, abs=1e-3)


def test_pairs_far_from_a_border_of_acceptance_need_not_be_computed():
    from validation.feldman_cousins import accepted, accepted_of_many

    rng = np.random.default_rng(9)
    on, off = (each.ravel().astype(float) for each in np.meshgrid(np.arange(95, 106, 5), np.arange(60, 141)))
    order = rng.permutation(len(on))
    on, off = on[order], off[order]
    for all_of_them, some in zip(
        accepted(on, off, 1.0, 8.0), accepted_of_many(on, off, 1.0, 8.0, 4), strict=True
    ):
        assert np.array_equal(all_of_them, some)
        assert 0 < some.sum() < len(some)


def test_coverage_of_cubes_of_many_counts_is_nominal():
    from validation.coverage import cube_coverages

    found = cube_coverages(100.0, 100.0, 2000, np.random.default_rng(10))
    assert abs(found["likelihood 68.3 %"] - 0.683) < 4 * np.sqrt(0.22 / 2000)
    assert abs(found["'2 sigma' limit"] - 0.977) < 4 * np.sqrt(0.022 / 2000)


@pytest.mark.parametrize("negative", [False, True])
def test_random_counts_give_no_nan(negative):
    from validation.robustness import likelihood

    nan, below, lost = likelihood(10_000, np.random.default_rng(4), negative)
    assert nan == lost == 0
    assert (below > 0) == negative


def test_random_counts_are_counted_by_kind():
    from validation.robustness import measure, section

    found = measure(100, 3, np.random.default_rng(11))
    assert [line[1] for line in found["lines"]] == [100, 100, 100, 3, 20]
    assert 20 < found["lines"][2][2] < 100
    assert section(found).failures == []


def test_problems_of_intervals_are_counted():
    from validation.robustness import interval_problems

    low, high = np.array([0.0, np.nan, -1.0, 3.0]), np.array([1.0, 2.0, 2.0, 2.0])
    assert interval_problems(low, high).tolist() == [1, 1, 1]


@pytest.mark.parametrize(("way", "n", "p0"), [("by_formula", 1000, 0.01), ("by_toys", 300, 0.05)])
def test_few_constant_sources_give_alarm(way, n, p0):
    from validation import alarms

    source = alarms.BRIGHT if way == "by_formula" else alarms.FAINT
    found = getattr(alarms, way)(source, n, p0, np.random.default_rng(5))
    assert np.all(np.abs(found / n - p0) < 4 * np.sqrt(p0 * (1 - p0) / n))


def test_gaussian_chances_do_not_err_together():
    """2000 draws each leave 22 % at a chance of 1 %, which is to average out over light curves."""
    from types import SimpleNamespace

    from validation.alarms import BRIGHT, N_ROWS, flat_gains, observed

    from tevcurve.lightcurve.variability.blocks import gain_level, gaussian_gains
    from tevcurve.lightcurve.variability.row_fits import RowFits

    flat = flat_gains(BRIGHT, 50_000, np.random.default_rng(14))
    many, beyond = observed(BRIGHT, 25, np.random.default_rng(15)).profile, []
    for first in range(0, 25 * N_ROWS, N_ROWS):
        own = SimpleNamespace(n=N_ROWS, fits=RowFits(many.take(np.arange(first, first + N_ROWS))))
        beyond.append(np.mean(flat > gain_level(gaussian_gains(own), 0.01)))
    assert np.mean(beyond) == pytest.approx(0.01, abs=4 * 0.0022 / np.sqrt(25))
    assert 0.001 < np.std(beyond) < 0.004


def test_what_is_not_computed_could_not_give_alarm():
    from validation.alarms import FAINT, observed, reached, statistics

    rng = np.random.default_rng(13)
    drawn, values = observed(FAINT, 300, rng).profile, statistics(observed(FAINT, 300, rng).profile, 300)
    everything = statistics(drawn, 300) >= values * (1 - 1e-9)
    assert np.array_equal(reached(drawn, values, np.ones((3, 300), dtype=bool)), everything)
    assert 0.2 < everything.mean() < 0.8


def test_faint_sources_are_limits_and_bright_ones_have_counts_for_formulas():
    from validation.alarms import BRIGHT, FAINT, few_and_limits

    assert few_and_limits(BRIGHT) == (0, 0)
    few, limits = few_and_limits(FAINT)
    assert few > 0.95
    assert 0.3 < limits < 1


@pytest.mark.parametrize("signal", [10.0, 100.0])
def test_free_backgrounds_without_off_counts_are_biased_and_a_shape_is_not(signal):
    """-13 % at 10 counts of a power law over 10 bins with 0.1 background counts in each, alpha 1."""
    from validation.biases import FLAT, biases

    rng = np.random.default_rng(6)
    (free, error), (shape, shape_error), (known, known_error) = biases(signal, 1.0, 1.0, FLAT, 400, rng)
    assert abs(free - {10.0: -0.13, 100.0: 0.0}[signal]) < 4 * error + 0.01
    assert abs(shape) < 4 * shape_error + 0.02
    assert abs(known) < 4 * known_error + 0.02


def test_bins_that_stop_at_events_are_too_bright_and_others_are_not():
    from validation.stopping import mean_bias

    rng = np.random.default_rng(12)
    fixed = [(rng.poisson(5.0, 20) / 5.0, np.ones(20)) for _ in range(200)]
    waits = [rng.gamma(5, 0.2, 20) for _ in range(200)]
    stopped = [(1 / each, each) for each in waits]
    mean, error = mean_bias(fixed, False)
    assert abs(mean) < 4 * error
    mean, error = mean_bias(stopped, False)
    assert mean == pytest.approx(0.25, abs=4 * error)
    mean, error = mean_bias(stopped, True)
    assert abs(mean) < 4 * error + 1e-12


def test_light_curves_in_one_call_cover():
    from validation.one_call import measure, section

    found = measure(2, (0.5,))
    assert found["n_rows"] == 40
    assert len(found["shares"]) == 2
    assert "limits cover" in section(found).text


def test_growth_rates_come_back():
    from validation.nights import base_rows
    from validation.shapes import doublings

    pulls, _ = doublings(base_rows(), 30, np.random.default_rng(7))
    assert abs(pulls.mean()) < 4 * pulls.std() / np.sqrt(len(pulls))
    assert 0.7 < pulls.std() < 1.4


def test_flare_night_has_the_variability_that_was_found(hess_dl3_dr1):
    from validation.flare_night import measure, section

    found = section(measure(hess_dl3_dr1))
    assert found.failures == []
    assert list(found.figures) == ["night-f-var.png"]


def test_report_has_the_parts_that_were_run_and_names_the_others(tmp_path):
    import validate

    docs, keep = tmp_path / "docs", tmp_path / "keep"
    folders = ["--docs", str(docs), "--keep", str(keep)]
    validate.main(["--quick", "--parts", "stopping", *folders])
    text = (docs / "validation.md").read_text()
    assert "## 2. The statistics: time bins that stop at events" in text
    assert "Not run for this report: code, coverage" in text
    assert "with fewer draws than in full (at least some): stopping 1 %" in text
    validate.main(["--parts", *folders])
    assert (docs / "validation.md").read_text() == text


def test_sections_say_what_misses_its_bar():
    from validation import alarms, code_is_right, coverage, feldman_cousins, robustness

    exact = [0.0, 1.0, 1.0, 1.0]
    points = [[1.0, 3.0, 1.0, exact, exact, [0.0, 0.0, 4.5, 0.0]]]
    assert code_is_right.section({"draws": 1, "cube_draws": 1, "points": points, "again": []}).failures
    points = [[1.0, 3.0, 1.0, [[0.66], [0.96]]]]
    found = {"points": points, "missing": 0, "checked": 1}
    assert feldman_cousins.section(found).failures
    missed = alarms.section({"lines": [["toys", 0.01, 10_000, [100, 100, 150]]]})
    assert missed.failures
    assert [good for _, _, good in missed.bars] == [False]
    assert robustness.section({"lines": [["likelihood", 10, 10, 1, 0, 0]]}).failures
    values = {name: [0.6, 0.6] for name in coverage.INTERVALS | coverage.LIMITS}
    points = [[kind, 30.0, 1.0, values] for kind in (None, "cube")]
    assert len(coverage.section({"cube_draws": 1, "points": points}).failures) == 3
