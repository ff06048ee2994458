from tevcurve.data.events import EventList as EventList
from tevcurve.data.filters import ObservationFilter as ObservationFilter
from tevcurve.data.gti import GTI as GTI
from tevcurve.data.observation import Observation as Observation
from tevcurve.data.observations import Observations as Observations
from tevcurve.data.store import DataStore as DataStore
from tevcurve.data.time import TimeReference as TimeReference
from tevcurve.run_id import RunId as RunId

__all__: list[str]
