"""Optical depths of gamma rays on a grid of energies and redshifts, and what lies between its nodes."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from tevcurve.errors import DataError, InputError
from tevcurve.records import short_repr

MOST_NODES = 5_000_000


@dataclass(frozen=True, eq=False)
class OpacityTable:
    """Optical depths at nodes; between them linear in the redshift and in the logarithm of the energy.

    So does the package ebltable by default; a power law stays one between two energies. Beyond the energies of the
    table the optical depth is that of its edge. Raises `DataError` for what is no such grid.

    Attributes
    ----------
    energies : float array (n_energies,), TeV, as observed, ascending
    redshifts : float array (n_redshifts,), of the source, ascending
    depths : float array (n_redshifts, n_energies)
    where : str, what it is from, for messages
    """

    energies: np.ndarray
    redshifts: np.ndarray
    depths: np.ndarray
    where: str

    __repr__ = short_repr

    def __post_init__(self) -> None:
        for name in ("energies", "redshifts", "depths"):
            values = getattr(self, name)
            if (
                not isinstance(values, np.ndarray)
                or values.dtype.kind not in "iuf"
                or values.size > MOST_NODES
            ):
                raise DataError(f"The {name} of {self.where} are no array of at most {MOST_NODES} numbers.")
            values = np.array(values, dtype=np.float64)
            # One table serves many spectra.
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        shape = (self.redshifts.size, self.energies.size)
        if (
            self.energies.ndim != 1
            or self.redshifts.ndim != 1
            or self.depths.shape != shape
            or min(shape) < 2
        ):
            raise DataError(
                f"The depths of {self.where} have the shape {self.depths.shape}, with {shape[0]} redshifts and "
                f"{shape[1]} energies; wanted is a grid of both, of two each or more."
            )
        for name, lowest in (("energies", np.nextafter(0, 1)), ("redshifts", 0.0)):
            values = getattr(self, name)
            if not (np.all(np.isfinite(values)) and values[0] >= lowest and np.all(np.diff(values) > 0)):
                raise DataError(f"The {name} of {self.where} do not ascend from above 0.")
        if not np.all(np.isfinite(self.depths) & (self.depths >= 0)):
            raise DataError(f"The depths of {self.where} are not all 0 or more.")

    @cached_property
    def _log_energies(self) -> np.ndarray:
        return np.log(self.energies)

    def depth(self, energy: Any, redshift: Any) -> np.ndarray:
        """Optical depths, float64, of energies (TeV) and redshifts that broadcast.

        Parameters
        ----------
        energy : as observed, TeV
        redshift : of the source

        Raises InputError for a redshift outside the table.
        """
        low, high = self.redshifts[[0, -1]]
        if not np.all((redshift >= low) & (redshift <= high)):
            raise InputError(
                f"The redshift is {np.ravel(redshift)[0]:g}, and {self.where} has {low:g} to {high:g}; wanted is one "
                "of these."
            )
        column, right = _place(np.log(energy), self._log_energies)
        row, above = _place(np.asarray(redshift, dtype=np.float64), self.redshifts)
        lower = (1 - right) * self.depths[row, column] + right * self.depths[row, column + 1]
        upper = (1 - right) * self.depths[row + 1, column] + right * self.depths[row + 1, column + 1]
        return (1 - above) * lower + above * upper

    def around(self, redshift: float) -> Self:
        """The table with the two redshifts that a source lies between: all that its optical depth depends on.

        redshift: of the source.
        """
        row = int(_place(np.asarray(float(redshift)), self.redshifts)[0])
        part = slice(row, row + 2)
        return type(self)(self.energies, self.redshifts[part], self.depths[part], self.where)


def _place(value: np.ndarray, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(number of the node below, part of the way to the next one from 0 to 1) of values, held at the edges."""
    below = np.clip(np.searchsorted(nodes, value, side="right") - 1, 0, len(nodes) - 2)
    part = (value - nodes[below]) / (nodes[below + 1] - nodes[below])
    return below, np.clip(part, 0.0, 1.0)
