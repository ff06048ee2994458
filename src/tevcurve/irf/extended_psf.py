"""The point spread function of a round source that is extended: a table like that of a point, only wider."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tevcurve.irf.psf_table import EnergyDependentTablePSF
from tevcurve.irf.source_psf import SourcePSF
from tevcurve.kernels.ring_convolution import ring_convolution

# Nodes of the table for each angle over which it changes, and how much farther each is beyond the shape.
PER_SCALE, GROWTH = 12, 1.06


@dataclass(frozen=True)
class RoundShape:
    """A round density on the sky, normalised to 1; two of the same values are the same.

    Attributes
    ----------
    mean_on_ring : function of angles from its centre, radii of rings around there (radian, broadcast) and the values,
        to its mean on the ring in sr-1
    values : tuple of (name, number in radian) of its parameters
    radius : angle beyond which next to nothing is left, radian
    scale : angle over which it changes much, radian; not that of an edge
    smoothness : the same of its sharpest change: 0 where it has an edge
    """

    mean_on_ring: Callable[..., np.ndarray]
    values: tuple[tuple[str, float], ...]
    radius: float
    scale: float
    smoothness: float


def extended_psf(psf: SourcePSF, shape: RoundShape) -> EnergyDependentTablePSF:
    """The table of a round source's photons over energy and angle from its centre.

    Parameters
    ----------
    psf : of a point at the centre; that of its other places is taken to be the same
    shape : `RoundShape`
    """
    energies, nodes = psf.table_nodes
    values = psf.densities_for_table(energies, nodes)
    step = _rounded(np.hypot(psf.scale_rad, shape.smoothness) / PER_SCALE)
    rad = _angles(step, shape.radius + 5 * psf.scale_rad, shape.radius + float(nodes[-1]))
    weights = _weights(rad.tobytes(), np.ascontiguousarray(nodes, dtype=float).tobytes(), shape)
    # Not a matrix product: an energy's numbers must not depend on how many others there are.
    return EnergyDependentTablePSF(energies, rad, np.einsum("wn,en->ew", weights, values))


def _rounded(step: float) -> float:
    """A step of a few sizes only, so that runs at other offsets share their weights."""
    return float(2.0 ** (np.floor(4 * np.log2(step)) / 4))


def _angles(step: float, even: float, farthest: float) -> np.ndarray:
    """Angles from 0 in even steps up to one, then in growing ones, radian."""
    number = int(np.ceil(even / step)) + 1
    grown = max(int(np.ceil(np.log1p((farthest - even) / step * (GROWTH - 1)) / np.log(GROWTH))), 1)
    steps = np.concatenate([np.full(number, step), step * GROWTH ** np.arange(1, grown + 1)])
    return np.concatenate([[0.0], np.cumsum(steps)])


@lru_cache(maxsize=32)
def _weights(rad: bytes, nodes: bytes, shape: RoundShape) -> np.ndarray:
    """What `ring_convolution` gives, of arrays given as their bytes: the runs on one source share it."""

    def mean_on_ring(separation: np.ndarray, ring: np.ndarray) -> np.ndarray:
        return shape.mean_on_ring(separation, ring, **dict(shape.values))

    weights = ring_convolution(np.frombuffer(rad), np.frombuffer(nodes), mean_on_ring, shape.scale)
    weights.setflags(write=False)
    return weights
