"""Sinusoids in values whose noise is not known: which of several it is, is chosen anew with each sinusoid.

Noise that was fitted without a sinusoid has taken part of it for its own, and a sinusoid beside that noise loses this
part. So the likelihood of values is compared at the best of the noises with a sinusoid, and at the best of them
without: with w the log likelihood of a noise alone, restricted as the level is free (Harville 1974, Biometrika 61,
383), and g what a sinusoid gains beside it, a sinusoid is worth max(2w + g) - max(2w).
"""

import numpy as np

from tevcurve.kernels.sinusoids import Sinusoids

# Elements of vectors that are kept; where there are more they are made each time.
MOST_KEPT = 20_000_000


class SinusoidsBesideNoise:
    """Sinusoids at m frequencies in n values.

    Parameters
    ----------
    waves : float array (2, m, n), as of `tevcurve.kernels.sinusoids.waves_at`
    covariances : list of float arrays (n, n), of the noises
    """

    def __init__(self, waves: np.ndarray, covariances: list[np.ndarray]):
        self.waves, self.covariances = waves, covariances
        self._alone = [_without_level(each) for each in covariances]
        kept = waves.size * len(covariances) <= MOST_KEPT
        self._onto = [Sinusoids.of(waves, each).onto for each in covariances] if kept else None

    def gain(self, values: np.ndarray) -> np.ndarray:
        """What each sinusoid is worth, float array (k, m): twice the log of the ratio of likelihoods.

        values : float array (k, n), of k curves
        """
        alone = self._worth(values)
        found = np.full((len(values), self.waves.shape[1]), -np.inf)
        for number, worth in enumerate(alone):
            onto = (
                Sinusoids.of(self.waves, self.covariances[number]).onto
                if self._onto is None
                else self._onto[number]
            )
            one = (values @ onto[0].T) ** 2
            one += (values @ onto[1].T) ** 2
            one += worth[:, None]
            np.maximum(found, one, out=found)
        return found - alone.max(axis=0)[:, None]

    def beside_best(self, values: np.ndarray, number: int) -> Sinusoids:
        """The `Sinusoids` beside the noise that is best with one of them.

        Parameters
        ----------
        values : float array (n,)
        number : int, of the frequency of this one
        """
        waves, alone = self.waves[:, number : number + 1], self._worth(values[None])[:, 0]
        gains = [Sinusoids.of(waves, each).gain(values[None])[0, 0] for each in self.covariances]
        return Sinusoids.of(self.waves, self.covariances[int(np.argmax(alone + gains))])

    def _worth(self, values: np.ndarray) -> np.ndarray:
        """Twice the log likelihoods of the noises alone, float array (n_noises, k)."""
        return np.array([-np.einsum("kn,kn->k", values @ inner, values) - log for inner, log in self._alone])


def _without_level(covariance: np.ndarray) -> tuple[np.ndarray, float]:
    """(the inverse of a covariance (n, n) from which the level is projected out, the log of its determinant)."""
    inverse = np.linalg.inv(covariance)
    weight = inverse.sum(axis=1)
    total = weight.sum()
    log = np.linalg.slogdet(covariance)[1] + np.log(total)
    return inverse - np.outer(weight, weight) / total, float(log)
