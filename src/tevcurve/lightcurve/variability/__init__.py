"""Did the source vary, how much, and how fast?"""

from tevcurve.lightcurve.variability.amplitude import (
    excess_variance,
    fractional_variability,
    point_to_point,
)
from tevcurve.lightcurve.variability.blocks import bayesian_blocks
from tevcurve.lightcurve.variability.constancy import chi_square, ts_var
from tevcurve.lightcurve.variability.flare_fit import flare_profile
from tevcurve.lightcurve.variability.leave_one_out import leave_one_out
from tevcurve.lightcurve.variability.records import VariabilityResult
from tevcurve.lightcurve.variability.summary import VariabilitySummary
from tevcurve.lightcurve.variability.timescales import doubling_times, halving_times

__all__ = [
    "VariabilityResult",
    "VariabilitySummary",
    "bayesian_blocks",
    "chi_square",
    "doubling_times",
    "excess_variance",
    "flare_profile",
    "fractional_variability",
    "halving_times",
    "leave_one_out",
    "point_to_point",
    "ts_var",
]
