"""Models of sources and of the background, and their parameters."""

from tevcurve.models.background import BackgroundModel
from tevcurve.models.compound_spectra import CompoundSpectrum, ProductSpectrum, SumSpectrum
from tevcurve.models.curved_shapes import SmoothBrokenPowerLaw, SuperExpCutoffPowerLaw4FGLDR3
from tevcurve.models.ebl_absorption import EBLAbsorption
from tevcurve.models.field import Field
from tevcurve.models.function_spectrum import FunctionSpectrum
from tevcurve.models.opacity_table import OpacityTable
from tevcurve.models.parameters import Parameter, Parameters
from tevcurve.models.sky import SkyModel
from tevcurve.models.spatial import SkyDisk, SkyGaussian, SkyPointSource, SpatialModel
from tevcurve.models.spectral import SpectralModel
from tevcurve.models.spectral_shapes import (
    BrokenPowerLaw,
    Constant,
    ExponentialCutoffPowerLaw,
    LogParabola,
    PowerLaw,
    PowerLawNorm,
)
from tevcurve.models.spectrum_dict import spectrum_from_dict, spectrum_to_dict
from tevcurve.models.spectrum_names import spectrum_class, spectrum_name
from tevcurve.models.spectrum_text import dict_from_text, spectrum_from_text, spectrum_to_text, with_nodes
from tevcurve.models.template_spectrum import TemplateSpectrum
from tevcurve.on_demand import names_on_demand

__all__ = [
    "BackgroundModel",
    "BrokenPowerLaw",
    "CompoundSpectrum",
    "Constant",
    "EBLAbsorption",
    "ExponentialCutoffPowerLaw",
    "Field",
    "FunctionSpectrum",
    "LogParabola",
    "OpacityTable",
    "Parameter",
    "Parameters",
    "PowerLaw",
    "PowerLawNorm",
    "ProductSpectrum",
    "SkyDisk",
    "SkyGaussian",
    "SkyModel",
    "SkyPointSource",
    "SmoothBrokenPowerLaw",
    "SpatialModel",
    "SpectralModel",
    "SumSpectrum",
    "SuperExpCutoffPowerLaw4FGLDR3",
    "TemplateSpatialModel",
    "TemplateSpectrum",
    "dict_from_text",
    "models_from_dict",
    "models_to_dict",
    "read_models",
    "spectrum_class",
    "spectrum_from_dict",
    "spectrum_from_text",
    "spectrum_name",
    "spectrum_to_dict",
    "spectrum_to_text",
    "with_nodes",
    "write_models",
]
# What most light curves do without.
_PLACES = {
    "TemplateSpatialModel": "tevcurve.models.template_map:TemplateSpatialModel",
    "models_from_dict": "tevcurve.models.yaml_models:models_from_dict",
    "models_to_dict": "tevcurve.models.yaml_models:models_to_dict",
    "read_models": "tevcurve.models.yaml_models:read_models",
    "write_models": "tevcurve.models.yaml_models:write_models",
}
__getattr__, _ = names_on_demand(__name__, _PLACES)


def __dir__() -> list[str]:
    return sorted(__all__)
