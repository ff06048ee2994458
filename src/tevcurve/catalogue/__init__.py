"""All sources of a catalogue: their positions, their rows from one reading of the runs, and pages that show them."""

from tevcurve.on_demand import names_on_demand

_PLACES = {
    "LightCurves": "tevcurve.catalogue.folder:LightCurves",
    "light_curves": "tevcurve.catalogue.making:light_curves",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = names_on_demand(__name__, _PLACES)
