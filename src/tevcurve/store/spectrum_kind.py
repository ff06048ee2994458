"""Spectra in the text of a job: by the name of their shape, with their parameters and what else they are made of."""

from dataclasses import dataclass
from typing import Any, ClassVar

from tevcurve.errors import DataError, InputError
from tevcurve.models import SpectralModel, spectrum_class, spectrum_name
from tevcurve.models.compound_spectra import CompoundSpectrum
from tevcurve.models.spectrum_names import COMPOUND
from tevcurve.spectra import SPECTRA
from tevcurve.store.plain import RecordKind


@dataclass(frozen=True)
class SpectrumKind:
    """A `NamedKind` of the declared spectra, of sums and of products."""

    kind: ClassVar[str] = "spectrum"

    def kind_of(self, value: Any) -> RecordKind | None:
        """The `RecordKind` of a spectrum; None for other objects, and for shapes that are not declared.

        value: any object.
        """
        if not isinstance(value, SpectralModel):
            return None
        try:
            return self.named(spectrum_name(value))
        except InputError:
            return None

    def named(self, name: str) -> RecordKind | None:
        """The `RecordKind` of a name, or None where there is none. name: of a shape, "sum" or "product"."""
        if name not in COMPOUND and name not in SPECTRA:
            return None
        cls = spectrum_class(name)

        def make(parts: dict[str, Any]) -> SpectralModel:
            return _made(cls, parts)

        return RecordKind(f"{self.kind}:{name}", cls, _parts, make)


def _parts(model: SpectralModel) -> dict[str, Any]:
    # Of a compound the parameters of the parts are in these.
    own = [each.name for each in model.own] if isinstance(model, CompoundSpectrum) else model.parameters.names
    parts = {"name": model.name, "parameters": [model.parameters[name] for name in own]}
    return parts | ({"settings": model.settings} if model.settings else {})


def _made(cls: type[SpectralModel], parts: dict[str, Any]) -> SpectralModel:
    given, settings = list(parts["parameters"]), parts.get("settings", {})
    own = cls.own if issubclass(cls, CompoundSpectrum) else cls.default_parameters
    names = [parameter.name for parameter in own]
    if [parameter.name for parameter in given] != names or not isinstance(settings, dict):
        raise DataError(
            f"a {cls.__name__} should have the parameters {', '.join(names) or 'of its parts alone'}"
        )
    model = cls.from_settings(settings, **{parameter.name: parameter.quantity for parameter in given})
    model._set_parameters([*given, *list(model.parameters)[len(given) :]])
    model.name = parts["name"]
    return model
