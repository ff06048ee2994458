"""The good time of a light curve's runs as a table, and as lines of text that its files keep."""

from urllib.parse import quote, unquote

import numpy as np
from astropy.table import Table

from tevcurve.errors import DataError
from tevcurve.lightcurve.run_columns import columns_of, ids_of
from tevcurve.run_id import RunId

# Where the metadata of a light curve's file has them.
KEY = "good_time"
_CLOCK = {
    "start": float,
    "stop": float,
    "mjdrefi": int,
    "mjdreff": float,
    "timesys": str,
    "timeref": str,
}


def good_times(light_curve):
    """`Table` of the good time intervals of a light curve's runs (see `good_times_table`), None where it has none.

    light_curve: `LightCurve`.
    """
    runs = getattr(light_curve.origin, "runs", None)
    if runs is not None and all(hasattr(run, "gti") for run in runs):
        return good_times_table(runs)
    lines = light_curve.meta.get(KEY)
    return None if lines is None else _of_lines(lines)


def good_times_table(runs):
    """`Table`, one row per good time interval, in the order of the runs.

    `instrument`, `obs_id` and `part` of its `RunId`; `start` and `stop` in mission seconds; `mjdrefi`, `mjdreff` and
    `timesys`: since when, and in which scale, these count; `timeref`: where the light is when its time is told.

    runs: sequence of anything with `run_id` and `gti`.
    """
    rows = [
        (run.run_id, *interval, *clock)
        for run in runs
        for clock in [_clock(run.gti.reference)]
        for interval in run.gti.intervals.tolist()
    ]
    return _table(rows)


def _clock(reference):
    return reference.mjdrefi, reference.mjdreff, reference.scale.upper(), reference.place.upper()


def with_good_times(light_curve):
    """The table of a light curve whose metadata have its good times, too, where these are known.

    light_curve: `LightCurve`.
    """
    known = good_times(light_curve)
    if known is None:
        return light_curve.table
    table = light_curve.table.copy(copy_data=False)
    table.meta[KEY] = [
        _line(run_id, row)
        for run_id, *row in zip(ids_of(known), *(known[name].tolist() for name in _CLOCK), strict=True)
    ]
    return table


def _line(run_id, row):
    """The words of an interval, without blanks inside any: OBS_ID, those of its row, and instrument/part."""
    words = [quote(run_id.obs_id, safe=""), *map(str, row)]
    return " ".join([*words, f"{quote(run_id.instrument, safe='')}/{quote(run_id.part, safe='')}"])


def _of_lines(lines):
    try:
        return _table([_row(line.split()) for line in lines])
    except (AttributeError, TypeError, ValueError) as error:
        raise DataError(f"The good times of the light curve cannot be read: {error}.") from error


def _row(words):
    # Files of before do not say the place, which was the observatory, or the instrument.
    obs_id, start, stop, days, rest, scale, place, name = [*words, *("LOCAL", "/")[len(words) - 6 :]]
    instrument, part = map(unquote, name.split("/"))
    run_id = RunId(instrument, unquote(obs_id), part)
    return run_id, float(start), float(stop), int(days), float(rest), scale, place


def _table(rows):
    run_ids, *columns = zip(*rows, strict=True) if rows else [()] * (1 + len(_CLOCK))
    made = columns_of(run_ids) | {
        name: np.array(values, dtype=kind)
        for (name, kind), values in zip(_CLOCK.items(), columns, strict=True)
    }
    return Table(made, units={"start": "s", "stop": "s", "mjdrefi": "d", "mjdreff": "d"})
