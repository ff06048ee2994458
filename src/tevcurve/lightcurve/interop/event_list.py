"""Events of light curves as `stingray.EventList`, for timing event by event."""

from typing import TYPE_CHECKING

import numpy as np

from tevcurve.errors import InputError
from tevcurve.lightcurve.event_table import event_table
from tevcurve.lightcurve.interop.good_intervals import good_intervals
from tevcurve.lightcurve.interop.one_band import band_of
from tevcurve.lightcurve.interop.stingray_curve import seconds_since
from tevcurve.lightcurve.notebook_view import remarks
from tevcurve.lightcurve.provenance import place_of_times

if TYPE_CHECKING:
    from stingray import EventList

    from tevcurve.lightcurve.product import LightCurve


def to_event_list(light_curve: "LightCurve", band: int | None = None) -> "EventList":
    """`stingray.EventList` of one energy band: the events that its rows rest on, with the good time intervals.

    Times are seconds in TT since `mjdref`, the midnight before the first bin, in order. `source_probability` is the
    chance of each event to be of the source, as in `light_curve.events()`: a weight where stingray takes one. `notes`
    says what was assumed. Times are as recorded, not brought to the barycentre.

    Parameters
    ----------
    light_curve : with the band, of `tevcurve.light_curve`
    band : int, number of the energy band; needed where there are several

    Raises `InputError` for a light curve that does not know its events, or has none.
    """
    import stingray

    own = band_of(light_curve, band, "A stingray.EventList")
    events = event_table(light_curve)
    if len(own.table) < len(light_curve.table):
        low = float(np.asarray(own.table["e_min"])[0])
        events = events[np.asarray(light_curve.table["e_min"])[events["row"]] == low]
    if not len(events):
        raise InputError("No row of the light curve has an event; a stingray.EventList needs one.")
    zero = float(np.floor(own.time_start.tt.mjd.min()))
    time = seconds_since(events["time"], zero)
    order = np.argsort(time, kind="stable")
    made = stingray.EventList(
        time[order],
        gti=np.column_stack([seconds_since(times, zero) for times in good_intervals(own)]),
        mjdref=zero,
        timesys="TT",
        timeref=place_of_times(light_curve.meta) or "LOCAL",
        notes="\n".join(remarks(own)),
    )
    made.source_probability = np.asarray(events["source_probability"])[order]
    return made
