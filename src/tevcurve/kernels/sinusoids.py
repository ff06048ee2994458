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
# Pieces whose lengths differ by less than this share smear all alike.
ALIKE = 1e-6
# Elements of arrays that are made at once.
_AT_ONCE = 2_000_000


def waves_at(time: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    """Cosines and sines at times, float array (2, m, n).

    Parameters
    ----------
    time : float array (n,)
    frequency : float array (m,), cycles per time
    """
    phase = 2 * np.pi * np.outer(frequency, time - time.mean())
    return np.stack([np.cos(phase), np.sin(phase)])


def mean_waves(
    frequency: np.ndarray,
    pieces: tuple[np.ndarray, np.ndarray],
    row: np.ndarray,
    weight: np.ndarray,
    n_rows: int,
) -> np.ndarray:
    """Means of cosines and sines over rows of one or more pieces of time, float array (2, m, n_rows).

    Rows of one piece each that are equally long smear all sinusoids alike, which says nothing of them: then they are
    those at the middles.

    Parameters
    ----------
    frequency : float array (m,), cycles per time
    pieces : start and stop, float arrays (n_pieces,)
    row : int array (n_pieces,), the row of each piece; every row has one
    weight : float array (n_pieces,), above 0, of pieces in the mean of their row
    n_rows : int
    """
    order = np.argsort(row, kind="stable")
    start, stop = (each[order] for each in pieces)
    middle, length = 0.5 * (start + stop), stop - start
    if len(row) == n_rows and np.ptp(length) <= ALIKE * length.max():
        return waves_at(middle, frequency)
    first = np.flatnonzero(np.diff(row[order], prepend=-1))
    share = weight[order] / np.add.reduceat(weight[order], first)[row[order]]
    found = np.empty((2, len(frequency), n_rows))
    middle -= middle.mean()
    size = max(1, _AT_ONCE // len(row))
    for part in (slice(k, k + size) for k in range(0, len(frequency), size)):
        phase = 2 * np.pi * np.outer(frequency[part], middle)
        smear = share * np.sinc(np.outer(frequency[part], length))
        for wave, kind in enumerate((np.cos, np.sin)):
            found[wave, part] = np.add.reduceat(smear * kind(phase), first, axis=1)
    return found


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
    def of(cls, waves: np.ndarray, covariance: np.ndarray) -> "Sinusoids":
        """Those of cosines and sines in values with some noise.

        Parameters
        ----------
        waves : float array (2, m, n), as of `waves_at`
        covariance : float array (n, n), of the values; or (n,), their variances where they are independent
        """
        inverse = 1 / covariance if covariance.ndim == 1 else np.linalg.inv(covariance)
        weight = _times(np.ones((1, waves.shape[2])), inverse)[0]
        share = weight / weight.sum()
        cosine, sine = (each - (each @ share)[:, None] for each in waves)
        full = np.einsum("mn,mn,n->m", sine, sine, np.diag(inverse) if inverse.ndim == 2 else inverse)
        first = _times(cosine, inverse)
        square = np.einsum("mn,mn->m", first, cosine)
        known = np.divide(1.0, square, out=np.zeros(len(square)), where=square > LEAST_LEFT * full)
        sine -= (np.einsum("mn,mn->m", first, sine) * known)[:, None] * cosine
        second = _times(sine, inverse)
        other = np.einsum("mn,mn->m", second, sine)
        left = np.divide(1.0, other, out=np.zeros(len(other)), where=other > LEAST_LEFT * full)
        known, left = np.sqrt(known)[:, None], np.sqrt(left)[:, None]
        onto = np.empty_like(waves)
        np.multiply(first, known, out=onto[0])
        np.multiply(second, left, out=onto[1])
        cosine *= known
        sine *= left
        return cls(cosine, sine, onto)

    def gain(self, values: np.ndarray) -> np.ndarray:
        """What each sinusoid takes from the chi-square of a level, float array (k, m).

        values : float array (k, n), of k curves
        """
        found = (values @ self.onto[0].T) ** 2
        found += (values @ self.onto[1].T) ** 2
        return found

    def best(self, values: np.ndarray, number: int) -> np.ndarray:
        """The sinusoid that fits values (n,) best, without the level, float array (n,).

        Parameters
        ----------
        values : float array (n,)
        number : int, of the frequency
        """
        along = self.onto[:, number] @ values
        return along[0] * self.cosine[number] + along[1] * self.sine[number]

    def beside_best(self, values: np.ndarray, number: int) -> "Sinusoids":
        """The sinusoids beside the noise that is best with one of them: these, as there is but one noise.

        Parameters
        ----------
        values : float array (n,)
        number : int, of the frequency of this one
        """
        return self


def _times(vectors: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """Vectors (m, n) times an inverse covariance, (n, n) or that of a diagonal (n,)."""
    return vectors * inverse if inverse.ndim == 1 else vectors @ inverse
