"""DL3 data in: data stores, observations, event lists, good time intervals."""

from tevcurve.data.events import EventList
from tevcurve.data.filters import ObservationFilter
from tevcurve.data.gti import GTI
from tevcurve.data.observation import Observation
from tevcurve.data.observations import Observations
from tevcurve.data.store import DataStore
from tevcurve.data.time import TimeReference
from tevcurve.run_id import RunId

__all__ = [
    "GTI",
    "DataStore",
    "EventList",
    "Observation",
    "ObservationFilter",
    "Observations",
    "RunId",
    "TimeReference",
]
