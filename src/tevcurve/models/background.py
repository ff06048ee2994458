"""The background of a dataset: a predicted map, and what a fit may change about it."""

from typing import Self

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.maps import MapAxis, WcsNDMap
from tevcurve.models.model import Model
from tevcurve.models.parameters import Parameter


class BackgroundModel(Model):
    """A background map times norm * (E / reference)^-tilt, with E the centres of the map's energy bins.

    Parameters
    ----------
    map : WcsNDMap of the expected background counts; kept as it is in `model.map`.
    norm : factor, free by default, >= 0.
    tilt : change of the spectral index, frozen by default.
    reference : energy at which the tilt changes nothing.
    name : free to choose.
    """

    # Made from more than its parameters: its own __init__ tells how.
    __signature__ = None
    default_parameters = (
        Parameter("norm", 1.0, min=0),
        Parameter("tilt", 0.0, frozen=True),
        Parameter("reference", 1.0, u.TeV, frozen=True),
    )

    def __init__(
        self,
        map: WcsNDMap,
        norm: float | str | u.Quantity = 1.0,
        tilt: float | str | u.Quantity = 0.0,
        reference: float | str | u.Quantity = 1 * u.TeV,
        name: str = "background",
    ) -> None:
        if not (hasattr(map, "geom") and hasattr(map, "data")):
            raise InputError(f"The map of a background model is {map!r}; wanted is a map of counts.")
        super().__init__(norm=norm, tilt=tilt, reference=reference, name=name)
        self._map = map

    @property
    def map(self) -> WcsNDMap:
        """The background map that was given, at norm 1 and tilt 0."""
        return self._map

    def scaled(self, tilt: float | None = None, reference: float | None = None) -> np.ndarray:
        """The map's data times (E / reference)^-tilt at norm 1: float64, the map's shape, read-only.

        Parameters
        ----------
        tilt : in place of the parameter's value, float.
        reference : in place of the parameter's value, float in the parameter's unit.
        """
        tilt = self.tilt.value if tilt is None else float(tilt)
        data = np.asarray(self.map.data, dtype=np.float64)
        if tilt == 0:
            data = data.view()
        else:
            overrides = {} if reference is None else {"reference": reference}
            energy = self._energy_axis().center.to_value("TeV")
            data = data * (energy / self.internal_values(overrides)["reference"])[:, None, None] ** -tilt
        data.flags.writeable = False
        return data

    def evaluate(self) -> WcsNDMap:
        """The background map at the parameters' values, a new map."""
        return self.map.copy(data=self.norm.value * self.scaled())

    def copy(self, name: str | None = None) -> Self:
        """An independent model with its own map, under its name or a new one. name: default: that of this one."""
        new = super().copy(name)
        new._map = self.map.copy()
        return new

    def _energy_axis(self) -> MapAxis:
        axes = self.map.geom.axes
        if len(axes) != 1 or not axes[0].unit.is_equivalent("TeV"):
            raise InputError(
                f"The background map has the axes {[axis.name for axis in axes]}; a tilt needs one of energy."
            )
        return axes[0]
