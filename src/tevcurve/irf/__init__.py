"""Instrument responses: what GADF files say about the telescopes."""

from tevcurve.irf.analytic_psf import AnalyticPSF
from tevcurve.irf.background import Background2D, Background3D
from tevcurve.irf.effective_area import EffectiveAreaTable2D
from tevcurve.irf.energy_dispersion import EDispKernel, EnergyDispersion2D, make_mean_edisp
from tevcurve.irf.parametric_psf import EnergyDependentMultiGaussPSF, PSFKing
from tevcurve.irf.psf import PSF3D, make_mean_psf
from tevcurve.irf.psf_kernel import PSFKernel
from tevcurve.irf.psf_table import EnergyDependentTablePSF
from tevcurve.irf.rad_max import RadMax2D

__all__ = [
    "PSF3D",
    "AnalyticPSF",
    "Background2D",
    "Background3D",
    "EDispKernel",
    "EffectiveAreaTable2D",
    "EnergyDependentMultiGaussPSF",
    "EnergyDependentTablePSF",
    "EnergyDispersion2D",
    "PSFKernel",
    "PSFKing",
    "RadMax2D",
    "make_mean_edisp",
    "make_mean_psf",
]
