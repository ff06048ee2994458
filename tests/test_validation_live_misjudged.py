"""The validation of misjudged quiet fluxes, long nights and delays, with few draws."""

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("validation_on_path")


@pytest.fixture
def misjudged(monkeypatch):
    """The module, with nights of one hour, as thresholds for these are found soon."""
    from validation import live_misjudged

    monkeypatch.setattr(live_misjudged, "LONG", 3600.0)
    monkeypatch.setattr(live_misjudged, "DELAYED", 3600.0)
    monkeypatch.setattr(live_misjudged, "N_SIMULATED", 800)
    monkeypatch.setattr(live_misjudged, "N_LONG", 400)
    live_misjudged.level_of.cache_clear()
    yield live_misjudged
    live_misjudged.level_of.cache_clear()


def test_a_few_draws_make_the_section(misjudged):
    from validation.parts import joined

    found = [
        misjudged.measure(*piece[:-1], min(piece[-1], 3), np.random.default_rng(1))
        for piece in misjudged.pieces(1e-3)
        if piece[1] == "H.E.S.S.-like"
    ]
    made = misjudged.section(joined(found))
    assert "| H.E.S.S.-like | x10 |" in made.text
    assert "| H.E.S.S.-like | -20 % |" in made.text
    assert "| H.E.S.S.-like | steady | 0 |" in made.text


def test_who_knows_the_new_flux_sees_it_first_and_a_prior_costs_most_for_small_changes(misjudged):
    rng = np.random.default_rng(2)
    ratios = {}
    for step in (3, 10):
        for line in misjudged.delays("H.E.S.S.-like", step, 150, rng):
            ratios[step, line[2]], error = misjudged.ratio(line)
            assert line[3] > 140
            assert error < 0.1
    assert 1 < ratios[10, 0.0] < 1.25
    assert ratios[3, 0.0] < ratios[3, 0.1] < ratios[3, 0.2]
    assert ratios[10, 0.1] / ratios[10, 0.0] < 1.1


def test_a_ratio_has_the_error_of_pairs(misjudged):
    b = np.array([10.0, 20.0, 40.0])
    a = 1.3 * b + np.array([1.0, -2.0, 0.5])
    over, error = misjudged.ratio(["", 2, 0.0, 3, 0, a.sum(), b.sum(), a @ a, a @ b, b @ b])
    assert over == pytest.approx(a.sum() / 70)
    assert error == pytest.approx(np.sqrt(np.sum((a - over * b) ** 2)) / 70)


def test_a_quiet_flux_twenty_per_cent_off_has_many_more_alarms_where_it_is_taken_as_known(misjudged):
    from validation import live_alarms

    ((*_, n, alarms),) = misjudged.misjudged("CTA-like", 0.0, 0.2, 600, np.random.default_rng(3))
    assert live_alarms.interval(n * live_alarms.SECONDS / 3.6e5, alarms)[0] > 6
