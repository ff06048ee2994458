"""How much a light curve varies: a published flare, gammapy's number, and sources of known variability."""

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from astropy.time import Time
from onoff_light_curves import onoff_light_curve, onoff_run

from tevcurve.errors import InputError
from tevcurve.kernels.onoff_profile import onoff_profile
from tevcurve.lightcurve.bins import by_intervals, by_run, by_width
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.variability import excess_variance, fractional_variability, point_to_point
from tevcurve.lightcurve.variability.row_fits import RowFits
from tevcurve.lightcurve.variability.rows import rows_of

NIGHT = [[(k * 2000, k * 2000 + 1680)] for k in range(6)]


def make(rate=1.0, factor=None, seed=1, bins=None, background=0.01, **options):
    rng = np.random.default_rng(seed)
    runs = [onoff_run(k, spans, rate, background, 0.1, rng, factor) for k, spans in enumerate(NIGHT)]
    return onoff_light_curve(runs, by_width("2 min") if bins is None else bins, **options)


# Bins of 2 minutes leave 6 s of each of these runs: a fifth of the rows.
WITH_SLIVERS = [[(k * 2000, k * 2000 + 486)] for k in range(8)]


def make_with_slivers(rate, seed, factor=None, background=0.01):
    rng = np.random.default_rng(seed)
    runs = [onoff_run(k, spans, rate, background, 0.1, rng, factor) for k, spans in enumerate(WITH_SLIVERS)]
    return onoff_light_curve(runs, by_width("2 min", rest="keep"))


def gammapy_rows(reference_dir, number):
    table = Table.read(reference_dir / "gammapy21_pks2155_1d_10min.ecsv")[:number]
    columns = {name: np.asarray(table[name]) for name in ("time_min", "time_max", "flux", "flux_err")}
    units = {"time_min": u.d, "time_max": u.d, "flux": u.Unit("cm-2 s-1"), "flux_err": u.Unit("cm-2 s-1")}
    made = Table({name: values * units[name] for name, values in columns.items()}, meta={"TIMESYS": "tt"})
    return LightCurve(made)


def test_the_public_flare_night(reference_dir):
    # On its own rows gammapy 2.1 has 0.589 +- 0.020 for 20:30 to 02:10 UTC, and 0.7512 +- 0.0194 for the night.
    early = fractional_variability(gammapy_rows(reference_dir, 34))
    assert (early.value, early.error) == (pytest.approx(0.5888, abs=5e-5), pytest.approx(0.02016, abs=5e-6))
    night = fractional_variability(gammapy_rows(reference_dir, 45))
    assert (night.value, night.error) == (pytest.approx(0.75118, abs=5e-6), pytest.approx(0.019356, abs=5e-7))


def test_the_formulas_are_taken_of_the_fluxes_of_the_table():
    light_curve = make(negative=True)
    value, err = (np.asarray(light_curve.table[name]) for name in ("flux", "flux_err"))
    excess = value.var(ddof=1) - np.mean(err**2)
    result = excess_variance(light_curve)
    assert result.value == pytest.approx(excess / value.mean() ** 2, rel=1e-9)
    root = fractional_variability(light_curve)
    assert root.value == pytest.approx(np.sign(excess) * np.sqrt(abs(excess)) / value.mean(), rel=1e-9)
    assert root.mean.to_value("cm-2 s-1") == pytest.approx(value.mean(), rel=1e-9)
    assert root.p_value == result.p_value


def test_a_bounded_light_curve_is_measured_with_its_free_fluxes():
    bounded, free = (make(0.004, negative=negative) for negative in (False, True))
    assert np.any(bounded.table["flux"] == 0)
    one, other = (excess_variance(curve, n_toys=10) for curve in (bounded, free))
    assert (one.value, one.p_value) == (other.value, other.p_value)


def test_constant_sources_are_compatible_with_zero():
    values, inside, chances = [], [], []
    for seed in range(100):
        light_curve = make(0.6, seed=seed)
        result = fractional_variability(light_curve)
        values.append(result.value * abs(result.value))
        inside.append(result.value - result.errn < 0 < result.value + result.errp)
        chances.append(result.p_value)
    values = np.array(values)
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(len(values))
    assert 0.3 < np.mean(values < 0) < 0.7
    assert np.mean(inside) == pytest.approx(0.683, abs=0.13)
    assert np.mean(np.array(chances) < 0.1) == pytest.approx(0.1, abs=0.08)


def test_faint_constant_sources_get_their_chances_from_toys():
    chances = []
    for seed in range(30):
        result = fractional_variability(make(0.01, seed=seed, bins=by_width("14 min")), n_toys=60)
        assert result.method == "toys"
        chances.append(result.p_value)
    assert np.mean(np.array(chances) < 0.25) == pytest.approx(0.25, abs=0.25)


def test_injected_variability_comes_back():
    # A sine of relative amplitude 0.5 has a relative rms of 0.5/sqrt(2) = 0.354; its bins average little of it away.
    def sine(t):
        return 1 + 0.5 * np.sin(2 * np.pi * t / 3000)

    pulls, errors = [], []
    for seed in range(20):
        result = fractional_variability(make(1.0, (sine, 1.5), seed=seed))
        pulls.append((result.value - 0.354) / result.error)
        errors.append(result.error)
    assert abs(np.mean(pulls)) < 1.0
    assert 0.5 < np.std(pulls) < 1.5
    assert np.mean(errors) < 0.03


def test_slow_variability_is_less_from_point_to_point():
    def sine(t):
        return 1 + 0.5 * np.sin(2 * np.pi * t / 12000)

    light_curve = make(2.0, (sine, 1.5))
    total, steps = fractional_variability(light_curve), point_to_point(light_curve)
    assert total.value > 0.3
    assert steps.value < 0.12
    assert steps.p_value > total.p_value


def test_pairs_over_gaps_can_be_left_out():
    def steps(t):
        return np.where(t // 2000 % 2 == 0, 0.5, 1.5)

    light_curve = make(2.0, (steps, 1.5))
    every, near = point_to_point(light_curve), point_to_point(light_curve, max_gap="2 min")
    assert every.p_value < 1e-6 < near.p_value
    with pytest.raises(InputError, match="max_gap is 'soon'"):
        point_to_point(light_curve, max_gap="soon")
    with pytest.raises(InputError, match="within max_gap"):
        point_to_point(make(bins=by_run()), max_gap="1 s")


def test_a_faint_mean_is_told():
    result = fractional_variability(make(1e-4, background=0.02), n_toys=5)
    assert "not clearly above zero" in result.note


def test_rows_in_no_order_of_time_have_no_neighbours():
    light_curve = make(0.5)
    times = Time(light_curve.table["time_min"], format="mjd", scale="tt")
    table = light_curve.table.copy()
    table["time_min"] = table["time_min"][0]
    table["time_max"] = table["time_max"][-1]
    folded = LightCurve(table)
    assert len(times) == len(folded)
    assert fractional_variability(folded).n_rows == len(folded)
    with pytest.raises(InputError, match="do not follow each other"):
        point_to_point(folded)


def test_errors_of_rows_without_counts_are_known():
    rows = rows_of(make(0.002, background=0.0005))
    assert np.any(rows.counts == 0)
    assert np.all(np.isfinite(rows.fits.err))
    assert np.all(rows.fits.err > 0)


def pulls_of_excess(results):
    """(value - 0)/error of normalized excess variances of constant sources."""
    return np.array([result.value / result.error for result in results])


def test_slivers_of_a_constant_source_make_no_scatter():
    results = [excess_variance(make_with_slivers(1.0, seed), n_toys=0) for seed in range(60)]
    first = results[0]
    assert (first.n_rows, first.n_left_out) == (32, 8)
    assert "8 of 40 rows were left out of amplitudes and time scales, with less than 20%" in first.note
    values, pulls = np.array([result.value for result in results]), pulls_of_excess(results)
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(len(values))
    # 32 rows of 120 counts and a background of 1.2: 122.4/120^2 of noise, whose variance scatters by the root of 2/31.
    assert values.std() == pytest.approx(122.4 / 120**2 * np.sqrt(2 / 31), rel=0.4)
    assert pulls.std() == pytest.approx(1, abs=0.4)


def test_slivers_of_a_variable_source_leave_its_amplitude():
    def sine(t):
        return 1 + 0.5 * np.sin(2 * np.pi * t / 1700)

    # That of the rows of 2 minutes, each averaged in closed form.
    start = np.ravel([[k * 2000 + 120 * j for j in range(4)] for k in range(8)])
    w = 2 * np.pi / 1700
    true = 1 + 0.5 * (np.cos(w * start) - np.cos(w * (start + 120))) / (120 * w)
    expected = true.std(ddof=1) / true.mean()
    results = [
        fractional_variability(make_with_slivers(1.0, seed, (sine, 1.5)), n_toys=0) for seed in range(30)
    ]
    pulls = np.array([(result.value - expected) / result.error for result in results])
    assert abs(pulls.mean()) < 4 / np.sqrt(len(pulls))
    assert 0.6 < pulls.std() < 1.5


def test_amplitudes_of_few_counts_are_without_bias_by_toys():
    # 1 count of the source and 0.3 of the background in a row: errors of rows without events are too large.
    values = []
    for seed in range(40):
        light_curve = make_with_slivers(1 / 120, seed, background=0.3 / 120)
        with_toys, without = (excess_variance(light_curve, n_toys=n).value for n in (100, 0))
        # Where the mean is unsure a fraction of it is not normally distributed; its square is taken off.
        mean = excess_variance(light_curve, n_toys=0).mean.value ** 2
        values.append((with_toys * mean, without * mean))
    mean, error = np.mean(values, axis=0), np.std(values, axis=0) / np.sqrt(len(values))
    assert abs(mean[0]) < 4 * error[0]
    assert mean[1] < -2.5 * error[1]
    assert mean[0] > mean[1] + 2.5 * error[1]
    assert "too small without toys" in excess_variance(light_curve, n_toys=0).note
    assert "too small" not in excess_variance(light_curve, n_toys=10).note


def test_short_rows_count_less():
    long, short = (make(1.0, bins=by_width(width)) for width in ("10 min", "2 min"))
    assert np.all(rows_of(short).weight == 1)
    rows = rows_of(long)
    # Runs of 28 minutes have 10, 10 and 8.
    assert np.all(rows.weight == 1)
    starts = Time(long.time_start[0]) + np.array([0, 600, 1200, 1400]) * u.s
    stops = starts + np.array([600, 600, 200, 60]) * u.s
    weight = rows_of(make(1.0, bins=by_intervals(list(zip(starts, stops, strict=True))))).weight
    # Half of the mean of the three that are long enough is 233 s.
    np.testing.assert_allclose(weight[:3], [1, 1, (200 / (1400 / 6)) ** 2], rtol=1e-6)


def test_errors_at_a_bound_are_not_of_its_curvature():
    # One event on an expected background of 1000, and norms of 1 count down to -1: the statistic is nearly straight.
    profile = onoff_profile(np.array([0]), np.ones(1), np.full(1, 1e4), np.full(1, 0.1), np.ones(1), 1)
    fits = RowFits(profile, lowest=np.array([-1.0]))
    assert fits.minimum.at_limit.all()
    assert fits.err[0, 0] == pytest.approx(fits.errp[0, 0] / np.sqrt(2), rel=1e-6)
    assert fits.err[0, 0] < 3
