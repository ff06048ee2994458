"""Bins in phase: each moment is in the bin of its phase, none is lost, and the barycentre is where astropy has it."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import EarthLocation, SkyCoord
from astropy.time import Time
from astropy.utils import iers
from hypothesis import given, settings
from hypothesis import strategies as st
from timelines import CLOCK, CLOCKS, T0, assert_tiles, make_run, runs_in_order

from tevcurve.bins.ephemeris import barycentric_delay
from tevcurve.data import GTI
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import Ephemeris, by_phase

CRAB = SkyCoord(83.6333, 22.0144, unit="deg")
SITE = EarthLocation.from_geodetic(16.5 * u.deg, -23.27 * u.deg, 1835 * u.m)
EPOCH = Time(54000.0, format="mjd", scale="tdb")
quick = settings(max_examples=30, deadline=None)


@pytest.fixture
def offline():
    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("auto_max_age", None):
        yield


@quick
@given(runs_in_order(), st.floats(5, 5000), st.integers(1, 20), st.booleans())
def test_each_moment_is_in_the_bin_of_its_phase(runs, period, n, barycentre):
    ephemeris = Ephemeris(EPOCH, period=period * u.s)
    where = {"barycentre": True, "position": CRAB} if barycentre else {}
    bins = by_phase(ephemeris, n, **where).bins(runs)
    pieces = bins.pieces(runs)
    assert_tiles(pieces, runs)
    assert not bins.overlapping
    for run_number, run in enumerate(runs):
        mine = pieces.run == run_number
        # Not at the very edge, where rounding decides.
        middle = 0.5 * (pieces.start_s[mine] + pieces.stop_s[mine])
        long = pieces.stop_s[mine] - pieces.start_s[mine] > 1e-4
        time = run.gti.reference.to_time(middle)
        # At the observatory seconds are those of TT, which are up to 2 ms beside those of TDB.
        at_barycentre = (time.tdb - EPOCH).sec + barycentric_delay(time, CRAB)
        since = at_barycentre if barycentre else (time.tt - EPOCH.tt).sec
        phase = (since / period) % 1.0
        low, high = bins.phase_min[pieces.bin[mine]], bins.phase_max[pieces.bin[mine]]
        inside = (phase >= low) & (phase < high)
        assert np.all(inside[long])


def test_bins_known_by_hand():
    # Phase 0 is 40 s before the run.
    ephemeris = Ephemeris(CLOCK.to_time(T0 - 40.0), period="100 s")
    runs = [make_run([(0, 100), (300, 380)]), make_run([(1000, 1010)], clock=CLOCKS[2])]
    bins = by_phase(ephemeris, 4).bins(runs)
    np.testing.assert_array_equal(bins.phase_min, [0, 0.25, 0.5, 0.75])
    np.testing.assert_array_equal(bins.phase_max, [0.25, 0.5, 0.75, 1])
    # Of the first run: 0-100 s are the phases 0.4 to 1.4, 300-380 s are 3.4 to 4.2; of the second, 0.4 to 0.5.
    np.testing.assert_allclose(bins.ontime_s(runs), [25 + 20, 10 + 15 + 10 + 10, 25 + 25, 25 + 25], atol=1e-5)


def test_phases_without_good_time_make_no_bins():
    ephemeris = Ephemeris(CLOCK.to_time(T0), period="1 d")
    bins = by_phase(ephemeris, 10).bins([make_run([(0, 3600), (9000, 10000)])])
    np.testing.assert_allclose(bins.phase_min, [0, 0.1])
    np.testing.assert_allclose(bins.ontime_s([make_run([(0, 3600), (9000, 10000)])]), [3600, 1000])


def test_a_period_that_grows():
    # P = 100 s + 0.01*t: the number of cycles is log(1 + 0.01*t/100)/0.01, up to the third order in t.
    ephemeris = Ephemeris(CLOCK.to_time(T0), period="100 s", derivatives=(1e-4,))
    seconds = np.array([0.0, 500.0, 3000.0])
    np.testing.assert_allclose(ephemeris.cycles(seconds), np.log1p(1e-4 * seconds / 100) / 1e-4, rtol=1e-7)
    run = make_run([(0, 3000)])
    bins = by_phase(ephemeris, 2).bins([run])
    inner = np.sort(bins.start_s - T0)[1:]
    crossing = 100 * np.expm1(1e-4 * 0.5 * np.arange(1, len(inner) + 1)) / 1e-4
    np.testing.assert_allclose(inner, crossing, atol=1e-3)


def test_frequency_and_period_say_the_same():
    seconds = np.linspace(-1e6, 1e6, 11)
    by_period = Ephemeris(EPOCH, period="33 ms", derivatives=(4.2e-13,))
    changes = -4.2e-13 / 0.033**2 / u.s**2, 2 * 4.2e-13**2 / 0.033**3
    by_frequency = Ephemeris(EPOCH, frequency=1 / (33 * u.ms), derivatives=changes)
    np.testing.assert_allclose(by_period.cycles(seconds), by_frequency.cycles(seconds), rtol=1e-14)
    assert by_frequency.phase(EPOCH + 0.25 * 33 * u.ms) == pytest.approx(0.25, abs=1e-6)
    second = Ephemeris(EPOCH, frequency="2 Hz", derivatives=(1e-3, 6e-6))
    assert second.cycles(100.0) == pytest.approx(200 + 5 + 1)


def test_the_barycentre_is_where_astropy_has_it(offline):
    time = Time(np.linspace(53000, 57000, 97), format="mjd", scale="tt", location=SITE)
    expected = time.light_travel_time(CRAB, ephemeris="builtin").to_value("s")
    assert np.ptp(expected) > 900
    np.testing.assert_allclose(barycentric_delay(time, CRAB, SITE), expected, rtol=0, atol=5e-6)
    away = np.abs(barycentric_delay(time, CRAB) - expected).max()
    assert 0.01 < away < 0.0214


def test_barycentred_edges_fall_on_the_phases(offline):
    ephemeris = Ephemeris(EPOCH, frequency="0.02 Hz", derivatives=(1e-13,))
    run = make_run([(0, 1700), (2000, 5600)])
    bins = by_phase(ephemeris, 5, barycentre=True, position=CRAB, site=SITE).bins([run])
    inner = ~np.isin(bins.start_s, run.gti.intervals)
    time = Time(CLOCK.to_time(bins.start_s[inner]).tdb, location=SITE)
    time = time + time.light_travel_time(CRAB, ephemeris="builtin")
    away = (ephemeris.phase(time) - bins.phase_min[bins.bin[inner]] + 0.5) % 1 - 0.5
    # 5 microseconds of 50 s.
    np.testing.assert_allclose(away, 0, atol=1e-7)
    assert inner.sum() > 500


def test_nothing_is_asked_of_the_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("The network is asked.")

    monkeypatch.setattr("astropy.utils.data.download_file", refuse)
    monkeypatch.setattr("astropy.utils.iers.iers.download_file", refuse)
    run = make_run([(6e8, 6e8 + 100)])
    binning = by_phase(Ephemeris(EPOCH, "1 h"), 4, barycentre=True, position=CRAB, site=SITE)
    assert binning.bins([run]).ontime_s([run]).sum() == pytest.approx(100)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Ephemeris(53000.0, "1 d"), "one Time"),
        (lambda: Ephemeris(EPOCH), "a period or a frequency"),
        (lambda: Ephemeris(EPOCH, "1 d", "1 Hz"), "a period or a frequency"),
        (lambda: Ephemeris(EPOCH, "1 m"), "'1 m'"),
        (lambda: Ephemeris(EPOCH, "-1 d"), "above 0"),
        (lambda: Ephemeris(EPOCH, "1 d", derivatives=(1e-9, 1e-18)), "at most 1"),
        (lambda: Ephemeris(EPOCH, "1 d", derivatives=(1 * u.s,)), "derivative"),
        (lambda: by_phase("1 d", 3), "wanted is an Ephemeris"),
        (lambda: by_phase(Ephemeris(EPOCH, "1 d"), 0), "1 or more"),
        (lambda: by_phase(Ephemeris(EPOCH, "1 d"), 3, barycentre=True), "one SkyCoord"),
        (lambda: by_phase(Ephemeris(EPOCH, "1 d"), 3, position=CRAB), "barycentre=True only"),
        (lambda: by_phase(Ephemeris(EPOCH, "1 d"), 3, True, CRAB, "16 deg"), "EarthLocation"),
        (lambda: by_phase(Ephemeris(EPOCH, "1 us"), 3).bins([make_run([(0, 1000)])]), "at most 1e"),
        (
            lambda: by_phase(Ephemeris(EPOCH, frequency="1e-3 Hz", derivatives=(-1e-6,)), 3).bins(
                [make_run([(0, 1)])]
            ),
            "not above 0",
        ),
    ],
)
def test_what_cannot_be_used_is_told(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_times_that_are_at_the_barycentre_are_not_taken_there_again(offline):
    ephemeris = Ephemeris(EPOCH, "400 s")
    binning = by_phase(ephemeris, 4, barycentre=True, position=CRAB, site=SITE)
    at_site = make_run([(0, 900.0)])
    start = at_site.gti.start[0]
    later = float(barycentric_delay(start, CRAB, SITE))
    assert abs(later) > 50
    told_there = replace(CLOCK, place="solarsystem")
    shifted = replace(told_there, scale="tdb")
    moved = float((start.tdb - shifted.to_time(0.0)).sec) + later
    run = replace(at_site, gti=GTI([moved], [moved + 900.0], shifted))
    cuts = binning.bins([run]).in_seconds(shifted)[0] - moved
    expected = binning.bins([at_site]).in_seconds(CLOCK)[0] - at_site.gti.intervals[0, 0]
    # The same light: the same cuts after its start, but for how the way to the barycentre changes (30 km/s at most).
    np.testing.assert_allclose(np.sort(cuts), np.sort(expected), atol=900 * 1.1e-4)
    # With nothing said of a barycentre, times are as they are.
    plain = by_phase(ephemeris, 4).bins([run]).in_seconds(shifted)[0] - moved
    np.testing.assert_allclose(np.sort(plain), np.sort(cuts), atol=0.01)


def test_times_told_elsewhere():
    here = make_run([(0, 900.0)])
    binning = by_phase(Ephemeris(EPOCH, "400 s"), 4, barycentre=True, position=CRAB, site=SITE)

    def told_at(place):
        reference = replace(CLOCK, place=place)
        return replace(here, gti=GTI(*here.gti.intervals.T, reference))

    with pytest.raises(InputError, match="told at the Sun"):
        binning.bins([told_at("heliocentric")])
    # Without the site's way to the centre of the Earth, however the site is given.
    centre = by_phase(Ephemeris(EPOCH, "400 s"), 4, barycentre=True, position=CRAB)
    for one, other in zip(
        binning.bins([told_at("geocentric")]).in_seconds(replace(CLOCK, place="geocentric")),
        centre.bins([here]).in_seconds(CLOCK),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(InputError, match="wanted are runs whose times are told at one place"):
        binning.bins([here, told_at("solarsystem")])


def test_the_bins_say_period_and_epoch():
    run = make_run([(0, 100)])
    ephemeris = Ephemeris(Time(53000.5, format="mjd", scale="tdb"), period="3.906 d")
    kind = by_phase(ephemeris, 4).bins([run]).kind
    assert kind == "4 bins of phase, period 3.906 d, phase 0 at MJD 53000.5 (TDB)"
    fast = Ephemeris(Time(53000.5, format="mjd", scale="tdb"), frequency=29.9 * u.Hz, derivatives=(-3e-10,))
    there = by_phase(fast, 4, barycentre=True, position=SkyCoord(10, 20, unit="deg")).bins([run]).kind
    assert "frequency 29.9 Hz and derivatives -3e-10, phase 0" in there
    assert there.endswith("at the barycentre")
