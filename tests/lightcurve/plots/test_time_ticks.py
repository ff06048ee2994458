"""Round times for axes: where they are, and that their labels have room."""

import numpy as np
import pytest
from astropy.time import Time
from matplotlib.textpath import TextPath

from tevcurve.lightcurve.plots.time_ticks import DateTicks, MjdTicks, fitting_ticks

SIZE = 10 / 72  # inches
SPANS = [20 / 86400, 60 / 86400, 0.02, 0.3, 1.2, 4, 40, 400, 4000, 20000]


def width_of(label):
    """Inches that a label takes in matplotlib's own font."""
    return max(TextPath((0, 0), line, size=72 * SIZE).get_extents().width for line in label.split("\n")) / 72


def unix_days(iso):
    return Time(iso, scale="utc").mjd - 40587


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("inches", [1.8, 2.5, 5.0, 12.0])
@pytest.mark.parametrize("start", [53945.857, 53999.99, 60371.2])
def test_labels_of_dates_have_room(span, inches, start):
    low = start - 40587
    times, labels = fitting_ticks(DateTicks(0.0), low, low + span, inches, SIZE)
    assert np.all((times >= low) & (times <= low + span))
    places = (times - low) / span * inches
    widths = np.array([width_of(label) for label in labels])
    assert np.all(np.diff(places) > (widths[1:] + widths[:-1]) / 2)
    assert len(times) >= (2 if inches >= 2.5 else 1)
    assert len(times) <= inches / 0.35


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("offset", [0, 53945])
def test_labels_of_mjd_say_their_time(span, offset):
    low = 53945.857
    times, labels = fitting_ticks(MjdTicks(offset), low, low + span, 5, SIZE)
    assert len(times) >= 2
    np.testing.assert_allclose([float(label) + offset for label in labels], times, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("low", "high", "inches", "expected"),
    [
        (
            "2006-07-29 20:20",
            "2006-07-30 04:10",
            5,
            ["22:00\n29 Jul 2006", "00:00\n30 Jul", "02:00", "04:00"],
        ),
        (
            "2006-07-29 21:00",
            "2006-07-29 21:04",
            5,
            ["21:00\n29 Jul 2006", "21:01", "21:02", "21:03", "21:04"],
        ),
        ("2005-12-30", "2006-01-04", 4, ["30 Dec\n2005", "31 Dec", "1 Jan\n2006", "2 Jan", "3 Jan", "4 Jan"]),
        ("2005-08-20", "2006-06-02", 3, ["Sep\n2005", "Nov", "Jan\n2006", "Mar", "May"]),
        ("2004-02-01", "2009-02-01", 2.5, ["2005", "2006", "2007", "2008", "2009"]),
    ],
)
def test_dates_say_what_changes(low, high, inches, expected):
    times, labels = fitting_ticks(DateTicks(0.0), unix_days(low), unix_days(high) + 1e-9, inches, SIZE)
    assert labels == expected
    # each label is true of its time
    for time, label in zip(times, labels, strict=True):
        moment = Time(time + 40587, format="mjd").to_datetime()
        for word in label.replace("\n", " ").split():
            forms = {f"{moment:{form}}" for form in ("%H:%M", "%b", "%Y")} | {str(moment.day)}
            assert word in forms


def test_seconds_are_shown_where_they_are():
    _, labels = fitting_ticks(
        DateTicks(0.0), unix_days("2006-07-29 21:00:01"), unix_days("2006-07-29 21:00:21"), 5, SIZE
    )
    assert labels[0].endswith("\n29 Jul 2006")
    assert all(label[:6] == "21:00:" for label in labels)


@pytest.mark.parametrize("source", [MjdTicks(53945), DateTicks(40587.0)])
@pytest.mark.parametrize("length", [0.0005, 0.02, 0.06, 3])
def test_a_piece_has_a_label_inside(source, length):
    low = 53945.851
    times, labels = fitting_ticks(source, low, low + length, 1.05, SIZE, inside=True)
    assert len(times)
    half = np.array([width_of(label) / 2 for label in labels])
    places = (times - low) / length * 1.05
    assert np.all((places > half - 0.05) & (places < 1.05 - half + 0.05))
