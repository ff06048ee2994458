"""DL3 data in: data stores, observations, event lists, good time intervals."""

from tevcurve.on_demand import names_on_demand

_PLACES = {
    "DataStore": "tevcurve.data.store:DataStore",
    "EventList": "tevcurve.data.events:EventList",
    "GTI": "tevcurve.data.gti:GTI",
    "Observation": "tevcurve.data.observation:Observation",
    "ObservationFilter": "tevcurve.data.filters:ObservationFilter",
    "Observations": "tevcurve.data.observations:Observations",
    "RunId": "tevcurve.run_id:RunId",
    "TimeReference": "tevcurve.data.time:TimeReference",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = names_on_demand(__name__, _PLACES)
