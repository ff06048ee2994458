"""From observations to a light curve in one call."""

from tevcurve.pipeline.in_one_call import METHODS, light_curve

__all__ = ["METHODS", "light_curve"]
