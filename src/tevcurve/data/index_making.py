"""The two index tables of a store, made of its observations: the bytes of their HDUs.

Format: https://gamma-astro-data-formats.readthedocs.io/en/v0.3/data_storage/index.html
"""

from contextlib import suppress
from itertools import chain

import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve.data.response_hdus import CLASSIFICATION
from tevcurve.data.run_times import dates_of, span_keywords
from tevcurve.data.table_bytes import table_bytes
from tevcurve.data.target_position import target_position
from tevcurve.errors import TevcurveError
from tevcurve.files import number_of
from tevcurve.problems import noted_remarks

HDU_COLUMNS = ("OBS_ID", "HDU_TYPE", "HDU_CLASS", "FILE_DIR", "FILE_NAME", "HDU_NAME")
_TIMES = ("TSTART", "TSTOP", "TELAPSE", "ONTIME", "LIVETIME", "DEADC")
# Keywords of the events that are columns, too: texts, whole numbers, and other numbers.
_TEXTS = ("OBS_MODE", "OBJECT", "TELLIST", "TELESCOP", "INSTRUME")
_WHOLE = ("N_TELS",)
_NUMBERS = ("ALT_PNT", "AZ_PNT", "MUONEFF")
_UNITS = {"TSTART": "s", "TSTOP": "s", "TELAPSE": "s", "ONTIME": "s", "LIVETIME": "s"}
_ALWAYS = ("OBS_ID", "RA_PNT", "DEC_PNT", "TSTART", "TSTOP")
# The order of the columns; OFFSET_OBJ to EVENT_COUNT are made here.
OBS_COLUMNS = (
    *("OBS_ID", "OBS_MODE", "RA_PNT", "DEC_PNT", "GLON_PNT", "GLAT_PNT", "ALT_PNT", "AZ_PNT", "ZEN_PNT"),
    *(
        "OBJECT",
        "TARGET_NAME",
        "RA_OBJ",
        "DEC_OBJ",
        "OFFSET_OBJ",
        "ONTIME",
        "LIVETIME",
        "DEADC",
        "TSTART",
        "TSTOP",
    ),
    *("TELAPSE", "DATE-OBS", "TIME-OBS", "DATE-END", "TIME-END", "N_TELS", "TELLIST", "TELESCOP", "INSTRUME"),
    *("EVENT_COUNT", "MUONEFF"),
)


def hdu_index(rows, sizes, telescopes=None):
    """Bytes of an HDU index.

    Parameters
    ----------
    rows : list of tuples, the values of `HDU_COLUMNS`
    sizes : list of int, bytes of each HDU
    telescopes : list of str, TELESCOP of the run of each, or None for an index without them
    """
    columns = [
        (name, None, _array(values))
        for name, values in zip(HDU_COLUMNS, zip(*rows, strict=True), strict=True)
    ]
    columns.append(("SIZE", None, np.array(sizes, dtype=np.int64)))
    if telescopes is not None:
        columns.append(("TELESCOP", None, np.array(telescopes)))
    return table_bytes("HDU_INDEX", columns, CLASSIFICATION | {"HDUCLAS1": "INDEX", "HDUCLAS2": "HDU"})


def obs_index(observations, n_events=None):
    """Bytes of an observation index; times count from the reference of the first observation that can be read.

    What an observation does not say, or one that cannot be read, is NaN, an empty text or an undefined whole number.
    A column of which no observation says anything is left out.

    Parameters
    ----------
    observations : list of `Observation`
    n_events : list of the numbers of their events, None for those that are not known
    """
    rows, reference = [], None
    for observation, count in zip(observations, n_events or [None] * len(observations), strict=True):
        # What is odd about a run is told to who reads it.
        with noted_remarks(aloud=False):
            row, own = _row(observation, count)
        if own is not None:
            reference = reference or own
            for name in ("TSTART", "TSTOP"):
                row[name] = float(reference.convert(row[name], own))
        rows.append(row)
    known = set(chain.from_iterable(rows))
    columns = [
        (
            name,
            _UNITS.get(name, "deg" if name.endswith(("_PNT", "_OBJ")) else None),
            _array([row.get(name) for row in rows]),
        )
        for name in OBS_COLUMNS
        if name in known or name in _ALWAYS
    ]
    classes = {"HDUCLAS1": "INDEX", "HDUCLAS2": "OBS"}
    return table_bytes(
        "OBS_INDEX", columns, CLASSIFICATION | classes | (reference.to_header() if reference else {})
    )


def _row(observation, n_events):
    """(dict of what is known of an observation by the names of the columns, `TimeReference` of its times or None)."""
    row = {"OBS_ID": observation.obs_id, "TARGET_NAME": None, "EVENT_COUNT": n_events}
    reference = None
    for add in (_words, _place, _span, _good_time):
        with suppress(TevcurveError):
            row |= add(observation)
    with suppress(TevcurveError):
        reference = observation.time_reference if "TSTART" in row else None
    return {name: value for name, value in row.items() if value is not None}, reference


def _words(observation):
    meta = observation.meta
    row = {name: str(meta[name]).strip() for name in _TEXTS if meta.get(name) is not None}
    row |= {name: number_of(meta.get(name)) for name in _NUMBERS + _WHOLE}
    whole = [
        name for name in _WHOLE if row[name] is not None and row[name].is_integer() and abs(row[name]) < 2**31
    ]
    row |= {name: int(row[name]) for name in whole}
    if row["ALT_PNT"] is not None:
        row["ZEN_PNT"] = 90 - row["ALT_PNT"]
    return row | {"TARGET_NAME": observation.target_name or None}


def _place(observation):
    at, galactic = observation.pointing, observation.pointing.galactic
    row = {"RA_PNT": at.ra.deg, "DEC_PNT": at.dec.deg, "GLON_PNT": galactic.l.deg, "GLAT_PNT": galactic.b.deg}
    target = target_position(observation.meta)
    if target is not None:
        offset = at.separation(SkyCoord(*target, unit="deg"))
        row |= {"RA_OBJ": target[0], "DEC_OBJ": target[1], "OFFSET_OBJ": offset.deg}
    return {name: float(value) for name, value in row.items()}


def _span(observation):
    start, stop = observation.span_s
    return {"TSTART": start, "TSTOP": stop, "TELAPSE": stop - start, **dates_of(observation)}


def _good_time(observation):
    keywords = span_keywords(observation)
    return {name: keywords[name] for name in _TIMES}


def _array(values):
    """The values of a column: texts, whole numbers or numbers; None is "", undefined or NaN."""
    known = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in known):
        return np.array(["" if value is None else str(value) for value in values])
    if all(isinstance(value, int | np.integer) for value in known):
        mask = [value is None for value in values]
        return np.ma.array([0 if value is None else value for value in values], mask=mask, dtype=np.int64)
    return np.array([np.nan if value is None else value for value in values], dtype=float)
