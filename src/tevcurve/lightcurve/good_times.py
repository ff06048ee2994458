"""The good time of a light curve's runs as a table, and as lines of text that its files keep."""

import numpy as np
from astropy.table import Table

from tevcurve.errors import DataError

# Where the metadata of a light curve's file has them.
KEY = "good_time"


def good_times(light_curve):
    """`Table` of the good time intervals of a light curve's runs (see `good_times_table`), None where it has none."""
    runs = getattr(light_curve.origin, "runs", None)
    if runs is not None and all(hasattr(run, "gti") for run in runs):
        return good_times_table(runs)
    lines = light_curve.meta.get(KEY)
    return None if lines is None else _of_lines(lines)


def good_times_table(runs):
    """`Table`, one row per good time interval, in the order of the runs.

    `obs_id`; `start` and `stop` in mission seconds; `mjdrefi`, `mjdreff` and `timesys`: since when, and in which scale,
    these count; `timeref`: where the light is when its time is told.

    runs: sequence of anything with `obs_id` and `gti`.
    """
    rows = [
        (int(run.obs_id), *interval, *clock)
        for run in runs
        for clock in [_clock(run.gti.reference)]
        for interval in run.gti.intervals.tolist()
    ]
    return _table(rows)


def _clock(reference):
    return reference.mjdrefi, reference.mjdreff, reference.scale.upper(), reference.place.upper()


def with_good_times(light_curve):
    """The table of a light curve whose metadata have its good times, too, where these are known."""
    known = good_times(light_curve)
    if known is None:
        return light_curve.table
    table = light_curve.table.copy(copy_data=False)
    table.meta[KEY] = [
        " ".join(map(str, row))
        for row in zip(*(known[name].tolist() for name in known.colnames), strict=True)
    ]
    return table


def _of_lines(lines):
    try:
        # Files of before do not say the place, which was the observatory.
        rows = [[*line.split(), "LOCAL"][:7] for line in lines]
        return _table(
            [(int(a), float(b), float(c), int(d), float(e), *words) for a, b, c, d, e, *words in rows]
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise DataError(f"The good times of the light curve cannot be read: {error}.") from error


def _table(rows):
    columns = list(zip(*rows, strict=True)) if rows else [()] * 7
    names = {"obs_id": int, "start": float, "stop": float, "mjdrefi": int, "mjdreff": float}
    names |= {"timesys": str, "timeref": str}
    made = {
        name: np.array(values, dtype=kind)
        for (name, kind), values in zip(names.items(), columns, strict=True)
    }
    return Table(made, units={"start": "s", "stop": "s", "mjdrefi": "d", "mjdreff": "d"})
