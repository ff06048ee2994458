"""From observations to a light curve in one call, and more runs for one that is on disk."""

from tevcurve.options import METHODS
from tevcurve.pipeline.append import append_runs
from tevcurve.pipeline.in_one_call import light_curve

__all__ = ["METHODS", "append_runs", "light_curve"]
