"""Rows of a 3D light curve by what is counted in them, and those in which more is free than amplitudes."""

import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.protocols import Expected
from tevcurve.fit.row_likelihood import RowLikelihood


class CubeRows(RowLikelihood):
    """Rows of a 3D light curve, whatever is fitted in them.

    Parameters
    ----------
    laid : the arguments of a `RowLikelihood`
    counts, floored, unpredicted : float arrays (n_bins,), counts of the fit, those at cells where the background
        was raised from zero, and those in cells where nothing is predicted, which are left out
    fluxes : list of float arrays (n_true,), cm-2 s-1, of the reference spectrum in each run
    compact_runs : function without arguments to the runs with their `compact` response
    """

    # Why they may not be asked for all that `CubeLikelihood` can.
    why_less = (
        "rows in which more is free than the flux of one source and norms of backgrounds cannot; wanted is that the "
        "other parameters are frozen, or neighbours='once' or 'fixed'"
    )

    def __init__(self, *laid, counts, floored, unpredicted, fluxes, compact_runs):
        super().__init__(*laid)
        self.counts, self.floored, self.unpredicted = counts, floored, unpredicted
        self.fluxes, self.compact_runs = fluxes, compact_runs

    def measured(self):
        """Columns of what was counted."""
        return {"counts": self.counts}

    def notes(self):
        """Of each row: what is held, events where the background was raised from zero, and those nothing predicts."""
        told = {row: [words] for row, words in self._held().items()}
        for numbers, words in ((self.floored, _raised_words), (self.unpredicted, _unpredicted_words)):
            for row in np.flatnonzero(numbers):
                told.setdefault(row, []).append(words(int(numbers[row])))
        notes = super().notes()
        for row, words in told.items():
            notes[row] = "; ".join(words)
        return notes

    def _held(self):
        """What is said of rows in which something is held, dict by their numbers."""
        return {}


class SearchedCubes(CubeRows):
    """Rows that are searched one by one; the profile is a `NonlinearProfile`.

    Parameters
    ----------
    laid, counted : the arguments of a `CubeRows`
    """

    def __init__(self, *laid, **counted):
        super().__init__(*laid, **counted)
        self.comes_apart = False

    def expected(self, norm):
        """The `Expected` of the fitted rows at norms (n_fitted,), one part for each run of a row.

        norm: float array (n_fitted,).
        """
        signal, parts = [], []
        for k, own in enumerate(self.profile.settled(norm)[0]):
            a = norm[k : k + 1]
            row, background, others = own.likelihood.expected(own.best(a))
            signal.append(a[0] * own.total[0])
            parts.append((row + k, background, others))
        return Expected(np.array(signal), *(np.concatenate(column) for column in zip(*parts, strict=True)))

    def effective_counts(self, norm):
        """Counts (n_fitted,) that the fluxes of the fitted rows rest on, at norms (n_fitted,).

        norm: float array (n_fitted,).
        """
        pairs = zip(self.profile.settled(norm)[0], norm, strict=True)
        return np.array([own.effective_counts(np.array([a]))[0] for own, a in pairs])

    def runs_apart(self):
        """Raises `InputError`: runs share more than amplitudes."""
        raise InputError("The runs of a row share what is fitted beside amplitudes, so it has no pieces.")

    def _held(self):
        words = "the source stays where it is and as it is, since there is no excess to fit that to"
        return dict.fromkeys(self.fitted[self.profile.source_is_held], words)


def _raised_words(number):
    """What is said of a row in which the background was raised from zero at the cells of so many events.

    number: int, of events.
    """
    events = "event" if number == 1 else "events"
    return f"{number} {events} where the background is empty, raised to a floor"


def _unpredicted_words(number):
    return f"{number} events left out where nothing is predicted"
