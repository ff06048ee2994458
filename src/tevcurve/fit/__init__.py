"""Fits: of any free parameters to datasets, and of the norms of light curves, many at once."""

from tevcurve.on_demand import names_on_demand

_PLACES = {
    "Fit": "tevcurve.fit.fit:Fit",
    "FitResult": "tevcurve.fit.fit_result:FitResult",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = names_on_demand(__name__, _PLACES)
