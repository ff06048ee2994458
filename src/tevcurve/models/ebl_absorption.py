"""Absorption of gamma rays by the extragalactic background light."""

import os
from typing import Any, Self

import numpy as np

from tevcurve.errors import DataError, InputError
from tevcurve.models.opacity_files import opacity_name, opacity_table
from tevcurve.models.opacity_table import OpacityTable
from tevcurve.models.parameters import Parameter
from tevcurve.models.spectral import SpectralModel
from tevcurve.models.spectral_shapes import Values

NODES = ("energies", "redshifts", "depths")


class EBLAbsorption(SpectralModel):
    """The part of the gamma rays of a source that reach us, exp(-alpha_norm * optical depth), to multiply a flux with::

        EBLAbsorption(redshift=0.116, model="dominguez") * PowerLaw(index=2.2)

    The spectrum beside it is then that of the source itself, the intrinsic one, and what is fitted of it is intrinsic.
    Between the nodes of the table the optical depth is linear in the redshift and in the logarithm of the energy; at
    energies beyond the table it is that of the edge. Both parameters are frozen.

    Parameters
    ----------
    redshift : of the source; it has no default
    model : name of the opacity ("franceschini", "franceschini17", "dominguez", "finke", "finke22", "saldana-lopez21",
        or what the package ebltable calls it), or path of a file in XSPEC's table format
    alpha_norm : factor on the optical depth
    table : `OpacityTable` that is taken in place of the model's
    name : free to choose

    Raises InputError without a redshift, for one that the table has not, for a model that there is not, and without the
    package ebltable for one of these; DataError for a file that cannot be used.
    """

    # Made from more than its parameters: its own __init__ tells how.
    __signature__ = None
    default_parameters = (
        Parameter("redshift", 0.1, min=0, frozen=True),
        Parameter("alpha_norm", 1.0, min=0, frozen=True),
    )
    is_factor = True
    absorbs = True
    setting_names = ("ebl",)
    model: str
    table: OpacityTable

    def __init__(
        self,
        redshift: Any = None,
        model: str | os.PathLike[str] = "dominguez",
        alpha_norm: Any = 1.0,
        *,
        table: OpacityTable | None = None,
        name: str = "",
    ) -> None:
        if redshift is None:
            raise InputError(
                "EBLAbsorption was made without a redshift; wanted is that of the source, such as z=0.116."
            )
        super().__init__(redshift=redshift, alpha_norm=alpha_norm, name=name)
        label = opacity_name(model) if table is None else str(model)
        self.__dict__["model"] = label
        self.__dict__["table"] = opacity_table(label) if table is None else table
        self.table.depth(1.0, self.parameters["redshift"].value)

    def __getstate__(self) -> dict[str, Any]:
        # Other processes need megabytes less.
        return self.__dict__ | {"table": self.table.around(self.parameters["redshift"].value)}

    @property
    def settings(self) -> dict[str, Any]:
        """The name of the opacity, and its nodes at the two redshifts around the source's."""
        table = self.table.around(self.parameters["redshift"].value)
        return {"ebl": self.model} | {name: getattr(table, name) for name in NODES}

    @property
    def short_settings(self) -> dict[str, str]:
        """The name of the opacity."""
        return {"ebl": self.model}

    @property
    def setting_words(self) -> list[str]:
        """The name of the opacity, as texts have it."""
        return [f"model={self.model}"]

    @classmethod
    def from_settings(cls, settings: dict[str, Any], **parameters: Any) -> Self:
        """The absorption of `settings`, without the package ebltable or a file; or of `short_settings`, with it.

        Parameters
        ----------
        settings : dict of str
        parameters : redshift and alpha_norm

        Raises InputError for other settings.
        """
        unknown = set(settings) - {"ebl", *NODES}
        label = settings.get("ebl", "dominguez")
        if unknown or not isinstance(label, str):
            raise InputError(
                f"{cls.__name__} was given {', '.join(sorted(unknown)) or repr(label)}; wanted is a model."
            )
        if set(settings) <= {"ebl"}:
            return cls(model=label, **parameters)
        if not set(NODES) <= set(settings):
            raise DataError(f"A {cls.__name__} has not all of {', '.join(NODES)}.")
        energies, redshifts, depths = (settings[name] for name in NODES)
        where = f"the opacity {label!r}, as it is kept with a result,"
        table = OpacityTable(energies, redshifts, depths, where)
        return cls(model=label, table=table, **parameters)

    @property
    def table_energies(self) -> np.ndarray:
        """Energies of the table in TeV, float64 (n,)."""
        return self.table.energies

    @property
    def energy_range(self) -> tuple[float, float]:
        """(lowest, highest) energy of the table in TeV."""
        return float(self.table.energies[0]), float(self.table.energies[-1])

    def evaluate(self, energy: np.ndarray, redshift: Values, alpha_norm: Values) -> np.ndarray:
        """The part of the gamma rays that reach us, from 0 to 1.

        Parameters
        ----------
        energy : TeV
        redshift : of the source
        alpha_norm : factor on the optical depth
        """
        return np.exp(-alpha_norm * self.table.depth(energy, redshift))
