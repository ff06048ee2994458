"""A source: where it is on the sky and how its flux depends on the energy."""

from html import escape
from typing import TYPE_CHECKING

from tevcurve.errors import InputError
from tevcurve.models.model import Model
from tevcurve.models.parameters import Parameters
from tevcurve.models.spatial import SpatialModel
from tevcurve.models.spectral import SpectralModel

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord


class SkyModel(Model):
    """A spatial and a spectral model together.

    Parameters
    ----------
    spatial_model : SpatialModel, or None for a source that is only analysed as a spectrum.
    spectral_model : SpectralModel.
    name : free to choose and to change.
    """

    def __init__(
        self,
        spatial_model: SpatialModel | None = None,
        spectral_model: SpectralModel | None = None,
        name: str = "",
    ) -> None:
        if spatial_model is not None and not isinstance(spatial_model, SpatialModel):
            raise InputError(
                f"spatial_model is a {type(spatial_model).__name__}; wanted is a SpatialModel or None."
            )
        if not isinstance(spectral_model, SpectralModel):
            raise InputError(
                f"spectral_model is a {type(spectral_model).__name__}; wanted is a model such as PowerLaw."
            )
        self._spatial_model, self._spectral_model = spatial_model, spectral_model
        self.name = name

    @property
    def spatial_model(self) -> SpatialModel | None:
        """The SpatialModel or None."""
        return self._spatial_model

    @property
    def spectral_model(self) -> SpectralModel:
        """The SpectralModel."""
        return self._spectral_model

    @property
    def parameters(self) -> Parameters:
        """The parameters of both parts, the objects themselves: spatial first."""
        spatial = () if self.spatial_model is None else self.spatial_model.parameters
        return Parameters([*spatial, *self.spectral_model.parameters])

    @property
    def position(self) -> "SkyCoord":
        """The centre of the source, SkyCoord; InputError when there is no spatial model."""
        if self.spatial_model is None:
            raise InputError(
                f"The model '{self.name}' has no spatial model; wanted is one such as SkyPointSource."
            )
        return self.spatial_model.position

    def copy(self, name: str | None = None) -> "SkyModel":
        """An independent model of independent parts, under its name or a new one. name: default: that of this one."""
        spatial = None if self.spatial_model is None else self.spatial_model.copy()
        return SkyModel(spatial, self.spectral_model.copy(), name=self.name if name is None else name)

    def _parts(self) -> list[SpatialModel | SpectralModel]:
        return [part for part in (self.spatial_model, self.spectral_model) if part is not None]

    def __str__(self) -> str:
        lines = [line for part in self._parts() for line in str(part).splitlines()]
        return "\n".join([self._title(), *(f"  {line}" for line in lines)])

    def __repr__(self) -> str:
        return f"<{self._title()}: {', '.join(part._title() for part in self._parts())}>"

    def _repr_html_(self) -> str:
        return f"<b>{escape(self._title())}</b>{''.join(part._repr_html_() for part in self._parts())}"
