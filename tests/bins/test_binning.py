"""What is declared of time binnings: names, texts there and back, defaults written down, and who looks at events."""

from dataclasses import dataclass
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import EarthLocation, SkyCoord
from astropy.time import Time
from timelines import CLOCK, CLOCKS, make_line, make_run

from tevcurve.bins.binning import say_of_older
from tevcurve.bins.text import binning_from_text
from tevcurve.bins.width import ByWidth, Sliding
from tevcurve.errors import InputError
from tevcurve.lightcurve import bins
from tevcurve.lightcurve.bins import BINNINGS, Binning, Ephemeris
from tevcurve.options import OPTIONS

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "time_bins.md"
POSITION = SkyCoord(83.63, 22.01, unit="deg")
SITE = EarthLocation.from_geodetic(16.5 * u.deg, -23.27 * u.deg, 1835 * u.m)
START = CLOCK.to_time(2.0e8 + 123.456789)
EPOCH = Time("2004-12-15T20:00:00.123456789", scale="utc")
ALL = [
    bins.by_run(),
    bins.by_night(),
    bins.by_night(gap="3.3 min"),
    bins.by_night(site="16.5 deg"),
    bins.by_width("100.1 s"),
    bins.by_width("2 min", rest="drop"),
    bins.by_width("7 min", start=START),
    bins.by_width("1 d"),
    bins.sliding("20 s", "7 s"),
    bins.sliding("20 s", "7 s", start=START.utc),
    bins.sliding("20 s", "20 s", grid=START),
    bins.by_counts(30),
    bins.by_significance(25),
    bins.by_significance(9.5),
    bins.bayesian_blocks(0.0123),
    bins.by_phase(Ephemeris(EPOCH, period="23.1 min"), 4),
    bins.by_phase(Ephemeris(START.tdb, frequency=0.07 / u.s, derivatives=(1e-12, 3e-20)), 3),
    bins.by_phase(Ephemeris(START.tdb, period=0.3 * u.d, derivatives=1e-9), 7, True, POSITION, SITE),
    bins.by_edges(START + [0, 0.1, 55.5] * u.s),
    bins.by_intervals([(START, START + 3 * u.s), (START + 2 * u.s, START + 1 * u.d)]),
]


@pytest.fixture(scope="module")
def lines():
    return [
        make_line(300.0, 0.2, 0.1, 0.3, start=shift, seed=number) for number, shift in enumerate((0, 500))
    ]


def named(binning):
    return type(binning).__name__


@pytest.mark.parametrize("name", BINNINGS)
def test_a_name_is_a_field_of_the_declaration(name):
    kind = BINNINGS[name]
    assert kind.name == name
    assert issubclass(kind, Binning)
    assert isinstance(kind.looks_at_events, bool)
    assert kind.forms
    assert any(isinstance(binning, kind) for binning in ALL)


@pytest.mark.parametrize("binning", ALL, ids=named)
def test_a_text_and_back_gives_the_same_bins(binning, lines):
    text = binning.text()
    back = binning_from_text(text, position=POSITION)
    assert type(back) is type(binning)
    assert back.text() == text
    one, other = (each.bins(lines) for each in (binning, back))
    np.testing.assert_allclose(one.start_s, other.start_s, rtol=0, atol=3e-8)
    np.testing.assert_allclose(one.stop_s, other.stop_s, rtol=0, atol=3e-8)
    np.testing.assert_array_equal(one.bin, other.bin)
    assert one.meta() == other.meta()


@pytest.mark.parametrize("binning", ALL, ids=named)
def test_what_is_written_down_makes_the_same_bins(binning, lines):
    for runs in (lines, lines[::-1]):
        one, other = binning.bins(runs), binning.resolved(runs).bins(runs)
        for name in ("start_s", "stop_s", "bin", "run"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert one.meta() == other.meta()


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("binning", [Sliding(40.0, 7.0, None), ByWidth(33.3, None, "absolute")], ids=named)
def test_a_grid_that_began_with_the_runs_stays_where_it_is(binning, clock):
    """More runs, earlier and later ones, add bins, and leave those that there were."""
    runs = [make_run([(100.1, 200)], clock=clock), make_run([(1000.7, 1100)], clock=clock)]
    more = [make_run([(3.3, 50)], clock=clock), runs[0], make_run([(555, 600)], clock=clock), runs[1]]
    resolved = binning.resolved(runs)
    before, after = resolved.bins(runs), resolved.bins(more)
    edges = list(zip(after.start_s, after.stop_s, strict=True))
    assert set(zip(before.start_s, before.stop_s, strict=True)) <= set(edges)
    assert len(edges) > len(before)
    # No second of the earlier run is lost.
    covered = after.pieces(more)
    starts, stops = covered.start_s[covered.run == 0], covered.stop_s[covered.run == 0]
    assert (starts.min(), stops.max()) == tuple(more[0].gti.intervals[0])
    unresolved = {
        (low, high) for low, high in zip(binning.bins(more).start_s, binning.bins(more).stop_s, strict=True)
    }
    assert not set(zip(before.start_s, before.stop_s, strict=True)) <= unresolved


def test_bins_say_whether_they_looked_at_events_or_overlap(lines):
    seeking = {type(each).name for each in ALL if each.bins(lines).on_events}
    assert seeking == {"counts", "significance", "blocks"}
    sharing = [each.text().split()[0] for each in ALL if each.bins(lines).overlapping]
    assert sharing == ["sliding", "sliding", "intervals"]
    for each in ALL:
        made = each.bins(lines)
        assert made.meta()["bins_on_events"] == made.on_events == made.select([0]).on_events


def test_intervals_that_touch_do_not_overlap():
    times = START + np.arange(5) * 0.1 * u.s
    pairs = [(times[2], times[3]), (times[0], times[1].utc), (times[1], times[2])]
    assert not bins.by_intervals(pairs).overlapping
    assert bins.by_intervals([*pairs, (times[0], times[3])]).overlapping


def test_a_binning_has_to_say_whether_it_looks_at_events():
    with pytest.raises(InputError, match="The time binning Silent does not say looks_at_events"):

        @dataclass(frozen=True)
        class Silent(Binning):
            pass


def test_what_a_binning_does_not_say_is_told():
    @dataclass(frozen=True)
    class Least(Binning):
        looks_at_events = False

    with pytest.raises(NotImplementedError, match=r"Least makes no time bins: lay\(runs\) is wanted"):
        Least().bins([])
    with pytest.raises(InputError, match="of Least has no text"):
        Least().text()
    BINNINGS.register("least", Least)
    try:
        with pytest.raises(InputError, match="'least': this kind of binning cannot be made of a text"):
            binning_from_text("least")
    finally:
        BINNINGS.unregister("least")


def test_a_start_or_a_grid():
    with pytest.raises(InputError, match="a start or a grid"):
        bins.sliding("20 s", "7 s", start=START, grid=START)


@pytest.mark.parametrize(
    ("words", "on_events"),
    [
        ("by 30 events", True),
        ("until TS 25", True),
        ("Bayesian blocks, p0 = 0.05", True),
        ("by run", False),
        ("by edges", False),
        ("120 s from the start of each run", False),
    ],
)
def test_files_of_before_said_it_in_words(words, on_events):
    meta = {"time_bins": words}
    say_of_older(meta)
    assert meta == {"time_bins": words, "bins_on_events": on_events}
    said = {"time_bins": words, "bins_on_events": not on_events}
    say_of_older(said)
    assert said["bins_on_events"] != on_events
    other = {"source": "Crab"}
    say_of_older(other)
    assert other == {"source": "Crab"}


def test_every_binning_is_in_the_words_of_the_option_and_in_the_guide():
    (words,) = (option.words for option in OPTIONS if option.name == "time_bins")
    guide = GUIDE.read_text()
    for name in BINNINGS:
        assert name in words
        assert f"by_{name}(" in guide or f'"{name} ' in guide
