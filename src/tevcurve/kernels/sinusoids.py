"""Sinusoids with a free level in values whose noise may be correlated, at many frequencies and in many curves.

Values y with a covariance C are fitted with a level and a sinusoid, by least squares. With P the inverse of C from
which the level is projected out, and columns c and s of cosines and sines that are made orthogonal in P, what the
sinusoid gains in chi-square is (c P y)^2/(c P c) + (s P y)^2/(s P s): two products with vectors that know nothing of
the values. For uncorrelated noise that is the generalised periodogram (Zechmeister & Kuerster 2009, A&A 496, 577).
"""

from dataclasses import dataclass

import numpy as np

# A sinusoid of which less than this share is left beside the level and the other one is no further parameter.
LEAST_LEFT = 1e-9


@dataclass(frozen=True, eq=False)
class Sinusoids:
    """Sinusoids at m frequencies, as vectors that values are multiplied with.

    Attributes
    ----------
    cosine, sine : float arrays (m, n), the model at the n values, orthogonal to the level and to each other
    onto : float array (2, m, n), of each what is multiplied with values; 0 where there is no such parameter
    """

    cosine: np.ndarray
    sine: np.ndarray
    onto: np.ndarray

    @classmethod
    def of(cls, time: np.ndarray, frequency: np.ndarray, covariance: np.ndarray) -> "Sinusoids":
        """Those of frequencies in values at some times.

        Parameters
        ----------
        time : float array (n,)
        frequency : float array (m,), cycles per time
        covariance : float array (n, n), of the values; or (n,), their variances where they are independent
        """
        phase = 2 * np.pi * np.outer(frequency, time - time.mean())
        inverse = 1 / covariance if covariance.ndim == 1 else np.linalg.inv(covariance)
        weight = _times(np.ones((1, len(time))), inverse)[0]
        share = weight / weight.sum()
        cosine, sine = np.cos(phase), np.sin(phase)
        cosine -= (cosine @ share)[:, None]
        sine -= (sine @ share)[:, None]
        full = np.einsum("mn,n->m", sine**2, np.diag(inverse) if inverse.ndim == 2 else inverse)
        first = _times(cosine, inverse)
        square = np.einsum("mn,mn->m", first, cosine)
        known = np.divide(1.0, square, out=np.zeros(len(square)), where=square > LEAST_LEFT * full)
        sine -= (np.einsum("mn,mn->m", first, sine) * known)[:, None] * cosine
        second = _times(sine, inverse)
        other = np.einsum("mn,mn->m", second, sine)
        left = np.divide(1.0, other, out=np.zeros(len(other)), where=other > LEAST_LEFT * full)
        onto = np.stack([first * np.sqrt(known)[:, None], second * np.sqrt(left)[:, None]])
        return cls(cosine * np.sqrt(known)[:, None], sine * np.sqrt(left)[:, None], onto)

    def gain(self, values: np.ndarray) -> np.ndarray:
        """What each sinusoid takes from the chi-square of a level, float array (k, m).

        values : float array (k, n), of k curves
        """
        return (values @ self.onto[0].T) ** 2 + (values @ self.onto[1].T) ** 2

    def best(self, values: np.ndarray, number: int) -> np.ndarray:
        """The sinusoid that fits values (n,) best, without the level, float array (n,).

        Parameters
        ----------
        values : float array (n,)
        number : int, of the frequency
        """
        along = self.onto[:, number] @ values
        return along[0] * self.cosine[number] + along[1] * self.sine[number]


def _times(vectors: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """Vectors (m, n) times an inverse covariance, (n, n) or that of a diagonal (n,)."""
    return vectors * inverse if inverse.ndim == 1 else vectors @ inverse
