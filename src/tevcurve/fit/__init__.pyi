from tevcurve.fit.fit import Fit as Fit
from tevcurve.fit.fit_result import FitResult as FitResult

__all__: list[str]
