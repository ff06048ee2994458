"""What files of other software say otherwise, rightly or not; each takes a random generator and the HDUs.

HDUs are lists of [header, data], and are changed.
"""

import numpy as np

from fuzzing.headers import cards, columns, find, pick, put, set_value, some_hdu, whole

SCALES = (
    "TT",
    "TDT",
    "ET",
    "TAI",
    "IAT",
    "UTC",
    "GMT",
    "UT",
    "UT1",
    "GPS",
    "TDB",
    "TCB",
    "TCG",
    "LOCAL",
    " utc ",
)
ZEROS = (
    "0.0",
    "1.0",
    "0.001",
    "-86400.0",
    "2.0E8",
    "1.99E8",
    "-2.0E8",
    "1E9",
    "9.9E9",
    "'5.0'",
    "1D5",
    "'soon'",
    "T",
)
OBS_IDS = (
    "'1'",
    "'0001'",
    "1.0",
    "'run 1'",
    "'CTAO-N/1'",
    "''",
    "'" + "7" * 30 + "'",
    "'../1'",
    "'1 '",
    "-1",
    "'a''b'",
)


def time_scale(rng, hdus):
    """Another scale of the times of some tables."""
    word = pick(rng, SCALES)
    for header in _with(rng, hdus, "TIMESYS"):
        set_value(header, "TIMESYS", f"'{word}'")


def time_zero(rng, hdus):
    """A zero of the times of some tables."""
    keyword, text = pick(rng, ("TIMEZERO", "TIMEZERO", "TIMEOFFS")), pick(rng, ZEROS)
    for header in _with(rng, hdus, "TIMESYS"):
        set_value(header, keyword, text)


def own_epoch(rng, hdus):
    """Another epoch of the times of one table."""
    for header in _with(rng, hdus, "MJDREFI"):
        set_value(
            header, pick(rng, ("MJDREFI", "MJDREFF", "MJDREF")), pick(rng, ("0", "51910", "54224.5", "0.25"))
        )


def time_unit(rng, hdus):
    """Another unit of TSTART and TSTOP, and of columns without one."""
    for header in _with(rng, hdus, "TIMESYS"):
        set_value(
            header, "TIMEUNIT", pick(rng, ("'d'", "'days'", "'sec'", "'S'", "'min'", "'yr'", "'TeV'", "''"))
        )


def without_units(rng, hdus):
    """A table whose columns have no units."""
    header = some_hdu(rng, hdus)[0]
    for number, *_ in columns(header):
        _drop(header, f"TUNIT{number}")


def without_classes(rng, hdus):
    """Tables that do not say what they are."""
    for header, _ in hdus[1:]:
        for number in (1, 2, 3, 4):
            _drop(header, f"HDUCLAS{number}")


def other_obs_id(rng, hdus):
    """Another OBS_ID, or the same in another form."""
    for header in _with(rng, hdus, "OBS_ID"):
        set_value(header, "OBS_ID", pick(rng, OBS_IDS))


def turned_on(rng, hdus):
    """Right ascensions that count on beyond a turn, some or all."""
    for header, data in hdus[1:]:
        width, rows = whole(header, "NAXIS1"), whole(header, "NAXIS2")
        for _, name, letter, repeat, offset in columns(header):
            if name in ("RA", "RA_PNT") and letter in "ED" and repeat == 1 and len(data) >= rows * width:
                values = np.ndarray(rows, f">f{4 if letter == 'E' else 8}", data, offset, (width,))
                values[rng.random(rows) < pick(rng, (0.5, 1.0))] += pick(rng, (360, 360, -360, 720))
    for header in _with(rng, hdus, "RA_PNT"):
        set_value(header, "RA_PNT", pick(rng, ("443.63", "-276.37", "803.63", "83.63")))


def other_site(rng, hdus):
    """The height of the observatory in km, or by another name."""
    for header in _with(rng, hdus, "ALTITUDE"):
        _drop(header, "ALTITUDE")
        set_value(
            header, pick(rng, ("ALTITUDE", "GEOALT", "OBSGEO-H")), pick(rng, ("1.835", "1835.0", "-3.0", "0"))
        )


def without_target(rng, hdus):
    """A target without a position, or at 0, 0."""
    for header in _with(rng, hdus, "RA_OBJ"):
        for keyword in ("RA_OBJ", "DEC_OBJ"):
            set_value(header, keyword, "0") if rng.random() < 0.5 else _drop(header, keyword)


def in_tiles(rng, hdus):
    """A table that says that it is one in compressed tiles."""
    set_value(some_hdu(rng, hdus)[0], "ZTABLE", "T")


def _with(rng, hdus, keyword):
    """Headers that have a keyword: all of them, or one."""
    having = [header for header, _ in hdus if find(header, keyword) is not None]
    return having if rng.random() < 0.5 or not having else [pick(rng, having)]


def _drop(header, keyword):
    number = find(header, keyword)
    if number is not None and number in cards(header):
        put(header, number, "COMMENT")


DIALECTS = (
    *(time_scale, time_zero, time_zero, own_epoch, time_unit, without_units, without_classes, other_obs_id),
    *(turned_on, other_site, without_target, in_tiles),
)
