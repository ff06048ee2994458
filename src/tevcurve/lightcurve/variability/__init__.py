"""Did the source vary, how much, and how fast?"""

from tevcurve.lightcurve.variability.constancy import chi_square, ts_var

__all__ = ["chi_square", "ts_var"]
