"""Sums and products of spectra.

Parameters keep their names, but one that several parts have is numbered by its part: `index_1`, `index_2`.
"""

from collections import Counter
from collections.abc import Sequence
from numbers import Real
from typing import Any, Self

import numpy as np

from tevcurve.errors import InputError
from tevcurve.models.parameters import Parameter
from tevcurve.models.spectral import SpectralModel

# Frozen, as the amplitudes of the parts are free: a fit of datasets could not tell one from the other.
SCALE = Parameter("scale", 1.0, frozen=True)


class CompoundSpectrum(SpectralModel):
    """A spectrum made of others, with parameters of its own: those that it is given stay as they are.

    Parameters
    ----------
    parts : two or more `SpectralModel`
    name : free to choose
    """

    own: tuple[Parameter, ...] = ()
    # As they were given, and the names of their parameters in the whole.
    _parts: tuple[SpectralModel, ...]
    _names: tuple[dict[str, str], ...]

    def __init__(self, parts: Sequence[SpectralModel], *, name: str = "") -> None:
        self.__dict__["_parts"] = tuple(part.copy() for part in parts)
        self.__dict__["_names"] = _names_apart(self._parts, {parameter.name for parameter in self.own})
        named = [
            parameter.called(names[parameter.name])
            for part, names in zip(self._parts, self._names, strict=True)
            for parameter in part.parameters
        ]
        self._set_parameters([*(parameter.copy() for parameter in self.own), *named])
        pairs = list(zip(self._parts, self._names, strict=True))
        self.__dict__["break_names"] = tuple(
            names[each] for part, names in pairs for each in part.break_names
        )
        self.name = name

    __signature__ = None

    @property
    def parts(self) -> tuple[SpectralModel, ...]:
        """The spectra that it is made of, with the numbers that it has now: tuple of independent `SpectralModel`."""
        made = []
        for part, names in zip(self._parts, self._names, strict=True):
            new = part.copy()
            new._set_parameters(
                self.parameters[names[each.name]].called(each.name) for each in part.parameters
            )
            made.append(new)
        return tuple(made)

    def evaluate(self, energy: np.ndarray, **values: Any) -> np.ndarray:
        """The spectrum in cm-2 s-1 TeV-1, or the factor without a unit.

        Parameters
        ----------
        energy : TeV
        values : of all parameters, TeV, cm, s
        """
        raise NotImplementedError

    def _each(self, values: dict[str, Any]) -> list[tuple[SpectralModel, dict[str, Any]]]:
        """Each part with the values of its parameters."""
        pairs = zip(self._parts, self._names, strict=True)
        return [(part, {own: values[name] for own, name in names.items()}) for part, names in pairs]

    @property
    def table_energies(self) -> np.ndarray:
        """The energies of the nodes of all parts, TeV, float64 (n,) ascending."""
        return np.unique(np.concatenate([part.table_energies for part in self._parts]))

    @property
    def energy_range(self) -> tuple[float, float]:
        """(lowest, highest) energy in TeV that all parts know of."""
        ranges = [part.energy_range for part in self._parts]
        return max(low for low, _ in ranges), min(high for _, high in ranges)

    @property
    def intrinsic_names(self) -> tuple[str, ...]:
        """Names of parameters that are of the source's own spectrum, before an absorption among the parts."""
        pairs = list(zip(self._parts, self._names, strict=True))
        return tuple(names[each] for part, names in pairs for each in self._intrinsic_of(part))

    def _intrinsic_of(self, part: SpectralModel) -> Sequence[str]:
        return part.intrinsic_names

    @property
    def settings(self) -> dict[str, Any]:
        """{"parts": list of the spectra that it is made of}."""
        return {"parts": list(self.parts)}

    @classmethod
    def from_settings(cls, settings: dict[str, Any], **parameters: Any) -> Self:
        """The spectrum of `settings`.

        Parameters
        ----------
        settings : {"parts": list of `SpectralModel`}
        parameters : of its own

        Raises InputError for other settings.
        """
        parts = settings.get("parts")
        if set(settings) != {"parts"} or not isinstance(parts, list | tuple):
            raise InputError(f"{cls.__name__} was given {', '.join(settings)}; wanted are its parts.")
        made = cls(parts)
        for name, value in parameters.items():
            made.parameters[name].value = value
        return made


class SumSpectrum(CompoundSpectrum):
    """The sum of spectra, times a scale of all: scale * (first + second + ...).

    Parameters
    ----------
    parts : two or more `SpectralModel`, all fluxes or all factors without a unit
    name : free to choose
    """

    own = (SCALE,)
    amplitude_name = "scale"

    def __init__(self, parts: Sequence[SpectralModel], *, name: str = "") -> None:
        _check(parts, "sum")
        if len({part.is_factor for part in parts}) > 1:
            raise InputError(
                f"The sum of {_listed(parts)} has no unit; wanted are fluxes alone, or factors without a unit alone."
            )
        self.__dict__["is_factor"] = parts[0].is_factor
        super().__init__(parts, name=name)

    def evaluate(self, energy: np.ndarray, **values: Any) -> np.ndarray:
        """The sum of the parts; arguments as in `CompoundSpectrum`.

        Parameters
        ----------
        energy : TeV
        values : of all parameters, TeV, cm, s
        """
        return values["scale"] * sum(part._evaluate(energy, own) for part, own in self._each(values))

    def _photon_flux(
        self, energy_min: np.ndarray, energy_max: np.ndarray, values: dict[str, Any]
    ) -> np.ndarray:
        # Each part in its own way, which may be exact.
        parts = (part._photon_flux(energy_min, energy_max, own) for part, own in self._each(values))
        return values["scale"] * sum(parts)

    def _energy_flux(
        self, energy_min: np.ndarray, energy_max: np.ndarray, values: dict[str, Any]
    ) -> np.ndarray:
        parts = (part._energy_flux(energy_min, energy_max, own) for part, own in self._each(values))
        return values["scale"] * sum(parts)


class ProductSpectrum(CompoundSpectrum):
    """The product of spectra: one flux at most, the others factors without a unit.

    The amplitude is that of the flux; of factors alone it is the first that there is.

    Parameters
    ----------
    parts : two or more `SpectralModel`
    name : free to choose
    """

    def __init__(self, parts: Sequence[SpectralModel], *, name: str = "") -> None:
        _check(parts, "product")
        fluxes = [part for part in parts if not part.is_factor]
        if len(fluxes) > 1:
            raise InputError(
                f"The product of {_listed(parts)} is no flux; wanted is one flux, and factors without a unit such as "
                "EBLAbsorption or PowerLawNorm."
            )
        self.__dict__["is_factor"] = not fluxes
        super().__init__(parts, name=name)
        scaling = [
            names[part.amplitude_name]
            for part, names in zip(self._parts, self._names, strict=True)
            if part.amplitude_name is not None and (part.is_factor == self.is_factor)
        ]
        self.__dict__["amplitude_name"] = scaling[0] if scaling else None

    def _intrinsic_of(self, part: SpectralModel) -> Sequence[str]:
        if part.absorbs or not any(each.absorbs for each in self._parts):
            return part.intrinsic_names
        return part.parameters.names

    def evaluate(self, energy: np.ndarray, **values: Any) -> np.ndarray:
        """The product of the parts; arguments as in `CompoundSpectrum`.

        Parameters
        ----------
        energy : TeV
        values : of all parameters, TeV, cm, s
        """
        product: Any = 1.0
        for part, own in self._each(values):
            product = product * part._evaluate(energy, own)
        return product


def amplitude_is_free(model: SpectralModel) -> bool:
    """Whether a fit may scale a spectrum: its amplitude, or that of a part of it, is not frozen, or it has none.

    model: `SpectralModel`.
    """
    name = model.amplitude_name
    if name is None or not model.parameters[name].frozen:
        return True
    if isinstance(model, SumSpectrum):
        return any(map(amplitude_is_free, model.parts))
    if isinstance(model, ProductSpectrum):
        return any(amplitude_is_free(part) for part in model.parts if part.is_factor == model.is_factor)
    return False


def added(one: SpectralModel, other: Any) -> SpectralModel:
    """The sum of two spectra; sums among them are taken apart, where their scale is 1.

    Parameters
    ----------
    one : `SpectralModel`
    other : `SpectralModel`; anything else is not added
    """
    if not isinstance(other, SpectralModel):
        return NotImplemented
    return SumSpectrum([*_terms(one), *_terms(other)])


def multiplied(one: SpectralModel, other: Any) -> SpectralModel:
    """The product of two spectra, or a spectrum whose amplitude is multiplied with a number.

    Parameters
    ----------
    one : `SpectralModel`
    other : `SpectralModel` or number; anything else is not multiplied
    """
    if isinstance(other, Real) and not isinstance(other, bool):
        return _scaled(one, float(other))
    if not isinstance(other, SpectralModel):
        return NotImplemented
    return ProductSpectrum([*_factors(one), *_factors(other)])


def _terms(model: SpectralModel) -> tuple[SpectralModel, ...]:
    if isinstance(model, SumSpectrum) and model.parameters["scale"].value == 1:
        return model.parts
    return (model,)


def _factors(model: SpectralModel) -> tuple[SpectralModel, ...]:
    return model.parts if isinstance(model, ProductSpectrum) else (model,)


def _scaled(model: SpectralModel, factor: float) -> SpectralModel:
    if model.amplitude_name is None:
        raise InputError(f"{type(model).__name__} has no amplitude that could be multiplied with {factor:g}.")
    made = model.copy()
    parameter = made.parameters[model.amplitude_name]
    parameter.value = parameter.value * factor
    return made


def _check(parts: Sequence[SpectralModel], what: str) -> None:
    for part in parts:
        if not isinstance(part, SpectralModel):
            raise InputError(
                f"A {what} of spectra was given a {type(part).__name__}; wanted are SpectralModels."
            )
    if len(parts) < 2:
        raise InputError(f"A {what} of spectra was given {len(parts)}; wanted are two or more.")


def _listed(parts: Sequence[SpectralModel]) -> str:
    return " and ".join(type(part).__name__ for part in parts)


def _names_apart(parts: Sequence[SpectralModel], taken: set[str]) -> tuple[dict[str, str], ...]:
    """For each part a dict from its own names of parameters to those in the whole."""
    often = Counter(name for part in parts for name in part.parameters.names)
    used = set(taken) | {name for name, number in often.items() if number == 1}
    made = []
    for number, part in enumerate(parts, start=1):
        names = {}
        for name in part.parameters.names:
            apart = name
            if often[name] > 1 or name in taken:
                apart = f"{name}_{number}"
                while apart in used:
                    apart += "_"
                used.add(apart)
            names[name] = apart
        made.append(names)
    return tuple(made)
