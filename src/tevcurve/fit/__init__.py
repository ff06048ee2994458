"""Fits: of any free parameters to datasets, and of the norms of light curves, many at once."""

from tevcurve.fit.fit import Fit
from tevcurve.fit.fit_result import FitResult

__all__ = ["Fit", "FitResult"]
