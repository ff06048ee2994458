"""How well the amplitudes of sources in one field can be told apart: Fisher's information from what is expected.

The information of Poisson counts on amplitudes is the sum over cells of s*s'/mu, with s and s' what is expected at
amplitude 1 and mu all that is expected (Cowan 1998, "Statistical Data Analysis", section 6.6); the inverse has the
covariance.
"""

import numpy as np

# Of the logarithm of a source's share of a cell: what cells of one class differ by. Of the information, a twelfth of
# its square is lost, 0.5 %.
STEP = 0.25
# Cells with a smaller share of a source say nothing of it.
LEAST_SHARE = 1e-4
# Powers of an odd number tell lists of small numbers apart in 64 bits.
ODD = np.uint64(6364136223846793005)


def classes_of_cells(sources: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """The class (int array (n_cells,), from 0) of each cell: those of a class have the same shares of all sources.

    Parameters
    ----------
    sources : float array (n_sources, n_cells), counts expected of each
    rest : float array (n_cells,), of everything else
    """
    total = sources.sum(axis=0) + rest
    lowest = np.floor(np.log(LEAST_SHARE) / STEP)
    key, factor = np.zeros(len(rest), dtype=np.uint64), ODD
    for own in sources:
        seen = np.flatnonzero(own > LEAST_SHARE * total)
        steps = np.floor(np.log(own[seen] / total[seen]) / STEP) - lowest
        key[seen] += (steps.astype(np.uint64) + np.uint64(1)) * factor
        factor = np.multiply(factor, ODD)
    return np.unique(key, return_inverse=True)[1].reshape(-1)


def information(templates: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Fisher's information (n, n) on the amplitudes of templates.

    Parameters
    ----------
    templates : float array (n, n_cells), counts expected at amplitude 1
    expected : float array (n_cells,), counts expected of everything
    """
    seen = np.flatnonzero(expected > 0)
    own = np.ascontiguousarray(templates[:, seen])
    return np.einsum("ic,jc->ij", own / expected[seen], own)


def correlations(matrix: np.ndarray) -> np.ndarray:
    """Correlation (n_rows, n - 1) of the first of n amplitudes with each other one; 0 where one is not seen.

    Parameters
    ----------
    matrix : float array (n_rows, n, n), Fisher's information of each row
    """
    diagonal = np.einsum("rii->ri", matrix)
    seen = diagonal > 0
    scale = np.where(seen, 1 / np.sqrt(np.where(seen, diagonal, 1.0)), 0.0)
    scaled = matrix * scale[:, :, None] * scale[:, None, :]
    # Sources in one place: a hair more, so that there is an inverse, and a correlation of 1.
    unit = np.eye(matrix.shape[1])
    scaled = scaled * (1 - unit) + unit * (1 + HAIR)
    covariance = np.linalg.inv(scaled)
    error = np.sqrt(np.einsum("rii->ri", covariance))
    own = covariance[:, 0, 1:] / (error[:, :1] * error[:, 1:])
    return np.where(seen[:, :1] & seen[:, 1:], own, 0.0)


HAIR = 1e-9
