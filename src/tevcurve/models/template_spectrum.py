"""A spectrum in a table: straight lines between its nodes in the logarithms of energy and flux."""

import os
import re
from collections.abc import Sequence
from typing import Any, Self

import astropy.units as u
import numpy as np

from tevcurve.errors import DataError, InputError
from tevcurve.models.energies import energies_in_tev
from tevcurve.models.parameters import Parameter
from tevcurve.models.spectral import FLUX_DENSITY, SpectralModel
from tevcurve.models.spectral_shapes import Values
from tevcurve.models.template_files import read_two_columns
from tevcurve.models.units import as_quantity

MOST_NODES = 100_000
_LIST = re.compile(r"\[([^\][]*)\]\s*(.*)", re.DOTALL)


class TemplateSpectrum(SpectralModel):
    """The flux at given energies, times `norm`; between two of them it is a power law::

        TemplateSpectrum([0.1, 1, 10] * u.TeV, [2e-10, 1e-12, 3e-15] * u.Unit("cm-2 s-1 TeV-1"))
        TemplateSpectrum.read("spectrum.ecsv")

    Between a node with flux and one without there is none. Beyond the nodes the outermost power laws are carried on.
    Values without a unit make a factor, to multiply another spectrum with.

    Parameters
    ----------
    energy : Quantity (n,), ascending, two or more
    dnde : Quantity (n,), dN/dE there, 0 or more
    norm : factor on all values
    file : path of the file that it is from; only kept
    name : free to choose

    Raises InputError for what is no such table.
    """

    # Made from more than its parameters: its own __init__ tells how.
    __signature__ = None
    default_parameters = (Parameter("norm", 1.0),)
    amplitude_name = "norm"
    setting_names = ("file", "energy", "dnde")
    file: str | None
    _energies: np.ndarray
    _values: np.ndarray
    # Logarithms of both, the slope of each segment, and whether there is flux in it.
    _segments: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

    def __init__(
        self,
        energy: u.Quantity | Sequence[str],
        dnde: u.Quantity | Sequence[str],
        norm: Any = 1.0,
        *,
        file: str | os.PathLike[str] | None = None,
        name: str = "",
    ) -> None:
        super().__init__(norm=norm, name=name)
        values = as_quantity(dnde, "'dnde'")
        factor = values.unit == u.dimensionless_unscaled
        if not factor and not values.unit.is_equivalent(FLUX_DENSITY):
            raise InputError(f"'dnde' is in {values.unit}; wanted is a unit such as cm-2 s-1 TeV-1.")
        numbers = values.value if factor else values.to_value(FLUX_DENSITY)
        self._take(energies_in_tev(energy, "energy"), np.asarray(numbers, dtype=np.float64), bool(factor))
        self.__dict__["file"] = None if file is None else os.fspath(file)

    def _take(self, energies: np.ndarray, values: np.ndarray, is_factor: bool) -> None:
        if energies.ndim != 1 or energies.shape != values.shape or not 2 <= len(energies) <= MOST_NODES:
            raise InputError(
                f"A template was given energies of the shape {energies.shape} and values of {values.shape}; wanted is "
                f"the same number of both, 2 to {MOST_NODES}."
            )
        if not np.all(np.diff(energies) > 0):
            raise InputError("The energies of a template do not ascend; wanted is each once, in their order.")
        if not np.all(np.isfinite(values) & (values >= 0)):
            wrong = energies[~(np.isfinite(values) & (values >= 0))][0]
            raise InputError(
                f"The value of a template at {wrong:.4g} TeV is no number, 0 or more, which is wanted."
            )
        lit = values > 0
        logs = np.log(np.where(lit, values, 1.0))
        slope = np.diff(logs) / np.diff(np.log(energies))
        self.__dict__.update(is_factor=is_factor, _energies=energies.copy(), _values=values.copy())
        self.__dict__["_segments"] = (np.log(energies), logs, slope, lit[:-1] & lit[1:])

    @classmethod
    def read(cls, path: str | os.PathLike[str], norm: Any = 1.0, name: str = "") -> Self:
        """The spectrum of a file: a table of `energy` and `dnde` with units, as ECSV, CSV or FITS.

        In CSV the units stand behind the names: "energy [TeV],dnde [cm-2 s-1 TeV-1]".

        Parameters
        ----------
        path : of the file
        norm : factor on all values
        name : free to choose

        Raises DataError for a file that cannot be used.
        """
        energy, dnde = read_two_columns(path, "energy", "dnde")
        try:
            return cls(energy, dnde, norm, file=path, name=name)
        except InputError as error:
            raise DataError(f"The file {path} is no spectrum: {error}") from error

    @property
    def settings(self) -> dict[str, Any]:
        """The nodes: energies in TeV, values in cm-2 s-1 TeV-1 or without a unit, and the file's name."""
        settings = {"energies": self._energies, "values": self._values, "is_factor": self.is_factor}
        return settings | ({} if self.file is None else {"file": self.file})

    @property
    def short_settings(self) -> dict[str, str]:
        """The file's name, or the nodes as texts."""
        if self.file is not None:
            return {"file": self.file}
        unit = "" if self.is_factor else " cm-2 s-1 TeV-1"
        return {"energy": f"{_listed(self._energies)} TeV", "dnde": f"{_listed(self._values)}{unit}"}

    @property
    def setting_words(self) -> list[str]:
        """The file's name, or how many nodes there are."""
        if self.file is not None:
            return [f"file={self.file}"]
        low, high = self.energy_range
        return [f"{len(self._energies)} nodes from {low:.4g} to {high:.4g} TeV"]

    @classmethod
    def from_settings(cls, settings: dict[str, Any], **parameters: Any) -> Self:
        """The spectrum of `settings`, or of `short_settings`, for which a file is read.

        Parameters
        ----------
        settings : dict of str
        parameters : norm

        Raises InputError for other settings.
        """
        keys = set(settings)
        if {"energies", "values", "is_factor"} <= keys <= {"energies", "values", "is_factor", "file"}:
            if not all(isinstance(settings[name], np.ndarray) for name in ("energies", "values")):
                raise InputError(f"The nodes of a {cls.__name__} are no arrays.")
            unit = u.dimensionless_unscaled if settings["is_factor"] else FLUX_DENSITY
            energy, dnde = u.Quantity(settings["energies"], u.TeV), u.Quantity(settings["values"], unit)
            return cls(energy, dnde, file=settings.get("file"), **parameters)
        if keys == {"file"} and isinstance(settings["file"], str):
            return cls.read(settings["file"], **parameters)
        if keys == {"energy", "dnde"}:
            return cls(*(_of_list(settings[name], name) for name in ("energy", "dnde")), **parameters)
        raise InputError(
            f"{cls.__name__} was given {', '.join(sorted(keys)) or 'nothing'}; wanted is file, or energy and dnde."
        )

    @property
    def table_energies(self) -> np.ndarray:
        """Energies of the nodes in TeV, float64 (n,)."""
        return self._energies

    @property
    def energy_range(self) -> tuple[float, float]:
        """(lowest, highest) energy of the nodes in TeV."""
        return float(self._energies[0]), float(self._energies[-1])

    def evaluate(self, energy: np.ndarray, norm: Values) -> np.ndarray:
        """dN/dE in cm-2 s-1 TeV-1, or the factor.

        Parameters
        ----------
        energy : TeV
        norm : factor on all values
        """
        nodes, logs, slope, lit = self._segments
        place = np.log(energy)
        below = np.clip(np.searchsorted(nodes, place, side="right") - 1, 0, len(slope) - 1)
        return norm * np.where(lit[below], np.exp(logs[below] + slope[below] * (place - nodes[below])), 0.0)


def _listed(values: np.ndarray) -> str:
    return "[" + ", ".join(map(repr, values.tolist())) + "]"


def _of_list(text: Any, name: str) -> u.Quantity:
    """Quantity of "[0.1, 1, 10] TeV"."""
    found = _LIST.fullmatch(text.strip()) if isinstance(text, str) else None
    try:
        if found is None:
            raise ValueError
        numbers = [float(number) for number in found[1].replace(",", " ").split()]
        return u.Quantity(numbers, found[2].strip())
    except (TypeError, ValueError):
        raise InputError(
            f"{name} of a template is {text!r}; wanted is a list such as '[0.1, 1, 10] TeV'."
        ) from None
