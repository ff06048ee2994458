"""Shapes of sources on the sky: points, Gaussians and discs, normalised to 1 over the sphere."""

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.models.parameters import Parameter
from tevcurve.models.spatial import LAT_0, LON_0, SpatialModel


class SkyPointSource(SpatialModel):
    """A point source at (lon_0, lat_0)."""

    default_parameters = (LON_0, LAT_0)


class SkyGaussian(SpatialModel):
    """A Gaussian on the sphere with the width sigma (39.3 % containment), the Fisher distribution.

    With h = sin^2(separation / 2) / sin^2(sigma / 2), its shape is exp(-h / 2), which is exp(-separation^2 /
    (2 sigma^2)) for small angles, and its integral over the sphere has a closed form (Fisher 1953, Proc. R.
    Soc. A 217, 295).
    """

    default_parameters = (LON_0, LAT_0, Parameter("sigma", 0.1, u.deg, min=0, max=180))

    @staticmethod
    def profile(separation: np.ndarray, sigma: float) -> np.ndarray:
        """Surface brightness in sr-1 at a separation in radian.

        Parameters
        ----------
        separation : from the centre, radian
        sigma : radian
        """
        _check_size("sigma", sigma)
        width = np.sin(0.5 * sigma) ** 2
        total = 8 * np.pi * width * -np.expm1(-0.5 / width)
        return np.exp(-0.5 * np.sin(0.5 * separation) ** 2 / width) / total

    @staticmethod
    def on_ring(separation: np.ndarray, ring: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
        """Means of the brightness, and of it times the cosine of the turn, on rings around places, sr-1.

        Parameters
        ----------
        separation : of the rings' centres from that of the source, radian
        ring : radii of the rings, radian; they broadcast
        sigma : radian
        """
        from scipy.special import i0e, i1e

        concentration = 0.25 / np.sin(0.5 * sigma) ** 2
        across = concentration * np.sin(separation) * np.sin(ring)
        # exp(-concentration (1 - cos d)) over the turn around a ring is a Bessel function.
        nearest = SkyGaussian.profile(separation - ring, sigma)
        return nearest * i0e(across), nearest * i1e(across)

    @staticmethod
    def smoothness(sigma: float) -> float:
        """sigma. sigma: radian."""
        return sigma

    @staticmethod
    def radius(sigma: float) -> float:  # type: ignore[override]
        """5 sigma in radian: 3.7e-6 of the emission lie outside. sigma: radian."""
        return min(5 * sigma, np.pi)

    @staticmethod
    def detail(sigma: float) -> float:  # type: ignore[override]
        """sigma. sigma: radian."""
        return sigma


class SkyDisk(SpatialModel):
    """A disc: 1 / (2 pi (1 - cos r_0)) up to the radius r_0 included, 0 outside.

    With an `edge_width`, a fraction of r_0, the brightness falls from 95 to 5 % over r_0 * edge_width about r_0, as an
    error function (gammapy's definition); the integral over the sphere is 1 also then.
    """

    default_parameters = (
        LON_0,
        LAT_0,
        Parameter("r_0", 0.1, u.deg, min=0, max=180),
        Parameter("edge_width", 0.0, min=0, max=1, frozen=True),
    )
    may_be_left = ("edge_width",)

    @staticmethod
    def profile(separation: np.ndarray, r_0: float, edge_width: float = 0.0) -> np.ndarray:
        """Surface brightness in sr-1 at a separation in radian.

        Parameters
        ----------
        separation : from the centre, radian
        r_0 : radian
        edge_width : in units of r_0
        """
        _check_size("r_0", r_0)
        if np.any(edge_width):
            return _smooth_disc(separation, r_0, r_0 * edge_width / FROM_95_TO_5)
        # 1 - cos r = 2 sin^2(r / 2) keeps its digits for small discs.
        return np.where(np.asarray(separation) <= r_0, 1 / (4 * np.pi * np.sin(0.5 * r_0) ** 2), 0.0)

    def sampled_profile(  # type: ignore[override]
        self, separation: np.ndarray, spacing: float, r_0: float, edge_width: float = 0.0
    ) -> np.ndarray:
        """The profile with its edge as wide as the spacing, so that fractions change smoothly with the radius.

        Parameters
        ----------
        separation : from the centre, radian
        spacing : of the sampling points, radian
        r_0 : radian
        edge_width : in units of r_0
        """
        _check_size("r_0", r_0)
        if np.any(edge_width):
            return _smooth_disc(separation, r_0, np.hypot(r_0 * edge_width / FROM_95_TO_5, spacing / 12**0.5))
        covered = np.clip(0.5 + (r_0 - separation) / spacing, 0, 1)
        return covered / (4 * np.pi * np.sin(0.5 * r_0) ** 2)

    @staticmethod
    def on_ring(
        separation: np.ndarray, ring: np.ndarray, r_0: float, edge_width: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Means of the brightness, and of it times the cosine of the turn, on rings around places, sr-1.

        Parameters
        ----------
        separation : of the rings' centres from that of the source, radian
        ring : radii of the rings, radian; they broadcast
        r_0 : radian
        edge_width : in units of r_0
        """
        from scipy.special import ndtr

        # A soft edge is a mean over sharp ones.
        places, weights = (
            np.polynomial.hermite_e.hermegauss(EDGES) if edge_width else (np.zeros(1), np.ones(1))
        )
        sigma = r_0 * edge_width / FROM_95_TO_5
        inside, cosine = (
            np.zeros(np.broadcast_shapes(np.shape(separation), np.shape(ring))) for _ in range(2)
        )
        for radius, weight in zip(r_0 + sigma * places, weights / weights.sum(), strict=True):
            if radius > 0:
                part = _part_of_ring(separation, ring, radius)
                inside, cosine = inside + weight * part, cosine + weight * np.sin(np.pi * part) / np.pi
        brightness = SkyDisk.profile(np.zeros(()), r_0, edge_width) / (
            ndtr(r_0 / sigma) if edge_width else 1.0
        )
        return inside * brightness, cosine * brightness

    @staticmethod
    def smoothness(r_0: float, edge_width: float = 0.0) -> float:
        """The standard deviation of the edge, radian.

        Parameters
        ----------
        r_0 : radian
        edge_width : in units of r_0
        """
        return r_0 * edge_width / FROM_95_TO_5

    @staticmethod
    def radius(r_0: float, edge_width: float = 0.0) -> float:  # type: ignore[override]
        """r_0 in radian, and twice the width of the edge: less than 1e-9 of the brightness is left there.

        Parameters
        ----------
        r_0 : radian
        edge_width : in units of r_0
        """
        return min(r_0 * (1 + 2 * edge_width), np.pi)

    @staticmethod
    def detail(r_0: float, edge_width: float = 0.0) -> float:  # type: ignore[override]
        """A third of r_0: the edge is sharp.

        Parameters
        ----------
        r_0 : radian
        edge_width : in units of r_0
        """
        return r_0 / 3


# Standard deviations of a normal distribution between 5 and 95 %: 2 ndtri(0.95).
FROM_95_TO_5 = 3.2897072539029444
# Sharp edges that a soft one is a mean of.
EDGES = 20


def _part_of_ring(separation: np.ndarray, ring: np.ndarray, radius: float) -> np.ndarray:
    """The part (0 to 1) of rings (radius `ring`, `separation` from the centre) inside a disc; all in radian."""
    beyond = np.sin(0.5 * (separation - ring)) ** 2 - np.sin(0.5 * radius) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = 1 + 2 * beyond / (np.sin(separation) * np.sin(ring))
    return np.arccos(np.clip(np.nan_to_num(cosine, nan=0.0, posinf=1, neginf=-1), -1, 1)) / np.pi


def _smooth_disc(separation: np.ndarray, r_0: float, sigma: float) -> np.ndarray:
    """Brightness in sr-1 of a disc whose edge is a normal distribution of radii about r_0, none below 0.

    separation, r_0, sigma: radian.
    """
    # It takes longer to import than a light curve to make.
    from scipy.special import ndtr

    # The discs' mean area, 2 pi E[1 - cos R] of R normal, without the part of R < 0 (which is small: as in the plane).
    area = 4 * np.pi * np.sin(0.5 * r_0) ** 2 - 2 * np.pi * np.cos(r_0) * np.expm1(-0.5 * sigma**2)
    low = r_0 / sigma
    below = (r_0**2 + sigma**2) * ndtr(-low) - r_0 * sigma * np.exp(-0.5 * low**2) / (2 * np.pi) ** 0.5
    return ndtr((r_0 - np.asarray(separation)) / sigma) / (area - np.pi * below)


def _check_size(name: str, size: float) -> None:
    if not np.all(size > 0):
        raise InputError(
            f"'{name}' is {np.rad2deg(size):g} deg; wanted is a size above 0, or SkyPointSource for a point."
        )
