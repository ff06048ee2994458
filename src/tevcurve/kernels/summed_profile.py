"""Bins of a profile put together: one factor for several bins, each at its own multiple of it."""

import numpy as np


class SummedProfile:
    """The sum of a profile's statistics over groups of its bins, as a function of one factor for each group.

    A bin of the profile is at the flux factor `scale` times that of its group. What `tevcurve.fit.minimize` calls a
    profile, whose bins are the groups.

    Parameters
    ----------
    profile : see `tevcurve.fit.minimize`; statistics that are convex
    group : int array (n of the profile,), sorted, the group of each bin
    scale : float array of that shape or float, above 0
    n_groups : int; none may be empty
    """

    def __init__(self, profile, group, scale=1.0, n_groups=None):
        self.profile, self.group = profile, np.asarray(group)
        self.scale = np.broadcast_to(np.asarray(scale, dtype=float), self.group.shape)
        self.n = int(self.group[-1]) + 1 if n_groups is None else n_groups
        self.total = self._sum(profile.total * self.scale)
        # The minimum of a sum of convex functions is not above the highest of their minima.
        highest = np.full(self.n, -np.inf)
        np.maximum.at(highest, self.group, profile.counts / (profile.total * self.scale))
        self.counts = highest * self.total

    def take(self, groups, start=None):
        """(the profile of some groups (sorted int array), the start cut with them).

        Parameters
        ----------
        groups : sorted int array, the groups that are kept
        start : where a search began, of all groups; None: nowhere yet
        """
        number = np.full(self.n, -1)
        number[groups] = np.arange(len(groups))
        bins = np.flatnonzero(number[self.group] >= 0)
        profile, start = self.profile.take(bins, start)
        return SummedProfile(profile, number[self.group[bins]], self.scale[bins], len(groups)), start

    def evaluate(self, a, start=None):
        """((stat, slope, curvature) at factors a, each of shape (n_groups,), where the profile's search ended).

        Parameters
        ----------
        a : float array (n_groups,), factors
        start : where the profile's search begins; None: nowhere yet
        """
        (stat, slope, curvature), end = self.profile.evaluate(a[self.group] * self.scale, start)
        return (self._sum(stat), self._sum(slope * self.scale), self._sum(curvature * self.scale**2)), end

    def lower_bound(self):
        """The lowest factor of each group: that at which the first of its bins reaches its own limit."""
        limits = np.full(self.n, -np.inf)
        np.maximum.at(limits, self.group, self.profile.lower_bound() / self.scale)
        return limits

    def _sum(self, per_bin):
        return np.bincount(self.group, per_bin, self.n)


class PairedProfile:
    """The sum of two profiles with the same number of bins, at the same factors; a profile itself.

    Parameters
    ----------
    first, second : the profiles, of n bins each
    """

    def __init__(self, first, second):
        self.first, self.second, self.n = first, second, first.n
        self.total = first.total + second.total
        highest = np.maximum(first.counts / first.total, second.counts / second.total)
        self.counts = highest * self.total

    def take(self, bins, start=None):
        """(the profile of some bins (sorted int array), the start cut with them).

        Parameters
        ----------
        bins : sorted int array, the bins that are kept
        start : where both searches began, of all bins; None: nowhere yet
        """
        starts = (None, None) if start is None else start
        first, second = self.first.take(bins, starts[0]), self.second.take(bins, starts[1])
        return PairedProfile(first[0], second[0]), (first[1], second[1])

    def evaluate(self, a, start=None):
        """((stat, slope, curvature) at factors a, each of shape (n,), where both searches ended).

        Parameters
        ----------
        a : float array (n,), factors
        start : where both searches begin; None: nowhere yet
        """
        starts = (None, None) if start is None else start
        one, end = self.first.evaluate(a, starts[0])
        other, other_end = self.second.evaluate(a, starts[1])
        return tuple(left + right for left, right in zip(one, other, strict=True)), (end, other_end)
