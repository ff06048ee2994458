"""Cubes of the validation, drawn and fitted by code of its own, against tevcurve's; and a small share of the part."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tevcurve.fit.expected_cells import ExpectedCells
from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.onoff_profile import onoff_profile
from tevcurve.kernels.spread_counts import spread_counts

pytestmark = pytest.mark.usefixtures("validation_on_path")


def of_profile(profile, truth):
    """What the validation's `Fits` have of tevcurve's profile: best norms, rises, significances, effective counts."""
    found = estimate_norms(profile)
    minimum, n = found.minimum, len(found.norm)
    rise = profile.evaluate(np.full(n, truth))[0][0] - minimum.stat
    significance = np.sqrt(np.maximum(minimum.stat_at_zero - minimum.stat, 0.0))
    return found.norm, rise, significance, spread_counts(profile, found.norm)


@pytest.mark.parametrize("is_free", [True, False])
@pytest.mark.parametrize("truth", [0.0, 1.0])
def test_fits_of_cells_are_those_of_tevcurve(is_free, truth):
    from validation.dense_cubes import drawn, fit, model_of

    signal, background = model_of(10, 200, 5.5, is_free)
    counts = drawn(signal, background, truth, 30, np.random.default_rng(1))
    found = fit(counts, signal, background, truth, is_free)
    nothing = 0 * signal
    kinds = (background, nothing) if is_free else (nothing, background)
    cells = ExpectedCells(np.zeros(10, dtype=int), signal, *kinds)
    norm, rise, significance, effective = of_profile(cells.profile_of(counts.astype(int)), truth)
    assert_allclose(found.norm, norm, atol=1e-6)
    assert_allclose(found.rise, rise, atol=1e-6)
    assert_allclose(found.significance, significance, atol=1e-5)
    inside = norm > 0.01
    assert_allclose(found.effective[inside], effective[inside], rtol=1e-4)


def test_fits_of_on_and_off_counts_are_those_of_tevcurve():
    from validation.dense_cubes import onoff_fit, onoff_model

    signal, behind = onoff_model(5, 0.2, 1000, 5.5)
    rng, n = np.random.default_rng(2), 20
    on, off = (
        rng.poisson(signal + behind, (n, 5)).astype(float),
        rng.poisson(behind / 0.2, (n, 5)).astype(float),
    )
    found = onoff_fit(on, off, signal, 0.2, 1.0, behind.sum())
    cells = on.ravel(), off.ravel(), np.full(5 * n, 0.2), np.tile(signal, n)
    norm, rise, significance, effective = of_profile(
        onoff_profile(np.repeat(np.arange(n), 5), *cells, n), 1.0
    )
    assert_allclose(found.norm, norm, atol=1e-6)
    assert_allclose(found.rise, rise, atol=1e-6)
    assert_allclose(found.significance, significance, atol=1e-5)
    assert_allclose(found.effective, effective, rtol=1e-9)


def test_models_have_the_significance_and_the_counts_that_are_asked_for():
    from validation.dense_cubes import fits, model_of

    found = fits(*model_of(10, 300, 10.0, True), 1.0, 2000, np.random.default_rng(3), True)
    assert np.median(found.significance) == pytest.approx(10, abs=0.1)
    assert np.median(found.effective) == pytest.approx(300, rel=0.03)
    assert np.mean(found.rise <= 1) == pytest.approx(0.683, abs=0.04)


def test_a_small_share_of_the_part_and_its_section():
    from validation import auto_intervals
    from validation.parts import joined

    made = [["cells", 10, True, 10.0, 300], ["cells", 3000, False, 5.5, 20], ["on/off", 1, 1.0, 10.0, 300]]
    rng = np.random.default_rng(4)
    founds = [auto_intervals.measure(*piece, rng, effective=(500,)) for piece in made]
    section = auto_intervals.section(joined(founds))
    assert not section.failures
    assert all(is_met for _, _, is_met in section.bars)
    # Two points with all shares, and one of very many cells without those of Feldman & Cousins.
    (row,) = [line for line in section.text.splitlines() if "3,000 cells" in line and line.startswith("|")]
    assert row.count("|  |") >= 2
    # A likelihood that covers less is told.
    founds[0]["points"][0][7] = 0.5
    assert "10 cells" in auto_intervals.section(joined(founds)).failures[0]
