"""Bins of a profile put together: one factor for several bins, each at its own multiple of it."""

import numpy as np


class SummedProfile:
    """The sum of a profile's statistics over groups of its bins, as a function of one factor for each group.

    A bin of the profile is at the flux factor `scale` times that of its group. What `tevcurve.fit.minimize` calls a
    profile, whose bins are the groups.

    Parameters
    ----------
    profile : see `tevcurve.fit.minimize`; statistics that are convex
    group : int array (n_bins of the profile,), sorted, the group of each bin
    scale : float array of that shape or float, above 0
    n_groups : int; none may be empty
    """

    def __init__(self, profile, group, scale=1.0, n_groups=None):
        self.profile, self.group = profile, np.asarray(group)
        self.scale = np.broadcast_to(np.asarray(scale, dtype=float), self.group.shape)
        self.n_bins = int(self.group[-1]) + 1 if n_groups is None else n_groups
        self.signal_total = self._sum(profile.signal_total * self.scale)
        # The minimum of a sum of convex functions is not above the highest of their minima.
        highest = np.full(self.n_bins, -np.inf)
        np.maximum.at(highest, self.group, profile.counts / (profile.signal_total * self.scale))
        self.counts = highest * self.signal_total

    def copy(self):
        """The same profile, whose searches leave this one's alone."""
        return SummedProfile(self.profile.copy(), self.group, self.scale, self.n_bins)

    def take(self, groups):
        """The profile of some groups (sorted int array)."""
        number = np.full(self.n_bins, -1)
        number[groups] = np.arange(len(groups))
        bins = np.flatnonzero(number[self.group] >= 0)
        return SummedProfile(self.profile.take(bins), number[self.group[bins]], self.scale[bins], len(groups))

    def evaluate(self, a):
        """(stat, slope, curvature) at factors a, each of shape (n_groups,)."""
        stat, slope, curvature = self.profile.evaluate(a[self.group] * self.scale)
        return self._sum(stat), self._sum(slope * self.scale), self._sum(curvature * self.scale**2)

    def lower_limits(self):
        """The lowest factor of each group: that at which the first of its bins reaches its own limit."""
        limits = np.full(self.n_bins, -np.inf)
        np.maximum.at(limits, self.group, self.profile.lower_limits() / self.scale)
        return limits

    def _sum(self, per_bin):
        return np.bincount(self.group, per_bin, self.n_bins)


class PairedProfile:
    """The sum of two profiles with the same number of bins, at the same factors; a profile itself."""

    def __init__(self, first, second):
        self.first, self.second, self.n_bins = first, second, first.n_bins
        self.signal_total = first.signal_total + second.signal_total
        highest = np.maximum(first.counts / first.signal_total, second.counts / second.signal_total)
        self.counts = highest * self.signal_total

    def copy(self):
        """The same profile, whose searches leave this one's alone."""
        return PairedProfile(self.first.copy(), self.second.copy())

    def take(self, bins):
        """The profile of some bins (sorted int array)."""
        return PairedProfile(self.first.take(bins), self.second.take(bins))

    def evaluate(self, a):
        """(stat, slope, curvature) at factors a, each of shape (n_bins,)."""
        return tuple(
            one + other for one, other in zip(self.first.evaluate(a), self.second.evaluate(a), strict=True)
        )
