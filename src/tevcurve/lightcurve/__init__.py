"""Light curves: the estimator, its product, and what is done with it."""

from tevcurve.lightcurve.concatenation import concatenate
from tevcurve.lightcurve.estimator import LightCurveEstimator
from tevcurve.lightcurve.product import LightCurve

__all__ = ["LightCurve", "LightCurveEstimator", "concatenate"]
