"""Variability of 3D light curves: simulated flares and constant sources, and a real flare."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.time import Time

from tevcurve import DataStore, light_curve
from tevcurve.bins.ephemeris import Ephemeris
from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_edges, by_intervals, by_phase, by_width
from tevcurve.lightcurve.variability import flare_profile, fractional_variability, ts_var
from tevcurve.lightcurve.variability.chances import null_fits
from tevcurve.lightcurve.variability.event_clock import event_clock
from tevcurve.lightcurve.variability.gregory_loredo import gregory_loredo
from tevcurve.lightcurve.variability.row_fits import RowFits
from tevcurve.lightcurve.variability.rows import rows_of
from tevcurve.models import PowerLaw, SkyModel, SkyPointSource
from tevcurve.simulation import Constant, Flare, ResponseSet, SimulatedSource, simulate_observation

TARGET = SkyCoord(83.63, 22.01, unit="deg")
REFERENCE = TimeReference(51910, 0.000742870370370241, "tt")
SPECTRUM = PowerLaw(index=2.5, amplitude="1e-11 cm-2 s-1 TeV-1", reference="1 TeV")
START, PEAK = 2.4e8, 2500.0
PKS_2155 = SkyCoord(329.71693826, -30.2255890, unit="deg")


def night(light, seed, time_bins, **options):
    source = SimulatedSource(SkyModel(SkyPointSource.from_position(TARGET), SPECTRUM, name="source"), light)
    irfs, observations = ResponseSet.analytic(), []
    for number, angle in enumerate((0, 180, 90)):
        start = START + 1600 * number
        gti = GTI([start, start + 700], [start + 600, start + 1500], REFERENCE)
        pointing = TARGET.directional_offset_by(angle * u.deg, 0.5 * u.deg)
        observations.append(
            simulate_observation(pointing, gti, irfs, [source], [seed, number], obs_id=number + 1)
        )
    options = {"width": "1.6 deg", "safe_energy": None} | options
    return light_curve(observations, TARGET, time_bins, [0.7, 10] * u.TeV, spectrum=SPECTRUM, **options)


@pytest.fixture(scope="module")
def flaring():
    peak = REFERENCE.to_time(START + PEAK)
    shape = Flare(peak, rise="5 min", decay="15 min", amplitude=8, quiescent=0.5)
    return night(shape, 1, by_width("3 min"))


@pytest.mark.parametrize("several", [{}, {"stacked": True}, {"unbinned": True}])
def test_constant_sources_have_chances_like_any_other(several):
    chances = []
    for seed in range(8):
        curve = night(Constant(0.3), seed, by_width("8 min", align="absolute"), **several)
        result = ts_var(curve, n_toys=40)
        assert result.method == "toys"
        chances.append(result.p_value)
    assert 0.2 < np.mean(chances) < 0.8


def test_rows_with_free_neighbours_have_no_toys_and_say_why():
    place = SkyPointSource.from_position(TARGET.directional_offset_by(0 * u.deg, 0.15 * u.deg))
    beside = [SkyModel(place, SPECTRUM, name="beside")]
    options = {"negative": True, "norm_values": None, "models": beside}
    free = night(Constant(0.3), 1, by_width("8 min", align="absolute"), **options)
    result = ts_var(free, n_toys=40)
    assert result.method == "asymptotic"
    assert "no toys are drawn of rows in which neighbours, or a shape, are fitted" in result.note
    assert "a table has not" not in result.note
    once = night(Constant(0.3), 1, by_width("8 min", align="absolute"), neighbours="once", **options)
    assert ts_var(once, n_toys=40).method == "toys"


def test_the_mean_of_toys_is_the_degrees_of_freedom_where_counts_are_many():
    rows = rows_of(night(Constant(4.0), 1, by_width("5 min")))
    values = np.concatenate([fits.ts_var for fits in null_fits(rows, 150, 1)])
    expected, spread = rows.n - 1, np.sqrt(2 * (rows.n - 1) / 150)
    assert values.mean() == pytest.approx(expected, abs=4 * spread)


def test_a_flare_comes_back_with_its_times(flaring):
    summary = flaring.variability(n_toys=100)
    assert summary.ts_var.p_is_limit
    assert summary.ts_var.p_asymptotic < 1e-6
    result = flare_profile(flaring, n_toys=0)
    assert result.valid
    for name, truth in (("rise", 300), ("decay", 900)):
        value, errn, errp = (getattr(result, name + end).value for end in ("", "_errn", "_errp"))
        assert -3 * errn < truth - value < 3 * errp
    assert abs(REFERENCE.to_seconds(result.t0) - START - PEAK) < 200


def test_weights_count_the_events_under_the_image(flaring):
    rows = rows_of(flaring)
    counts = rows.fits.profile.counts
    assert np.all(rows.counts <= counts * (1 + 1e-9))
    signal = rows.fits.norm[0] * rows.fits.profile.total
    # The source's events, and some of the background; not all that are in the field.
    bright = signal > 30
    assert np.all(rows.counts[bright] > 0.6 * signal[bright])
    assert np.all(rows.counts < 0.5 * signal + 0.7 * counts)


def test_rows_that_cannot_be_tested_get_a_sentence(flaring):
    edge = flaring.time_start[0]
    overlapping = flaring.rebin(
        by_intervals([(edge, edge + 20 * u.min), (edge + 10 * u.min, edge + 30 * u.min)])
    )
    with pytest.raises(InputError, match="overlap"):
        ts_var(overlapping)


def test_bins_in_phase_are_tested_without_an_order(flaring):
    folded = flaring.rebin(by_phase(Ephemeris(flaring.time_start[0], period="20 min"), 4))
    summary = folded.variability(n_toys=20)
    assert summary.ts_var.n_rows == 4
    assert summary.doubling_time is None
    assert summary.bayesian_blocks is None
    assert "as the rows do not follow each other in time" in str(summary)
    assert ["phase_min", "phase_max"] in [line.split()[:2] for line in str(folded).splitlines()]
    assert "phase 0.0000" in folded._repr_html_()
    ax = folded.plot()
    assert ax.get_xlabel() == "Phase (drawn twice)"
    low, high = ax.get_xlim()
    assert -0.2 < low < high < 2.2
    with pytest.raises(InputError, match="bins in phase"):
        folded.plot(time_format="iso")
    with pytest.raises(InputError, match="do not go into one figure"):
        flaring.plot(ax=ax)


def test_the_public_flare_night_is_as_variable_as_with_gammapy(hess_dl3_dr1):
    # 0.589 +- 0.020 with gammapy 2.1 on the same bins, 20:30 to 02:10 UTC.
    bins = by_edges(Time("2006-07-29 20:30", scale="utc") + np.arange(35) * 10 * u.min)
    observations = DataStore.from_dir(hess_dl3_dr1).get_observations(range(33787, 33799))
    curve = light_curve(
        observations,
        PKS_2155,
        bins,
        [0.7, 20] * u.TeV,
        "1d",
        PowerLaw(index=3.4, amplitude="2e-11 cm-2 s-1 TeV-1"),
        e_reco=np.geomspace(0.7, 20, 11) * u.TeV,
        e_true=np.geomspace(0.1, 40, 21) * u.TeV,
        safe_energy=0.1,
    )
    result = fractional_variability(curve, n_toys=0)
    assert result.n_rows == 34
    assert result.value == pytest.approx(0.589, abs=0.010)
    assert result.error == pytest.approx(0.020, abs=0.001)


@pytest.mark.parametrize("width", ["20 s", "5 min"])
def test_lowest_norms_of_toys_are_spared_where_no_row_needs_them(width):
    """Toys of rows of which many are at a bound below zero, and of others: as with all lowest norms."""
    rows = rows_of(night(Constant(), 4, by_width(width)))
    norm = rows.maker.null_norm(float(rows.fits.constant[0]))
    profile = rows.maker.draw(0.3 * norm, 5, np.random.default_rng(1))
    spared, full = RowFits(profile, 5), RowFits(profile, 5)
    assert np.all(full.lower <= 0)
    for name in ("norm", "errn", "errp", "err"):
        # Toys are found to a hundred-thousandth of their errors, and curvatures to a thousandth of themselves.
        found, expected = getattr(spared, name), getattr(full, name)
        np.testing.assert_allclose(found, expected, rtol=1e-3 if name == "err" else 1e-5, atol=1e-5)
    np.testing.assert_array_equal(spared.minimum.at_limit, full.minimum.at_limit)
    assert "lower" not in vars(spared)


def clock_of_constant(seed):
    curve = night(Constant(0.5), seed, by_width("8 min", align="absolute"))
    return event_clock(curve, rows_of(curve))


def test_weights_of_constant_cubes_are_uniform_on_the_clock():
    # The weighted times of three nights of a constant source are as far from even as those of as many events.
    for seed in range(3):
        clock = clock_of_constant(seed)
        assert clock.weight.sum() == pytest.approx(
            clock.rates.norm * clock.rates.signal @ clock.rates.seconds, rel=0.02
        )
        mean = clock.weight @ clock.time / clock.weight.sum()
        error = np.sqrt(np.sum(clock.weight**2) / 12) / clock.weight.sum()
        assert abs(mean - 0.5) < 4 * error
        result_of_toys = [clock.toy(np.random.default_rng(k)) for k in range(20)]
        sums = [weight.sum() for _, weight in result_of_toys]
        assert np.mean(sums) == pytest.approx(clock.weight.sum(), rel=0.05)


def test_the_events_of_a_flare_have_high_odds(flaring):
    result = gregory_loredo(flaring, n_toys=100)
    assert result.value > 2
    assert result.p_is_limit
    # From 0.5 before the flare to 8.5 at its peak.
    flux = (result.curve["flux"] / u.Quantity(flaring.table["ref_flux"])[0]).to_value("")
    assert flux.max() > 4
    assert flux.min() < 1.5
