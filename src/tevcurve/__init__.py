"""Light curves of gamma-ray sources from Cherenkov-telescope data.

The names below are importable from here and loaded on first use, so that `import tevcurve` stays cheap.
"""

from tevcurve.on_demand import names_on_demand

__version__ = "0.1.0.dev0"

_NAMES = {
    "tevcurve.data": (
        "DataStore",
        "EventList",
        "GTI",
        "Observation",
        "ObservationFilter",
        "Observations",
        "RunId",
    ),
    "tevcurve.irf": (
        "Background2D",
        "Background3D",
        "EDispKernel",
        "EffectiveAreaTable2D",
        "EnergyDependentMultiGaussPSF",
        "EnergyDependentTablePSF",
        "EnergyDispersion2D",
        "PSF3D",
        "PSFKernel",
        "PSFKing",
        "make_mean_edisp",
        "make_mean_psf",
    ),
    "tevcurve.maps": ("MapAxis", "WcsGeom", "WcsNDMap"),
    "tevcurve.models": (
        "BackgroundModel",
        "BrokenPowerLaw",
        "Constant",
        "EBLAbsorption",
        "ExponentialCutoffPowerLaw",
        "LogParabola",
        "Parameter",
        "Parameters",
        "PowerLaw",
        "PowerLawNorm",
        "SkyDisk",
        "SkyGaussian",
        "SkyModel",
        "SkyPointSource",
        "SmoothBrokenPowerLaw",
        "SuperExpCutoffPowerLaw4FGLDR3",
        "TemplateSpectrum",
    ),
    "tevcurve.datasets": ("CountsSpectrum", "MapDataset", "SpectrumDatasetOnOff"),
    "tevcurve.reduction": (
        "MapMaker",
        "ReflectedRegionsBackgroundEstimator",
        "SpectrumExtraction",
        "WobbleRegionsBackgroundEstimator",
    ),
    "tevcurve.fit": ("Fit",),
    "tevcurve.lightcurve": ("FluxPoints", "LightCurve", "LightCurveEstimator", "concatenate", "plot_panels"),
    "tevcurve.store": ("Result", "RunCache", "write_result"),
    "tevcurve.systematics": ("CrossCalibration", "Systematic"),
    "tevcurve.instruments": ("Instrument",),
    "tevcurve.pipeline": ("append_runs", "light_curve"),
    "tevcurve.config": ("Config",),
    "tevcurve.report": ("write_report",),
    "tevcurve.catalogue": ("LightCurves", "light_curves"),
    "tevcurve.simulation": ("ResponseSet", "SimulatedSource", "simulate_observation"),
}
_PLACES = {name: f"{module}:{name}" for module, names in _NAMES.items() for name in names}
# The module itself can be called.
_PLACES["demo"] = "tevcurve.demo"
__all__ = sorted([*_PLACES, "__version__"])
# What was given up is found, and not shown.
__getattr__, _ = names_on_demand(__name__, _PLACES | {"RunStore": "tevcurve.store:RunStore"})


def __dir__():
    return __all__
