"""What a person sees first."""

from dataclasses import replace

import numpy as np
import pytest
from onoff_light_curves import onoff_light_curve, onoff_run

from tevcurve.errors import InputError
from tevcurve.lightcurve import variability
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.product import LightCurve

SPANS = [[(0, 700), (800, 1680)], [(2000, 3680)]]


def make(factor=None, seed=1, rate=0.1, **options):
    rng = np.random.default_rng(seed)
    runs = [onoff_run(k, spans, rate, 0.01, 0.1, rng, factor) for k, spans in enumerate(SPANS)]
    return onoff_light_curve(runs, by_width("4 min"), **options)


def step(t):
    return np.where((t > 960) & (t < 2600), 4.0, 1.0)


def test_the_summary_has_what_the_functions_give():
    light_curve = make((step, 4.0))
    summary = light_curve.variability(n_toys=200, random_state=3)
    options = {"n_toys": 200, "random_state": 3}
    for name, function in (
        ("ts_var", variability.ts_var),
        ("chi_square", variability.chi_square),
        ("fractional_variability", variability.fractional_variability),
        ("excess_variance", variability.excess_variance),
        ("point_to_point", variability.point_to_point),
        ("doubling_time", variability.doubling_times),
        ("halving_time", variability.halving_times),
        ("bayesian_blocks", variability.bayesian_blocks),
    ):
        alone = function(light_curve, **options)
        assert str(alone) == str(getattr(summary, name))
        assert alone.p_value == getattr(summary, name).p_value
    # What is known in a second, or less, of the time domain.
    assert summary.gregory_loredo.value == light_curve.timing.gregory_loredo(n_toys=0).value
    assert "slope not constrained, as 14 rows are too few" in str(summary)
    assert len(summary.results) == 10


def test_it_says_in_one_sentence_whether_the_source_varied():
    varied, constant = make((step, 4.0)).variability(), make().variability(n_toys=200)
    assert varied.verdict.startswith("The source varied (p < 0.001")
    assert constant.verdict.startswith("The rows agree with a constant flux")
    assert "take more" in make((step, 4.0)).variability(n_toys=50).verdict
    text = str(constant)
    assert text.splitlines()[0] == "Variability of test in 14 rows, 1-10 TeV"
    for words in ("fractional variability", "200 toys", "13 places", "Note: "):
        assert words in text
    assert repr(constant) == text
    page = varied._repr_html_()
    assert page.count("<tr>") == 11
    assert "&lt; 0.001" in page


def test_bands_are_trials():
    light_curve = make(bands=(1, 2, 10))
    with pytest.raises(InputError, match="2 energy bands"):
        light_curve.variability()
    summary = light_curve.variability(band=1, n_toys=100)
    assert summary.n_bands == 2
    assert summary.p_value == min(2 * summary.ts_var.p_value, 1)
    assert "trials of 2 bands" in summary.verdict
    assert "2-10 TeV" in summary.title


def test_a_light_curve_from_a_file_is_told_about_too(tmp_path):
    light_curve = make((step, 4.0), rate=1.0)
    again = LightCurve.read(light_curve.write(tmp_path / "lc.ecsv"))
    summary = again.variability()
    assert summary.ts_var.method == "asymptotic"
    assert summary.verdict.startswith("The source varied")
    assert "from the columns of the table" in str(summary)


def test_a_verdict_at_the_end_of_a_formula_is_no_agreement():
    summary = make((step, 4.0)).variability(n_toys=0)
    at_the_end = replace(summary.ts_var, p_value=1e-3, p_is_limit=True, n_toys=0)
    verdict = replace(summary, ts_var=at_the_end, n_bands=2, n_rough=0).verdict
    assert verdict.startswith(
        "The source varied by a formula that is rough where counts are few (p < 0.002 after"
    )


def test_a_verdict_without_toys_says_where_the_formula_is_rough(tmp_path):
    light_curve = make(rate=0.02, seed=2)
    again = LightCurve.read(light_curve.write(tmp_path / "lc.ecsv"))
    for summary in (again.variability(), light_curve.variability(n_toys=0)):
        n = summary.ts_var.n_rows
        assert summary.n_rough == n
        assert summary.verdict.startswith(
            f"By a formula that is rough for the {n} of {n} rows with few counts the rows"
        )
        # No formula for few counts says more than 1000 toys could, to neither side.
        for p_value in (0.0, 1.0):
            assert 3 < abs(replace(summary.ts_var, p_value=p_value).significance) < 3.1
    assert light_curve.variability(n_toys=50).n_rough == 0


def test_records_show_themselves():
    result = variability.fractional_variability(make((step, 4.0)), n_toys=30)
    assert repr(result) == f"<{result}>"
    page = result._repr_html_()
    for name in ("value", "errn", "p_value", "method", "n_toys", "trials", "significance"):
        assert f"<th>{name}</th>" in page
    with pytest.raises(AttributeError):
        result.value = 1.0


def test_a_source_that_was_not_seen_has_no_numbers_that_mean_nothing():
    """Rows without any count, and with one: no amplitude, and no significance beyond what 1000 toys can tell."""
    for rate, background in ((1e-9, 1e-9), (1e-4, 1e-3)):
        runs = [
            onoff_run(k, spans, rate, background, 0.1, np.random.default_rng(2))
            for k, spans in enumerate(SPANS)
        ]
        summary = onoff_light_curve(runs, by_width("4 min")).variability()
        for result in summary.results:
            assert not abs(result.significance) > 3.1
        for result in (summary.fractional_variability, summary.excess_variance, summary.point_to_point):
            assert np.isnan(result.value)
            assert result.measured() == "not measurable"
            assert "not clearly above zero" in result.note


def test_chances_are_told_alike_with_toys_and_without():
    """Of one light curve with few counts: no formula says more than 1000 toys."""
    light_curve = make((step, 4.0))
    drawn, formula = light_curve.variability(), light_curve.variability(n_toys=0)
    assert drawn.verdict == formula.verdict == "The source varied (p < 0.001)."
    assert drawn.ts_var.chance().startswith("p < 0.001 (more than 3.1 sigma")
    assert formula.ts_var.chance().startswith("p < 0.001 (more than 3.1 sigma")
    bright = make((step, 4.0), rate=3.0).variability()
    assert bright.ts_var.chance() == "p < 1e-15 (more than 7.9 sigma, asymptotic)"


def test_what_is_left_out_is_said_with_its_reason(tmp_path):
    light_curve = make((step, 4.0), rate=1.0)
    two = light_curve.rebin(by_width("50 min")).variability(n_toys=0)
    table = light_curve.table.copy()
    table["time_max"] += 1.0
    folded = LightCurve(table).variability()
    for summary, why in ((two, "there are 2 rows"), (folded, "do not follow each other in time")):
        assert summary.bayesian_blocks is summary.doubling_time is summary.point_to_point is None
        assert summary.left_out[0].startswith("Left out: ")
        for text in (str(summary), summary._repr_html_()):
            assert "Left out: point-to-point variability, shortest doubling time" in text
            assert why in text
    assert not light_curve.variability(n_toys=0).left_out


def test_rows_without_a_flux_are_left_out_and_counted(tmp_path):
    light_curve = make(rate=0.5, negative=True)
    path = light_curve.write(tmp_path / "a.ecsv")
    read = LightCurve.read(path)
    n_rows = len(read)
    for name in [name for name in read.table.colnames if name.startswith(("flux", "norm"))]:
        read.table[name][2] = np.nan
    assert f"1 of {n_rows} rows have no flux with errors and are left out" in str(read.variability(n_toys=0))
    assert "left out" not in str(LightCurve.read(path).variability(n_toys=0).results[0].note)
