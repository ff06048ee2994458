"""The events that a light curve rests on, each with its chance to be of the source."""

import numpy as np
from astropy.table import QTable
from astropy.time import Time

from tevcurve.fit.norms import estimate_norms
from tevcurve.fit.protocols import EventView
from tevcurve.lightcurve.origin_rows import rows_behind
from tevcurve.lightcurve.run_columns import columns_of


def event_table(light_curve):
    """The events of the rows that are fitted, an astropy `QTable` in the order of rows, of runs, and of time.

    `row`, the number of the row in the table; `instrument`, `obs_id` and `part` of the run; `time`; and
    `source_probability`: what the row expects of the source where the event was seen over all that it expects there,
    with the flux, at or above zero, and the backgrounds that fit the row best, and the shape of the reference
    spectrum. Where is the event's cell, or its own energy and position if the fit is unbinned; in 1D its energy bin in
    the ON region. For tests of events by their times (periods, bursts) these are the weights; over the events of a row
    they add up to its `npred_excess` where the flux is above zero.

    light_curve: `LightCurve`.

    Raises `InputError` for a light curve that does not know its events.
    """
    joint = rows_behind(light_curve, EventView, use="A table of events", below_zero=False)
    events = joint.events(estimate_norms(joint.profile).norm)
    scale, run = light_curve.meta["TIMESYS"].lower(), events.run[events.piece]
    days = np.zeros((2, len(run)))
    for number in np.unique(run):
        own = run == number
        time = getattr(joint.runs[number].gti.reference.to_time(events.time_s[own]), scale)
        days[:, own] = time.jd1, time.jd2
    expected = events.signal + events.background
    return QTable(
        {
            "row": joint.fitted[events.row[events.piece]],
            **columns_of(joint.runs[number].run_id for number in run),
            "time": Time(*days, format="jd", scale=scale),
            "source_probability": np.divide(
                events.signal, expected, out=np.zeros(len(run)), where=expected > 0
            ),
        }
    )
