"""Bins of profiles put together: one factor for several bins."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from tevcurve.kernels.amplitudes import Derivatives, Start
from tevcurve.kernels.numbering import members_of


class SummedProfile:
    """The sum of the statistics of profiles over groups of their bins, as a function of one factor for each group.

    What `tevcurve.fit.minimize` calls a profile, whose bins are the groups; its start is a tuple of those of its parts.

    Parameters
    ----------
    parts : list of (profile, see `tevcurve.fit.minimize`, of a convex statistic; int array (its n,), sorted, the group
        of each bin)
    n : int, number of groups; none may be empty
    """

    def __init__(self, parts: list[tuple[Any, np.ndarray]], n: int) -> None:
        self.parts, self.n = parts, n
        self.total = self._summed(profile.total for profile, _ in parts)
        # The minimum of a sum of convex functions is not above the highest of their minima.
        highest = self._highest(profile.counts / profile.total for profile, _ in parts)
        self.counts = highest * self.total

    def take(self, groups: np.ndarray, start: Start = None) -> "tuple[SummedProfile, Start]":
        """(the profile of some groups (sorted int array), the start cut with them).

        Parameters
        ----------
        groups : sorted int array, the groups that are kept
        start : where the searches began, of all groups; None: nowhere yet
        """
        taken, starts = [], []
        for (profile, group), own in zip(self.parts, self._starts(start), strict=True):
            bins, number = members_of(groups, self.n, group)
            profile, cut = profile.take(bins, own)
            taken.append((profile, number))
            starts.append(cut)
        return SummedProfile(taken, len(groups)), tuple(starts)

    def evaluate(self, a: np.ndarray, start: Start = None) -> tuple[Derivatives, Start]:
        """((stat, slope, curvature) at factors a, each of shape (n,), where the searches ended).

        Parameters
        ----------
        a : float array (n,), factors
        start : where the searches begin; None: nowhere yet
        """
        pairs = zip(self.parts, self._starts(start), strict=True)
        found = [profile.evaluate(a[group], own) for (profile, group), own in pairs]
        stat, slope, curvature = (
            self._summed(each) for each in zip(*(values for values, _ in found), strict=True)
        )
        return (stat, slope, curvature), tuple(end for _, end in found)

    def lower_bound(self) -> np.ndarray:
        """The lowest factor of each group: that at which the first of its bins reaches its own limit."""
        return self._highest(profile.lower_bound() for profile, _ in self.parts)

    def _starts(self, start: Start) -> Iterable[Start]:
        return [None] * len(self.parts) if start is None else start

    def _summed(self, values: Iterable[np.ndarray]) -> np.ndarray:
        """Sums (n,) over each group of arrays (n of a part,), one for each part."""
        each_part = zip(self.parts, values, strict=True)
        return sum(
            (np.bincount(group, each, self.n) for (_, group), each in each_part), start=np.zeros(self.n)
        )

    def _highest(self, values: Iterable[np.ndarray]) -> np.ndarray:
        """The highest (n,) in each group, of the same."""
        highest = np.full(self.n, -np.inf)
        for (_, group), each in zip(self.parts, values, strict=True):
            np.maximum.at(highest, group, each)
        return highest
