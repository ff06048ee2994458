"""A background that is empty, or as good as, where a source may be seen."""

import numpy as np

# Empty cells get this share of the mean of their plane: enough to make a source a matter of probability, too little
# to be seen in any sum.
BACKGROUND_FLOOR = 1e-6


def raise_empty_cells(background: np.ndarray, wanted: bool | np.ndarray = True) -> np.ndarray:
    """The background with a floor in empty cells: 1e-6 of the mean of their energy plane.

    Without it, one event there would rule out with certainty that there is no source. So would one where the background
    is next to nothing, as between the filled and the empty nodes of a response whose logarithm is interpolated: what is
    below the floor is raised to it, too. A plane without any background takes the mean of the nearest one that has
    some. Where there is nothing to raise, the array itself comes back.

    Parameters
    ----------
    background : float array (..., n_reco, nlat, nlon), counts or rates
    wanted : bool array that broadcasts to that shape, cells of the fit that a source reaches; default: all
    """
    floors = plane_floors(background.mean(axis=(-2, -1)))[..., None, None]
    low = wanted & (background < floors)
    return np.where(low, floors, background) if low.any() else background


def plane_floors(means: np.ndarray) -> np.ndarray:
    """What an empty cell is raised to, float array (..., n_reco), 0 where no plane has any background.

    means : float array (..., n_reco), of the background in each energy plane
    """
    if np.all(means > 0):
        return BACKGROUND_FLOOR * means
    planes, floors = np.arange(means.shape[-1]), np.zeros(means.shape)
    for number in np.ndindex(means.shape[:-1]):
        filled = np.flatnonzero(means[number] > 0)
        if len(filled):
            nearest = filled[np.argmin(np.abs(filled - planes[:, None]), axis=1)]
            floors[number] = BACKGROUND_FLOOR * means[number][nearest]
    return floors
