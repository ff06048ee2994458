"""A background that is empty where a source may be seen."""

import numpy as np

# Empty cells get this share of the mean of their plane: enough to make a source a matter of probability, too little
# to be seen in any sum.
BACKGROUND_FLOOR = 1e-6


def raise_empty_cells(background, wanted):
    """The background with a floor in empty cells: 1e-6 of the mean of their energy plane.

    Without it, one event there would rule out with certainty that there is no source. A plane without any background
    takes the mean of the nearest one that has some. Where there is nothing to raise, the array itself comes back.

    Parameters
    ----------
    background : float array (n_reco, nlat, nlon), counts
    wanted : bool array of the same shape, cells of the fit that a source reaches
    """
    empty = wanted & (background <= 0)
    if not empty.any():
        return background
    means = background.mean(axis=(1, 2))
    filled = np.flatnonzero(means > 0)
    if not len(filled):
        return background
    planes = np.arange(len(means))
    nearest = filled[np.argmin(np.abs(filled - planes[:, None]), axis=1)]
    return np.where(empty, (BACKGROUND_FLOOR * means[nearest])[:, None, None], background)
