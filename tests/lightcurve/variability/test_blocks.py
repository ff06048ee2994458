"""Bayesian blocks of rows and of events."""

import astropy.units as u
import numpy as np
import pytest
from onoff_light_curves import REFERENCE, START, onoff_light_curve, onoff_run

from tevcurve.errors import InputError
from tevcurve.fit.minimize import minimize_norm
from tevcurve.kernels.row_blocks import block_losses
from tevcurve.kernels.summed_profile import SummedProfile
from tevcurve.lightcurve.bins import bayesian_blocks as event_blocks
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.variability import bayesian_blocks
from tevcurve.lightcurve.variability.blocks import gain_level, gain_of, gaussian_gains, statistic_curves
from tevcurve.lightcurve.variability.row_fits import RowFits
from tevcurve.lightcurve.variability.rows import rows_of

SPANS = [[(0, 700), (800, 1680)], [(2000, 3680)]]


def make(factor=None, seed=1, rate=0.1, bins="2 min", **options):
    rng = np.random.default_rng(seed)
    runs = [onoff_run(k, spans, rate, 0.01, 0.1, rng, factor) for k, spans in enumerate(SPANS)]
    return onoff_light_curve(runs, by_width(bins), **options)


def step(t):
    return np.where((t > 960) & (t < 2600), 4.0, 1.0)


@pytest.mark.parametrize(("rate", "method"), [(0.1, "toys"), (1.0, "asymptotic")])
def test_steps_are_found_where_they_are(rate, method):
    result = bayesian_blocks(make((step, 4.0), rate=rate), n_toys=300)
    assert result.method == method
    assert result.value == 3
    edges = REFERENCE.to_seconds(result.blocks["start"][1:]) - START
    assert np.all(np.abs(edges - [960, 2600]) < 121)
    flux = result.blocks["flux"].to_value("cm-2 s-1")
    error = result.blocks["flux_errp"].to_value("cm-2 s-1")
    unit = make().table["ref_flux"][0]
    assert np.all(np.abs(flux / unit - [1, 4, 1]) < 4 * error / unit)
    assert result.p_value < 0.005
    assert result.p_is_limit


def test_constant_sources_are_one_block_but_for_p0_of_them():
    for rate, options in ((0.05, {"n_toys": 100}), (2.0, {})):
        several, chances = 0, []
        for seed in range(30):
            result = bayesian_blocks(make(rate=rate, seed=seed, bins="5 min"), p0=0.1, **options)
            several += result.value > 1
            chances.append(result.p_value)
            # The same toys say both.
            assert (result.p_value < 0.09) <= (result.value > 1) <= (result.p_value < 0.11)
        assert several <= 9
        assert 0.3 < np.mean(chances) < 0.7


def test_a_smaller_p0_asks_for_more():
    light_curve = make((step, 4.0), rate=0.02)
    results = [bayesian_blocks(light_curve, p0=p0, n_toys=200) for p0 in (0.5, 0.1, 0.001)]
    assert results[0].penalty < results[1].penalty < results[2].penalty
    assert results[0].value >= results[1].value >= results[2].value


def test_blocks_of_events_are_those_of_the_binning():
    light_curve = make((step, 4.0))
    result = bayesian_blocks(light_curve, events=True)
    same = light_curve.rebin(event_blocks(0.01))
    assert result.value == len(same) == 3
    np.testing.assert_allclose(result.blocks["start"].mjd, same.table["time_min"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(result.blocks["flux"].value, same.table["flux"])
    assert result.p_value == 1e-6
    assert result.p_is_limit
    flat = bayesian_blocks(make(), events=True)
    assert flat.value == 1
    assert flat.p_value > 0.01


def test_blocks_cover_the_light_curve():
    light_curve = make((step, 4.0))
    blocks = bayesian_blocks(light_curve, n_toys=100).blocks
    assert abs((blocks["start"][0] - light_curve.time_start[0]).to_value(u.s)) < 1e-3
    assert abs((blocks["stop"][-1] - light_curve.time_stop[-1]).to_value(u.s)) < 1e-3


def test_from_a_table_blocks_are_of_its_fluxes():
    light_curve = make((step, 4.0), rate=1.0, negative=True)
    kept, table = (bayesian_blocks(each) for each in (light_curve, LightCurve(light_curve.table)))
    assert kept.value == table.value == 3
    np.testing.assert_allclose(kept.blocks["flux"].value, table.blocks["flux"].value, rtol=0.02)


def test_what_cannot_be_divided_gets_a_sentence():
    with pytest.raises(InputError, match=r"p0 = 0\.7"):
        bayesian_blocks(make(), p0=0.7)
    with pytest.raises(InputError, match="Blocks of events need the events"):
        bayesian_blocks(LightCurve(make().table), events=True)
    with pytest.raises(InputError, match="300 at most"):
        bayesian_blocks(make(bins="10 s"))


@pytest.mark.parametrize(("rate", "background"), [(0.5, 0.1), (2, 2)])
def test_by_formula_faint_rows_are_seldom_several_blocks(rate, background):
    """Rows of a minute with 0.6 or 4 counts, and slivers of 5 s."""
    rng, n = np.random.default_rng(12), 150
    spans = [[(k * 2000, k * 2000 + 605)] for k in range(6)]
    runs = [onoff_run(k, each, rate / 60, background / 60, 0.1, rng) for k, each in enumerate(spans)]
    rows = rows_of(onoff_light_curve(runs, by_width("60 s")))
    assert rows.n == 66
    drawn = rows.maker.draw(rows.maker.null_norm(float(rows.fits.constant[0])), n, rng)
    gains = gain_of(RowFits(drawn, n, rows.fits.lowest))
    several = np.count_nonzero(gains > gain_level(gaussian_gains(rows), 0.01))
    # 1 % of 150 is 1.5; Gaussian draws are not quite the toys, which have 1 to 3 %.
    assert several <= 11


def test_losses_are_those_of_the_best_flux_of_each_block():
    light_curve = make(rate=0.02, seed=4)
    rows = rows_of(light_curve)
    losses = block_losses(*statistic_curves(rows.fits))[0]
    profile, lower, best = rows.fits.profile, rows.fits.lower, rows.fits.minimum.stat
    for first in range(rows.n):
        for last in range(first, rows.n):
            inside = np.arange(first, last + 1)
            summed = SummedProfile(profile.take(inside), np.zeros(len(inside), dtype=int))
            minimum = minimize_norm(summed, lower[inside].max(keepdims=True))
            assert losses[first, last] == pytest.approx(
                0.5 * (minimum.stat[0] - best[inside].sum()), abs=0.05
            )
