"""The code of the validation report with few draws: what it must say, and what would make it say otherwise."""

from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from numpy.testing import assert_allclose

matplotlib.use("Agg")
pytestmark = pytest.mark.usefixtures("validation_on_path")


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
    from validation.parts import joined

    rng = np.random.default_rng(8)
    found = [measure(alpha, 1.0, signal, rng, n_true=5) for alpha in (1.0, 0.05) for signal in (1.0, 3.0)]
    found = joined([*found, measure("pairs", 5, (1.0, 3.0), (1.0,), rng)])
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
    assert nan == below == lost == 0


def test_random_counts_are_counted_by_kind():
    from validation.parts import joined
    from validation.report import added
    from validation.robustness import measure, pieces, section

    rng, least = np.random.default_rng(11), pieces(0.0001)
    sizes = [min(each[2], 20) for each in least]
    found = joined([measure(*each[:2], n, *each[3:], rng) for each, n in zip(least, sizes, strict=True)])
    lines = added(found["lines"], 1)
    assert [line[1] for line in lines] == [20, 20, 140, 10, 20]
    assert 20 < lines[2][2] < 140
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

    from tevcurve.lightcurve.variability.blocks import constant_gains, gain_level
    from tevcurve.lightcurve.variability.row_fits import RowFits

    flat = flat_gains(BRIGHT, 50_000, np.random.default_rng(14))
    many, beyond = observed(BRIGHT, 25, np.random.default_rng(15)).profile, []
    for first in range(0, 25 * N_ROWS, N_ROWS):
        own = SimpleNamespace(n=N_ROWS, fits=RowFits(many.take(np.arange(first, first + N_ROWS))[0]))
        beyond.append(np.mean(flat > gain_level(constant_gains(own), 0.01)))
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
    from validation.stopping import mean_bias, sums_of

    rng = np.random.default_rng(12)
    fixed = [(rng.poisson(5.0, 20) / 5.0, np.ones(20)) for _ in range(200)]
    waits = [rng.gamma(5, 0.2, 20) for _ in range(200)]
    fixed, stopped = sums_of(fixed), sums_of([(1 / each, each) for each in waits])
    mean, error = mean_bias(fixed, False)
    assert abs(mean) < 4 * error
    mean, error = mean_bias(stopped, False)
    assert mean == pytest.approx(0.25, abs=4 * error)
    mean, error = mean_bias(stopped, True)
    assert abs(mean) < 4 * error + 1e-12


def test_light_curves_in_one_call_cover():
    from validation.one_call import covered_shares, measure, section

    found = measure(0.5, 0, 2, np.random.default_rng(0))
    assert [each[:3] for each in covered_shares(found["shares"])] == [
        [0.5, "likelihood", 40],
        [0.5, "Feldman-Cousins", 40],
    ]
    assert "2 nights of four runs" in section(found).text


def test_fluxes_of_continuous_responses_come_back():
    """At an index of 4.5, responses at the centres of bins are 1 % low, in the very same events."""
    from validation.continuous import means_of, measure, section

    found = measure(4.5, 0, 20_000, np.random.default_rng(3))
    means = means_of(found["norms"])
    for method in ("1D", "3D", "unbinned"):
        away, error = means[4.5, method, "weighted"]
        assert error < 0.01
        assert abs(away) < 3 * error
        assert -0.016 < means[4.5, method, "centre"][0] - away < -0.006
    assert "1 event lists for each index" in section(found).text


def test_growth_rates_come_back():
    from validation.nights import base_rows
    from validation.shapes import doublings

    pulls, _ = doublings(base_rows(), 30, np.random.default_rng(7))
    assert abs(pulls.mean()) < 4 * pulls.std() / np.sqrt(len(pulls))
    assert 0.7 < pulls.std() < 1.4


def test_flare_night_has_the_variability_that_was_found(hess_dl3_dr1):
    from validation.flare_night import measure, section

    found = section(measure(1.0, None, hess_dl3_dr1))
    assert found.failures == []
    assert list(found.figures) == ["night-f-var.png"]


@pytest.fixture
def drawn(monkeypatch):
    """A part of three pieces in place of all parts, and the arguments with which it was measured."""
    from validation import parts, stopping, validate

    calls = []

    def measure(first, n, rng):
        calls.append(first)
        if len(calls) == stop_at[0]:
            raise KeyboardInterrupt
        return {"numbers": rng.poisson(5.0, n).tolist(), "n": n}

    stop_at = [0]
    part = parts.Part(measure, stopping.section, lambda share: parts.sizes(round(share * 6), 2), ())
    monkeypatch.setattr(validate, "PARTS", {"toy": part})
    return calls, stop_at


def run_toy(folder, *more):
    from validation import validate

    return validate.main(["toy", "--processes", "1", "--results", str(folder), *more])


def test_part_that_was_stopped_goes_on_and_ends_as_if_it_had_not_been(tmp_path, drawn):
    calls, stop_at = drawn
    assert run_toy(tmp_path / "whole") == 0
    assert calls == [0, 2, 4]
    stop_at[0] = 5
    with pytest.raises(KeyboardInterrupt):
        run_toy(tmp_path / "stopped")
    assert run_toy(tmp_path / "stopped") == 0
    assert calls == [0, 2, 4, 0, 2, 2, 4]
    assert (tmp_path / "stopped/toy.json").read_bytes() == (tmp_path / "whole/toy.json").read_bytes()
    assert run_toy(tmp_path / "whole") == 0
    assert len(calls) == 7


def test_pieces_have_draws_of_their_own_that_do_not_depend_on_the_others(tmp_path, drawn):
    from validation.parts import Kept

    assert run_toy(tmp_path, "--share", "0.34") == 0
    first = Kept.read(tmp_path, "toy").found["numbers"]
    assert run_toy(tmp_path) == 0
    found = Kept.read(tmp_path, "toy").found
    assert len(found["numbers"]) == 6
    assert found["numbers"][:2] == first
    assert len({tuple(each["seed"]) for each in Kept.read(tmp_path, "toy").pieces}) == 3
    assert drawn[0] == [0, 2, 4]


def test_fewer_draws_do_not_replace_more(tmp_path, drawn):
    run_toy(tmp_path)
    with pytest.raises(SystemExit, match="a smaller one goes into another folder"):
        run_toy(tmp_path, "--share", "0.34")


def test_no_piece_begins_after_the_minutes_given(tmp_path, drawn):
    assert run_toy(tmp_path, "--minutes", "-1") == 1
    assert drawn[0] == []


def test_pieces_are_made_anew_where_their_code_changed_and_not_where_its_words_did(tmp_path, monkeypatch):
    import ast

    from validation import parts, stopping, subjects

    place = tmp_path / "kernels"
    place.mkdir()
    (place / "one.py").write_text('def one():\n    """One."""\n    return 1  # one\n')
    monkeypatch.setattr(subjects, "SOURCE", tmp_path)
    part, codes = parts.Part(stopping.measure, stopping.section, subject=("kernels",)), []
    for text in (None, 'def one():\n    """Another."""\n    return 1\n', "def one():\n    return 1 + 1\n"):
        if text:
            (place / "one.py").write_text(text)
        subjects.code_of.cache_clear()
        codes.append(subjects.fingerprint(part))
    assert codes[0] == codes[1] != codes[2]
    tree = subjects.without_words(ast.parse("x = 'a text that is a value'"))
    assert "a text that is a value" in ast.dump(tree)
    monkeypatch.setattr(parts, "fingerprint", lambda _: "changed")
    kept = parts.Kept(
        tmp_path / "toy.json", 1.0, ({"arguments": [1], "seed": [0], "code": "old", "found": {}},)
    )
    kept.write()
    toy = parts.Part(lambda *_: {"x": 1.0}, None, lambda _: [[1]])
    assert parts.run("toy", toy, 1.0, 0, tmp_path) == 0
    assert parts.Kept.read(tmp_path, "toy").pieces[0]["code"] == "changed"


def test_code_that_gives_the_same_numbers_keeps_the_others(tmp_path, drawn, monkeypatch):
    from validation import parts, validate
    from validation.assembly import checked_again, state_of, words_of

    calls, toy = drawn[0], validate.PARTS["toy"]
    run_toy(tmp_path)
    for module in ("parts", "assembly"):
        monkeypatch.setattr(f"validation.{module}.fingerprint", lambda _: "today")
    assert words_of(state_of("toy", toy, tmp_path)) == "made before its code changed"
    assert run_toy(tmp_path, "--again", "2") == 0
    assert calls == [0, 2, 4, 0, 4]
    assert words_of(state_of("toy", toy, tmp_path)) == ""
    assert checked_again("toy", toy, tmp_path) == (2, 3)
    assert run_toy(tmp_path) == 0
    assert len(calls) == 5
    for module in ("parts", "assembly"):
        monkeypatch.setattr(f"validation.{module}.fingerprint", lambda _: "tomorrow")
    monkeypatch.setattr(
        validate, "PARTS", {"toy": replace(toy, measure=lambda first, n, rng: {"n": n + first})}
    )
    assert run_toy(tmp_path, "--again", "2") == 1
    assert words_of(state_of("toy", toy, tmp_path)) == "made before its code changed"
    assert {each.get("same_as") for each in parts.Kept.read(tmp_path, "toy").pieces} == {"today"}


def test_report_is_assembled_from_what_is_kept_and_names_what_is_not(tmp_path, monkeypatch):
    from validation import stopping, validate

    docs, kept = tmp_path / "docs", tmp_path / "kept"
    folders = ["--docs", str(docs), "--results", str(kept)]
    validate.main(["stopping", "--quick", "--processes", "1", *folders])
    monkeypatch.setattr(stopping, "fluxes_of_nights", None)
    validate.main(["--assemble", *folders])
    text = (docs / "validation.md").read_text()
    assert "## 2. The statistics: time bins that stop at events" in text
    assert "4 nights of four runs" in text
    assert "Not run for this report: code, continuous, coverage" in text
    assert "Not run in full with the code of today: stopping (1 % of the draws)" in text


def test_every_part_has_pieces_that_differ_and_code_it_rests_on():
    from validation import validate
    from validation.parts import plan
    from validation.subjects import fingerprint

    for name, part in validate.PARTS.items():
        assert len(plan(part, 1.0)) >= len(plan(part, 0.01)) > 0, name
        assert fingerprint(part)


def test_pieces_that_are_made_side_by_side_are_those_made_one_by_one(tmp_path, monkeypatch):
    from validation import validate

    few = replace(validate.PARTS["biases"], pieces=lambda _: [[1.0, 0.1, 2], [1.0, 1.0, 2]])
    monkeypatch.setitem(validate.PARTS, "biases", few)
    for number in ("1", "2"):
        asked = ["biases", "--processes", number, "--results", str(tmp_path / number)]
        assert validate.main(asked) == 0
    assert (tmp_path / "1/biases.json").read_bytes() == (tmp_path / "2/biases.json").read_bytes()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ([], "say which part"),
        (["code", "nothing"], "no part is called nothing; there are code"),
        (["night"], "needs the public data: --data"),
    ],
)
def test_wrong_calls_are_told(asked, words, capsys):
    from validation import validate

    with pytest.raises(SystemExit):
        validate.main(asked)
    assert words in capsys.readouterr().err


def test_sections_say_what_misses_its_bar():
    from validation import alarms, code_is_right, coverage, feldman_cousins, robustness

    exact = [0.0, 1.0, 1.0, 1.0]
    points = [[1.0, 3.0, 1.0, exact, exact, [0.0, 0.0, 4.5, 0.0]]]
    assert code_is_right.section({"draws": 1, "cube_draws": 1, "points": points, "again": []}).failures
    points = [[1.0, 3.0, 1.0, [[0.66], [0.96]]]]
    found = {"points": points, "missing": 0, "checked": 1}
    assert feldman_cousins.section(found).failures
    missed = alarms.section({"lines": [["toys", 0.01, 10_000, 100, 100, 150]]})
    assert missed.failures
    assert [good for _, _, good in missed.bars] == [False]
    assert robustness.section({"lines": [["likelihood", 10, 10, 1, 0, 0]]}).failures
    values = {name: [0.6, 0.6] for name in coverage.INTERVALS | coverage.LIMITS}
    points = [[kind, 30.0, 1.0, values] for kind in (None, "cube")]
    assert len(coverage.section({"cube_draws": 1, "points": points}).failures) == 3


@pytest.mark.parametrize("point", [(0.0, 3.0), (3.0, 3.0), (30.0, 3.0)])
def test_pulls_of_fluxes_that_may_be_negative_are_the_exact_sums(point):
    from validation.negative_cubes import exact_sums

    mean, width, exact_mean, exact_width, held, limit, exact_limit = exact_sums(*point)
    assert limit == pytest.approx(exact_limit, abs=1e-6)
    assert abs(mean - exact_mean) < 1e-6
    assert abs(width - exact_width) < 1e-6
    assert 0 <= held < 0.06


def test_limits_of_fluxes_that_may_be_negative_cover_the_truth():
    from validation.negative_cubes import cube_sums

    for signal, least, most in ((0.0, 0.4, 0.7), (30.0, 0.0, 0.01)):
        n, pull, square, inside, below, held, dense = cube_sums(signal, 3.0, 2000, np.random.default_rng(5))
        assert below / n > 0.95 - 4 * np.sqrt(0.05 * 0.95 / n)
        assert least <= held / n <= most
        assert abs(below - dense) < 4 * np.sqrt(2 * 0.05 * 0.95 * n)
    assert abs(pull / n) < 0.1 + 4 / np.sqrt(n)
    assert abs(np.sqrt(square / n) - 1) < 0.1
    assert abs(inside / n - 0.683) < 0.03 + 4 * np.sqrt(0.22 / n)


def test_chances_of_constant_campaigns_are_uniform():
    from validation import negative_cubes

    chances = negative_cubes.constant_chances(5, np.random.default_rng(6), toys=30)
    assert negative_cubes.uniform_chance(chances) > 0.01
    assert negative_cubes.night_rows().n_at_bound > 10


def test_blocks_of_drawn_flares_are_the_best_of_all():
    from validation.blocks import simulated

    for _, negative, penalty, _, says, has, least, blocks in simulated(
        "faint flares", 1, np.random.default_rng(1)
    ):
        assert max(says, has) < 0.01, (negative, penalty)
        assert least > -1e-6
        assert blocks > 1


def test_brute_force_tells_other_divisions_and_is_fine_enough():
    from validation.blocks import against_all, drawn
    from validation.dense_blocks import best_total, block_losses, total_of

    ((rows, edges),) = drawn("bright steps", 1, np.random.default_rng(4))
    losses, finer = (block_losses(rows.fits.profile, True, n_nodes) for n_nodes in (2000, 6001))
    upper = np.triu_indices(rows.n)
    assert np.abs(losses[upper] - finer[upper]).max() < 1e-3
    assert losses[upper].min() > -1e-6
    truth = np.searchsorted(edges, np.arange(rows.n), side="right")
    shifted = np.searchsorted(edges + 2, np.arange(rows.n), side="right")
    best = best_total(losses, 6.7)
    ((_, _, says, has, least),) = against_all(rows.fits, False, [6.7])
    assert max(abs(says), abs(has)) < 0.01
    assert least > -1e-6
    assert best <= total_of(losses, truth, 6.7) + 1e-9
    assert best + 1 < total_of(losses, shifted, 6.7)


def test_edges_of_bright_steps_are_found():
    from validation import blocks

    rng = np.random.default_rng(5)
    found = np.zeros(3, dtype=int)
    for rows, edges in blocks.drawn("bright steps", 2, rng):
        block, _ = blocks.best_division(rows.fits, 6.7)
        own = np.flatnonzero(np.diff(block)) + 1
        apart = np.abs(np.subtract.outer(edges, own))
        found += [len(edges), np.count_nonzero(apart.min(axis=1, initial=99) <= 1), len(own)]
    assert found[0] == found[1] > 3
    assert found[2] <= found[0] + 2


def test_blocks_of_the_public_night_are_the_best_of_all(hess_dl3_dr1):
    from validation.blocks import public, section

    line = public("years", "run", hess_dl3_dr1)
    assert section({"public": [line]}).failures == []
    # The years are blocks of their own.
    assert line[-1] == 0
    assert line[3] > 2


@pytest.mark.parametrize("count", [2.5, 10.0])
def test_hardness_covers_what_the_binomial_does(count):
    from validation.hardness import exact

    interval, limit, of_formula, limit_of_formula = exact(count)
    assert abs(interval - of_formula) < 1e-9
    assert abs(limit - limit_of_formula) < 1e-9


def test_hardness_of_few_counts_is_said_and_of_many_is_held_to_a_bar():
    from validation.hardness import drawn, section

    rng = np.random.default_rng(6)
    lines = [[count, 1.0, *drawn(count, 1.0, 2000, rng)] for count in (2.5, 30.0)]
    found = {"drawn": lines, "exact": [[10.0, 0.6, 0.9, 0.6, 0.9]], "call": []}
    report = section(found)
    assert report.failures == []
    assert "Below that, it is not nominal" in report.text
    lines[1][3] = 1200
    assert section(found).failures == ["hardness: 30 counts on 1 in each band"]


def test_stacked_runs_of_unequal_safe_energies_are_the_dense_sum():
    from validation import stacked

    drawn = stacked.night(0, 3.0)
    curve = stacked.fluxes(drawn, stacked=True)
    norm = curve.table["norm"][0]
    assert norm == pytest.approx(stacked.dense_norm(curve, drawn, stacked.UNEQUAL), rel=1e-6)
    assert abs(norm / stacked.dense_norm(curve, drawn, stacked.EQUAL) - 1) > 0.005
    assert abs(norm / 3 - 1) < 4 * curve.table["norm_err"][0] / 3


def test_pulls_of_stacked_runs_are_held_to_bars():
    from validation.stacked import measure, section

    found = measure("unequal", 3.0, 0, 2, None)
    assert len(found["norms"]) == 4
    for line in found["norms"]:
        line[-1] = 5.0 + 0.1 * line[-1]
    found["sums"] = [["unequal", 3.0, 1e-5]]
    assert len(section(found).failures) == 3


def test_the_photons_of_absorbed_sources_are_those_of_their_closed_form():
    pytest.importorskip("ebltable", reason="ebltable is not installed")
    from validation.absorption import SOURCES, Absorbed, measure, section

    redshift, model, band, _ = SOURCES["PKS 2155-304's redshift"]
    truth = Absorbed(model, redshift=redshift)
    energy = np.geomspace(*band, 20_001)
    flux = np.trapezoid(truth.dnde(energy), energy)
    assert_allclose(truth.photon_flux(np.geomspace(*band, 2001)).sum(), flux, rtol=1e-5)
    found = measure("PKS 2155-304's redshift", 0, 2, np.random.default_rng(0))
    assert len(found["pulls"]) == 8
    assert max(abs(pull) for *_, pull in found["pulls"]) < 4
    assert "mean pull" in section(found).text
    far = {"pulls": [[*where, pull + 5] for *where, pull in found["pulls"]]}
    assert len(section(far).failures) == 4


def test_flux_points_of_a_changing_spectrum_are_held_to_it():
    from validation.spectra import EDGES, WAYS, measure, section

    found = measure(0, 2, np.random.default_rng(0))
    assert len(found["sums"]) == len(WAYS) * 2 * (len(EDGES) - 1)
    assert max(abs(line[4]) for line in found["sums"]) < 5
    assert "mean pull" in section(found).text
    wrong = [[*line[:4], line[4] + 6, (line[4] + 6) ** 2, 0, line[7]] for line in found["sums"]]
    assert all(line[3] == 1 for line in wrong)
    # Only points with a free shape are held to a bar.
    assert len(section({"sums": wrong}).failures) == 2 * 2 * (len(EDGES) - 1)


def test_limits_under_a_scale_cover_what_they_say_and_ignoring_it_does_not():
    from validation import total_errors

    lines = total_errors.measure("flux", 0.2, 100.0, 20.0, 0.1, None)["lines"]
    *_, limit, ignored, inside, narrow = lines[0]
    assert limit == pytest.approx(0.95, abs=0.015)
    assert ignored == pytest.approx(0.79, abs=0.015)
    assert inside == pytest.approx(0.683, abs=0.01)
    assert narrow < 0.5
    assert not total_errors.section({"lines": lines}).failures
    (missed,) = total_errors.section({"lines": [[*lines[0][:4], 0.9, *lines[0][5:]]]}).failures
    assert "90.0 %" in missed


def test_alarms_under_scales_by_night_are_as_stated_and_more_where_they_are_ignored(monkeypatch):
    from validation import systematics
    from validation.systematics import measure, section

    monkeypatch.setattr(systematics, "N_TOYS", 1000)
    lines = []
    for counts, n in ((300, 400), (10, 200)):
        for variation in (0.0, 0.2):
            lines += measure(counts, 4, 5, variation, 0, n, np.random.default_rng(4))["lines"]
    told = {(line[0], line[3]): np.array(line[5:]) / line[4] for line in lines}
    assert np.all(told[300, 0.0][:3] < 0.03)
    assert told[300, 0.0][3] > 0.4
    assert np.all(told[300, 0.2][:3] > 0.95)
    assert np.all(told[10, 0.0][:3] < 0.05)
    made = section({"lines": lines})
    assert "300" in made.text
    assert len(made.bars) == 1
