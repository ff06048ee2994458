"""Round functions in closed form: their density, what is within an angle, and draws from them.

All are normalised to 1 over an endless plane, to which a sphere is near enough where they are not small. Parameters are
arrays (..., n) with the names of `parameters` along the last axis; where the first one is 0 there is no function, and
density and content are 0.

Source: https://gamma-astro-data-formats.readthedocs.io/en/v0.3/irfs/full_enclosure/psf/index.html
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class RadialForm(Protocol):
    """What every form offers."""

    parameters: tuple[str, ...]
    told_by: tuple[int, ...]

    def density(self, values: np.ndarray, rad: np.ndarray | float) -> np.ndarray:
        """Density (...) per solid angle, sr-1.

        Parameters
        ----------
        values : float array (..., n), parameters
        rad : angle from the centre, float array (...), radian
        """

    def coefficients(self, values: np.ndarray) -> np.ndarray:
        """Numbers (..., m) of which `of_coefficients` makes densities in a few steps.

        values: float array (..., n), parameters.
        """

    def of_coefficients(self, coefficients: np.ndarray, rad: np.ndarray | float) -> np.ndarray:
        """Density (...) per solid angle, sr-1.

        Parameters
        ----------
        coefficients : float array (..., m)
        rad : angle from the centre, float array (...), radian
        """

    def within(self, values: np.ndarray, rad: np.ndarray | float) -> np.ndarray:
        """Share (...) of the whole within an angle.

        Parameters
        ----------
        values : float array (..., n), parameters
        rad : angle from the centre, float array (...), radian
        """

    def draw(self, values: np.ndarray, rng: "np.random.Generator") -> np.ndarray:
        """Angles (n,) from the centre, radian.

        Parameters
        ----------
        values : float array (n, n_parameters), of forms that exist
        rng : numpy random generator
        """


class ThreeGaussians:
    """Up to three Gaussians around one centre, whose amplitudes AMPL_2 and AMPL_3 are relative to the first."""

    parameters: tuple[str, ...] = ("SIGMA_1", "SIGMA_2", "SIGMA_3", "AMPL_2", "AMPL_3")
    # For each parameter the one that is 0 where it does not exist.
    told_by: tuple[int, ...] = (0, 1, 2, 0, 0)

    def density(self, values: np.ndarray, rad: np.ndarray | float) -> np.ndarray:
        """Density (...) per solid angle, sr-1.

        Parameters
        ----------
        values : float array (..., 5), widths in radian
        rad : angle from the centre, float array (...), radian
        """
        return self.of_coefficients(self.coefficients(values), rad)

    def coefficients(self, values: np.ndarray) -> np.ndarray:
        """Heights of the three, sr-1, and -1 / 2 over their squared widths: float array (..., 6).

        values: float array (..., 5), widths in radian.
        """
        square = self._squares(values)
        heights = _divided(self._shares(values), 2 * np.pi * square)
        return np.concatenate([heights, _divided(-0.5, square)], axis=-1)

    def of_coefficients(self, coefficients: np.ndarray, rad: np.ndarray | float) -> np.ndarray:
        """Density (...) per solid angle, sr-1.

        Parameters
        ----------
        coefficients : float array (..., 6)
        rad : angle from the centre, float array (...), radian
        """
        square = np.square(rad)
        total = np.zeros(np.broadcast_shapes(coefficients.shape[:-1], np.shape(square)))
        for one in range(3):
            height = coefficients[..., one]
            if np.any(height):
                total += height * np.exp(coefficients[..., 3 + one] * square)
        return total

    def within(self, values: np.ndarray, rad: np.ndarray | float) -> np.ndarray:
        """Share (...) of the whole within an angle.

        Parameters
        ----------
        values : float array (..., 5), widths in radian
        rad : angle from the centre, float array (...), radian
        """
        part = -np.expm1(-0.5 * _divided(np.square(rad)[..., None], self._squares(values)))
        return np.sum(self._shares(values) * part, axis=-1)

    def draw(self, values: np.ndarray, rng: "np.random.Generator") -> np.ndarray:
        """Angles (n,) from the centre, radian.

        Parameters
        ----------
        values : float array (n, 5), widths in radian; the first one above 0
        rng : numpy random generator
        """
        cumulative = np.cumsum(self._shares(values), axis=-1)
        which = np.minimum(np.sum(cumulative <= rng.random((len(values), 1)), axis=-1), 2)
        # The last one that exists, where rounding leads beyond it.
        which = np.where(values[np.arange(len(values)), which] > 0, which, 0)
        return values[np.arange(len(values)), which] * np.sqrt(2 * rng.exponential(size=len(values)))

    def _squares(self, values: np.ndarray) -> np.ndarray:
        return np.square(values[..., :3])

    def _shares(self, values: np.ndarray) -> np.ndarray:
        """What each holds of the whole, (..., 3); their sum is 1."""
        square = self._squares(values)
        amplitudes = np.concatenate([np.ones_like(values[..., :1]), values[..., 3:]], axis=-1)
        content = amplitudes * square * (square[..., :1] > 0)
        return _divided(content, content.sum(axis=-1, keepdims=True))


class King:
    """The King function, a power law of index -2 GAMMA far beyond the width SIGMA."""

    parameters: tuple[str, ...] = ("SIGMA", "GAMMA")
    told_by: tuple[int, ...] = (0, 0)

    def density(self, values: np.ndarray, rad: np.ndarray | float) -> np.ndarray:
        """Density (...) per solid angle, sr-1.

        Parameters
        ----------
        values : float array (..., 2), SIGMA in radian, GAMMA above 1
        rad : angle from the centre, float array (...), radian
        """
        return self.of_coefficients(self.coefficients(values), rad)

    def coefficients(self, values: np.ndarray) -> np.ndarray:
        """Height at the centre, sr-1, GAMMA, and 1 / (2 GAMMA SIGMA^2): float array (..., 3).

        values: float array (..., 2), SIGMA in radian, GAMMA above 1.
        """
        sigma, gamma = values[..., 0], values[..., 1]
        central = _divided(1 - _divided(1, gamma), 2 * np.pi * sigma**2)
        return np.stack([central, gamma, _divided(1, 2 * gamma * sigma**2)], axis=-1)

    def of_coefficients(self, coefficients: np.ndarray, rad: np.ndarray | float) -> np.ndarray:
        """Density (...) per solid angle, sr-1.

        Parameters
        ----------
        coefficients : float array (..., 3)
        rad : angle from the centre, float array (...), radian
        """
        central, gamma, steepness = np.moveaxis(coefficients, -1, 0)
        return central * np.exp(-gamma * np.log1p(np.square(rad) * steepness))

    def within(self, values: np.ndarray, rad: np.ndarray | float) -> np.ndarray:
        """Share (...) of the whole within an angle.

        Parameters
        ----------
        values : float array (..., 2), SIGMA in radian, GAMMA above 1
        rad : angle from the centre, float array (...), radian
        """
        return -np.expm1((1 - values[..., 1]) * np.log1p(self._place(values, rad)))

    def draw(self, values: np.ndarray, rng: "np.random.Generator") -> np.ndarray:
        """Angles (n,) from the centre, radian.

        Parameters
        ----------
        values : float array (n, 2), SIGMA in radian, GAMMA above 1
        rng : numpy random generator
        """
        sigma, gamma = values[:, 0], values[:, 1]
        with np.errstate(over="ignore"):
            place = np.expm1(rng.exponential(size=len(values)) / (gamma - 1))
            return sigma * np.sqrt(2 * gamma * place)

    def _place(self, values: np.ndarray, rad: np.ndarray | float) -> np.ndarray:
        sigma, gamma = values[..., 0], values[..., 1]
        return _divided(np.square(rad), 2 * gamma * sigma**2)


FORMS: dict[str, RadialForm] = {"three gaussians": ThreeGaussians(), "king": King()}


def _divided(top: np.ndarray | float, bottom: np.ndarray) -> np.ndarray:
    """top / bottom, 0 where the bottom is 0."""
    top, bottom = np.broadcast_arrays(np.asarray(top, dtype=float), bottom)
    return np.divide(top, bottom, out=np.zeros(top.shape), where=bottom > 0)


def between_known(
    low: np.ndarray, high: np.ndarray, weight: np.ndarray, told_by: Sequence[int]
) -> np.ndarray:
    """Parameters (..., n) between two nodes, linear, over those of both where they exist; 0 where neither has them.

    Parameters
    ----------
    low, high : float arrays (..., n), parameters of both nodes
    weight : float array (...), 0 at the low one to 1 at the high one
    told_by : for each parameter the number of the one that is 0 where it does not exist
    """
    teller, weight = list(told_by), np.asarray(weight)[..., None]
    from_low, from_high = (1 - weight) * (low[..., teller] > 0), weight * (high[..., teller] > 0)
    return _divided(from_low * low + from_high * high, from_low + from_high)
