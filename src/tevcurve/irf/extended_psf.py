"""The point spread function of a round source that is extended: a table like that of a point, only wider."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tevcurve.irf.psf_table import EnergyDependentTablePSF
from tevcurve.irf.source_psf import SourcePSF
from tevcurve.kernels.interpolation import interpolate_axis, locate
from tevcurve.kernels.ring_convolution import ring_convolution

# Nodes of the table for each angle over which it changes, and how much farther each is beyond the shape.
PER_SCALE, GROWTH = 20, 1.04


@dataclass(frozen=True)
class RoundShape:
    """A round density on the sky, normalised to 1; two of the same values are the same.

    Attributes
    ----------
    on_ring : function of angles from its centre, radii of rings around there (radian, broadcast) and the values, to
        what `tevcurve.kernels.ring_convolution` wants
    values : tuple of (name, number in radian) of its parameters
    radius : angle beyond which next to nothing is left, radian
    scale : angle over which it changes much, radian; not that of an edge
    smoothness : the same of its sharpest change: 0 where it has an edge
    """

    on_ring: Callable[..., tuple[np.ndarray, np.ndarray]]
    values: tuple[tuple[str, float], ...]
    radius: float
    scale: float
    smoothness: float


@dataclass(frozen=True, eq=False)
class ExtendedPSF:
    """Where the photons of a round source are seen, and where on the source those of a place are from.

    Attributes
    ----------
    table : `EnergyDependentTablePSF` over energy and angle from the centre
    origins : float array (n_energy, n_rad), radian: the mean angle from the centre, along the direction of a place at
        an angle of the table, at which photons of there have left the source
    """

    table: EnergyDependentTablePSF
    origins: np.ndarray

    def origins_at(self, energies_tev: np.ndarray, rad_rad: np.ndarray) -> np.ndarray:
        """Mean angles (n, m) from the centre, radian, from where photons seen at angles are.

        Parameters
        ----------
        energies_tev : true energies, float array (n,), TeV
        rad_rad : angles from the centre at which they are seen, float array (m,), radian
        """
        at = locate(np.log(self.table.energies_tev), np.log(np.asarray(energies_tev, dtype=float)))
        return interpolate_axis(
            interpolate_axis(self.origins, at), locate(self.table.rad_rad, rad_rad), axis=1
        )


def extended_psf(psf: SourcePSF, shape: RoundShape) -> ExtendedPSF:
    """The `ExtendedPSF` of a round source.

    Parameters
    ----------
    psf : of a point at the centre; that of its other places is taken to be the same
    shape : `RoundShape`
    """
    energies, nodes = psf.table_nodes
    values = psf.densities_for_table(energies, nodes)
    step = _rounded(np.hypot(psf.scale_rad, shape.smoothness) / PER_SCALE)
    rad = _angles(step, shape.radius + 5 * psf.scale_rad, shape.radius + float(nodes[-1]))
    weights, moments = _weights(rad.tobytes(), np.ascontiguousarray(nodes, dtype=float).tobytes(), shape)
    # Not matrix products: an energy's numbers must not depend on how many others there are.
    density, along = (np.einsum("wn,en->ew", each, values) for each in (weights, moments))
    origins = np.divide(along, density, out=np.zeros_like(along), where=density > 0)
    return ExtendedPSF(EnergyDependentTablePSF(energies, rad, density), origins)


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
def _weights(rad: bytes, nodes: bytes, shape: RoundShape) -> tuple[np.ndarray, np.ndarray]:
    """What `ring_convolution` gives, of arrays given as their bytes: the runs on one source share it."""

    def on_ring(separation: np.ndarray, ring: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return shape.on_ring(separation, ring, **dict(shape.values))

    return ring_convolution(np.frombuffer(rad), np.frombuffer(nodes), on_ring, shape.scale)
