"""The time domain of a light curve: one door to what is asked of rows that follow each other in time."""

from dataclasses import dataclass
from typing import Any

from tevcurve.on_demand import offers
from tevcurve.records import short_repr

# The name of each method, and where its function of a light curve is.
METHODS: dict[str, str] = {
    "lomb_scargle": "tevcurve.lightcurve.variability.periodogram:lomb_scargle",
    "z_n_search": "tevcurve.lightcurve.variability.event_periods:z_n_search",
    "htest": "tevcurve.lightcurve.variability.event_periods:htest",
    "gregory_loredo": "tevcurve.lightcurve.variability.gregory_loredo:gregory_loredo",
    "power_spectrum": "tevcurve.lightcurve.variability.power_spectrum:power_spectrum",
    "structure_function": "tevcurve.lightcurve.variability.structure_function:structure_function",
    "time_lag": "tevcurve.lightcurve.variability.time_lag:time_lag",
    "cross_correlation": "tevcurve.lightcurve.variability.cross_correlation:cross_correlation",
}


@offers(METHODS, about="light_curve")
@dataclass(frozen=True, eq=False)
class Timing:
    """What is asked of a light curve in the domain of time: `light_curve.timing`.

    Its methods are functions of the light curve, found in the table `METHODS`; each gives a record that prints itself.

    Attributes
    ----------
    light_curve : `LightCurve`
    """

    light_curve: Any

    __repr__ = short_repr
