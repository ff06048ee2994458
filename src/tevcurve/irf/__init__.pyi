from tevcurve.irf.analytic_psf import AnalyticPSF as AnalyticPSF
from tevcurve.irf.background import Background2D as Background2D
from tevcurve.irf.background import Background3D as Background3D
from tevcurve.irf.effective_area import EffectiveAreaTable2D as EffectiveAreaTable2D
from tevcurve.irf.energy_dispersion import EDispKernel as EDispKernel
from tevcurve.irf.energy_dispersion import EnergyDispersion2D as EnergyDispersion2D
from tevcurve.irf.energy_dispersion import make_mean_edisp as make_mean_edisp
from tevcurve.irf.parametric_psf import EnergyDependentMultiGaussPSF as EnergyDependentMultiGaussPSF
from tevcurve.irf.parametric_psf import PSFKing as PSFKing
from tevcurve.irf.psf import PSF3D as PSF3D
from tevcurve.irf.psf import make_mean_psf as make_mean_psf
from tevcurve.irf.psf_kernel import PSFKernel as PSFKernel
from tevcurve.irf.psf_table import EnergyDependentTablePSF as EnergyDependentTablePSF
from tevcurve.irf.rad_max import RadMax2D as RadMax2D

__all__: list[str]
