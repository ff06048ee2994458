"""Light curves: the estimator, its product, and what is done with it.

The names are loaded on first use, so that what a configuration asks of a light curve costs none of this.
"""

from tevcurve.on_demand import names_on_demand

_PLACES = {
    "FluxPoints": "tevcurve.lightcurve.sed.flux_points:FluxPoints",
    "LightCurve": "tevcurve.lightcurve.product:LightCurve",
    "LightCurveEstimator": "tevcurve.lightcurve.estimator:LightCurveEstimator",
    "bins": "tevcurve.lightcurve.bins",
    "concatenate": "tevcurve.lightcurve.concatenation:concatenate",
    "plot_panels": "tevcurve.lightcurve.plots.panels:plot_panels",
    "variability": "tevcurve.lightcurve.variability",
}
__all__ = ["FluxPoints", "LightCurve", "LightCurveEstimator", "concatenate", "plot_panels"]
__getattr__, __dir__ = names_on_demand(__name__, _PLACES)
