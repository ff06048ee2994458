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
    from validation.code_is_right import cube_dense

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
    from validation.feldman_cousins import coverages

    mean, lowest = coverages(1.0, 0.05, (1.0, 3.0), 0.9)
    assert lowest.min() > 0.89
    assert np.all(mean >= lowest)


@pytest.mark.parametrize("negative", [False, True])
def test_random_counts_give_no_nan(negative):
    from validation.robustness import problems

    nan, below, lost = problems(10_000, np.random.default_rng(4), negative)
    assert nan == lost == 0
    assert negative or below == 0


@pytest.mark.parametrize(("way", "n"), [("by_formula", 2000), ("by_toys", 500)])
def test_few_constant_sources_give_alarm(way, n):
    from validation import alarms

    source = alarms.BRIGHT if way == "by_formula" else alarms.FAINT
    shares = getattr(alarms, way)(source, n, 0.05, np.random.default_rng(5))
    assert np.all(np.abs(shares - 0.05) < 4 * np.sqrt(0.05 * 0.95 / n))


def test_free_backgrounds_without_off_counts_are_biased_as_measured():
    """-13 % at 10 counts of a power law over 10 bins with 0.1 background counts in each, alpha 1."""
    from validation.biases import free_backgrounds

    mean, error = free_backgrounds(10.0, 1.0, 1.0, 4000, np.random.default_rng(6))
    assert abs(mean + 0.13) < 3 * error + 0.01


def test_growth_rates_come_back():
    from validation.nights import base_rows
    from validation.shapes import doublings

    pulls, _ = doublings(base_rows(), 30, np.random.default_rng(7))
    assert abs(pulls.mean()) < 4 * pulls.std() / np.sqrt(len(pulls))
    assert 0.7 < pulls.std() < 1.4


def test_flare_night_has_the_variability_that_was_found(hess_dl3_dr1):
    from validation.flare_night import section

    assert section(hess_dl3_dr1).failures == []


def test_report_has_the_parts_that_were_run_and_names_the_others(tmp_path):
    import validate

    docs, keep = tmp_path / "docs", tmp_path / "keep"
    validate.main(["--quick", "--parts", "random", "--docs", str(docs), "--keep", str(keep)])
    text = (docs / "validation.md").read_text()
    assert "## 3. Random counts" in text
    assert "Not run for this report: code, coverage" in text
