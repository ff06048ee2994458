"""Models of sources and of the background, and their parameters."""

from tevcurve.models.background import BackgroundModel
from tevcurve.models.field import Field
from tevcurve.models.parameters import Parameter, Parameters
from tevcurve.models.sky import SkyModel
from tevcurve.models.spatial import SkyDisk, SkyGaussian, SkyPointSource, SpatialModel
from tevcurve.models.spectral import FunctionSpectrum, SpectralModel
from tevcurve.models.spectral_shapes import (
    BrokenPowerLaw,
    Constant,
    ExponentialCutoffPowerLaw,
    LogParabola,
    PowerLaw,
)
from tevcurve.models.template_map import TemplateSpatialModel
from tevcurve.models.yaml_models import models_from_dict, models_to_dict, read_models, write_models

__all__ = [
    "BackgroundModel",
    "BrokenPowerLaw",
    "Constant",
    "ExponentialCutoffPowerLaw",
    "Field",
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
    "TemplateSpatialModel",
    "models_from_dict",
    "models_to_dict",
    "read_models",
    "write_models",
]
