"""The lowest norms of rows of light curves, which take time, and are sought where they are needed."""

from functools import cached_property

import numpy as np


class LowestNorms:
    """Norms that the rows of n light curves do not go below.

    Parameters
    ----------
    profile : see `tevcurve.fit.minimize`; row r of light curve t is its bin t * n_rows + r
    n : number of light curves
    lowest : float array (n_rows,), or None: where a prediction would vanish
    """

    def __init__(self, profile, n, lowest):
        self.profile, self.n, self.lowest = profile, n, lowest

    @cached_property
    def all(self):
        """Those of all bins of the profile."""
        return self.of(np.arange(self.profile.n))

    @property
    def are_spared(self):
        """Whether they are sought only where a row needs them: in toys, as long as nobody asked for all."""
        return self.n > 1 and "all" not in vars(self)

    def of(self, rows):
        """Those of some bins of the profile. rows: sorted int array."""
        limits = np.minimum(self.part(rows).lower_bound(), 0.0)
        return limits if self.lowest is None else np.maximum(limits, self.lowest[rows % len(self.lowest)])

    def part(self, rows):
        """The profile of some of its bins. rows: sorted int array."""
        return self.profile if len(rows) == self.profile.n else self.profile.take(rows)[0]
