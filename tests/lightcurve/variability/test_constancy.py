"""Tests against a constant flux: values against brute force, false alarms against their nominal rate."""

import numpy as np
import pytest
from onoff_light_curves import onoff_light_curve, onoff_run
from scipy.optimize import minimize_scalar
from scipy.special import chdtrc

from tevcurve.errors import InputError
from tevcurve.fit.toys_onoff import OnOffToys
from tevcurve.kernels.onoff import wstat
from tevcurve.kernels.onoff_profile import onoff_profile
from tevcurve.lightcurve.bins import by_counts, by_run, by_width
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.variability import chi_square, ts_var
from tevcurve.lightcurve.variability.block_search import gain_of
from tevcurve.lightcurve.variability.row_fits import RowFits
from tevcurve.lightcurve.variability.rows import rows_of

INTERVALS = [[(0, 700), (800, 1680)], [(2000, 3680)], [(6000, 6400), (6500, 7680)]]


def make(rate=0.05, background=0.01, alpha=0.1, seed=1, bins="5 min", factor=None, **options):
    rng = np.random.default_rng(seed)
    runs = [
        onoff_run(k, intervals, rate, background, alpha, rng, factor) for k, intervals in enumerate(INTERVALS)
    ]
    return onoff_light_curve(runs, by_width(bins, rest="keep") if isinstance(bins, str) else bins, **options)


def brute_force(light_curve):
    """TS_var by scipy's minimiser on the statistic of ON and OFF counts."""
    p = light_curve.origin.rows()[0].profile.likelihood

    def stat(a, cells):
        return wstat(p.n_on[cells], p.n_off[cells], p.alpha[cells], a * p.signal[cells]).sum()

    rows = [p.cell_bin == row for row in range(p.n)]
    best = [
        minimize_scalar(stat, bounds=(-2, 60), args=(cells,), method="bounded", options={"xatol": 1e-9})
        for cells in rows
    ]
    common = minimize_scalar(
        stat, bounds=(-2, 60), args=(slice(None),), method="bounded", options={"xatol": 1e-9}
    )
    return common.fun - sum(each.fun for each in best), common.x


@pytest.mark.parametrize("rate", [0.05, 0.004])
def test_ts_var_is_the_likelihood_ratio_by_brute_force(rate):
    light_curve = make(rate)
    expected, constant = brute_force(light_curve)
    result = ts_var(light_curve, n_toys=0)
    assert result.value == pytest.approx(expected, abs=1e-5)
    reference = light_curve.table["ref_flux"][0]
    assert result.constant.to_value("cm-2 s-1") == pytest.approx(constant * reference, rel=1e-4)
    assert result.n_free == result.n_rows - 1 == len(light_curve) - 1


def test_negative_or_not_the_light_curve_is_tested_the_same():
    one, other = (make(0.004, negative=negative) for negative in (False, True))
    assert np.any(one.table["flux"] == 0)
    for test in (chi_square, ts_var):
        first, second = (test(curve, n_toys=20) for curve in (one, other))
        assert (first.value, first.p_value) == (second.value, second.p_value)


def test_with_many_counts_both_tests_are_the_chi_square_of_the_table():
    light_curve = make(3.0, seed=2, bins=by_run())
    table = light_curve.table
    value, err = np.asarray(table["flux"]), np.asarray(table["flux_err"])
    mean = np.sum(value / err**2) / np.sum(1 / err**2)
    plain = np.sum((value - mean) ** 2 / err**2)
    for result in (chi_square(light_curve), ts_var(light_curve)):
        assert result.method == "asymptotic"
        assert result.n_toys == 0
        assert result.value == pytest.approx(plain, rel=0.05)
        assert result.p_value == pytest.approx(chdtrc(2, result.value), rel=1e-9)


def test_few_counts_are_tested_with_toys_and_the_record_says_so():
    result = ts_var(make(0.01), n_toys=50)
    assert (result.method, result.n_toys) == ("toys", 50)
    assert (result.p_value * 51) % 1 == pytest.approx(0, abs=1e-9)
    assert "50 toys" in str(result)
    without = ts_var(make(0.01), n_toys=0)
    assert without.method == "asymptotic"
    assert "no toys were asked for" in without.note


def test_a_limit_is_enough_for_toys():
    # 100 s of background alone: many counts, no source.
    light_curve = make(1e-4, background=0.4)
    assert light_curve.table["counts"].min() > 20
    assert ts_var(light_curve, n_toys=20).method == "toys"


def test_a_flaring_source_is_found_to_vary():
    def flare(t):
        return np.where((t > 2200) & (t < 3000), 4.0, 1.0)

    light_curve = make(factor=(flare, 4.0))
    for test in (chi_square, ts_var):
        result = test(light_curve)
        assert result.p_is_limit
        assert result.p_value == pytest.approx(1 / 1001)
        assert result.significance == pytest.approx(3.09, abs=0.01)
        assert result.p_asymptotic < 1e-6


def test_the_same_seed_gives_the_same_chance():
    light_curve = make(0.01)
    one, other, third = (ts_var(light_curve, n_toys=100, random_state=seed) for seed in (1, 1, 2))
    assert one.p_value == other.p_value
    assert one.p_value != third.p_value


def test_read_from_a_file_the_scans_stand_in_for_the_likelihoods(tmp_path):
    light_curve = make(0.05, norm_values=np.geomspace(0.2, 5, 11))
    exact = ts_var(light_curve, n_toys=0)
    again = LightCurve.read(light_curve.write(tmp_path / "lc.ecsv"))
    result = ts_var(again)
    assert result.value == pytest.approx(exact.value, rel=0.03)
    assert "from the columns of the table" in result.note
    assert "toys need the events" in result.note
    assert chi_square(again).value == pytest.approx(chi_square(light_curve, n_toys=0).value, rel=0.01)
    plain = again.table.copy()
    plain.remove_columns(["norm_scan", "dloglike_scan"])
    assert ts_var(LightCurve(plain)).value == pytest.approx(exact.value, rel=0.1)
    plain.remove_columns(
        [name for name in plain.colnames if name.startswith(("norm", "ref_")) or "err" in name]
    )
    with pytest.raises(InputError, match="needs errors"):
        ts_var(LightCurve(plain))


def test_from_a_file_limits_take_part_in_ts_var_and_chi_square_asks_for_free_fluxes(tmp_path):
    light_curve = make(0.006, seed=4, norm_values=np.geomspace(0.2, 5, 11))
    held = np.asarray(light_curve.table["flux"]) == 0
    assert 0 < np.count_nonzero(held) < len(held)
    again = LightCurve.read(light_curve.write(tmp_path / "lc.ecsv"))
    assert ts_var(again).n_rows == len(light_curve)
    assert 0 < ts_var(again).value < ts_var(light_curve, n_toys=0).value * 1.2
    with pytest.raises(InputError, match=r"held at zero.*negative=True"):
        chi_square(again)
    free = make(0.006, seed=4, negative=True)
    assert chi_square(LightCurve.read(free.write(tmp_path / "free.ecsv"))).n_rows == len(free)


def test_bands_are_tested_one_by_one():
    light_curve = make(bands=(1, 2, 10))
    with pytest.raises(InputError, match="2 energy bands"):
        ts_var(light_curve)
    with pytest.raises(InputError, match="band is 2"):
        ts_var(light_curve, band=2)
    low, high = (ts_var(light_curve, band=band, n_toys=0) for band in (0, 1))
    assert low.value != high.value
    assert low.n_rows == high.n_rows == len(light_curve) / 2


def test_rows_without_good_time_do_not_count():
    first = make().time_start[0]
    light_curve = make(bins=by_width("5 min", start=first, align="absolute"))
    assert ts_var(light_curve, n_toys=0).n_rows == np.count_nonzero(light_curve.table["ontime"] > 0)


def test_bins_that_were_chosen_on_events_are_told():
    assert "chosen on the events" in ts_var(make(bins=by_counts(20)), n_toys=0).note


def test_what_cannot_be_tested_gets_a_sentence():
    one_row = make(bins=by_width("30 d", align="absolute"))
    with pytest.raises(InputError, match="2 rows or more"):
        ts_var(one_row)
    with pytest.raises(InputError, match="n_toys is -1"):
        ts_var(make(), n_toys=-1)


N_SOURCES, N_ROWS = 2000, 12
LIVETIME = np.random.default_rng(1).uniform(0.3, 1.5, N_ROWS)
SHARES = np.array([0.6, 0.3, 0.1])


@pytest.fixture(scope="module", params=[(4.0, 5.0, 0.2), (1.5, 2.0, 1.0), (0.5, 0.5, 0.1), (40.0, 20.0, 0.1)])
def sources(request):
    """`RowFits` of constant sources, and of one toy of each; many rows are limits but for the last case."""
    signal, background, alpha = request.param
    rng = np.random.default_rng(7)
    cells = (LIVETIME[:, None] * SHARES).ravel()
    bins, ones = np.repeat(np.arange(N_ROWS), 3), np.ones(3 * N_ROWS)
    group, ontime = np.tile(np.arange(3), N_ROWS), np.repeat(LIVETIME, 3)

    def maker(n_on, n_off):
        profile = onoff_profile(bins, n_on, n_off, alpha * ones, signal * cells, N_ROWS)
        return OnOffToys(profile, np.arange(N_ROWS), group, ontime)

    data = maker(ones, ones).draw(1.0, N_SOURCES, rng, background=background * cells)
    fits, toys, data = RowFits(data, N_SOURCES), [], data.likelihood
    n_on, n_off = (each.reshape(N_SOURCES, -1) for each in (data.n_on, data.n_off))
    for one_on, one_off, constant in zip(n_on, n_off, fits.constant, strict=True):
        own = maker(one_on, one_off)
        toys.append(own.draw(own.null_norm(constant), 1, rng))
    drawn = onoff_profile(
        data.cell_bin,
        *(np.concatenate([getattr(toy.likelihood, name) for toy in toys]) for name in ("n_on", "n_off")),
        data.alpha,
        data.signal,
        data.n,
    )
    return request.param, fits, RowFits(drawn, N_SOURCES)


@pytest.mark.parametrize("name", ["ts_var", "chi_square", "blocks"])
def test_constant_sources_give_alarm_as_often_as_stated(sources, name):
    """By one toy of each source: their quantile is what toys of all of them say (Giacomini, Politis & White 2013)."""
    _, fits, toys = sources
    statistics = {"ts_var": RowFits.ts_var.func, "chi_square": lambda fits: fits.gaussian_minimum.stat}
    statistic = statistics.get(name, gain_of)
    values, null = statistic(fits), statistic(toys)
    for chance in (0.01, 0.1):
        rate = np.mean(values > np.quantile(null, 1 - chance))
        # Both the alarms and the quantile scatter; and what a toy is drawn from is known from few counts only.
        assert abs(rate - chance) < 3 * np.sqrt(2 * chance * (1 - chance) / N_SOURCES) + 0.1 * chance


def test_with_many_counts_the_formula_holds(sources):
    (signal, _, _), fits, _ = sources
    if signal < 20:
        pytest.skip("The formula is for many counts.")
    for values in (fits.ts_var, fits.gaussian_minimum.stat):
        for chance in (0.01, 0.1):
            rate = np.mean(chdtrc(N_ROWS - 1, values) < chance)
            assert abs(rate - chance) < 3.5 * np.sqrt(chance * (1 - chance) / N_SOURCES)


def test_rows_of_a_light_curve_have_its_good_time():
    light_curve = make()
    rows = rows_of(light_curve)
    ontime = np.bincount(rows.pieces.row, rows.pieces.stop_s - rows.pieces.start_s)
    np.testing.assert_allclose(ontime, light_curve.table["ontime"], rtol=1e-6)
    middle = (rows.time(rows.middle_s).mjd - np.asarray(light_curve.table["time_mean"])) * 86400
    np.testing.assert_allclose(middle, 0, atol=1e-4)


@pytest.mark.parametrize("rate", [0.01, 0.1])
def test_lowest_norms_of_toys_are_spared_where_no_row_needs_them(rate):
    """Toys of faint and of bright rows: the same minima and errors as with all lowest norms."""
    rng = np.random.default_rng(3)
    runs = [onoff_run(1, [(0, 1200)], rate, 0.02, 0.1, rng)]
    rows = rows_of(onoff_light_curve(runs, by_width("2 min")))
    profile = rows.maker.draw(rows.maker.null_norm(float(rows.fits.constant[0])), 20, rng)
    spared, full = RowFits(profile, 20), RowFits(profile, 20)
    assert full.lower.shape == (200,)
    for name in ("norm", "errn", "errp", "err"):
        # Toys are found to a hundred-thousandth of their errors, and curvatures to a thousandth of themselves.
        found, expected = getattr(spared, name), getattr(full, name)
        np.testing.assert_allclose(found, expected, rtol=1e-3 if name == "err" else 1e-5, atol=1e-5)
    assert "lower" not in vars(spared)
    np.testing.assert_allclose(spared.minimum.stat, full.minimum.stat, atol=1e-5)
