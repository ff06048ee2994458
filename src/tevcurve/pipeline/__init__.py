"""From observations to a light curve in one call, and more runs for one that is on disk."""

from tevcurve.on_demand import names_on_demand

_PLACES = {
    "METHODS": "tevcurve.options:METHODS",
    "append_runs": "tevcurve.pipeline.append:append_runs",
    "light_curve": "tevcurve.pipeline.in_one_call:light_curve",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = names_on_demand(__name__, _PLACES)
