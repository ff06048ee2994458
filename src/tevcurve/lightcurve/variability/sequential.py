"""Toys of a test, one batch after the other, until enough is known.

They end with the toy at which so many were at or above the value, h of n, and the chance is h/n: that of a constant
source to come by such a chance or less is never more than it (Besag & Clifford 1991, Biometrika 78, 301). They end,
too, where none is and none comes near: where the chance by the formula is so small that its third root is below what
all toys could tell, and no toy's is that small. A formula would have to be wrong to the power of three for the chance
to be larger than is said then, while the toys agree with it.
"""

import numpy as np

# Toys at or above the value that are enough, of no fewer toys in all.
ENOUGH, FEWEST = 30, 100
# The chance by a formula up to which no toy need come near.
FAR = 1e-9
# Of fewer toys it is not known how a statistic goes with the constant.
_FEW_TOYS = 20


def batch_sizes(n_toys):
    """Numbers of toys, n_toys in all, after each of which it is asked whether they are enough: an iterator.

    n_toys : int
    """
    done = 0
    while done < n_toys:
        size = min(max(FEWEST, done), n_toys - done)
        yield size
        done += size


class Tally:
    """The toys of one test so far.

    Parameters
    ----------
    rows : `Rows`
    test : `Test`
    n_toys : int, the most that are drawn
    """

    def __init__(self, rows, test, n_toys):
        self.rows, self.test, self.n_toys = rows, test, n_toys
        self.observed = float(test.statistic(rows.fits)[0])
        self.formula = test.chance(self.observed)
        self._drawn = []

    def add(self, fits):
        """Takes in toys. fits: `RowFits`."""
        values = self.test.statistic(fits)
        beside = np.zeros(len(values)) if self.test.beside is None else self.test.beside(fits)
        self._drawn.append((values, beside))

    @property
    def values(self):
        """Statistic (n,) of the toys at the light curve's own value of what the test goes with."""
        if not self._drawn:
            return np.zeros(0)
        values, beside = (np.concatenate(each) for each in zip(*self._drawn, strict=True))
        if self.test.beside is None or len(values) < _FEW_TOYS:
            return values
        middle, spread = beside.mean(), beside.std()
        if not spread > 0:
            return values
        # No further than the toys themselves reach: what varies much may have a constant that is far from theirs.
        off = beside - np.clip(self.test.beside(self.rows.fits)[0], middle - 2 * spread, middle + 2 * spread)
        powers = (off / spread)[:, None] ** [1, 2]
        slopes = np.linalg.lstsq(powers - powers.mean(axis=0), values - values.mean(), rcond=None)[0]
        return values - powers @ slopes

    @property
    def wants_chance(self):
        """Whether there is a chance to be found; else toys are taken in as long as others want them."""
        return not np.isnan(self.formula)

    @property
    def is_enough(self):
        """Whether more toys would tell no more that is wanted."""
        values = self.values
        if len(values) < FEWEST or not self.wants_chance:
            return False
        return np.count_nonzero(self._beyond(values)) >= ENOUGH or self._is_far(values)

    def fields(self):
        """What is known of the chance, a dict of the fields of a record; there is one toy or more."""
        values, note = self.values, ""
        beyond = self._beyond(values)
        found, n = int(np.count_nonzero(beyond)), len(values)
        chance = (found + 1) / (n + 1)
        if found >= ENOUGH and n > FEWEST:
            last = int(np.flatnonzero(beyond)[ENOUGH - 1]) + 1
            n = max(last, FEWEST)
            chance = ENOUGH / n if last > FEWEST else (np.count_nonzero(beyond[:n]) + 1) / (n + 1)
        least = 1 / (n + 1)
        if n < self.n_toys and self._is_far(values):
            chance = least = 1 / (self.n_toys + 1)
            note = f"toys end where the formula's chance is below {FAR:g} and none comes near it"
        told = {"p_value": float(chance), "p_is_limit": found == 0, "p_asymptotic": self.formula}
        return told | {"method": "toys", "n_toys": n, "least_chance": least, "note": note}

    def _beyond(self, values):
        """Bool array (n,): toys at or above the value; they may repeat it, and rounding must not decide."""
        return values >= self.observed - 1e-9 * abs(self.observed)

    def _is_far(self, values):
        """Whether no toy comes near the value."""
        least = 1 / (self.n_toys + 1)
        if not (self.test.has_tail and self.formula < min(FAR, least**3)):
            return False
        highest = float(values.max())
        return highest < self.observed and self.test.chance(highest) > np.cbrt(self.formula)
