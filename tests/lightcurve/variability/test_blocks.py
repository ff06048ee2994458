"""Bayesian blocks of rows and of events."""

from dataclasses import replace
from itertools import combinations, pairwise, product
from types import SimpleNamespace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from onoff_light_curves import REFERENCE, START, onoff_light_curve, onoff_run
from scipy.optimize import minimize_scalar

from tevcurve import DataStore, PowerLaw, light_curve
from tevcurve.errors import InputError
from tevcurve.kernels.onoff import wstat
from tevcurve.lightcurve.bins import bayesian_blocks as event_blocks
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.variability import bayesian_blocks
from tevcurve.lightcurve.variability.block_search import best_division, gain_of
from tevcurve.lightcurve.variability.blocks import constant_gains, gain_level
from tevcurve.lightcurve.variability.row_fits import RowFits
from tevcurve.lightcurve.variability.rows import rows_of

SPANS = [[(0, 700), (800, 1680)], [(2000, 3680)]]


def make(factor=None, seed=1, rate=0.1, bins="2 min", **options):
    rng = np.random.default_rng(seed)
    runs = [onoff_run(k, spans, rate, 0.01, 0.1, rng, factor) for k, spans in enumerate(SPANS)]
    return onoff_light_curve(runs, by_width(bins, rest="keep"), **options)


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
    with pytest.raises(
        InputError,
        match="blocks of events needs the events and responses of runs, which this light curve does not know",
    ):
        bayesian_blocks(LightCurve(make().table), events=True)


@pytest.mark.parametrize(("rate", "background"), [(0.5, 0.1), (2, 2)])
def test_by_formula_faint_rows_are_seldom_several_blocks(rate, background):
    """Rows of a minute with 0.6 or 4 counts, and slivers of 5 s."""
    rng, n = np.random.default_rng(12), 150
    spans = [[(k * 2000, k * 2000 + 605)] for k in range(6)]
    runs = [onoff_run(k, each, rate / 60, background / 60, 0.1, rng) for k, each in enumerate(spans)]
    rows = rows_of(onoff_light_curve(runs, by_width("60 s", rest="keep")))
    assert rows.n == 66
    drawn = rows.maker.draw(rows.maker.null_norm(float(rows.fits.constant[0])), n, rng)
    gains = gain_of(RowFits(drawn, n, rows.fits.lowest))
    several = np.count_nonzero(gains > gain_level(constant_gains(rows), 0.01))
    # 1 % of 150 is 1.5; Gaussian draws are not quite the toys, which have 1 to 3 %.
    assert several <= 11


def test_draws_are_the_same_where_errors_differ_by_rounding():
    """Other versions of a library, and other processors, sum in another order."""
    err = np.random.default_rng(4).uniform(0.5, 2, 30)
    changed = err, err * (1 + 1e-15), err * (1 + 1e-3 * np.arange(30))
    gains, rounded, other = (
        constant_gains(SimpleNamespace(fits=SimpleNamespace(err=each[None]))) for each in changed
    )
    np.testing.assert_allclose(rounded, gains, rtol=1e-9)
    assert abs(other[-1] / gains[-1] - 1) > 1e-3


def exact_losses(rows):
    """Half the rise of the statistic of every block of rows (n, n) at its best flux, which a bounded search finds."""
    own, losses = rows.fits.profile.likelihood, np.full((rows.n, rows.n), np.inf)
    alone = np.zeros(rows.n)
    for first in range(rows.n):
        for last in range(first, rows.n):
            cells = (own.cell_bin >= first) & (own.cell_bin <= last)
            counts = own.n_on[cells], own.n_off[cells], own.alpha[cells]

            def stat(norm, counts=counts, signal=own.signal[cells]):
                return np.sum(wstat(*counts, norm * signal))

            edges = [*rows.fits.norm[0, first : last + 1], 0.0]
            span = min(edges) - 1e-3, max(edges) + 1e-3
            found = minimize_scalar(stat, bounds=span, method="bounded")
            least = min(found.fun, *(stat(edge) for edge in edges))
            alone[first] = least if last == first else alone[first]
            losses[first, last] = 0.5 * least
    sums = np.append(0.0, np.cumsum(alone))
    return losses - 0.5 * (sums[None, 1:] - sums[:-1, None])


@pytest.mark.parametrize("rate", [0.02, 0.2])
def test_the_gain_of_toys_is_that_of_the_best_of_all_divisions(rate):
    """Ten rows with 3 or 25 counts, at the background of faint sources and of bright ones."""
    rng = np.random.default_rng(8)
    run = onoff_run(1, [(0, 1200)], rate, 0.01, 0.1, rng)
    rows = rows_of(onoff_light_curve([run], by_width("2 min", rest="keep")))
    n, norm = 8, rows.maker.null_norm(float(rows.fits.constant[0]))
    profile = rows.maker.draw(norm, n, rng)
    found, best = gain_of(RowFits(profile, n, rows.fits.lowest)), np.zeros(n)
    edges = [[0, *each, rows.n] for k in range(1, 5) for each in combinations(range(1, rows.n), k)]
    for toy in range(n):
        part = profile.take(np.arange(toy * rows.n, (toy + 1) * rows.n))[0]
        losses = exact_losses(replace(rows, fits=RowFits(part, 1, rows.fits.lowest)))
        costs = np.array([sum(losses[a, b - 1] for a, b in pairwise(each)) for each in edges])
        best[toy] = max(np.max((losses[0, -1] - costs) / [len(each) - 2 for each in edges]), 0.0)
    assert np.all(found <= best + 1e-4)
    assert np.mean(found) == pytest.approx(np.mean(best), rel=0.01)
    np.testing.assert_allclose(found, best, rtol=0.05)


def flare(t):
    """0.1, and flares of 20 and 60 times this with steep sides."""
    return 0.1 + 2 * ((t > 900) & (t < 1500)) + 6 * np.exp(-np.maximum(t - 2600, 0) / 200) * (t > 2600)


@pytest.mark.parametrize(("rate", "seed"), [(2.0, 3), (0.1, 4), (0.01, 5)])
def test_the_division_is_the_best_of_all_2048(rate, seed):
    """From thousands of counts in a row to none, fluxes below zero among them."""
    rows = rows_of(make((flare, 6.2), seed=seed, rate=rate, bins="280 s"))
    assert rows.n == 12
    losses = exact_losses(rows)
    for penalty in (0.7, 3.0, 6.7):
        best = np.inf
        for cuts in product([False, True], repeat=rows.n - 1):
            edges = [0, *(np.flatnonzero(cuts) + 1), rows.n]
            cost = sum(losses[a, b - 1] + penalty for a, b in pairwise(edges))
            if cost < best:
                best, winner = cost, edges
        block, cost = best_division(rows.fits, penalty)
        assert cost == pytest.approx(best, abs=0.01)
        mine = [0, *(np.flatnonzero(np.diff(block)) + 1), rows.n]
        assert sum(losses[a, b - 1] + penalty for a, b in pairwise(mine)) == pytest.approx(best, abs=0.01)
        # Blocks only differ where two divisions are as good.
        assert mine == winner or cost < best + 0.01


def test_the_flare_night_is_divided_best(hess_dl3_dr1):
    """Ten-minute rows of PKS 2155-304 on 2006-07-29; the best division from a dense scan of all blocks."""
    target = SkyCoord(329.71693826, -30.2255890, unit="deg")
    spectrum = PowerLaw(index=3.4, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    observations = DataStore.from_dir(hess_dl3_dr1).get_observations(range(33787, 33802))
    rows = rows_of(light_curve(observations, target, "10 min", [0.7, 20] * u.TeV, "1d", spectrum))
    own, norms = rows.fits.profile.likelihood, np.linspace(rows.fits.norm.min(), rows.fits.norm.max(), 12_000)
    cells = (each[:, None] for each in (own.n_on, own.n_off, own.alpha))
    stat = np.add.reduceat(
        wstat(*cells, own.signal[:, None] * norms), np.searchsorted(own.cell_bin, np.arange(rows.n))
    )
    sums = np.cumsum(
        np.append(np.zeros((1, len(norms))), stat - stat.min(axis=1, keepdims=True), axis=0), axis=0
    )
    best = np.zeros(rows.n + 1)
    for stop in range(1, rows.n + 1):
        best[stop] = np.min(best[:stop] + 0.5 * np.min(sums[stop] - sums[:stop], axis=1)) + 6.7
    block, cost = best_division(rows.fits, 6.7)
    assert cost == pytest.approx(best[-1], abs=0.01)
    assert block[-1] + 1 == 6


def test_long_light_curves_are_divided_too():
    """Rows without any count, with limits and below zero, more than 300 of them."""
    result = make((step, 4.0), rate=0.05, bins="10 s").variability(n_toys=0).bayesian_blocks
    assert result.n_rows > 300
    assert result.value == 3
    edges = REFERENCE.to_seconds(result.blocks["start"][1:]) - START
    assert np.all(np.abs(edges - [960, 2600]) < 60)


def test_a_dip_below_zero_is_a_block_of_its_own():
    """Four rows of -5 among others of 1: no flux of the others bounds theirs."""
    n = 12
    value = np.where((np.arange(n) >= 4) & (np.arange(n) < 8), -5.0, 1.0)
    start = 55000 + np.arange(n) / 24
    columns = {"time_min": start, "time_max": start + 1 / 24, "flux": value * u.Unit("1e-11 cm-2 s-1")}
    columns |= {"flux_err": np.full(n, 0.3) * u.Unit("1e-11 cm-2 s-1")}
    table = Table(columns, meta={"TIMESYS": "tt", "negative": True})
    result = bayesian_blocks(LightCurve(table))
    np.testing.assert_allclose(result.blocks["flux"].value, [1e-11, -5e-11, 1e-11], rtol=1e-6)
    np.testing.assert_allclose(result.blocks["flux_errp"].value, 0.15e-11, rtol=1e-3)
