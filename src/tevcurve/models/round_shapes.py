"""Shapes of sources that are the same in all directions from their centres, for what is made of such profiles."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tevcurve.irf.extended_psf import RoundShape
from tevcurve.kernels.ring_convolution import mean_around
from tevcurve.models.spatial import SpatialModel


def is_round(spatial: SpatialModel) -> bool:
    """Whether a source is the same in all directions from its centre and no point. spatial: its shape."""
    return not spatial.is_point and spatial.profile is not None


def round_shape(spatial: SpatialModel) -> RoundShape:
    """The `RoundShape` of a source that is round and no point. spatial: its shape."""
    values = spatial.internal_values()
    shape = {name: float(value) for name, value in values.items() if name not in ("lon_0", "lat_0")}
    return RoundShape(
        spatial.on_ring or _MeanAround(spatial.profile),
        tuple(shape.items()),
        spatial.radius(**shape),
        spatial.detail(**shape),
        0.0 if spatial.smoothness is None else spatial.smoothness(**shape),
    )


@dataclass(frozen=True)
class _MeanAround:
    """The mean of a profile on rings, point by point."""

    profile: Callable[..., np.ndarray]

    def __call__(
        self, separation: np.ndarray, ring: np.ndarray, **shape: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `RoundShape` has it."""
        return mean_around(lambda angle: self.profile(angle, **shape), separation, ring)
