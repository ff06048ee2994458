"""The shapes of spectra, declared once: what texts, configurations, stored results and commands call each of them.

A shape is a class of `~tevcurve.models.SpectralModel`; how to write one is said there. A package adds one with an entry
point of the group `tevcurve.spectra`, a process with `SPECTRA.register`.
"""

from typing import Any

from tevcurve.declarations import Declarations

SPECTRA: Declarations[Any] = Declarations(
    "spectral model",
    "tevcurve.spectra",
    {
        "PowerLaw": "tevcurve.models.spectral_shapes:PowerLaw",
        "ExponentialCutoffPowerLaw": "tevcurve.models.spectral_shapes:ExponentialCutoffPowerLaw",
        "LogParabola": "tevcurve.models.spectral_shapes:LogParabola",
        "BrokenPowerLaw": "tevcurve.models.spectral_shapes:BrokenPowerLaw",
        "SmoothBrokenPowerLaw": "tevcurve.models.curved_shapes:SmoothBrokenPowerLaw",
        "SuperExpCutoffPowerLaw4FGLDR3": "tevcurve.models.curved_shapes:SuperExpCutoffPowerLaw4FGLDR3",
        "Constant": "tevcurve.models.spectral_shapes:Constant",
        "TemplateSpectrum": "tevcurve.models.template_spectrum:TemplateSpectrum",
        "EBLAbsorption": "tevcurve.models.ebl_absorption:EBLAbsorption",
        "PowerLawNorm": "tevcurve.models.spectral_shapes:PowerLawNorm",
    },
)
