"""Likelihoods of flux factors rebuilt from what a table says of them: values with errors, or scans."""

import numpy as np

# A search for a minimum takes a profile's signal for its steps, which this large become Newton's own, and goes no
# further up than counts/total: this many errors above the value.
LARGE, FAR = 1e9, 1e3
# Where the variance of an asymmetric error has sunk to this share, the statistic goes on as a parabola.
_LEAST_VARIANCE = 0.1


def asymmetric_stat(
    d: np.ndarray, errn: np.ndarray, errp: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(stat, slope, curvature) of a value with asymmetric errors at distances d = a - value from it.

    The variance is taken as linear in the true value,

        stat = d^2 / (errn*errp + (errp - errn)*d),

    which is 1 at both ends of the error bar and follows the likelihood of a count well (Barlow 2004,
    arXiv:physics/0406120). Where that variance falls below a tenth of errn*errp the statistic goes on as
    the parabola that has its value, slope and curvature there.

    Arguments are arrays that broadcast; the errors are above 0.

    Parameters
    ----------
    d : float array, distance of the true value from the measured one
    errn, errp : float arrays, errors down and up, in the unit of `d`
    """
    product, skew = errn * errp, errp - errn
    inside = product + skew * d >= _LEAST_VARIANCE * product
    with np.errstate(divide="ignore", invalid="ignore"):
        last = np.where(inside, d, (_LEAST_VARIANCE - 1) * product / skew)
    variance = product + skew * last
    stat, slope = last**2 / variance, last * (2 * product + skew * last) / variance**2
    curvature, beyond = 2 * product**2 / variance**3, d - last
    return stat + slope * beyond + 0.5 * curvature * beyond**2, slope + curvature * beyond, curvature


class AsymmetricProfile:
    """The statistic of values with asymmetric errors, from both alone; see `asymmetric_stat`.

    Parameters
    ----------
    value : float array (n,), measured
    errn, errp : float arrays (n,), errors down and up, above 0, in the unit of `value`
    """

    def __init__(self, value: np.ndarray, errn: np.ndarray, errp: np.ndarray) -> None:
        self.value, self.errn, self.errp = value, errn, errp
        self.n = len(value)
        self.total = LARGE / np.minimum(errn, errp)
        self.counts = (np.abs(value) + FAR * np.maximum(errn, errp)) * self.total

    def take(self, bins: np.ndarray, start: None = None) -> "tuple[AsymmetricProfile, None]":
        """(the profile of some bins (sorted int array), None).

        Parameters
        ----------
        bins : sorted int array, the bins that are kept
        start : not used
        """
        return AsymmetricProfile(self.value[bins], self.errn[bins], self.errp[bins]), None

    def evaluate(
        self, a: np.ndarray, start: None = None
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], None]:
        """((stat, slope, curvature) at flux factors a, each of shape (n,), None: nothing is searched for).

        Parameters
        ----------
        a : float array (n,), flux factors
        start : not used
        """
        return asymmetric_stat(a - self.value, self.errn, self.errp), None

    def lower_bound(self) -> np.ndarray:
        """Flux factors (n,) far below the values."""
        return np.minimum(self.value - FAR * np.maximum(self.errn, self.errp), 0.0)


class ScanProfile:
    """The statistic of flux factors between the points at which it is known.

    Between points the root of the statistic, with the sign of the distance from the minimum, is a monotone cubic
    (Fritsch & Carlson 1980, SIAM J. Numer. Anal. 17, 238); beyond the last ones it is a straight line.

    Parameters
    ----------
    knots : float array (n, n_knots), flux factors, growing in each row, the minimum among them
    heights : float array of that shape, the signed root of the rise of the statistic; growing
    """

    def __init__(self, knots: np.ndarray, heights: np.ndarray) -> None:
        self.knots, self.heights = knots, heights
        self.n = len(knots)
        self.tangents = _monotone_tangents(knots, heights)
        best = knots[np.arange(self.n), np.argmin(np.abs(heights), axis=1)]
        self.total = LARGE / (knots[:, -1] - knots[:, 0])
        self.counts = np.abs(best) * self.total + FAR * LARGE

    def take(self, bins: np.ndarray, start: None = None) -> "tuple[ScanProfile, None]":
        """(the profile of some bins (sorted int array), None).

        Parameters
        ----------
        bins : sorted int array, the bins that are kept
        start : not used
        """
        return ScanProfile(self.knots[bins], self.heights[bins]), None

    def evaluate(
        self, a: np.ndarray, start: None = None
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], None]:
        """((stat, slope, curvature) at flux factors a, each of shape (n,), None: nothing is searched for).

        Parameters
        ----------
        a : float array (n,), flux factors
        start : not used
        """
        row, last = np.arange(self.n), self.knots.shape[1] - 1
        left = np.clip(np.sum(self.knots <= a[:, None], axis=1) - 1, 0, last - 1)
        x0, x1 = self.knots[row, left], self.knots[row, left + 1]
        y0, y1 = self.heights[row, left], self.heights[row, left + 1]
        m0, m1 = self.tangents[row, left], self.tangents[row, left + 1]
        width = x1 - x0
        t = np.clip((a - x0) / width, 0, 1)
        beyond = a - (x0 + t * width)
        # Hermite's cubic y0 + h*t*(m0 + t*(c2 + t*c3)).
        mean = (y1 - y0) / width
        c2, c3 = 3 * mean - 2 * m0 - m1, m0 + m1 - 2 * mean
        height = y0 + width * t * (m0 + t * (c2 + t * c3))
        first = m0 + t * (2 * c2 + 3 * c3 * t)
        second = np.where(beyond == 0, (2 * c2 + 6 * c3 * t) / width, 0.0)
        height = height + first * beyond
        # Between knots the curvature may be rough; a search needs one that is above 0.
        curvature = np.maximum(2 * (first**2 + height * second), first**2)
        return (height**2, 2 * height * first, curvature), None

    def lower_bound(self) -> np.ndarray:
        """The first knot of each bin, but not above 0."""
        return np.minimum(self.knots[:, 0], 0.0)


def _monotone_tangents(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Tangents (n, k) at knots of the monotone piecewise cubic through growing (x, y), each (n, k)."""
    width, rise = np.diff(x, axis=1), np.diff(y, axis=1)
    mean = rise / width
    tangents = np.empty_like(y)
    tangents[:, 0], tangents[:, -1] = mean[:, 0], mean[:, -1]
    left, right = width[:, :-1], width[:, 1:]
    # The weighted harmonic mean keeps the cubic monotone (Fritsch & Butland 1984).
    weights = 2 * right + left, right + 2 * left
    with np.errstate(divide="ignore"):
        harmonic = (weights[0] + weights[1]) / (weights[0] / mean[:, :-1] + weights[1] / mean[:, 1:])
    tangents[:, 1:-1] = np.where((mean[:, :-1] > 0) & (mean[:, 1:] > 0), harmonic, 0.0)
    return tangents
