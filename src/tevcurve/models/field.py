"""What shines in a field: the source whose light curve is made, and the others beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.sphere import angular_separation
from tevcurve.models.compound_spectra import amplitude_is_free
from tevcurve.models.sky import SkyModel
from tevcurve.models.spatial_shapes import SkyPointSource
from tevcurve.models.spectral import SpectralModel
from tevcurve.models.spectral_shapes import PowerLaw
from tevcurve.options import check_choice, option_of
from tevcurve.records import short_repr

FREE, FIXED, ONCE = "free", "fixed", "once"
# Radian: a model of the target's name is not farther from its position than this; one of another name that is nearer
# than the second cannot be told from it.
FARTHEST, NEAREST = 0.0175, 2e-6
# Radian: no run of a target sees anything of what is farther from it, and what is larger than its field of view by much
# is a part of the background.
BEYOND, LARGEST = 0.1746, 0.35
# TeV, at which two spectra that are the same have the same values.
ENERGIES = np.geomspace(0.02, 100, 38)


@dataclass(frozen=True, eq=False)
class Field:
    """The source and the others, each a `SkyModel` whose spectrum is its reference.

    Attributes
    ----------
    source : the source of interest, a point unless a model says otherwise; None in place of its spatial model where a
        position is enough
    others : all other sources
    neighbours : "free" (each has an amplitude in each row), "fixed" (they give what their models say), or "once" (each
        has one amplitude for all rows, which is settled before these are fitted). One whose amplitude is frozen is
        fixed in any case
    amplitudes : what the spectra of those that are `fitted` are multiplied by where that is settled "once"; None before
        it is, and otherwise
    """

    source: SkyModel
    others: tuple[SkyModel, ...] = ()
    neighbours: str = FREE
    amplitudes: tuple[float, ...] | None = None

    __repr__ = short_repr

    @property
    def spectrum(self) -> SpectralModel:
        """The reference spectrum of the source."""
        return self.source.spectral_model

    @property
    def is_extended(self) -> bool:
        """Whether the source is no point."""
        spatial = self.source.spatial_model
        return spatial is not None and not spatial.is_point

    @property
    def is_plain(self) -> bool:
        """Whether there is a point and nothing else."""
        return not (self.is_extended or self.others)

    @property
    def is_free(self) -> bool:
        """Whether any of the others has an amplitude of its own in each row."""
        return self.neighbours == FREE and bool(self.fitted)

    @property
    def is_unsettled(self) -> bool:
        """Whether amplitudes are to be settled for all rows and are not yet."""
        return self.neighbours == ONCE and self.amplitudes is None and bool(self.fitted)

    @property
    def fitted(self) -> tuple[SkyModel, ...]:
        """The others whose amplitudes are fitted, in each row or once."""
        return tuple(model for model in self.others if self.is_fitted(model))

    def is_fitted(self, model: SkyModel) -> bool:
        """Whether the amplitude of one of the others is fitted: in each row or once, unless it is frozen.

        model: one of the others
        """
        return self.neighbours != FIXED and amplitude_is_free(model.spectral_model)

    @property
    def fixed(self) -> tuple[SkyModel, ...]:
        """The others that give what their models say."""
        return tuple(model for model in self.others if not self.is_fitted(model))

    @property
    def unseen(self) -> tuple[SkyModel, ...]:
        """The others that are so far from the source that nothing of them is in its field of view."""
        centre = centre_of(self.source)
        return tuple(
            model
            for model in self.others
            if angular_separation(*centre, *centre_of(model)) - _radius(model) > BEYOND
        )

    @property
    def positions(self) -> tuple[tuple[float, float], ...]:
        """(lon, lat) of each of the others, ICRS, radian."""
        return tuple(centre_of(model) for model in self.others)


def centre_of(model: SkyModel) -> tuple[float, float]:
    """(lon, lat) of a model's centre, ICRS, radian. model: one with a spatial model."""
    if model.spatial_model is None:
        raise InputError(
            f"The model {model.name!r} has no spatial model; wanted is one such as SkyPointSource."
        )
    lon, lat = model.spatial_model.lonlat_in("icrs")
    return float(lon), float(lat)


def _radius(model: SkyModel) -> float:
    """Radian, of the circle that a model's shape is in."""
    return (
        0.0 if model.spatial_model is None else float(model.spatial_model.evaluation_radius.to_value("rad"))
    )


def field_of(
    models: Any,
    name: str,
    position: tuple[float, float],
    spectrum: SpectralModel | None,
    neighbours: str | None = None,
    method: str = "3d",
) -> tuple[Field, tuple[float, float]]:
    """(`Field`, (lon, lat) of its source, ICRS, radian) of models and a target.

    The model of the target's name is the source, in place of a point at the target's position.

    Parameters
    ----------
    models : a `SkyModel`, an iterable of these, or None
    name : of the target
    position : (lon, lat) of the target, ICRS, radian
    spectrum : the reference; None for that of the source's model, or, where there is none, a power law of the index 2.5
    neighbours : "free", "fixed" or "once"; None for "free" in 3D and "fixed" in 1D
    method : "3d" or "1d"

    Raises `InputError` for models without or of the same name, without a position, or that do not go together with
    the target, its spectrum, or the method.
    """
    neighbours = _neighbours(neighbours, method)
    listed = _checked(models)
    own = [model for model in listed if model.name == name]
    others = tuple(model for model in listed if model.name != name)
    if own:
        source = own[0]
        centre = centre_of(source)
        _check_same(source, spectrum)
        _check_near(source, centre, position)
    else:
        centre = position
        spatial = SkyPointSource(*(np.rad2deg(position) * u.deg))
        source = SkyModel(spatial, (_default() if spectrum is None else spectrum).copy(), name=name)
    for model in others:
        shape = model.spatial_model
        is_point = shape is not None and shape.is_point
        if is_point and angular_separation(*centre, *centre_of(model)) < NEAREST:
            raise InputError(
                f"The model {model.name!r} is where the target {name!r} is, and cannot be told from it; wanted is a "
                "model of the target's name, or none there."
            )
    return Field(source, others, neighbours), centre


def check_free(field: Field, free: tuple[str, ...], interval: str) -> None:
    """Raises `InputError` for what is not fitted together with neighbours that are free in each row.

    Parameters
    ----------
    field : `Field`
    free : names of parameters of the source's spectrum that are free, too
    interval : where errors and limits come from
    """
    if not field.is_free:
        return
    given = f"free is {free!r}" if free else f"interval is {interval!r}"
    if free or interval != "likelihood":
        raise InputError(
            f"{given}, which does not go with neighbours that are free in each row; wanted is neighbours='once' or "
            "'fixed'."
        )


def _default() -> SpectralModel:
    return PowerLaw(index=option_of("spectrum").default["index"])


def _neighbours(neighbours: str | None, method: str) -> str:
    if neighbours is None:
        return FREE if method == "3d" else FIXED
    check_choice("neighbours", neighbours)
    if method == "1d" and neighbours != FIXED:
        raise InputError(
            f"neighbours is {neighbours!r}, and counts of ON and OFF regions do not tell sources apart; wanted is "
            "'fixed', or method='3d'."
        )
    return neighbours


def _checked(models: Any) -> list[SkyModel]:
    """Copies of models, a list, each with a name of its own and a position."""
    if models is None:
        return []
    if isinstance(models, SkyModel):
        models = [models]
    if isinstance(models, str) or not isinstance(models, Iterable):
        raise InputError(f"models is {models!r}; wanted is a list of SkyModel, as read_models gives it.")
    listed, names = list(models), set()
    for number, model in enumerate(listed):
        if not isinstance(model, SkyModel):
            raise InputError(f"models[{number}] is a {type(model).__name__}; wanted is a SkyModel.")
        if not model.name:
            raise InputError(
                f"models[{number}] has no name; wanted is one by which it is told from the others."
            )
        if model.name in names:
            raise InputError(f"Two models have the name {model.name!r}; wanted is another for each.")
        names.add(model.name)
        centre_of(model)
        if _radius(model) > LARGEST:
            raise InputError(
                f"The model {model.name!r} reaches to {np.rad2deg(_radius(model)):.3g} deg around its centre; wanted "
                f"is {np.rad2deg(LARGEST):.2g} deg or less, as what is larger is a part of the background."
            )
    return [model.copy() for model in listed]


def _check_same(source: SkyModel, spectrum: SpectralModel | None) -> None:
    own = source.spectral_model
    if spectrum is None or spectrum is own:
        return
    # What else than parameters makes a spectrum, a table or the light between the galaxies, shows in its values.
    same = type(own) is type(spectrum) and np.allclose(
        own.dnde(ENERGIES), spectrum.dnde(ENERGIES), rtol=1e-12, atol=0, equal_nan=True
    )
    if not same:
        raise InputError(
            f"spectrum is given, and models has another one for {source.name!r}; wanted is one of them, or both the "
            "same."
        )


def _check_near(source: SkyModel, centre: tuple[float, float], position: tuple[float, float]) -> None:
    separation = float(angular_separation(*centre, *position))
    if separation > FARTHEST:
        raise InputError(
            f"The model {source.name!r} is {np.rad2deg(separation):.3g} deg from the target of this name; "
            "wanted is less than 1 deg."
        )
