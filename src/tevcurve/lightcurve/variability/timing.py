"""The time domain of a light curve: one door to what is asked of rows that follow each other in time."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from tevcurve.on_demand import offers
from tevcurve.records import short_repr

# What a method needs besides the rows.
ROWS, FREQUENCIES, PAIR = "rows", "frequencies", "pair"


class Method(NamedTuple):
    """What can be asked in the domain of time.

    Attributes
    ----------
    place : str, "module:object" of its function, whose first argument is a light curve
    question : str, what it answers
    title : str, of its figure
    needs : `ROWS`; `FREQUENCIES` of the caller; or `PAIR`, two bands or another series
    is_first : bool, whether it is asked where a person does not say what
    n_axes : int, axes that its record draws on
    least_rows : int, below which nobody is told of it who does not ask
    """

    place: str
    question: str
    title: str
    needs: str = ROWS
    is_first: bool = False
    n_axes: int = 1
    least_rows: int = 0


_HERE = "tevcurve.lightcurve.variability."
# Each name is that of a method of `light_curve.timing`, and of a test of `tevcurve timing`.
METHODS: dict[str, Method] = {
    "power_spectrum": Method(
        f"{_HERE}power_spectrum:power_spectrum",
        "the power spectrum, and the flux between rows",
        "Power spectrum",
        is_first=True,
        n_axes=2,
    ),
    "lomb_scargle": Method(
        f"{_HERE}periodogram:lomb_scargle",
        "a period longer than two rows, beside red noise",
        "Lomb-Scargle periodogram",
        is_first=True,
        least_rows=20,
    ),
    "gregory_loredo": Method(
        f"{_HERE}gregory_loredo:gregory_loredo",
        "variability by the times of events",
        "Gregory & Loredo",
        is_first=True,
    ),
    "structure_function": Method(
        f"{_HERE}structure_function:structure_function",
        "how far fluxes are apart after some time",
        "Structure function",
    ),
    "time_lag": Method(
        f"{_HERE}time_lag:time_lag",
        "the lag behind another series or band",
        "Time lag",
        needs=PAIR,
        is_first=True,
    ),
    "cross_correlation": Method(
        f"{_HERE}cross_correlation:cross_correlation",
        "how alike two series are at each lag",
        "Cross-correlation",
        needs=PAIR,
    ),
    "z_n_search": Method(
        f"{_HERE}event_periods:z_n_search",
        "a period shorter than a run, in few harmonics",
        "$Z^2_n$ search",
        needs=FREQUENCIES,
    ),
    "htest": Method(
        f"{_HERE}event_periods:htest",
        "a period shorter than a run, of any shape",
        "H test",
        needs=FREQUENCIES,
    ),
}


@offers({name: method.place for name, method in METHODS.items()}, about="light_curve")
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
