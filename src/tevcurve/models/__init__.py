"""Models of sources and of the background, and their parameters."""

from .background import BackgroundModel
from .parameters import Parameter, Parameters
from .sky import SkyModel
from .spatial import SkyDisk, SkyGaussian, SkyPointSource, SpatialModel
from .spectral import FunctionSpectrum, SpectralModel
from .spectral_shapes import BrokenPowerLaw, Constant, ExponentialCutoffPowerLaw, LogParabola, PowerLaw

__all__ = [
    "BackgroundModel",
    "BrokenPowerLaw",
    "Constant",
    "ExponentialCutoffPowerLaw",
    "FunctionSpectrum",
    "LogParabola",
    "Parameter",
    "Parameters",
    "PowerLaw",
    "SkyDisk",
    "SkyGaussian",
    "SkyModel",
    "SkyPointSource",
    "SpatialModel",
    "SpectralModel",
]
