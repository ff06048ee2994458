"""Instrument responses: what GADF files say about the telescopes."""

from tevcurve.on_demand import names_on_demand

_PLACES = {
    "AnalyticPSF": "tevcurve.irf.analytic_psf:AnalyticPSF",
    "Background2D": "tevcurve.irf.background:Background2D",
    "Background3D": "tevcurve.irf.background:Background3D",
    "EDispKernel": "tevcurve.irf.energy_dispersion:EDispKernel",
    "EffectiveAreaTable2D": "tevcurve.irf.effective_area:EffectiveAreaTable2D",
    "EnergyDependentMultiGaussPSF": "tevcurve.irf.parametric_psf:EnergyDependentMultiGaussPSF",
    "EnergyDependentTablePSF": "tevcurve.irf.psf_table:EnergyDependentTablePSF",
    "EnergyDispersion2D": "tevcurve.irf.energy_dispersion:EnergyDispersion2D",
    "PSF3D": "tevcurve.irf.psf:PSF3D",
    "PSFKernel": "tevcurve.irf.psf_kernel:PSFKernel",
    "PSFKing": "tevcurve.irf.parametric_psf:PSFKing",
    "RadMax2D": "tevcurve.irf.rad_max:RadMax2D",
    "make_mean_edisp": "tevcurve.irf.energy_dispersion:make_mean_edisp",
    "make_mean_psf": "tevcurve.irf.psf:make_mean_psf",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = names_on_demand(__name__, _PLACES)
