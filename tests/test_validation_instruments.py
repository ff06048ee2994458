"""The validation's campaigns of several instruments: what is drawn, and a few of each kind."""

import matplotlib
import numpy as np
import pytest
from numpy.testing import assert_allclose

matplotlib.use("Agg")
pytestmark = pytest.mark.usefixtures("validation_on_path")


def rng():
    return np.random.default_rng(8)


def test_what_is_drawn_has_the_flux_and_the_scale(monkeypatch):
    """Counts around the target in the runs of each instrument, by what the closed forms expect."""
    from validation import instruments
    from validation.field_draws import COUNTS, DENSITY

    norms, starts = np.full(4, 50.0), instruments.START_S + instruments.SLOT_S * np.arange(4)
    for name, scale in (("A", 1.0), ("B", 1.35), ("C", 0.67)):
        runs = instruments.runs_of(name, "3d", norms, starts, scale, rng())
        slots, first_row = instruments.OBSERVED[name]
        assert len(runs) == len(slots)
        seconds = np.array([run.gti.intervals[0] for run in runs])
        assert_allclose(seconds[:, 0], starts[list(slots)] + 60 * first_row)
        assert_allclose(np.diff(seconds), 120)
        for run in runs:
            expected = 2 * (COUNTS * 50 * scale + DENSITY * np.pi * 0.6**2)
            assert len(run.events.energy_tev) == pytest.approx(expected, abs=5 * np.sqrt(expected))


@pytest.mark.parametrize("kind", ["3d", "1d", "mixed"])
def test_scales_and_fluxes_of_a_bright_source_are_the_true_ones(kind):
    """Twenty times as bright: what is left of a deviation is far smaller than a scale."""
    from validation.instruments import SCALES, campaign

    made = campaign(kind, "two-stage", rng(), faint=20.0)
    scales = made.curve.scales
    off = np.array(scales["log_scale"]) - list(SCALES.values())
    assert np.all(np.abs(off) < 4 * np.array(scales["error"]))
    assert np.all(np.array(scales["error"]) < 0.03)
    assert_allclose(made.curve.table["flux"], made.fluxes, rtol=0.12)


def test_a_few_campaigns_make_the_section():
    from validation import instruments
    from validation.parts import joined

    found = [instruments.measure(*piece[:3], 0, 4, rng()) for piece in instruments.pieces(0.001)]
    made = instruments.section(joined(found))
    assert made.failures == []
    assert len(found[0]["scales"]) == 1
    assert "1d | two-stage" in made.text


def test_scales_from_rows_by_night_follow_the_source():
    """B sees the late slots only, C the early ones: ln of the mean flux there over that of all, by the closed forms."""
    from validation.instruments import FALLING, SCALES, campaign, of_nights

    found = of_nights(campaign("1d", "two-stage", rng(), faint=20.0).curve)
    bias = [np.log(FALLING[own].mean() / FALLING.mean()) for own in (slice(1, 4), slice(0, 2))]
    assert_allclose(found, np.array(list(SCALES.values())) + bias, atol=0.06)
