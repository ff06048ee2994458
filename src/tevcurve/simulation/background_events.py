"""Background events drawn from a background response, by thinning under an envelope that is flat in each cell."""

from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.irf import Background2D, Background3D
from tevcurve.irf.axis import ResponseAxis
from tevcurve.irf.field_rotation import horizontal_track
from tevcurve.kernels.draws import draw_bins, row_cumulative
from tevcurve.kernels.sphere import directional_offset, position_angle
from tevcurve.simulation.sources import time_within

if TYPE_CHECKING:
    from astropy.coordinates import EarthLocation

# Cells are at most this wide in the logarithm of the energy, so that most candidates are kept.
ENERGY_STEP = 0.15


@dataclass(frozen=True, eq=False)
class BackgroundDraw:
    """Energies and places in the field of view from a `Background2D` or `Background3D`.

    Attributes
    ----------
    bkg : `Background2D` or `Background3D`
    """

    bkg: Background2D | Background3D

    @property
    def _is_round(self) -> bool:
        return isinstance(self.bkg, Background2D)

    @cached_property
    def _edges(self) -> tuple[np.ndarray, ...]:
        """Edges of the cells: energy in TeV, then offset or field-of-view coordinates of the file, radian."""
        energy, *angles = self.bkg.table.axes
        log_edges = np.log(_with_ends(energy))
        fine = [
            np.linspace(low, high, max(2, int(np.ceil((high - low) / ENERGY_STEP)) + 1))
            for low, high in pairwise(log_edges)
        ]
        energies = np.exp(np.unique(np.concatenate(fine)))
        return (np.clip(energies, energy.low[0], energy.high[-1]), *(_with_ends(axis) for axis in angles))

    def _rate(self, energy: np.ndarray, *angles: np.ndarray) -> np.ndarray:
        """Rate in TeV-1 s-1 sr-1 at energies in TeV and angles of the file's axes in radian."""
        if self._is_round:
            return self.bkg.rate(energy, angles[0], 0.0)
        return self.bkg.rate(energy, self.bkg.lon_sign * angles[0], angles[1])

    @cached_property
    def _ceiling(self) -> np.ndarray:
        """Largest rate in each cell: at a corner, as the rate or its logarithm is linear along each axis."""
        energies, *angles = self._edges
        if self._is_round:
            ceiling = self.bkg.rate_at_energies(angles[0], 0.0, energies)
        else:
            x, y = np.meshgrid(*angles, indexing="ij")
            ceiling = self.bkg.rate_at_energies(self.bkg.lon_sign * x, y, energies)
        for axis in range(ceiling.ndim):
            low = np.take(ceiling, np.arange(ceiling.shape[axis] - 1), axis)
            high = np.take(ceiling, np.arange(1, ceiling.shape[axis]), axis)
            ceiling = np.maximum(low, high)
        return ceiling

    @cached_property
    def _measure(self) -> tuple[np.ndarray, ...]:
        """Coordinates in which energy times solid angle is flat, at the edges of each axis."""
        if self._is_round:
            energy, offset = self._edges
            return energy, 4 * np.pi * np.sin(0.5 * offset) ** 2
        energy, x, y = self._edges
        return energy, x, np.sin(y)

    @cached_property
    def _expected(self) -> np.ndarray:
        """Candidates per second in each cell."""
        sizes = [np.diff(values) for values in self._measure]
        return self._ceiling * reduce(np.multiply, np.ix_(*sizes))

    @cached_property
    def _cumulative(self) -> np.ndarray:
        return row_cumulative(self._expected.ravel())[None]

    def draw(self, seconds: float, rng: "np.random.Generator") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Energy (n,) in TeV and field-of-view x, y (n,) in radian of the events of an on-time, in no order.

        The angles are those that `bkg.rate` takes, so that x grows with right ascension (or azimuth).

        Parameters
        ----------
        seconds : on-time
        rng : numpy.random.Generator
        """
        number = rng.poisson(self._expected.sum() * seconds)
        cell, _ = draw_bins(self._cumulative, np.zeros(number, dtype=np.intp), rng)
        cells = np.unravel_index(cell, self._ceiling.shape)
        measures = [
            values[index] + rng.random(number) * np.diff(values)[index]
            for values, index in zip(self._measure, cells, strict=True)
        ]
        kept_below = rng.random(number) * self._ceiling.ravel()[cell]
        if self._is_round:
            energy, offset = measures[0], 2 * np.arcsin(np.sqrt(measures[1] / (4 * np.pi)))
            kept = kept_below < self._rate(energy, offset)
            angle = 2 * np.pi * rng.random(number)[kept]
            # Field-of-view coordinates of a separation and an angle from the axis of y towards that of x.
            y = np.arcsin(np.sin(offset[kept]) * np.cos(angle))
            x = np.arctan2(np.sin(offset[kept]) * np.sin(angle), np.cos(offset[kept]))
            return energy[kept], x, y
        energy, x, y = measures[0], measures[1], np.arcsin(measures[2])
        kept = kept_below < self._rate(energy, x, y)
        return energy[kept], self.bkg.lon_sign * x[kept], y[kept]


def draw_background(
    drawing: BackgroundDraw,
    pointing: tuple[float, float],
    gti: GTI,
    location: "EarthLocation",
    rng: "np.random.Generator",
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Time (mission s), energy (TeV), and ICRS direction (radian) of background events: four float arrays (n,).

    The rates of a background response are events per on-time, dead time or not (GADF, background format).

    Parameters
    ----------
    drawing : BackgroundDraw
    pointing : (lon, lat), ICRS, radian
    gti : `GTI`
    location : `EarthLocation`; a background that is fixed to the horizon turns under the sky, event by event
    rng : numpy.random.Generator
    """
    energy, x, y = drawing.draw(gti.ontime_s, rng)
    lengths = gti.intervals[:, 1] - gti.intervals[:, 0]
    interval, place = draw_bins(row_cumulative(lengths)[None], np.zeros(len(energy), dtype=np.intp), rng)
    time_s = time_within(gti.intervals[interval], place)
    separation = np.arctan2(np.hypot(np.sin(y), np.cos(y) * np.sin(x)), np.cos(y) * np.cos(x))
    angle = np.arctan2(np.cos(y) * np.sin(x), np.sin(y))
    if drawing.bkg.turns_with_horizon:
        # Azimuth runs the other way round than right ascension: angles from the zenith are counted back from north.
        angle = _angle_of_north(pointing, time_s, gti.reference, location) - angle
    return (time_s, energy, *directional_offset(*pointing, angle, separation))


def _angle_of_north(
    pointing: tuple[float, float], time_s: np.ndarray, reference: TimeReference, location: "EarthLocation"
) -> np.ndarray:
    """Angle in radian (n,) of ICRS north, seen at the pointing, from the zenith towards growing azimuth."""
    north = directional_offset(*pointing, 0.0, np.deg2rad(1.0))
    here, there = (horizontal_track(lon, lat, time_s, reference, location) for lon, lat in (pointing, north))
    return position_angle(*here, *there)


def _with_ends(axis: ResponseAxis) -> np.ndarray:
    """The nodes of an axis and its outer edges: between neighbours the response is one straight line."""
    return np.unique(np.concatenate([[axis.low[0]], axis.nodes, [axis.high[-1]]]))
