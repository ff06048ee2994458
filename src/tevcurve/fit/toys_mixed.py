"""Toys of rows that have runs of several kinds: each kind draws its own."""

import numpy as np

from tevcurve.fit.toys import ToyMaker
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.scaled_pieces import ScaledPieces


class MixedToys(ToyMaker):
    """Draws the runs of each kind of rows as that kind does.

    What is true of the background is a list, for each kind what that takes.

    Parameters
    ----------
    profile : of the rows
    rows : sorted int array (n_rows,), numbers of the rows in the table of the light curve
    makers : list of (`ToyMaker` of a kind, int array, ascending, which of the rows each of its own is)
    """

    def __init__(self, profile, rows, makers):
        super().__init__(profile, rows)
        self.makers = makers

    def events_per_toy(self):
        """What a toy costs: what those of all kinds do."""
        return sum(maker.events_per_toy() for maker, _ in self.makers)

    def null_norm(self, constant):
        """The norm of a source that is constant: the mean of those that the kinds have, by the counts they expect.

        constant: float, where the likelihoods of all rows together are best.
        """
        norms, weights = zip(
            *((maker.null_norm(constant), maker.profile.total.sum()) for maker, _ in self.makers), strict=True
        )
        return float(np.average(norms, weights=weights))

    def measured_background(self, norms):
        """For each kind its own at norms (n_rows,), a list. norms: float array (n_rows,)."""
        return [maker.measured_background(norms[place]) for maker, place in self.makers]

    def draw_counts(self, norms, n, rng, background=None):
        """What each kind drew of n light curves, a list; see `draw`.

        Parameters
        ----------
        norms, n, rng, background : see `draw`
        """
        norms = np.broadcast_to(np.asarray(norms, dtype=float), (n, self.n_rows))
        known = [None] * len(self.makers) if background is None else background
        return [
            maker.draw_counts(norms[:, place], n, rng, each)
            for (maker, place), each in zip(self.makers, known, strict=True)
        ]

    def profile_of(self, counts, n):
        """The profile of what `draw_counts` gave for n light curves.

        Parameters
        ----------
        counts : list of what each kind drew
        n : int, number of light curves
        """
        toys = np.arange(n)[:, None] * self.n_rows
        kinds = [
            (maker.profile_of(each, n).likelihood, (toys + place).ravel())
            for (maker, place), each in zip(self.makers, counts, strict=True)
        ]
        return OneAmplitude(ScaledPieces(kinds, n * self.n_rows))
