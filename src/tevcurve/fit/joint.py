"""The datasets of all time bins as one profile statistic in the source's norms, whatever kind they are of."""

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Member:
    """A dataset's part in the fit: its number of the time bin, and the model of the source in it."""

    dataset: object
    model: object
    bin: int


class JointFit:
    """The bins that expect some signal as a profile, and how its results spread over all bins.

    Attributes
    ----------
    method : "3d" or "1d"
    profile : see `tevcurve.fit.minimize`; of the bins in `fitted` only
    fitted : int array, numbers of the bins that expect some signal
    members : list of `Member`, sorted by bin
    n_bins : int, all bins
    """

    method = ""
    # Whether the cells of each row are of one pixel, and its background known: then counts say it all.
    is_counting = False

    def __init__(self, profile, fitted, members, n_bins):
        self.profile, self.fitted, self.members, self.n_bins = profile, fitted, members, n_bins
        self.member_bins = np.array([member.bin for member in members])

    def spread(self, values):
        """Values (n_fitted, ...) of the fitted bins among all bins, NaN elsewhere."""
        full = np.full((self.n_bins, *np.shape(values)[1:]), np.nan)
        full[self.fitted] = values
        return full

    def fitted_only(self, values):
        """Values (n_bins, ...) of all bins, NaN where the bin is not fitted."""
        return self.spread(values[self.fitted])

    def per_bin(self, values):
        """Sum over the members of each bin of values (n_members,)."""
        return np.bincount(self.member_bins, values, self.n_bins)

    def columns(self, estimate):
        """The columns of a light curve, a dict of arrays (n_bins, ...): the norms, the statistic and the counts.

        Parameters
        ----------
        estimate : `~tevcurve.fit.norms.NormEstimate` of the profile
        """
        columns = {"loglike": self.spread(estimate.stat)}
        for field in fields(estimate):
            values = getattr(estimate, field.name)
            if field.name.startswith(("norm", "ts", "dloglike")) and values is not None:
                columns[field.name] = values if field.name == "norm_scan" else self.spread(values)
        return columns | self.count_columns(columns["norm"])

    def member_signals(self):
        """Counts expected of the source at norm 1 in the fit of each member, a list of float."""
        raise NotImplementedError

    def count_columns(self, norm):
        """Columns of counts and predictions at norms (n_bins,), a dict of arrays (n_bins,)."""
        raise NotImplementedError

    def why_unfitted(self, number):
        """(status, reason in words) of a bin in which nothing is expected from the source."""
        members = [member for member in self.members if member.bin == number]
        if all(m.dataset.livetime is not None and m.dataset.livetime.value == 0 for m in members):
            return "no_livetime", "there is no good time in the bin"
        return members[0].dataset.why_no_signal(members[0].model)

    def notes(self):
        """What is worth saying of each bin, a list (n_bins,) of sentences, empty where there is nothing."""
        return [""] * self.n_bins


def raised_words(number):
    """What is said of a bin in which the background was raised from zero at the cells of so many events."""
    events = "event" if number == 1 else "events"
    return f"{number} {events} where the background is empty, raised to a floor"
